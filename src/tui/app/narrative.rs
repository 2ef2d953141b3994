//! What happened, in a few sentences.

use super::msg::Ticket;
use super::overlay::Overlay;
use crate::analysis::narrative::Narrative;
use crate::drift::DriftId;

/// The sentences, on their way or there.
pub struct NarrativeView {
    pub drift: DriftId,
    /// The resource.
    pub title: String,
    pub asked: Option<Ticket>,
    pub answer: Option<Result<Box<Narrative>, String>>,
    pub scroll: usize,
    /// What it lies over, if anything.
    pub under: Option<Overlay>,
}
