//! What somebody may do where: the role says how much, grants say on what.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::{covers, needed};
use super::{AccountsError, Endpoint};
use crate::api::Role;
use crate::drift::{CloudProvider, Environment, Slug};

/// Limits an account to part of its organisation. Who has no grant is limited by the role alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Which environments, by slug.
    #[serde(default)]
    pub environments: Pattern,
    /// Which types of resources: `aws_iam_*`.
    #[serde(default)]
    pub resource_types: Pattern,
    /// Which provider's environments; every one's when there is none.
    #[serde(default)]
    pub provider: Option<CloudProvider>,
    pub access: Access,
    /// Where it holds; at every endpoint when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<Endpoint>,
}

/// How far a grant goes. Never further than the role.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    Read,
    /// And read.
    Act,
}

/// Text with `*` for any characters and `?` for one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(String);

impl Pattern {
    /// # Errors
    /// [`AccountsError::Invalid`]: empty, over 255 characters, or with control characters.
    pub fn new(text: &str) -> Result<Self, AccountsError> {
        needed("grants", text, 255).map(|text| Self(text.raw().to_owned()))
    }

    fn covers(&self, text: &str) -> bool {
        covers(&self.0, text)
    }

    fn is_all(&self) -> bool {
        self.0.bytes().all(|byte| byte == b'*')
    }

    /// Whether it covers whatever another pattern may match. That one may be of a richer language (`[ab]`, `{a,b}`): what is not
    /// understood is not covered.
    fn covers_all_of(&self, pattern: &str) -> bool {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:*?".contains(&byte);
        // Our `?` would take a `*` of theirs for one character.
        self.is_all() || !self.0.contains('?') && pattern.bytes().all(is_plain) && self.covers(pattern)
    }
}

impl Default for Pattern {
    fn default() -> Self {
        Self("*".to_owned())
    }
}

impl TryFrom<String> for Pattern {
    type Error = AccountsError;
    fn try_from(text: String) -> Result<Self, AccountsError> {
        Self::new(&text)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.0
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Somebody else may have written it.
        f.pad(&crate::safety::sanitise::line(&self.0))
    }
}

/// What somebody wants to do.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Read,
    /// Decide, scan, revert.
    Act,
    Delete,
}

impl Action {
    /// Every value.
    pub const ALL: [Self; 3] = [Self::Read, Self::Act, Self::Delete];

    /// The least role for it.
    pub fn needs(self) -> Role {
        match self {
            Self::Read => Role::Viewer,
            Self::Act => Role::Editor,
            Self::Delete => Role::Admin,
        }
    }

    fn access(self) -> Access {
        match self {
            Self::Read => Access::Read,
            Self::Act | Self::Delete => Access::Act,
        }
    }

    /// Where it is done over the API: a grant may be limited to endpoints.
    pub fn endpoint(self) -> (&'static str, &'static str) {
        match self {
            Self::Read => ("GET", "/api/v1/drifts"),
            Self::Act => ("POST", "/api/v1/drifts/*/triage"),
            Self::Delete => ("DELETE", "/api/v1/correlations/*"),
        }
    }

    /// What an HTTP method wants; `None` for one that nobody may use.
    pub fn of_method(method: &str) -> Option<Self> {
        match method {
            "GET" | "HEAD" | "OPTIONS" => Some(Self::Read),
            "POST" | "PUT" | "PATCH" => Some(Self::Act),
            "DELETE" => Some(Self::Delete),
            _ => None,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Act => "act on",
            Self::Delete => "delete",
        })
    }
}

/// What somebody may do, as far as it is known when they come in.
#[derive(Clone, Copy, Debug)]
pub struct Rights<'a> {
    pub role: Role,
    pub grants: &'a [Grant],
}

/// Where something is.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub environment: &'a Slug,
    pub provider: CloudProvider,
}

impl<'a> From<&'a Environment> for Place<'a> {
    fn from(environment: &'a Environment) -> Self {
        Self { environment: &environment.slug, provider: environment.cloud_provider }
    }
}

