//! From facts to causes, severities and reasons. Deterministic rules first; a learned model comes later behind the same types.

mod actor;
mod as_of;
mod blame;
mod cause;
mod pack;
mod severity;
mod value;

pub use actor::changed_by;
pub use as_of::{AsOf, Then, as_of, between};
pub use blame::{Blame, blame};

use jiff::Timestamp;
use serde_json::Value;

use crate::drift::{Analysis, Change, DriftType, Environment, ResourceRef};

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
    let (severity, reasons) = severity::assess(facts);
    Analysis { cause: cause::find(facts), severity, reasons, changed_by: vec![], analyzed_at: facts.now }
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
