//! How drifts went, counted where they lie.

use std::sync::Arc;

use jiff::Timestamp;

use super::engine::PgEngine;
use super::time::{At, DAY};
use crate::drift::{Slug, Stats};
use crate::store::StoreError;
use crate::store::trees::keys;

/// `$1` organisation, `$2` environments, `$3` since when, `$4` the midnight (UTC) after: the counts of whole days, and the rest of the first one drift by
/// drift.
/// One that goes on as another has not ended.
const COUNT: &str = "SELECT coalesce(sum(unresolved), 0)::bigint, coalesce(sum(resolved), 0)::bigint, \
    coalesce(sum(healed), 0)::bigint, coalesce(sum(seconds), 0)::bigint FROM (\
    SELECT unresolved, resolved, healed, resolution_seconds AS seconds FROM drift_metrics_daily \
    WHERE organization_id = $1 AND environment = ANY($2) AND day >= ($4::timestamptz AT TIME ZONE 'UTC')::date \
    UNION ALL SELECT count(*) FILTER (WHERE NOT has_ended), count(*) FILTER (WHERE went), \
    count(*) FILTER (WHERE went AND closure = 'healed'), \
    sum(greatest(trunc(date_part('epoch', resolved_at - detected_at)), 0)::bigint) FILTER (WHERE went) \
    FROM (SELECT detected_at, resolved_at, closure, state IN ('resolved', 'closed') AS has_ended, \
    state IN ('resolved', 'closed') AND resolved_at IS NOT NULL AND coalesce(closure, '') NOT IN ('superseded', 'continued') \
    AS went FROM drift_events WHERE organization_id = $1 AND environment = ANY($2) AND detected_at >= $3 \
    AND detected_at < $4) AS drifts) AS counted";

impl PgEngine {
    pub(in crate::store) fn stats(
        &self,
        environments: &[Slug],
        since: Timestamp,
        days: u32,
    ) -> Result<Stats, StoreError> {
        let inner = Arc::clone(&self.inner);
        let slugs: Vec<String> = environments.iter().map(|slug| slug.as_str().to_owned()).collect();
        let since = keys::rounded(since);
        let midnight = At((since.div_euclid(DAY) + 1) * DAY);
        let counted: (i64, i64, i64, i64) = self.wait(async move {
            let ask = || sqlx::query_as(COUNT).bind(inner.organization).bind(&slugs).bind(At(since)).bind(midnight);
            inner.patiently(|| ask().fetch_one(&inner.pool)).await
        })?;
        let [unresolved, resolved, healed, seconds] = <[i64; 4]>::from(counted).map(|n| u64::try_from(n).unwrap_or(0));
        Ok(Stats {
            days,
            total: resolved + unresolved,
            resolved,
            healed,
            unresolved,
            average_resolution_seconds: seconds.checked_div(resolved),
        })
    }

    /// Counts all days anew. What is written is counted as it is written, by the database; not so what is
    /// [filled](PgEngine::fill) in with its triggers off.
    pub(in crate::store) fn count_days_again(&self) -> Result<(), StoreError> {
        let inner = Arc::clone(&self.inner);
        self.wait(async move {
            let ask = || sqlx::query("SELECT driftguard_count_days_again($1)").bind(inner.organization);
            inner.patiently(|| ask().execute(&inner.pool)).await.map(|_| ())
        })
    }
}
