//! The others: who looks at which drift now.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use ulid::Ulid;

use crate::drift::query::GroupKey;
use crate::drift::{AuditEntry, DriftEvent, DriftId, State, TriageVerb};
use crate::safety::Tainted;
use crate::service::{Looking, PRESENCE_HOLDS, Spot};

/// A decision of somebody else is news for so long: they may yet take it back.
const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// All that is known of them.
pub struct Crew {
    /// The configuration wants it.
    is_on: bool,
    /// There may be others.
    is_shared: bool,
    me: Option<Tainted>,
    /// By name and screen: at which drift, since when that is known.
    others: BTreeMap<(Tainted, Ulid), (Spot, Timestamp)>,
    /// What they were told of us, and when.
    pub told: Option<(Option<DriftId>, Timestamp)>,
    /// When a key was pressed last.
    pub active_at: Timestamp,
}

/// Who has taken a drift, and when, where that is known.
pub type Taken = (Tainted, Option<Timestamp>);

impl Crew {
    pub fn new(is_on: bool, now: Timestamp) -> Self {
        Self { is_on, is_shared: false, me: None, others: BTreeMap::new(), told: None, active_at: now }
    }

    pub fn begin(&mut self, is_shared: bool, me: Tainted) {
        (self.is_shared, self.me) = (is_shared, Some(me));
    }

    /// Others may be there, and somebody wants to know of them.
    pub fn is_there(&self) -> bool {
        self.is_on && self.is_shared
    }

    fn is_me(&self, who: &Tainted) -> bool {
        self.me.as_ref() == Some(who)
    }

    /// One of them was heard of.
    pub fn hear(&mut self, looking: Looking, now: Timestamp) {
        let Looking { who, screen, at, .. } = looking;
        if !self.is_there() || self.is_me(&who) {
            return;
        }
        self.others.retain(|_, (_, heard)| holds(*heard, now));
        match at {
            Some(spot) => drop(self.others.insert((who, screen), (spot, now))),
            None => drop(self.others.remove(&(who, screen))),
        }
    }

    /// Everybody there is.
    pub fn replace(&mut self, all: Vec<Looking>, now: Timestamp) {
        self.others.clear();
        all.into_iter().for_each(|one| self.hear(one, now));
    }

    /// Who else looks at a drift now, each name once.
    pub fn looking_at(&self, drift: DriftId, now: Timestamp) -> Vec<&Tainted> {
        let here = self.others.iter().filter(|(_, (at, heard))| at.drift == drift && holds(*heard, now));
        let mut names: Vec<&Tainted> = here.map(|((who, _), _)| who).collect();
        names.dedup();
        names
    }

    /// Until when somebody else is known to look at a drift of a group; `None`: nobody does.
    pub fn in_group_until(&self, group: GroupKey, now: Timestamp) -> Option<Timestamp> {
        let here = self.others.values().filter(|(at, heard)| at.groups.contains(&group) && holds(*heard, now));
        here.filter_map(|(_, heard)| heard.checked_add(PRESENCE_HOLDS).ok()).min()
    }

    /// When the first of them is not known to look at it any more.
    pub fn until(&self, drift: DriftId, now: Timestamp) -> Option<Timestamp> {
        let here = self.others.values().filter(|(at, heard)| at.drift == drift && holds(*heard, now));
        here.filter_map(|(_, heard)| heard.checked_add(PRESENCE_HOLDS).ok()).min()
    }

    /// Who else has taken a drift: it is assigned to them, acknowledged by them, or they have just decided about it.
    pub fn taken(&self, event: &DriftEvent, history: &[AuditEntry], now: Timestamp) -> Option<Taken> {
        if !self.is_there() {
            return None;
        }
        if let Some(to) = event.assignee.as_ref() {
            let assigned = |one: &&AuditEntry| {
                one.undone_by.is_none() && matches!(&one.verb, Some(TriageVerb::Assign { to: Some(who) }) if who == to)
            };
            let at = history.iter().filter(assigned).map(|one| one.timestamp).max();
            return (!self.is_me(to)).then(|| (to.clone(), at));
        }
        let decision = event.decision.as_ref().filter(|decision| !self.is_me(&decision.by))?;
        let is_fresh = now.duration_since(decision.at) < FRESH;
        let is_taken = event.state_at(now) == State::Acknowledged || is_fresh;
        is_taken.then(|| (decision.by.clone(), Some(decision.at)))
    }
}

fn holds(heard: Timestamp, now: Timestamp) -> bool {
    now.duration_since(heard).unsigned_abs() < PRESENCE_HOLDS
}
