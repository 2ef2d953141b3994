//! What is said about requests to do something about a drift.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::drift::{Remediation, RemediationKind};
use crate::safety::Tainted;

/// `POST drifts/{id}/remediate`.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemediateBody {
    /// As the drift's recommendations name it: their steps are what is to be approved.
    pub kind: RemediationKind,
    #[serde(default)]
    pub reason: Option<Tainted>,
    /// The version of the drift that was seen; another one is a conflict.
    #[serde(default)]
    pub expected_version: Option<u64>,
}

/// `POST remediations/{id}/approve`, `…/reject`, `…/cancel`.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemediationBody {
    #[serde(default)]
    pub reason: Option<Tainted>,
    /// The version of the request that was seen; another one is a conflict.
    #[serde(default)]
    pub expected_version: Option<u64>,
}

/// A request, and what comes next.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Remediated {
    pub remediation: Remediation,
    /// A sentence: nothing is carried out by driftguard, whatever is approved.
    pub says: String,
}

impl Remediated {
    pub fn of(remediation: Remediation, now: Timestamp) -> Self {
        Self { says: remediation.says(now), remediation }
    }
}
