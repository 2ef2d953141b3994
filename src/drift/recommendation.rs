//! What a careful colleague would do about a drift.

use serde::{Deserialize, Serialize};

use super::{PropertyPath, ResolutionType, Score, Settlement};
use crate::safety::Tainted;

/// What to do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecommendationType {
    AutoRevert,
    CodifyIac,
    EscalateReview,
    AcceptException,
    ManualReview,
}

impl RecommendationType {
    /// The word in store and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AutoRevert => "auto_revert",
            Self::CodifyIac => "codify_iac",
            Self::EscalateReview => "escalate_review",
            Self::AcceptException => "accept_exception",
            Self::ManualReview => "manual_review",
        }
    }
}

/// How soon.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    Low,
    Medium,
    High,
    Critical,
}

impl Priority {
    /// The word in store and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// How much work.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Effort {
    Minutes,
    Hours,
    Days,
}

impl Effort {
    /// The word in store and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minutes => "minutes",
            Self::Hours => "hours",
            Self::Days => "days",
        }
    }
}

/// Who says so.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecommendedBy {
    MlModel,
    AiAgent,
    Human,
}

impl RecommendedBy {
    /// The word in store and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MlModel => "ml_model",
            Self::AiAgent => "ai_agent",
            Self::Human => "human",
        }
    }
}

/// What following the advice risks.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct RiskAssessment {
    pub success_probability: Score,
    pub potential_impacts: Vec<Tainted>,
}

/// A policy's no, with the reason.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Veto {
    /// Its name.
    pub policy: Tainted,
    pub reason: Tainted,
}

impl Veto {
    /// For people, of advice that stands all the same.
    pub fn objection(&self) -> String {
        format!("the policy {} objects: {}", self.policy.line(), self.reason.line())
    }
}

/// What would still differ once the advice is carried out, as the comparer judges it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
pub struct Prediction {
    /// Empty: no drift is left.
    pub left: Vec<Left>,
}

impl Prediction {
    /// `predicted drift after this: 0`, and a line for each property that stays. Safe to show.
    pub fn lines(&self) -> Vec<String> {
        let stays = self.left.iter().map(|one| format!("stays: {}: {}", one.path.0.line(), one.why.line()));
        std::iter::once(format!("predicted drift after this: {}", self.left.len())).chain(stays).collect()
    }
}

/// A property that would still differ, and why.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Left {
    pub path: PropertyPath,
    pub why: Tainted,
}

/// One piece of advice for one drift.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Recommendation {
    pub recommendation_type: RecommendationType,
    pub priority: Priority,
    pub confidence_score: Score,
    /// Never empty.
    pub rationale: Tainted,
    pub implementation_steps: Vec<Tainted>,
    pub risk_assessment: RiskAssessment,
    pub estimated_effort: Effort,
    pub recommended_by: RecommendedBy,
    pub created_at: jiff::Timestamp,
    /// From then on it is stale and cannot be followed.
    pub expires_at: Option<jiff::Timestamp>,
    pub implemented_at: Option<jiff::Timestamp>,
    pub implementation_result: Option<Tainted>,
    /// The policy that gave it, or its priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Tainted>,
    /// A policy forbids it: it is shown, and cannot be followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vetoed: Option<Veto>,
    /// A policy forbids such advice, and a person gave it all the same: it stands, with this beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objection: Option<Veto>,
    /// Not said of advice that changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted: Option<Prediction>,
    /// Until when an exception is proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_until: Option<jiff::Timestamp>,
    /// The edit of the code that follows it, as `diff -u` shows it, without secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<Tainted>,
    /// The person who gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added_by: Option<Tainted>,
    /// The decision that carried it out, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_by: Option<Settlement>,
}

/// Advice that a person gives.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAdvice {
    pub recommendation_type: RecommendationType,
    pub priority: Priority,
    /// Never empty.
    pub rationale: Tainted,
    #[serde(default)]
    pub steps: Vec<Tainted>,
    #[serde(default = "hours")]
    pub estimated_effort: Effort,
    /// In a week, where it is left out.
    #[serde(default)]
    pub expires_at: Option<jiff::Timestamp>,
}

fn hours() -> Effort {
    Effort::Hours
}

/// A step of advice that somebody has done.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Tick {
    /// See [`Recommendation::key`].
    pub advice: String,
    /// Counted from 1.
    pub step: u32,
    /// As it stood: another text is another step.
    pub text: Tainted,
    pub by: Tainted,
    pub at: jiff::Timestamp,
}

impl Tick {
    pub fn is_of(&self, advice: &str, step: u32, text: &Tainted) -> bool {
        self.advice == advice && self.step == step && self.text == *text
    }
}

impl Recommendation {
    /// Names it among the advice for its drift, for as long as it says the same: 16 hexadecimal digits.
    pub fn key(&self) -> String {
        let text = format!("{}\n{}", self.recommendation_type.as_str(), self.rationale.raw());
        blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
    }

    /// How following it settles a drift; `None`: it is advice to look, not to do.
    pub fn resolution_type(&self) -> Option<ResolutionType> {
        match self.recommendation_type {
            RecommendationType::AutoRevert => Some(ResolutionType::AutoRevert),
            RecommendationType::CodifyIac => Some(ResolutionType::CodifyIac),
            RecommendationType::EscalateReview => Some(ResolutionType::Escalated),
            RecommendationType::AcceptException => Some(ResolutionType::Accepted),
            RecommendationType::ManualReview => None,
        }
    }

