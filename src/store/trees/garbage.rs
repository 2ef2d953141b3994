//! Objects that no record refers to any more are removed.
//!
//! Marked without holding anybody up; what is written meanwhile is noted by [`Objects`](crate::store::objects::Objects) and
//! spared. Objects are put with the writer held, so with the writer held nobody is between putting one and referring to it.

use std::collections::HashSet;
use std::sync::PoisonError;

use super::TreeStore;
use super::engine::Tree;
use crate::store::objects::ObjectHash;
use crate::store::{StoreError, codec};

/// Objects removed before others have their turn.
const AT_ONCE: usize = 200;

impl TreeStore {
    /// Returns how many were removed.
    pub(super) fn collect_garbage(&self) -> Result<u64, StoreError> {
        if self.copy.is_some() || !self.objects.takes_large() {
            return Ok(0);
        }
        let _only = self.tending.lock().unwrap_or_else(PoisonError::into_inner);
        self.objects.note_puts(true);
        // Whoever put one before has referred to it when this returns.
        drop(self.writer());
        let outcome = self.sweep();
        self.objects.note_puts(false);
        outcome
    }

    fn sweep(&self) -> Result<u64, StoreError> {
        let candidates: Vec<ObjectHash> = self.objects.all();
        let referred = self.referred()?;
        // After a power cut the records must not come back without their objects.
        self.engine.barrier().map_err(|e| self.writes_failed(e))?;
        let unused: Vec<ObjectHash> = candidates.into_iter().filter(|hash| !referred.contains(hash)).collect();
        let mut removed = 0;
        for some in unused.chunks(AT_ONCE) {
            let _writer = self.writer_last();
            removed += some.iter().filter(|hash| self.objects.remove_unless_put(hash)).count() as u64;
        }
        let _writer = self.writer();
        self.objects.remove_unfinished();
        Ok(removed)
    }

    fn referred(&self) -> Result<HashSet<ObjectHash>, StoreError> {
        let mut referred = HashSet::new();
        let coded = Tree::ALL.into_iter().filter(|tree| tree.is_coded());
        for tree in coded {
            for value in self.engine.tree(tree).iter().values() {
                let value = value?;
                let value = if tree == Tree::Observations { value.get(16..).unwrap_or_default() } else { &value[..] };
                referred.extend(codec::refers_to(value));
            }
        }
        Ok(referred)
    }
}
