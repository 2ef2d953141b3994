//! Ignoring on purpose.

use serde::{Deserialize, Serialize};

use super::{RuleId, Slug};
use crate::safety::Tainted;

/// Hides drift that matches every pattern it has. Patterns are globs: `*`, `?`, `[ab]`; `*` crosses `.` and `/`.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct IgnoreRule {
    pub id: RuleId,
    /// `None`: everywhere.
    pub environment: Option<Slug>,
    pub resource_type: Option<Tainted>,
    pub resource_id: Option<Tainted>,
    /// `None`: the whole resource. With a path, only changes at matching paths are hidden.
    pub path: Option<Tainted>,
    /// Never empty.
    pub reason: Tainted,
    pub owner: Tainted,
    pub created_at: jiff::Timestamp,
    pub expires_at: Option<jiff::Timestamp>,
}
