//! Long work over a whole tree, in slices between which decisions are taken: nobody waits for longer than one slice.

use std::ops::Bound;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::engine::Tree;
use super::{SledStore, Writer, keys};
use crate::store::StoreError;

/// Entries looked at before others have their turn: some milliseconds of work.
const SLICE: usize = 256;

/// The writer's place, and how many wait for it.
#[derive(Default)]
pub(super) struct Desk {
    writer: Mutex<Writer>,
    waiting: AtomicUsize,
}

impl Desk {
    pub(super) fn take(&self) -> MutexGuard<'_, Writer> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        writer
    }

    /// After everybody who waits. A mutex alone lets whoever comes back at once go first.
    pub(super) fn take_last(&self) -> MutexGuard<'_, Writer> {
        while self.waiting.load(Ordering::SeqCst) > 0 {
            std::thread::sleep(Duration::from_micros(200));
        }
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SledStore {
    /// Gives `each` slice of what begins with `prefix`, in order, with the writer held: within one slice the store stands still.
    pub(super) fn slices(
        &self,
        tree: Tree,
        prefix: &[u8],
        mut each: impl FnMut(&mut Writer, Vec<(sled::IVec, sled::IVec)>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut from = Bound::Included(sled::IVec::from(prefix));
        let end = match prefix {
            [] => Bound::Unbounded,
            prefix => Bound::Excluded(sled::IVec::from(keys::after(prefix))),
        };
        loop {
            let mut writer = self.desk.take_last();
            let range = self.engine.tree(tree).range::<sled::IVec, _>((from, end.clone())).take(SLICE);
            let slice = range.collect::<Result<Vec<_>, _>>().map_err(|e| self.engine.error(e))?;
            let Some((last, _)) = slice.last() else { return Ok(()) };
            from = Bound::Excluded(last.clone());
            each(&mut writer, slice)?;
        }
    }

    /// As [`SledStore::slices`], one entry at a time.
    pub(super) fn each_entry(
        &self,
        tree: Tree,
        mut each: impl FnMut(&[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.slices(tree, &[], |_, slice| slice.iter().try_for_each(|(key, value)| each(key, value)))
    }
}
