//! How much happened in each part of a span of time, counted where it lies.

use std::sync::Arc;

use jiff::Timestamp;

use super::engine::PgEngine;
use super::time::{At, DAY};
use crate::drift::{DensityCounter, IncidentRequest, SeverityClass, Slug};
use crate::store::StoreError;

/// `$1` organisation, `$2` environments, `$3` from, `$4` until, `$5` where the first part begins and `$6` how long each is, in
/// microseconds. (A double has them exactly until the year 2255.)
const DETECTED: &str = "SELECT part, severity, count(*) FROM (SELECT severity, \
    (round(date_part('epoch', detected_at) * 1000000)::bigint - $5) / $6 AS part FROM drift_events \
    WHERE organization_id = $1 AND environment = ANY($2) AND detected_at BETWEEN $3 AND $4) AS seen GROUP BY part, severity";

/// As above, for whole days (UTC), `$3` the first and `$4` the one after the last.
const DAYS: &str = "SELECT part, severity, sum(count)::bigint FROM (SELECT severity, count, \
    ((day - DATE '1970-01-01') * 86400000000 - $5) / $6 AS part FROM drift_metrics_daily, \
    LATERAL (VALUES ('CRITICAL', critical), ('HIGH', high), ('MEDIUM', medium), ('LOW', low)) AS seen (severity, count) \
    WHERE organization_id = $1 AND environment = ANY($2) AND day >= ($3::timestamptz AT TIME ZONE 'UTC')::date \
    AND day < ($4::timestamptz AT TIME ZONE 'UTC')::date) AS seen WHERE count > 0 GROUP BY part, severity";

/// As above; `$2` NULL for all, entries without an environment too.
const TOLD: &str = "SELECT part, sum(told)::bigint FROM (SELECT coalesce(told, driftguard_told(payload)) AS told, \
    (round(date_part('epoch', at) * 1000000)::bigint - $5) / $6 AS part FROM audit_log \
    WHERE organization_id = $1 AND ($2::text[] IS NULL OR environment = ANY($2)) AND at BETWEEN $3 AND $4) AS told GROUP BY part";

/// Part, severity, how many.
type Seen = (i64, String, i64);
/// Part, how many.
type Told = (i64, i64);

impl PgEngine {
    /// Counts first sightings, in the environments, and everything else that the audit trail tells of those asked for.
    pub(in crate::store) fn density(
        &self,
        environments: &[Slug],
        request: &IncidentRequest,
        density: &mut DensityCounter,
    ) -> Result<(), StoreError> {
        let texts = |slugs: &[Slug]| slugs.iter().map(|slug| slug.as_str().to_owned()).collect::<Vec<_>>();
        let (known, asked) = (texts(environments), Some(texts(&request.environments)).filter(|all| !all.is_empty()));
        let (from, until, (first, width)) = (At::of(request.from), At::of(request.until), density.parts());
        // Where every part is made of whole days, so is the time until the last midnight: they were counted as they came.
        let (start, end) = (request.from.as_microsecond(), request.until.as_microsecond());
        let is_of_days = first % DAY == 0 && width % DAY == 0 && start == first;
        let whole = At(if is_of_days { ((end + 1).div_euclid(DAY) * DAY).max(start) } else { start });
        let inner = Arc::clone(&self.inner);
        let (days, seen, told): (Vec<Seen>, Vec<Seen>, Vec<Told>) = self.wait(async move {
            let days = || {
                let query = sqlx::query_as(DAYS).bind(inner.organization).bind(&known);
                query.bind(from).bind(whole).bind(first).bind(width).fetch_all(&inner.pool)
            };
            let seen = || {
                let query = sqlx::query_as(DETECTED).bind(inner.organization).bind(&known);
                query.bind(whole).bind(until).bind(first).bind(width).fetch_all(&inner.pool)
            };
            let told = || {
                let query = sqlx::query_as(TOLD).bind(inner.organization).bind(&asked);
                query.bind(from).bind(until).bind(first).bind(width).fetch_all(&inner.pool)
            };
            tokio::try_join!(inner.patiently(days), inner.patiently(seen), inner.patiently(told))
        })?;
        let number = |count: i64| u64::try_from(count).unwrap_or(0);
        for (part, word, count) in days.into_iter().chain(seen) {
            let class = SeverityClass::WORST_FIRST.into_iter().find(|class| super::columns::word(class) == word);
            if let Some(class) = class {
                density.add(part, Some(class), number(count));
            }
        }
        told.into_iter().for_each(|(part, count)| density.add(part, None, number(count)));
        Ok(())
    }

    /// The number of the last entry of the audit trail that is not after `until`; 0 when there is none.
    pub(in crate::store) fn told_until(&self, until: Timestamp) -> Result<u64, StoreError> {
        let sql = "SELECT seq FROM audit_log WHERE organization_id = $1 AND at <= $2 ORDER BY at DESC LIMIT 1";
        let inner = Arc::clone(&self.inner);
        let seq: Option<i64> = self.wait(async move {
            let ask = || sqlx::query_scalar(sql).bind(inner.organization).bind(At::of(until));
            inner.patiently(|| ask().fetch_optional(&inner.pool)).await
        })?;
        Ok(seq.and_then(|seq| u64::try_from(seq).ok()).unwrap_or(0))
    }
}
