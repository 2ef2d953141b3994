//! A scan that several processes could run: by whoever takes it, and by nobody else as long as he lives.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::Arc;
use std::time::Instant;

use super::bulletin::{self, Bulletin};
use crate::drift::Slug;
use crate::scan::scheduler::Job;
use crate::store::{Claim, Kept, ScanJobs};

/// A job around the real one.
pub(super) struct Leased<J> {
    pub job: Arc<J>,
    pub jobs: Arc<dyn ScanJobs>,
    pub slug: Slug,
    /// What to watch where somebody else scans.
    pub roots: Box<dyn Fn() -> Vec<PathBuf> + Send + Sync>,
}

impl<J: Job> Leased<J> {
    fn run_claimed(&self, claim: &Claim, cancel: &AtomicBool) -> Vec<PathBuf> {
        let paths = std::thread::scope(|threads| {
            // Dropped when the scan has ended, be it by a panic: then the other thread ends, too.
            let (_running, ended) = channel::<()>();
            threads.spawn(move || {
                let pause = self.jobs.lease() / 4;
                let mut last = Instant::now();
                while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                    let asked = Instant::now();
                    let stop = match self.jobs.keep(claim) {
                        Ok(Kept::Yes) => {
                            last = asked;
                            false
                        }
                        Ok(Kept::Cancelled | Kept::Lost) => true,
                        // The others may think that nobody is here any more.
                        Err(_) => last.elapsed() + pause >= self.jobs.lease(),
                    };
                    if stop {
                        cancel.store(true, Ordering::SeqCst);
                    }
                }
            });
            self.job.run(cancel)
        });
        if let Err(error) = self.jobs.release(claim) {
            tracing::warn!(environment = %self.slug, %error, "the scan is over, and the others could not be told");
        }
        bulletin::say(self.jobs.as_ref(), &[Bulletin::Wanted]);
        paths
    }
}

impl<J: Job> Job for Leased<J> {
    fn run(&self, cancel: &AtomicBool) -> Vec<PathBuf> {
        match self.jobs.claim(&self.slug) {
            Ok(Some(claim)) => self.run_claimed(&claim, cancel),
            Ok(None) => (self.roots)(),
            Err(error) => {
                tracing::warn!(environment = %self.slug, %error, "whether it is to be scanned could not be asked");
                (self.roots)()
            }
        }
    }

    fn edited(&self) {
        if let Err(error) = self.jobs.want(Some(&self.slug)) {
            self.notice(format!("{} was edited, and a scan could not be asked for: {error}", self.slug));
        }
    }

    fn notice(&self, text: String) {
        self.job.notice(text);
    }
}
