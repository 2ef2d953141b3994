//! Incidents, found when somebody asks: from drifts outwards, as far as the next one is not too long ago. Nothing of it is kept, so
//! what is learnt later (who it was, that a ticket was open) puts a drift where it belongs at once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;

use jiff::{SignedDuration, Timestamp};

use super::TreeStore;
use super::lanes::{Cost, End, Wanted};
use super::spans::{Span, around, merged, missing};
use crate::analysis::together::{Gaps, Group, Item, group, id_of, second_of, sentence};
use crate::drift::query::{GroupKey, IncidentRow, Incidents};
use crate::drift::{
    Closure, ContextRequest, DriftEvent, DriftId, Incident, IncidentName, Joint, OperationalContext, Slug, State,
};
use crate::safety::Tainted;
use crate::store::{Direction, DriftFilter, Joined, Notices, StoreError};

/// Looked at and read for one incident, and for the groups of a whole filter.
pub(super) const OF_ONE: Cost = Cost { examined: 50_000, read: 20_000 };
pub(super) const OF_MANY: Cost = Cost { examined: 500_000, read: 100_000 };
const OF_REVIEW: Cost = Cost { examined: 50_000, read: 10_000 };
/// Reasons that a row tells.
const WHY: usize = 20;

/// Where to look: first seen there and then.
pub(super) type Spot = (Slug, Timestamp);

/// A drift, as far as it matters here.
struct Known {
    item: Item,
    links: Vec<DriftId>,
    has_ended: bool,
    /// It goes on as another one, which has its place.
    is_continued: bool,
}

/// The incidents of some drifts.
pub(super) struct Found {
    known: BTreeMap<DriftId, Known>,
    groups: Vec<Group>,
    /// By drift, the group it is in.
    of: BTreeMap<DriftId, usize>,
    /// Not all that may belong to them was looked at.
    pub(super) is_cut: bool,
    pub(super) cost: Cost,
}

/// Of one incident. None: it is nowhere.
#[derive(Default)]
pub(super) struct Members {
    pub(super) drifts: BTreeSet<DriftId>,
    span: Option<Span>,
    /// Not all that may belong to it was looked at.
    pub(super) is_cut: bool,
}

/// What a filter says about incidents, as sets of drifts.
#[derive(Default)]
pub(super) struct Named {
    pub(super) of_query: Incidents,
    pub(super) member: Option<BTreeSet<DriftId>>,
    /// When the first and the last of what can be found were first seen.
    span: Option<Span>,
    /// Not all that may belong to them was looked at.
    pub(super) is_cut: bool,
}

impl TreeStore {
    /// The incidents that these drifts are in.
    pub(super) fn incidents_of(&self, seeds: &[(DriftId, Spot)], most: Cost) -> Result<Found, StoreError> {
        let own: HashSet<DriftId> = seeds.iter().map(|(id, _)| *id).collect();
        let mut search = Search {
            store: self,
            gaps: self.alerting().patterns.gaps,
            known: BTreeMap::new(),
            contexts: vec![],
            read: BTreeMap::new(),
            looked: own.clone(),
            cost: Cost::default(),
            most,
            is_cut: false,
        };
        let mut spots: Vec<Spot> = seeds.iter().map(|(_, spot)| spot.clone()).collect();
        loop {
            search.read_around(spots, &own)?;
            let found = search.grouped(&own);
            spots = search.beyond(&found)?;
            if spots.is_empty() || search.is_cut {
                return Ok(Found { known: search.known, is_cut: search.is_cut, cost: search.cost, ..found });
            }
        }
    }

    /// See [`Store::together`](crate::store::Store::together).
    pub(super) fn together_impl(&self, id: DriftId) -> Result<Joined, StoreError> {
        let event = self.drift_impl(id)?.event;
        let found = self.incidents_of(&[(id, (event.environment, event.detected_at))], OF_ONE)?;
        let group = found.of.get(&id).map(|at| &found.groups[*at]);
        let group = group.ok_or_else(|| StoreError::NotFound(format!("there is no drift {id}")))?;
        let ids: Vec<DriftId> = found.known.keys().copied().collect();
        Ok(Joined {
            id: group.id.clone(),
            members: group.members.iter().map(|at| ids[*at]).collect(),
            bonds: group.bonds.clone(),
            is_cut: found.is_cut,
        })
    }

