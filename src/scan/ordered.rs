//! Work spread over threads whose results come back in the order of the input.

use std::any::Any;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use crate::panics;

/// Items travel in batches of this many, or of [`BATCH_BYTES`], so that a channel costs little per item.
const BATCH_ITEMS: usize = 256;
const BATCH_BYTES: usize = 256 * 1024;

/// Batches under way per worker, from `feed` to `take`: while one is slow, the other workers get so far and no further.
const AHEAD: usize = 8;

type Batch<T> = (u64, Vec<T>);

/// Results of a batch; a worker that panicked gives what it panicked with.
type Done<O> = (u64, Result<Vec<O>, Box<dyn Any + Send>>);

/// Runs `feed` on a thread of its own, `work` on `workers` threads and `take` on this one. `take` sees results in the order in
/// which `feed` gave the items; when it breaks, `feed` is told to stop. At most [`AHEAD`] batches per worker are under way.
///
/// Gives back what `feed` returned. Panics of the three are passed on.
pub(super) fn ordered<I: Send, O: Send, R: Send>(
    workers: usize,
    weigh: fn(&I) -> usize,
    feed: impl FnOnce(&mut dyn FnMut(I) -> ControlFlow<()>) -> R + Send,
    work: impl Fn(I) -> O + Sync,
    mut take: impl FnMut(O) -> ControlFlow<()>,
) -> R {
    let (items, inbox) = sync_channel::<Batch<I>>(workers * 2);
    let (outbox, results) = sync_channel::<Done<O>>(workers * 2);
    // A batch needs a permit to set out and gives it back when it was taken; without a taker no permit comes any more.
    let (done, permits) = channel();
    for _ in 0..workers * AHEAD {
        let _ = done.send(());
    }
    std::thread::scope(|scope| {
        let feeder = scope.spawn(move || {
            panics::are_caught_here();
            let mut batcher = Batcher { items, permits, weigh, number: 0, bytes: 0, batch: Vec::new() };
            let answer = feed(&mut |item| batcher.add(item));
            // Whether anybody still listens does not matter at the end.
            let _ = batcher.flush();
            answer
        });
        // The receiver must die with the last worker: a feeder blocked on a full channel would otherwise wait for ever.
        let inbox = Arc::new(Mutex::new(inbox));
        for _ in 0..workers {
            let (inbox, outbox, work) = (Arc::clone(&inbox), outbox.clone(), &work);
            scope.spawn(move || serve(&inbox, &outbox, work));
        }
        drop((inbox, outbox));
        in_order(results, done, &mut take);
        feeder.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

fn serve<I, O>(inbox: &Mutex<Receiver<Batch<I>>>, outbox: &SyncSender<Done<O>>, work: impl Fn(I) -> O) {
    panics::are_caught_here();
    loop {
        // Held while waiting; whoever gets the batch lets go at once.
        let next = inbox.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, batch)) = next else { return };
        let results = catch_unwind(AssertUnwindSafe(|| batch.into_iter().map(&work).collect()));
        if outbox.send((number, results)).is_err() {
            return;
        }
    }
}

fn in_order<O>(results: Receiver<Done<O>>, done: Sender<()>, take: &mut impl FnMut(O) -> ControlFlow<()>) {
    let (mut next, mut early) = (0, BTreeMap::new());
    for (number, batch) in results {
        early.insert(number, batch.unwrap_or_else(|panic| resume_unwind(panic)));
        while let Some(batch) = early.remove(&next) {
            next += 1;
            // The feeder may have finished.
            let _ = done.send(());
            for result in batch {
                if take(result).is_break() {
                    return;
                }
            }
        }
    }
}

struct Batcher<I> {
    items: SyncSender<Batch<I>>,
    permits: Receiver<()>,
    weigh: fn(&I) -> usize,
    number: u64,
    bytes: usize,
    batch: Vec<I>,
}

impl<I> Batcher<I> {
    fn add(&mut self, item: I) -> ControlFlow<()> {
        self.bytes += (self.weigh)(&item);
        self.batch.push(item);
        if self.batch.len() >= BATCH_ITEMS || self.bytes >= BATCH_BYTES {
            self.flush()
        } else {
            ControlFlow::Continue(())
        }
    }

    fn flush(&mut self) -> ControlFlow<()> {
        let batch = (self.number, std::mem::take(&mut self.batch));
        (self.number, self.bytes) = (self.number + 1, 0);
        let sent = self.permits.recv().is_ok() && self.items.send(batch).is_ok();
        if sent { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;
    use std::sync::atomic::{AtomicU64, AtomicUsize};
    use std::time::Duration;

    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_input() {
        let mut out = Vec::new();
        let fed = ordered(
            3,
            |_| 1,
            |emit| (0..5000_u64).take_while(|n| emit(*n).is_continue()).count(),
            |n| {
                if n % 512 == 0 {
                    std::thread::yield_now();
                }
                n * 2
            },
            |n| {
                out.push(n);
                ControlFlow::Continue(())
            },
        );
        assert_eq!(fed, 5000);
        assert_eq!(out, (0..5000).map(|n| n * 2).collect::<Vec<_>>());
    }

    #[test]
    fn whoever_takes_may_stop_the_rest() {
        let mut taken = 0;
        let fed = ordered(
            2,
            |_| BATCH_BYTES,
            |emit| (0..1_000_000_u64).take_while(|n| emit(*n).is_continue()).count(),
            |n| n,
            |_| {
                taken += 1;
                if taken == 10 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
        assert_eq!(taken, 10);
        assert!(fed < 1_000_000, "the feeder noticed");
    }

    #[test]
    fn while_one_batch_is_slow_the_others_get_a_few_batches_ahead_and_no_further() {
        let (fed, sum) = (AtomicUsize::new(0), AtomicU64::new(0));
        let counting = |emit: &mut dyn FnMut(u64) -> ControlFlow<()>| {
            (0..1000_u64).take_while(|n| emit(*n).is_continue()).inspect(|_| _ = fed.fetch_add(1, Relaxed)).count()
        };
        let work = |n: u64| {
            // The first waits until nothing more comes in: all that may be ahead of it is.
            while n == 0 && fed.load(Relaxed) < 3 * AHEAD {
                std::thread::yield_now();
            }
            if n == 0 {
                std::thread::sleep(Duration::from_millis(50));
                assert_eq!(fed.load(Relaxed), 3 * AHEAD, "the feeder waits");
            }
            n
        };
        let all = ordered(
            3,
            |_| BATCH_BYTES,
            counting,
            work,
            |n| {
                sum.fetch_add(n, Relaxed);
                ControlFlow::Continue(())
            },
        );
        assert_eq!((all, sum.into_inner()), (1000, 999 * 500));
    }

    #[test]
    fn a_panic_of_a_worker_ends_the_work_and_is_passed_on() {
        let result = catch_unwind(|| {
            let feed = |emit: &mut dyn FnMut(u64) -> ControlFlow<()>| {
                (0..1_000_000).take_while(|n| emit(*n).is_continue()).count()
            };
            let work = |n: u64| if n == 5000 { std::panic::panic_any("number 5000") } else { n };
            ordered(2, |_| BATCH_BYTES, feed, work, |_| ControlFlow::Continue(()))
        });
        assert_eq!(result.unwrap_err().downcast_ref(), Some(&"number 5000"));
    }
}
