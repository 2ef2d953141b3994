//! One place that is scanned.

use serde::{Deserialize, Serialize};

use super::Slug;
use crate::safety::Tainted;

/// Who runs what is scanned.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CloudProvider {
    Aws,
    Gcp,
    Azure,
    Digitalocean,
    Kubernetes,
    /// Files on this machine.
    Host,
}

impl CloudProvider {
    /// Every value, in the order pickers show them.
    pub const ALL: [Self; 6] = [Self::Aws, Self::Gcp, Self::Azure, Self::Digitalocean, Self::Kubernetes, Self::Host];

    /// What is read of it, where nothing in that says who changed a resource; `None` where it may (the field managers of
    /// Kubernetes). AWS Config names events, not people; a file's owner is not who wrote it.
    pub fn knows_no_actor(self) -> Option<&'static str> {
        match self {
            Self::Kubernetes => None,
            Self::Aws => Some("aws-config recordings"),
            Self::Host => Some("files of a host"),
            Self::Gcp | Self::Azure | Self::Digitalocean => Some("state and recordings of this provider"),
        }
    }

    /// The word in configuration, store and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Gcp => "gcp",
            Self::Azure => "azure",
            Self::Digitalocean => "digitalocean",
            Self::Kubernetes => "kubernetes",
            Self::Host => "host",
        }
    }
}

/// An account and region, project, subscription, cluster or host. `slug` is unique within the organisation.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Environment {
    /// Organisation slug; `local` when there is no server.
    pub organization: Slug,
    pub slug: Slug,
    pub name: Tainted,
    pub cloud_provider: CloudProvider,
    /// At most 50 characters; empty when it has none.
    #[serde(default)]
    pub region: Tainted,
    /// AWS account, GCP project, Azure subscription or cluster; at most 50 characters.
    #[serde(default)]
    pub account_id: Tainted,
    #[serde(default)]
    pub tags: std::collections::BTreeMap<String, Tainted>,
    pub is_active: bool,
    pub created_at: jiff::Timestamp,
    pub updated_at: jiff::Timestamp,
}

impl Environment {
    /// Characters of a region and of an account.
    pub const PLACE_MAX: usize = 50;

    /// What is wrong with it, in words.
    ///
    /// # Errors
    /// When region or account is too long.
    pub fn check(&self) -> Result<(), String> {
        Self::check_place("a region", self.region.raw())?;
        Self::check_place("an account id", self.account_id.raw())
    }

    /// # Errors
    /// When it is too long.
    pub fn check_place(what: &str, text: &str) -> Result<(), String> {
        let length = text.chars().count();
        let most = Self::PLACE_MAX;
        if length <= most { Ok(()) } else { Err(format!("{what} has at most {most} characters, not {length}")) }
    }

    /// Production when the tag `environment`, `env` or `stage` says so, or a word of the slug does (`prod`, `prd`, `production`, `live`).
    pub fn is_production(&self) -> bool {
        let tagged = ["environment", "env", "stage"]
            .iter()
            .find_map(|key| self.tags.iter().find(|(k, _)| k.eq_ignore_ascii_case(key)));
        match tagged {
            Some((_, value)) => names_production(value.raw()),
            None => names_production(self.slug.as_str()),
        }
    }
}

/// Whether a word of a name or of a tag's value stands for production.
pub fn names_production(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| ["prod", "prd", "production", "live"].iter().any(|p| word.eq_ignore_ascii_case(p)))
}
