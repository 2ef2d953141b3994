//! Accounts on sled: one tree, in which the kind of record is the first letter of its key.

mod durable;
mod keys;
mod write;

use std::path::Path;
use std::sync::Mutex;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use tokio::sync::broadcast::{Receiver, Sender, channel};

use self::durable::Durable;
use super::audit::{self, Tip};
use super::lockout::Memory;
use super::random::random;
use super::stored::{StoredSettings, decoded};
use super::{
    Accounts, AccountsError, ApiKey, AuditReport, CHANGES, Change, Entry, Guesses, KeyHash, Mark, Organization,
    OrganizationSettings, PasswordHash, Result, SecurityRecord, Session, SessionId, User, UserId,
};
use crate::drift::Slug;
use crate::store::{AuditRequest, Direction};

const SCHEMA: &[u8] = b"1";

/// Accounts of one machine; one process at a time.
pub(super) struct SledAccounts {
    db: Durable,
    masking_key: [u8; 32],
    /// Writers come one by one: what one has read is still so when it writes.
    writing: Mutex<()>,
    changed: Sender<Option<Slug>>,
    guesses: Memory,
}

impl SledAccounts {
    pub(super) fn open(path: &Path, make: bool) -> Result<Self> {
        let db = Durable::open(path, make)?;
        match db.tree()?.get(keys::SCHEMA).map_err(|e| db.error(e))? {
            Some(found) if found != SCHEMA => {
                return Err(AccountsError::Damaged {
                    place: path.display().to_string(),
                    detail: "a newer driftguard made them: use that one".to_owned(),
                });
            }
            Some(_) => {}
            None => {
                let mut batch = ::sled::Batch::default();
                batch.insert(keys::SCHEMA, SCHEMA);
                batch.insert(keys::MASKING, &random::<32>()?);
                db.apply(batch)?;
                db.barrier()?;
            }
        }
        let key = db.tree()?.get(keys::MASKING).map_err(|e| db.error(e))?;
        let masking_key = key.and_then(|key| key.as_ref().try_into().ok());
        let missing = || AccountsError::Damaged { place: path.display().to_string(), detail: "no masking key".into() };
        Ok(Self {
            masking_key: masking_key.ok_or_else(missing)?,
            db,
            writing: Mutex::new(()),
            changed: channel(CHANGES).0,
            guesses: Memory::default(),
        })
    }

    fn get<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>> {
        let found = self.db.tree()?.get(key).map_err(|e| self.db.error(e))?;
        found.map(|bytes| decoded(&place(key), &bytes)).transpose()
    }

    fn under<T: DeserializeOwned>(&self, prefix: &[u8]) -> Result<Vec<T>> {
        let rows = self.db.tree()?.scan_prefix(prefix);
        rows.map(|row| row.map_err(|e| self.db.error(e)).and_then(|(key, value)| decoded(&place(&key), &value)))
            .collect()
    }

    /// What an index names.
    fn via<T: DeserializeOwned>(&self, index: &[u8]) -> Result<Option<T>> {
        match self.db.tree()?.get(index).map_err(|e| self.db.error(e))? {
            Some(key) => self.get(&key),
            None => Ok(None),
        }
    }

    fn tip(&self) -> Result<Tip> {
        let found = self.db.tree()?.get(keys::TIP).map_err(|e| self.db.error(e))?;
        Ok(found.and_then(|bytes| Tip::from_bytes(&bytes)).unwrap_or_default())
    }
}

fn place(key: &[u8]) -> String {
    String::from_utf8_lossy(&key[..key.len().min(40)]).into_owned()
}

impl Accounts for SledAccounts {
    fn organizations(&self) -> Result<Vec<Organization>> {
        self.under(keys::ORGANIZATIONS)
    }

    fn organization(&self, slug: &Slug) -> Result<Option<Organization>> {
        self.get(&keys::organization(slug))
    }

    fn settings(&self, organization: &Slug) -> Result<Option<OrganizationSettings>> {
        self.get::<StoredSettings>(&keys::settings(organization))?.map(StoredSettings::read).transpose()
    }

    fn users(&self, organization: &Slug) -> Result<Vec<User>> {
        self.under(&keys::users(organization))
    }

    fn user(&self, id: UserId) -> Result<Option<User>> {
        self.via(&keys::user_id(id))
    }

    fn user_named(&self, organization: &Slug, username: &str) -> Result<Option<User>> {
        self.get(&keys::user(organization, username))
    }

