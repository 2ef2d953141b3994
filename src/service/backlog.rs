//! What waits for its turn, and what came of what was sent elsewhere: for those who watch over a server.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::drift::Slug;
use crate::store::Store;

/// What came of one try to send something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Outcome {
    Sent,
    Failed,
    Dead,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Dead => "dead",
        }
    }
}

/// What was sent to each channel by this process, by what came of it.
#[derive(Default, Debug)]
pub struct Tally(Mutex<BTreeMap<(Slug, Outcome), u64>>);

impl Tally {
    pub fn count(&self, channel: &Slug, outcome: Outcome) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((channel.clone(), outcome)).or_default() += 1;
    }

    pub fn all(&self) -> BTreeMap<(Slug, Outcome), u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What waits.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Backlog {
    /// Scans that nobody has begun yet, where several processes share them.
    pub scans: Option<usize>,
    /// Notifications that are to be sent, by channel.
    pub deliveries: Vec<(Slug, usize)>,
    /// What came of those that were sent from here.
    pub delivered: BTreeMap<(Slug, Outcome), u64>,
}

impl Backlog {
    /// As far as the store answers.
    pub(super) fn of(store: &dyn Store, tally: &Tally) -> Self {
        let count = |channel: Slug| store.waiting_deliveries(&channel).ok().map(|many| (channel, many));
        Self {
            scans: store.jobs().and_then(|jobs| jobs.waiting().ok()).map(|waiting| waiting.len()),
            deliveries: store.alerting().channels.into_iter().filter_map(|to| count(to.name)).collect(),
            delivered: tally.all(),
        }
    }
}