    /// What of these belongs together, with drifts that are not among them too. Nothing where too much would have to be read.
    pub(super) fn joint(&self, drifts: &[DriftEvent]) -> Result<Vec<Joint>, StoreError> {
        let spot = |event: &DriftEvent| (event.id, (event.environment.clone(), event.detected_at));
        let found = self.incidents_of(&drifts.iter().map(spot).collect::<Vec<_>>(), OF_REVIEW)?;
        if found.is_cut {
            // Half of it would read as all of it.
            return Ok(vec![]);
        }
        let mut of: BTreeMap<usize, Vec<DriftId>> = BTreeMap::new();
        for event in drifts {
            of.entry(found.of.get(&event.id).copied().unwrap_or(usize::MAX)).or_default().push(event.id);
        }
        let row = found.rows();
        let joint = of.into_iter().filter_map(|(at, drifts)| {
            let group = found.groups.get(at).filter(|group| group.members.len() > 1)?;
            Some(Joint { incident: row(GroupKey::of_incident(&group.id)?)?, drifts })
        });
        let mut joint: Vec<Joint> = joint.filter(|one| one.incident.members > 1).collect();
        joint.sort_by_key(|one| (std::cmp::Reverse(one.incident.members), one.incident.oldest));
        joint.truncate(Incident::JOINT);
        Ok(joint)
    }

    /// Looks up what a filter says about incidents. One that is nowhere has nothing in it.
    pub(super) fn named(&self, filter: &DriftFilter) -> Result<Named, StoreError> {
        let mut named = Named::default();
        let mut spans: Vec<Span> = vec![];
        let mut only = false;
        for (name, wanted) in filter.query.incidents() {
            let Members { drifts, span, is_cut } = self.members_of(name, OF_ONE)?;
            named.of_query.insert(name.clone(), drifts);
            named.is_cut |= is_cut;
            only |= wanted;
            spans.extend(span.filter(|_| wanted));
        }
        if let Some(id) = filter.member.and_then(|member| member.incident()) {
            let Members { drifts, span, is_cut } = self.members_of(&IncidentName::Id(id), OF_ONE)?;
            named.member = Some(drifts);
            named.is_cut |= is_cut;
            (only, spans) = (true, span.into_iter().collect());
        }
        let ends = |(low, high): Span, (a, b): Span| (low.min(a), high.max(b));
        // Where nothing is found, nothing is read.
        let nowhere = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
        named.span = only.then(|| spans.into_iter().reduce(ends).unwrap_or(nowhere));
        Ok(named)
    }

    pub(super) fn members_of(&self, name: &IncidentName, most: Cost) -> Result<Members, StoreError> {
        let seed = match name {
            IncidentName::Member(id) => match self.drift_impl(*id) {
                Ok(detail) => Some((*id, (detail.event.environment, detail.event.detected_at))),
                Err(StoreError::NotFound(_)) => None,
                Err(error) => return Err(error),
            },
            IncidentName::Id(id) => self.first_of(id)?,
        };
        let Some(seed) = seed else { return Ok(Members::default()) };
        let found = self.incidents_of(&[seed], most)?;
        tracing::debug!(incident = %name, read = found.cost.read, "looked up");
        let members: BTreeSet<DriftId> = found.of.keys().copied().collect();
        let times = || members.iter().filter_map(|id| found.known.get(id)).map(|one| one.item.at);
        let span = times().min().zip(times().max());
        Ok(Members { drifts: members, span, is_cut: found.is_cut })
    }

