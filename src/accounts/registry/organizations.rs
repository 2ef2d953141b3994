//! Organisations and their settings.

use super::{By, Registry, expect};
use crate::accounts::{
    AccountsError, Change, Organization, OrganizationEdit, OrganizationSettings, PasswordHash, Result, SecurityAction,
    SettingsBody, User, UserKind, family,
};
use crate::api::Role;
use crate::drift::Slug;

impl Registry {
    /// The first admin, where there is none yet, and his organisation, if it is not there. One that is there stays as it is.
    ///
    /// # Errors
    /// [`AccountsError::Forbidden`] where there is an admin.
    pub fn init(&self, by: &By, slug: &str, name: &str, admin: &str, password: &str) -> Result<(Organization, User)> {
        self.operator(by, "make the first admin")?;
        if self.has_admin()? {
            let why = "there are accounts already: `driftguard accounts user add --role admin` makes another admin";
            return Err(AccountsError::Forbidden(why.to_owned()));
        }
        let fresh = Organization::new(slug, name, self.now())?;
        let known = self.accounts.organization(&fresh.slug)?;
        let is_there = known.is_some();
        let organization = known.unwrap_or(fresh);
        let user = User::new(&organization.slug, admin, UserKind::Person, Role::Admin, self.now())?;
        // Everything is checked before anything is made.
        let password = PasswordHash::of(password, admin)?;
        if !is_there {
            self.add_organization(by, &organization)?;
        }
        let mut entry = self.entry(by, Some(&organization.slug), SecurityAction::UserCreated, user.username.clone());
        entry.new = self.masked(&user);
        self.commit(by, Change::AddUser(user.clone(), Some(password)), &entry)?;
        Ok((organization, user))
    }

    fn has_admin(&self) -> Result<bool> {
        for organization in self.accounts.organizations()? {
            if self.accounts.users(&organization.slug)?.iter().any(|user| user.role == Role::Admin) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Those the asker sees: all for the operator, an admin's own and what is below, else only the own.
    pub fn organizations(&self, by: &By) -> Result<Vec<Organization>> {
        let mut all = self.accounts.organizations()?;
        if let Some(member) = &by.member {
            let seen = match member.role {
                Role::Admin => family(&all, &member.organization),
                _ => std::collections::BTreeSet::from([member.organization.clone()]),
            };
            all.retain(|organization| seen.contains(&organization.slug));
        }
        Ok(all)
    }

    /// # Errors
    /// [`AccountsError::NotFound`] for one the asker does not see.
    pub fn organization(&self, by: &By, slug: &Slug) -> Result<Organization> {
        self.reach(by, slug)
    }

    /// By the operator anywhere; by an admin below an organisation he is admin of.
    pub fn create_organization(
        &self,
        by: &By,
        slug: &str,
        name: &str,
        edit: &OrganizationEdit,
    ) -> Result<Organization> {
        let now = self.now();
        let mut organization = Organization::new(slug, name, now)?.edited(edit, now)?;
        organization.version = 1;
        match &organization.parent {
            Some(parent) => drop(self.admin_of(by, parent, "make an organisation")?),
            None => self.operator(by, "make an organisation below no other")?,
        }
        self.add_organization(by, &organization)?;
        Ok(organization)
    }

    fn add_organization(&self, by: &By, organization: &Organization) -> Result<()> {
        let slug = &organization.slug;
        let mut entry = self.entry(by, Some(slug), SecurityAction::OrganizationCreated, slug.as_str());
        entry.new = self.masked(organization);
        self.commit(by, Change::AddOrganization(organization.clone()), &entry)
    }

    pub fn edit_organization(&self, by: &By, slug: &Slug, edit: &OrganizationEdit) -> Result<Organization> {
        let old = self.admin_of(by, slug, "change the organisation")?;
        expect(edit.expected_version, &old, "the organisation")?;
        let new = old.edited(edit, self.now())?;
        if new.parent != old.parent {
            self.refuse_parent(by, &new)?;
        }
        if old.is_active && !new.is_active && by.member.as_ref().is_some_and(|member| member.organization == *slug) {
            let why = "your own organisation cannot be deactivated by you: that would lock you out";
            return Err(AccountsError::invalid("is_active", why));
        }
        let mut entry = self.entry(by, Some(slug), SecurityAction::OrganizationChanged, slug.as_str());
        (entry.old, entry.new) = (self.masked(&old), self.masked(&new));
        self.commit(by, Change::SetOrganization(new.clone()), &entry)?;
        Ok(new)
    }

    fn refuse_parent(&self, by: &By, organization: &Organization) -> Result<()> {
        let Some(parent) = &organization.parent else {
            return self.operator(by, "take an organisation out from under another");
        };
        self.admin_of(by, parent, "put an organisation below it")?;
        match family(&self.accounts.organizations()?, &organization.slug).contains(parent) {
            true => Err(AccountsError::invalid("parent", format!("{parent} is below {}", organization.slug))),
            false => Ok(()),
        }
    }

    /// `None` until they are first put: the defaults hold.
    pub fn settings(&self, by: &By, slug: &Slug) -> Result<Option<OrganizationSettings>> {
        self.admin_of(by, slug, "see the settings")?;
        self.accounts.settings(slug)
    }

    /// Makes or replaces them.
    pub fn put_settings(&self, by: &By, slug: &Slug, body: &SettingsBody) -> Result<OrganizationSettings> {
        self.admin_of(by, slug, "change the settings")?;
        let old = self.accounts.settings(slug)?;
        expect(body.expected_version, &old.clone().unwrap_or_default(), "the settings")?;
        let new = old.clone().unwrap_or_default().replaced(body, self.now())?;
        let mut entry = self.entry(by, Some(slug), SecurityAction::SettingsChanged, slug.as_str());
        (entry.old, entry.new) = (old.as_ref().and_then(|old| self.masked(old)), self.masked(&new));
        self.commit(by, Change::SetSettings(slug.clone(), new.clone()), &entry)?;
        Ok(new)
    }
}
