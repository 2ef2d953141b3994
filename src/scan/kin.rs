//! Which resources describe a live thing together with others: counted in the first pass, at 32 bytes for each live thing.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::outcome::{Answers, Outcome};
use super::reading::{ChunkId, Wanted};
use super::tally::{SAMPLE, Tally};
use crate::drift::Coverage;
use crate::safety::Tainted;

/// By hashed family key.
#[derive(Default)]
pub(super) struct Kin {
    families: HashMap<u64, Family>,
    /// Whole outcomes that a report may name; emptied when they are not needed after all.
    samples: Vec<Option<Outcome>>,
    /// What many have in common: answers of resources in sync, types and coverage of further ones that could not be compared.
    answers: Table<Answers>,
    types: Table<(Tainted, Coverage)>,
}

/// Different values by position. Few of them, whatever the number of resources.
struct Table<T> {
    list: Vec<T>,
    positions: HashMap<T, u32>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { list: Vec::new(), positions: HashMap::new() }
    }
}

impl<T: Clone + Eq + Hash> Table<T> {
    fn position(&mut self, value: T) -> u32 {
        *self.positions.entry(value).or_insert_with_key(|value| {
            self.list.push(value.clone());
            self.list.len() as u32 - 1
        })
    }
}

/// The first member of a family, and what it comes to if it stays the only one.
struct Family {
    chunk: ChunkId,
    /// Of the chunk's hash; enough to notice that a source has changed.
    hash: [u32; 2],
    alone: Alone,
}

/// Answers that are good without relatives.
#[derive(Clone, Copy)]
enum Alone {
    /// Its chunk is looked at again anyway.
    Again,
    /// Position of its answers.
    InSync(u32),
    /// Position among the samples.
    Sample(u32),
    /// Could not be compared, like a thousand others: only type and coverage count. Their position.
    Unverified(u32),
    /// It has relatives: every member is looked at again.
    Plural,
}

impl Kin {
    /// One more member. `outcome`: what it comes to without relatives, `None` when its chunk is wanted already.
    pub fn add(&mut self, key: u64, (chunk, hash): (ChunkId, u64), outcome: Option<Outcome>, wanted: &mut Wanted) {
        if let Some(family) = self.families.get_mut(&key) {
            match std::mem::replace(&mut family.alone, Alone::Plural) {
                Alone::Plural | Alone::Again => {}
                alone => {
                    if let Alone::Sample(at) = alone {
                        self.samples[at as usize] = None;
                    }
                    wanted.add((family.chunk, join(family.hash)), false);
                }
            }
            if outcome.is_some() {
                wanted.add((chunk, hash), false);
            }
            return;
        }
        let alone = outcome.map_or(Alone::Again, |outcome| self.pack(outcome));
        self.families.insert(key, Family { chunk, hash: [hash as u32, (hash >> 32) as u32], alone });
    }

    fn pack(&mut self, outcome: Outcome) -> Alone {
        match outcome {
            Outcome::InSync { answers, observed: None, .. } => Alone::InSync(self.answers.position(answers)),
            Outcome::Unverified(whole) if self.samples.len() >= SAMPLE => {
                let coverage = whole.coverage();
                Alone::Unverified(self.types.position((whole.resource.resource_type, coverage)))
            }
            whole => {
                self.samples.push(Some(whole));
                Alone::Sample(self.samples.len() as u32 - 1)
            }
        }
    }

    /// Books everything that has no relatives, and gives the keys of what has.
    pub fn book(mut self, tally: &mut Tally<'_>) -> HashSet<u64> {
        // In the order of the sources, so that every run tells the same.
        for outcome in self.samples.into_iter().flatten() {
            let _ = tally.take(outcome);
        }
        let mut plural = HashSet::new();
        for (key, family) in self.families.drain() {
            match family.alone {
                Alone::Again | Alone::Sample(_) => {}
                Alone::InSync(at) => {
                    let answers = self.answers.list[at as usize];
                    let _ = tally.take(Outcome::InSync { answers, observed: None, untold: vec![] });
                }
                Alone::Unverified(at) => {
                    let (resource_type, coverage) = &self.types.list[at as usize];
                    tally.unnamed(resource_type, *coverage);
                }
                Alone::Plural => drop(plural.insert(key)),
            }
        }
        plural
    }
}

fn join([low, high]: [u32; 2]) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::{ResourceRef, Unverified, UnverifiedReason};
    use crate::scan::CollectSink;
    use crate::scan::outcome::Whole;

    fn unverified(name: &str) -> Outcome {
        let resource = ResourceRef {
            resource_type: "thing".into(),
            resource_id: name.into(),
            previous_address: None,
            provider_id: None,
            declared_in: None,
        };
        let why = Unverified { path: None, reason: UnverifiedReason::Denied, detail: "no".into() };
        Outcome::Unverified(Box::new(Whole { resource, why, properties: 3 }))
    }

    #[test]
    fn a_family_costs_32_bytes_whatever_its_answer() {
        assert!(size_of::<(u64, Family)>() <= 32, "{}", size_of::<(u64, Family)>());
        let (mut kin, mut wanted) = (Kin::default(), Wanted::default());
        for n in 0..5000 {
            kin.add(u64::from(n), ((0, n), 7), Some(unverified(&n.to_string())), &mut wanted);
        }
        assert_eq!((kin.samples.len(), kin.types.list.len()), (SAMPLE, 1));
        let mut sink = CollectSink::default();
        let mut tally = Tally::new(&mut sink, None, jiff::Timestamp::UNIX_EPOCH);
        assert!(kin.book(&mut tally).is_empty() && wanted.is_empty());
        assert_eq!((tally.counts.unverified, tally.counts.resources), (5000, 5000));
        assert_eq!((tally.unverified.len(), tally.blind_types.len()), (SAMPLE, 1));
        assert_eq!((tally.counts.coverage.denied, tally.counts.coverage.total()), (15_000, 15_000));
    }

    #[test]
    fn members_of_a_family_are_booked_by_nobody_and_wanted_again() {
        let answers = |hidden| Answers { hidden, coverage: Coverage::all_but(2, []), ..Answers::default() };
        let in_sync = |hidden| Some(Outcome::InSync { answers: answers(hidden), observed: None, untold: vec![] });
        let (mut kin, mut wanted) = (Kin::default(), Wanted::default());
        kin.add(1, ((0, 0), 10), in_sync(1), &mut wanted);
        kin.add(2, ((0, 1), u64::MAX - 1), Some(unverified("a")), &mut wanted);
        kin.add(2, ((0, 2), 12), in_sync(1), &mut wanted);
        kin.add(3, ((0, 3), 13), in_sync(1 << 20), &mut wanted);
        assert_eq!(wanted.sorted().list(), [((0, 1), u64::MAX - 1, false), ((0, 2), 12, false)]);
        let mut sink = CollectSink::default();
        let mut tally = Tally::new(&mut sink, None, jiff::Timestamp::UNIX_EPOCH);
        assert_eq!(kin.book(&mut tally), HashSet::from([2]));
        assert_eq!((tally.counts.in_sync, tally.counts.hidden_changes), (2, 1 + (1 << 20)));
        assert_eq!(tally.counts.coverage.verified, 4);
    }
}
