//! From facts to causes, severities and reasons. Deterministic rules first; a learned model comes later behind the same types.

mod actor;
mod as_of;
pub mod baseline;
mod blame;
mod cause;
mod pack;
mod severity;
pub mod together;
mod value;
mod within;

pub use actor::changed_by;
pub use as_of::{AsOf, Then, as_of, between};
pub use blame::{Blame, blame};

use jiff::Timestamp;
use serde_json::Value;

use crate::drift::{Analysis, Cause, Change, ChangeType, DriftEvent, DriftType, Environment, ResourceRef, Severity};
use crate::safety::Masked;
use severity::Subject;

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
    let subject = Subject { resource: facts.resource, drift_type: facts.drift_type, changes: facts.changes };
    let (severity, reasons) = severity::assess(&subject);
    Analysis { cause: cause::find(facts), severity, reasons, changed_by: vec![], analyzed_at: facts.now }
}

/// As [`analyse`], with what somebody says of it: it speaks for a cause as a note on the resource would.
pub fn analyse_told(facts: &Facts<'_>, said: &Masked) -> Analysis {
    let note = Change {
        path: "metadata.annotations.reason".into(),
        change_type: ChangeType::Added,
        declared: None,
        actual: Some(said.clone()),
        is_security_critical: false,
        remembered_at: None,
    };
    let (mut analysis, told) = (analyse(facts), cause::find(&Facts { changes: &[note], ..*facts }));
    if told.cause_category != Cause::Unknown && told.confidence_score > analysis.cause.confidence_score {
        let before = std::mem::replace(&mut analysis.cause, told).contributing_factors;
        analysis.cause.contributing_factors.extend(before);
        analysis.cause.contributing_factors.truncate(5);
    }
    analysis
}

/// The packs it goes by: name and text.
pub fn packs() -> impl Iterator<Item = (&'static str, &'static str)> {
    pack::PACKS.iter().copied()
}

/// The four scores if the resource differed in these changes alone.
pub fn severity_of(resource: &ResourceRef, drift_type: DriftType, changes: &[Change]) -> Severity {
    severity::assess(&Subject { resource, drift_type, changes }).0
}

/// The four scores of what is still open, never more than those of the whole. `None`: all changes count, or none does.
pub fn open_severity(event: &DriftEvent, now: Timestamp) -> Option<Severity> {
    let open: Vec<Change> = event.open_changes(now).cloned().collect();
    if open.is_empty() || open.len() == event.changes.len() {
        return None;
    }
    let (of_open, whole) = (severity_of(&event.resource, event.drift_type, &open), &event.analysis.severity);
    Some(Severity {
        security: of_open.security.min(whole.security),
        performance: of_open.performance.min(whole.performance),
        cost: of_open.cost.min(whole.cost),
        compliance: of_open.compliance.min(whole.compliance),
    })
}

/// Whether a change at this property touches security, whichever way it goes.
pub fn is_security_critical(resource_type: &str, path: &str, declared: Option<&Value>, actual: Option<&Value>) -> bool {
    use value::Test::{ClosesWorld, OpensWorld, Secret, Setuid, WorldWritable};
    severity::touches_security(resource_type, path)
        || (path.contains("cidr") && [OpensWorld, ClosesWorld].iter().any(|test| test.holds(path, declared, actual)))
        || [Secret, Setuid, WorldWritable].iter().any(|test| test.holds(path, declared, actual))
}

#[cfg(test)]
mod tests;
