//! Accounts in PostgreSQL, for any number of processes at once. What each kind of record must be unique by, and what it belongs to,
//! is a constraint there; the record itself is JSON beside it.
//!
//! Whoever writes holds the row with the end of the audit trail, so that there is one chain, whoever writes.

mod change;
mod guesses;
mod once;
mod trail;
mod write;

use std::sync::{Arc, Once};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::postgres::PgPool;
use tokio::sync::broadcast::{Receiver, Sender, channel};

use super::audit::{self, Tip};
use super::random::random;
use super::stored::{StoredSettings, decoded};
use super::user::unique_name;
use super::{
    Accounts, AccountsError, ApiKey, AuditReport, CHANGES, Change, Entry, Guesses, KeyHash, Mark, Organization,
    OrganizationSettings, PasswordHash, Result, SecurityRecord, Session, SessionId, User, UserId,
};
use crate::drift::Slug;
use crate::store::{AuditRequest, Link, StoreError};

/// Audit records read at once.
const PAGE: i64 = 500;
/// Over which every change is told that somebody may feel: the slug of the organisation.
pub(super) const CHANNEL: &str = "driftguard_accounts";

/// Accounts of all organisations of a database.
pub(super) struct PgAccounts {
    link: Link,
    masking_key: [u8; 32],
    changed: Sender<Option<Slug>>,
    listens: Once,
}

fn of_store(error: StoreError) -> AccountsError {
    AccountsError::Unavailable(error.to_string())
}

impl PgAccounts {
    pub(super) fn open(url: &str, make: bool) -> Result<Self> {
        let link = Link::open(url).map_err(of_store)?;
        let fresh = random::<32>()?;
        let key: Vec<u8> = link
            .wait(|pool| async move {
                let make = "INSERT INTO accounts_head (masking_key) VALUES ($1) ON CONFLICT DO NOTHING";
                Link::patiently(|| sqlx::query(make).bind(fresh.to_vec()).execute(&*pool)).await?;
                Link::patiently(|| sqlx::query_scalar("SELECT masking_key FROM accounts_head").fetch_one(&*pool)).await
            })
            .map_err(of_store)?;
        let no_key = |_| AccountsError::Damaged { place: link.place().to_owned(), detail: "no masking key".to_owned() };
        let masking_key = key.try_into().map_err(no_key)?;
        let accounts = Self { masking_key, link, changed: channel(CHANGES).0, listens: Once::new() };
        if !make && accounts.organizations()?.is_empty() {
            return Err(AccountsError::Missing { path: accounts.link.place().into() });
        }
        Ok(accounts)
    }

    fn texts(&self, sql: &'static str, named: Vec<String>) -> Result<Vec<String>> {
        let ask = |pool: Arc<PgPool>| async move {
            let bind = || named.iter().fold(sqlx::query_scalar(sql), |query, text| query.bind(text));
            Link::patiently(|| bind().fetch_all(&*pool)).await
        };
        self.link.wait(ask).map_err(of_store)
    }

    /// The records that a statement gives, in its order.
    fn records<T: DeserializeOwned>(&self, sql: &'static str, named: Vec<String>) -> Result<Vec<T>> {
        self.texts(sql, named)?.iter().map(|text| decoded(self.link.place(), text.as_bytes())).collect()
    }

    /// As [`records`](Self::records), of one organisation, `$1`: on a connection that sees nobody else.
    fn records_of<T: DeserializeOwned>(&self, sql: &'static str, organization: &Slug) -> Result<Vec<T>> {
        let slug = organization.as_str().to_owned();
        let ask = |pool: Arc<PgPool>| async move {
            Link::patiently(|| async {
                let mut step = pool.begin().await?;
                let said = "SELECT set_config('driftguard.accounts_of', $1, true)";
                sqlx::query(said).bind(&slug).execute(&mut *step).await?;
                let found: Vec<String> = sqlx::query_scalar(sql).bind(&slug).fetch_all(&mut *step).await?;
                step.commit().await?;
                Ok(found)
            })
            .await
        };
        let found = self.link.wait(ask).map_err(of_store)?;
        found.iter().map(|text| decoded(self.link.place(), text.as_bytes())).collect()
    }

