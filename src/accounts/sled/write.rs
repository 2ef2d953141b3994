//! Writing: what is checked, changed and recorded goes into one batch.

use std::sync::{MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sled::Batch;

use super::super::stored::{StoredSettings, encoded, next};
use super::super::{AccountsError, ApiKey, Change, Entry, KeyHash, Organization, Result, Session, SessionId, User};
use super::{SledAccounts, keys};

impl SledAccounts {
    fn writing(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self, change: Change, entry: Option<&Entry>) -> Result<()> {
        let _alone = self.writing();
        let mut batch = Batch::default();
        self.change(change, &mut batch)?;
        if let Some(entry) = entry {
            let (bytes, tip) = self.tip()?.append(entry)?;
            batch.insert(keys::audit(tip.seq), bytes);
            batch.insert(keys::TIP, tip.to_bytes());
        }
        self.apply(batch, true)
    }

    /// One step for sled, whatever happens meanwhile.
    fn apply(&self, batch: Batch, durable: bool) -> Result<()> {
        self.db.apply(batch)?;
        if durable { self.db.barrier() } else { Ok(()) }
    }

    fn change(&self, change: Change, batch: &mut Batch) -> Result<()> {
        match change {
            Change::Nothing => Ok(()),
            Change::AddOrganization(organization) => self.add_organization(&organization, batch),
            Change::SetOrganization(organization) => self.set_organization(&organization, batch),
            Change::SetSettings(slug, settings) => {
                self.there::<Organization>(&keys::organization(&slug), "organisation", slug.as_str())?;
                put(batch, keys::settings(&slug), &StoredSettings::from(&settings))
            }
            Change::AddUser(user, password) => {
                self.add_user(&user, batch)?;
                password.map_or(Ok(()), |hash| put(batch, keys::password(user.id), &hash.to_store()))
            }
            Change::SetUser(user) => {
                let key = keys::of_user(&user);
                let old: User = self.there(&key, "user", user.username.raw())?;
                next(old.version, user.version, "the user")?;
                put(batch, key, &user)
            }
            Change::SetPassword(id, hash, sessions) => {
                self.index_there(&keys::user_id(id), "user")?;
                self.end_sessions(&sessions, batch)?;
                put(batch, keys::password(id), &hash.to_store())
            }
            Change::AddKey(key, hash) => {
                self.index_there(&keys::user_id(key.owner), "user")?;
                batch.insert(keys::key_hash(&hash), keys::of_key(&key));
                put(batch, keys::of_key(&key), &key)
            }
            Change::SetKey(key) => {
                self.there::<ApiKey>(&keys::of_key(&key), "API key", &key.prefix)?;
                put(batch, keys::of_key(&key), &key)
            }
            Change::AddSession(session) => {
                batch.insert(keys::session_id(session.id), keys::of_session(&session));
                put(batch, keys::of_session(&session), &session)
            }
            Change::EndSessions(ids) => self.end_sessions(&ids, batch),
        }
    }

    fn add_organization(&self, organization: &Organization, batch: &mut Batch) -> Result<()> {
        let key = keys::organization(&organization.slug);
        self.free(&key, "slug", organization.slug.as_str())?;
        let name = keys::organization_name(organization);
        self.free(&name, "name", organization.name.raw())?;
        batch.insert(name, key.as_slice());
        put(batch, key, organization)
    }

    fn set_organization(&self, organization: &Organization, batch: &mut Batch) -> Result<()> {
        let key = keys::organization(&organization.slug);
        let old: Organization = self.there(&key, "organisation", organization.slug.as_str())?;
        next(old.version, organization.version, "the organisation")?;
        let [before, name] = [&old, organization].map(keys::organization_name);
        if before != name {
            self.free(&name, "name", organization.name.raw())?;
            batch.remove(before);
            batch.insert(name, key.as_slice());
        }
        put(batch, key, organization)
    }

    fn add_user(&self, user: &User, batch: &mut Batch) -> Result<()> {
        let slug = &user.organization;
        self.there::<Organization>(&keys::organization(slug), "organisation", slug.as_str())?;
        let key = keys::of_user(user);
        self.free(&key, "username", user.username.raw())?;
        batch.insert(keys::user_id(user.id), key.as_slice());
        put(batch, key, user)
    }

    fn end_sessions(&self, ids: &[SessionId], batch: &mut Batch) -> Result<()> {
        for id in ids {
            if let Some(mut session) = self.via::<Session>(&keys::session_id(*id))? {
                session.is_active = false;
                put(batch, keys::of_session(&session), &session)?;
            }
        }
        Ok(())
    }

    /// Changes a session where it stands, if `change` says so.
    pub(super) fn change_session(
        &self,
        id: SessionId,
        durable: bool,
        change: impl FnOnce(&mut Session) -> bool,
    ) -> Result<bool> {
        let _alone = self.writing();
        let Some(mut session) = self.via::<Session>(&keys::session_id(id))? else { return Ok(false) };
        if !change(&mut session) {
            return Ok(false);
        }
        let mut batch = Batch::default();
        put(&mut batch, keys::of_session(&session), &session)?;
        self.apply(batch, durable).map(|()| true)
    }

    pub(super) fn use_key(&self, hash: &KeyHash, now: Timestamp) -> Result<()> {
        let _alone = self.writing();
        let Some(mut key) = self.via::<ApiKey>(&keys::key_hash(hash))? else { return Ok(()) };
        key.last_used = Some(now);
        let mut batch = Batch::default();
        put(&mut batch, keys::of_key(&key), &key)?;
        self.apply(batch, false)
    }

    pub(super) fn delete_ended(&self, now: Timestamp) -> Result<u64> {
        let _alone = self.writing();
        let mut batch = Batch::default();
        let mut gone = 0;
        for session in self.under::<Session>(b"x/")? {
            if session.has_ended(now) {
                batch.remove(keys::of_session(&session));
                batch.remove(keys::session_id(session.id));
                gone += 1;
            }
        }
        self.apply(batch, gone > 0).map(|()| gone)
    }

    fn free(&self, key: &[u8], field: &'static str, value: &str) -> Result<()> {
        match self.db.tree()?.contains_key(key).map_err(|e| self.db.error(e))? {
            true => Err(AccountsError::Taken { field, value: crate::safety::sanitise::line(value) }),
            false => Ok(()),
        }
    }

    fn there<T: DeserializeOwned>(&self, key: &[u8], what: &str, name: &str) -> Result<T> {
        let missing = || AccountsError::NotFound(format!("no {what} '{}'", crate::safety::sanitise::line(name)));
        self.get(key)?.ok_or_else(missing)
    }

    fn index_there(&self, key: &[u8], what: &str) -> Result<()> {
        match self.db.tree()?.contains_key(key).map_err(|e| self.db.error(e))? {
            true => Ok(()),
            false => Err(AccountsError::NotFound(format!("no such {what}"))),
        }
    }
}

fn put(batch: &mut Batch, key: Vec<u8>, value: &impl Serialize) -> Result<()> {
    batch.insert(key, encoded(value)?);
    Ok(())
}
