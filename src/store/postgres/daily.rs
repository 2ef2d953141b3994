//! How the drifts of the last days went, as the database has counted them.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::engine::PgEngine;
use super::time::At;
use crate::drift::{DailyMetrics, DayCounts, Slug};
use crate::store::StoreError;
use crate::store::trees::keys;

/// `$1` organisation, `$2` environments, `$3` since when.
const DAILY: &str = "SELECT environment, day::text, ARRAY[critical, high, medium, low, emergency_fix, manual_troubleshooting, \
    security_response, configuration_error, automated_response, unknown_cause, resolved, healed, resolution_seconds, advised, \
    followed] FROM drift_metrics_daily WHERE organization_id = $1 AND environment = ANY($2) \
    AND day >= ($3::timestamptz AT TIME ZONE 'UTC')::date AND critical + high + medium + low > 0 ORDER BY environment, day";

impl PgEngine {
    pub(in crate::store) fn daily(
        &self,
        environments: &[Slug],
        since: Timestamp,
    ) -> Result<Vec<DailyMetrics>, StoreError> {
        let inner = Arc::clone(&self.inner);
        let slugs: Vec<String> = environments.iter().map(|slug| slug.as_str().to_owned()).collect();
        let since = At(keys::rounded(since));
        let rows: Vec<(String, String, Vec<i64>)> = self.wait(async move {
            let ask = || sqlx::query_as(DAILY).bind(inner.organization).bind(&slugs).bind(since);
            inner.patiently(|| ask().fetch_all(&inner.pool)).await
        })?;
        let mut told: Vec<DailyMetrics> =
            rows.iter().filter_map(|row| Some(counts(&row.2)?.told(Slug::from_text(&row.0), day(&row.1)?))).collect();
        // The database's order of texts is its own.
        told.sort_by(|a, b| (&a.environment, a.date).cmp(&(&b.environment, b.date)));
        Ok(told)
    }
}

fn day(text: &str) -> Option<Date> {
    text.parse().ok()
}

fn counts(cells: &[i64]) -> Option<DayCounts> {
    let counts = cells.iter().map(|cell| u64::try_from(*cell).unwrap_or(0)).collect::<Vec<_>>();
    let counts: [u64; 15] = counts.try_into().ok()?;
    let [a, b, c, d, causes @ .., resolved, healed, resolution_seconds, advised, followed] = counts;
    Some(DayCounts { severities: [a, b, c, d], causes, resolved, healed, resolution_seconds, advised, followed })
}
