//! How things stand: the newest drifts and how those of the last days went, above how often things happen where.

use super::msg::Ticket;
use crate::drift::{Business, DriftEvent, Stats};

/// Drifts that are listed.
pub const NEWEST: usize = 10;
/// Days of the figures.
pub const DAYS: u32 = 30;

/// What is asked for it.
#[derive(Clone, PartialEq, Debug)]
pub struct Home {
    pub stats: Stats,
    /// Newest first, in whatever state.
    pub newest: Vec<DriftEvent>,
}

/// The view.
#[derive(Default)]
pub struct HomeView {
    pub asked: Option<Ticket>,
    /// What came last stays until the next comes.
    pub answer: Option<Result<Box<Home>, String>>,
    /// What came of the watching: it takes longer to count, and nothing else waits for it.
    pub counting: Option<Ticket>,
    pub business: Option<Result<Box<Business>, String>>,
}
