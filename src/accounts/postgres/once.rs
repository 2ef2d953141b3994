//! Names of writes, and what was answered to them.

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::postgres::{PgConnection, PgPool};

use super::super::{Mark, Result};
use super::write::Failure;
use super::{PgAccounts, of_store};
use crate::store::Link;

type Found = (String, String, String, i64);

const FIND: &str =
    "SELECT key, request, answer, (extract(epoch FROM at) * 1000000)::bigint FROM account_answers WHERE key = $1";

fn of((key, request, answer, at): Found) -> Mark {
    Mark { key, request, answer, at: Timestamp::from_microsecond(at).unwrap_or_default() }
}

/// Whoever is here holds the row with the end of the trail: nobody else writes the same name.
pub(super) async fn keep(step: &mut PgConnection, mark: &Mark) -> std::result::Result<(), Failure> {
    let found: Option<Found> = sqlx::query_as(FIND).bind(&mark.key).fetch_optional(&mut *step).await?;
    mark.met(found.map(of))?;
    let sql = "INSERT INTO account_answers (key, request, answer, at) \
               VALUES ($1, $2, $3, timestamptz 'epoch' + $4 * interval '1 microsecond') \
               ON CONFLICT (key) DO UPDATE SET request = excluded.request, answer = excluded.answer, at = excluded.at";
    let put = sqlx::query(sql).bind(&mark.key).bind(&mark.request).bind(&mark.answer).bind(mark.at.as_microsecond());
    put.execute(step).await?;
    Ok(())
}

impl PgAccounts {
    pub(super) fn mark_of(&self, key: &str) -> Result<Option<Mark>> {
        let key = key.to_owned();
        let ask = |pool: Arc<PgPool>| async move {
            Link::patiently(|| sqlx::query_as::<_, Found>(FIND).bind(&key).fetch_optional(&*pool)).await
        };
        Ok(self.link.wait(ask).map_err(of_store)?.map(of))
    }

    pub(super) fn forget_marks(&self, before: Timestamp) -> Result<()> {
        let before = before.as_microsecond();
        let sql = "DELETE FROM account_answers WHERE at < timestamptz 'epoch' + $1 * interval '1 microsecond'";
        let ask =
            |pool: Arc<PgPool>| async move { Link::patiently(|| sqlx::query(sql).bind(before).execute(&*pool)).await };
        self.link.wait(ask).map(|_| ()).map_err(of_store)
    }
}
