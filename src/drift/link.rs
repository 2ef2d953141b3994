//! What a person has said belongs together: a drift and another one. It holds for both, and says nothing of which came first.

use serde::{Deserialize, Serialize};

use super::{DriftEvent, DriftId};
use crate::safety::Tainted;

/// One end of it, as the other end has it.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Link {
    /// The drift at the other end.
    pub to: DriftId,
    /// Why they belong together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Tainted>,
    pub by: Tainted,
    pub at: jiff::Timestamp,
    /// Audit sequence number of the decision.
    pub seq: u64,
}

/// A link with the drift it leads to.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Linked {
    pub link: Link,
    pub drift: DriftEvent,
}
