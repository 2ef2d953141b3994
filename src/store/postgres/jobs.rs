//! Scan jobs in a table: taken with `FOR UPDATE SKIP LOCKED`, and for a time only.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};

use super::engine::PgEngine;
use crate::drift::Slug;
use crate::store::StoreError;
use crate::store::jobs::{Claim, Kept, Rhythm, ScanJob, ScanJobs};

/// Whoever was not heard of for so long is gone.
const LEASE: Duration = Duration::from_secs(15);
/// One that was begun and never ended so often waits until somebody asks, or its time comes: it may be what kills them.
const TRIES: i32 = 3;

/// Nobody has it, and it is wanted, due, or left behind by somebody who is gone. `$1` organisation, `$2` tries.
const WAITS: &str = "organization_id = $1 AND (lease_until IS NULL OR lease_until < now()) AND \
                     (wanted_at IS NOT NULL OR due_at <= now() OR worker IS NOT NULL AND tries < $2)";

struct Seen(ScanJob);

impl FromRow<'_, PgRow> for Seen {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let time = |at: Option<i64>| at.and_then(|at| Timestamp::from_microsecond(at).ok());
        Ok(Self(ScanJob {
            environment: slug(row.try_get(0)?),
            next: time(row.try_get(1)?),
            running: time(row.try_get(2)?),
        }))
    }
}

fn slug(text: String) -> Slug {
    Slug::from_text(&text)
}

impl PgEngine {
    fn slugs(&self, sql: String, environment: Option<&Slug>) -> Result<Vec<Slug>, StoreError> {
        let (inner, environment) = (Arc::clone(&self.inner), environment.map(|slug| slug.as_str().to_owned()));
        self.wait(async move {
            let ask = || sqlx::query_scalar::<_, String>(&sql).bind(inner.organization).bind(environment.as_deref());
            let found = inner.patiently(|| ask().fetch_all(&inner.pool)).await?;
            Ok(found.into_iter().map(slug).collect())
        })
    }
}

impl ScanJobs for PgEngine {
    fn plan(&self, environment: &Slug, rhythm: Rhythm, last: Option<Timestamp>) -> Result<(), StoreError> {
        // What has another rhythm now, or another time; but not while somebody scans it, who says himself when the next is due.
        let sql = "INSERT INTO scan_jobs AS job (organization_id, environment, period, started_at, due_at) \
                   SELECT $1, $2, given.period, given.last, \
                   CASE WHEN given.last IS NULL THEN now() ELSE coalesce(given.at, given.last + given.period) END \
                   FROM (SELECT $3 * interval '1 millisecond' AS period, \
                   timestamptz 'epoch' + $4 * interval '1 microsecond' AS last, \
                   timestamptz 'epoch' + $5 * interval '1 microsecond' AS at) AS given \
                   ON CONFLICT (organization_id, environment) DO UPDATE SET period = excluded.period, \
                   due_at = coalesce(timestamptz 'epoch' + $5 * interval '1 microsecond', \
                   coalesce(job.started_at, now()) + excluded.period) \
                   WHERE job.period IS DISTINCT FROM excluded.period OR job.period IS NULL AND job.worker IS NULL \
                   AND job.started_at IS NOT NULL \
                   AND job.due_at IS DISTINCT FROM timestamptz 'epoch' + $5 * interval '1 microsecond'";
        let (inner, environment) = (Arc::clone(&self.inner), environment.as_str().to_owned());
        let (period, at) = match rhythm {
            Rhythm::Never => (None, None),
            Rhythm::Every(interval) => (Some(i64::try_from(interval.as_millis()).unwrap_or(i64::MAX)), None),
            Rhythm::At(at) => (None, Some(at.as_microsecond())),
        };
        let last = last.map(Timestamp::as_microsecond);
        self.wait(async move {
            let bind = || {
                let query = sqlx::query(sql).bind(inner.organization).bind(&environment);
                query.bind(period).bind(last).bind(at)
            };
            inner.patiently(|| bind().execute(&inner.pool)).await.map(|_| ())
        })
    }

    fn want(&self, environment: Option<&Slug>) -> Result<Vec<Slug>, StoreError> {
        let sql = "UPDATE scan_jobs SET wanted_at = coalesce(wanted_at, now()) \
                   WHERE organization_id = $1 AND environment = coalesce($2, environment) RETURNING environment";
        self.slugs(sql.to_owned(), environment)
    }

    fn cancel(&self, environment: Option<&Slug>) -> Result<Vec<Slug>, StoreError> {
        let sql = "UPDATE scan_jobs SET wanted_at = NULL, cancelled = worker IS NOT NULL \
                   WHERE organization_id = $1 AND environment = coalesce($2, environment) RETURNING environment";
        self.slugs(sql.to_owned(), environment)
    }

    fn waiting(&self) -> Result<Vec<Slug>, StoreError> {
        let inner = Arc::clone(&self.inner);
        self.wait(async move {
            let sql = format!("SELECT environment FROM scan_jobs WHERE {WAITS} ORDER BY wanted_at, due_at");
            let ask = || sqlx::query_scalar::<_, String>(&sql).bind(inner.organization).bind(TRIES);
            let found = inner.patiently(|| ask().fetch_all(&inner.pool)).await?;
            Ok(found.into_iter().map(slug).collect())
        })
    }

