//! The figures of days as rows that are kept as drifts are written, so that who asks reads no drift. A database keeps its own.
//!
//! Rows are whole from a day on that stands beside them. Of a store that was there before them that is tomorrow; the daily upkeep counts
//! the days before, one after the other. With it stands what an older driftguard changes too, whatever it writes: where that does not
//! fit, one has written that keeps no rows, and they begin anew.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLockReadGuard, RwLockWriteGuard};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::engine::Tree;
use super::tx::Tx;
use super::{TreeStore, keys};
use crate::drift::{DayCounts, Slug, day_of};
use crate::store::record::EventRecord;
use crate::store::{OpenCounts, StoreError, codec};

/// In [`Tree::Meta`]: slug, 0, date → `DayCounts`.
const ROWS: &[u8] = b"days/";
/// In [`Tree::Meta`]: [`Whole`].
const WHOLE: &[u8] = b"whole-days";
/// From this shelf on drifts have ended.
const ENDED: u8 = 4;

type Day = (Slug, Date);

/// What is kept, in memory.
#[derive(Default)]
pub(super) struct Days {
    /// The first whole day; `None`: no rows are kept.
    pub(super) from: Option<Date>,
    pub(super) rows: BTreeMap<Day, DayCounts>,
}

impl Days {
    fn take(&mut self, changed: BTreeMap<Day, DayCounts>) {
        for (day, counts) in changed {
            match counts == DayCounts::default() {
                true => drop(self.rows.remove(&day)),
                false => drop(self.rows.insert(day, counts)),
            }
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Whole {
    from: Date,
    stand: [u8; 32],
}

/// The last entry of the trail that was applied, and how many drifts there are of each environment.
fn stand(seq: Option<&[u8]>, counts: &BTreeMap<Slug, OpenCounts>) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(seq.unwrap_or_default());
    for (slug, of) in counts.iter().filter(|(_, of)| of.in_any_state > 0) {
        hasher.update(&keys::environment(slug));
        let numbers = [of.critical, of.high, of.medium, of.low, of.in_any_state];
        for number in numbers {
            hasher.update(&number.to_be_bytes());
        }
    }
    *hasher.finalize().as_bytes()
}

fn row_key((slug, date): &Day) -> Vec<u8> {
    [ROWS, &keys::environment(slug), date.to_string().as_bytes()].concat()
}

fn row_of(key: &[u8]) -> Option<Day> {
    let mut parts = key.strip_prefix(ROWS)?.split(|byte| *byte == 0).map(std::str::from_utf8);
    let (slug, date) = (parts.next()?.ok()?, parts.next()?.ok()?);
    Some((Slug::new(slug).ok()?, date.parse().ok()?))
}

fn counted(record: &EventRecord) -> DayCounts {
    let mut counts = DayCounts::default();
    counts.add(&record.event, keys::shelf(record) >= ENDED);
    counts
}

/// What a row says and what there is, in words, and how rows are counted anew.
fn differing(kept: &DayCounts, counted: &DayCounts) -> String {
    let said =
        |of: &DayCounts| format!("{} drifts, {} of them resolved", of.severities.iter().sum::<u64>(), of.resolved);
    let (says, is) = (said(kept), said(counted));
    let how = if says == is { ", and it is wrong about what they are" } else { "" };
    format!(
        "it says {says}, and there are {is}{how}; rows are counted anew when the store's tree is built anew from its journal"
    )
}

/// When a day of UTC begins.
fn start(date: Date) -> Timestamp {
    date.to_zoned(TimeZone::UTC).map_or(Timestamp::MIN, |at| at.timestamp())
}

impl TreeStore {
    pub(super) fn days(&self) -> RwLockReadGuard<'_, Days> {
        self.days.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn days_mut(&self) -> RwLockWriteGuard<'_, Days> {
        self.days.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the rows, if they are whole from some day on.
    pub(super) fn load_days(&self) -> Result<(), StoreError> {
        let mut days = Days::default();
        if !self.engine.is_shared() {
            let whole = self.read::<Whole>(Tree::Meta, WHOLE)?;
            let now = stand(self.engine.get(Tree::Meta, b"seq")?.as_deref(), &self.counts());
            days.from = whole.filter(|whole| whole.stand == now).map(|whole| whole.from);
        }
        if days.from.is_some() {
            for entry in self.engine.tree(Tree::Meta).scan_prefix(ROWS) {
                let (key, value) = entry?;
                let Some(day) = row_of(&key) else { continue };
                days.rows.insert(day, codec::decode(Tree::Meta.name(), &value, &self.objects)?);
            }
        }
        *self.days_mut() = days;
        Ok(())
    }

    /// From tomorrow on, or from the newest drift's tomorrow, rows are kept; in an empty store from ever on.
    pub(super) fn begin_days(&self) -> Result<(), StoreError> {
        let mut writer = self.writer();
        if self.engine.is_shared() || self.days().from.is_some() {
            return Ok(());
        }
        let newest = self.day_before(Date::MAX)?;
        let from = newest.map_or(Date::MIN, |day| day.max(day_of(self.now())).saturating_add(1.day()));
        let mut tx = Tx::new(self, self.now());
        for key in self.engine.tree(Tree::Meta).scan_prefix(ROWS).keys() {
            tx.delete(Tree::Meta, key?.to_vec());
        }
        tx.whole_from = Some(from);
        writer.commits += 1;
        tx.commit(false)
    }

    /// The last day before this one on which a drift was first seen.
    fn day_before(&self, date: Date) -> Result<Option<Date>, StoreError> {
        let slugs: Vec<Slug> = self.counts().keys().cloned().collect();
        let mut latest = None;
        for slug in slugs {
            let range = self.between(&slug, Timestamp::UNIX_EPOCH, Some(date));
            let key = self.engine.tree(Tree::Events).range(range).keys().next_back().transpose()?;
            let place = key.and_then(|key| keys::place_of(&key));
            latest = latest.max(place.and_then(|place| keys::time_of(&place)).map(day_of));
        }
        Ok(latest)
    }

    /// The keys of the drifts of an environment from a time on, until a day begins.
    fn between(&self, slug: &Slug, since: Timestamp, until: Option<Date>) -> std::ops::Range<Vec<u8>> {
        let prefix = keys::environment(slug);
        let end = match until.filter(|date| *date < Date::MAX) {
            Some(date) => [&prefix[..], &keys::micros(start(date))].concat(),
            None => keys::after(&prefix),
        };
        let begin = [&prefix[..], &keys::micros(since)].concat();
        begin.min(end.clone())..end
    }

    /// Reads each drift of an environment from a time on, until a day begins. One that cannot be read is left out.
    pub(super) fn count_days(
        &self,
        slug: &Slug,
        since: Timestamp,
        until: Option<Date>,
        days: &mut BTreeMap<Day, DayCounts>,
    ) -> Result<(), StoreError> {
        for value in self.engine.tree(Tree::Events).range(self.between(slug, since, until)).values() {
            match codec::decode::<EventRecord>(Tree::Events.name(), &value?, &self.objects) {
                Ok(record) => {
                    days.entry((slug.clone(), day_of(record.event.detected_at))).or_default().plus(&counted(&record));
                }
                Err(error) => tracing::warn!(%error, "a drift is not counted"),
            }
        }
        Ok(())
    }

    /// Counts the days before those that are whole, the latest first; nobody waits for longer than one of them takes.
    pub(super) fn fill_days(&self, cancel: &AtomicBool) -> Result<(), StoreError> {
        while !cancel.load(Ordering::SeqCst) {
            let mut writer = self.writer_last();
            let Some(from) = self.days().from.filter(|from| *from > Date::MIN) else { return Ok(()) };
            let day = self.day_before(from)?;
            let mut tx = Tx::new(self, self.now());
            if let Some(day) = day {
                let slugs: Vec<Slug> = self.counts().keys().cloned().collect();
                slugs.iter().try_for_each(|slug| self.count_days(slug, start(day), Some(from), &mut tx.days))?;
            }
            tx.whole_from = Some(day.unwrap_or(Date::MIN));
            writer.commits += 1;
            tx.commit(false)?;
        }
        Ok(())
    }

    /// Days whose rows are not what counting tells, in words.
    pub(super) fn wrong_days(&self) -> Result<Vec<String>, StoreError> {
        let Some(from) = self.days().from else { return Ok(vec![]) };
        let mut wrong = vec![];
        let slugs: Vec<Slug> = self.counts().keys().cloned().collect();
        for slug in slugs {
            let mut next = self.first_from(&slug, from)?;
            while let Some(day) = next {
                let _writer = self.writer_last();
                let after = day.checked_add(1.day()).ok();
                let mut counted = BTreeMap::new();
                self.count_days(&slug, start(day), after, &mut counted)?;
                let key = (slug.clone(), day);
                let (kept, counted) = (self.days().rows.get(&key).copied(), counted.remove(&key));
                if kept != counted {
                    let [kept, counted] = [kept, counted].map(Option::unwrap_or_default);
                    wrong.push(format!("the row of {slug} on {day} does not add up: {}", differing(&kept, &counted)));
                }
                next = after.map(|after| self.first_from(&slug, after)).transpose()?.flatten();
            }
        }
        Ok(wrong)
    }

    /// The first day from this one on on which a drift was first seen, or that has a row.
    fn first_from(&self, slug: &Slug, date: Date) -> Result<Option<Date>, StoreError> {
        let range = self.between(slug, start(date), None);
        let key = self.engine.tree(Tree::Events).range(range).keys().next().transpose()?;
        let seen = key.and_then(|key| keys::place_of(&key)).and_then(|place| keys::time_of(&place)).map(day_of);
        let days = self.days();
        let row =
            days.rows.range((slug.clone(), date)..).next().filter(|((of, _), _)| of == slug).map(|((_, day), _)| *day);
        Ok(seen.into_iter().chain(row).min())
    }
}

impl Tx<'_> {
    /// Takes what a drift was out of its day's row, and what it has become into it.
    pub(super) fn count_in_day(&mut self, old: Option<&EventRecord>, new: Option<&EventRecord>) {
        let store = self.store;
        let known = store.days();
        let (Some(from), Some(event)) = (known.from, new.or(old).map(|record| &record.event)) else { return };
        let day = (event.environment.clone(), day_of(event.detected_at));
        let (was, is) = (old.map(counted), new.map(counted));
        if day.1 < from || was == is {
            return;
        }
        let row = self.days.entry(day).or_insert_with_key(|day| known.rows.get(day).copied().unwrap_or_default());
        row.minus(&was.unwrap_or_default());
        row.plus(&is.unwrap_or_default());
    }

    /// Leaves no row of an environment.
    pub(super) fn forget_days(&mut self, slug: &Slug) {
        let store = self.store;
        let of = store.days().rows.keys().filter(|(of, _)| of == slug).cloned().collect::<Vec<_>>();
        self.days.extend(of.into_iter().map(|day| (day, DayCounts::default())));
    }

    /// Before it is written, with the counts of environments as they will be.
    pub(super) fn write_days(&mut self, changed: &BTreeMap<Slug, OpenCounts>) -> Result<(), StoreError> {
        let Some(from) = self.whole_from.or(self.store.days().from) else { return Ok(()) };
        let seq = self.written(Tree::Meta, b"seq");
        let moves = seq.is_some() || self.whole_from.is_some() || !changed.is_empty() || !self.days.is_empty();
        if !moves {
            return Ok(());
        }
        let days = std::mem::take(&mut self.days);
        for (day, counts) in &days {
            match *counts == DayCounts::default() {
                true => self.delete(Tree::Meta, row_key(day)),
                false => self.write(Tree::Meta, row_key(day), counts)?,
            }
        }
        self.days = days;
        let mut counts = self.store.counts().clone();
        counts.extend(changed.iter().map(|(slug, of)| (slug.clone(), *of)));
        let stand = stand(self.get(Tree::Meta, b"seq")?.as_deref(), &counts);
        self.write(Tree::Meta, WHOLE.to_vec(), &Whole { from, stand })
    }
}

/// What was written is what is kept.
pub(super) fn keep(store: &TreeStore, changed: BTreeMap<Day, DayCounts>, whole_from: Option<Date>) {
    if changed.is_empty() && whole_from.is_none() {
        return;
    }
    let mut days = store.days_mut();
    if let Some(from) = whole_from {
        if days.from.is_none() {
            days.rows.clear();
        }
        days.from = Some(from);
    }
    days.take(changed);
}
