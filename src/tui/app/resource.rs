//! One resource: what it was seen to be, what hangs on it, where it is written down, its other drifts.

use super::msg::Ticket;
use crate::drift::{Change, CorrelationEvent, DriftDetail, DriftEvent, DriftId};
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

impl ResourceFacts {
    /// What other systems tell that may have to do with it, the nearest first.
    pub fn near(&self) -> &[CorrelationEvent] {
        &self.detail.event.analysis.cause.correlations
    }
}

/// What the cursor can be on.
pub enum Choice<'a> {
    Near(&'a CorrelationEvent),
    /// An observed value, and the one before it.
    Seen(&'a Seen, Option<&'a Seen>),
    Other(&'a DriftEvent),
}

/// The view; the cursor goes over what other systems tell, then observed values, then other drifts. It begins at the second.
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
        self.facts().map_or(0, |facts| facts.near().len() + facts.seen.len() + facts.relations.others.len())
    }

    /// What is under the cursor.
    pub fn current(&self) -> Option<Choice<'_>> {
        let facts = self.facts()?;
        if let Some(one) = facts.near().get(self.at) {
            return Some(Choice::Near(one));
        }
        let at = self.at.checked_sub(facts.near().len())?;
        match facts.seen.get(at) {
            Some(one) => Some(Choice::Seen(one, facts.seen.get(at + 1))),
            None => facts.relations.others.get(at.checked_sub(facts.seen.len())?).map(Choice::Other),
        }
    }
}
