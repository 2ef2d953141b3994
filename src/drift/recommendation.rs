//! What a careful colleague would do about a drift.

use serde::{Deserialize, Serialize};

use super::{ResolutionType, Score};
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

/// What following the advice risks.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct RiskAssessment {
    pub success_probability: Score,
    pub potential_impacts: Vec<Tainted>,
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

    /// Past its expiry at `now`.
    pub fn is_stale(&self, now: jiff::Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}
