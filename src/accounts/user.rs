//! Users and service accounts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::text::{checked, needed};
use super::{AccountsError, Grant, Rights, UserId};
use crate::api::Role;
use crate::drift::Slug;
use crate::safety::Tainted;

const GRANTS: usize = 100;

/// Somebody who may come in. The password is no part of it: see [`Accounts::password`](super::Accounts::password).
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct User {
    pub id: UserId,
    pub organization: Slug,
    /// Unique within the organisation whatever its case: 1 to 150 letters, digits and `@ . + - _`, of which the first is a letter
    /// or a digit.
    pub username: Tainted,
    /// At most 255 characters; empty when there is none.
    #[serde(default)]
    pub display_name: Tainted,
    pub kind: UserKind,
    pub role: Role,
    /// Who is not is out at the next request.
    pub is_active: bool,
    #[serde(default)]
    pub grants: Vec<Grant>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Goes up with each change.
    pub version: u64,
}

/// Who stands behind an account.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserKind {
    Person,
    /// A program: it has no password and comes in by an API key only.
    Service,
}

impl User {
    /// A new one: active, without grants.
    ///
    /// # Errors
    /// [`AccountsError::Invalid`] names the field.
    pub fn new(
        organization: &Slug,
        username: &str,
        kind: UserKind,
        role: Role,
        now: Timestamp,
    ) -> Result<Self, AccountsError> {
        Ok(Self {
            id: UserId::generate(),
            organization: organization.clone(),
            username: name(username)?,
            display_name: Tainted::default(),
            kind,
            role,
            is_active: true,
            grants: Vec::new(),
            created_at: now,
            updated_at: now,
            version: 1,
        })
    }

    /// With what an edit says.
    ///
    /// # Errors
    /// [`AccountsError::Invalid`] names the field.
    pub fn edited(&self, edit: &UserEdit, now: Timestamp) -> Result<Self, AccountsError> {
        let mut edited = self.clone();
        if let Some(display_name) = &edit.display_name {
            edited.display_name = checked("display_name", display_name, 255)?;
        }
        if let Some(grants) = &edit.grants {
            if grants.len() > GRANTS {
                return Err(AccountsError::invalid("grants", format!("are at most {GRANTS}: widen their patterns")));
            }
            if let Some(odd) = grants.iter().find_map(Grant::odd) {
                return Err(AccountsError::invalid("grants", odd));
            }
            edited.grants.clone_from(grants);
        }
        edited.role = edit.role.unwrap_or(edited.role);
        edited.is_active = edit.is_active.unwrap_or(edited.is_active);
        edited.updated_at = now;
        edited.version += 1;
        Ok(edited)
    }

    pub fn rights(&self) -> Rights<'_> {
        Rights { role: self.role, grants: &self.grants }
    }
}

/// What is to change; `None` stays.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UserEdit {
    pub display_name: Option<String>,
    pub role: Option<Role>,
    pub is_active: Option<bool>,
    /// All of them.
    pub grants: Option<Vec<Grant>>,
    /// The version that was looked at; refused with the current one when it has moved on.
    #[schema(minimum = 0)]
    pub expected_version: Option<u64>,
}

fn name(text: &str) -> Result<Tainted, AccountsError> {
    let username = needed("username", text, 150)?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"@.+-_".contains(&byte);
    if !username.raw().bytes().all(fits) {
        return Err(AccountsError::invalid("username", "holds only letters, digits and @ . + - _"));
    }
    if !username.raw().starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return Err(AccountsError::invalid("username", "begins with a letter or a digit"));
    }
    Ok(username)
}

/// What two users of an organisation may not both have.
pub(super) fn unique_name(username: &str) -> String {
    username.trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_looks_like_another_one_is_refused() {
        let of =
            |name: &str| User::new(&Slug::from_text("a"), name, UserKind::Person, Role::default(), Timestamp::now());
        for bad in ["", " ", "..", ".", "-rf", "аdmin", "a b", "a\u{202e}b", "a/b", &"a".repeat(151)] {
            assert!(of(bad).unwrap_err().to_string().starts_with("username: "), "{bad}");
        }
        assert_eq!(of("Erin.O-Neill+ops@example.com").unwrap().role, Role::Viewer);
    }
}
