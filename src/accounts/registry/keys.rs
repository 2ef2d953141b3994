//! API keys.

use super::{By, Registry, expect};
use crate::accounts::{AccountsError, ApiKey, Change, KeyId, NewKey, Result, Secret, SecurityAction, UserKind};
use crate::api::Role;
use crate::drift::Slug;

impl Registry {
    /// Admins see all of the organisation, others their own. Oldest first; revoked ones too.
    pub fn api_keys(&self, by: &By, organization: &Slug) -> Result<Vec<ApiKey>> {
        self.reach(by, organization)?;
        let mut keys = self.accounts.api_keys(organization)?;
        if let Some(member) = by.member.as_ref().filter(|member| member.role < Role::Admin) {
            keys.retain(|key| member.owner == Some(key.owner));
        }
        Ok(keys)
    }

    /// For oneself, whatever the role, or, by admins, for a service account; the secret is shown this once. A role above the owner's is refused, and would not help: it counts no further.
    pub fn create_key(&self, by: &By, organization: &Slug, username: &str, new: &NewKey) -> Result<(ApiKey, Secret)> {
        self.by_a_person(by, organization, Some(username), "make a key")?;
        let owner = self.user_for(by, organization, username, "make a key for somebody else")?;
        if owner.kind == UserKind::Person && by.member.is_some() && !by.is_self(&owner) {
            self.denied(by, "make a key in the name of another person")?;
            let why = "a key in the name of a person is made by that person: use a service account";
            return Err(AccountsError::Forbidden(why.to_owned()));
        }
        if new.role > owner.role {
            let [key, owner] = [new.role, owner.role].map(Role::as_str);
            return Err(AccountsError::invalid("role", format!("{key} is more than the owner's, who is {owner}")));
        }
        let (key, secret) = ApiKey::make(organization, owner.id, new, self.now())?;
        let mut entry = self.entry(by, Some(organization), SecurityAction::KeyCreated, owner.username);
        entry.new = self.masked(&key);
        self.commit(by, Change::AddKey(key.clone(), secret.hash()), &entry)?;
        Ok((key, secret))
    }

    /// What is one's own is done by who has logged in: a key that was found somewhere must not make another one, or end those that
    /// are used. `username`: whose it would be, where that may be somebody else's.
    fn by_a_person(&self, by: &By, organization: &Slug, username: Option<&str>, what: &str) -> Result<()> {
        let owner = by.member.as_ref().and_then(|member| member.owner);
        let named = username.map(|name| self.accounts.user_named(organization, name)).transpose()?.flatten();
        let own = username.is_none() || named.is_some_and(|user| Some(user.id) == owner);
        let is_admin = by.member.as_ref().is_none_or(|member| member.role == Role::Admin && !member.limited);
        match owner {
            Some(owner) if own && !is_admin && by.is_key_of(owner) => {
                self.denied(by, what)?;
                let why = format!("no API key may {what}: log in with name and password, or ask an admin");
                Err(AccountsError::Forbidden(why))
            }
            _ => Ok(()),
        }
    }

    /// Counts from the next request on. Revoking again changes nothing.
    pub fn revoke_key(&self, by: &By, organization: &Slug, id: KeyId, expected: Option<u64>) -> Result<ApiKey> {
        let missing = || AccountsError::NotFound(format!("no API key {id} in {organization}"));
        let key = self.api_keys(by, organization)?.into_iter().find(|key| key.id == id).ok_or_else(missing)?;
        if by.is_key_of(key.owner) && by.member.as_ref().is_some_and(|member| member.role < Role::Admin) {
            self.by_a_person(by, organization, None, "revoke a key")?;
        }
        expect(expected, &key, "the API key")?;
        if key.revoked_at.is_some() {
            return Ok(key);
        }
        let revoked = ApiKey { revoked_at: Some(self.now()), version: key.version + 1, ..key.clone() };
        let mut entry = self.entry(by, Some(organization), SecurityAction::KeyRevoked, key.prefix.as_str());
        (entry.old, entry.new) = (self.masked(&key), self.masked(&revoked));
        self.commit(by, Change::SetKey(revoked.clone()), &entry)?;
        Ok(revoked)
    }
}
