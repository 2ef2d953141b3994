//! Decisions that were made here and that the server does not have yet.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::drift::{Decision, DriftEvent, DriftId, Slug, State, TriageVerb};
use crate::safety::Tainted;

/// One of them, as people look at it.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Waiting {
    #[schema(value_type = String)]
    pub id: Ulid,
    pub about: About,
    pub reason: Option<Tainted>,
    /// When it was decided.
    pub at: Timestamp,
    /// What the drift is about, where that was known.
    pub sight: Option<Sight>,
    /// It was sent and no answer came: it may be done already.
    pub may_be_done: bool,
    pub stands: Standing,
}

/// What was decided.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum About {
    Drift {
        drift: DriftId,
        verb: TriageVerb,
    },
    /// Something goes on.
    Mark {
        title: Tainted,
    },
    /// It is over.
    EndMark {
        title: Tainted,
    },
}

impl Waiting {
    /// The drift it is about.
    pub fn drift(&self) -> Option<DriftId> {
        if let About::Drift { drift, .. } = self.about { Some(drift) } else { None }
    }
}

/// The resource of a drift.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Sight {
    pub label: Tainted,
    pub environment: Slug,
}

/// What it waits for.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The server.
    Unsent,
    /// The person: the drift has changed since it was shown.
    Asks(Box<Newer>),
    /// Nothing any more: the server will not have it, for this reason. It is kept until somebody has read that.
    Refused(String),
}

/// What became of a drift meanwhile.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Newer {
    pub version: u64,
    pub state: State,
    /// The decision its state rests on.
    pub decision: Option<Decision>,
    pub assignee: Option<Tainted>,
    pub last_seen: Timestamp,
}

impl From<&DriftEvent> for Newer {
    fn from(event: &DriftEvent) -> Self {
        Self {
            version: event.version,
            state: event.state,
            decision: event.decision.clone(),
            assignee: event.assignee.clone(),
            last_seen: event.last_seen,
        }
    }
}

impl From<&DriftEvent> for Sight {
    fn from(event: &DriftEvent) -> Self {
        Self { label: event.resource.resource_id.clone(), environment: event.environment.clone() }
    }
}

/// What is to be done with one that waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Settle {
    /// It is not to be sent. Where somebody else was faster: theirs stands, and what else waits on the drift goes too.
    TakeBack,
    /// It is to be done although the drift has changed: on top of what was shown beside it.
    OnTop,
}
