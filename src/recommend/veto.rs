//! Policy: what may not be recommended, with the reason. A vetoed recommendation becomes a manual review that says why.

use super::Case;
use super::ignored::Ignored;
use crate::drift::{DriftType, Recommendation, RecommendationType};

/// Looks at one recommendation; a sentence is a veto.
type Policy = fn(&Case<'_>, &Recommendation) -> Option<&'static str>;

/// The built-in policies.
const POLICIES: &[Policy] = &[no_deletion_without_a_person, no_revert_that_changes_nothing];

/// Reverting something unmanaged means deleting it.
fn no_deletion_without_a_person(case: &Case<'_>, advice: &Recommendation) -> Option<&'static str> {
    (case.facts.drift_type == DriftType::Added && advice.recommendation_type == RecommendationType::AutoRevert)
        .then_some("reverting a resource that no code declares would delete it, and that is for a person to decide")
}

/// Terraform puts nothing back that the code has it ignore.
fn no_revert_that_changes_nothing(case: &Case<'_>, advice: &Recommendation) -> Option<&'static str> {
    let facts = case.facts;
    let is_it = facts.drift_type == DriftType::Modified && advice.recommendation_type == RecommendationType::AutoRevert;
    let ignored = case.code.filter(|_| is_it).and_then(|code| Ignored::of(code, facts.resource))?;
    ignored
        .names_all(facts.changes)
        .then_some("the code's ignore_changes names all that differs, so no apply puts it back")
}

/// The recommendation, or a manual review in its place.
pub(super) fn apply(case: &Case<'_>, advice: Recommendation) -> Recommendation {
    match POLICIES.iter().find_map(|policy| policy(case, &advice)) {
        None => advice,
        Some(reason) => {
            let vetoed = advice.recommendation_type.as_str();
            let mut review = super::manual_review(case.facts, case.analysis);
            review.rationale = format!("Policy forbids {vetoed}: {reason}.").into();
            review
        }
    }
}
