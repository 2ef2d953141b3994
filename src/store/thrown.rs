//! What upkeep did.

use std::path::PathBuf;

/// What was thrown away.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pruned {
    pub drifts: u64,
    pub observations: u64,
    /// Large bodies that nothing referred to any more.
    pub objects: u64,
}

/// What the daily upkeep did; nothing when it was not due.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Upkeep {
    pub backup: Option<PathBuf>,
    pub pruned: Option<Pruned>,
}
