//! What is usual in each environment: `baselines/` and its slug, among what the store keeps about itself. It is no part of an export:
//! it is learnt again from what was first seen when.

use super::TreeStore;
use super::engine::Tree;
use super::notices;
use super::tx::Tx;
use crate::analysis::baseline::Baselines;
use crate::drift::{Notification, Slug};
use crate::store::{Notices, StoreError};

pub(super) fn key(slug: &Slug) -> Vec<u8> {
    [b"baselines/", slug.as_str().as_bytes()].concat()
}

impl TreeStore {
    /// What does not read is not known: it is learnt anew.
    pub(super) fn baselines_impl(&self, slug: &Slug) -> Result<Option<Baselines>, StoreError> {
        let Some(bytes) = self.engine.get(Tree::Meta, &key(slug))? else { return Ok(None) };
        let read = serde_json::from_slice(&bytes);
        Ok(read.inspect_err(|error| tracing::warn!(environment = %slug, %error, "what is usual does not read")).ok())
    }

    /// With what is told of it, in one step.
    pub(super) fn keep_baselines_impl(
        &self,
        slug: &Slug,
        baselines: &Baselines,
        notice: Option<&Notification>,
    ) -> Result<(), StoreError> {
        self.writable()?;
        let bytes = serde_json::to_vec(baselines).map_err(|e| StoreError::Invalid(format!("cannot be stored: {e}")))?;
        let alerting = self.alerting();
        let mut writer = self.writer();
        let mut tx = Tx::new(self, self.now());
        tx.put(Tree::Meta, key(slug), bytes);
        if let Some(notice) = notice {
            notices::send(&mut tx, &alerting, notice.clone(), None)?;
        }
        writer.commits += 1;
        tx.commit(notice.is_some())
    }
}
