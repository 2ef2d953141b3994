//! What a drift belongs together with.

use serde::{Deserialize, Serialize};

use super::{DriftEvent, Slug};
use crate::safety::Tainted;

/// The incident of a drift: it and those that one hand, one ticket, one module, one and the same change or a person joins with it.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Together {
    /// Of the incident: the same as long as the same drift is the first in it.
    pub id: String,
    /// Members, this one included.
    pub count: u64,
    /// Those beside this one, the first seen first; at most 50.
    pub others: Vec<DriftEvent>,
    /// Why, the strongest reason first; sentences.
    pub why: Vec<Tainted>,
    /// The same change at about the same time in other environments: they are no part of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_in: Vec<AlsoIn>,
    /// Not all there is was looked at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_cut: bool,
}

/// Drifts with the same change in another environment.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct AlsoIn {
    pub environment: Slug,
    pub count: u64,
}

impl Together {
    /// There is nothing to tell of it.
    pub fn is_alone(&self) -> bool {
        self.count <= 1 && self.also_in.is_empty()
    }

    /// `also in lab (4), staging`
    pub fn also_words(&self) -> Option<String> {
        let of = |one: &AlsoIn| match one.count {
            1 => one.environment.to_string(),
            count => format!("{} ({count})", one.environment),
        };
        let all: Vec<String> = self.also_in.iter().map(of).collect();
        (!all.is_empty()).then(|| format!("also in {}", all.join(", ")))
    }
}

/// How often what happens in an environment, beside what is usual there.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Pulse {
    /// One line: what is unusual today, else what is usual, or how much of that is learnt.
    pub says: Tainted,
    pub is_unusual: bool,
    /// Incidents of the last days (of UTC), the oldest first, today's last.
    pub trend: Vec<u32>,
}
