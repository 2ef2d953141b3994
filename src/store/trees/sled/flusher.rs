//! Brings to the file what no commit waits for, half a second after it was written. sled has a thread for that too, but one
//! that wakes twice a second for ever: this one sleeps until something was written.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What is written without a barrier of its own is in the file so long after.
const AFTER: Duration = Duration::from_millis(500);

/// Flushes after writes, and when it is dropped.
#[derive(Default)]
pub(super) struct Flusher {
    written: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Flusher {
    pub(super) fn start(flush: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        // One word is enough, however often it was written.
        let (written, words) = sync_channel(1);
        let thread = std::thread::Builder::new().name("store flush".into()).spawn(move || work(&words, flush))?;
        Ok(Self { written: Some(written), thread: Some(thread) })
    }

    /// Something was written that nobody waits for.
    pub(super) fn wrote(&self) {
        if let Some(written) = &self.written {
            let _ = written.try_send(());
        }
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.written = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(words: &Receiver<()>, flush: impl Fn()) {
    while words.recv().is_ok() {
        let due = Instant::now() + AFTER;
        // Ends early when there will be no more.
        while words.recv_timeout(due.saturating_duration_since(Instant::now())).is_ok() && Instant::now() < due {}
        flush();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn what_was_written_is_flushed_before_the_flusher_is_gone_and_nothing_else_is() {
        let flushed = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&flushed);
        let flusher = Flusher::start(move || {
            counter.fetch_add(1, Ordering::SeqCst);
        });
        let flusher = flusher.unwrap();
        drop(flusher);
        assert_eq!(flushed.load(Ordering::SeqCst), 0);
        let counter = Arc::clone(&flushed);
        let flusher = Flusher::start(move || {
            counter.fetch_add(1, Ordering::SeqCst);
        });
        let flusher = flusher.unwrap();
        (0..100).for_each(|_| flusher.wrote());
        drop(flusher);
        assert!(flushed.load(Ordering::SeqCst) >= 1);
    }
}
