//! Analyses that were asked for: `analysis/` and the id, among what the store keeps about itself. They are no part of an export.

use jiff::SignedDuration;
use ulid::Ulid;

use super::TreeStore;
use super::engine::Tree;
use super::tx::Tx;
use crate::store::{AnalysisJob, StoreError};

pub(super) const PREFIX: &[u8] = b"analysis/";
/// How long one is known.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 7);
/// Thrown away at most with each that comes.
const AT_ONCE: usize = 100;

/// In the order in which they were asked for.
fn key(id: Ulid) -> Vec<u8> {
    [PREFIX, &id.to_bytes()].concat()
}

impl TreeStore {
    pub(super) fn keep_analysis_impl(&self, job: &AnalysisJob) -> Result<(), StoreError> {
        self.writable()?;
        let bytes = serde_json::to_vec(job).map_err(|e| StoreError::Invalid(format!("cannot be stored: {e}")))?;
        let mut writer = self.writer();
        let mut tx = Tx::new(self, self.now());
        let before = self.now().saturating_sub(KEPT).map_or(0, |at| at.as_millisecond());
        let oldest = Ulid::from_parts(u64::try_from(before).unwrap_or(0), 0);
        for old in self.engine.tree(Tree::Meta).range(PREFIX.to_vec()..key(oldest)).keys().take(AT_ONCE) {
            tx.delete(Tree::Meta, old?.to_vec());
        }
        tx.put(Tree::Meta, key(job.id), bytes);
        writer.commits += 1;
        tx.commit(true)
    }

    pub(super) fn analysis_impl(&self, id: Ulid) -> Result<Option<AnalysisJob>, StoreError> {
        let Some(bytes) = self.engine.get(Tree::Meta, &key(id))? else { return Ok(None) };
        let damaged = |e: serde_json::Error| StoreError::Damaged { tree: "meta".into(), detail: e.to_string() };
        serde_json::from_slice(&bytes).map(Some).map_err(damaged)
    }

    /// Throws away those of drifts that are gone.
    pub(super) fn prune_analyses(&self) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let mut tx = Tx::new(self, self.now());
        for entry in self.engine.tree(Tree::Meta).scan_prefix(PREFIX) {
            let (key, value) = entry?;
            let drift = serde_json::from_slice::<AnalysisJob>(&value).ok().map(|job| job.drift);
            let is_there =
                drift.map(|id| self.engine.get(Tree::Ids, &id.0.to_bytes())).transpose()?.flatten().is_some();
            if !is_there {
                tx.delete(Tree::Meta, key.to_vec());
            }
        }
        writer.commits += 1;
        tx.commit(false)
    }
}
