//! Writing: what is checked, changed and recorded is one transaction.

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::Connection;
use sqlx::postgres::{PgConnection, PgPool};

use super::super::audit::Tip;
use super::super::stored::{decoded, encoded};
use super::super::{AccountsError, ApiKey, Change, Entry, KeyHash, Result, Session, SessionId};
use super::trail::Columns;
use super::{CHANNEL, PgAccounts, change, of_store};
use crate::store::Again;

/// Why a transaction ended.
pub(super) enum Failure {
    Sql(sqlx::Error),
    Refused(AccountsError),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<AccountsError> for Failure {
    fn from(error: AccountsError) -> Self {
        Self::Refused(error)
    }
}

/// Numbers and hash as PostgreSQL has them.
pub(super) fn tip_of(seq: i64, hash: &[u8]) -> Result<Tip> {
    let tip = u64::try_from(seq).ok().zip(hash.first_chunk().copied()).map(|(seq, hash)| Tip { seq, hash });
    tip.ok_or_else(|| AccountsError::Damaged {
        place: "accounts_head".to_owned(),
        detail: "not a number and a hash".into(),
    })
}

impl PgAccounts {
    pub(super) fn write(&self, change: Change, entry: &Entry) -> Result<()> {
        let entry = entry.clone();
        let done = self.link.wait(|pool| async move {
            let (mut again, mut tried) = (Again::new(), None);
            loop {
                match try_write(&pool, &change, &entry, &mut tried).await {
                    Ok(()) => return Ok(Ok(())),
                    Err(Failure::Refused(error)) => return Ok(Err(error)),
                    Err(Failure::Sql(error)) => again.after(error).await?,
                }
            }
        });
        done.map_err(of_store)?
    }

    /// Changes a session where it stands, if `change` says so; gives whether it did.
    pub(super) fn change_session(
        &self,
        id: SessionId,
        durable: bool,
        change: impl Fn(&mut Session) -> bool + Send + Sync + 'static,
    ) -> Result<bool> {
        let done = self.link.wait(|pool| async move {
            let (mut again, mut tried) = (Again::new(), None);
            loop {
                match try_change(&pool, id, durable, &change, &mut tried).await {
                    Ok(changed) => return Ok(Ok(changed)),
                    Err(Failure::Refused(error)) => return Ok(Err(error)),
                    Err(Failure::Sql(error)) => again.after(error).await?,
                }
            }
        });
        done.map_err(of_store)?
    }

    pub(super) fn use_key(&self, hash: &KeyHash, now: Timestamp) -> Result<()> {
        let hash = hash.0.to_vec();
        let done = self.link.wait(|pool| async move {
            Ok(async {
                let mut step = pool.begin().await?;
                lazily(&mut step).await?;
                let read = "SELECT record::text FROM api_keys WHERE hash = $1 FOR UPDATE";
                let found: Option<String> = sqlx::query_scalar(read).bind(&hash).fetch_optional(&mut *step).await?;
                let Some(found) = found else { return Ok(()) };
                let key = ApiKey { last_used: Some(now), ..decoded("api_keys", found.as_bytes())? };
                let write = "UPDATE api_keys SET record = $2::jsonb WHERE hash = $1";
                sqlx::query(write).bind(&hash).bind(json(&key)?).execute(&mut *step).await?;
                step.commit().await?;
                Ok(())
            }
            .await)
        });
        // Only a time that would be shown: whatever is in the way of it is in nobody else's.
        match done.map_err(of_store)? {
            Err(Failure::Refused(error)) => Err(error),
            Err(Failure::Sql(error)) => Err(AccountsError::Unavailable(error.to_string())),
            Ok(()) => Ok(()),
        }
    }

