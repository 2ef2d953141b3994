//! What must not be explained away.

use serde::{Deserialize, Serialize};

use super::{RuleId, Slug};
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