    fn record<T: DeserializeOwned>(&self, sql: &'static str, named: Vec<String>) -> Result<Option<T>> {
        Ok(self.records(sql, named)?.pop())
    }

    /// At most `limit` records, newest first.
    fn newest(&self, of: Option<String>, limit: i64) -> Result<Vec<(u64, Vec<u8>)>> {
        let sql = "SELECT seq, record FROM security_audit WHERE $1::text IS NULL OR organization = $1 \
                   ORDER BY seq DESC LIMIT $2";
        let ask = |pool: Arc<PgPool>| async move {
            let bind = || sqlx::query_as::<_, (i64, Vec<u8>)>(sql).bind(&of).bind(limit);
            Link::patiently(|| bind().fetch_all(&*pool)).await
        };
        let rows = self.link.wait(ask).map_err(of_store)?;
        Ok(rows.into_iter().map(|(seq, record)| (u64::try_from(seq).unwrap_or(0), record)).collect())
    }

    fn tip(&self) -> Result<Tip> {
        let ask = |pool: Arc<PgPool>| async move {
            let sql = "SELECT seq, hash FROM accounts_head";
            Link::patiently(|| sqlx::query_as::<_, (i64, Vec<u8>)>(sql).fetch_one(&*pool)).await
        };
        let (seq, hash) = self.link.wait(ask).map_err(of_store)?;
        write::tip_of(seq, &hash)
    }
}

fn name(slug: &Slug) -> Vec<String> {
    vec![slug.as_str().to_owned()]
}

impl Accounts for PgAccounts {
    fn organizations(&self) -> Result<Vec<Organization>> {
        let sql = "SELECT record::text FROM organizations WHERE record IS NOT NULL ORDER BY slug COLLATE \"C\"";
        self.records(sql, vec![])
    }

    fn organization(&self, slug: &Slug) -> Result<Option<Organization>> {
        self.record("SELECT record::text FROM organizations WHERE slug = $1 AND record IS NOT NULL", name(slug))
    }

    fn settings(&self, organization: &Slug) -> Result<Option<OrganizationSettings>> {
        let sql = "SELECT record::text FROM organization_settings WHERE organization = $1";
        self.record::<StoredSettings>(sql, name(organization))?.map(StoredSettings::read).transpose()
    }

    fn users(&self, organization: &Slug) -> Result<Vec<User>> {
        let sql = "SELECT record::text FROM users WHERE organization = $1 ORDER BY unique_name COLLATE \"C\"";
        self.records_of(sql, organization)
    }

    fn user(&self, id: UserId) -> Result<Option<User>> {
        self.record("SELECT record::text FROM users WHERE id = $1", vec![id.to_string()])
    }

    fn user_named(&self, organization: &Slug, username: &str) -> Result<Option<User>> {
        // PostgreSQL's text has no NUL, and so no user has one.
        if username.contains('\0') {
            return Ok(None);
        }
        let sql = "SELECT record::text FROM users WHERE organization = $1 AND unique_name = $2";
        self.record(sql, vec![organization.as_str().to_owned(), unique_name(username)])
    }

    fn password(&self, user: UserId) -> Result<Option<PasswordHash>> {
        let sql = "SELECT password FROM users WHERE id = $1 AND password IS NOT NULL";
        self.texts(sql, vec![user.to_string()])?.pop().map(PasswordHash::stored).transpose()
    }

    fn api_keys(&self, organization: &Slug) -> Result<Vec<ApiKey>> {
        let sql = "SELECT record::text FROM api_keys WHERE organization = $1 ORDER BY id COLLATE \"C\"";
        self.records_of(sql, organization)
    }