    fn password(&self, user: UserId) -> Result<Option<PasswordHash>> {
        self.get::<String>(&keys::password(user))?.map(PasswordHash::stored).transpose()
    }

    fn api_keys(&self, organization: &Slug) -> Result<Vec<ApiKey>> {
        self.under(&keys::api_keys(organization))
    }

    fn api_key(&self, hash: &KeyHash) -> Result<Option<ApiKey>> {
        self.via(&keys::key_hash(hash))
    }

    fn sessions(&self, organization: &Slug) -> Result<Vec<Session>> {
        self.under(&keys::sessions(organization))
    }

    fn session(&self, id: SessionId) -> Result<Option<Session>> {
        self.via(&keys::session_id(id))
    }

    fn commit_once(&self, change: Change, entry: &Entry, mark: Option<&Mark>) -> Result<()> {
        let is_felt = change.is_felt();
        self.write(change, entry, mark)?;
        if is_felt {
            // Nobody listening is no fault.
            let _ = self.changed.send(entry.organization.clone());
        }
        Ok(())
    }

    fn mark(&self, key: &str) -> Result<Option<Mark>> {
        self.get(&keys::mark(key))
    }

    fn guesses(&self) -> &dyn Guesses {
        &self.guesses
    }

    fn changes(&self) -> Receiver<Option<Slug>> {
        self.changed.subscribe()
    }

    fn rotate(&self, session: SessionId, generation: u64) -> Result<bool> {
        self.change_session(session, true, |session| session.rotate(generation))
    }

    fn touch_session(&self, id: SessionId, now: Timestamp) -> Result<()> {
        self.change_session(id, false, |session| session.touch(now)).map(|_| ())
    }

    fn touch_key(&self, hash: &KeyHash, now: Timestamp) -> Result<()> {
        self.use_key(hash, now)
    }

    fn reap(&self, now: Timestamp) -> Result<u64> {
        self.delete_ended(now)
    }

    fn audit(&self, organization: Option<&Slug>, limit: usize) -> Result<Vec<SecurityRecord>> {
        let rows = self.db.tree()?.scan_prefix(keys::AUDIT).rev();
        let records = rows.map(|row| {
            let (key, value) = row.map_err(|e| self.db.error(e))?;
            audit::read(keys::audit_seq(&key), &value)
        });
        let seen = |record: &Result<SecurityRecord>| match (record, organization) {
            (Ok(record), Some(organization)) => record.entry.organization.as_ref() == Some(organization),
            _ => true,
        };
        records.filter(seen).take(limit).collect()
    }

    fn audit_between(&self, organization: &Slug, request: &AuditRequest) -> Result<Vec<SecurityRecord>> {
        let after = |cursor: u64| keys::audit(cursor.saturating_add(1));
        let (low, high) = match (request.cursor, request.direction) {
            (Some(cursor), Direction::Older) => (keys::audit(0), keys::audit(cursor)),
            (Some(cursor), Direction::Newer) => (after(cursor), keys::audit(u64::MAX)),
            (None, _) => (keys::audit(0), keys::audit(u64::MAX)),
        };
        if low >= high {
            return Ok(vec![]);
        }
        let read = |row: ::sled::Result<(::sled::IVec, ::sled::IVec)>| {
            let (key, value) = row.map_err(|e| self.db.error(e))?;
            audit::read(keys::audit_seq(&key), &value)
        };
        let seen = |record: &Result<SecurityRecord>| match record {
            Ok(record) => {
                let is_theirs = record.entry.organization.as_ref() == Some(organization);
                is_theirs && request.holds(record.seq, record.entry.at)
            }
            Err(_) => true,
        };
        let rows = self.db.tree()?.range(low..high);
        match request.direction {
            Direction::Older => rows.rev().map(read).filter(seen).take(request.limit).collect(),
            Direction::Newer => {
                let mut records = rows.map(read).filter(seen).take(request.limit).collect::<Result<Vec<_>>>()?;
                records.reverse();
                Ok(records)
            }
        }
    }

    fn verify(&self) -> Result<AuditReport> {
        let rows = self.db.tree()?.scan_prefix(keys::AUDIT);
        let records = rows.map(|row| {
            let (key, value) = row.map_err(|e| self.db.error(e))?;
            Ok((keys::audit_seq(&key), value.to_vec()))
        });
        audit::verify(records, self.tip()?)
    }

    fn masking_key(&self) -> [u8; 32] {
        self.masking_key
    }
}