    pub(super) fn delete_ended(&self, now: Timestamp) -> Result<u64> {
        let now = now.as_microsecond();
        // The rule of `Session::has_ended`.
        let sql = "DELETE FROM sessions WHERE NOT is_active OR expires_at <= timestamptz 'epoch' + $1 * interval '1 microsecond'";
        let done = self.link.wait(|pool: Arc<PgPool>| async move {
            crate::store::Link::patiently(|| sqlx::query(sql).bind(now).execute(&*pool)).await
        });
        done.map(|done| done.rows_affected()).map_err(of_store)
    }
}

/// Nobody waits for the disk: what is lost in a power cut is a time that would be shown.
async fn lazily(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("SET LOCAL synchronous_commit TO off").execute(connection).await.map(|_| ())
}

/// `tried`: the end of the trail that an earlier try would have made. Whether it did, nobody knows when the connection broke before
/// the answer: the trail does.
async fn try_write(
    pool: &PgPool,
    change: &Change,
    entry: &Entry,
    tried: &mut Option<Tip>,
) -> std::result::Result<(), Failure> {
    let mut connection = pool.acquire().await?;
    let mut step = connection.begin().await?;
    let sql = "SELECT seq, hash FROM accounts_head FOR UPDATE";
    let (seq, hash): (i64, Vec<u8>) = sqlx::query_as(sql).fetch_one(&mut *step).await?;
    let tip = tip_of(seq, &hash)?;
    if let Some(made) = tried.take() {
        let sql = "SELECT EXISTS (SELECT 1 FROM security_audit WHERE seq = $1 AND hash = $2)";
        let is_there = sqlx::query_scalar(sql).bind(made.seq as i64).bind(made.hash.to_vec());
        if is_there.fetch_one(&mut *step).await? {
            return Ok(());
        }
    }
    change::apply(&mut step, change).await?;
    let (record, next) = tip.append(entry)?;
    let columns = Columns::of(entry);
    let sql = "INSERT INTO security_audit (seq, at, organization, actor, action, hash, record) \
               VALUES ($1, timestamptz 'epoch' + $2 * interval '1 microsecond', $3, $4, $5, $6, $7)";
    let insert = sqlx::query(sql)
        .bind(next.seq as i64)
        .bind(columns.at)
        .bind(columns.organization)
        .bind(columns.actor)
        .bind(columns.action)
        .bind(next.hash.to_vec())
        .bind(record);
    insert.execute(&mut *step).await?;
    let moved =
        sqlx::query("UPDATE accounts_head SET seq = $1, hash = $2").bind(next.seq as i64).bind(next.hash.to_vec());
    moved.execute(&mut *step).await?;
    if change.is_felt() {
        let of = entry.organization.as_ref().map_or("", |slug| slug.as_str());
        sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(of).execute(&mut *step).await?;
    }
    *tried = Some(next);
    step.commit().await?;
    Ok(())
}

/// `tried`: what an earlier try would have left; finding exactly that, it went through.
async fn try_change(
    pool: &PgPool,
    id: SessionId,
    durable: bool,
    change: &(impl Fn(&mut Session) -> bool + Sync),
    tried: &mut Option<Session>,
) -> std::result::Result<bool, Failure> {
    let mut connection = pool.acquire().await?;
    let mut step = connection.begin().await?;
    if !durable {
        lazily(&mut step).await?;
    }
    let read = "SELECT record::text FROM sessions WHERE id = $1 FOR UPDATE";
    let found: Option<String> = sqlx::query_scalar(read).bind(id.to_string()).fetch_optional(&mut *step).await?;
    let Some(found) = found else { return Ok(false) };
    let mut session: Session = decoded("sessions", found.as_bytes())?;
    if tried.as_ref() == Some(&session) {
        return Ok(true);
    }
    if !change(&mut session) {
        return Ok(false);
    }
    let write = "UPDATE sessions SET record = $2::jsonb, is_active = $3 WHERE id = $1";
    let write = sqlx::query(write).bind(id.to_string()).bind(json(&session)?).bind(session.is_active);
    write.execute(&mut *step).await?;
    *tried = Some(session);
    step.commit().await?;
    Ok(true)
}

/// As text, which PostgreSQL reads as JSON.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String> {
    let damaged =
        |e: std::string::FromUtf8Error| AccountsError::Damaged { place: "a record".into(), detail: e.to_string() };
    String::from_utf8(encoded(value)?).map_err(damaged)
}
