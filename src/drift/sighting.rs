//! A drift as a scan reports it: what was found, and what the store knows of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Change, Decision, DriftEvent, DriftId, Finding, Fingerprint, Hidden, ResolutionType, SettledChange, State,
};

/// A finding beside its history. What ignore rules hide stands among the hidden properties, not among the changes.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct Sighting {
    /// Without bodies.
    pub finding: Finding,
    /// `None`: nothing is remembered, or the store has never met it and could not write it down.
    pub known: Option<Known>,
}

/// What the store knows of a drift at the time of the scan.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct Known {
    /// `None`: an ignore rule is about it, but it is not written down.
    pub id: Option<DriftId>,
    /// Over all changes, ignored ones included.
    pub fingerprint: Fingerprint,
    /// Snoozes and exceptions whose time is over are open again.
    pub state: State,
    /// What the state rests on.
    pub decision: Option<Decision>,
    /// What was decided about single changes and holds; the drift may rest on these too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<SettledChange>,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    pub seen_count: u64,
    pub regressions: u32,
}

impl Known {
    /// As it stands at `now`.
    pub fn of(event: &DriftEvent, now: Timestamp) -> Self {
        let state = event.state_at(now);
        Self {
            id: Some(event.id),
            fingerprint: event.fingerprint,
            state,
            decision: event.decision.clone().filter(|_| state == event.state),
            settled: event.settled.iter().filter(|one| !one.is_over(now)).cloned().collect(),
            first_seen: event.detected_at,
            last_seen: event.last_seen,
            seen_count: event.seen_count,
            regressions: event.regressions,
        }
    }

    /// Out of sight because somebody said so, and still there on purpose: ignored, snoozed or accepted. A promise (to revert, to
    /// codify) and an escalation leave it drifted until a scan no longer sees it.
    pub fn is_settled(&self) -> bool {
        match self.state {
            State::Ignored | State::Snoozed => true,
            State::Resolved => match &self.decision {
                Some(decision) => decision.resolution_type == Some(ResolutionType::Accepted),
                None => self.settled.iter().all(SettledChange::is_accepted),
            },
            State::Open | State::Acknowledged | State::Closed => false,
        }
    }
}

impl From<Finding> for Sighting {
    /// Nothing is remembered of it.
    fn from(finding: Finding) -> Self {
        Self { finding, known: None }
    }
}

impl Sighting {
    /// What `event` says of the finding. `hidden` gives what is hidden of the event; asked only when ignore rules hide some of it.
    pub fn of(mut finding: Finding, event: &DriftEvent, now: Timestamp, hidden: impl FnOnce() -> Vec<Hidden>) -> Self {
        if event.changes.len() < finding.changes.len() {
            let rules = hidden();
            let is_shown = |c: &Change| event.changes.iter().any(|shown| shown.path == c.path);
            let ignored: Vec<Change>;
            (finding.changes, ignored) = std::mem::take(&mut finding.changes).into_iter().partition(is_shown);
            finding.hidden.extend(ignored.into_iter().map(|change| {
                let rule = rules.iter().find(|h| h.path == change.path && h.rule.starts_with("ignore:"));
                Hidden {
                    rule: rule.map_or_else(|| "ignore".to_owned(), |h| h.rule.clone()),
                    path: change.path,
                    declared: change.declared,
                    actual: change.actual,
                }
            }));
        }
        finding.learn(event);
        let given = std::mem::take(&mut finding.recommendations).into_iter();
        finding.recommendations = given.map(|one| one.still_dismissed(&event.recommendations)).collect();
        if event.settled.is_empty() {
            return Self { finding, known: Some(Known::of(event, now)) };
        }
        // A store that is only looked at does not know yet that a value it accepted is another one now.
        let mut event = DriftEvent { changes: finding.changes.clone(), ..event.clone() };
        event.lapse();
        finding.analysis.severity = *event.severity();
        Self { finding, known: Some(Known::of(&event, now)) }
    }

    /// The drift has been thought about since. What its severity rests on is the same: it keeps its place among others.
    pub fn reconsider(&mut self, event: &DriftEvent) {
        self.finding.learn(event);
    }

    /// What was decided about one of its changes.
    pub fn settled_change(&self, change: &Change) -> Option<&SettledChange> {
        self.known.as_ref()?.settled.iter().find(|one| one.path == change.path)
    }

    /// See [`Known::is_settled`].
    pub fn is_settled(&self) -> bool {
        self.known.as_ref().is_some_and(Known::is_settled)
    }

    /// See [`Fingerprint`].
    pub fn fingerprint(&self) -> Fingerprint {
        self.known.as_ref().map_or_else(|| self.finding.fingerprint(), |known| known.fingerprint)
    }
}
