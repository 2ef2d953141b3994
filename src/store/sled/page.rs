//! One screenful of drifts out of a million: short ranges of the right tree, merged newest first.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::ops::Bound;

use jiff::Timestamp;

use super::engine::Tree;
use super::{SledStore, keys};
use crate::drift::query::{Query, Viewer};
use crate::drift::{DriftEvent, RuleId, SeverityClass, Slug, State};
use crate::store::record::EventRecord;
use crate::store::{Cursor, Direction, DriftFilter, Page, PageRequest, StoreError, codec};
use keys::Place;

/// A call looks at so many index entries and reads so many drifts at most. When that was not enough to fill the page, the page
/// is shorter than asked for, perhaps empty, and its cursor goes on where the search stopped.
const EXAMINED_MAX: usize = 50_000;
const READ_MAX: usize = 10_000;
const LIMIT_MAX: usize = 500;

type Entries = Box<dyn Iterator<Item = sled::Result<(sled::IVec, sled::IVec)>>>;

/// One range, in the direction of the page.
struct Lane {
    entries: Entries,
    /// What stands before the key of the drift.
    skip: usize,
    /// The class index knows the type without reading the drift.
    has_type: bool,
}

/// The next entry of a lane; greater comes first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    order: Result<Place, Reverse<Place>>,
    lane: usize,
    key: Vec<u8>,
    drift_type: Option<u8>,
}

/// What a call cost, for tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) examined: usize,
    pub(super) read: usize,
}

/// The rows in the direction of the search, and whether there may be more.
struct Found {
    rows: Vec<(Place, DriftEvent)>,
    /// Where the search goes on; `None` at the end.
    more: Option<Place>,
}

impl SledStore {
    pub(super) fn page_impl(&self, request: &PageRequest) -> Result<(Page, Cost), StoreError> {
        self.wake_due();
        let from = request.cursor.as_ref().map(place_of).transpose()?;
        let filter = request.filter.narrowed(self.now());
        let mut lanes = self.lanes(&filter, from, request.direction);
        let mut cost = Cost::default();
        let limit = request.limit.clamp(1, LIMIT_MAX);
        let Found { mut rows, more } = self.merge(&mut lanes, request, limit, &mut cost)?;
        let cursor = |place: Place| Cursor(hex(&place));
        let onward = more.map(cursor);
        // There is something to go back to when the page did not start at the end.
        let back = from.map(|from| cursor(rows.first().map_or(from, |(place, _)| *place)));
        if request.direction == Direction::Newer {
            rows.reverse();
        }
        let data = rows.into_iter().map(|(_, event)| event).collect();
        let (next, previous) = match request.direction {
            Direction::Older => (onward, back),
            Direction::Newer => (back, onward),
        };
        Ok((Page { data, next, previous }, cost))
    }

    fn lanes(&self, filter: &DriftFilter, from: Option<Place>, direction: Direction) -> Vec<Lane> {
        let environments: Vec<Slug> = match filter.environments.as_slice() {
            [] => self.counts().keys().cloned().collect(),
            some => some.to_vec(),
        };
        let unfiltered = filter.states.is_empty() && filter.severities.is_empty() && filter.drift_types.is_empty();
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
        let range = self.engine.tree(tree).range::<Vec<u8>, _>((start, end));
        let entries: Entries = match direction {
            Direction::Older => Box::new(range.rev()),
            Direction::Newer => Box::new(range),
        };
        let (skip, has_type) = if tree == Tree::ByClass { (2, true) } else { (0, false) };
        Some(Lane { entries, skip, has_type })
    }

    fn merge(
        &self,
        lanes: &mut [Lane],
        request: &PageRequest,
        limit: usize,
        cost: &mut Cost,
    ) -> Result<Found, StoreError> {
        let wanted = Wanted::new(&request.filter, self.now());
        let mut heads = BinaryHeap::new();
        for lane in 0..lanes.len() {
            heads.extend(self.head(lanes, lane, request.direction)?);
        }
        let (mut rows, mut seen): (Vec<(Place, DriftEvent)>, _) = (Vec::with_capacity(limit), HashSet::new());
        while let Some(head) = heads.pop() {
            cost.examined += 1;
            let (Ok(place) | Err(Reverse(place))) = head.order;
            if wanted.has_type(head.drift_type)
                && let Some(event) = self.readable(&head.key, cost)?
                && wanted.has(&event)
                && seen.insert(event.event.id)
            {
                if rows.len() == limit {
                    let more = rows.last().map(|(place, _)| *place);
                    return Ok(Found { rows, more });
                }
                rows.push((place, event.event));
            }
            if cost.examined == EXAMINED_MAX || cost.read == READ_MAX {
                return Ok(Found { rows, more: Some(place) });
            }
            heads.extend(self.head(lanes, head.lane, request.direction)?);
        }
        Ok(Found { rows, more: None })
    }

    fn head(&self, lanes: &mut [Lane], lane: usize, direction: Direction) -> Result<Option<Head>, StoreError> {
        let Lane { entries, skip, has_type } = &mut lanes[lane];
        let Some(entry) = entries.next() else { return Ok(None) };
        let (key, value) = entry.map_err(|e| self.engine.error(e))?;
        let Some(place) = keys::place_of(&key) else { return Ok(None) };
        let order = if direction == Direction::Older { Ok(place) } else { Err(Reverse(place)) };
        let drift_type = if *has_type { value.first().copied() } else { None };
        Ok(Some(Head { order, lane, key: key[*skip..].to_vec(), drift_type }))
    }

    /// A drift that cannot be read is left out, and said so: one bad record must not hide all others.
    fn readable(&self, key: &[u8], cost: &mut Cost) -> Result<Option<EventRecord>, StoreError> {
        cost.read += 1;
        let Some(bytes) = self.engine.get(Tree::Events, key)? else { return Ok(None) };
        match codec::decode::<EventRecord>(Tree::Events.name(), &bytes, &self.objects) {
            Ok(record) => Ok(Some(record)),
            Err(error) => {
                tracing::warn!(%error, "a drift was left out of the page");
                Ok(None)
            }
        }
    }
}

/// What no index knows.
struct Wanted<'a> {
    types: Vec<u8>,
    words: Vec<String>,
    rule: Option<RuleId>,
    query: &'a Query,
    viewer: Viewer<'a>,
}

impl<'a> Wanted<'a> {
    fn new(filter: &'a DriftFilter, now: Timestamp) -> Self {
        Self {
            query: &filter.query,
            viewer: Viewer { now, me: &filter.me },
            types: filter.drift_types.iter().map(|t| keys::drift_type(*t)).collect(),
            words: filter.text.split_whitespace().map(str::to_lowercase).collect(),
            rule: filter.rule,
        }
    }

    fn has_type(&self, drift_type: Option<u8>) -> bool {
        self.types.is_empty() || drift_type.is_none_or(|t| self.types.contains(&t))
    }

    fn has(&self, record: &EventRecord) -> bool {
        let event = &record.event;
        if self.rule.is_some_and(|rule| !record.hidden_by.contains(&rule)) {
            return false;
        }
        if !self.query.matches(event, self.viewer) {
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

fn hex(place: &Place) -> String {
    place.iter().map(|b| format!("{b:02x}")).collect()
}

fn place_of(cursor: &Cursor) -> Result<Place, StoreError> {
    let bytes = cursor
        .0
        .as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()));
    let bytes: Option<Vec<u8>> = bytes.collect();
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| StoreError::Invalid("the cursor is not one of this store's".into()))
}
