//! A scan that several processes could run: by whoever takes it, and by nobody else as long as he lives.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Instant;

use jiff::Timestamp;

use super::bulletin::{self, Bulletin};
use crate::drift::Slug;
use crate::scan::Schedule;
use crate::scan::scheduler::Job;
use crate::store::{Claim, Kept, ScanJobs};

/// A job around the real one.
pub(super) struct Leased<J> {
    pub job: Arc<J>,
    pub jobs: Arc<dyn ScanJobs>,
    pub slug: Slug,
    /// When it is scanned by the calendar.
    pub schedule: Option<Schedule>,
    /// What to watch where somebody else scans.
    pub roots: Box<dyn Fn() -> Vec<PathBuf> + Send + Sync>,
}

/// Does the work while the claim is kept, and gives it back. Sets `cancel` when it is lost, or somebody wants that.
pub(super) fn while_kept<T>(jobs: &dyn ScanJobs, claim: &Claim, cancel: &AtomicBool, work: impl FnOnce() -> T) -> T {
    let done = std::thread::scope(|threads| {
        // Dropped when the work has ended, be it by a panic: then the other thread ends, too.
        let (_working, ended) = channel::<()>();
        threads.spawn(move || keep(jobs, claim, cancel, &ended));
        work()
    });
    if let Err(error) = jobs.release(claim) {
        tracing::warn!(environment = %claim.environment, %error, "a scan is over, and the others could not be told");
    }
    bulletin::say(jobs, &[Bulletin::Wanted]);
    done
}

fn keep(jobs: &dyn ScanJobs, claim: &Claim, cancel: &AtomicBool, ended: &Receiver<()>) {
    let pause = jobs.lease() / 4;
    let mut last = Instant::now();
    while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        let asked = Instant::now();
        let stop = match jobs.keep(claim) {
            Ok(Kept::Yes) => {
                last = asked;
                false
            }
            Ok(Kept::Cancelled | Kept::Lost) => true,
            // The others may think that nobody is here any more.
            Err(_) => last.elapsed() + pause >= jobs.lease(),
        };
        if stop {
            cancel.store(true, Ordering::SeqCst);
        }
    }
}

impl<J: Job> Job for Leased<J> {
    fn run(&self, cancel: &AtomicBool) -> Vec<PathBuf> {
        let next = self.schedule.as_ref().and_then(|schedule| schedule.after(Timestamp::now()));
        match self.jobs.claim(&self.slug, next) {
            Ok(Some(claim)) => while_kept(self.jobs.as_ref(), &claim, cancel, || self.job.run(cancel)),
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
