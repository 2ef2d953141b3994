//! How the drifts of the last days went, day by day: from rows that are kept as drifts are written, see [`days`](super::days).

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::engine::Tree;
use super::{TreeStore, keys};
use crate::drift::{DailyMetrics, DayCounts, SeverityClass, Slug, day_of, first_of_days};
use crate::store::StoreError;

impl TreeStore {
    /// Of days of UTC, today the last of them; by environment and day, without days on which nothing was found. Of days from before
    /// rows were kept each drift is read.
    pub(super) fn daily_impl(&self, environments: &[Slug], days: u32) -> Result<Vec<DailyMetrics>, StoreError> {
        let known: Vec<Slug> = match environments {
            [] => self.counts().keys().cloned().collect(),
            some => some.to_vec(),
        };
        let since = first_of_days(self.now(), days);
        if let Some(engine) = self.engine.as_postgres() {
            return engine.daily(&known, since);
        }
        let first = day_of(since);
        let (mut counted, whole_from) = self.kept_days(&known, first);
        if whole_from.is_none_or(|from| first < from) {
            known.iter().try_for_each(|slug| self.count_days(slug, since, whole_from, &mut counted))?;
        }
        Ok(counted.into_iter().map(|((slug, date), counts)| counts.told(slug, date)).collect())
    }

    /// The rows of some environments from a day on, and from which day on there are rows.
    fn kept_days(&self, environments: &[Slug], first: Date) -> (BTreeMap<(Slug, Date), DayCounts>, Option<Date>) {
        let kept = self.days();
        let rows = environments.iter().flat_map(|slug| {
            let since = kept.rows.range((slug.clone(), first)..).take_while(move |((of, _), _)| of == slug);
            since.map(|(day, counts)| (day.clone(), *counts))
        });
        (rows.collect(), kept.from)
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
