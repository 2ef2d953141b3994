//! What was done under a name, so that it is done once: kept in the step that did it, and in the journal, for seven days.
//!
//! Hash of the name → audit number [8], µs [8], hash of the request. The hashes are keyed with the store's own key: a request may
//! hold what is masked before it is kept.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use super::engine::Tree;
use super::tx::Tx;
use super::{TreeStore, keys};
use crate::drift::{DriftEvent, DriftId, Once};
use crate::store::record::{AuditRecord, Deed, OnceMark};
use crate::store::{Receipt, Store, StoreError};

/// How long a name is known.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 7);

impl TreeStore {
    pub(super) fn mark_of(&self, once: Option<&Once>) -> Option<OnceMark> {
        let key = self.redaction_key();
        let hash = |text: &str| blake3::keyed_hash(&key, text.as_bytes()).to_hex()[..32].to_owned();
        once.map(|once| OnceMark { key: hash(&once.key), request: hash(&once.request) })
    }

    /// Throws away the names nobody will come back with.
    pub(super) fn prune_once(&self) -> Result<u64, StoreError> {
        let mut pruned = 0;
        let now = self.now();
        self.slices(Tree::Once, &[], |writer, slice| {
            let mut tx = Tx::new(self, now);
            for (key, value) in slice {
                if at_of(&value).is_none_or(|at| is_over(at, now)) {
                    tx.delete(Tree::Once, key.to_vec());
                    pruned += 1;
                }
            }
            writer.commits += 1;
            tx.commit(false)
        })?;
        Ok(pruned)
    }
}

/// The receipt of what was done under this name already, with the drifts as they are now.
pub(super) fn done_before(tx: &Tx<'_>, mark: Option<&OnceMark>) -> Result<Option<Receipt>, StoreError> {
    let Some(mark) = mark else { return Ok(None) };
    let Some(known) = known(tx, mark)? else { return Ok(None) };
    if known.get(16..) != Some(mark.request.as_bytes()) {
        return Err(StoreError::Reused);
    }
    let seq = known.first_chunk::<8>().map_or(0, |seq| u64::from_be_bytes(*seq));
    let Some(record) = tx.read::<AuditRecord>(Tree::Audit, &seq.to_be_bytes())? else {
        return Err(StoreError::NotFound(format!("there is no entry {seq} in the trail")));
    };
    Ok(Some(Receipt { seq, drifts: touched_by(tx, &record.deed)? }))
}

/// What is kept under a name that is not over.
pub(super) fn known(tx: &Tx<'_>, mark: &OnceMark) -> Result<Option<Vec<u8>>, StoreError> {
    let known = tx.get(Tree::Once, mark.key.as_bytes())?;
    Ok(known.filter(|known| at_of(known).is_some_and(|at| !is_over(at, tx.now))))
}

/// Drifts a decision touched, as they are now.
pub(super) fn touched_by(tx: &Tx<'_>, deed: &Deed) -> Result<Vec<DriftEvent>, StoreError> {
    let touched = deed.after.iter().map(|p| p.id).chain(deed.audit.drift);
    let mut once: HashSet<DriftId> = HashSet::new();
    let ids = touched.filter(|id| once.insert(*id));
    ids.filter_map(|id| tx.event(id).transpose()).map(|record| record.map(|r| r.event)).collect()
}

/// The deed's part in the trees.
pub(super) fn remember(tx: &mut Tx<'_>, deed: &Deed) {
    let audit = &deed.audit;
    if let Some(mark) = deed.once.as_ref().filter(|_| !is_over(audit.timestamp, tx.now)) {
        let value = [&audit.seq.to_be_bytes(), &keys::micros(audit.timestamp)[..], mark.request.as_bytes()].concat();
        tx.put(Tree::Once, mark.key.as_bytes().to_vec(), value);
    }
}

fn is_over(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) > KEPT
}

fn at_of(value: &[u8]) -> Option<Timestamp> {
    let micros = u64::from_be_bytes(*value.get(8..16)?.first_chunk::<8>()?);
    Timestamp::from_microsecond(i64::try_from(micros).ok()?).ok()
}
