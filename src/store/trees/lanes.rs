//! Ranges of the right trees, merged by time: what pages and groups are made of.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::{Bound, ControlFlow};

use jiff::Timestamp;

use super::engine::{self, Range, Tree};
use super::together::Named;
use super::{TreeStore, keys};
use crate::drift::query::{GroupKey, Query, Viewer};
use crate::drift::{RuleId, SeverityClass, Slug, State};
use crate::store::record::EventRecord;
use crate::store::{Direction, DriftFilter, StoreError, codec};
use keys::Place;

/// Entries of each lane that are read together: a page is filled from many.
const ROWS: i64 = 16;
/// Drifts read together at most, where they are.
const AT_ONCE: usize = 512;

/// One range, in the direction of the search.
pub(super) struct Lane {
    entries: Range,
    from_end: bool,
    /// What stands before the key of the drift.
    skip: usize,
    /// The class index knows the type without reading the drift.
    has_type: bool,
}

impl Lane {
    fn next(&mut self) -> Option<Result<engine::Entry, StoreError>> {
        if self.from_end { self.entries.next_back() } else { self.entries.next() }
    }
}

/// The next entry of a lane; greater comes first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    order: Result<Place, Reverse<Place>>,
    lane: usize,
    key: Vec<u8>,
    drift_type: Option<u8>,
}

/// An entry of the class index, the drift unread.
pub(super) struct Entry {
    pub(super) key: Vec<u8>,
    pub(super) place: Place,
    pub(super) environment: Slug,
    pub(super) class: SeverityClass,
    pub(super) drift_type: Option<u8>,
    pub(super) dependants: u32,
}

/// What a call has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) examined: usize,
    pub(super) read: usize,
}

/// How a search ended.
pub(super) enum End {
    /// There is no more.
    Exhausted,
    /// Whoever searched has enough.
    Stopped,
    /// It cost too much; it goes on after this place.
    Spent(Place),
}

impl TreeStore {
    /// `indexed`: by the class index, even where the drifts themselves would do.
    pub(super) fn lanes(
        &self,
        filter: &DriftFilter,
        from: Option<Place>,
        direction: Direction,
        indexed: bool,
    ) -> Vec<Lane> {
        let environments: Vec<Slug> = match filter.environments.as_slice() {
            [] => self.counts().keys().cloned().collect(),
            some => some.to_vec(),
        };
        let unfiltered =
            !indexed && filter.states.is_empty() && filter.severities.is_empty() && filter.drift_types.is_empty();
        let states: &[State] = if filter.states.is_empty() { &State::ALL } else { &filter.states };
        let classes: &[SeverityClass] =
            if filter.severities.is_empty() { &SeverityClass::WORST_FIRST } else { &filter.severities };
        let mut lanes = Vec::new();
        for slug in &environments {
            if unfiltered {
                lanes.extend(self.lane(Tree::Events, keys::environment(slug), filter, from, direction));
                continue;
            }
            for shelf in states.iter().flat_map(|state| keys::shelves(*state)) {
                for class in classes {
                    let prefix = keys::class_prefix(*shelf, *class, slug);
                    lanes.extend(self.lane(Tree::ByClass, prefix, filter, from, direction));
                }
            }
        }
        // What cannot be read now shows when it is asked for.
        let ranges = lanes.iter_mut().map(|lane: &mut Lane| &mut lane.entries).collect();
        self.engine.read_ahead(ranges, direction == Direction::Older, ROWS);
        lanes
    }

    fn lane(
        &self,
        tree: Tree,
        prefix: Vec<u8>,
        filter: &DriftFilter,
        from: Option<Place>,
        direction: Direction,
    ) -> Option<Lane> {
        let with = |tail: &[u8]| [&prefix[..], tail].concat();
        let mut start = match filter.detected_from {
            Some(at) => Bound::Included(with(&keys::micros(at))),
            None => Bound::Included(prefix.clone()),
        };
        let mut end = match filter.detected_until {
            Some(at) => Bound::Included(with(&[&keys::micros(at)[..], &[0xff; 16]].concat())),
            None => Bound::Excluded(keys::after(&prefix)),
        };
        match (from, direction) {
            (Some(place), Direction::Older) if key_of(&end) > Some(&with(&place)) => {
                end = Bound::Excluded(with(&place))
            }
            (Some(place), Direction::Newer) if key_of(&start) < Some(&with(&place)) => {
                start = Bound::Excluded(with(&place));
            }
            _ => {}
        }
        if key_of(&start) >= key_of(&end) {
            return None;
        }
        let entries = self.engine.tree(tree).range::<Vec<u8>>((start, end));
        let (skip, has_type) = if tree == Tree::ByClass { (2, true) } else { (0, false) };
        Some(Lane { entries, from_end: direction == Direction::Older, skip, has_type })
    }

