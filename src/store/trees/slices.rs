//! Long work over a whole tree, in slices between which decisions are taken: nobody waits for longer than one slice.

use std::ops::Bound;

use super::engine::Tree;
use super::{TreeStore, Writer, keys};
use crate::store::StoreError;

/// Entries looked at before others have their turn: some milliseconds of work.
const SLICE: usize = 256;

impl TreeStore {
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
            let mut writer = self.writer_last();
            let range = self.engine.tree(tree).range::<sled::IVec>((from, end.clone())).take(SLICE);
            let slice = range.collect::<Result<Vec<_>, _>>()?;
            let Some((last, _)) = slice.last() else { return Ok(()) };
            from = Bound::Excluded(last.clone());
            each(&mut writer, slice)?;
        }
    }

    /// As [`TreeStore::slices`], one entry at a time.
    pub(super) fn each_entry(
        &self,
        tree: Tree,
        mut each: impl FnMut(&[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.slices(tree, &[], |_, slice| slice.iter().try_for_each(|(key, value)| each(key, value)))
    }
}