    fn api_key(&self, hash: &KeyHash) -> Result<Option<ApiKey>> {
        let sql = "SELECT record::text FROM api_keys WHERE hash = decode($1, 'hex')";
        self.record(sql, vec![blake3::Hash::from_bytes(hash.0).to_hex().to_string()])
    }

    fn sessions(&self, organization: &Slug) -> Result<Vec<Session>> {
        let sql = "SELECT record::text FROM sessions WHERE organization = $1 ORDER BY id COLLATE \"C\"";
        self.records_of(sql, organization)
    }

    fn session(&self, id: SessionId) -> Result<Option<Session>> {
        self.record("SELECT record::text FROM sessions WHERE id = $1", vec![id.to_string()])
    }

    fn commit_once(&self, change: Change, entry: &Entry, mark: Option<&Mark>) -> Result<()> {
        let is_felt = change.is_felt();
        self.write(change, entry, mark)?;
        if is_felt {
            // Here at once; the other processes hear it of the database. Nobody listening is no fault.
            let _ = self.changed.send(entry.organization.clone());
        }
        Ok(())
    }

    fn mark(&self, key: &str) -> Result<Option<Mark>> {
        self.mark_of(key)
    }

    fn guesses(&self) -> &dyn Guesses {
        self
    }

    fn changes(&self) -> Receiver<Option<Slug>> {
        let heard = self.changed.subscribe();
        self.listens.call_once(|| {
            let changed = self.changed.clone();
            // What was missed may have been about anybody.
            self.link.listen(CHANNEL, move |said| drop(changed.send(said.and_then(|slug| Slug::new(slug).ok()))));
        });
        heard
    }

    fn rotate(&self, session: SessionId, generation: u64) -> Result<bool> {
        self.change_session(session, true, move |session| session.rotate(generation))
    }

    fn touch_session(&self, id: SessionId, now: Timestamp) -> Result<()> {
        self.change_session(id, false, move |session| session.touch(now)).map(|_| ())
    }

    fn touch_key(&self, hash: &KeyHash, now: Timestamp) -> Result<()> {
        self.use_key(hash, now)
    }

    fn reap(&self, now: Timestamp) -> Result<u64> {
        self.delete_ended(now)
    }

    fn audit(&self, organization: Option<&Slug>, limit: usize) -> Result<Vec<SecurityRecord>> {
        let of = organization.map(|slug| slug.as_str().to_owned());
        let rows = self.newest(of, i64::try_from(limit).unwrap_or(i64::MAX))?;
        rows.iter().map(|(seq, record)| audit::read(*seq, record)).collect()
    }

    fn audit_between(&self, organization: &Slug, request: &AuditRequest) -> Result<Vec<SecurityRecord>> {
        let rows = trail::between(&self.link, organization, request)?;
        rows.iter().map(|(seq, record)| audit::read(*seq, record)).collect()
    }

    fn verify(&self) -> Result<AuditReport> {
        // First, so that what is written meanwhile is not missed at the end of what is read.
        let tip = self.tip()?;
        let mut last = 0;
        let mut page = Vec::new().into_iter();
        let mut amiss = vec![];
        let records = std::iter::from_fn(|| {
            if page.len() == 0 && last < tip.seq {
                let limit = PAGE.min(i64::try_from(tip.seq - last).unwrap_or(PAGE));
                match trail::after(&self.link, i64::try_from(last).unwrap_or(i64::MAX), limit) {
                    Ok(rows) => page = rows.into_iter(),
                    Err(error) => {
                        last = tip.seq;
                        return Some(Err(error));
                    }
                }
            }
            let row: trail::Row = page.next()?;
            last = row.seq();
            amiss.extend(row.fault());
            Some(Ok((last, row.into_record())))
        });
        let mut report = audit::verify(records, tip)?;
        report.faults.append(&mut amiss);
        Ok(report)
    }

    fn masking_key(&self) -> [u8; 32] {
        self.masking_key
    }
}
