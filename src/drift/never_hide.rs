//! What must not be explained away.

use serde::{Deserialize, Serialize};

use super::{DriftId, Once, ResourceRef, RuleId, Slug};
use crate::safety::Tainted;

/// Somebody's decision that a rule of the comparer must not hide anything where every pattern matches: what it would hide there
/// is drift. Patterns are globs: `*`, `?`, `[ab]`; `*` crosses `.` and `/`.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct NeverHideRule {
    pub id: RuleId,
    /// Of the rule of the comparer: `set-order`.
    pub rule: String,
    /// `None`: everywhere.
    pub environment: Option<Slug>,
    pub resource_type: Option<Tainted>,
    pub resource_id: Option<Tainted>,
    pub path: Option<Tainted>,
    pub owner: Tainted,
    pub created_at: jiff::Timestamp,
}

impl NeverHideRule {
    /// In a few words: the rule, and what is not just any, in the order type, id, path.
    pub fn says(&self) -> String {
        let patterns = [&self.resource_type, &self.resource_id, &self.path];
        let words = patterns.into_iter().flatten().map(Tainted::line).filter(|words| words != "*");
        std::iter::once(self.rule.clone()).chain(words).collect::<Vec<_>>().join(" ")
    }
}

/// What is asked about such a rule. Externally tagged in JSON.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum NeverHideVerb {
    /// The rule is new, or takes the place of the one with its id.
    Put { rule: NeverHideRule },
    /// What it brought to light may be hidden again.
    Delete,
    /// Takes back what the decision with this audit sequence number did to the rule.
    Undo { seq: u64 },
}

impl NeverHideVerb {
    /// The action's name in the audit trail.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Put { .. } => "never_hide",
            Self::Delete => "delete_never_hide",
            Self::Undo { .. } => "undo",
        }
    }
}

/// One verb on one rule.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct NeverHideRequest {
    pub rule: RuleId,
    pub verb: NeverHideVerb,
    pub actor: Tainted,
    #[serde(default)]
    pub reason: Option<Tainted>,
    /// The drift in front of which it was decided: its history tells it.
    #[serde(default)]
    pub drift: Option<DriftId>,
    /// The rule as it was on the screen; refused when it is another one now.
    #[serde(default)]
    pub expected: Option<NeverHideRule>,
    /// Sent again under the same name it is done once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub once: Option<Once>,
}

/// What became of a rule, for the audit trail: `before` is `None` for a new one, `after` for one that is gone.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct NeverHideChange {
    pub before: Option<NeverHideRule>,
    pub after: Option<NeverHideRule>,
    /// Sequence number of what this takes back.
    #[serde(default)]
    pub undoes: Option<u64>,
}

/// What a rule would bring to light, of what the last scans hid.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default)]
pub struct NeverHideReach {
    /// Hidden differences that would be changes.
    pub changes: u64,
    /// Resources in sync that would be drift.
    pub resources: u64,
    /// Drifts that would have more changes.
    pub drifts: u64,
    /// Not every hidden difference is kept: there may be more.
    pub at_least: bool,
    /// The first of the resources, at most [`NeverHideReach::NAMED`].
    pub first: Vec<(Slug, ResourceRef)>,
}

impl NeverHideReach {
    /// How many are named.
    pub const NAMED: usize = 5;
}
