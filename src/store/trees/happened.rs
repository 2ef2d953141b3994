//! What happened in a span of time: first sightings from the time-ordered drifts, everything else from the audit trail. Both are
//! ranges, whatever the size of the store.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use jiff::Timestamp;

use super::engine::Tree;
use super::tx::Tx;
use super::{TreeStore, keys};
use crate::drift::{
    Closure, ContextRequest, DETECTED, DensityCounter, DriftId, Happening, Incident, IncidentRequest, SeverityClass,
    Slug, TriageVerb,
};
use crate::safety::Tainted;
use crate::store::record::AuditRecord;
use crate::store::{StoreError, codec};

const SHELVES: std::ops::RangeInclusive<u8> = 0..=6;

impl TreeStore {
    pub(super) fn incident_impl(&self, request: &IncidentRequest) -> Result<Incident, StoreError> {
        let limit = request.limit.clamp(1, IncidentRequest::MOST);
        let mut density = DensityCounter::new(request);
        let mut happenings = self.first_sightings(request, limit, &mut density)?;
        self.told_by_the_trail(request, limit, &mut density, &mut happenings)?;
        happenings.sort_by_key(|one| std::cmp::Reverse((one.at, one.seq)));
        let cut = happenings.len() > limit;
        happenings.truncate(limit);
        let named: BTreeSet<DriftId> = happenings.iter().filter_map(|one| one.drift).collect();
        let tx = Tx::new(self, self.now());
        let mut drifts = Vec::with_capacity(named.len());
        for id in named {
            match tx.event(id) {
                // It goes on as another drift, which has its time: one drift was seen, not two.
                Ok(Some(record)) if record.event.closure == Some(Closure::Continued) => {
                    let is_first_sighting = |one: &Happening| one.drift == Some(id) && one.action == DETECTED;
                    for one in happenings.extract_if(.., |one| is_first_sighting(one)) {
                        density.forget(one.at, record.event.severity_class());
                    }
                    drifts.push(record.event);
                }
                Ok(found) => drifts.extend(found.map(|record| record.event)),
                Err(error @ StoreError::Damaged { .. }) => {
                    tracing::warn!(%error, "a drift was left out of an incident")
                }
                Err(error) => return Err(error),
            }
        }
        let (from, until, density) = (request.from, request.until, density.counts());
        let mut incident = Incident { from, until, happenings, drifts, cut, density, markers: vec![] };
        let environments = request.environments.clone();
        let wanted = ContextRequest { from, until, environments, limit: ContextRequest::MOST };
        incident.annotate(self.contexts_impl(&wanted)?);
        Ok(incident)
    }

    /// The newest `limit` and one more; all of them are counted.
    fn first_sightings(
        &self,
        request: &IncidentRequest,
        limit: usize,
        density: &mut DensityCounter,
    ) -> Result<Vec<Happening>, StoreError> {
        let environments: Vec<Slug> = match request.environments.as_slice() {
            [] => self.counts().keys().cloned().collect(),
            some => some.to_vec(),
        };
        // By time and id, so that the oldest goes first when there are too many.
        let mut newest: BTreeMap<keys::Place, Slug> = BTreeMap::new();
        for slug in &environments {
            for (shelf, class) in SHELVES.flat_map(|shelf| SeverityClass::WORST_FIRST.map(|class| (shelf, class))) {
                let prefix = keys::class_prefix(shelf, class, slug);
                let start = [&prefix[..], &keys::micros(request.from)].concat();
                let end = [&prefix[..], &keys::micros(request.until), &[0xff; 16]].concat();
                for key in self.engine.tree(Tree::ByClass).range(start..=end).keys() {
                    let key = key?;
                    let Some(place) = keys::place_of(&key) else { continue };
                    if let Some(at) = keys::time_of(&place) {
                        density.detected(at, class);
                    }
                    newest.insert(place, slug.clone());
                    if newest.len() > limit + 1 {
                        newest.pop_first();
                    }
                }
            }
        }
        let happening = |(place, slug): (keys::Place, Slug)| {
            Some(Happening {
                at: keys::time_of(&place)?,
                environment: Some(slug),
                drift: Some(keys::id_of(&place)),
                action: DETECTED.to_owned(),
                actor: Tainted::from("system"),
                reason: None,
                seq: None,
                undone: false,
                resolution_type: None,
                context: None,
                batch: None,
            })
        };
        Ok(newest.into_iter().filter_map(happening).collect())
    }

    fn told_by_the_trail(
        &self,
        request: &IncidentRequest,
        limit: usize,
        density: &mut DensityCounter,
        happenings: &mut Vec<Happening>,
    ) -> Result<(), StoreError> {
        let mut told = 0;
        self.walk_back(request.until, |record| {
            if record.deed.audit.timestamp < request.from {
                return ControlFlow::Break(());
            }
            for happening in told_of(record, &request.environments) {
                density.other(happening.at);
                told += 1;
                if told <= limit + 1 {
                    happenings.push(happening);
                }
            }
            ControlFlow::Continue(())
        })
    }

    /// The audit trail backwards from the last entry that is not after `until`. Its times only grow, so that one is found by
    /// halving.
    fn walk_back(
        &self,
        until: Timestamp,
        mut take: impl FnMut(AuditRecord) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let tree = self.engine.tree(Tree::Audit);
        let number = |key: &[u8]| key.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes));
        let last = tree.last()?.and_then(|(key, _)| number(&key)).unwrap_or(0);
        let (mut low, mut high) = (0, last + 1);
        while low + 1 < high {
            let middle = low + (high - low) / 2;
            match self.read::<AuditRecord>(Tree::Audit, &middle.to_be_bytes())? {
                Some(record) if record.deed.audit.timestamp > until => high = middle,
                _ => low = middle,
            }
        }
        for entry in tree.range(..high.to_be_bytes()).values().rev() {
            let bytes = entry?;
            match codec::decode::<AuditRecord>(Tree::Audit.name(), &bytes, &self.objects) {
                Ok(record) => {
                    if take(record).is_break() {
                        break;
                    }
                }
                Err(error) => tracing::warn!(%error, "an audit entry was left out of an incident"),
            }
        }
        Ok(())
    }
}

/// What one entry says, drift by drift.
fn told_of(record: AuditRecord, environments: &[Slug]) -> Vec<Happening> {
    let audit = &record.deed.audit;
    let of_these =
        |slug: Option<&Slug>| environments.is_empty() || slug.is_some_and(|slug| environments.contains(slug));
    // A mark is told of where it stands in time, not when somebody set it.
    if record.deed.context.is_some() || !audit.success || !of_these(audit.environment.as_ref()) {
        return vec![];
    }
    let about = |drift: Option<DriftId>, reason: Option<Tainted>| Happening {
        at: audit.timestamp,
        environment: audit.environment.clone(),
        drift,
        action: audit.action.clone(),
        actor: audit.actor.clone(),
        reason,
        seq: Some(audit.seq),
        undone: record.undone_by.is_some(),
        resolution_type: audit.verb.as_ref().and_then(TriageVerb::resolution_type),
        context: None,
        batch: audit.batch,
    };
    // An entry of a scan tells of many drifts, and its reason only of their number.
    if audit.verb.is_none() && audit.drift.is_none() && audit.rule.is_none() && !record.deed.before.is_empty() {
        return record.deed.before.iter().map(|(id, _)| about(Some(*id), None)).collect();
    }
    vec![about(audit.drift, audit.reason.clone())]
}
