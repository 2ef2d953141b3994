//! Columns that came later than the rows they belong to: such a row is written once more as it is, and what is written has all
//! columns. A few at a time, so that whoever writes does not wait. An older server beside this one leaves them empty again; the
//! daily upkeep looks after that.

use std::sync::atomic::{AtomicBool, Ordering};

use super::TreeStore;
use super::engine::Tree;
use super::tx::Tx;
use crate::drift::Environment;
use crate::store::{StoreError, codec};

/// There once all rows have all columns.
const FILLED: &[u8] = b"columns/15";
/// There once all drifts have cause and advice in columns.
const CAUSES: &[u8] = b"columns/24";
/// Rows written before others have their turn.
const AT_ONCE: i64 = 200;

impl TreeStore {
    /// Once, when a database is opened by the first driftguard that has the columns.
    pub(super) fn fill_columns_once(&self) -> Result<(), StoreError> {
        if self.engine.as_postgres().is_none() || self.engine.get(Tree::Meta, FILLED)?.is_some() {
            return Ok(());
        }
        let filled = self.fill_columns()?;
        if filled > 0 {
            tracing::info!(filled, "rows have got the columns that came after them");
        }
        self.remember(FILLED, vec![1])
    }

    /// Returns how many rows were written.
    pub(super) fn fill_columns(&self) -> Result<u64, StoreError> {
        let Some(engine) = self.engine.as_postgres() else { return Ok(0) };
        let (mut filled, mut before) = (0, Vec::new());
        for tree in [Tree::Environments, Tree::Events] {
            loop {
                let lacking = engine.lacking_columns(tree, AT_ONCE)?;
                // A record that has nothing to say there is found again.
                if lacking.is_empty() || lacking == before {
                    break;
                }
                filled += self.write_again(tree, &lacking)?;
                before = lacking;
            }
        }
        Ok(filled)
    }

    /// Once, in the daily upkeep, for it looks at every drift. What an older server beside this one writes counts as of unknown
    /// cause until it is written again.
    pub(super) fn fill_causes_once(&self, cancel: &AtomicBool) -> Result<(), StoreError> {
        let Some(engine) = self.engine.as_postgres() else { return Ok(()) };
        if self.engine.get(Tree::Meta, CAUSES)?.is_some() {
            return Ok(());
        }
        let mut after = Vec::new();
        while !cancel.load(Ordering::SeqCst) {
            let lacking = engine.without_cause(after, AT_ONCE)?;
            let Some(last) = lacking.last().cloned() else { return self.remember(CAUSES, vec![1]) };
            self.write_again(Tree::Events, &lacking)?;
            after = last;
        }
        Ok(())
    }

    fn write_again(&self, tree: Tree, rows: &[Vec<u8>]) -> Result<u64, StoreError> {
        let mut writer = self.writer_last();
        let mut tx = Tx::new(self, self.now());
        let mut written = 0;
        for (key, value) in rows.iter().zip(self.engine.get_many(tree, rows.to_vec())?) {
            let Some(value) = value.filter(|value| self.fits(tree, value)) else { continue };
            tx.put(tree, key.clone(), value);
            written += 1;
        }
        writer.commits += 1;
        tx.commit(false)?;
        Ok(written)
    }

    /// One that breaks a constraint that came after it cannot be written; it is told and stays readable.
    fn fits(&self, tree: Tree, value: &[u8]) -> bool {
        if tree != Tree::Environments {
            return true;
        }
        let environment = codec::decode::<Environment>(tree.name(), value, &self.objects);
        let why = match environment.map(|environment| (environment.check(), environment.slug)) {
            Ok((Ok(()), _)) => return true,
            Ok((Err(why), slug)) => format!("{slug}: {why}"),
            Err(error) => error.to_string(),
        };
        tracing::warn!(why, "an environment cannot be written again");
        false
    }
}