/// What of an environment it is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum What<'a> {
    /// Some of it.
    Part,
    /// All of it, whatever comes into it.
    Whole,
    /// Resources of one type.
    Type(&'a str),
    /// Whatever a pattern of types may match.
    Types(&'a str),
}

impl fmt::Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Part => f.write_str("anything"),
            Self::Whole => f.write_str("everything"),
            Self::Type(text) | Self::Types(text) => f.write_str(&crate::safety::sanitise::line(text)),
        }
    }
}

impl Grant {
    /// Why it could never hold as it is meant: a pattern of a richer language, or letters that no slug has.
    pub(super) fn odd(&self) -> Option<String> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:*?".contains(&byte);
        let odd = [&self.environments, &self.resource_types].into_iter().find(|one| !one.0.bytes().all(fits))?;
        Some(format!("'{odd}' is no pattern: letters, digits and _ - . / :, with * for any of them and ? for one"))
    }

    /// Whether it holds at this endpoint; the path begins with [`BASE`](crate::api::BASE).
    pub fn opens(&self, method: &str, path: &str) -> bool {
        self.endpoints.is_empty() || self.endpoints.iter().any(|endpoint| endpoint.covers(method, path))
    }

    fn reaches(&self, action: Action, what: What<'_>) -> bool {
        self.access >= action.access()
            && match what {
                What::Part => true,
                What::Whole => self.resource_types.is_all(),
                What::Type(text) => self.resource_types.covers(text),
                What::Types(pattern) => self.resource_types.covers_all_of(pattern),
            }
    }

    /// `provider` is `None` for an environment of which nobody knows it.
    fn holds_in(&self, environment: &Slug, provider: Option<CloudProvider>) -> bool {
        self.environments.covers(environment.as_str()) && self.provider.is_none_or(|only| Some(only) == provider)
    }

    fn holds_everywhere(&self) -> bool {
        self.environments.is_all() && self.provider.is_none()
    }
}

/// Why not; names the permission that is missing, and nothing of what there is.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Denied {
    #[error("this needs the role {}, and you are {}: ask an admin of your organisation", .needed.as_str(), .is.as_str())]
    Role { needed: Role, is: Role },
    #[error("none of your grants lets you {action} {what} in {environment}: ask an admin of your organisation for one")]
    Grant { action: Action, what: String, environment: Slug },
    #[error(
        "none of your grants lets you {action} {what} in every environment: name one that you have, or ask an admin of your organisation"
    )]
    Everywhere { action: Action, what: String },
    #[error("none of your grants holds at {}: ask an admin of your organisation for one that names it", crate::safety::sanitise::line(.endpoint))]
    Endpoint { endpoint: String },
}

impl Rights<'_> {
    fn role(&self, action: Action) -> Result<(), Denied> {
        match self.role < action.needs() {
            true => Err(Denied::Role { needed: action.needs(), is: self.role }),
            false => Ok(()),
        }
    }

    /// Whether an account may do that in an environment of this provider, where it is known.
    pub(super) fn may_in(
        &self,
        action: Action,
        environment: &Slug,
        provider: Option<CloudProvider>,
        what: What<'_>,
    ) -> Result<(), Denied> {
        self.role(action)?;
        let covered = |grant: &Grant| grant.reaches(action, what) && grant.holds_in(environment, provider);
        if self.grants.is_empty() || self.grants.iter().any(covered) {
            return Ok(());
        }
        Err(Denied::Grant { action, what: what.to_string(), environment: environment.clone() })
    }

    /// Whether an account may do that in every environment there is and will be.
    pub(super) fn may_everywhere(&self, action: Action, what: What<'_>) -> Result<(), Denied> {
        self.role(action)?;
        let covered = |grant: &Grant| grant.reaches(action, what) && grant.holds_everywhere();
        if self.grants.is_empty() || self.grants.iter().any(covered) {
            return Ok(());
        }
        Err(Denied::Everywhere { action, what: what.to_string() })
    }
}

