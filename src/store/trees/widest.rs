//! Drifts with most dependants first. The class index knows how many each has: all of its entries that the filter lets through
//! are passed over, none of their drifts is read, and only the best of those after the cursor are kept.

use std::collections::BinaryHeap;

use super::TreeStore;
use super::lanes::Entry;
use super::page::{MOST, Mark, Search};
use crate::store::{Direction, StoreError};

/// Orders entries in the direction of the search, the first one lowest.
type Code = [u8; 28];

fn code(mark: Mark, direction: Direction) -> Code {
    let mut code = [0; 28];
    code[..4].copy_from_slice(&mark.rank.to_be_bytes());
    // The newest first.
    for (to, byte) in code[4..].iter_mut().zip(mark.place) {
        *to = !byte;
    }
    if direction == Direction::Newer {
        code.iter_mut().for_each(|byte| *byte = !*byte);
    }
    code
}

/// What it was made of.
fn decoded(mut code: Code, direction: Direction) -> Mark {
    if direction == Direction::Newer {
        code.iter_mut().for_each(|byte| *byte = !*byte);
    }
    let (rank, place) = (code.first_chunk().copied().unwrap_or_default(), code.last_chunk().copied());
    Mark { rank: u32::from_be_bytes(rank), place: place.unwrap_or([0; 24]).map(|byte| !byte) }
}

fn mark(entry: &Entry) -> Mark {
    Mark { rank: u32::MAX - entry.dependants, place: entry.place }
}

impl TreeStore {
    /// Fills the page; returns where there is more.
    pub(super) fn widest(&self, search: &mut Search<'_>) -> Result<Option<Mark>, StoreError> {
        let direction = search.direction;
        let after = search.from.map(|from| code(from, direction));
        // The worst of those kept on top, to make room for a better one.
        let mut kept: BinaryHeap<(Code, Vec<u8>)> = BinaryHeap::new();
        let mut surplus = false;
        let lanes = self.lanes(search.filter, None, Direction::Older, true);
        let (wanted, cost) = (&search.wanted, &mut search.cost);
        self.entries(lanes, &mut |entry| {
            cost.examined += 1;
            let mark = mark(&entry);
            let code = code(mark, direction);
            if after.is_some_and(|after| code <= after) || !wanted.has_type(entry.drift_type) {
                return;
            }
            let full = kept.len() == MOST.read;
            surplus |= full;
            if !full || kept.peek().is_some_and(|worst| code < worst.0) {
                if full {
                    kept.pop();
                }
                kept.push((code, entry.key));
            }
        })?;
        let mut last = None;
        for (code, key) in kept.into_sorted_vec() {
            let mark = decoded(code, direction);
            last = Some(mark);
            if let Some(record) = self.readable_at(&key, &mut search.cost)?
                && search.wanted.has(&record)
                && search.take(mark, record.event).is_break()
            {
                return Ok(search.last());
            }
        }
        Ok(last.filter(|_| surplus))
    }
}
