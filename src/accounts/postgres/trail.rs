//! The columns of the trail: what stands in them is in the record too, which the chain of hashes is over.

use std::sync::Arc;

use sqlx::postgres::PgPool;

use super::super::{Entry, Result, audit};
use super::of_store;
use crate::drift::Slug;
use crate::store::{AuditRequest, Direction, Link};

/// What a record is found by.
#[derive(PartialEq)]
pub(super) struct Columns {
    /// In microseconds.
    pub(super) at: i64,
    pub(super) organization: Option<String>,
    pub(super) actor: String,
    pub(super) action: String,
}

impl Columns {
    pub(super) fn of(entry: &Entry) -> Self {
        Self {
            at: entry.at.as_microsecond(),
            organization: entry.organization.as_ref().map(|slug| slug.as_str().to_owned()),
            // PostgreSQL's text has no NUL.
            actor: entry.actor.name.raw().replace('\0', "\u{fffd}"),
            action: entry.action.as_str().to_owned(),
        }
    }
}

type Found = (i64, i64, Option<String>, String, String, Vec<u8>, Vec<u8>);

/// A record with its columns.
pub(super) struct Row {
    seq: u64,
    columns: Columns,
    hash: Vec<u8>,
    record: Vec<u8>,
}

impl Row {
    fn of((seq, at, organization, actor, action, hash, record): Found) -> Self {
        let columns = Columns { at, organization, actor, action };
        Self { seq: u64::try_from(seq).unwrap_or(0), columns, hash, record }
    }

    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    pub(super) fn into_record(self) -> Vec<u8> {
        self.record
    }

    /// Of the columns. What is wrong with the record itself is found by who follows the chain.
    pub(super) fn fault(&self) -> Option<String> {
        let record = audit::read(self.seq, &self.record).ok()?;
        let says_so =
            Columns::of(&record.entry) == self.columns && blake3::hash(&self.record).as_bytes()[..] == self.hash;
        (!says_so).then(|| format!("record {}: a column does not say what the entry says", self.seq))
    }
}

/// At most `limit` records after a number.
pub(super) fn after(link: &Link, seq: i64, limit: i64) -> Result<Vec<Row>> {
    let sql = "SELECT seq, (extract(epoch FROM at) * 1000000)::bigint, organization, actor, action, hash, record \
               FROM security_audit WHERE seq > $1 ORDER BY seq LIMIT $2";
    let ask = |pool: Arc<PgPool>| async move {
        Link::patiently(|| sqlx::query_as::<_, Found>(sql).bind(seq).bind(limit).fetch_all(&*pool)).await
    };
    Ok(link.wait(ask).map_err(of_store)?.into_iter().map(Row::of).collect())
}

/// As [`Accounts::audit_between`](super::super::Accounts::audit_between), with their numbers.
pub(super) fn between(link: &Link, of: &Slug, request: &AuditRequest) -> Result<Vec<(u64, Vec<u8>)>> {
    let is_newer = request.direction == Direction::Newer;
    let (beyond, order) = if is_newer { (">", "ASC") } else { ("<", "DESC") };
    let sql = format!(
        "SELECT seq, record FROM security_audit WHERE organization = $1 AND ($2::bigint IS NULL OR seq {beyond} $2) \
         AND at >= timestamptz 'epoch' + $3 * interval '1 microsecond' \
         AND at <= timestamptz 'epoch' + $4 * interval '1 microsecond' ORDER BY seq {order} LIMIT $5"
    );
    let of = of.as_str().to_owned();
    let cursor = request.cursor.map(|cursor| i64::try_from(cursor).unwrap_or(i64::MAX));
    // PostgreSQL's times end before ours do.
    let micros = |at: jiff::Timestamp| at.as_microsecond().clamp(0, 250_000_000_000_000_000);
    let (from, until) = (micros(request.from), micros(request.until));
    let limit = i64::try_from(request.limit).unwrap_or(i64::MAX);
    let ask = |pool: Arc<PgPool>| async move {
        let bind = || {
            let asked = sqlx::query_as::<_, (i64, Vec<u8>)>(&sql);
            asked.bind(of.clone()).bind(cursor).bind(from).bind(until).bind(limit)
        };
        Link::patiently(|| bind().fetch_all(&*pool)).await
    };
    let mut rows = link.wait(ask).map_err(of_store)?;
    if is_newer {
        rows.reverse();
    }
    Ok(rows.into_iter().map(|(seq, record)| (u64::try_from(seq).unwrap_or(0), record)).collect())
}
