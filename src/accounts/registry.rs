//! The desk where accounts are changed: by the operator of this machine, by admins within their organisation and what is below it,
//! and by everybody for what is their own. Whoever asks for more is refused, and that is recorded.
//!
//! What is outside an asker's reach is not there for him: the answer is the same as for what does not exist.

mod keys;
mod organizations;
mod sessions;
mod users;

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::stored::expect;
use super::{
    Accounts, AccountsError, Actor, ActorKind, AuditReport, Change, Entry, Mark, Organization, Result, SecurityAction,
    SecurityRecord, User, UserId, family, once,
};
use crate::api::Role;
use crate::drift::{Once, Origin, PrincipalKind, Slug};
use crate::safety::{Masked, Redactor, Tainted};
use crate::server::Principal;
use crate::store::AuditRequest;

/// On whose behalf accounts are changed.
#[derive(Clone, Debug)]
pub struct By {
    actor: Actor,
    /// `None` for the operator, who may do anything.
    member: Option<Member>,
    /// The name of what he asks for.
    once: Option<Once>,
}

#[derive(Clone, Debug)]
struct Member {
    organization: Slug,
    role: Role,
    /// Has grants: is in charge of part of it only.
    limited: bool,
    /// Whose what he came in with is.
    owner: Option<UserId>,
    /// Whom he may do things for as himself. Nobody with an API key, or it could make itself a better one.
    user: Option<UserId>,
}

impl By {
    /// Whoever can use the files of this machine.
    pub fn operator(name: impl Into<Tainted>) -> Self {
        Self { actor: Actor::new(name, ActorKind::Operator), member: None, once: None }
    }

    /// Somebody the server admitted.
    pub fn principal(principal: &Principal, address: Option<IpAddr>) -> Self {
        let Principal { organisation, name, role, grants, user, api_key, session, .. } = principal;
        let kind = match principal.kind() {
            PrincipalKind::ServiceAccount => ActorKind::ServiceAccount,
            PrincipalKind::ApiKey => ActorKind::ApiKey,
            PrincipalKind::User | PrincipalKind::Token => ActorKind::User,
        };
        let actor = Actor {
            address,
            user_id: *user,
            session_id: *session,
            api_key: *api_key,
            user_agent: Origin::now().and_then(|origin| origin.user_agent),
            ..Actor::new(name.clone(), kind)
        };
        let (owner, user) = (*user, user.filter(|_| api_key.is_none()));
        let limited = !grants.is_empty();
        let member = Member { organization: organisation.clone(), role: *role, limited, owner, user };
        Self { actor, member: Some(member), once: None }
    }

    /// What is asked for under this name is done once.
    pub fn under(self, once: Option<Once>) -> Self {
        Self { once, ..self }
    }

    /// Whether it is a key of this user that asks.
    fn is_key_of(&self, user: UserId) -> bool {
        self.member.as_ref().is_some_and(|member| member.user.is_none() && member.owner == Some(user))
    }

    fn is_self(&self, user: &User) -> bool {
        self.member.as_ref().is_some_and(|member| member.user == Some(user.id))
    }
}

/// Changes accounts, for whoever may.
#[derive(Clone)]
pub struct Registry {
    accounts: Arc<dyn Accounts>,
    redactor: Arc<Redactor>,
    clock: fn() -> Timestamp,
}

impl Registry {
    pub fn new(accounts: Arc<dyn Accounts>) -> Self {
        let redactor = Arc::new(Redactor::new(accounts.masking_key()));
        Self { accounts, redactor, clock: Timestamp::now }
    }

    /// Newest first, of one organisation, at most `limit`.
    ///
    /// # Errors
    /// For who is no admin of it.
    pub fn audit(&self, by: &By, organization: &Slug, limit: usize) -> Result<Vec<SecurityRecord>> {
        self.admin_of(by, organization, "read the audit trail")?;
        self.accounts.audit(Some(organization), limit)
    }

    /// Some of it, newest first.
    ///
    /// # Errors
    /// For who is no admin of it.
    pub fn audit_between(&self, by: &By, organization: &Slug, request: &AuditRequest) -> Result<Vec<SecurityRecord>> {
        self.admin_of(by, organization, "read the audit trail")?;
        self.accounts.audit_between(organization, request)
    }

    /// Newest first, of all, at most `limit`.
    ///
    /// # Errors
    /// For anybody but the operator.
    pub fn whole_audit(&self, by: &By, limit: usize) -> Result<Vec<SecurityRecord>> {
        self.operator(by, "read the whole audit trail")?;
        self.accounts.audit(None, limit)
    }

