//! Decisions that the server does not have yet.

use std::collections::BTreeMap;

use crate::drift::DriftId;
use crate::service::{Standing, Waiting};

/// All of them, in the order they are sent.
#[derive(Default)]
pub struct WaitingList {
    list: Vec<Waiting>,
    /// By drift: whether one of them asks.
    drifts: BTreeMap<DriftId, bool>,
    /// The row under the cursor.
    pub at: usize,
}

impl WaitingList {
    pub fn take(&mut self, list: Vec<Waiting>) {
        self.drifts.clear();
        for (one, drift) in list.iter().filter_map(|one| Some((one, one.drift()?))) {
            *self.drifts.entry(drift).or_default() |= !matches!(one.stands, Standing::Unsent);
        }
        self.list = list;
        self.at = self.at.min(self.list.len().saturating_sub(1));
    }

    pub fn all(&self) -> &[Waiting] {
        &self.list
    }

    pub fn current(&self) -> Option<&Waiting> {
        self.list.get(self.at)
    }

    /// Those that wait for a person.
    pub fn asking(&self) -> impl Iterator<Item = &Waiting> {
        self.list.iter().filter(|one| !matches!(one.stands, Standing::Unsent))
    }

    /// What was decided last about a drift, and is sent when the server is back.
    pub fn kept(&self, drift: DriftId) -> Option<&Waiting> {
        self.list.iter().rev().find(|one| one.drift() == Some(drift) && one.stands == Standing::Unsent)
    }

    /// Puts the cursor on one.
    pub fn select(&mut self, id: ulid::Ulid) {
        self.at = self.list.iter().position(|one| one.id == id).unwrap_or(self.at);
    }

    /// The sign in the row of a drift.
    pub fn sign(&self, drift: DriftId) -> Option<char> {
        self.drifts.get(&drift).map(|asks| if *asks { '?' } else { '…' })
    }
}
