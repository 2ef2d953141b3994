//! From facts to causes, severities and reasons. Deterministic rules first; a learned model comes later behind the same types.

mod actor;
mod as_of;
pub mod baseline;
mod blame;
mod cause;
pub(crate) mod direction;
mod frameworks;
mod judge;
mod lessons;
pub mod narrative;
mod pack;
mod prior;
mod setting;
mod severity;
pub mod together;
mod told;
mod value;
mod within;

pub use actor::changed_by;
pub(crate) use as_of::dialect;
pub use as_of::{AsOf, Then, as_of, between};
pub use blame::{Blame, blame};
pub use cause::{ArtifactError, Burst, LearnedCause, Past, Surroundings};
pub use frameworks::{frameworks_in_scope, set_scope};
pub use lessons::{Learned, LessonError, evaluate, learn, lessons};
pub use prior::{
    CERTAIN, Evidence, Model, WEIGHTS as SEVERITY_WEIGHTS, guard_score, learned_names, names as feature_names,
    row as features, side_score,
};
pub use told::named_by_rules;

use jiff::Timestamp;
use serde_json::Value;

use crate::drift::{
    Analysis, Change, DriftEvent, DriftType, Environment, FeatureVector, ResourceRef, Score, Severity, SeverityClass,
};
use severity::Subject;

/// What is known when a drift is analysed. Values are masked already.
pub struct Facts<'a> {
    pub environment: &'a Environment,
    pub resource: &'a ResourceRef,
    pub drift_type: DriftType,
    pub changes: &'a [Change],
    pub now: Timestamp,
}

/// Severity on four axes with reasons, and a cause with what speaks for it, by the drift alone.
pub fn analyse(facts: &Facts<'_>) -> Analysis {
    analyse_within(facts, &Surroundings::default())
}

/// As [`analyse`], with what is known around the drift.
pub fn analyse_within(facts: &Facts<'_>, around: &Surroundings<'_>) -> Analysis {
    let subject = Subject { resource: facts.resource, drift_type: facts.drift_type, changes: facts.changes };
    let judge::Judged { severity, reasons, direction, disruption } = judge::judge(&subject);
    let changed_by = match around.attribution {
        Some(to) => vec![to.actor.clone()],
        None => around.writers.to_vec(),
    };
    Analysis {
        cause: cause::find(facts, around, &severity),
        severity,
        reasons,
        direction,
        disruption,
        changed_by,
        analyzed_at: facts.now,
        took_micros: None,
    }
}

/// The evidence of a cause as numbers, for a model to learn from.
pub fn cause_features(facts: &Facts<'_>, around: &Surroundings<'_>) -> FeatureVector {
    cause::features_of(facts, around, &severity_of(facts.resource, facts.drift_type, facts.changes))
}

/// The packs it goes by: name and text.
pub fn packs() -> impl Iterator<Item = (&'static str, &'static str)> {
    let words = [("direction", direction::TEXT), ("subjects", prior::SUBJECTS_TEXT)];
    pack::PACKS.iter().copied().chain(words).chain(crate::knowledge::PACKS.iter().copied())
}

/// The learned models it goes by: name and text.
pub fn models() -> impl Iterator<Item = (&'static str, &'static str)> {
    let texts = [prior::FOREST_TEXT, prior::LINE_TEXT, prior::TOOLS_TEXT];
    ["severity", "severity-line", "severity-tools"].into_iter().zip(texts)
}

/// The four scores if the resource differed in these changes alone.
pub fn severity_of(resource: &ResourceRef, drift_type: DriftType, changes: &[Change]) -> Severity {
    judge::judge(&Subject { resource, drift_type, changes }).severity
}

/// How likely the class that such a drift got is the one that policy tools would give; `None`: nothing was learned of its kind.
pub fn severity_confidence(
    resource: &ResourceRef,
    drift_type: DriftType,
    changes: &[Change],
    class: SeverityClass,
) -> Option<Score> {
    judge::confidence(&Subject { resource, drift_type, changes }, class)
}

/// What the rules of the packs alone score, before what others say of the properties.
pub(crate) fn rules_severity(resource: &ResourceRef, drift_type: DriftType, changes: &[Change]) -> Severity {
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
    let by_name = || {
        severity::touches_security(resource_type, path)
            || is_graded(resource_type, path)
            || direction::of_change(resource_type, path, declared, actual).is_some_and(|lean| lean.weight >= 2)
    };
    // Else a `2` would be taken for what everybody may write.
    let is_mode = path.contains("mode") || path.contains("permission");
    (!prior::is_label(path) && by_name())
        || (path.contains("cidr") && [OpensWorld, ClosesWorld].iter().any(|test| test.holds(path, declared, actual)))
        || Secret.holds(path, declared, actual)
        || (is_mode && [Setuid, WorldWritable].iter().any(|test| test.holds(path, declared, actual)))
}

/// Not as Terraform spells types: `apps/v1/Deployment`, `AWS::EC2::Instance`.
fn is_spelt_otherwise(resource_type: &str) -> bool {
    resource_type.contains(['/', ':'])
}

/// Policy tools grade this very property, or the block it stands in, at least MEDIUM.
fn is_graded(resource_type: &str, path: &str) -> bool {
    let known = crate::knowledge::of(resource_type, path);
    // Under another spelling the blocks are other blocks.
    let nearest =
        if is_spelt_otherwise(resource_type) { crate::knowledge::Near::Itself } else { crate::knowledge::Near::Above };
    known.near <= nearest && known.median() >= Some(SeverityClass::Medium)
}

#[cfg(test)]
mod tests;
