//! What a filter finds, in groups: one pass over its drifts, the newest first, that keeps a few numbers for each group.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

use jiff::Timestamp;

use super::lanes::{Cost, End, Wanted};
use super::{TreeStore, together};
use crate::drift::query::{Group, GroupKey, GroupRow, Groups, IncidentRow, Sort};
use crate::drift::{DriftEvent, DriftId, SeverityClass, Slug};
use crate::store::{Direction, DriftFilter, StoreError};

/// Drifts looked at and read; with more, the answer says that it is cut.
const MOST: Cost = Cost { examined: 500_000, read: 100_000 };
const LIMIT_MAX: usize = 500;

/// A drift, as far as its group counts it.
struct Member {
    id: DriftId,
    /// Its key.
    sample: Vec<u8>,
    environment: Slug,
    class: SeverityClass,
    at: Timestamp,
    dependants: u32,
    /// Of the incident it is the first in, if it is.
    own: String,
}

/// What is known of a group until its row is made.
struct Tally {
    key: GroupKey,
    /// Of the newest member.
    sample: Vec<u8>,
    environments: BTreeSet<Slug>,
    count: u64,
    worst: SeverityClass,
    oldest: Timestamp,
    newest: Timestamp,
    dependants: u32,
}

impl TreeStore {
    pub(super) fn groups_impl(&self, filter: &DriftFilter, by: Group, limit: usize) -> Result<Groups, StoreError> {
        self.wake_due();
        let mut narrowed = filter.narrowed(self.now());
        let named = self.named(filter)?;
        named.narrow(&mut narrowed);
        let wanted = Wanted::new(filter, self.now(), &named);
        let mut lanes = self.lanes(&narrowed, None, Direction::Older, false);
        let (mut groups, mut cost): (HashMap<GroupKey, Tally>, _) = (HashMap::new(), Cost::default());
        // Which incident one is in is known when all that are asked for are.
        let mut later: Vec<Member> = vec![];
        let end = self.visit(&mut lanes, Direction::Older, &wanted, (&mut cost, MOST), &mut |_, sample, record| {
            let (key, member) = (GroupKey::of(by, &record.event), Member::of(sample, record.event, by));
            match key {
                Some(key) => count(&mut groups, key, member),
                None => later.push(member),
            }
            ControlFlow::Continue(())
        })?;
        let mut is_cut = named.is_cut || matches!(end, End::Spent(_));
        let mut found = None;
        if by == Group::Incident {
            let seeds: Vec<_> = later.iter().map(|one| (one.id, (one.environment.clone(), one.at))).collect();
            let incidents = self.incidents_of(&seeds, together::OF_MANY)?;
            is_cut |= incidents.is_cut;
            for member in later {
                if let Some(key) = incidents.key_of(member.id, &member.own) {
                    count(&mut groups, key, member);
                }
            }
            found = Some(incidents);
        }
        let (total, drifts) = (groups.len() as u64, groups.values().map(|group| group.count).sum());
        let mut groups: Vec<Tally> = groups.into_values().collect();
        sort(&mut groups, filter.query.sort);
        groups.truncate(limit.clamp(1, LIMIT_MAX));
        let incident = found.as_ref().map(together::Found::rows);
        let mut rows = Vec::with_capacity(groups.len());
        for group in groups {
            let incident = incident.as_ref().and_then(|row| row(group.key));
            rows.extend(self.row(group, incident)?);
        }
        Ok(Groups { rows, total, drifts, is_cut })
    }

    fn row(&self, group: Tally, incident: Option<IncidentRow>) -> Result<Option<GroupRow>, StoreError> {
        let Tally { key, sample, environments, count, worst, oldest, newest, dependants } = group;
        let sample = self.readable_at(&sample, &mut Cost::default())?;
        let (is_spread, environments) = (environments.len() > 1, environments.into_iter().collect());
        let row = |sample| GroupRow {
            key,
            count,
            worst,
            oldest,
            newest,
            dependants,
            is_spread,
            environments,
            sample,
            incident,
        };
        Ok(sample.map(|record| row(record.event)))
    }
}

impl Member {
    fn of(sample: Vec<u8>, event: DriftEvent, by: Group) -> Self {
        Self {
            id: event.id,
            sample,
            class: event.severity_class(),
            at: event.detected_at,
            dependants: event.dependants,
            own: if by == Group::Incident { together::own_id(&event) } else { String::new() },
            environment: event.environment,
        }
    }
}

/// Takes one, none of them newer than those before it, into its group.
fn count(groups: &mut HashMap<GroupKey, Tally>, key: GroupKey, one: Member) {
    let group = groups.entry(key).or_insert_with(|| Tally {
        key,
        sample: one.sample,
        environments: BTreeSet::new(),
        count: 0,
        worst: one.class,
        oldest: one.at,
        newest: one.at,
        dependants: 0,
    });
    group.count += 1;
    if !group.environments.contains(&one.environment) {
        group.environments.insert(one.environment);
    }
    group.worst = group.worst.max(one.class);
    group.oldest = group.oldest.min(one.at);
    group.dependants = group.dependants.max(one.dependants);
}

/// As drifts are sorted; the key last, so that the order is the same every time.
fn sort(groups: &mut [Tally], by: Sort) {
    groups.sort_by_key(|group| {
        let newest = Reverse(group.newest);
        let rank = match by {
            Sort::Newest => (0, newest),
            Sort::Oldest => (0, Reverse(Timestamp::MIN)),
            Sort::Severity => (u32::MAX - group.worst as u32, newest),
            Sort::Blast => (u32::MAX - group.dependants, newest),
        };
        let oldest = if by == Sort::Oldest { group.oldest } else { Timestamp::MIN };
        (rank, oldest, group.key)
    });
}
