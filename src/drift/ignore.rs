//! Ignoring on purpose: rules, what they hide, and what happens to them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DriftId, Once, RuleId, SeverityClass, Slug};
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
    /// Over the live value of a change: a text as it is, anything else as JSON. Only changes are hidden; a value that holds
    /// a masked secret, or is not there, never matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Tainted>,
    /// Over who changed the resource; where nobody knows who did, it does not match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Tainted>,
    /// Never empty.
    pub reason: Tainted,
    pub owner: Tainted,
    pub created_at: jiff::Timestamp,
    pub expires_at: Option<jiff::Timestamp>,
}

impl IgnoreRule {
    /// Its patterns with what they are about.
    pub fn patterns(&self) -> impl Iterator<Item = (&'static str, &Tainted)> {
        let all = [
            ("type", &self.resource_type),
            ("id", &self.resource_id),
            ("path", &self.path),
            ("value", &self.value),
            ("by", &self.actor),
        ];
        all.into_iter().filter_map(|(name, pattern)| Some((name, pattern.as_ref()?)))
    }

    /// In a few words: what is not just any, in the order type, id, path, value, actor.
    pub fn says(&self) -> String {
        let words = self.patterns().filter(|(_, pattern)| pattern.raw() != "*");
        let words: Vec<String> = words
            .map(|(name, pattern)| match name {
                "value" => format!("= {}", pattern.line()),
                "by" => format!("by {}", pattern.line()),
                _ => pattern.line(),
            })
            .collect();
        if words.is_empty() { "everything".into() } else { words.join(" ") }
    }
}

/// One of the drifts a rule hides, wholly or in part.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct Reached {
    pub id: DriftId,
    pub environment: Slug,
    pub resource_id: Tainted,
    pub severity: SeverityClass,
}

/// What a rule hides, or would hide, at one moment.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default)]
pub struct RuleReach {
    /// Drifts of which it hides everything or something.
    pub drifts: u64,
    pub changes: u64,
    /// Of the drifts.
    pub critical: u64,
    /// Drifts by environment.
    pub environments: BTreeMap<Slug, u64>,
    /// The worst of them, at most [`RuleReach::NAMED`].
    pub first: Vec<Reached>,
    /// For a rule by actor: environments in which nothing says who changed a resource, so that it can match nothing there, with
    /// what is read of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub no_actor: BTreeMap<Slug, String>,
}

impl RuleReach {
    /// How many are named.
    pub const NAMED: usize = 5;

    /// `no actor is known for aws-config recordings (prod-eu): this rule can match nothing there`
    pub fn actor_warning(&self) -> Option<String> {
        let mut inputs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        self.no_actor.iter().for_each(|(slug, input)| inputs.entry(input).or_default().push(slug.as_str()));
        let named: Vec<String> =
            inputs.iter().map(|(input, slugs)| format!("{input} ({})", slugs.join(", "))).collect();
        (!named.is_empty())
            .then(|| format!("no actor is known for {}: this rule can match nothing there", named.join(", ")))
    }

    /// Counts one drift.
    pub fn add(&mut self, drift: Reached, changes: usize) {
        self.drifts += 1;
        self.changes += changes as u64;
        self.critical += u64::from(drift.severity == SeverityClass::Critical);
        *self.environments.entry(drift.environment.clone()).or_default() += 1;
        let worse = |one: &Reached| one.severity >= drift.severity;
        let at = self.first.iter().position(|one| !worse(one)).unwrap_or(self.first.len());
        self.first.insert(at, drift);
        self.first.truncate(Self::NAMED);
    }
}

/// A rule and how it does.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct RuleStatus {
    pub rule: IgnoreRule,
    pub hides: RuleReach,
    /// Its time is over: it hides nothing any more.
    pub is_expired: bool,
    /// Nothing matches it any more, as complete scans of every environment it is about have seen; since when. `None`: it hides
    /// something, has expired, or has not been through such a scan yet.
    pub unused_since: Option<jiff::Timestamp>,
}

/// What is asked about a rule that is there. Externally tagged in JSON.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum RuleVerb {
    /// The id stays.
    Change { to: IgnoreRule },
    /// What it hides comes back.
    Delete,
    /// Takes back the change or deletion with this audit sequence number.
    Undo { seq: u64 },
}

impl RuleVerb {
    /// The action's name in the audit trail.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Change { .. } => "change_rule",
            Self::Delete => "delete_rule",
            Self::Undo { .. } => "undo",
        }
    }
}

/// One verb on one rule.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct RuleRequest {
    pub rule: RuleId,
    pub verb: RuleVerb,
    #[serde(default)]
    pub reason: Option<Tainted>,
    pub actor: Tainted,
    /// The rule as it was on the screen; refused when it is another one now.
    #[serde(default)]
    pub expected: Option<IgnoreRule>,
    /// Sent again under the same name it is done once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub once: Option<Once>,
}

/// What became of a rule, for the audit trail: `before` is `None` for one that came back, `after` for one that is gone.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct RuleChange {
    pub before: Option<IgnoreRule>,
    pub after: Option<IgnoreRule>,
    /// Sequence number of the decision that made the rule.
    pub made: u64,
    /// Sequence number of what this takes back.
    #[serde(default)]
    pub undoes: Option<u64>,
}
