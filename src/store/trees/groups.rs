//! What a filter finds, in groups: one pass over its drifts, the newest first, that keeps a few numbers for each group.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

use jiff::Timestamp;

use super::TreeStore;
use super::lanes::{Cost, End, Wanted};
use crate::drift::query::{Group, GroupKey, GroupRow, Groups, Sort};
use crate::drift::{SeverityClass, Slug};
use crate::store::{Direction, DriftFilter, StoreError};

/// Drifts looked at and read; with more, the answer says that it is cut.
const MOST: Cost = Cost { examined: 500_000, read: 100_000 };
const LIMIT_MAX: usize = 500;

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
        let narrowed = filter.narrowed(self.now());
        let wanted = Wanted::new(filter, self.now());
        let mut lanes = self.lanes(&narrowed, None, Direction::Older, false);
        let (mut groups, mut cost): (HashMap<GroupKey, Tally>, _) = (HashMap::new(), Cost::default());
        let end = self.visit(&mut lanes, Direction::Older, &wanted, (&mut cost, MOST), &mut |_, sample, record| {
            let event = record.event;
            let (key, worst) = (GroupKey::of(by, &event), event.severity_class());
            let group = groups.entry(key).or_insert_with(|| Tally {
                key,
                sample,
                environments: BTreeSet::new(),
                count: 0,
                worst,
                oldest: event.detected_at,
                newest: event.detected_at,
                dependants: 0,
            });
            group.count += 1;
            if !group.environments.contains(&event.environment) {
                group.environments.insert(event.environment.clone());
            }
            group.worst = group.worst.max(worst);
            group.oldest = group.oldest.min(event.detected_at);
            group.dependants = group.dependants.max(event.dependants);
            ControlFlow::Continue(())
        })?;
        let (total, drifts) = (groups.len() as u64, groups.values().map(|group| group.count).sum());
        let mut groups: Vec<Tally> = groups.into_values().collect();
        sort(&mut groups, filter.query.sort);
        groups.truncate(limit.clamp(1, LIMIT_MAX));
        let mut rows = Vec::with_capacity(groups.len());
        for group in groups {
            rows.extend(self.row(group)?);
        }
        Ok(Groups { rows, total, drifts, is_cut: matches!(end, End::Spent(_)) })
    }

    fn row(&self, group: Tally) -> Result<Option<GroupRow>, StoreError> {
        let Tally { key, sample, environments, count, worst, oldest, newest, dependants } = group;
        let sample = self.readable_at(&sample, &mut Cost::default())?;
        let (is_spread, environments) = (environments.len() > 1, environments.into_iter().collect());
        let row = |sample| GroupRow { key, count, worst, oldest, newest, dependants, is_spread, environments, sample };
        Ok(sample.map(|record| row(record.event)))
    }
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