    /// Whether anybody has tampered with the trail; for admins, too: it names nothing of others.
    ///
    /// # Errors
    /// For who is no admin.
    pub fn verify(&self, by: &By) -> Result<AuditReport> {
        if let Some(member) = &by.member {
            self.admin_of(by, &member.organization, "verify the audit trail")?;
        }
        self.accounts.verify()
    }

    /// Records that somebody wanted what he may not.
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub fn denied(&self, by: &By, what: &str) -> Result<()> {
        let organization = by.member.as_ref().map(|member| member.organization.clone());
        let entry = self.entry(by, organization.as_ref(), SecurityAction::Denied, what);
        self.accounts.commit(Change::Nothing, &entry)
    }

    /// What was answered to the write of this name, as JSON, if it was done already.
    ///
    /// # Errors
    /// [`AccountsError::Reused`] when the name stands for another one.
    pub fn answered(&self, by: &By) -> Result<Option<serde_json::Value>> {
        let Some(once) = &by.once else { return Ok(None) };
        let key = self.accounts.masking_key();
        let mark = self.accounts.mark(&once::key_of(&key, once))?;
        mark.map_or(Ok(None), |mark| mark.answered(&key, once, self.now()))
    }

    /// With the name it was asked for under: whoever changes accounts does it here.
    fn commit(&self, by: &By, change: Change, entry: &Entry) -> Result<()> {
        let key = self.accounts.masking_key();
        let mark = by.once.as_ref().map(|once| Mark::new(&key, once, &change, entry.at)).transpose()?;
        self.accounts.commit_once(change, entry, mark.as_ref())
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn entry(
        &self,
        by: &By,
        organization: Option<&Slug>,
        action: SecurityAction,
        subject: impl Into<Tainted>,
    ) -> Entry {
        Entry::new(self.now(), organization.cloned(), by.actor.clone(), action, subject.into())
    }

    /// As it is recorded: with its secrets taken out, should somebody have written one into a description.
    fn masked(&self, value: &impl Serialize) -> Option<Masked> {
        let value = serde_json::to_value(value).ok()?;
        Some(self.redactor.mask("driftguard_account", &value, &[]))
    }

    fn operator(&self, by: &By, what: &str) -> Result<()> {
        if by.member.is_none() {
            return Ok(());
        }
        self.denied(by, what)?;
        Err(AccountsError::Forbidden(format!(
            "only the operator of the server may {what}: `driftguard accounts` there"
        )))
    }

    /// The organisation, if it is there for the asker.
    fn reach(&self, by: &By, organization: &Slug) -> Result<Organization> {
        let missing = || AccountsError::NotFound(format!("no organisation '{organization}'"));
        let found = self.accounts.organization(organization)?.ok_or_else(missing)?;
        let Some(member) = &by.member else { return Ok(found) };
        let is_own = member.organization == *organization;
        if is_own || self.is_below(member, organization)? { Ok(found) } else { Err(missing()) }
    }

    /// Only admins see what is below them.
    fn is_below(&self, member: &Member, organization: &Slug) -> Result<bool> {
        if member.role < Role::Admin || member.limited {
            return Ok(false);
        }
        Ok(family(&self.accounts.organizations()?, &member.organization).contains(organization))
    }

    /// The organisation, if the asker is an admin of it or of one above it.
    fn admin_of(&self, by: &By, organization: &Slug, what: &str) -> Result<Organization> {
        let found = self.reach(by, organization)?;
        match &by.member {
            Some(member) if member.role < Role::Admin => {
                self.denied(by, what)?;
                let role = member.role.as_str();
                Err(AccountsError::Forbidden(format!("to {what} needs the role admin, and you are {role}")))
            }
            Some(member) if member.limited => {
                self.denied(by, what)?;
                let why =
                    format!("to {what} needs an admin without grants: yours limit you to part of the organisation");
                Err(AccountsError::Forbidden(why))
            }
            _ => Ok(found),
        }
    }

    /// The user, if it is the asker or one of those he is admin of.
    fn user_for(&self, by: &By, organization: &Slug, username: &str, what: &str) -> Result<User> {
        self.reach(by, organization)?;
        let found = self.accounts.user_named(organization, username)?;
        if let Some(user) = found.as_ref().filter(|user| by.is_self(user)) {
            return Ok(user.clone());
        }
        self.admin_of(by, organization, what)?;
        let name = crate::safety::sanitise::line(username);
        found.ok_or_else(|| AccountsError::NotFound(format!("no user '{name}' in {organization}")))
    }
}
