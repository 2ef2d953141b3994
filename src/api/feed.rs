//! The live feed.

use serde::{Deserialize, Serialize};

use crate::service::ServiceEvent;

/// One event with its number: who was away names the last one it saw, and goes on after it.
#[derive(Clone, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct FeedEvent {
    /// Counts up by one within a [stream](Self::stream).
    pub id: u64,
    pub event: ServiceEvent,
}

impl FeedEvent {
    /// As the `id:` of a server-sent event. `stream` is another one after each start of the server: numbers of another stream
    /// say nothing.
    pub fn mark(stream: &str, id: u64) -> String {
        format!("{stream}-{id}")
    }

    /// The number in a [`mark`](Self::mark) of this stream.
    pub fn number(stream: &str, mark: &str) -> Option<u64> {
        mark.strip_prefix(stream)?.strip_prefix('-')?.parse().ok()
    }
}
