//! The audit log: one row a deed, chained by hash, never changed.

use std::sync::Arc;

use sqlx::postgres::{PgConnection, PgPool, PgRow};
use sqlx::{FromRow, Row as _};

use super::asked::Asked;
use super::engine::PgEngine;
use crate::store::StoreError;
use crate::store::journal::{Each, Frame, Tip};
use crate::store::record::Deed;

/// Rows read at once.
const PAGE: i64 = 500;

/// Writes the entries. What stands in the columns is in the payload too, which the hash is over.
pub(super) async fn tell(connection: &mut PgConnection, organization: i64, told: &[Frame]) -> sqlx::Result<()> {
    if told.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::default();
    told.iter().for_each(|frame| rows.push(frame));
    let sql = "INSERT INTO audit_log \
               (organization_id, seq, at, actor, action, environment, drift_id, payload, previous_hash, hash, told, \
               user_id, principal, ip_address, user_agent, session_id, success, error_message) \
               SELECT $1, r.seq, timestamptz 'epoch' + r.at * interval '1 microsecond', r.actor, r.action, r.environment, \
               encode(r.drift, 'hex')::uuid, r.payload, r.previous, r.hash, r.told, r.user_id, r.principal, r.ip_address, \
               r.user_agent, r.session_id, r.success, r.error_message \
               FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::bytea[], \
               $9::bytea[], $10::bytea[], $11::int[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], \
               $17::boolean[], $18::text[]) AS r(seq, at, actor, action, environment, drift, payload, previous, hash, told, \
               user_id, principal, ip_address, user_agent, session_id, success, error_message)";
    sqlx::query(sql)
        .bind(organization)
        .bind(rows.seq)
        .bind(rows.at)
        .bind(rows.actor)
        .bind(rows.action)
        .bind(rows.environment)
        .bind(rows.drift)
        .bind(rows.payload)
        .bind(rows.previous)
        .bind(rows.hash)
        .bind(rows.told)
        .bind(rows.asked.iter().map(|asked| asked.user_id.clone()).collect::<Vec<_>>())
        .bind(rows.asked.iter().map(|asked| asked.principal.clone()).collect::<Vec<_>>())
        .bind(rows.asked.iter().map(|asked| asked.ip_address.clone()).collect::<Vec<_>>())
        .bind(rows.asked.iter().map(|asked| asked.user_agent.clone()).collect::<Vec<_>>())
        .bind(rows.asked.iter().map(|asked| asked.session_id.clone()).collect::<Vec<_>>())
        .bind(rows.asked.iter().map(|asked| asked.success).collect::<Vec<_>>())
        .bind(rows.asked.iter().map(|asked| asked.error_message.clone()).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

#[derive(Default)]
struct Rows {
    seq: Vec<i64>,
    at: Vec<i64>,
    actor: Vec<String>,
    action: Vec<String>,
    environment: Vec<Option<String>>,
    drift: Vec<Option<Vec<u8>>>,
    payload: Vec<Vec<u8>>,
    previous: Vec<Vec<u8>>,
    hash: Vec<Vec<u8>>,
    told: Vec<Option<i32>>,
    asked: Vec<Asked>,
}

impl Rows {
    fn push(&mut self, frame: &Frame) {
        let deed = serde_json::from_slice::<Deed>(&frame.payload).ok();
        let shown = deed.map(|deed| Shown::of(&deed)).unwrap_or_default();
        self.seq.push(frame.tip.seq as i64);
        self.at.push(shown.at);
        self.actor.push(shown.actor);
        self.action.push(shown.action);
        self.environment.push(shown.environment);
        self.drift.push(shown.drift);
        self.payload.push(frame.payload.clone());
        self.previous.push(frame.previous.to_vec());
        self.hash.push(frame.tip.hash().to_vec());
        self.told.push(shown.told);
        self.asked.push(shown.asked);
    }
}

/// The columns of an entry.
#[derive(Default, PartialEq)]
struct Shown {
    at: i64,
    actor: String,
    action: String,
    environment: Option<String>,
    drift: Option<Vec<u8>>,
    /// Of how many happenings.
    told: Option<i32>,
    asked: Asked,
}

impl Shown {
    fn of(deed: &Deed) -> Self {
        let entry = &deed.audit;
        // PostgreSQL's text has no NUL.
        let text = |text: &str| text.replace('\0', "\u{fffd}");
        Self {
            at: entry.timestamp.as_microsecond(),
            actor: text(entry.actor.raw()),
            action: text(&entry.action),
            environment: entry.environment.as_ref().map(|slug| slug.as_str().to_owned()),
            drift: entry.drift.map(|id| id.0.to_bytes().to_vec()),
            told: i32::try_from(deed.told()).ok(),
            asked: Asked::of(entry),
        }
    }
}

/// The hash of an entry, if it is there.
pub(super) async fn hash_of(pool: &PgPool, organization: i64, seq: u64) -> sqlx::Result<Option<Vec<u8>>> {
    let sql = "SELECT hash FROM audit_log WHERE organization_id = $1 AND seq = $2";
    sqlx::query_scalar(sql).bind(organization).bind(seq as i64).fetch_optional(pool).await
}

/// The columns, and those of who asked as one.
struct Row {
    seq: i64,
    payload: Vec<u8>,
    previous_hash: Vec<u8>,
    hash: Vec<u8>,
    micros: i64,
    actor: String,
    action: String,
    environment: Option<String>,
    drift: Option<Vec<u8>>,
    told: Option<i32>,
    asked: Asked,
}

impl FromRow<'_, PgRow> for Row {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            seq: row.try_get("seq")?,
            payload: row.try_get("payload")?,
            previous_hash: row.try_get("previous_hash")?,
            hash: row.try_get("hash")?,
            micros: row.try_get("micros")?,
            actor: row.try_get("actor")?,
            action: row.try_get("action")?,
            environment: row.try_get("environment")?,
            drift: row.try_get("drift")?,
            told: row.try_get("told")?,
            asked: Asked::from_row(row)?,
        })
    }
}

