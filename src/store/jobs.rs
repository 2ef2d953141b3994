//! Scans as jobs that several processes share, because the store lies in a database.

use std::time::Duration;

use jiff::Timestamp;

use super::StoreError;
use crate::drift::Slug;

/// An environment to scan, as all processes see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScanJob {
    pub environment: Slug,
    /// When it is scanned next by the schedule.
    pub next: Option<Timestamp>,
    /// Since when somebody scans it.
    pub running: Option<Timestamp>,
}

/// When an environment is scanned without being asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rhythm {
    Never,
    Every(Duration),
    /// By a schedule, which whoever scans knows: this is its next time.
    At(Timestamp),
}

/// Whoever has it scans; nobody else does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    pub environment: Slug,
    /// Another one each time: whoever had it before has it no more.
    pub number: i64,
}

/// Whether a claim is still one's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kept {
    Yes,
    /// Somebody wants the scan stopped.
    Cancelled,
    /// It was given to somebody else, because nothing was heard for so long.
    Lost,
}

/// The scans of one organisation. Every call may block on the network.
pub trait ScanJobs: Send + Sync {
    /// The environment is scanned in this rhythm, by whoever comes first; at once when it never was.
    fn plan(&self, environment: &Slug, rhythm: Rhythm, last: Option<Timestamp>) -> Result<(), StoreError>;
    /// A scan is wanted now, of all of them or one; gives which. During a scan, one more follows it.
    fn want(&self, environment: Option<&Slug>) -> Result<Vec<Slug>, StoreError>;
    /// Stops the running scan, and forgets the one that waits; gives which.
    fn cancel(&self, environment: Option<&Slug>) -> Result<Vec<Slug>, StoreError>;
    /// What waits for somebody to scan it: by schedule, on demand, or because whoever began it is gone.
    fn waiting(&self) -> Result<Vec<Slug>, StoreError>;
    /// Takes what waits, for as long as a [lease](Self::lease) lasts; `None` when somebody else has it, or it does not wait any more.
    /// `next`: when it is due again, by a schedule; else the interval says so.
    fn claim(&self, environment: &Slug, next: Option<Timestamp>) -> Result<Option<Claim>, StoreError>;
    /// Takes it for as long again.
    fn keep(&self, claim: &Claim) -> Result<Kept, StoreError>;
    /// It is done.
    fn release(&self, claim: &Claim) -> Result<(), StoreError>;
    /// Nobody is to scan it any more, unless somebody does just now.
    fn forget(&self, environment: &Slug) -> Result<(), StoreError> {
        let _ = environment;
        Ok(())
    }
    /// For how long one who is not heard of keeps a claim.
    fn lease(&self) -> Duration;
    fn all(&self) -> Result<Vec<ScanJob>, StoreError>;
    /// Says something to the other processes that have the store open: they hear it by [`Store::subscribe`](super::Store::subscribe),
    /// if they listen. At most 7 kB.
    fn say(&self, text: &str) -> Result<(), StoreError>;
}
