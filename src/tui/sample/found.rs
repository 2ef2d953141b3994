//! The sample world's drifts in the order and the groups a query names.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::now;
use crate::analysis::together::{self, Gaps, Item, sentence};
use crate::drift::query::{Group, GroupKey, GroupRow, Groups, IncidentRow, Incidents, Sort};
use crate::drift::{DriftDetail, DriftEvent, DriftId, IncidentName, OperationalContext, State};
use crate::safety::Tainted;
use crate::store::DriftFilter;

/// The sample's incidents.
pub struct Found<'a> {
    events: Vec<&'a DriftEvent>,
    groups: Vec<together::Group>,
    of: BTreeMap<DriftId, usize>,
}

impl<'a> Found<'a> {
    pub fn new(drifts: &'a [DriftDetail], contexts: &[OperationalContext]) -> Self {
        let events: Vec<&DriftEvent> = drifts.iter().map(|detail| &detail.event).collect();
        let items: Vec<Item> = events.iter().map(|event| Item::of(event, contexts, Gaps::default())).collect();
        let place = |id: DriftId| events.iter().position(|event| event.id == id);
        let links = drifts.iter().enumerate().flat_map(|(at, one)| one.links.iter().map(move |link| (at, link.to)));
        // Links are kept at both ends.
        let pair = |(at, to): (usize, DriftId)| place(to).map(|to| (at.min(to), at.max(to)));
        let links: BTreeSet<(usize, usize)> = links.filter_map(pair).collect();
        let links: Vec<(usize, usize)> = links.into_iter().collect();
        let groups = together::group(&items, &links, Gaps::default());
        let of = groups.iter().enumerate().flat_map(|(at, group)| group.members.iter().map(move |one| (*one, at)));
        let of = of.map(|(one, at)| (events[one].id, at)).collect();
        Self { events, groups, of }
    }

    fn group(&self, name: &IncidentName) -> Option<&together::Group> {
        match name {
            IncidentName::Id(id) => self.groups.iter().find(|group| group.id == *id),
            IncidentName::Member(drift) => self.of.get(drift).map(|at| &self.groups[*at]),
        }
    }

    /// What a filter says about them.
    pub fn named(&self, filter: &DriftFilter) -> (Incidents, Option<BTreeSet<DriftId>>) {
        let members = |name: &IncidentName| {
            let members = self.group(name).into_iter().flat_map(|group| &group.members);
            members.map(|at| self.events[*at].id).collect::<BTreeSet<DriftId>>()
        };
        let of_query = filter.query.incidents().map(|(name, _)| (name.clone(), members(name))).collect();
        let own = filter.member.and_then(|member| member.incident());
        (of_query, own.map(|id| members(&IncidentName::Id(id))))
    }

    pub fn row(&self, event: &DriftEvent) -> Option<IncidentRow> {
        let group = &self.groups[*self.of.get(&event.id)?];
        let members = || group.members.iter().map(|at| self.events[*at]);
        let has_ended = |one: &&DriftEvent| matches!(one.state_at(now()), State::Resolved | State::Closed);
        let environments: BTreeSet<_> = members().map(|one| one.environment.clone()).collect();
        Some(IncidentRow {
            id: group.id.clone(),
            members: group.members.len() as u64,
            settled: members().filter(has_ended).count() as u64,
            oldest: members().map(|one| one.detected_at).min()?,
            newest: members().map(|one| one.detected_at).max()?,
            environments: environments.into_iter().collect(),
            why: group.bonds.iter().map(|bond| Tainted::from(sentence(bond))).collect(),
        })
    }

    fn key(&self, by: Group, event: &DriftEvent) -> Option<GroupKey> {
        GroupKey::of(by, event).or_else(|| GroupKey::of_incident(&self.groups[*self.of.get(&event.id)?].id))
    }
}

/// Newest first come in.
pub fn sort(rows: &mut [&DriftEvent], by: Sort) {
    match by {
        Sort::Newest => {}
        Sort::Oldest => rows.reverse(),
        Sort::Severity => rows.sort_by_key(|event| Reverse(event.severity_class())),
        Sort::Blast => rows.sort_by_key(|event| Reverse(event.dependants)),
    }
}

/// Of rows that are sorted: a group stands where its first member does.
pub fn groups(rows: &[&DriftEvent], found: &Found<'_>, by: Group, limit: usize) -> Groups {
    let mut groups: Vec<GroupRow> = vec![];
    for event in rows {
        let Some(key) = found.key(by, event) else { continue };
        let at = event.detected_at;
        let Some(group) = groups.iter_mut().find(|group| group.key == key) else {
            groups.push(GroupRow {
                key,
                count: 1,
                worst: event.severity_class(),
                oldest: at,
                newest: at,
                dependants: event.dependants,
                is_spread: false,
                environments: vec![event.environment.clone()],
                sample: (*event).clone(),
                incident: if by == Group::Incident { found.row(event) } else { None },
            });
            continue;
        };
        group.count += 1;
        group.worst = group.worst.max(event.severity_class());
        if let Err(at) = group.environments.binary_search(&event.environment) {
            group.environments.insert(at, event.environment.clone());
        }
        group.is_spread = group.environments.len() > 1;
        group.oldest = group.oldest.min(at);
        if at > group.newest {
            (group.newest, group.sample) = (at, (*event).clone());
        }
        group.dependants = group.dependants.max(event.dependants);
    }
    let total = groups.len() as u64;
    groups.truncate(limit);
    Groups { rows: groups, total, drifts: rows.len() as u64, is_cut: false }
}
