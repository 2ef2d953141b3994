//! Part of a list: the same for every list there is. Cursors name a place in the list's order and not a row number, so that what
//! comes in or goes meanwhile neither repeats nor hides anything.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;

use super::parameters::Parameters;
use crate::api::{LIMIT, Listed, PAGE, Pagination, Problem};
use crate::drift::NotificationRequest;
use crate::server::answer::Failure;
use crate::store::{AuditRequest, Cursor, Direction, RemediationQuery};

/// What part of a list is asked for.
pub(super) struct Slice {
    /// The key of what was on the other page.
    cursor: Option<String>,
    direction: Direction,
    pub(super) limit: usize,
}

impl<S: Send + Sync> FromRequestParts<S> for Slice {
    type Rejection = Failure;

    /// Of a list that takes nothing else.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let mut parameters = Parameters::from_request_parts(parts, state).await?;
        let part = Self::take(&mut parameters)?;
        parameters.done()?;
        Ok(part)
    }
}

impl Slice {
    pub(super) fn take(parameters: &mut Parameters) -> Result<Self, Problem> {
        let unknown = || Problem::of_field("cursor", "is none of this list: pagination.next of a page of it is one");
        let cursor = match parameters.take::<String>("cursor")? {
            Some(text) => {
                let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| unknown())?;
                Some(String::from_utf8(bytes).map_err(|_| unknown())?)
            }
            None => None,
        };
        let direction = match parameters.take::<String>("direction")?.as_deref() {
            None | Some("older") => Direction::Older,
            Some("newer") => Direction::Newer,
            Some(_) => return Err(Problem::of_field("direction", "is older (onward) or newer (back)")),
        };
        Ok(Self { cursor, direction, limit: parameters.limit(LIMIT, PAGE)? })
    }

    /// Some of a trail, whose keys are its numbers; one more than is wanted.
    pub(super) fn of_trail(&self, parameters: &mut Parameters) -> Result<AuditRequest, Problem> {
        Ok(AuditRequest {
            from: parameters.take("from")?.unwrap_or(Timestamp::MIN),
            until: parameters.take("until")?.unwrap_or(Timestamp::MAX),
            cursor: self.key()?,
            direction: self.direction,
            limit: self.limit + 1,
        })
    }

    /// Some of the notifications, whose keys are their ids; one more than is wanted.
    pub(super) fn of_notifications(&self) -> Result<NotificationRequest, Problem> {
        let cursor = self.key()?;
        let back = self.direction == Direction::Newer;
        Ok(NotificationRequest { cursor, back, ..NotificationRequest::newest(self.limit + 1) })
    }

    /// What was asked for, whose keys are ids; one more than is wanted.
    pub(super) fn of_remediations(&self) -> Result<RemediationQuery, Problem> {
        Ok(RemediationQuery {
            cursor: self.key()?,
            direction: self.direction,
            limit: self.limit + 1,
            ..RemediationQuery::default()
        })
    }

    /// The cursor, where keys are read from text.
    fn key<T: FromStr>(&self) -> Result<Option<T>, Problem> {
        let unknown = || Problem::of_field("cursor", "is none of this list: pagination.next of a page of it is one");
        self.cursor.as_ref().map(|key| key.parse().map_err(|_| unknown())).transpose()
    }

    /// What to ask for when the list is asked for onward from a key; `None`: it is asked for backward.
    pub(super) fn onward<T>(&self, ask: impl FnOnce(Option<String>) -> T) -> Option<T> {
        (self.direction == Direction::Older).then(|| ask(self.cursor.clone()))
    }

    /// Of the whole list, in the order of its keys, which are all different.
    pub(super) fn of<T>(&self, mut all: Vec<T>, key: impl Fn(&T) -> String) -> Listed<T> {
        all.sort_by_cached_key(&key);
        let at = |cursor: &String| all.partition_point(|one| key(one) < *cursor);
        let past = |cursor: &String| all.partition_point(|one| key(one) <= *cursor);
        let (from, until) = match (&self.cursor, self.direction) {
            (None, _) => (0, self.limit.min(all.len())),
            (Some(cursor), Direction::Older) => (past(cursor), past(cursor).saturating_add(self.limit).min(all.len())),
            (Some(cursor), Direction::Newer) => (at(cursor).saturating_sub(self.limit), at(cursor)),
        };
        let (is_first, is_last) = (from == 0, until == all.len());
        let data: Vec<T> = all.drain(from..until).collect();
        self.page(data, is_first, is_last, key)
    }

    /// What was found beyond the cursor, in the order of the list; one more was asked for than is wanted.
    pub(super) fn found<T>(&self, mut found: Vec<T>, key: impl Fn(&T) -> String) -> Listed<T> {
        let has_more = found.len() > self.limit;
        match self.direction {
            Direction::Older => found.truncate(self.limit),
            Direction::Newer => drop(found.drain(..found.len().saturating_sub(self.limit))),
        }
        let (is_first, is_last) = match (self.direction, &self.cursor) {
            (Direction::Older, cursor) => (cursor.is_none(), !has_more),
            (Direction::Newer, cursor) => (!has_more, cursor.is_none()),
        };
        self.page(found, is_first, is_last, key)
    }

    fn page<T>(&self, data: Vec<T>, is_first: bool, is_last: bool, key: impl Fn(&T) -> String) -> Listed<T> {
        let cursor = |one: Option<&T>| one.map(|one| Cursor(URL_SAFE_NO_PAD.encode(key(one))));
        let next = cursor(data.last()).filter(|_| !is_last);
        let previous = cursor(data.first()).filter(|_| !is_first);
        Listed { data, pagination: Pagination { next, previous, limit: self.limit, is_cut: false } }
    }
}

