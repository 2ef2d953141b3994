//! Decisions: on their way to the store, and saved in this session.

use jiff::Timestamp;

use super::drafts::DraftKey;
use super::msg::Ticket;
use super::overlay::Target;
use crate::drift::{DriftId, RuleId, TriageVerb};
use crate::safety::Tainted;

/// A decision on its way to the store.
#[derive(Clone, PartialEq, Debug)]
pub struct Pending {
    pub ticket: Ticket,
    pub batch: Ticket,
    pub word: String,
    pub label: Tainted,
    /// The decision it takes back.
    pub undoes: Option<u64>,
    pub reason: Option<Tainted>,
    /// Only about some changes of the drift: there is more to do in it.
    pub is_of_changes: bool,
    /// What is to be done on the same drift when this is saved.
    pub then: Vec<TriageVerb>,
}

/// What a decision is about.
#[derive(Clone, PartialEq, Debug)]
pub enum On {
    Drift(Target),
    Rule(RuleId),
    NeverHide(RuleId),
}

/// A decision of this session, durable.
#[derive(Clone, PartialEq, Debug)]
pub struct Decided {
    pub batch: Ticket,
    pub seq: u64,
    pub word: String,
    pub on: On,
    pub at: Timestamp,
}

/// How far the decisions of one plan are.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Batch {
    pub saved: Vec<u64>,
    pub failed: usize,
    /// Kept here until the server can be reached.
    pub kept: usize,
    /// What was typed for it.
    pub draft: Option<DraftKey>,
    /// Where the cursor was when it was sent.
    pub from: Option<DriftId>,
}
