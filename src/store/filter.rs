//! Which drifts are asked for.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::drift::query::{GroupKey, Query};
use crate::drift::{DriftType, RuleId, SeverityClass, Slug, State};

/// What a page of drifts is made of. Empty lists mean "any".
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default)]
pub struct DriftFilter {
    pub environments: Vec<Slug>,
    pub drift_types: Vec<DriftType>,
    pub severities: Vec<SeverityClass>,
    pub states: Vec<State>,
    pub detected_from: Option<Timestamp>,
    pub detected_until: Option<Timestamp>,
    /// Every word must stand in the resource type, id, provider id or a changed path; case does not matter.
    pub text: String,
    /// Only what this ignore rule hides, wholly or in part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleId>,
    /// What was asked for in the query line, on top of everything else. The order it names is that of the page.
    #[serde(default, skip_serializing_if = "Query::is_empty")]
    pub query: Query,
    /// Who asks, for `is:mine`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub me: String,
    /// Only the members of this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<GroupKey>,
}

impl DriftFilter {
    /// The same filter with what an index can answer of its query said in the other fields.
    pub(super) fn narrowed(&self, now: Timestamp) -> Self {
        let window = self.query.window.map(|window| window.resolve(now));
        let from = window.map(|(from, _)| from);
        let until = window.and_then(|(_, until)| until);
        Self {
            states: both(&self.states, self.query.states()),
            severities: both(&self.severities, self.query.severities()),
            detected_from: self.detected_from.max(from),
            detected_until: match (self.detected_until, until) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            },
            ..self.clone()
        }
    }
}

/// What both allow; empty means anything. Where they have nothing in common the query itself turns everything away.
fn both<T: Copy + PartialEq>(filter: &[T], query: Vec<T>) -> Vec<T> {
    if filter.is_empty() {
        return query;
    }
    let common: Vec<T> = filter.iter().copied().filter(|one| query.contains(one)).collect();
    if common.is_empty() { filter.to_vec() } else { common }
}
