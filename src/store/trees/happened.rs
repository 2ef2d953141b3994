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
        let (mut density, mut counted) = (DensityCounter::new(request), DensityCounter::new(request));
        let mut happenings = self.first_sightings(request, limit, &mut counted)?;
        self.told_by_the_trail(request, limit, &mut counted, &mut happenings)?;
        match self.engine.as_postgres() {
            Some(engine) => engine.density(&self.environments_of(request), request, &mut density)?,
            None => density = counted,
        }
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
        let together = self.joint(&drifts)?;
        let mut incident = Incident { from, until, happenings, drifts, cut, density, markers: vec![], together };
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
        let environments = self.environments_of(request);
        // By time and id, so that the oldest goes first when there are too many.
        let mut newest: BTreeMap<keys::Place, Slug> = BTreeMap::new();
        let is_counted = self.engine.as_postgres().is_some();
        for slug in environments.iter().filter(|_| is_counted) {
            let prefix = keys::environment(slug);
            let start = [&prefix[..], &keys::micros(request.from)].concat();
            let end = [&prefix[..], &keys::micros(request.until), &[0xff; 16]].concat();
            for key in self.engine.tree(Tree::Events).range(start..=end).keys().rev().take(limit + 1) {
                newest.extend(keys::place_of(&key?).map(|place| (place, slug.clone())));
            }
        }
        for slug in environments.iter().filter(|_| !is_counted) {
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
        let surplus = newest.len().saturating_sub(limit + 1);
        Ok(newest.into_iter().skip(surplus).filter_map(happening).collect())
    }

    fn environments_of(&self, request: &IncidentRequest) -> Vec<Slug> {
        match request.environments.as_slice() {
            [] => self.counts().keys().cloned().collect(),
            some => some.to_vec(),
        }
    }

    fn told_by_the_trail(
        &self,
        request: &IncidentRequest,
        limit: usize,
        density: &mut DensityCounter,
        happenings: &mut Vec<Happening>,
    ) -> Result<(), StoreError> {
        let (mut told, is_counted) = (0, self.engine.as_postgres().is_some());
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
            // The rest is counted, not told.
            if is_counted && told > limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    }

    /// The audit trail backwards from the last entry that is not after `until`. Its times only grow, so that one is found by
    /// halving.
    fn walk_back(&self, until: Timestamp, take: impl FnMut(AuditRecord) -> ControlFlow<()>) -> Result<(), StoreError> {
        let tree = self.engine.tree(Tree::Audit);
        let number = |key: &[u8]| key.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes));
        if let Some(engine) = self.engine.as_postgres() {
            let high = engine.told_until(until)? + 1;
            return self.walk_below(high, take);
        }
        let last = tree.last()?.and_then(|(key, _)| number(&key)).unwrap_or(0);
        let (mut low, mut high) = (0, last + 1);
        while low + 1 < high {
            let middle = low + (high - low) / 2;
            match self.read::<AuditRecord>(Tree::Audit, &middle.to_be_bytes())? {
                Some(record) if record.deed.audit.timestamp > until => high = middle,
                _ => low = middle,
            }
        }
        self.walk_below(high, take)
    }

    /// The audit trail backwards from the entry before `high`.
    fn walk_below(&self, high: u64, mut take: impl FnMut(AuditRecord) -> ControlFlow<()>) -> Result<(), StoreError> {
        for entry in self.engine.tree(Tree::Audit).range(..high.to_be_bytes()).values().rev() {
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
    if record.deed.is_of_many() {
        return record.deed.before.iter().map(|(id, _)| about(Some(*id), None)).collect();
    }
    vec![about(audit.drift, audit.reason.clone())]
}
