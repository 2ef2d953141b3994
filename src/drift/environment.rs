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

    /// Production when the tag `environment`, `env` or `stage` says so, or a word of the slug does (`prod`, `prd`, `production`, `live`,
    /// with a number or without). `non-prod`, `pre-prod` and `live-tests` are something else.
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

/// Whether a word of a name or of a tag's value stands for production, and none beside it says that it is not quite that.
pub fn names_production(text: &str) -> bool {
    const PRODUCTION: [&str; 4] = ["prod", "prd", "production", "live"];
    const NOT_BEFORE: [&str; 6] = ["non", "not", "no", "pre", "post", "semi"];
    const NOT_AFTER: [&str; 6] = ["like", "test", "tests", "testing", "copy", "clone"];
    let words: Vec<String> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.trim_matches(|c: char| c.is_ascii_digit()).to_ascii_lowercase())
        .collect();
    let stands = |at: usize, among: &[&str]| words.get(at).is_some_and(|word| among.contains(&word.as_str()));
    (0..words.len())
        .any(|at| stands(at, &PRODUCTION) && !(at > 0 && stands(at - 1, &NOT_BEFORE)) && !stands(at + 1, &NOT_AFTER))
}

#[cfg(test)]
mod tests {
    use super::names_production;

    #[test]
    fn production_is_named_by_a_word_and_not_by_what_only_sounds_like_it() {
        for slug in
            ["prod", "prod-eu", "eu-prod2", "prod01", "shop_PRD", "live", "production", "eu-1-prod", "nonstop-prod"]
        {
            assert!(names_production(slug), "{slug}");
        }
        for slug in [
            "non-prod",
            "nonprod",
            "pre-prod-eu",
            "preprod",
            "production-like",
            "live-tests",
            "products",
            "delivery",
            "staging",
            "1",
            "",
        ] {
            assert!(!names_production(slug), "{slug}");
        }
    }
}
