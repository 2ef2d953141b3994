//! What differs as a finding: masked, analysed, with advice. What could not be compared as a whole.

use std::time::Instant;

use serde_json::Value;

use super::examine::Examiner;
use super::leaves::leaves;
use super::outcome::{Outcome, Whole};
use crate::analysis::{self, Facts, Surroundings};
use crate::declared::DeclaredResource;
use crate::drift::{
    Axis, Change, Coverage, DriftType, Finding, PropertyPath, ResourceRef, Score, Unverified, UnverifiedReason,
    tags_of_both,
};
use crate::recommend::{Case, advise};
use crate::safety::{Masked, Tainted};

/// A change whose security score reaches this touches security.
const CRITICAL: Score = Score::percent(60);

impl Examiner<'_> {
    pub(super) fn found(&self, finding: Finding, coverage: Coverage, declared: Option<&DeclaredResource>) -> Outcome {
        if self.is_ignored(&finding.resource, declared) {
            return Outcome::Ignored;
        }
        Outcome::Drifted(Box::new(finding), coverage)
    }

    /// The whole resource, masked, where a store keeps it: masking it costs more than all else a finding needs.
    pub(super) fn body(&self, resource_type: &str, values: &Value, marks: &[PropertyPath]) -> Option<Masked> {
        if self.context.remembered.is_some() {
            return Some(self.redactor.mask(resource_type, values, marks));
        }
        // Each side was learned with its own marks only.
        if !marks.is_empty() {
            self.redactor.learn(resource_type, values, marks);
        }
        None
    }

    pub(super) fn finding(
        &self,
        drift_type: DriftType,
        resource: ResourceRef,
        mut changes: Vec<Change>,
        declared_state: Option<Masked>,
        actual_state: Option<Masked>,
    ) -> Finding {
        let environment = &self.spec.environment;
        let facts = Facts { environment, resource: &resource, drift_type, changes: &changes, now: self.now };
        let writers = analysis::changed_by(actual_state.as_ref(), &changes);
        let begun = Instant::now();
        let mut analysis =
            analysis::analyse_within(&facts, &Surroundings { writers: &writers, ..Surroundings::default() });
        analysis.took_micros = u64::try_from(begun.elapsed().as_micros()).ok();
        let tags = tags_of_both(actual_state.as_ref(), declared_state.as_ref());
        let case = Case { facts: &facts, analysis: &analysis, tags: &tags, code: Some(&self.code) };
        let recommendations = advise(&case, &self.spec.policies);
        // What the whole resource makes critical (the content of an sshd_config, say) its path alone does not show.
        for change in &mut changes {
            change.is_security_critical |= analysis.reasons.iter().any(|reason| {
                reason.axis == Axis::Security && reason.score >= CRITICAL && reason.path.as_ref() == Some(&change.path)
            });
        }
        changes.sort_by(|a, b| (!a.is_security_critical, &a.path).cmp(&(!b.is_security_critical, &b.path)));
        Finding {
            environment: environment.slug.clone(),
            drift_type,
            hidden: vec![],
            unverified: vec![],
            dependants: 0,
            tags,
            declared_state,
            actual_state,
            analysis,
            recommendations,
            resource,
            changes,
        }
    }

    pub fn unverified(&self, declared: &DeclaredResource, (reason, detail): (UnverifiedReason, Tainted)) -> Outcome {
        let resource = self.reference(declared);
        if self.is_ignored(&resource, Some(declared)) {
            return Outcome::Ignored;
        }
        let properties = leaves(&declared.values);
        Outcome::Unverified(Box::new(Whole { resource, why: Unverified { path: None, reason, detail }, properties }))
    }
}
