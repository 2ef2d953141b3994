//! What upkeep did, and what it threw away before.

use std::path::{Path, PathBuf};

use super::{Observation, StoreError, trees};
use crate::drift::{DriftEvent, Slug};

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

/// A record of the archive.
#[derive(Clone, PartialEq, Debug)]
pub enum Archived {
    /// As it ended.
    Drift(Box<DriftEvent>),
    /// A value that was observed, and followed by others.
    Value { environment: Slug, observation: Box<Observation> },
}

/// Gives what the archive in the directory `dir` has, each record once, in the order in which it was thrown away. Returns how many
/// there are; none where there is no archive.
///
/// # Errors
/// [`StoreError::Damaged`] names the file and the place, and what `each` fails with.
pub fn archived(dir: &Path, each: &mut dyn FnMut(Archived) -> Result<(), StoreError>) -> Result<u64, StoreError> {
    trees::archived(dir, each)
}
