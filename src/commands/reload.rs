//! The configuration is followed while the screens and scanners run: a valid change is in force at once, an invalid one is named
//! with file and line and changes nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::{Session, screens};
use crate::cli::{Look, Paths};
use crate::config::{Changes, lost};
use crate::scan::EnvironmentSpec;
use crate::scan::watch::FileWatch;
use crate::service::LocalService;
use crate::tui::Options;

/// An editor writes a file in several steps, and a checkout several files.
const SETTLED: Duration = Duration::from_millis(300);

/// What has to be told of another configuration.
pub(super) struct Reload {
    session: Session,
    given: Paths,
    /// Where the screens hear of their looks; line by line nothing looks like anything.
    looks: Option<watch::Sender<Option<Arc<Options>>>>,
}

impl Reload {
    /// As the session was started. The receiver is for the screens' options.
    pub fn new(session: &Session, given: &Paths) -> (Self, watch::Receiver<Option<Arc<Options>>>) {
        let (looks, told) = watch::channel(None);
        (Self { session: session.again(), given: given.clone(), looks: Some(looks) }, told)
    }

    /// For a session without screens.
    pub fn plain(session: &Session, given: &Paths) -> Self {
        Self { session: session.again(), given: given.clone(), looks: None }
    }

    /// Follows the files on a thread of its own, until the process ends.
    pub fn follow(self, service: Arc<LocalService>, handle: Handle) {
        let name = "configuration".to_owned();
        if let Err(error) = std::thread::Builder::new().name(name).spawn(move || self.run(&service, &handle)) {
            tracing::warn!(%error, "the configuration is not followed");
        }
    }

    fn run(mut self, service: &Arc<LocalService>, handle: &Handle) {
        let (tell, changed) = channel();
        let (mut watch, notice) = FileWatch::new(Arc::new(move || {
            // Nobody waits for changes any more.
            let _ = tell.send(());
        }));
        let began = SystemTime::now();
        let polls = |notice: Option<String>| notice.iter().for_each(|text| tracing::info!(text, "configuration"));
        polls(notice);
        polls(watch.follow(&self.files(), began));
        let mut running = self.session.environments(&self.given).unwrap_or_default();
        while settled(&changed) {
            let began = SystemTime::now();
            let new = self.session.again();
            match self.valid(&new, &running) {
                Ok((specs, options)) => {
                    let changes = Changes::between((self.session.settings(), &running), (new.settings(), &specs));
                    tracing::info!(?changes, "the configuration was read anew");
                    service.announce(new.config.maintenance.clone());
                    if changes.environments() || new.guard() != self.session.guard() {
                        handle.block_on(service.reconfigure(specs.clone(), new.guard()));
                    }
                    if let Some(looks) = &self.looks {
                        // Nobody looks any more: nothing to tell.
                        let _ = looks.send(Some(Arc::new(options)));
                    }
                    if !changes.is_empty() {
                        service.tell(false, &format!("configuration read anew: {}", changes.words()));
                    }
                    (self.session, running) = (new, specs);
                }
                Err(problems) => {
                    let more = match problems.len() - 1 {
                        0 => String::new(),
                        more => format!(" (and {more} more: `driftguard config check`)"),
                    };
                    service.tell(true, &format!("the configuration goes on as it was: {}{more}", problems[0]));
                }
            }
            polls(watch.follow(&self.files(), began));
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        self.session.configured_by()
    }

    /// What the configuration makes, or every mistake in it; at least one.
    fn valid(
        &self,
        new: &Session,
        running: &[EnvironmentSpec],
    ) -> Result<(Vec<EnvironmentSpec>, Options), Vec<String>> {
        // Where the last session ended is of no matter any more.
        let options = screens::options(new, &Look { fresh: true, ..Look::default() });
        let mut problems: Vec<String> = new.config.problems.iter().map(ToString::to_string).collect();
        problems.extend(super::config::looks(new));
        problems.extend(lost(&self.session.config, &new.config).filter(|_| problems.is_empty()));
        match new.environments_again(&self.given, running) {
            Ok(specs) if problems.is_empty() => Ok((specs, options)),
            Ok(_) => Err(problems),
            Err(error) => {
                problems.push(format!("{error:#}"));
                Err(problems)
            }
        }
    }
}

/// Waits for a change and until no more come; `false` when nobody will tell of any.
fn settled(changed: &Receiver<()>) -> bool {
    if changed.recv().is_err() {
        return false;
    }
    while changed.recv_timeout(SETTLED) != Err(RecvTimeoutError::Timeout) {}
    true
}
