//! What a drift belongs together with.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{DriftEvent, DriftId, Slug};
use crate::safety::{Tainted, sanitise};

/// How somebody names an incident: by its own id, or by any drift in it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum IncidentName {
    /// Lower-case hexadecimal digits, see [`crate::analysis::together`].
    Id(String),
    Member(DriftId),
}

/// It names no incident.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` names no incident: give its id ({digits} hexadecimal digits, as the view of a resource shows it) or a drift's", digits = IncidentName::DIGITS)]
pub struct NoIncident(String);

impl IncidentName {
    /// Of an incident's id.
    pub const DIGITS: usize = 20;

    pub fn is_id(text: &str) -> bool {
        text.len() == Self::DIGITS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }
}

impl FromStr for IncidentName {
    type Err = NoIncident;

    fn from_str(text: &str) -> Result<Self, NoIncident> {
        let id = text.to_ascii_lowercase();
        if Self::is_id(&id) {
            return Ok(Self::Id(id));
        }
        text.parse().map(Self::Member).map_err(|_| NoIncident(sanitise::cell(text, 30)))
    }
}

impl fmt::Display for IncidentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => f.write_str(id),
            Self::Member(drift) => drift.fmt(f),
        }
    }
}

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
    /// The same by resource type, those with most first; at most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<Trend>,
    /// How many there may be soon. `None` while it is learnt what is usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Forecast>,
}

/// Incidents by day, of one resource type.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Trend {
    pub of: Tainted,
    /// The oldest first, today's last.
    pub days: Vec<u32>,
}

/// How many incidents the days after today may bring if things go on as they did: experimental.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Forecast {
    pub days: u32,
    /// Of ten such spans eight are expected to have so many.
    pub from: u32,
    pub to: u32,
    /// As many have more as have fewer.
    pub likely: u32,
}

impl Forecast {
    /// `experimental forecast: 2–7 in the next 7 days (8 in 10), about 4`
    pub fn words(&self) -> String {
        let Self { days, from, to, likely } = self;
        let span = if from == to { from.to_string() } else { format!("{from}\u{2013}{to}") };
        format!("experimental forecast: {span} in the next {days} days (8 in 10), about {likely}")
    }
}