/// Whether an account may do that there. Without a type it is about the environment as a whole: to read of it, some of it has to be
/// granted; to do anything to it, all of it.
///
/// # Errors
/// [`Denied`] says what is missing.
pub fn may(rights: Rights<'_>, action: Action, place: Place<'_>, resource_type: Option<&str>) -> Result<(), Denied> {
    let what = match (resource_type, action) {
        (Some(text), _) => What::Type(text),
        (None, Action::Read) => What::Part,
        (None, _) => What::Whole,
    };
    rights.may_in(action, place.environment, Some(place.provider), what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(environments: &str, types: &str, provider: Option<CloudProvider>, access: Access) -> Grant {
        let [environments, resource_types] = [environments, types].map(|text| Pattern::new(text).unwrap());
        Grant { environments, resource_types, provider, access, endpoints: vec![] }
    }

    #[test]
    fn three_roles_by_six_methods() {
        let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"];
        let allowed = [
            (Role::Viewer, [true, false, false, false, false, false]),
            (Role::Editor, [true, true, true, true, false, false]),
            (Role::Admin, [true, true, true, true, true, false]),
        ];
        let slug = Slug::from_text("prod");
        let place = Place { environment: &slug, provider: CloudProvider::Aws };
        for (role, row) in allowed {
            for (method, expected) in methods.into_iter().zip(row) {
                let rights = Rights { role, grants: &[] };
                let is = Action::of_method(method).is_some_and(|action| may(rights, action, place, None).is_ok());
                assert_eq!(is, expected, "{role:?} {method}");
            }
        }
    }

    #[test]
    fn a_grant_limits_environment_type_provider_and_depth() {
        let grants = [
            grant("prod-*", "aws_iam_*", None, Access::Read),
            grant("dev", "*", Some(CloudProvider::Aws), Access::Act),
        ];
        let of = |role, action, environment: &str, provider, kind: Option<&str>| {
            let environment = Slug::from_text(environment);
            may(Rights { role, grants: &grants }, action, Place { environment: &environment, provider }, kind)
        };
        use CloudProvider::{Aws, Azure};
        let editor = Role::Editor;
        assert!(of(editor, Action::Read, "prod-eu", Azure, Some("aws_iam_role")).is_ok());
        assert!(of(editor, Action::Read, "prod-eu", Aws, None).is_ok(), "the environment is seen");
        assert!(of(editor, Action::Read, "prod-eu", Aws, Some("aws_vpc")).is_err());
        assert!(of(editor, Action::Act, "prod-eu", Aws, Some("aws_iam_role")).is_err());
        assert!(of(editor, Action::Act, "dev", Aws, Some("aws_vpc")).is_ok());
        assert!(of(editor, Action::Act, "dev", Aws, None).is_ok());
        assert!(of(editor, Action::Read, "dev", Azure, None).is_err(), "another provider's is not seen");
        assert!(of(Role::Viewer, Action::Act, "dev", Aws, Some("aws_vpc")).is_err(), "no further than the role");
        let why = of(editor, Action::Act, "prod-eu", Aws, Some("aws_vpc")).unwrap_err().to_string();
        assert!(why.contains("act on aws_vpc in prod-eu"), "{why}");
    }

    #[test]
    fn a_pattern_covers_another_only_where_it_covers_whatever_that_may_match() {
        let covers = |of: &str, pattern: &str| Pattern::new(of).unwrap().covers_all_of(pattern);
        assert!(covers("*", "{a,b}[c]") && covers("aws_iam_*", "aws_iam_ro*") && covers("aws_iam_*", "aws_iam_role"));
        assert!(covers("aws_*_role", "aws_?am_role") && covers("aws_vpc", "aws_vpc"));
        for (of, pattern) in [
            ("aws_iam_*", "*"),
            ("aws_iam_*", "aws_*"),
            ("aws_vpc", "aws_vp?"),
            ("aws_vp?", "aws_vp*"),
            ("*a_*", "[a_]x"),
            ("aws_*", "aws_{vpc,iam}"),
        ] {
            assert!(!covers(of, pattern), "{of} {pattern}");
        }
    }

    #[test]
    fn part_of_an_environment_is_not_enough_to_act_on_all_of_it() {
        let grants = [grant("*", "aws_iam_*", None, Access::Act)];
        let slug = Slug::from_text("prod");
        let place = Place { environment: &slug, provider: CloudProvider::Aws };
        let rights = Rights { role: Role::Admin, grants: &grants };
        assert!(may(rights, Action::Act, place, None).is_err());
        assert!(may(rights, Action::Act, place, Some("aws_iam_role")).is_ok());
    }
}
