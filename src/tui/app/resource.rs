//! One resource: what it was seen to be, what hangs on it, where it is written down, its other drifts.

use super::msg::Ticket;
use crate::drift::{Change, DriftDetail, DriftId};
use crate::service::Relations;
use crate::store::Observation;
use crate::tui::app::overlay::Overlay;

/// Observed values that are listed.
pub const OBSERVED: usize = 200;

/// One observed value and what became different with it.
#[derive(Clone, PartialEq, Debug)]
pub struct Seen {
    pub observation: Observation,
    /// Since the value before; `None` for the first one known.
    pub changes: Option<Vec<Change>>,
}

/// All that is shown of a resource.
#[derive(Clone, PartialEq, Debug)]
pub struct ResourceFacts {
    pub detail: DriftDetail,
    /// Newest first.
    pub seen: Vec<Seen>,
    pub relations: Relations,
}

/// The view; the cursor goes over observed values, then over other drifts.
pub struct ResourceView {
    pub drift: DriftId,
    /// The resource.
    pub title: String,
    pub asked: Option<Ticket>,
    pub answer: Option<Result<Box<ResourceFacts>, String>>,
    pub at: usize,
    pub scroll: usize,
    /// What it lies over, if anything.
    pub under: Option<Overlay>,
}

impl ResourceView {
    pub fn facts(&self) -> Option<&ResourceFacts> {
        self.answer.as_ref()?.as_ref().ok().map(|facts| &**facts)
    }

    /// Rows the cursor can be on.
    pub fn choices(&self) -> usize {
        self.facts().map_or(0, |facts| facts.seen.len() + facts.relations.others.len())
    }
}
