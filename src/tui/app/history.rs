//! What was decided: about one drift, or about everything.

use std::collections::BTreeMap;

use super::msg::Ticket;
use crate::drift::{AuditEntry, DriftId};
use crate::safety::Tainted;
use crate::tui::app::overlay::Overlay;

/// Entries that are asked for at first, and at most.
const FIRST: usize = 500;
const MOST: usize = 64_000;
/// Rows the cursor keeps from the end of what is there.
const MARGIN: usize = 50;

/// What was decided, the newest first.
#[derive(Debug, Default)]
pub struct Trail {
    pub entries: Vec<AuditEntry>,
    /// The resources of the newest ones.
    pub names: BTreeMap<DriftId, Tainted>,
}

/// The list.
pub struct HistoryView {
    /// `None`: the whole trail.
    pub about: Option<(DriftId, Tainted)>,
    pub entries: Vec<AuditEntry>,
    pub names: BTreeMap<DriftId, Tainted>,
    pub is_loaded: bool,
    pub error: Option<String>,
    pub at: usize,
    /// Something was decided since.
    pub stale: bool,
    limit: usize,
    asked: Option<Ticket>,
    /// What it lies over, if anything.
    pub under: Option<Overlay>,
}

impl HistoryView {
    pub fn new(about: Option<(DriftId, Tainted)>, under: Option<Overlay>) -> Self {
        let limit = FIRST;
        let (entries, names) = Default::default();
        Self { about, entries, names, is_loaded: false, error: None, at: 0, stale: true, limit, asked: None, under }
    }

    pub fn current(&self) -> Option<&AuditEntry> {
        self.entries.get(self.at)
    }

    /// There are older ones that are not listed.
    pub fn is_cut(&self) -> bool {
        self.about.is_none() && self.entries.len() >= self.limit
    }

    /// How many entries have to be asked for now.
    pub fn wants(&mut self) -> Option<usize> {
        let is_short = self.is_cut() && self.at + MARGIN >= self.entries.len() && self.limit < MOST;
        if self.asked.is_some() || !self.stale && !is_short {
            return None;
        }
        if is_short {
            self.limit = (self.limit * 4).min(MOST);
        }
        Some(self.limit)
    }

    pub fn ask(&mut self, ticket: Ticket) {
        (self.asked, self.stale) = (Some(ticket), false);
    }

    /// Takes an answer that somebody waits for; the cursor stays on its entry.
    pub fn came(&mut self, ticket: Ticket, answer: Result<Trail, String>) {
        if self.asked != Some(ticket) {
            return;
        }
        self.asked = None;
        match answer {
            Err(why) => self.error = Some(why),
            Ok(Trail { entries, names }) => {
                self.names = names;
                let seq = self.current().map(|entry| entry.seq).filter(|_| self.at > 0);
                self.at = seq.and_then(|seq| entries.iter().position(|one| one.seq == seq)).unwrap_or(0);
                (self.entries, self.is_loaded, self.error) = (entries, true, None);
            }
        }
    }
}
