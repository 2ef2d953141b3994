//! Writing behind: while one batch of a scan goes to the disk on a thread of its own, the next one is compared and encoded.
//!
//! At most one batch is under way. Readers by key see it as if it were written; everything else waits for it to be.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::super::engine::{Tree, Writes};
use crate::store::StoreError;

type Outcome = Result<(), StoreError>;

/// The batch under way.
struct Job {
    writes: Arc<Writes>,
    thread: JoinHandle<Outcome>,
}

#[derive(Default)]
struct State {
    job: Option<Job>,
    /// Why a batch was not written, until somebody has been told.
    failed: Option<StoreError>,
    /// Nothing may follow a batch that is missing.
    broken: bool,
}

#[derive(Default)]
pub(super) struct Behind(Mutex<State>);

impl Behind {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts `write` on `writes`, after the batch before it has ended well.
    pub(super) fn start(&self, writes: Writes, write: impl FnOnce(&Writes) -> Outcome + Send + 'static) -> Outcome {
        let mut state = self.state();
        state.ended()?;
        let writes = Arc::new(writes);
        let theirs = Arc::clone(&writes);
        let thread = std::thread::spawn(move || write(&theirs));
        state.job = Some(Job { writes, thread });
        Ok(())
    }

    /// Waits for the batch under way.
    pub(super) fn wait(&self) {
        self.state().finish();
    }

    /// Waits, and says whether all went well so far.
    pub(super) fn ended(&self) -> Outcome {
        self.state().ended()
    }

    /// What the batch under way says about a key.
    pub(super) fn get(&self, tree: Tree, key: &[u8]) -> Option<Option<Vec<u8>>> {
        self.state().job.as_ref().and_then(|job| job.writes.get(&tree)?.get(key).cloned())
    }
}

impl State {
    fn ended(&mut self) -> Outcome {
        self.finish();
        match self.failed.take() {
            Some(error) => Err(error),
            None if self.broken => Err(StoreError::ReadOnly("an earlier write failed; start driftguard again".into())),
            None => Ok(()),
        }
    }

    fn finish(&mut self) {
        let Some(job) = self.job.take() else { return };
        let outcome = job.thread.join().unwrap_or_else(|_| {
            let detail = "the engine gave up while it wrote".into();
            Err(StoreError::Damaged { tree: "tree".into(), detail })
        });
        if let Err(error) = outcome {
            (self.failed, self.broken) = (Some(error), true);
        }
    }
}
