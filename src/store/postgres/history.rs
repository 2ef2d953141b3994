//! How drifts went, counted where they lie.

use std::sync::Arc;

use jiff::Timestamp;

use super::engine::PgEngine;
use super::time::At;
use crate::drift::{Slug, Stats};
use crate::store::StoreError;
use crate::store::trees::keys;

/// `$1` organisation, `$2` environments, `$3` since when. One that goes on as another has not ended.
const COUNT: &str = "SELECT count(*) FILTER (WHERE NOT has_ended), count(*) FILTER (WHERE went), \
    count(*) FILTER (WHERE went AND closure = 'healed'), \
    coalesce(sum(greatest(trunc(extract(epoch FROM resolved_at - detected_at)), 0)) FILTER (WHERE went), 0)::bigint \
    FROM (SELECT detected_at, resolved_at, closure, state IN ('resolved', 'closed') AS has_ended, \
    state IN ('resolved', 'closed') AND resolved_at IS NOT NULL AND coalesce(closure, '') NOT IN ('superseded', 'continued') \
    AS went FROM drift_events WHERE organization_id = $1 AND environment = ANY($2) \
    AND detected_at >= $3) AS drifts";

impl PgEngine {
    pub(in crate::store) fn stats(
        &self,
        environments: &[Slug],
        since: Timestamp,
        days: u32,
    ) -> Result<Stats, StoreError> {
        let inner = Arc::clone(&self.inner);
        let slugs: Vec<String> = environments.iter().map(|slug| slug.as_str().to_owned()).collect();
        let since = At(keys::rounded(since));
        let counted: (i64, i64, i64, i64) = self.wait(async move {
            let ask = || sqlx::query_as(COUNT).bind(inner.organization).bind(&slugs).bind(since);
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
}