async fn rows_after(pool: &PgPool, organization: i64, seq: i64) -> sqlx::Result<Vec<Row>> {
    let sql = "SELECT seq, payload, previous_hash, hash, (extract(epoch FROM at) * 1000000)::bigint AS micros, actor, \
               action, environment, uuid_send(drift_id) AS drift, told, user_id, principal, ip_address, user_agent, \
               session_id, success, error_message FROM audit_log \
               WHERE organization_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    sqlx::query_as(sql).bind(organization).bind(seq).bind(PAGE).fetch_all(pool).await
}

impl PgEngine {
    /// Gives number and payload of every entry to `each`, checked: the chain of hashes, the columns, and that it ends where the
    /// organisation's row says. Returns the last number.
    pub(in crate::store) fn walk_trail(&self, each: Each<'_>) -> Result<u64, StoreError> {
        let mut tip = Tip::default();
        let end = self.tip()?;
        loop {
            let inner = Arc::clone(&self.inner);
            let after = tip.seq as i64;
            let rows: Vec<Row> =
                self.wait(async move { inner.patiently(|| rows_after(&inner.pool, inner.organization, after)).await })?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                tip = checked(tip, &row)?;
                each(tip.seq, &row.payload)?;
                if tip.seq == end.seq && tip != end {
                    return Err(damaged(end.seq, "the chain does not end in the hash that was noted with it"));
                }
            }
        }
        if tip.seq < end.seq {
            return Err(damaged(tip.seq + 1, "this entry and what followed it are missing"));
        }
        Ok(tip.seq)
    }

    fn tip(&self) -> Result<Tip, StoreError> {
        let inner = Arc::clone(&self.inner);
        let sql = "SELECT tip_seq, tip_hash FROM store_heads WHERE organization_id = $1";
        let (seq, hash): (i64, Vec<u8>) = self.wait(async move {
            inner.patiently(|| sqlx::query_as(sql).bind(inner.organization).fetch_one(&inner.pool)).await
        })?;
        Ok(Tip::new(seq as u64, hash.first_chunk().copied().unwrap_or_default()))
    }
}

fn checked(tip: Tip, row: &Row) -> Result<Tip, StoreError> {
    let Row { seq, payload, previous_hash: previous, hash, .. } = row;
    let next = tip.seq + 1;
    if *seq as u64 != next {
        return Err(damaged(next, "the entry is missing"));
    }
    let frame = tip.followed_by(payload.clone())?;
    if previous[..] != frame.previous || hash[..] != frame.tip.hash()[..] {
        return Err(damaged(next, "the entry does not continue the one before it, or was changed"));
    }
    let deed: Deed = serde_json::from_slice(payload).map_err(|error| damaged(next, &error.to_string()))?;
    let said = Shown::of(&deed);
    let Row { micros, actor, action, environment, drift, told, asked, .. } = row;
    let shown = Shown {
        at: *micros,
        actor: actor.clone(),
        action: action.clone(),
        environment: environment.clone(),
        drift: drift.clone(),
        // Older entries do not say of how many they tell.
        told: told.or(said.told),
        asked: asked.clone(),
    };
    if said != shown {
        return Err(damaged(next, "a column does not say what the entry says"));
    }
    Ok(frame.tip)
}

fn damaged(seq: u64, what: &str) -> StoreError {
    StoreError::Damaged { tree: format!("audit_log, entry {seq}"), detail: what.into() }
}
