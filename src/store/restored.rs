//! What an export was brought back to.

use jiff::Timestamp;

/// A store as it stood at an earlier time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Restored {
    /// Records that were taken in.
    pub records: u64,
    /// Records of what came later, left out.
    pub later: u64,
    /// Number and time of the last entry of the trail that was taken in.
    pub last: Option<(u64, Timestamp)>,
    /// What cannot be known of that time, a sentence each.
    pub unknown: Vec<String>,
}
