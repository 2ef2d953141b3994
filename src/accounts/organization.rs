//! Organisations: nothing of one is seen from another, but by its parent's admins.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::AccountsError;
use super::text::{checked, needed};
use crate::drift::Slug;
use crate::safety::Tainted;

/// Who owns environments, users and what is decided by them.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Organization {
    /// The key: unique, never changed.
    pub slug: Slug,
    /// Unique whatever its case; at most 255 characters.
    pub name: Tainted,
    #[serde(default)]
    pub description: Tainted,
    /// At most 320 characters; empty when there is none.
    #[serde(default)]
    pub contact_email: Tainted,
    /// Nobody of one that is not comes in.
    pub is_active: bool,
    #[serde(default)]
    pub parent: Option<Slug>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Goes up with each change.
    pub version: u64,
}

impl Organization {
    /// A new one, active.
    ///
    /// # Errors
    /// [`AccountsError::Invalid`] names the field.
    pub fn new(slug: &str, name: &str, now: Timestamp) -> Result<Self, AccountsError> {
        Ok(Self {
            slug: Slug::new(slug).map_err(|e| AccountsError::invalid("slug", e.to_string()))?,
            name: needed("name", name, 255)?,
            description: Tainted::default(),
            contact_email: Tainted::default(),
            is_active: true,
            parent: None,
            created_at: now,
            updated_at: now,
            version: 1,
        })
    }

    /// With what an edit says.
    ///
    /// # Errors
    /// [`AccountsError::Invalid`] names the field.
    pub fn edited(&self, edit: &OrganizationEdit, now: Timestamp) -> Result<Self, AccountsError> {
        let mut edited = self.clone();
        if let Some(name) = &edit.name {
            edited.name = needed("name", name, 255)?;
        }
        if let Some(description) = &edit.description {
            edited.description = checked("description", description, 4_000)?;
        }
        if let Some(email) = &edit.contact_email {
            edited.contact_email = email_address(email)?;
        }
        if let Some(parent) = &edit.parent {
            edited.parent = match parent.as_str() {
                "" => None,
                slug => Some(Slug::new(slug).map_err(|e| AccountsError::invalid("parent", e.to_string()))?),
            };
        }
        edited.is_active = edit.is_active.unwrap_or(edited.is_active);
        edited.updated_at = now;
        edited.version += 1;
        Ok(edited)
    }

    /// What two organisations may not both have.
    pub(super) fn unique_name(&self) -> String {
        self.name.raw().to_lowercase()
    }
}

/// What is to change; `None` stays.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OrganizationEdit {
    pub name: Option<String>,
    pub description: Option<String>,
    pub contact_email: Option<String>,
    pub is_active: Option<bool>,
    /// A slug; empty takes it out from under its parent.
    pub parent: Option<String>,
    /// The version that was looked at; refused with the current one when it has moved on.
    #[schema(minimum = 0)]
    pub expected_version: Option<u64>,
}

/// Roughly one: what is really one, only its server knows.
fn email_address(text: &str) -> Result<Tainted, AccountsError> {
    let email = checked("contact_email", text, 320)?;
    let is_address = match email.raw().split_once('@') {
        None => email.is_empty(),
        Some((user, host)) => {
            !user.is_empty() && !host.is_empty() && !host.contains('@') && !email.raw().contains(char::is_whitespace)
        }
    };
    if !is_address {
        return Err(AccountsError::invalid("contact_email", "must look like ops@example.com"));
    }
    Ok(email)
}

/// The organisation and everything below it.
pub fn family(all: &[Organization], of: &Slug) -> BTreeSet<Slug> {
    let mut found = BTreeSet::from([of.clone()]);
    loop {
        let before = found.len();
        let children = all.iter().filter(|o| o.parent.as_ref().is_some_and(|parent| found.contains(parent)));
        let children: Vec<Slug> = children.map(|o| o.slug.clone()).collect();
        found.extend(children);
        if found.len() == before {
            return found;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_names_its_field() {
        let now = Timestamp::UNIX_EPOCH;
        let of = |slug: &str, name: &str| Organization::new(slug, name, now).unwrap_err().to_string();
        assert!(of("Acme", "Acme").starts_with("slug: "));
        assert!(of(&"a".repeat(101), "Acme").starts_with("slug: "));
        assert!(of("acme", &"a".repeat(256)).starts_with("name: "));
        let acme = Organization::new("acme", "Acme", now).unwrap();
        for bad in ["ops", "@example.com", "a b@example.com", "a@b@c", &format!("{}@example.com", "a".repeat(320))] {
            let edit = OrganizationEdit { contact_email: Some(bad.to_owned()), ..OrganizationEdit::default() };
            assert!(acme.edited(&edit, now).unwrap_err().to_string().starts_with("contact_email: "), "{bad}");
        }
    }

    #[test]
    fn a_family_is_everything_below_however_deep() {
        let now = Timestamp::UNIX_EPOCH;
        let with = |slug: &str, parent: Option<&str>| {
            let mut organization = Organization::new(slug, slug, now).unwrap();
            organization.parent = parent.map(|p| Slug::new(p).unwrap());
            organization
        };
        let all = [with("a", Some("b")), with("b", Some("c")), with("c", None), with("d", None)];
        let names =
            |slug: &str| family(&all, &Slug::new(slug).unwrap()).iter().map(Slug::to_string).collect::<Vec<_>>();
        assert_eq!(names("c"), ["a", "b", "c"]);
        assert_eq!(names("a"), ["a"]);
    }
}
