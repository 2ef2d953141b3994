//! What a scan compared and did not tell as drift: differences that rules hide, and properties that could not be compared.

use serde::{Deserialize, Serialize};

use super::{Hidden, ResourceRef, Slug, Unverified};

/// One of them, of any resource.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Untold {
    pub resource: ResourceRef,
    /// Other properties of the resource are drift.
    pub drifted: bool,
    pub what: Aside,
}

/// Why it is no drift.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aside {
    Hidden(Hidden),
    Unverified(Unverified),
}

impl Untold {
    /// How many of each kind are kept of one environment; scans and reports say how many there are.
    pub const KEPT: usize = 2000;

    /// The hidden difference, if it is one.
    pub fn hidden(&self) -> Option<&Hidden> {
        match &self.what {
            Aside::Hidden(hidden) => Some(hidden),
            Aside::Unverified(_) => None,
        }
    }

    /// The property; empty for a whole resource.
    pub fn path(&self) -> &str {
        match &self.what {
            Aside::Hidden(hidden) => hidden.path.raw(),
            Aside::Unverified(unverified) => unverified.path.as_ref().map_or("", |path| path.raw()),
        }
    }

    /// Whether every word stands in type, id, path, rule or reason; `words` are in lower case.
    pub fn has_words(&self, words: &[String]) -> bool {
        let why = match &self.what {
            Aside::Hidden(hidden) => hidden.rule.as_str(),
            Aside::Unverified(unverified) => unverified.reason.words(),
        };
        let resource = &self.resource;
        let texts = [resource.resource_type.raw(), resource.resource_id.raw(), self.path(), why].map(str::to_lowercase);
        words.iter().all(|word| texts.iter().any(|text| text.contains(word)))
    }
}

/// A window of them is asked for, in the order of the scan.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct UntoldRequest {
    pub environment: Slug,
    /// Every word must stand in resource type, id, path, rule or reason; case does not matter.
    pub text: String,
    /// Rows before the first.
    pub from: usize,
    pub limit: usize,
}

/// A window of what the last scan did not tell.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
pub struct UntoldPage {
    pub rows: Vec<Untold>,
    /// Rows before the first.
    pub from: usize,
    /// Rows that the text lets through.
    pub matching: usize,
    /// Rows that are kept.
    pub kept: usize,
    /// How many the last scan counted; more than `kept` when there are too many to keep.
    pub counted: u64,
    /// When that scan ended; `None` when there was none.
    pub scanned_at: Option<jiff::Timestamp>,
}
