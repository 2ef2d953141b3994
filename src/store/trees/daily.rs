//! How the drifts of the last days went, day by day: a database has counted them as they were written; here each is read.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::engine::Tree;
use super::tx::Tx;
use super::{TreeStore, keys};
use crate::drift::{DailyMetrics, DayCounts, SeverityClass, Slug, day_of, first_of_days};
use crate::store::StoreError;

/// From the first shelf on drifts wait; from this one on they have ended.
const SHELVES: std::ops::RangeInclusive<u8> = 0..=6;
const ENDED: u8 = 4;

impl TreeStore {
    /// Of days of UTC, today the last of them; by environment and day, without days on which nothing was found.
    pub(super) fn daily_impl(&self, environments: &[Slug], days: u32) -> Result<Vec<DailyMetrics>, StoreError> {
        let known: Vec<Slug> = match environments {
            [] => self.counts().keys().cloned().collect(),
            some => some.to_vec(),
        };
        let now = self.now();
        let since = first_of_days(now, days);
        if let Some(engine) = self.engine.as_postgres() {
            return engine.daily(&known, since);
        }
        let tx = Tx::new(self, now);
        let mut counted: BTreeMap<(Slug, Date), DayCounts> = BTreeMap::new();
        for slug in &known {
            for class in SeverityClass::WORST_FIRST {
                for shelf in SHELVES {
                    for key in self.since(shelf, class, slug, since) {
                        let id = keys::place_of(&key?).map(|place| keys::id_of(&place));
                        let Some(record) = id.map(|id| tx.event(id)).transpose()?.flatten() else { continue };
                        let day = (slug.clone(), day_of(record.event.detected_at));
                        counted.entry(day).or_default().add(&record.event, shelf >= ENDED);
                    }
                }
            }
        }
        Ok(counted.into_iter().map(|((slug, date), counts)| counts.told(slug, date)).collect())
    }

    /// The index entries of one shelf, class and environment from a time on.
    pub(super) fn since(
        &self,
        shelf: u8,
        class: SeverityClass,
        slug: &Slug,
        since: jiff::Timestamp,
    ) -> impl Iterator<Item = Result<sled::IVec, StoreError>> + '_ {
        let prefix = keys::class_prefix(shelf, class, slug);
        let start = [&prefix[..], &keys::micros(since)].concat();
        let range = self.engine.tree(Tree::ByClass).range(start..keys::after(&prefix));
        range.keys()
    }
}
