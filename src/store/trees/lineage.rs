//! A drift that goes on as another one: see [`continuity`](crate::store::continuity), or its resource has moved to another address.
//! The new one has everything that was decided about the old one, its history too.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::engine::Tree;
use super::tx::{self, Tx};
use super::{TreeStore, keys};
use crate::drift::{AuditEntry, Closure, DriftId, DriftType, Finding, ResourceRef, Slug, State};
use crate::store::StoreError;
use crate::store::continuity::{Look, only_rules};
use crate::store::life::{CONTINUED, MOVED, goes_on, moved};
use crate::store::record::{AuditRecord, BodyRecord, EventRecord};

/// The drift that a finding goes on with, and why.
pub(super) struct Forebear {
    pub(super) record: EventRecord,
    /// The audit trail's name for it.
    pub(super) action: &'static str,
    pub(super) why: String,
}

/// The drifts of the same resource and type, at the address from where it moved too, that have not ended and were not met by the scan
/// of `at`; the last seen first.
pub(super) fn kin(tx: &Tx<'_>, at: Timestamp, own: DriftId, finding: &Finding) -> Result<Vec<EventRecord>, StoreError> {
    let mut keys = tx.drifts_of(&tx::resource_prefix(&finding.environment, &finding.resource))?;
    if let Some(before) = prefix_before(&finding.environment, finding.drift_type, &finding.resource) {
        keys.extend(tx.drifts_of(&before)?);
    }
    let mut kin = Vec::new();
    for key in keys {
        let Some(id) = keys::drift_of(&key).filter(|id| *id != own) else { continue };
        let record = match tx.event(id) {
            Ok(Some(record)) => record,
            Ok(None) | Err(StoreError::Damaged { .. }) => continue,
            Err(error) => return Err(error),
        };
        let event = &record.event;
        let is_there = event.state != State::Closed && !record.gone && event.last_seen < at;
        if is_there && event.drift_type == finding.drift_type {
            kin.push(record);
        }
    }
    kin.sort_by_key(|record| std::cmp::Reverse(record.event.last_seen));
    Ok(kin)
}

/// The one among its kin that differs from the finding only in what rules hide.
pub(super) fn forebear(
    tx: &Tx<'_>,
    kin: &[EventRecord],
    finding: &Finding,
    body: &BodyRecord,
) -> Result<Option<Forebear>, StoreError> {
    for record in kin {
        let old = tx.body(record.event.id)?;
        if let Some(why) = only_rules(&Look::of(&record.event.changes, &old), &Look::of(&finding.changes, body)) {
            let (from, to) = (&record.event.resource.resource_id, &finding.resource.resource_id);
            let (action, why) = match from == to {
                true => (CONTINUED, why),
                false => (MOVED, moved(from, to)),
            };
            return Ok(Some(Forebear { record: record.clone(), action, why }));
        }
    }
    Ok(None)
}

impl TreeStore {
    /// What happened to the drift and to those whose place it took, newest first.
    pub(super) fn history(&self, id: DriftId) -> Result<Vec<AuditEntry>, StoreError> {
        Ok(self.past(id)?.into_values().rev().map(|(_, entry)| entry).collect())
    }

    /// The drift, and those whose place it took.
    pub(super) fn line_of(&self, id: DriftId) -> Result<Vec<DriftId>, StoreError> {
        let mut line: Vec<DriftId> = self.past(id)?.into_values().map(|(of, _)| of).chain([id]).collect();
        line.sort_unstable();
        line.dedup();
        Ok(line)
    }

    /// By audit number: whose entry it is, and what it says.
    fn past(&self, id: DriftId) -> Result<BTreeMap<u64, (DriftId, AuditEntry)>, StoreError> {
        let (mut past, mut next) = (BTreeMap::new(), vec![(id, u64::MAX)]);
        // Each goes further back than the one before, so there is an end.
        while let Some((of, until)) = next.pop() {
            for key in self.engine.tree(Tree::ByDrift).scan_prefix(of.0.to_bytes()).keys().rev() {
                let key = key?;
                let seq = key.get(16..).unwrap_or_default();
                let Some(record) = self.read::<AuditRecord>(Tree::Audit, seq)? else { continue };
                let seq = record.deed.audit.seq;
                if seq >= until || past.contains_key(&seq) {
                    continue;
                }
                next.extend(before(&record, of).map(|id| (id, seq)));
                past.insert(seq, (of, record.entry_of(of)));
            }
        }
        Ok(past)
    }

    /// The drift as which this one goes on.
    pub(super) fn as_it_goes_on(&self, tx: &Tx<'_>, mut record: EventRecord) -> Result<EventRecord, StoreError> {
        // It may have gone on more than once; a circle would be damage.
        for _ in 0..1000 {
            let event = &record.event;
            let heir = event.superseded_by.filter(|_| event.closure == Some(Closure::Continued));
            match heir.map(|id| tx.event(id)).transpose()?.flatten() {
                Some(heir) => record = heir,
                None => break,
            }
        }
        Ok(record)
    }
}

/// What the index entries of the resource began with before it moved. A move that is itself the drift is none: there the code says
/// another address than the state.
pub(super) fn prefix_before(environment: &Slug, drift_type: DriftType, resource: &ResourceRef) -> Option<Vec<u8>> {
    let before = resource.previous_address.as_ref().filter(|_| drift_type != DriftType::Moved)?;
    Some(keys::resource(environment, resource.resource_type.raw(), before.raw()))
}

/// Whose place `id` took by this entry.
fn before(record: &AuditRecord, id: DriftId) -> Option<DriftId> {
    let old = record.deed.after.iter().find(|placed| placed.standing.superseded_by == Some(id));
    old.filter(|_| goes_on(&record.deed.audit.action)).map(|placed| placed.id)
}