    /// Hands out what is wanted in the order of time, until `each` has enough or the cost exceeds `most`.
    pub(super) fn visit(
        &self,
        lanes: &mut [Lane],
        direction: Direction,
        wanted: &Wanted<'_>,
        (cost, most): (&mut Cost, Cost),
        each: &mut dyn FnMut(Place, Vec<u8>, EventRecord) -> ControlFlow<()>,
    ) -> Result<End, StoreError> {
        let mut heads = BinaryHeap::new();
        for lane in 0..lanes.len() {
            heads.extend(self.head(lanes, lane, direction)?);
        }
        let mut at_once = self.engine.together();
        loop {
            let mut together = Vec::new();
            while together.len() < at_once
                && let Some(head) = heads.pop()
            {
                heads.extend(self.head(lanes, head.lane, direction)?);
                together.push(head);
            }
            if together.is_empty() {
                return Ok(End::Exhausted);
            }
            let to_read = together.iter().filter(|head| wanted.has_type(head.drift_type)).map(|head| head.key.clone());
            let mut read = self.engine.get_many(Tree::Events, to_read.collect())?.into_iter();
            for head in together {
                cost.examined += 1;
                let (Ok(place) | Err(Reverse(place))) = head.order;
                if wanted.has_type(head.drift_type)
                    && let Some(record) = self.readable(read.next().flatten(), cost)
                    && wanted.has(&record)
                    && each(place, head.key, record).is_break()
                {
                    return Ok(End::Stopped);
                }
                if cost.examined >= most.examined || cost.read >= most.read {
                    return Ok(End::Spent(place));
                }
            }
            // Whoever has not found enough by now looks through many.
            at_once = if at_once > 1 { (at_once * 2).min(AT_ONCE) } else { 1 };
        }
    }

    /// Every entry of lanes of the class index, lane by lane.
    pub(super) fn entries(&self, lanes: Vec<Lane>, each: &mut dyn FnMut(Entry)) -> Result<(), StoreError> {
        for mut lane in lanes {
            let skip = lane.skip;
            while let Some(entry) = lane.next() {
                let (key, value) = entry?;
                let (Some(place), Some((_, class, environment))) = (keys::place_of(&key), keys::class_parts(&key))
                else {
                    continue;
                };
                let (drift_type, dependants) = (value.first().copied(), keys::dependants(&value));
                each(Entry { key: key[skip..].to_vec(), place, environment, class, drift_type, dependants });
            }
        }
        Ok(())
    }

    fn head(&self, lanes: &mut [Lane], lane: usize, direction: Direction) -> Result<Option<Head>, StoreError> {
        let Some(entry) = lanes[lane].next() else { return Ok(None) };
        let Lane { skip, has_type, .. } = &lanes[lane];
        let (key, value) = entry?;
        let Some(place) = keys::place_of(&key) else { return Ok(None) };
        let order = if direction == Direction::Older { Ok(place) } else { Err(Reverse(place)) };
        let drift_type = if *has_type { value.first().copied() } else { None };
        Ok(Some(Head { order, lane, key: key[*skip..].to_vec(), drift_type }))
    }

    /// The drift under a key, as [`readable`](Self::readable).
    pub(super) fn readable_at(&self, key: &[u8], cost: &mut Cost) -> Result<Option<EventRecord>, StoreError> {
        Ok(self.readable(self.engine.get(Tree::Events, key)?, cost))
    }

    /// A drift that cannot be read is left out, and said so: one bad record must not hide all others.
    pub(super) fn readable(&self, bytes: Option<Vec<u8>>, cost: &mut Cost) -> Option<EventRecord> {
        cost.read += 1;
        codec::decode::<EventRecord>(Tree::Events.name(), &bytes?, &self.objects)
            .inspect_err(|error| tracing::warn!(%error, "a drift was left out of the page"))
            .ok()
    }
}

/// What no index knows.
#[derive(Clone)]
pub(super) struct Wanted<'a> {
    types: Vec<u8>,
    words: Vec<String>,
    rule: Option<RuleId>,
    member: Option<GroupKey>,
    named: &'a Named,
    query: &'a Query,
    viewer: Viewer<'a>,
}

impl<'a> Wanted<'a> {
    /// `named`: what the filter says about incidents, looked up.
    pub(super) fn new(filter: &'a DriftFilter, now: Timestamp, named: &'a Named) -> Self {
        Self {
            query: &filter.query,
            viewer: Viewer { now, me: &filter.me, incidents: Some(&named.of_query) },
            named,
            types: filter.drift_types.iter().map(|t| keys::drift_type(*t)).collect(),
            words: filter.text.split_whitespace().map(str::to_lowercase).collect(),
            rule: filter.rule,
            member: filter.member,
        }
    }

    pub(super) fn has_type(&self, drift_type: Option<u8>) -> bool {
        self.types.is_empty() || drift_type.is_none_or(|t| self.types.contains(&t))
    }

    /// Whether the class index tells all that matters.
    pub(super) fn is_indexed(&self) -> bool {
        let names_nothing = self.rule.is_none() && self.member.is_none() && self.named.member.is_none();
        names_nothing && self.words.is_empty() && self.query.is_about_all()
    }

    pub(super) fn has(&self, record: &EventRecord) -> bool {
        let event = &record.event;
        if self.rule.is_some_and(|rule| !record.hidden_by.contains(&rule)) {
            return false;
        }
        if !self.query.matches(event, self.viewer) || self.member.is_some_and(|group| !group.holds(event)) {
            return false;
        }
        if self.named.member.as_ref().is_some_and(|members| !members.contains(&event.id)) {
            return false;
        }
        if self.words.is_empty() {
            return true;
        }
        let resource = &event.resource;
        let named = [Some(&resource.resource_type), Some(&resource.resource_id), resource.provider_id.as_ref()];
        let texts = named.into_iter().flatten().map(|t| t.raw()).chain(event.changes.iter().map(|c| c.path.raw()));
        let texts: Vec<String> = texts.map(str::to_lowercase).collect();
        self.words.iter().all(|word| texts.iter().any(|text| text.contains(word)))
    }
}

fn key_of(bound: &Bound<Vec<u8>>) -> Option<&Vec<u8>> {
    match bound {
        Bound::Included(key) | Bound::Excluded(key) => Some(key),
        Bound::Unbounded => None,
    }
}
