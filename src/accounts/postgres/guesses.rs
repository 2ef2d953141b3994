//! Wrong guesses in a table: all servers count together.

use jiff::Timestamp;
use sqlx::Connection;
use sqlx::postgres::PgPool;

use super::super::lockout::{Failures, Guess, Guesses};
use super::super::{AccountsError, Result};
use super::{PgAccounts, of_store};
use crate::store::Link;

type Row = (i32, i64, i64);

fn of_row((count, last, until): Row) -> Option<Failures> {
    let at = |micros| Timestamp::from_microsecond(micros).ok();
    let count = u32::try_from(count).ok().filter(|count| *count > 0)?;
    Some(Failures { count, last: at(last)?, until: at(until)? })
}

async fn one_more(pool: &PgPool, guess: &Guess) -> sqlx::Result<Failures> {
    let mut connection = pool.acquire().await?;
    let mut step = connection.begin().await?;
    let key = guess.key.to_vec();
    let make = "INSERT INTO login_failures (key, count, last_at, until_at) VALUES ($1, 0, 0, 0) ON CONFLICT DO NOTHING";
    sqlx::query(make).bind(&key).execute(&mut *step).await?;
    let read = "SELECT count, last_at, until_at FROM login_failures WHERE key = $1 FOR UPDATE";
    let known: Row = sqlx::query_as(read).bind(&key).fetch_one(&mut *step).await?;
    let failures = guess.after(of_row(known));
    let write = "UPDATE login_failures SET count = $2, last_at = $3, until_at = $4 WHERE key = $1";
    let count = i32::try_from(failures.count).unwrap_or(i32::MAX);
    let [last, until] = [failures.last, failures.until].map(Timestamp::as_microsecond);
    sqlx::query(write).bind(&key).bind(count).bind(last).bind(until).execute(&mut *step).await?;
    step.commit().await?;
    Ok(failures)
}

impl Guesses for PgAccounts {
    fn failures(&self, key: &[u8; 16]) -> Result<Option<Failures>> {
        let (key, sql) = (key.to_vec(), "SELECT count, last_at, until_at FROM login_failures WHERE key = $1");
        let ask = |pool: std::sync::Arc<PgPool>| async move {
            Link::patiently(|| sqlx::query_as::<_, Row>(sql).bind(&key).fetch_optional(&*pool)).await
        };
        Ok(self.link.wait(ask).map_err(of_store)?.and_then(of_row))
    }

    fn failed(&self, guess: Guess) -> Result<Failures> {
        // Once: counted twice after a broken connection is no harm, not counted is refused all the same.
        let done = self.link.wait(|pool| async move { Ok(one_more(&pool, &guess).await) }).map_err(of_store)?;
        done.map_err(|error| AccountsError::Unavailable(error.to_string()))
    }

    fn forgive(&self, key: &[u8; 16]) -> Result<()> {
        let (key, sql) = (key.to_vec(), "DELETE FROM login_failures WHERE key = $1");
        let ask = |pool: std::sync::Arc<PgPool>| async move {
            Link::patiently(|| sqlx::query(sql).bind(&key).execute(&*pool)).await
        };
        self.link.wait(ask).map_err(of_store).map(|_| ())
    }

    fn forget(&self, before: Timestamp) -> Result<()> {
        let (before, sql) = (before.as_microsecond(), "DELETE FROM login_failures WHERE last_at < $1");
        let ask = |pool: std::sync::Arc<PgPool>| async move {
            Link::patiently(|| sqlx::query(sql).bind(before).execute(&*pool)).await
        };
        self.link.wait(ask).map_err(of_store).map(|_| ())
    }
}
