//! A past made up: the rows that scans would have written, for measuring a database of a size that would take them hours.

use jiff::Timestamp;

use super::{StoreError, postgres, trees};
use crate::drift::{Environment, Finding, Slug};

/// A complete scan, and what it saw first.
pub struct PastScan {
    pub environment: Slug,
    pub at: Timestamp,
    pub found: Vec<Past>,
}

/// A drift that nothing was decided about. No two have a resource in common.
pub struct Past {
    pub finding: Finding,
    /// The later scans that saw it, oldest first.
    pub again: Vec<Timestamp>,
    /// The scan that did not see it any more.
    pub healed: Option<Timestamp>,
}

/// Writes the scans, in the order of time, into the part of an organisation that has none of their drifts yet. Returns how many
/// drifts they are. Environments that are told of are made first. After an error a part of them is there.
///
/// # Errors
/// As [`open_url`](super::open_url).
pub fn load(
    url: &str,
    organization: &Slug,
    environments: &[Environment],
    scans: impl Iterator<Item = PastScan>,
) -> Result<u64, StoreError> {
    let database = postgres::Database { url: url.to_owned(), organization: organization.clone() };
    let (engine, identity) = postgres::connect(&database)?;
    trees::load(engine, identity, environments, scans)
}
