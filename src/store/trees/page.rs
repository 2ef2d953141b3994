//! One screenful of drifts out of a million, in the order that was asked for.
//!
//! An order is a rank before the time: none for newest and oldest first, the class for worst first, the dependants for the
//! widest reach first. A cursor names rank, time and id of a drift, so that rows that come and go move nothing.

use std::collections::HashSet;
use std::ops::ControlFlow;

use super::lanes::{End, Wanted};
use super::{TreeStore, keys};
use crate::drift::query::Sort;
use crate::drift::{DriftEvent, DriftId, SeverityClass};
use crate::store::{Cursor, Direction, DriftFilter, Page, PageRequest, StoreError};
use keys::Place;

pub(super) use super::lanes::Cost;

/// A call looks at so many index entries and reads so many drifts at most. When that was not enough to fill the page, the page
/// is shorter than asked for, perhaps empty, and its cursor goes on where the search stopped.
pub(super) const MOST: Cost = Cost { examined: 50_000, read: 10_000 };
const LIMIT_MAX: usize = 500;

/// Where a drift stands in its order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mark {
    /// Lower comes first.
    pub(super) rank: u32,
    pub(super) place: Place,
}

/// What is searched, and what was found in the direction of the search.
pub(super) struct Search<'a> {
    pub(super) filter: &'a DriftFilter,
    pub(super) wanted: Wanted<'a>,
    pub(super) from: Option<Mark>,
    pub(super) direction: Direction,
    pub(super) limit: usize,
    pub(super) cost: Cost,
    pub(super) rows: Vec<(Mark, DriftEvent)>,
    /// A drift that is decided meanwhile may lie in two lanes.
    seen: HashSet<DriftId>,
}

impl Search<'_> {
    /// Takes a row, unless the page is full.
    pub(super) fn take(&mut self, mark: Mark, event: DriftEvent) -> ControlFlow<()> {
        if self.seen.contains(&event.id) {
            return ControlFlow::Continue(());
        }
        if self.rows.len() == self.limit {
            return ControlFlow::Break(());
        }
        self.seen.insert(event.id);
        self.rows.push((mark, event));
        ControlFlow::Continue(())
    }

    /// After which row there is more.
    pub(super) fn last(&self) -> Option<Mark> {
        self.rows.last().map(|(mark, _)| *mark)
    }
}

impl TreeStore {
    pub(super) fn page_impl(&self, request: &PageRequest) -> Result<(Page, Cost), StoreError> {
        self.wake_due();
        let sort = request.filter.query.sort;
        let from = request.cursor.as_ref().map(|cursor| mark_of(cursor, sort)).transpose()?;
        let mut filter = request.filter.narrowed(self.now());
        let named = self.named(&request.filter)?;
        named.narrow(&mut filter);
        let mut search = Search {
            filter: &filter,
            wanted: Wanted::new(&request.filter, self.now(), &named),
            from,
            direction: request.direction,
            limit: request.limit.clamp(1, LIMIT_MAX),
            cost: Cost::default(),
            rows: Vec::new(),
            seen: HashSet::new(),
        };
        let more = match sort {
            Sort::Newest => self.walk(&mut search, request.direction, &[(0, filter.clone())])?,
            Sort::Oldest => self.walk(&mut search, opposite(request.direction), &[(0, filter.clone())])?,
            Sort::Severity => self.walk(&mut search, request.direction, &by_class(&filter))?,
            Sort::Blast => self.widest(&mut search)?,
        };
        let Search { mut rows, cost, .. } = search;
        let cursor = |mark: Mark| cursor_of(mark, sort);
        let onward = more.map(cursor);
        // There is something to go back to when the page did not start at the end.
        let back = from.map(|from| cursor(rows.first().map_or(from, |(mark, _)| *mark)));
        if request.direction == Direction::Newer {
            rows.reverse();
        }
        let data = rows.into_iter().map(|(_, event)| event).collect();
        let (next, previous) = match request.direction {
            Direction::Older => (onward, back),
            Direction::Newer => (back, onward),
        };
        Ok((Page { data, next, previous, is_cut: named.is_cut }, cost))
    }

    /// Through the stages, each of one rank and in the order of time; returns where there is more.
    fn walk(
        &self,
        search: &mut Search<'_>,
        time: Direction,
        stages: &[(u32, DriftFilter)],
    ) -> Result<Option<Mark>, StoreError> {
        let from = search.from;
        let mut stages: Vec<&(u32, DriftFilter)> = stages.iter().collect();
        match search.direction {
            Direction::Older => stages.retain(|(rank, _)| from.is_none_or(|from| *rank >= from.rank)),
            Direction::Newer => {
                stages.reverse();
                stages.retain(|(rank, _)| from.is_none_or(|from| *rank <= from.rank));
            }
        }
        for (rank, filter) in stages {
            let from = from.filter(|from| from.rank == *rank).map(|from| from.place);
            let mut lanes = self.lanes(filter, from, time, false);
            let mut cost = search.cost;
            let wanted = search.wanted.clone();
            let end = self.visit(&mut lanes, time, &wanted, (&mut cost, MOST), &mut |place, _, record| {
                search.take(Mark { rank: *rank, place }, record.event)
            });
            search.cost = cost;
            match end? {
                End::Exhausted => {}
                End::Stopped => return Ok(search.last()),
                End::Spent(place) => return Ok(Some(Mark { rank: *rank, place })),
            }
        }
        Ok(None)
    }
}

fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::Older => Direction::Newer,
        Direction::Newer => Direction::Older,
    }
}

/// One stage for each class, worst first.
fn by_class(filter: &DriftFilter) -> Vec<(u32, DriftFilter)> {
    let wanted = |class: &SeverityClass| filter.severities.is_empty() || filter.severities.contains(class);
    let ranked = SeverityClass::WORST_FIRST.into_iter().zip(0..).filter(|(class, _)| wanted(class));
    ranked.map(|(class, rank)| (rank, DriftFilter { severities: vec![class], ..filter.clone() })).collect()
}

/// `time and id`, after the first letter of the order and the rank where it is not the usual one: a cursor of one order means
/// nothing in another.
fn cursor_of(mark: Mark, sort: Sort) -> Cursor {
    let place: String = mark.place.iter().map(|byte| format!("{byte:02x}")).collect();
    Cursor(match sort {
        Sort::Newest => place,
        _ => format!("{}:{:08x}{place}", sort.as_str(), mark.rank),
    })
}

fn mark_of(cursor: &Cursor, sort: Sort) -> Result<Mark, StoreError> {
    let read = || {
        let text = match sort {
            Sort::Newest => format!("00000000{}", cursor.0),
            _ => cursor.0.strip_prefix(sort.as_str())?.strip_prefix(':')?.to_owned(),
        };
        let pairs = text.as_bytes().chunks(2);
        let bytes = pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        let bytes: [u8; 28] = bytes.collect::<Option<Vec<u8>>>()?.try_into().ok()?;
        Some(Mark { rank: u32::from_be_bytes(*bytes.first_chunk()?), place: *bytes.last_chunk()? })
    };
    read().ok_or_else(|| StoreError::Invalid("the cursor is not one of this store's, or of another order".into()))
}
