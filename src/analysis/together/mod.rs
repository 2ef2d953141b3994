//! What belongs together: drifts of one environment that one hand, one ticket, one module or one and the same change joins within
//! a gap of time, and those that a person put together. A pure function of the set of them: in whatever order they come, the same
//! incidents come out, under the same ids.
//!
//! What a person took out stands alone: nothing joins it but another person's word.

mod item;
mod score;
mod words;

use std::borrow::Borrow;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::drift::Slug;
use crate::safety::Tainted;

pub use item::{changes_of, transition};
pub use score::{Pairs, pairs};
pub use words::sentence;

/// How long apart two drifts may have been seen first that have something in common.
///
/// Measured on 150 real drift events (`driftguard bench --series`): the same change came again within 6 hours wherever it was the same
/// event, and within 24 hours nothing was joined that was not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gaps {
    /// For the same change.
    pub change: SignedDuration,
    /// For what says less: the same hand, ticket or module.
    pub rest: SignedDuration,
}

impl Gaps {
    /// Of what says less, an hour at most: a session is over by then.
    const REST: SignedDuration = SignedDuration::from_hours(1);

    pub fn of(change: SignedDuration) -> Self {
        Self { change, rest: change.min(Self::REST) }
    }

    fn for_(self, why: Why) -> SignedDuration {
        if why == Why::Change { self.change } else { self.rest }
    }
}

impl Default for Gaps {
    fn default() -> Self {
        Self::of(SignedDuration::from_hours(24))
    }
}

/// What two drifts may have in common, the strongest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Why {
    /// A person said so.
    Person,
    /// The same identity through the same service of the cloud.
    Hand,
    /// The same ticket, alert or incident was open.
    Ticket,
    /// The same property of the same type went from the same value to the same value.
    Change,
    Module,
}

/// One thing that a drift may have in common with another.
#[derive(Clone, PartialEq, Debug)]
pub struct Join {
    pub why: Why,
    /// Of what is the same: equal keys mean the same thing.
    pub key: [u8; 16],
    /// What a person reads of it.
    pub name: Tainted,
}

impl Join {
    /// `parts` say what is the same.
    pub fn new(why: Why, parts: &[&[u8]], name: impl Into<Tainted>) -> Self {
        let mut hasher = blake3::Hasher::new();
        // Length-prefixed, so that no two different lists of parts hash the same bytes.
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        let key = hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default();
        Self { why, key, name: name.into() }
    }
}

/// A drift, as far as it matters here.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// The same for the same drift wherever it is read again: its fingerprint.
    pub key: String,
    pub environment: Slug,
    /// First seen.
    pub at: Timestamp,
    pub joins: Vec<Join>,
    /// A person took it out of what it was found together with.
    pub is_split: bool,
}

/// What one thing joins.
#[derive(Clone, PartialEq, Debug)]
pub struct Bond {
    pub why: Why,
    pub name: Tainted,
    /// How many drifts have it in common.
    pub members: usize,
    /// The longest time between one and the next of them.
    pub apart: SignedDuration,
}

/// Drifts that belong together; one that stands alone is an incident of its own.
#[derive(Clone, PartialEq, Debug)]
pub struct Group {
    /// Of its first member, see [`id_of`].
    pub id: String,
    /// Places in the list that was given, the first seen first.
    pub members: Vec<usize>,
    /// Why, the strongest first.
    pub bonds: Vec<Bond>,
}

/// Names an incident by the first drift in it: the second in which that was first seen, as 8 hexadecimal digits, and 12 of its
/// fingerprint, version 1. So whoever has the id knows where to look for it.
pub fn id_of(environment: &Slug, at: Timestamp, key: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"driftguard.incident/1\0").update(environment.as_str().as_bytes()).update(&[0]);
    hasher.update(&at.as_microsecond().to_le_bytes()).update(key.as_bytes());
    let second = u32::try_from(at.as_second()).unwrap_or(0);
    format!("{second:08x}{}", &hasher.finalize().to_hex().as_str()[..12])
}

/// When the first drift of an incident was first seen, to the second. `None`: this is no incident's id.
pub fn second_of(id: &str) -> Option<Timestamp> {
    let second = u32::from_str_radix(id.get(..8)?, 16).ok()?;
    Timestamp::from_second(i64::from(second)).ok()
}

/// Sorts drifts into incidents, the first seen first. `linked`: places of two drifts that a person put together, in whatever
/// environments they are.
pub fn group<I: Borrow<Item>>(items: &[I], linked: &[(usize, usize)], gaps: Gaps) -> Vec<Group> {
    let items: Vec<&Item> = items.iter().map(Borrow::borrow).collect();
    let order = |at: &usize| (items[*at].at, &items[*at].key);
    let mut same: BTreeMap<(Why, &Slug, [u8; 16]), Vec<usize>> = BTreeMap::new();
    for (at, item) in items.iter().enumerate().filter(|(_, item)| !item.is_split) {
        for join in &item.joins {
            same.entry((join.why, &item.environment, join.key)).or_default().push(at);
        }
    }
    let (mut sets, mut bonds) = (Sets::new(items.len()), Vec::new());
    for ((why, _, key), mut members) in same {
        members.sort_by(|a, b| order(a).cmp(&order(b)));
        members.dedup();
        for run in members.chunk_by(|a, b| items[*b].at.duration_since(items[*a].at) <= gaps.for_(why)) {
            let apart = run.windows(2).map(|two| items[two[1]].at.duration_since(items[two[0]].at)).max();
            let Some(apart) = apart else { continue };
            run.iter().for_each(|at| sets.join(run[0], *at));
            let name = items[run[0]].joins.iter().find(|join| join.why == why && join.key == key);
            let name = name.map(|join| join.name.clone()).unwrap_or_default();
            bonds.push((run[0], Bond { why, name, members: run.len(), apart }));
        }
    }
    for (a, b) in linked {
        sets.join(*a, *b);
        let apart = items[*a].at.duration_since(items[*b].at).abs();
        bonds.push((*a, Bond { why: Why::Person, name: Tainted::default(), members: 2, apart }));
    }
    let mut groups: BTreeMap<usize, Group> = BTreeMap::new();
    for at in 0..items.len() {
        let none = || Group { id: String::new(), members: vec![], bonds: vec![] };
        groups.entry(sets.find(at)).or_insert_with(none).members.push(at);
    }
    for (at, bond) in bonds {
        groups.entry(sets.find(at)).and_modify(|group| group.bonds.push(bond));
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    for group in &mut groups {
        group.members.sort_by(|a, b| order(a).cmp(&order(b)));
        group.id = group
            .members
            .first()
            .map(|at| id_of(&items[*at].environment, items[*at].at, &items[*at].key))
            .unwrap_or_default();
        group
            .bonds
            .sort_by(|a, b| (a.why, b.members, a.name.raw(), a.apart).cmp(&(b.why, a.members, b.name.raw(), b.apart)));
    }
    groups.sort_by(|a, b| a.members.first().map(order).cmp(&b.members.first().map(order)));
    groups
}

/// The incident of each, in the order they were given.
pub fn ids(items: &[Item], gaps: Gaps) -> Vec<String> {
    let mut ids = vec![String::new(); items.len()];
    for group in group(items, &[], gaps) {
        group.members.iter().for_each(|at| ids[*at].clone_from(&group.id));
    }
    ids
}

/// Disjoint sets of numbers below a limit.
struct Sets(Vec<usize>);

impl Sets {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn find(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests;
