//! Who made a drift.

use super::msg::Ticket;
use crate::drift::{DriftId, Who};
use crate::tui::app::overlay::Overlay;

/// The question and its answer.
pub struct WhoView {
    pub drift: DriftId,
    /// The resource.
    pub title: String,
    pub asked: Option<Ticket>,
    pub answer: Option<Result<Box<Who>, String>>,
    pub scroll: usize,
    /// What it lies over, if anything.
    pub under: Option<Overlay>,
}
