//! From facts to causes, severities and reasons. Deterministic rules first; a learned model comes later behind the same types.

use jiff::Timestamp;
use serde_json::Value;

use crate::drift::{Analysis, Cause, CauseAnalysis, Change, DriftType, Environment, ResourceRef, Score, Severity};

/// What is known when a drift is analysed. Values are masked already.
pub struct Facts<'a> {
    pub environment: &'a Environment,
    pub resource: &'a ResourceRef,
    pub drift_type: DriftType,
    pub changes: &'a [Change],
    pub now: Timestamp,
}

/// Severity on four axes with reasons, and a cause with what speaks for it.
pub fn analyse(facts: &Facts<'_>) -> Analysis {
    Analysis {
        cause: CauseAnalysis {
            cause_category: Cause::Unknown,
            confidence_score: Score::ZERO,
            contributing_factors: vec![],
        },
        severity: Severity::default(),
        reasons: vec![],
        analyzed_at: facts.now,
    }
}

/// Whether a change at this property touches security, whichever way it goes.
pub fn is_security_critical(
    _resource_type: &str,
    _path: &str,
    _declared: Option<&Value>,
    _actual: Option<&Value>,
) -> bool {
    false
}
