//! What comes back by itself: snoozes, exceptions and ignore rules end by time.

use jiff::Timestamp;

use crate::drift::{DriftEvent, State};

/// Nothing holds the drift back any more: its time was over.
#[derive(Clone, PartialEq, Debug)]
pub struct Returned {
    /// As it is now.
    pub event: DriftEvent,
    /// Where it stood until then. Still open or acknowledged: only some of its changes were accepted until then.
    pub was: State,
}

/// What came back since this was last asked, each told once, and when the next one will.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Returns {
    pub returned: Vec<Returned>,
    /// `None`: nothing waits for its time.
    pub next: Option<Timestamp>,
}
