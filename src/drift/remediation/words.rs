//! The words of it: what is to be done, where it stands, what is said to it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::drift::{DriftEvent, Recommendation, RecommendationType};

/// What is to be done, in the words of the [recommendations](RecommendationType).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RemediationKind {
    /// Put it back to what the code says.
    AutoRevert,
    /// Change the code to match.
    CodifyIac,
}

impl RemediationKind {
    /// Every value.
    pub const ALL: [Self; 2] = [Self::AutoRevert, Self::CodifyIac];

    /// The word in store and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AutoRevert => "auto_revert",
            Self::CodifyIac => "codify_iac",
        }
    }

    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::AutoRevert => "revert",
            Self::CodifyIac => "codify",
        }
    }

    fn advice(self) -> RecommendationType {
        match self {
            Self::AutoRevert => RecommendationType::AutoRevert,
            Self::CodifyIac => RecommendationType::CodifyIac,
        }
    }

    /// The advice to do this, as it is given for a drift; advice that was put aside, or that a policy forbids, where there is no other.
    pub fn of(self, event: &DriftEvent) -> Option<&Recommendation> {
        let all = event.recommendations.iter().filter(|one| one.recommendation_type == self.advice());
        all.min_by_key(|one| (one.vetoed.is_some(), one.dismissal().is_some()))
    }

    /// Why none of the advice to do this can be followed at `now`; `None`: some can, or nobody gave any.
    pub fn refusal(self, event: &DriftEvent, now: Timestamp) -> Option<String> {
        let all = event.recommendations.iter().filter(|one| one.recommendation_type == self.advice());
        let refusals: Option<Vec<String>> = all.map(|one| one.refusal(now)).collect();
        refusals?.into_iter().next()
    }
}

/// Where it stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RemediationState {
    /// An admin who did not ask for it has to say yes or no.
    AwaitingApproval,
    /// To be carried out by hand.
    Approved,
    Rejected,
    Cancelled,
    /// Nobody answered in time.
    Expired,
    /// The drift is not what it was asked for any more, or the advice is another one.
    Stale,
}

impl RemediationState {
    /// Every value.
    pub const ALL: [Self; 6] =
        [Self::AwaitingApproval, Self::Approved, Self::Rejected, Self::Cancelled, Self::Expired, Self::Stale];

    /// The word in store and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingApproval => "awaiting_approval",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Stale => "stale",
        }
    }

    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::AwaitingApproval => "waiting for approval",
            other => other.as_str(),
        }
    }
}

impl std::str::FromStr for RemediationState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::as_str).join(", ");
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| format!("is one of {}", known()))
    }
}

/// What somebody says to it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RemediationVerb {
    Approve,
    Reject,
    Cancel,
}

impl RemediationVerb {
    /// Every value.
    pub const ALL: [Self; 3] = [Self::Approve, Self::Reject, Self::Cancel];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Cancel => "cancel",
        }
    }

    /// Where it leads.
    pub fn leads_to(self) -> RemediationState {
        match self {
            Self::Approve => RemediationState::Approved,
            Self::Reject => RemediationState::Rejected,
            Self::Cancel => RemediationState::Cancelled,
        }
    }
}
