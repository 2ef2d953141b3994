//! Bodies of writes. Who writes is who is logged in: no body says it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Problem;
use crate::drift::{
    DriftId, IgnoreRule, NeverHideRequest, NeverHideRule, NeverHideVerb, OperationalContext, ResolutionType, RuleId,
    RuleRequest, RuleVerb, Slug, TriageRequest, TriageVerb,
};
use crate::safety::Tainted;
use crate::store::Receipt;

/// `POST drifts/{id}/triage`.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct TriageBody {
    pub verb: TriageVerb,
    #[serde(default)]
    pub reason: Option<Tainted>,
    /// The version that was seen; another one is a conflict.
    #[serde(default)]
    pub expected_version: Option<u64>,
}

/// `POST drifts/triage`: each by itself; answers in this order.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct BulkBody {
    pub requests: Vec<TriageOne>,
}

/// One of them.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct TriageOne {
    pub drift: DriftId,
    pub verb: TriageVerb,
    #[serde(default)]
    pub reason: Option<Tainted>,
    #[serde(default)]
    pub expected_version: Option<u64>,
}

impl TriageOne {
    /// As the one who is logged in asks for it.
    pub fn by(self, actor: &Tainted) -> TriageRequest {
        let Self { drift, verb, reason, expected_version } = self;
        TriageRequest { drift, verb, reason, actor: actor.clone(), expected_version, once: None }
    }
}

impl TriageBody {
    /// About this drift.
    pub fn on(self, drift: DriftId) -> TriageOne {
        let Self { verb, reason, expected_version } = self;
        TriageOne { drift, verb, reason, expected_version }
    }
}

impl From<TriageRequest> for TriageOne {
    fn from(request: TriageRequest) -> Self {
        let TriageRequest { drift, verb, reason, expected_version, .. } = request;
        Self { drift, verb, reason, expected_version }
    }
}

/// What became of one of several.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Done(Receipt),
    Problem(Problem),
}

/// `PUT drifts/{id}/resolve`.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct ResolveBody {
    pub resolution_type: ResolutionType,
    #[serde(default)]
    pub until: Option<Timestamp>,
    #[serde(default)]
    pub reason: Option<Tainted>,
    #[serde(default)]
    pub expected_version: Option<u64>,
}

impl ResolveBody {
    /// As a decision like any other.
    pub fn triage(self) -> TriageBody {
        let Self { resolution_type, until, reason, expected_version } = self;
        TriageBody { verb: TriageVerb::Resolve { resolution_type, until }, reason, expected_version }
    }
}

/// The answer to it.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct Resolved {
    /// `resolved`.
    pub status: String,
    pub receipt: Receipt,
}

/// `POST ignore-rules/{id}`.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct RuleBody {
    pub verb: RuleVerb,
    #[serde(default)]
    pub reason: Option<Tainted>,
    /// The rule as it was seen; refused when it is another one now.
    #[serde(default)]
    pub expected: Option<IgnoreRule>,
}

/// `POST never-hide-rules/{id}`.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct NeverHideBody {
    pub verb: NeverHideVerb,
    #[serde(default)]
    pub reason: Option<Tainted>,
    /// The drift in front of which it was decided.
    #[serde(default)]
    pub drift: Option<DriftId>,
    /// The rule as it was seen; refused when it is another one now.
    #[serde(default)]
    pub expected: Option<NeverHideRule>,
}

/// `POST contexts`.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct ContextBody {
    pub context: OperationalContext,
}

/// `POST contexts/{id}/end`.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct EndContextBody {
    pub at: Timestamp,
}

/// `POST scans`, `POST scans/cancel`.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default)]
#[serde(deny_unknown_fields)]
pub struct ScanBody {
    /// Every environment without it.
    #[serde(default)]
    pub environment: Option<Slug>,
}

impl RuleBody {
    /// About this rule, as the one who is logged in asks for it.
    pub fn on(self, rule: RuleId, actor: &Tainted) -> RuleRequest {
        let Self { verb, reason, expected } = self;
        RuleRequest { rule, verb, reason, actor: actor.clone(), expected, once: None }
    }
}

impl NeverHideBody {
    /// About this rule, as the one who is logged in asks for it.
    pub fn on(self, rule: RuleId, actor: &Tainted) -> NeverHideRequest {
        let Self { verb, reason, drift, expected } = self;
        NeverHideRequest { rule, verb, actor: actor.clone(), reason, drift, expected, once: None }
    }
}
