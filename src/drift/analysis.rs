//! Why a drift happened and how bad it is.

use serde::{Deserialize, Serialize};

use super::{CorrelationEvent, DriftType, MlPrediction, Probabilities, PropertyPath, Score, TemporalContext};
use crate::safety::{Masked, Tainted};

/// The six causes; `unknown` whenever evidence is thin.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    EmergencyFix,
    ManualTroubleshooting,
    SecurityResponse,
    ConfigurationError,
    AutomatedResponse,
    Unknown,
}

impl Cause {
    /// Every value.
    pub const ALL: [Self; 6] = [
        Self::EmergencyFix,
        Self::ManualTroubleshooting,
        Self::SecurityResponse,
        Self::ConfigurationError,
        Self::AutomatedResponse,
        Self::Unknown,
    ];

    /// Its place in [`ALL`](Self::ALL).
    pub(crate) fn index(self) -> usize {
        self as usize
    }

    /// In words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::EmergencyFix => "emergency fix",
            Self::ManualTroubleshooting => "manual troubleshooting",
            Self::SecurityResponse => "security response",
            Self::ConfigurationError => "configuration error",
            Self::AutomatedResponse => "automated response",
            Self::Unknown => "unknown",
        }
    }

    /// The word in store and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EmergencyFix => "emergency_fix",
            Self::ManualTroubleshooting => "manual_troubleshooting",
            Self::SecurityResponse => "security_response",
            Self::ConfigurationError => "configuration_error",
            Self::AutomatedResponse => "automated_response",
            Self::Unknown => "unknown",
        }
    }
}

/// A cause with what speaks for it.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct CauseAnalysis {
    pub cause_category: Cause,
    /// The probability of the cause.
    pub confidence_score: Score,
    /// Sentences, each with the evidence it is about; what weighs most comes first.
    pub contributing_factors: Vec<Tainted>,
    /// How likely each cause is. `None`: thought of before they were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, f64>>)]
    pub probabilities: Option<Probabilities>,
    /// More than the drift itself was looked at: who did it, what went on then, what somebody said. A scan that sees the same
    /// changes leaves it alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_informed: bool,
    /// What a learned model said of it, where one is in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prediction: Option<Box<MlPrediction>>,
    /// What somebody said of the drift when it was thought of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Masked>,
    /// What other systems tell that may have to do with it, the highest score first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub correlations: Vec<CorrelationEvent>,
    /// When it happened, and what went on then. `None`: nothing says when, or nobody has looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporal_context: Option<Box<TemporalContext>>,
}

impl Default for CauseAnalysis {
    /// Nothing has been thought of it.
    fn default() -> Self {
        Self {
            cause_category: Cause::Unknown,
            confidence_score: Score::ZERO,
            contributing_factors: vec![],
            probabilities: None,
            is_informed: false,
            prediction: None,
            said: None,
            correlations: vec![],
            temporal_context: None,
        }
    }
}

/// The four axes of severity.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Axis {
    Security,
    Performance,
    Cost,
    Compliance,
}

impl Axis {
    /// As it is named everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Performance => "performance",
            Self::Cost => "cost",
            Self::Compliance => "compliance",
        }
    }
}

/// Four scores; the overall one is their maximum.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
pub struct Severity {
    pub security: Score,
    pub performance: Score,
    pub cost: Score,
    pub compliance: Score,
}

impl Severity {
    pub const fn on(&self, axis: Axis) -> Score {
        match axis {
            Axis::Security => self.security,
            Axis::Performance => self.performance,
            Axis::Cost => self.cost,
            Axis::Compliance => self.compliance,
        }
    }

    /// The maximum of the four.
    pub fn overall(&self) -> Score {
        self.security.max(self.performance).max(self.cost).max(self.compliance)
    }

    /// The class of the overall score.
    pub fn class(&self) -> SeverityClass {
        SeverityClass::of(self.overall())
    }
}

/// CRITICAL from 0.85, HIGH from 0.60, MEDIUM from 0.30, LOW below. Ordered LOW < MEDIUM < HIGH < CRITICAL.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum SeverityClass {
    Low,
    Medium,
    High,
    Critical,
}

impl SeverityClass {
    /// From the worst down.
    pub const WORST_FIRST: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// The class of a score; monotone.
    pub fn of(score: Score) -> Self {
        match score.hundredths() {
            85.. => Self::Critical,
            60.. => Self::High,
            30.. => Self::Medium,
            _ => Self::Low,
        }
    }

    /// The word in store and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "CRITICAL",
            Self::High => "HIGH",
            Self::Medium => "MEDIUM",
            Self::Low => "LOW",
        }
    }

    /// One letter, so that no meaning hangs on colour alone.
    pub fn letter(self) -> char {
        match self {
            Self::Critical => 'C',
            Self::High => 'H',
            Self::Medium => 'M',
            Self::Low => 'L',
        }
    }
}

/// Which way a drift goes: whether less is guarded than the code says, or more.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, Default, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Loosening,
    Hardening,
    /// Neither, as far as the values tell.
    #[default]
    Neutral,
    /// Set in the code and not live any more, without a meaning for security: the cloud's default holds.
    BackToDefault,
}

impl Direction {
    /// The word in store and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Loosening => "loosening",
            Self::Hardening => "hardening",
            Self::Neutral => "neutral",
            Self::BackToDefault => "back_to_default",
        }
    }

    fn is_neutral(&self) -> bool {
        *self == Self::Neutral
    }
}

/// What changing a property back does to what runs, as the cloud's documentation says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Disruption {
    None,
    /// It restarts, or does not answer for a while.
    Some,
    /// It is deleted and made anew.
    Replacement,
}

impl Disruption {
    /// The word in store and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Some => "some",
            Self::Replacement => "replacement",
        }
    }

    /// For people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::None => "Changing it back interrupts nothing.",
            Self::Some => "Changing it back interrupts it for a while.",
            Self::Replacement => "Changing it back replaces it: it is deleted and made anew.",
        }
    }
}

/// Why an axis got its score.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct SeverityReason {
    pub axis: Axis,
    pub score: Score,
    /// The property that decided it; `None` for the drift as a whole.
    pub path: Option<PropertyPath>,
    /// One sentence.
    pub text: Tainted,
}

/// What is known about a drift beyond its changes.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Analysis {
    pub cause: CauseAnalysis,
    pub severity: Severity,
    pub reasons: Vec<SeverityReason>,
    #[serde(default, skip_serializing_if = "Direction::is_neutral")]
    pub direction: Direction,
    /// What changing it back does to what runs; `None`: not known of all that would be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disruption: Option<Disruption>,
    /// Who made the changes, as far as a source says: field managers, cloud principals. Empty: nobody knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed_by: Vec<Tainted>,
    pub analyzed_at: jiff::Timestamp,
    /// How long thinking about it took, in microseconds. `None`: nobody measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_micros: Option<u64>,
}

impl Analysis {
    /// From here on, that a whole resource came or went touches security.
    const GRAVE: Score = Score::percent(50);

    /// The resource came or went, and what the rules say of that touches security: no change of it can carry the mark.
    pub fn is_critical_as_whole(&self, drift_type: DriftType) -> bool {
        matches!(drift_type, DriftType::Added | DriftType::Deleted) && self.severity.security >= Self::GRAVE
    }
}
