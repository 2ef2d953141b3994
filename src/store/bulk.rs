//! What a decision on everything that a filter matches would touch.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Cursor, Page};
use crate::drift::{DriftEvent, DriftId, DriftType, SeverityClass, Slug, State};
use crate::safety::Tainted;

/// Enough of a drift to name it and to decide about just what was shown.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Match {
    pub id: DriftId,
    /// For [`TriageRequest::expected_version`](crate::drift::TriageRequest::expected_version).
    pub version: u64,
    pub environment: Slug,
    pub resource_type: Tainted,
    pub resource_id: Tainted,
    pub drift_type: DriftType,
    pub severity: SeverityClass,
    pub state: State,
}

impl Match {
    /// As it stands at `now`.
    pub fn of(event: &DriftEvent, now: Timestamp) -> Self {
        Self {
            id: event.id,
            version: event.version,
            environment: event.environment.clone(),
            resource_type: event.resource.resource_type.clone(),
            resource_id: event.resource.resource_id.clone(),
            drift_type: event.drift_type,
            severity: event.severity_class(),
            state: event.state_at(now),
        }
    }
}

/// Everything a filter matches, up to a limit.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
pub struct Matching {
    /// Newest first.
    pub targets: Vec<Match>,
    /// There are no more.
    pub complete: bool,
}

impl Matching {
    /// Nobody can look through more than this.
    pub const MOST: usize = 10_000;

    /// Takes a page in, up to `limit` targets; gives the cursor to go on from while there is something to find.
    pub fn take(&mut self, page: &Page, limit: usize, now: Timestamp) -> Option<Cursor> {
        let room = limit.saturating_sub(self.targets.len());
        self.targets.extend(page.data.iter().take(room).map(|event| Match::of(event, now)));
        self.complete = page.next.is_none() && page.data.len() <= room;
        page.next.clone().filter(|_| page.data.len() <= room)
    }
}
