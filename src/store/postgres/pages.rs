//! A range of keys, read page by page from either end.

use std::collections::VecDeque;
use std::ops::Bound;
use std::sync::Arc;

use super::PgEngine;
use crate::store::StoreError;
use crate::store::trees::engine::{Bounds, Entry, Tree};

/// Most ranges are short, or left early.
const FIRST: i64 = 16;
const MOST: i64 = 1024;

/// Entries that were read and not yet handed out, and what is still unread between them.
pub(in crate::store) struct Pages {
    engine: Arc<PgEngine>,
    tree: Tree,
    unread: Bounds,
    with_values: bool,
    size: i64,
    /// Nothing is unread any more.
    is_read: bool,
    front: VecDeque<Entry>,
    /// The highest first.
    back: VecDeque<Entry>,
}

impl Pages {
    pub(in crate::store) fn new(engine: Arc<PgEngine>, tree: Tree, unread: Bounds) -> Self {
        let (front, back) = (VecDeque::new(), VecDeque::new());
        Self { engine, tree, unread, with_values: true, size: FIRST, is_read: false, front, back }
    }

    /// Only the keys will be asked for.
    pub(in crate::store) fn without_values(&mut self) {
        self.with_values = false;
    }

    fn read(&mut self, from_end: bool) -> Result<(), StoreError> {
        let read = self.engine.some(self.tree, self.unread.clone(), from_end, self.with_values, self.size)?;
        self.took(read, from_end);
        Ok(())
    }

    /// One page more is read.
    fn took(&mut self, read: Vec<(Vec<u8>, Vec<u8>)>, from_end: bool) {
        self.is_read = (read.len() as i64) < self.size;
        self.size = (self.size * 4).clamp(FIRST, MOST);
        if let Some((last, _)) = read.last() {
            let bound = Bound::Excluded(last.clone());
            if from_end { self.unread.1 = bound } else { self.unread.0 = bound }
        }
        let entries = read.into_iter().map(|(key, value)| (key.into(), value.into()));
        if from_end { self.back.extend(entries) } else { self.front.extend(entries) }
    }

    fn take(&mut self, from_end: bool) -> Option<Result<Entry, StoreError>> {
        let is_empty = if from_end { self.back.is_empty() } else { self.front.is_empty() };
        if is_empty
            && !self.is_read
            && let Err(error) = self.read(from_end)
        {
            self.is_read = true;
            return Some(Err(error));
        }
        // What is left was read from the other end.
        let entry = match from_end {
            true => self.back.pop_front().or_else(|| self.front.pop_back()),
            false => self.front.pop_front().or_else(|| self.back.pop_back()),
        };
        entry.map(Ok)
    }
}

/// The same range as `[low, high)`; `None` for one without an end.
fn half_open(bounds: &Bounds) -> Option<(Vec<u8>, Vec<u8>)> {
    // No key lies between one and the same with a zero after it.
    let next = |key: &Vec<u8>| [&key[..], &[0]].concat();
    let low = match &bounds.0 {
        Bound::Unbounded => Vec::new(),
        Bound::Included(key) => key.clone(),
        Bound::Excluded(key) => next(key),
    };
    let high = match &bounds.1 {
        Bound::Unbounded => return None,
        Bound::Included(key) => next(key),
        Bound::Excluded(key) => key.clone(),
    };
    Some((low, high))
}

impl PgEngine {
    /// Reads the first rows of each range, all of one tree, with one question.
    pub(in crate::store) fn read_ahead(
        &self,
        mut ranges: Vec<&mut Pages>,
        from_end: bool,
        rows: i64,
    ) -> Result<(), StoreError> {
        let Some(tree) = ranges.first().map(|first| first.tree) else { return Ok(()) };
        let bounds: Option<(Vec<_>, Vec<_>)> = ranges.iter().map(|pages| half_open(&pages.unread)).collect();
        let Some((lows, highs)) = bounds.filter(|_| ranges.len() > 1) else { return Ok(()) };
        let inner = Arc::clone(&self.inner);
        let read: Vec<(i64, Vec<u8>, Vec<u8>)> = self.wait(async move {
            let sql = super::tables::ranges(tree, from_end);
            let ask = || {
                let query = sqlx::query_as(&sql).bind(inner.organization).bind(rows).bind(&lows).bind(&highs);
                query.fetch_all(&inner.pool)
            };
            inner.patiently(ask).await
        })?;
        let mut read = read.into_iter().peekable();
        for (number, pages) in (1..).zip(ranges.iter_mut()) {
            let mut own = Vec::new();
            while let Some((_, key, value)) = read.next_if(|(of, ..)| *of == number) {
                own.push((key, value));
            }
            pages.size = rows;
            pages.took(own, from_end);
        }
        Ok(())
    }
}

impl Iterator for Pages {
    type Item = Result<Entry, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.take(false)
    }
}

impl DoubleEndedIterator for Pages {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.take(true)
    }
}
