//! Whose turn it is to write: one thread at a time in this process, and one process at a time where several share a database.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::engine::Engine;
use super::{TreeStore, Writer};
use crate::store::StoreError;

/// The writer's place, and how many wait for it.
#[derive(Default)]
pub(super) struct Desk {
    writer: Mutex<Writer>,
    waiting: AtomicUsize,
}

impl Desk {
    fn take(&self) -> MutexGuard<'_, Writer> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        writer
    }

    /// After everybody who waits. A mutex alone lets whoever comes back at once go first.
    fn take_last(&self) -> MutexGuard<'_, Writer> {
        while self.waiting.load(Ordering::SeqCst) > 0 {
            std::thread::sleep(Duration::from_micros(200));
        }
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The writer, until it is dropped.
pub(super) struct Turn<'a> {
    writer: MutexGuard<'a, Writer>,
    engine: &'a Engine,
}

impl Deref for Turn<'_> {
    type Target = Writer;

    fn deref(&self) -> &Writer {
        &self.writer
    }
}

impl DerefMut for Turn<'_> {
    fn deref_mut(&mut self) -> &mut Writer {
        &mut self.writer
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.engine.end_turn();
    }
}

impl TreeStore {
    pub(super) fn writer(&self) -> Turn<'_> {
        self.begin(self.desk.take())
    }

    /// After everybody who waits.
    pub(super) fn writer_last(&self) -> Turn<'_> {
        self.begin(self.desk.take_last())
    }

    /// When this returns, everything written before it survives a power cut.
    pub(super) fn barrier(&self) -> Result<(), StoreError> {
        let _turn = self.engine.is_shared().then(|| self.writer());
        self.engine.barrier().map_err(|e| self.writes_failed(e))
    }

    /// What the writer knows, for who only reads.
    pub(super) fn reader(&self) -> MutexGuard<'_, Writer> {
        self.desk.take()
    }

    /// Whoever cannot have the turn cannot write either: the engine says so then.
    fn begin<'a>(&'a self, mut writer: MutexGuard<'a, Writer>) -> Turn<'a> {
        let met = self.engine.begin_turn().and_then(|found| found.map_or(Ok(()), |f| self.meet(&mut writer, f)));
        if let Err(error) = met {
            tracing::warn!(%error, "no turn to write could be had");
            self.engine.end_turn();
        }
        Turn { writer, engine: &self.engine }
    }

    /// Takes over what other processes wrote since this one last looked. A failure shows with what is read next.
    pub(super) fn look_around(&self) {
        let is_behind = match self.engine.look() {
            Ok(found) => found.is_some(),
            Err(error) => return tracing::warn!(%error, "what others wrote could not be seen"),
        };
        if !is_behind {
            return;
        }
        // Who writes meanwhile in this process looks too.
        let mut writer = self.reader();
        let met = self.engine.look().and_then(|found| found.map_or(Ok(()), |f| self.meet(&mut writer, f)));
        if let Err(error) = met {
            tracing::warn!(%error, "what others wrote could not be read");
        }
    }
}
