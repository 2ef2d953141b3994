//! Policy: what may not be recommended, with the reason. A vetoed recommendation becomes a manual review that says why.

use crate::analysis::Facts;
use crate::drift::{Analysis, DriftType, Recommendation, RecommendationType};

/// Looks at one recommendation; a sentence is a veto.
type Policy = fn(&Facts<'_>, &Analysis, &Recommendation) -> Option<&'static str>;

/// The built-in policies.
const POLICIES: &[Policy] = &[no_deletion_without_a_person];

/// Reverting something unmanaged means deleting it.
fn no_deletion_without_a_person(facts: &Facts<'_>, _: &Analysis, advice: &Recommendation) -> Option<&'static str> {
    (facts.drift_type == DriftType::Added && advice.recommendation_type == RecommendationType::AutoRevert)
        .then_some("reverting a resource that no code declares would delete it, and that is for a person to decide")
}

/// The recommendation, or a manual review in its place.
pub(super) fn apply(facts: &Facts<'_>, analysis: &Analysis, advice: Recommendation) -> Recommendation {
    apply_with(POLICIES, facts, analysis, advice)
}

fn apply_with(policies: &[Policy], facts: &Facts<'_>, analysis: &Analysis, advice: Recommendation) -> Recommendation {
    match policies.iter().find_map(|policy| policy(facts, analysis, &advice)) {
        None => advice,
        Some(reason) => {
            let vetoed = advice.recommendation_type.as_str();
            let mut review = super::manual_review(facts, analysis);
            review.rationale = format!("Policy forbids {vetoed}: {reason}.").into();
            review
        }
    }
}
