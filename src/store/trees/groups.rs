//! What a filter finds, in groups: one pass over its drifts, the newest first, that keeps a few numbers for each group.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

use jiff::Timestamp;

use super::lanes::{Cost, End, Entry, Wanted};
use super::{TreeStore, keys, together};
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
    /// Of the incident it is the first in, if it is; `None`: it was not read.
    own: Option<String>,
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
        let (mut groups, mut cost): (HashMap<GroupKey, Tally>, _) = (HashMap::new(), Cost::default());
        // Which incident one is in is known when all that are asked for are.
        let mut later: Vec<Member> = vec![];
        let is_whole = if by == Group::Incident && wanted.is_indexed() {
            self.unread(&narrowed, &wanted, &mut later)?
        } else {
            let mut lanes = self.lanes(&narrowed, None, Direction::Older, false);
            let end =
                self.visit(&mut lanes, Direction::Older, &wanted, (&mut cost, MOST), &mut |_, sample, record| {
                    let (key, member) = (GroupKey::of(by, &record.event), Member::of(sample, record.event, by));
                    match key {
                        Some(key) => count(&mut groups, key, member),
                        None => later.push(member),
                    }
                    ControlFlow::Continue(())
                })?;
            !matches!(end, End::Spent(_))
        };
        let mut is_cut = named.is_cut || !is_whole;
        let mut found = None;
        if by == Group::Incident {
            let seeds: Vec<_> = later.iter().map(|one| (one.id, (one.environment.clone(), one.at))).collect();
            let incidents = self.incidents_of(&seeds, together::OF_MANY)?;
            is_cut |= incidents.is_cut;
            for mut member in later {
                if member.own.is_none() && !incidents.has(member.id) {
                    let record = self.readable_at(&member.sample, &mut cost)?;
                    member.own = record.map(|record| together::own_id(&record.event));
                }
                if let Some(key) = incidents.key_of(member.id, member.own.as_deref()) {
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

    /// What the class index tells of each drift, the newest first: those are read when what belongs to them is looked for. Whether
    /// these are all.
    fn unread(&self, filter: &DriftFilter, wanted: &Wanted<'_>, all: &mut Vec<Member>) -> Result<bool, StoreError> {
        let lanes = self.lanes(filter, None, Direction::Older, true);
        let mut entries = vec![];
        self.entries(lanes, &mut |entry| entries.extend(wanted.has_type(entry.drift_type).then_some(entry)))?;
        entries.sort_by_key(|entry| Reverse(entry.place));
        let is_whole = entries.len() <= MOST.read;
        entries.truncate(MOST.read);
        all.extend(entries.into_iter().filter_map(Member::unread));
        Ok(is_whole)
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
    fn unread(entry: Entry) -> Option<Self> {
        let Entry { key, place, environment, class, dependants, .. } = entry;
        let (id, at) = (keys::id_of(&place), keys::time_of(&place)?);
        Some(Self { id, sample: key, environment, class, at, dependants, own: None })
    }

    fn of(sample: Vec<u8>, event: DriftEvent, by: Group) -> Self {
        Self {
            id: event.id,
            sample,
            class: event.severity_class(),
            at: event.detected_at,
            dependants: event.dependants,
            own: (by == Group::Incident).then(|| together::own_id(&event)),
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