/// A key by which the newest come first.
pub(super) fn newest_first(at: Timestamp) -> String {
    format!("{:020}", i64::MAX.abs_diff(at.as_microsecond()))
}

/// A key by which the oldest come first.
pub(super) fn oldest_first(at: Timestamp) -> String {
    format!("{:020}", at.as_microsecond().abs_diff(i64::MIN))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part(cursor: Option<Cursor>, direction: Direction, limit: usize) -> Slice {
        let key = |cursor: Cursor| String::from_utf8(URL_SAFE_NO_PAD.decode(cursor.0).unwrap()).unwrap();
        Slice { cursor: cursor.map(key), direction, limit }
    }

    fn key(n: &u32) -> String {
        format!("{n:010}")
    }

    proptest! {
        /// Whatever comes in and goes between two pages, what was there all the time is told once, and in order.
        #[test]
        fn pages_neither_repeat_nor_hide(
            stays in prop::collection::btree_set(0u32..1_000, 0..40),
            goes in prop::collection::btree_set(0u32..1_000, 0..40),
            comes in prop::collection::btree_set(0u32..1_000, 0..40),
            limit in 1usize..9,
        ) {
            let before: Vec<u32> = stays.union(&goes).copied().collect();
            let after: Vec<u32> = stays.union(&comes).copied().collect();
            let first = part(None, Direction::Older, limit).of(before, key);
            let (mut told, mut next) = (first.data, first.pagination.next);
            while let Some(cursor) = next {
                let page = part(Some(cursor), Direction::Older, limit).of(after.clone(), key);
                told.extend(page.data);
                next = page.pagination.next;
            }
            prop_assert!(told.is_sorted_by(|a, b| a < b));
            let told: Vec<u32> = told.into_iter().filter(|n| stays.contains(n)).collect();
            let seen: Vec<u32> = stays.iter().copied().collect();
            prop_assert_eq!(told, seen);
        }

        #[test]
        fn the_way_back_is_the_way_there(all in prop::collection::btree_set(0u32..1_000, 1..40), limit in 1usize..9) {
            let all: Vec<u32> = all.into_iter().collect();
            let mut page = part(None, Direction::Older, limit).of(all.clone(), key);
            while let Some(next) = page.pagination.next.clone() {
                page = part(Some(next), Direction::Older, limit).of(all.clone(), key);
            }
            let mut back = page.data;
            let mut previous = page.pagination.previous;
            while let Some(cursor) = previous {
                let page = part(Some(cursor), Direction::Newer, limit).of(all.clone(), key);
                back = page.data.into_iter().chain(back).collect();
                previous = page.pagination.previous;
            }
            prop_assert_eq!(back, all);
        }
    }

    #[test]
    fn times_are_ordered_both_ways() {
        let times =
            [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::from_second(1_800_000_000).unwrap(), Timestamp::MAX];
        assert!(times.map(oldest_first).is_sorted() && times.map(newest_first).iter().rev().is_sorted());
    }
}
