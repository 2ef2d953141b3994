//! Users, their roles, grants and passwords.

use super::{By, Registry, expect};
use crate::accounts::{
    AccountsError, Action, Change, Grant, PasswordHash, Place, Result, Rights, SecurityAction, SessionId, User,
    UserEdit, UserKind, may,
};
use crate::api::Role;
use crate::drift::Slug;

impl Registry {
    /// By name; for admins.
    pub fn users(&self, by: &By, organization: &Slug) -> Result<Vec<User>> {
        self.admin_of(by, organization, "list the users")?;
        self.accounts.users(organization)
    }

    /// Everybody their own; admins any of theirs.
    pub fn user(&self, by: &By, organization: &Slug, username: &str) -> Result<User> {
        self.user_for(by, organization, username, "see other users")
    }

    /// A person needs a password; a service account must not have one.
    pub fn create_user(
        &self,
        by: &By,
        organization: &Slug,
        username: &str,
        edit: &UserEdit,
        password: Option<&str>,
    ) -> Result<User> {
        self.admin_of(by, organization, "make a user")?;
        let kind = if password.is_some() { UserKind::Person } else { UserKind::Service };
        let now = self.now();
        let mut user = User::new(organization, username, kind, Role::default(), now)?.edited(edit, now)?;
        user.version = 1;
        let password = password.map(|password| PasswordHash::of(password, username)).transpose()?;
        let mut entry = self.entry(by, Some(organization), SecurityAction::UserCreated, user.username.clone());
        entry.new = self.masked(&user);
        self.commit(by, Change::AddUser(user.clone(), password), &entry)?;
        Ok(user)
    }

    /// Nobody may raise himself, and the last active admin stays one.
    pub fn edit_user(&self, by: &By, organization: &Slug, username: &str, edit: &UserEdit) -> Result<User> {
        let old = self.user_for(by, organization, username, "change a user")?;
        expect(edit.expected_version, &old, "the user")?;
        let only_name = UserEdit {
            display_name: edit.display_name.clone(),
            expected_version: edit.expected_version,
            ..UserEdit::default()
        };
        if *edit != only_name {
            self.admin_of(by, organization, "change role, grants or state of a user")?;
        }
        let new = old.edited(edit, self.now())?;
        let leads = |user: &User| {
            user.role == Role::Admin && user.is_active && user.grants.is_empty() && user.kind == UserKind::Person
        };
        if leads(&old) && !leads(&new) && self.accounts.users(organization)?.iter().filter(|u| leads(u)).count() <= 1 {
            let why =
                format!("{} is the last active admin of {organization}: make another one first", old.username.line());
            let field = match new.is_active {
                false => "is_active",
                true if new.role == old.role => "grants",
                true => "role",
            };
            return Err(AccountsError::invalid(field, why));
        }
        let action = if old.role != new.role {
            SecurityAction::RoleChanged
        } else if old.grants != new.grants {
            SecurityAction::GrantsChanged
        } else {
            SecurityAction::UserChanged
        };
        let mut entry = self.entry(by, Some(organization), action, old.username.clone());
        (entry.old, entry.new) = (self.masked(&old), self.masked(&new));
        self.commit(by, Change::SetUser(new.clone()), &entry)?;
        Ok(new)
    }

    /// Ends all sessions of the user. Who changes his own says the `current` one: a stolen session is not to become an account.
    pub fn set_password(
        &self,
        by: &By,
        organization: &Slug,
        username: &str,
        password: &str,
        current: Option<&str>,
    ) -> Result<()> {
        let user = self.user_for(by, organization, username, "set a password")?;
        if user.kind == UserKind::Service {
            let why = "a service account has no password: `driftguard accounts key add` makes a key for it";
            return Err(AccountsError::invalid("password", why));
        }
        let is_known = |old: PasswordHash| current.is_some_and(|current| old.is_of(current));
        if by.is_self(&user) && !self.accounts.password(user.id)?.is_some_and(is_known) {
            self.denied(by, "change the own password without the current one")?;
            return Err(AccountsError::invalid("current_password", "is not the one you have"));
        }
        let hash = PasswordHash::of(password, username)?;
        let sessions = self.active_sessions(&user)?;
        let entry = self.entry(by, Some(organization), SecurityAction::PasswordChanged, user.username.clone());
        self.commit(by, Change::SetPassword(user.id, hash, sessions), &entry)
    }

    pub(super) fn active_sessions(&self, user: &User) -> Result<Vec<SessionId>> {
        let sessions = self.accounts.sessions(&user.organization)?;
        Ok(sessions.into_iter().filter(|s| s.is_active && s.user_id == user.id).map(|s| s.id).collect())
    }

    /// Who could do that there: active users, by name.
    pub fn who_may(
        &self,
        by: &By,
        organization: &Slug,
        action: Action,
        place: Place<'_>,
        resource_type: Option<&str>,
        (method, path): (&str, &str),
    ) -> Result<Vec<User>> {
        let mut users = self.users(by, organization)?;
        users.retain(|user| {
            let grants: Vec<Grant> = user.grants.iter().filter(|grant| grant.opens(method, path)).cloned().collect();
            // Whoever has grants, and none there, is limited to other endpoints.
            let is_closed = grants.is_empty() && !user.grants.is_empty();
            let rights = Rights { role: user.role, grants: &grants };
            user.is_active && !is_closed && may(rights, action, place, resource_type).is_ok()
        });
        Ok(users)
    }
}
