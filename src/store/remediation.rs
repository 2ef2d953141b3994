//! Which requests to do something about a drift are asked for.

use super::Direction;
use crate::drift::{DriftId, RemediationId, RemediationState, Slug};

/// Some of them, newest first.
#[derive(Clone, PartialEq, Debug)]
pub struct RemediationQuery {
    pub drift: Option<DriftId>,
    /// All, when there are none.
    pub environments: Vec<Slug>,
    /// As they stand now; any, when there are none.
    pub states: Vec<RemediationState>,
    /// Beyond this one: older ones, or with [`Direction::Newer`] those that came after it.
    pub cursor: Option<RemediationId>,
    pub direction: Direction,
    pub limit: usize,
}

impl Default for RemediationQuery {
    /// The newest of all.
    fn default() -> Self {
        let (environments, states) = (Vec::new(), Vec::new());
        Self { drift: None, environments, states, cursor: None, direction: Direction::Older, limit: Self::MOST }
    }
}

impl RemediationQuery {
    /// At most so many at once.
    pub const MOST: usize = 501;

    pub(super) fn holds(&self, environment: &Slug, state: RemediationState) -> bool {
        (self.environments.is_empty() || self.environments.contains(environment))
            && (self.states.is_empty() || self.states.contains(&state))
    }
}
