//! Who a drift is put down to, and what is thought of it. Can be asked again, so it is not for the journal.

use jiff::Timestamp;

use super::TreeStore;
use super::engine::Tree;
use super::keys;
use super::tx::Tx;
use crate::drift::{Analysis, Attribution, DriftEvent, DriftId, Recommendation, ScanStage, ScanSummary, Slug};
use crate::store::{StoreError, advising, codec, life, settling};

impl TreeStore {
    pub(super) fn attribute_impl(&self, id: DriftId, to: &Attribution) -> Result<DriftEvent, StoreError> {
        self.writable()?;
        let _writer = self.writer();
        let mut tx = Tx::new(self, self.now());
        let old = tx.event(id)?.ok_or_else(|| StoreError::NotFound(format!("there is no drift {id}")))?;
        let mut new = old.clone();
        new.event.attribute(to.clone());
        if new != old {
            // The version stays: whoever decides meanwhile decides about the same drift.
            tx.save(Some(&old), &mut new)?;
            tx.commit(true)?;
        }
        Ok(new.event)
    }

    pub(super) fn advise_impl(
        &self,
        id: DriftId,
        seen: u64,
        (analysis, recommendations): (&Analysis, &[Recommendation]),
        moves: bool,
    ) -> Result<DriftEvent, StoreError> {
        self.writable()?;
        let _writer = self.writer();
        let mut tx = Tx::new(self, self.now());
        let old = tx.event(id)?.ok_or_else(|| StoreError::NotFound(format!("there is no drift {id}")))?;
        if old.event.version != seen {
            return Err(StoreError::Conflict { expected: seen, current: old.event.version });
        }
        let mut new = old.clone();
        new.event.analysis = analysis.clone();
        new.event.recommendations = advising::kept(&old.event.recommendations, recommendations.to_vec());
        if moves && life::differs(&old.event, &new.event) {
            new.event.version += 1;
        }
        settling::settle_index(&mut new, tx.now);
        tx.save(Some(&old), &mut new)?;
        tx.commit(true)?;
        Ok(new.event)
    }

    pub(super) fn scan_before_impl(
        &self,
        environment: &Slug,
        at: Timestamp,
    ) -> Result<Option<ScanSummary>, StoreError> {
        let prefix = keys::environment(environment);
        for value in self.engine.tree(Tree::Scans).scan_prefix(&prefix).values().rev() {
            let value = value?;
            let scan: ScanSummary = codec::decode(Tree::Scans.name(), &value, &self.objects)?;
            if scan.finished_at <= at && scan.stage == ScanStage::Done {
                return Ok(Some(scan));
            }
        }
        Ok(None)
    }
}