    /// The drift that gave an incident its id: it is the first in it, or was until an earlier one joined.
    fn first_of(&self, id: &str) -> Result<Option<(DriftId, Spot)>, StoreError> {
        let Some(from) = second_of(id) else { return Ok(None) };
        let until = from.checked_add(SignedDuration::from_micros(999_999)).unwrap_or(Timestamp::MAX);
        let filter = DriftFilter { detected_from: Some(from), detected_until: Some(until), ..DriftFilter::default() };
        let (mut cost, mut first) = (Cost::default(), None);
        let nothing = Named::default();
        let wanted = Wanted::new(&filter, self.now(), &nothing);
        let mut lanes = self.lanes(&filter, None, Direction::Older, false);
        self.visit(&mut lanes, Direction::Older, &wanted, (&mut cost, OF_MANY), &mut |_, _, record| {
            let event = &record.event;
            if own_id(event) != id {
                return ControlFlow::Continue(());
            }
            first = Some((event.id, (event.environment.clone(), event.detected_at)));
            ControlFlow::Break(())
        })?;
        Ok(first)
    }
}

/// The id of the incident that a drift is the first in, if it is.
pub(super) fn own_id(event: &DriftEvent) -> String {
    id_of(&event.environment, event.detected_at, &event.fingerprint.to_hex())
}

impl Named {
    /// Only the time in which there is something to find.
    pub(super) fn narrow(&self, filter: &mut DriftFilter) {
        let Some((from, until)) = self.span else { return };
        filter.detected_from = filter.detected_from.max(Some(from));
        filter.detected_until = Some(filter.detected_until.map_or(until, |own| own.min(until)));
    }
}

impl Found {
    /// Whether it could be looked around.
    pub(super) fn has(&self, id: DriftId) -> bool {
        self.of.contains_key(&id)
    }

    /// The group of a drift; one that could not be looked around is alone.
    pub(super) fn key_of(&self, id: DriftId, own: Option<&str>) -> Option<GroupKey> {
        GroupKey::of_incident(self.of.get(&id).map(|at| self.groups[*at].id.as_str()).or(own)?)
    }

    /// What a row tells of an incident.
    pub(super) fn rows(&self) -> impl Fn(GroupKey) -> Option<IncidentRow> {
        let all: Vec<&Known> = self.known.values().collect();
        let by_id: HashMap<&str, &Group> = self.groups.iter().map(|group| (group.id.as_str(), group)).collect();
        move |key| {
            let id = key.incident()?;
            let group = by_id.get(id.as_str())?;
            let members = || group.members.iter().map(|at| all[*at]).filter(|one| !one.is_continued);
            let at = || members().map(|one| one.item.at);
            let environments: BTreeSet<Slug> = members().map(|one| one.item.environment.clone()).collect();
            Some(IncidentRow {
                members: members().count() as u64,
                settled: members().filter(|one| one.has_ended).count() as u64,
                oldest: at().min()?,
                newest: at().max()?,
                environments: environments.into_iter().collect(),
                why: group.bonds.iter().take(WHY).map(|bond| Tainted::from(sentence(bond))).collect(),
                id,
            })
        }
    }
}

/// What was read so far.
struct Search<'a> {
    store: &'a TreeStore,
    gaps: Gaps,
    known: BTreeMap<DriftId, Known>,
    contexts: Vec<OperationalContext>,
    /// Spans of an environment that were read, none touching another.
    read: BTreeMap<Slug, Vec<Span>>,
    /// Drifts that were looked around already, or soon will be.
    looked: HashSet<DriftId>,
    cost: Cost,
    most: Cost,
    is_cut: bool,
}

