//! The list of rules: what each hides, and what must not be hidden.

use std::collections::BTreeSet;

use super::msg::Ticket;
use super::overlay::Plan;
use crate::drift::{NeverHideRule, RuleId, RuleStatus};

/// The ignore rules, and what is being done to one of them.
#[derive(Default)]
pub struct Rules {
    pub list: Vec<RuleStatus>,
    /// What must not be hidden; listed after them.
    pub never_hide: Vec<NeverHideRule>,
    pub is_loaded: bool,
    pub loading: Option<Ticket>,
    /// Something happened since they were asked for.
    pub stale: bool,
    pub error: Option<String>,
    /// The one under the cursor; the first, when it is not there any more.
    pub selected: Option<RuleId>,
    /// Those that were said to match nothing any more.
    pub told: BTreeSet<RuleId>,
    /// On its way to the store: what it is called, and what it takes back.
    pub pending: Option<(Ticket, Plan)>,
}

impl Rules {
    /// Its row.
    pub fn at(&self) -> usize {
        self.ids().position(|id| Some(id) == self.selected).unwrap_or(0)
    }

    /// All of them, as they are listed.
    pub fn ids(&self) -> impl Iterator<Item = RuleId> + '_ {
        self.list.iter().map(|one| one.rule.id).chain(self.never_hide.iter().map(|rule| rule.id))
    }

    /// The ignore rule under the cursor.
    pub fn current(&self) -> Option<&RuleStatus> {
        self.list.get(self.at())
    }

    /// The rule about what must not be hidden under the cursor.
    pub fn current_never_hide(&self) -> Option<&NeverHideRule> {
        self.never_hide.get(self.at().checked_sub(self.list.len())?)
    }
}
