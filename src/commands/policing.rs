//! Policies are followed while a server or a worker runs: a veto that is written down at night holds for the team at once.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::{Session, complain};
use crate::recommend::Policies;

/// Files and directories, with when each was changed and its bytes; `None`: it is not there.
type Seen = Vec<(PathBuf, Option<(SystemTime, u64)>)>;

/// The policies in force, and the files they were read from.
pub(super) struct Policing {
    session: Session,
    seen: Seen,
    policies: Arc<Policies>,
}

impl Policing {
    pub fn new(session: &Session) -> Self {
        let policies = Arc::new(session.config.recommend.policies.clone());
        Self { session: session.again(), seen: seen(session), policies }
    }

    pub fn policies(&self) -> Arc<Policies> {
        Arc::clone(&self.policies)
    }

    /// Looks at the files, and gives the policies where they are other ones now. Where there is a mistake it is told once, and what
    /// held before holds on. Nothing else of the configuration is taken over. Waits for the disk.
    pub fn look(&mut self) -> Option<Arc<Policies>> {
        let now = seen(&self.session);
        if now == self.seen {
            return None;
        }
        let new = self.session.again();
        self.seen = now;
        if let Some(problem) = new.config.problems.first() {
            let why = format!("the policies stay as they were: {problem}");
            complain(&why);
            tracing::warn!(why, "policies");
            return None;
        }
        self.session = new;
        // Another configuration may name other files.
        self.seen = seen(&self.session);
        let policies = &self.session.config.recommend.policies;
        if *policies == *self.policies {
            return None;
        }
        tracing::info!(rules = policies.rules().len(), "the policies were read anew");
        self.policies = Arc::new(policies.clone());
        Some(self.policies())
    }
}

fn seen(session: &Session) -> Seen {
    let about = |path: &PathBuf| std::fs::metadata(path).and_then(|about| Ok((about.modified()?, about.len()))).ok();
    let mut paths = session.configured_by();
    paths.extend(session.config.files.iter().cloned());
    paths.into_iter().map(|path| (about(&path), path)).map(|(about, path)| (path, about)).collect()
}
