//! How the drifts of the last days went: one pass over the class index, from the first of those days on. Only what has ended is
//! read; the rest is counted by its key.

use jiff::SignedDuration;

use super::tx::Tx;
use super::{TreeStore, keys};
use crate::drift::{Closure, DriftEvent, SeverityClass, Slug, Stats};
use crate::store::StoreError;

/// Shelves of drifts that wait for somebody, or for a time.
const UNRESOLVED: std::ops::RangeInclusive<u8> = 0..=3;
/// Resolved, closed, and resolved and gone.
const ENDED: std::ops::RangeInclusive<u8> = 4..=6;

impl TreeStore {
    pub(super) fn stats_impl(&self, environments: &[Slug], days: u32) -> Result<Stats, StoreError> {
        let known: Vec<Slug> = match environments {
            [] => self.counts().keys().cloned().collect(),
            some => some.to_vec(),
        };
        let now = self.now();
        let since = now.checked_sub(SignedDuration::from_hours(i64::from(days) * 24)).unwrap_or_default();
        if let Some(engine) = self.engine.as_postgres() {
            return engine.stats(&known, since, days);
        }
        let tx = Tx::new(self, now);
        let mut stats = Stats { days, ..Stats::default() };
        let mut seconds = 0_u64;
        for slug in &known {
            for class in SeverityClass::WORST_FIRST {
                for shelf in UNRESOLVED {
                    stats.unresolved +=
                        self.since(shelf, class, slug, since).map(|key| key.map(|_| 1)).sum::<Result<u64, _>>()?;
                }
                for key in ENDED.flat_map(|shelf| self.since(shelf, class, slug, since)) {
                    let id = keys::place_of(&key?).map(|place| keys::id_of(&place));
                    let Some(record) = id.map(|id| tx.event(id)).transpose()?.flatten() else { continue };
                    let event = &record.event;
                    if let Some(length) = length_of(event) {
                        stats.resolved += 1;
                        stats.healed += u64::from(event.closure == Some(Closure::Healed));
                        seconds = seconds.saturating_add(length);
                    }
                }
            }
        }
        stats.total = stats.resolved + stats.unresolved;
        stats.average_resolution_seconds = seconds.checked_div(stats.resolved);
        Ok(stats)
    }
}

/// Seconds from first sight to the end; `None` for one that goes on as another.
fn length_of(event: &DriftEvent) -> Option<u64> {
    if matches!(event.closure, Some(Closure::Superseded | Closure::Continued)) {
        return None;
    }
    let length = event.resolved_at?.duration_since(event.detected_at).as_secs();
    Some(u64::try_from(length).unwrap_or(0))
}