impl Search<'_> {
    /// Reads what was first seen within the gap of these times, as far as it was not read before.
    fn read_around(&mut self, spots: Vec<Spot>, own: &HashSet<DriftId>) -> Result<(), StoreError> {
        let mut spans: BTreeMap<Slug, Vec<Span>> = BTreeMap::new();
        for (slug, at) in spots {
            spans.entry(slug).or_default().push(around(at, self.gaps.change));
        }
        for (slug, spans) in spans {
            let before = self.read.remove(&slug).unwrap_or_default();
            let mut all = before.clone();
            all.extend(spans);
            let all = merged(all);
            for (from, until) in missing(&all, &before) {
                self.read_span(&slug, from, until, own)?;
            }
            self.read.insert(slug, all);
        }
        Ok(())
    }

    fn read_span(
        &mut self,
        slug: &Slug,
        from: Timestamp,
        until: Timestamp,
        own: &HashSet<DriftId>,
    ) -> Result<(), StoreError> {
        let environments = vec![slug.clone()];
        // What happened at a moment joins what is seen soon after.
        let before = from.checked_sub(self.gaps.rest).unwrap_or(from);
        let request =
            ContextRequest { from: before, until, environments: environments.clone(), limit: ContextRequest::MOST };
        for one in self.store.contexts_impl(&request)? {
            if self.contexts.iter().all(|known| known.id != one.id) {
                self.contexts.push(one);
            }
        }
        let (from, until) = (Some(from), Some(until));
        let filter = DriftFilter { environments, detected_from: from, detected_until: until, ..DriftFilter::default() };
        let nothing = Named::default();
        let wanted = Wanted::new(&filter, self.store.now(), &nothing);
        let mut lanes = self.store.lanes(&filter, None, Direction::Older, false);
        let (contexts, gaps, known, now) = (&self.contexts, self.gaps, &mut self.known, self.store.now());
        let take = &mut |_, _, record: crate::store::record::EventRecord| {
            let event = &record.event;
            let is_continued = event.closure == Some(Closure::Continued);
            if !is_continued || own.contains(&event.id) {
                let one = Known {
                    item: Item::of(event, contexts, gaps),
                    links: record.links.iter().map(|link| link.to).collect(),
                    has_ended: matches!(event.state_at(now), State::Resolved | State::Closed),
                    is_continued,
                };
                known.insert(event.id, one);
            }
            ControlFlow::Continue(())
        };
        let end = self.store.visit(&mut lanes, Direction::Older, &wanted, (&mut self.cost, self.most), take)?;
        self.is_cut |= matches!(end, End::Spent(_));
        Ok(())
    }

    /// The groups that some of our own are in.
    fn grouped(&self, own: &HashSet<DriftId>) -> Found {
        let ids: Vec<DriftId> = self.known.keys().copied().collect();
        let place = |id: &DriftId| ids.binary_search(id).ok();
        let items: Vec<&Item> = self.known.values().map(|one| &one.item).collect();
        let links = self.known.iter().flat_map(|(id, one)| one.links.iter().map(move |to| (*id.min(to), *id.max(to))));
        let links: BTreeSet<(DriftId, DriftId)> = links.collect();
        let links: Vec<(usize, usize)> = links.iter().filter_map(|(a, b)| place(a).zip(place(b))).collect();
        let is_own = |group: &Group| group.members.iter().any(|at| own.contains(&ids[*at]));
        let groups: Vec<Group> = group(&items, &links, self.gaps).into_iter().filter(is_own).collect();
        let members = groups.iter().enumerate().flat_map(|(at, group)| group.members.iter().map(move |one| (at, one)));
        let of = members.map(|(at, one)| (ids[*one], at)).collect();
        Found { known: BTreeMap::new(), groups, of, is_cut: false, cost: Cost::default() }
    }

    /// Where members are that were not looked around yet, and what people linked them to.
    fn beyond(&mut self, found: &Found) -> Result<Vec<Spot>, StoreError> {
        let mut spots = vec![];
        for id in found.of.keys() {
            let Some(one) = self.known.get(id) else { continue };
            if self.looked.insert(*id) {
                spots.push((one.item.environment.clone(), one.item.at));
            }
            for to in one.links.iter().filter(|to| !self.known.contains_key(*to)) {
                if !self.looked.insert(*to) {
                    continue;
                }
                match self.store.drift_impl(*to) {
                    Ok(detail) => spots.push((detail.event.environment, detail.event.detected_at)),
                    // Older than what the store keeps.
                    Err(StoreError::NotFound(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        // What lies within spans that were read has nothing around it that is not known.
        spots.retain(|(slug, at)| {
            let (from, until) = around(*at, self.gaps.change);
            let read = self.read.get(slug).map_or(&[][..], Vec::as_slice);
            !read.iter().any(|(low, high)| *low <= from && until <= *high)
        });
        Ok(spots)
    }
}
