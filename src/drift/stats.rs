//! How the drifts of the last days went.

use serde::{Deserialize, Serialize};

/// Of the drifts first seen in a span that ends now. One that took another shape is told of as the one it became.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
pub struct Stats {
    pub days: u32,
    pub total: u64,
    /// Decided, or gone by themselves.
    pub resolved: u64,
    /// Of the resolved ones, those that went without a decision.
    pub healed: u64,
    /// Everything else: open, acknowledged, snoozed, ignored, and exceptions whose time is over.
    pub unresolved: u64,
    /// From first sight to the end, over those resolved; `None` when there are none.
    pub average_resolution_seconds: Option<u64>,
}
