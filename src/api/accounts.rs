//! Bodies about organisations, users, keys and sessions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Problem, Role};
use crate::accounts::{ApiKey, Endpoint, Grant, NewKey, Organization, OrganizationEdit, UserEdit, UserKind};

/// `POST auth/refresh`. Not `Debug`.
#[derive(Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshBody {
    pub refresh_token: String,
}

/// `POST organizations`.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganization {
    pub slug: String,
    /// The slug without it.
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub contact_email: Option<String>,
    /// The one above it; without it your own.
    #[serde(default)]
    pub parent: Option<String>,
}

impl NewOrganization {
    /// All but slug and name.
    pub fn edit(self) -> OrganizationEdit {
        let Self { description, contact_email, parent, .. } = self;
        OrganizationEdit { description, contact_email, parent, ..OrganizationEdit::default() }
    }
}

/// An organisation with those below it.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct OrganizationNode {
    pub organization: Organization,
    #[schema(no_recursion)]
    pub children: Vec<OrganizationNode>,
}

impl OrganizationNode {
    /// As trees, each below its parent; at the top those whose parent is not among them.
    pub fn trees(all: Vec<Organization>) -> Vec<Self> {
        let is_known = |one: &Organization| {
            one.parent.as_ref().is_some_and(|parent| all.iter().any(|other| other.slug == *parent))
        };
        let (below, top): (Vec<Organization>, Vec<Organization>) = all.iter().cloned().partition(is_known);
        top.into_iter().map(|one| Self::with_children(one, &below)).collect()
    }

    /// The registry lets nobody be below himself: this ends.
    fn with_children(organization: Organization, below: &[Organization]) -> Self {
        let own = below.iter().filter(|one| one.parent.as_ref() == Some(&organization.slug));
        let children = own.cloned().map(|one| Self::with_children(one, below)).collect();
        Self { organization, children }
    }
}

/// `POST users`. A person has a password; a service account has none, and is asked for by name. Not `Debug`.
#[derive(Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    pub username: String,
    #[serde(default)]
    pub password: Option<String>,
    /// A person without it.
    #[serde(default)]
    pub kind: Option<UserKind>,
    #[serde(default)]
    pub display_name: Option<String>,
    #[serde(default)]
    pub role: Option<Role>,
    #[serde(default)]
    pub grants: Option<Vec<Grant>>,
}

impl NewUser {
    /// # Errors
    /// A person without a password, or a service account with one.
    pub fn is_whole(&self) -> Result<(), Problem> {
        let why = match (self.kind.unwrap_or(UserKind::Person), &self.password) {
            (UserKind::Person, None) => "a person needs one; a program comes in by an API key: \"kind\": \"service\"",
            (UserKind::Service, Some(_)) => "a service account has none: it comes in by an API key",
            _ => return Ok(()),
        };
        Err(Problem::of_field("password", why))
    }

    /// All but name and password.
    pub fn edit(self) -> UserEdit {
        let Self { display_name, role, grants, .. } = self;
        UserEdit { display_name, role, grants, is_active: None, expected_version: None }
    }
}

/// `POST users/{username}/password`. Not `Debug`.
#[derive(Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordBody {
    pub password: String,
    /// Needed for one's own.
    #[serde(default)]
    pub current_password: Option<String>,
}

/// `POST api-keys`.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyBody {
    /// Whose it is to be: one's own without it.
    #[serde(default)]
    pub username: Option<String>,
    pub label: String,
    #[serde(default)]
    pub role: Role,
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

impl KeyBody {
    /// All but whose.
    pub fn new_key(self) -> NewKey {
        let Self { label, role, endpoints, expires_at, .. } = self;
        NewKey { label, role, endpoints, expires_at }
    }
}

/// The answer to it: the first one is the only one that ever has the secret. Not `Debug`.
#[derive(Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KeyMade {
    pub key: ApiKey,
    /// Of a request that is sent again under the same key of idempotency there is none: it is kept nowhere.
    #[serde(default)]
    pub secret: Option<String>,
    /// What to know about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

impl KeyMade {
    pub fn new(key: ApiKey, secret: &str) -> Self {
        Self { key, secret: Some(secret.to_owned()), notice: None }
    }

    /// To who asks for it again.
    pub fn again(key: ApiKey) -> Self {
        let notice = "this key was made already; its secret was in the first answer and is kept nowhere: if that is lost, revoke \
                      the key and make another one";
        Self { key, secret: None, notice: Some(notice.to_owned()) }
    }
}

/// What was done, where there is nothing else to say.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Done {
    pub status: String,
}

impl Done {
    pub fn new(status: &str) -> Self {
        Self { status: status.to_owned() }
    }
}
