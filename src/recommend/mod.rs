//! From analysis and policy to recommendations.
//!
//! The rules (contract rows 158 to 168), `confidence` being that of the cause:
//!
//! | when | then |
//! |---|---|
//! | confidence >= 0.80 and the cause is a configuration error | `auto_revert` |
//! | confidence >= 0.80 and it is an emergency fix | `codify_iac` |
//! | confidence >= 0.80 and it is a security response | `escalate_review`, priority critical |
//! | production and security above 0.70 | also `escalate_review`: "Security impact requires CISO review" |
//! | nothing else | `manual_review` |
//!
//! [Policies] of one's own come after these.

mod code;
mod ignored;
pub mod import;
pub mod outlook;
mod owners;
pub mod policy;
mod steps;
mod veto;

use jiff::{SignedDuration, Timestamp};

use crate::analysis::Facts;
use crate::drift::{
    Analysis, Cause, DriftType, Effort, Priority, Recommendation, RecommendationType, RecommendedBy, RiskAssessment,
    Score,
};
use crate::safety::Tainted;
pub use code::{Code, Spot};
pub use outlook::{Outlook, Sides};
pub use policy::{Policies, PolicyError};

/// From this confidence on a cause is acted upon.
const SURE: Score = Score::percent(80);
/// Above this security score production needs a second look.
const SECURITY_LIMIT: Score = Score::percent(70);
/// How long advice to revert stays good.
const REVERT_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// How long other advice stays good.
const OTHER_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What carrying out advice of a kind usually takes, and how long it stays good.
fn usual(kind: RecommendationType) -> (Effort, SignedDuration) {
    match kind {
        RecommendationType::AutoRevert => (Effort::Minutes, REVERT_LIFE),
        RecommendationType::ManualReview => (Effort::Minutes, OTHER_LIFE),
        _ => (Effort::Hours, OTHER_LIFE),
    }
}

/// A drift, as far as advice needs to know it.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    pub facts: &'a Facts<'a>,
    pub analysis: &'a Analysis,
    /// Of the resource.
    pub tags: &'a [(Tainted, Tainted)],
    /// Where its code is looked up; `None`: nowhere.
    pub code: Option<&'a Code>,
}

impl<'a> Case<'a> {
    /// Without tags, and without a look at the code.
    pub fn new(facts: &'a Facts<'a>, analysis: &'a Analysis) -> Self {
        Self { facts, analysis, tags: &[], code: None }
    }
}

/// At least one recommendation, the most urgent first.
pub fn recommend(facts: &Facts<'_>, analysis: &Analysis) -> Vec<Recommendation> {
    advise(&Case::new(facts, analysis), &Policies::default())
}

/// As [`recommend`], under policies. What they forbid comes last.
pub fn advise(case: &Case<'_>, policies: &Policies) -> Vec<Recommendation> {
    let (facts, analysis) = (case.facts, case.analysis);
    let asked = Asked { case, policies };
    let mut advice = vec![];
    if analysis.cause.confidence_score >= SURE {
        match analysis.cause.cause_category {
            Cause::ConfigurationError => advice.push(auto_revert(case)),
            Cause::EmergencyFix => advice.push(codify(case)),
            Cause::SecurityResponse => advice.push(escalate(&asked, Priority::Critical, SECURITY_RESPONSE)),
            Cause::ManualTroubleshooting | Cause::AutomatedResponse | Cause::Unknown => {}
        }
    }
    if facts.environment.is_production() && analysis.severity.security > SECURITY_LIMIT {
        let text = format!(
            "Security impact requires CISO review: {} is production, and the security score is {}.",
            facts.environment.slug.as_str(),
            analysis.severity.security
        );
        advice.push(escalate(&asked, Priority::Critical, &text));
        advice.iter_mut().filter(|_| is_guessed(analysis)).for_each(wait_for_security);
    }
    let mut advice: Vec<Recommendation> = advice.into_iter().map(|one| veto::apply(case, one)).collect();
    policies.apply(&asked, &mut advice);
    if advice.iter().all(|one| one.vetoed.is_some()) {
        advice.push(manual_review(facts, analysis));
    }
    if let Some(disruption) = analysis.disruption {
        advice.iter_mut().filter(|one| one.recommendation_type != RecommendationType::CodifyIac).for_each(|one| {
            one.risk_assessment.potential_impacts.push(disruption.sentence().into());
        });
    }
    advice.sort_by_key(|one| (one.vetoed.is_some(), std::cmp::Reverse(one.priority)));
    advice
}

/// A case, and the policies that tell who decides about it.
struct Asked<'a> {
    case: &'a Case<'a>,
    policies: &'a Policies,
}

impl Asked<'_> {
    /// Who decides, where somebody is named. May look at files.
    fn to(&self) -> Option<Tainted> {
        owners::decides(self.case, self.policies)
    }
}

const SECURITY_RESPONSE: &str = "It looks like an answer to a security event: undoing it could reopen what was closed. Somebody from security should decide.";