    /// Why it cannot be followed at `now`; `None`: it can.
    pub fn refusal(&self, now: jiff::Timestamp) -> Option<String> {
        let word = self.recommendation_type.as_str();
        if let Some(Veto { policy, reason }) = &self.vetoed {
            return Some(format!("the policy {} forbids {word}: {}", policy.line(), reason.line()));
        }
        if let Some(said) = self.dismissal() {
            return Some(format!("the advice to {word} was {said}; decide about the drift by hand"));
        }
        self.is_stale(now).then(|| format!("the advice to {word} is too old to be followed: analyse the drift anew"))
    }

    /// Past its expiry at `now`, or past the end of the exception that it proposes.
    pub fn is_stale(&self, now: jiff::Timestamp) -> bool {
        [self.expires_at, self.accept_until].into_iter().flatten().any(|at| at <= now)
    }

    /// `dismissed: not before the freeze is over`, where somebody put it aside. Safe to show.
    pub fn dismissal(&self) -> Option<String> {
        let said = self.implementation_result.as_ref().filter(|_| self.implemented_at.is_none())?.line();
        let head = format!("advice {} dismissed", self.recommendation_type.as_str());
        let why = said.strip_prefix(&head).unwrap_or(&said).trim_start_matches([':', ' ']);
        Some(if why.is_empty() { "dismissed".to_owned() } else { format!("dismissed: {why}") })
    }

    /// Put aside still, where the same advice was before: a scan that gives it once more does not know better.
    pub fn still_dismissed(self, before: &[Self]) -> Self {
        let same = before.iter().find(|one| one.dismissal().is_some() && one.key() == self.key());
        match same {
            Some(old) => Self { implementation_result: old.implementation_result.clone(), ..self },
            None => self,
        }
    }

    /// `ml_model`, or the person who gave it. Safe to show.
    pub fn giver(&self) -> String {
        self.added_by.as_ref().map_or_else(|| self.recommended_by.as_str().to_owned(), Tainted::line)
    }

    /// How likely it succeeds, as far as that was ever reckoned: of what a person advises nobody did.
    pub fn success(&self) -> Option<Score> {
        (self.recommended_by != RecommendedBy::Human).then_some(self.risk_assessment.success_probability)
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::drift::{Advised, Decision, DriftEvent, State, TriageVerb};
    use crate::tui::sample;

    fn event(kind: RecommendationType) -> DriftEvent {
        let mut event = sample::drifts::all().swap_remove(0).event;
        event.recommendations.truncate(1);
        let one = &mut event.recommendations[0];
        (one.recommendation_type, one.vetoed, one.expires_at) = (kind, None, None);
        event
    }

    fn later(hours: i64) -> Timestamp {
        sample::now().checked_add(SignedDuration::from_hours(hours)).unwrap()
    }

    #[test]
    fn an_exception_is_not_proposed_past_its_own_end() {
        let mut advice = event(RecommendationType::AcceptException).recommendations.remove(0);
        advice.accept_until = Some(later(2));
        assert_eq!(advice.refusal(later(1)), None);
        assert!(advice.is_stale(later(2)));
        assert!(advice.refusal(later(3)).unwrap().contains("too old to be followed: analyse the drift anew"));
    }

    #[test]
    fn what_was_put_aside_is_said_with_its_reason_and_is_not_followed() {
        let mut advice = event(RecommendationType::AutoRevert).recommendations.remove(0);
        assert_eq!(advice.dismissal(), None);
        for (said, shown) in [
            ("advice auto_revert dismissed: INC-1", "dismissed: INC-1"),
            ("advice auto_revert dismissed", "dismissed"),
            ("not now\u{1b}[31m", "dismissed: not now␛[31m"),
        ] {
            advice.implementation_result = Some(said.into());
            assert_eq!(advice.dismissal().as_deref(), Some(shown));
            assert!(advice.refusal(sample::now()).unwrap().contains(&format!("to auto_revert was {shown}; decide")));
        }
        advice.implemented_at = Some(sample::now());
        assert_eq!((advice.dismissal(), advice.refusal(sample::now())), (None, None), "it was carried out");
    }

    #[test]
    fn a_decision_against_the_advice_of_the_time_adopts_none() {
        let decided = |change: fn(&mut Recommendation)| {
            let mut event = event(RecommendationType::AutoRevert);
            let decision: Decision = serde_json::from_value(serde_json::json!({
                "seq": 1, "by": "ann", "at": later(1), "reason": null, "until": null, "resolution_type": "auto_revert"
            }))
            .unwrap();
            (event.state, event.decision) = (State::Resolved, Some(decision));
            change(&mut event.recommendations[0]);
            Advised::of(&event)
        };
        assert_eq!(decided(|_| {}), Advised::Followed);
        assert_eq!(decided(|one| one.expires_at = Some(later(1))), Advised::Given, "it was too old then");
        assert_eq!(decided(|one| one.implementation_result = Some("not now".into())), Advised::Given);
        let forbidden = |one: &mut Recommendation| {
            one.vetoed = Some(Veto { policy: "payments".into(), reason: "no".into() });
        };
        assert_eq!(decided(forbidden), Advised::None);
    }

    #[test]
    fn a_policy_speaks_against_the_decision_that_it_forbids() {
        let mut event = event(RecommendationType::AutoRevert);
        let resolve = |resolution_type| TriageVerb::Resolve { resolution_type, until: None };
        assert_eq!(event.forbidden(&resolve(ResolutionType::AutoRevert)), None);
        event.recommendations[0].vetoed = Some(Veto { policy: "payments".into(), reason: "no".into() });
        let why = event.forbidden(&resolve(ResolutionType::AutoRevert));
        assert_eq!(why.as_deref(), Some("the policy payments forbids auto_revert: no"));
        assert_eq!(event.forbidden(&resolve(ResolutionType::Accepted)), None);
        assert_eq!(event.forbidden(&TriageVerb::Acknowledge), None);
    }
}