    fn claim(&self, environment: &Slug, next: Option<Timestamp>) -> Result<Option<Claim>, StoreError> {
        let sql = format!(
            "UPDATE scan_jobs AS job SET worker = $4, lease_until = now() + $5 * interval '1 millisecond', \
             claim = job.claim + 1, tries = CASE WHEN job.worker IS NULL THEN 1 ELSE job.tries + 1 END, \
             started_at = now(), wanted_at = NULL, cancelled = false, \
             due_at = coalesce(timestamptz 'epoch' + $6 * interval '1 microsecond', now() + job.period) \
             FROM (SELECT environment FROM scan_jobs WHERE {WAITS} AND environment = $3 FOR UPDATE SKIP LOCKED) AS waits \
             WHERE job.organization_id = $1 AND job.environment = waits.environment RETURNING job.claim"
        );
        let (inner, name) = (Arc::clone(&self.inner), environment.as_str().to_owned());
        let number: Option<i64> = self.wait(async move {
            let bind = || {
                let query = sqlx::query_scalar(&sql).bind(inner.organization).bind(TRIES).bind(&name);
                query.bind(&inner.process).bind(LEASE.as_millis() as i64).bind(next.map(Timestamp::as_microsecond))
            };
            // Once: whether a broken connection took it is seen when the lease is over.
            bind().fetch_optional(&inner.pool).await.map_err(super::errors::told)
        })?;
        if let Some(number) = number {
            self.inner.claims().insert(environment.clone(), number);
        }
        Ok(number.map(|number| Claim { environment: environment.clone(), number }))
    }

    fn keep(&self, claim: &Claim) -> Result<Kept, StoreError> {
        let sql = "UPDATE scan_jobs SET lease_until = now() + $4 * interval '1 millisecond' \
                   WHERE organization_id = $1 AND environment = $2 AND claim = $3 AND worker = $5 RETURNING cancelled";
        let (inner, claim) = (Arc::clone(&self.inner), claim.clone());
        let cancelled: Option<bool> = self.wait(async move {
            let bind = || {
                let query = sqlx::query_scalar(sql).bind(inner.organization).bind(claim.environment.as_str());
                query.bind(claim.number).bind(LEASE.as_millis() as i64).bind(&inner.process)
            };
            // Whoever calls tries again, and knows for how long that makes sense.
            bind().fetch_optional(&inner.pool).await.map_err(super::errors::told)
        })?;
        Ok(match cancelled {
            Some(false) => Kept::Yes,
            Some(true) => Kept::Cancelled,
            None => Kept::Lost,
        })
    }

    fn release(&self, claim: &Claim) -> Result<(), StoreError> {
        let sql = "UPDATE scan_jobs SET worker = NULL, lease_until = NULL, cancelled = false, tries = 0 \
                   WHERE organization_id = $1 AND environment = $2 AND claim = $3";
        self.inner.gave_back(claim);
        let (inner, claim) = (Arc::clone(&self.inner), claim.clone());
        self.wait(async move {
            let bind = || {
                let query = sqlx::query(sql).bind(inner.organization).bind(claim.environment.as_str());
                query.bind(claim.number)
            };
            inner.patiently(|| bind().execute(&inner.pool)).await.map(|_| ())
        })
    }

    fn forget(&self, environment: &Slug) -> Result<(), StoreError> {
        let sql = "DELETE FROM scan_jobs WHERE organization_id = $1 AND environment = $2 \
                   AND (lease_until IS NULL OR lease_until < now())";
        let (inner, environment) = (Arc::clone(&self.inner), environment.as_str().to_owned());
        self.wait(async move {
            let bind = || sqlx::query(sql).bind(inner.organization).bind(&environment);
            inner.patiently(|| bind().execute(&inner.pool)).await.map(|_| ())
        })
    }

    fn lease(&self) -> Duration {
        LEASE
    }

    fn all(&self) -> Result<Vec<ScanJob>, StoreError> {
        let sql = "SELECT environment, (extract(epoch FROM due_at) * 1000000)::bigint, \
                   CASE WHEN lease_until >= now() THEN (extract(epoch FROM started_at) * 1000000)::bigint END \
                   FROM scan_jobs WHERE organization_id = $1";
        let inner = Arc::clone(&self.inner);
        self.wait(async move {
            let ask = || sqlx::query_as::<_, Seen>(sql).bind(inner.organization);
            let found = inner.patiently(|| ask().fetch_all(&inner.pool)).await?;
            Ok(found.into_iter().map(|Seen(job)| job).collect())
        })
    }

    fn say(&self, text: &str) -> Result<(), StoreError> {
        let (inner, text) = (Arc::clone(&self.inner), text.to_owned());
        // Once: who is not there to hear it looks anew anyway.
        self.wait(async move { inner.say(&text).await.map_err(super::errors::told) })
    }
}