fn auto_revert(case: &Case<'_>) -> Recommendation {
    let (facts, confidence) = (case.facts, case.analysis.cause.confidence_score);
    Recommendation {
        rationale: format!("A configuration error (confidence {confidence}): what the code says can be put back.")
            .into(),
        implementation_steps: steps::revert(case),
        risk_assessment: risk(90, &["Whoever relies on the live value loses it."]),
        ..blank(RecommendationType::AutoRevert, Priority::Medium, confidence, facts.now)
    }
}

fn codify(case: &Case<'_>) -> Recommendation {
    let (facts, confidence) = (case.facts, case.analysis.cause.confidence_score);
    Recommendation {
        rationale: match is_guessed(case.analysis) {
            false => format!(
                "An emergency fix (confidence {confidence}): it was needed, so the code should say it too, or the next apply undoes it."
            ),
            true => format!(
                "An emergency fix (confidence {confidence}; guessed by the model, not confirmed): if it was needed, the code should say \
                 it too, or the next apply undoes it."
            ),
        }
        .into(),
        implementation_steps: steps::codify(case),
        risk_assessment: risk(85, &["Until the code says it, an apply undoes the fix."]),
        ..blank(RecommendationType::CodifyIac, Priority::High, confidence, facts.now)
    }
}

/// A learned model named the cause; where somebody said it, no model is asked.
fn is_guessed(analysis: &Analysis) -> bool {
    analysis.cause.prediction.as_ref().is_some_and(|said| !said.abstained)
}

/// What makes the code say what a guess explains must not go before the review it stands beside.
fn wait_for_security(advice: &mut Recommendation) {
    if advice.recommendation_type == RecommendationType::CodifyIac {
        let first = "Only after the security lead has agreed: the cause is guessed, and nobody has confirmed it.";
        advice.implementation_steps.insert(0, first.into());
        let impact = "Only after the security lead has agreed: the code would keep open what should be closed.";
        advice.risk_assessment.potential_impacts.insert(0, impact.into());
    }
}

fn escalate(asked: &Asked<'_>, priority: Priority, rationale: &str) -> Recommendation {
    let (facts, confidence) = (asked.case.facts, asked.case.analysis.cause.confidence_score);
    Recommendation {
        rationale: rationale.into(),
        implementation_steps: steps::escalate(asked.case, asked.to().as_ref()),
        risk_assessment: risk(80, &["Until somebody decides, the drift stays as it is."]),
        ..blank(RecommendationType::EscalateReview, priority, confidence, facts.now)
    }
}

fn manual_review(facts: &Facts<'_>, analysis: &Analysis) -> Recommendation {
    let cause = &analysis.cause;
    let (name, confidence) = (cause.cause_category.as_str().replace('_', " "), cause.confidence_score);
    let rationale = if cause.cause_category == Cause::Unknown {
        "Nobody knows yet why it changed: look before anything is put back or written down.".to_owned()
    } else if confidence < SURE {
        format!("Perhaps {name} (confidence {confidence}), which is not sure enough to act upon: look first.")
    } else {
        format!(
            "It was {name} (confidence {confidence}), which does not say whether the code or the cloud is right: look first."
        )
    };
    let priority = match analysis.severity.class() {
        crate::drift::SeverityClass::Critical | crate::drift::SeverityClass::High => Priority::High,
        crate::drift::SeverityClass::Medium => Priority::Medium,
        crate::drift::SeverityClass::Low => Priority::Low,
    };
    Recommendation {
        rationale: rationale.into(),
        implementation_steps: steps::review(facts),
        risk_assessment: risk(70, &["A drift that nobody looks at stays."]),
        ..blank(RecommendationType::ManualReview, priority, cause.confidence_score, facts.now)
    }
}

fn blank(
    recommendation_type: RecommendationType,
    priority: Priority,
    confidence_score: Score,
    now: Timestamp,
) -> Recommendation {
    let (estimated_effort, life) = usual(recommendation_type);
    Recommendation {
        recommendation_type,
        priority,
        confidence_score,
        rationale: String::new().into(),
        implementation_steps: vec![],
        risk_assessment: risk(0, &[]),
        estimated_effort,
        recommended_by: RecommendedBy::MlModel,
        created_at: now,
        expires_at: now.checked_add(life).ok(),
        implemented_at: None,
        implementation_result: None,
        policy: None,
        vetoed: None,
        objection: None,
        predicted: None,
        accept_until: None,
        patch: None,
        added_by: None,
        settled_by: None,
    }
}

fn risk(success_percent: u8, impacts: &[&str]) -> RiskAssessment {
    RiskAssessment {
        success_probability: Score::percent(success_percent),
        potential_impacts: impacts.iter().map(|text| (*text).into()).collect(),
    }
}

/// What a drift type leaves to do, for texts.
fn is_gone(facts: &Facts<'_>) -> bool {
    facts.drift_type == DriftType::Deleted
}

#[cfg(test)]
mod tests;
