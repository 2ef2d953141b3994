//! Scans run on threads of their own and block; what they ask of AWS runs on one small runtime beside them.

use std::future::Future;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

/// How long a cancelled scan may go on waiting for an answer.
const CANCEL_CHECK: Duration = Duration::from_millis(50);

/// The caller gave up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cancelled;

/// Waits for the future on the calling thread, which must not be a runtime's own. Ends early when `cancel` is set; calls under
/// way are dropped.
pub fn block_on<F: Future>(cancel: &AtomicBool, work: F) -> Result<F::Output, Cancelled> {
    shared().block_on(async {
        let cancelled = async {
            while !cancel.load(Ordering::Relaxed) {
                tokio::time::sleep(CANCEL_CHECK).await;
            }
        };
        tokio::select! {
            biased;
            () = cancelled => Err(Cancelled),
            done = work => Ok(done),
        }
    })
}

/// Two threads: one waits for the network, the other parses answers.
fn shared() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let built = Builder::new_multi_thread().worker_threads(2).thread_name("aws").enable_all().build();
        built.unwrap_or_else(|error| panic!("no threads left for the network: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_scan_does_not_wait_for_an_answer_that_never_comes() {
        let cancel = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| cancel.store(true, Ordering::Relaxed));
            assert_eq!(block_on(&cancel, std::future::pending::<()>()), Err(Cancelled));
        });
    }
}
