//! Work spread over threads whose results come back in the order of the input.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use crate::panics;

/// Items travel in batches of this many, or of [`BATCH_BYTES`], so that a channel costs little per item.
const BATCH_ITEMS: usize = 256;
const BATCH_BYTES: usize = 256 * 1024;

type Batch<T> = (u64, Vec<T>);

/// Runs `feed` on a thread of its own, `work` on `workers` threads and `take` on this one. `take` sees results in the order in
/// which `feed` gave the items; when it breaks, `feed` is told to stop. At most a few batches per worker are under way.
///
/// Gives back what `feed` returned.
pub(super) fn ordered<I: Send, O: Send, R: Send>(
    workers: usize,
    weigh: fn(&I) -> usize,
    feed: impl FnOnce(&mut dyn FnMut(I) -> ControlFlow<()>) -> R + Send,
    work: impl Fn(I) -> O + Sync,
    mut take: impl FnMut(O) -> ControlFlow<()>,
) -> R {
    let (items, inbox) = sync_channel::<Batch<I>>(workers * 2);
    let (outbox, results) = sync_channel::<Batch<O>>(workers * 2);
    std::thread::scope(|scope| {
        let feeder = scope.spawn(move || {
            panics::are_caught_here();
            let mut batcher = Batcher { items, weigh, number: 0, bytes: 0, batch: Vec::new() };
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
        in_order(results, &mut take);
        match feeder.join() {
            Ok(answer) => answer,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn serve<I, O>(inbox: &Mutex<Receiver<Batch<I>>>, outbox: &SyncSender<Batch<O>>, work: impl Fn(I) -> O) {
    panics::are_caught_here();
    loop {
        // Held while waiting; whoever gets the batch lets go at once.
        let next = inbox.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, batch)) = next else { return };
        if outbox.send((number, batch.into_iter().map(&work).collect())).is_err() {
            return;
        }
    }
}

fn in_order<O>(results: Receiver<Batch<O>>, take: &mut impl FnMut(O) -> ControlFlow<()>) {
    let (mut next, mut early) = (0, BTreeMap::new());
    for (number, batch) in results {
        early.insert(number, batch);
        while let Some(batch) = early.remove(&next) {
            next += 1;
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
        match self.items.send(batch) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}

#[cfg(test)]
mod tests {
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
}
