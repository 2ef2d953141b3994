//! One thing that waits: a decision about a drift, or a mark of what goes on.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::api::TriageOne;
use crate::drift::{ContextId, DriftId, OperationalContext};
use crate::safety::Tainted;
use crate::service::waiting::{About, Sight, Standing};

/// What the server is to do.
#[derive(Clone, PartialEq, Debug)]
pub enum Asked {
    Triage(TriageOne),
    Mark(Box<OperationalContext>),
    EndMark(EndMark),
}

/// Ends what goes on.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct EndMark {
    pub id: ContextId,
    pub at: Timestamp,
    /// What it is called, where that was known.
    pub title: Tainted,
}

impl Asked {
    pub fn triage(&self) -> Option<&TriageOne> {
        if let Self::Triage(request) = self { Some(request) } else { None }
    }

    /// A decision is made in view of this version.
    pub fn expect(&mut self, version: u64) {
        if let Self::Triage(request) = self {
            request.expected_version = Some(version);
        }
    }

    /// As people look at it.
    pub fn about(&self) -> About {
        match self {
            Self::Triage(request) => About::Drift { drift: request.drift, verb: request.verb.clone() },
            Self::Mark(context) => About::Mark { title: context.context_data.title.clone() },
            Self::EndMark(end) => About::EndMark { title: end.title.clone() },
        }
    }
}

/// It, and how it stands.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Part {
    pub id: Ulid,
    pub asked: Asked,
    pub sight: Option<Sight>,
    pub stands: Standing,
}

impl Part {
    pub fn drift(&self) -> Option<DriftId> {
        self.asked.triage().map(|request| request.drift)
    }
}

/// As it lies on the disk: one of the three is there. An older driftguard reads the decisions among them.
#[derive(Serialize, Deserialize)]
struct Stored {
    id: Ulid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request: Option<TriageOne>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mark: Option<Box<OperationalContext>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end_mark: Option<EndMark>,
    sight: Option<Sight>,
    stands: Standing,
}

impl From<Part> for Stored {
    fn from(part: Part) -> Self {
        let Part { id, asked, sight, stands } = part;
        let (mut request, mut mark, mut end_mark) = (None, None, None);
        match asked {
            Asked::Triage(one) => request = Some(one),
            Asked::Mark(one) => mark = Some(one),
            Asked::EndMark(one) => end_mark = Some(one),
        }
        Self { id, request, mark, end_mark, sight, stands }
    }
}

impl TryFrom<Stored> for Part {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Stored { id, request, mark, end_mark, sight, stands } = stored;
        let asked = match (request, mark, end_mark) {
            (Some(one), None, None) => Asked::Triage(one),
            (None, Some(one), None) => Asked::Mark(one),
            (None, None, Some(one)) => Asked::EndMark(one),
            _ => return Err("it is neither a decision nor a mark"),
        };
        Ok(Self { id, asked, sight, stands })
    }
}
