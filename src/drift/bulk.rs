//! Decisions that were made as one are told as one: fifty drifts accepted at once are one thing that happened.

use std::ops::Range;

use jiff::SignedDuration;

use super::{DETECTED, DriftEvent, Happening, Incident};

/// Decisions of one plan are kept one right after the other.
const BETWEEN: SignedDuration = SignedDuration::from_secs(2);
/// Names that stand for all.
const NAMED: usize = 3;

impl Happening {
    /// Whether this and what came right after it are of one decision on several drifts.
    fn goes_with(&self, after: &Self) -> bool {
        let whole = ["acknowledge", "resolve_drift", "snooze", "assign", "note", "reopen", "undo"];
        let follows = self.seq.zip(after.seq).is_some_and(|(one, next)| one + 1 == next);
        follows
            && whole.contains(&self.action.as_str())
            && self.is_of_a_person()
            && self.drift.is_some()
            && after.drift.is_some()
            && self.drift != after.drift
            && (&self.action, &self.actor, &self.reason) == (&after.action, &after.actor, &after.reason)
            && (self.undone, self.resolution_type) == (after.undone, after.resolution_type)
            && after.at.duration_since(self.at) <= BETWEEN
    }
}

/// What was done as one, each as a run of the happenings, which are newest first.
pub fn runs(happenings: &[Happening]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = vec![];
    for (at, one) in happenings.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if one.goes_with(&happenings[run.end - 1]) => run.end = at + 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// `accepted 50 drifts`; of a single one what it says itself.
pub fn words_of(run: &[Happening]) -> String {
    match run {
        [] => String::new(),
        [one] => one.words().to_owned(),
        [one, ..] if one.action == "undo" => format!("{} decisions taken back", run.len()),
        [one, ..] => format!("{} {} drifts", one.words(), run.len()),
    }
}

/// The first drifts of a run, and how many others there are.
pub fn names_of<'a>(incident: &'a Incident, run: &[Happening], name: impl Fn(&'a DriftEvent) -> String) -> String {
    let events: Vec<&DriftEvent> = run.iter().rev().filter_map(|one| incident.drift(one.drift?)).take(NAMED).collect();
    let rest = run.len() - events.len();
    let names: Vec<String> = events.into_iter().map(name).collect();
    let more = if rest > 0 && run.len() > 1 { format!(" and {rest} more") } else { String::new() };
    format!("{}{more}", names.join(", "))
}

/// How often what happened; what was done as one counts once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    pub first_seen: usize,
    pub came_back: usize,
    pub ended: usize,
    pub decided: usize,
    /// Environments that were added, decisions that went over to another drift.
    pub other: usize,
}

impl Tally {
    /// Marks are not counted.
    pub fn of<'a>(runs: impl Iterator<Item = &'a [Happening]>) -> Self {
        let mut tally = Self::default();
        for one in runs.filter_map(|run| run.first()).filter(|one| one.context.is_none()) {
            let count = match one.action.as_str() {
                DETECTED => &mut tally.first_seen,
                "regressed" => &mut tally.came_back,
                "closed" | "superseded" | "gone" => &mut tally.ended,
                _ if one.is_of_a_person() => &mut tally.decided,
                _ => &mut tally.other,
            };
            *count += 1;
        }
        tally
    }

    pub fn all(&self) -> usize {
        self.first_seen + self.came_back + self.ended + self.decided + self.other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::{DriftId, ResolutionType};

    /// Newest first; numbers as in the trail.
    fn told(seq: u64, action: &str, actor: &str, second: i64) -> Happening {
        Happening {
            at: jiff::Timestamp::from_second(1_795_255_200 + second).unwrap(),
            environment: None,
            drift: Some(DriftId(ulid::Ulid::from_parts(seq, 1))),
            action: action.into(),
            actor: actor.into(),
            reason: None,
            seq: Some(seq),
            undone: false,
            resolution_type: (action == "resolve_drift").then_some(ResolutionType::Accepted),
            context: None,
        }
    }

    #[test]
    fn a_bulk_decision_and_its_undo_are_one_thing_each() {
        let mut all: Vec<Happening> = (0..50).rev().map(|n| told(100 + n, "undo", "alice", 60)).collect();
        all.extend((0..50).rev().map(|n| told(50 + n, "resolve_drift", "alice", 0)));
        let runs = runs(&all);
        assert_eq!(runs, [0..50, 50..100]);
        assert_eq!(words_of(&all[0..50]), "50 decisions taken back");
        assert_eq!(words_of(&all[50..100]), "accepted 50 drifts");
        let tally = Tally::of(runs.into_iter().map(|run| &all[run]));
        assert_eq!((tally.decided, tally.all()), (2, 2));
    }

    #[test]
    fn what_was_decided_one_by_one_stays_one_by_one() {
        let alice = told(3, "acknowledge", "alice", 9);
        for other in [
            told(2, "acknowledge", "bob", 9),
            told(2, "note", "alice", 9),
            told(2, "acknowledge", "alice", 0),
            told(1, "acknowledge", "alice", 9),
            Happening { reason: Some("known".into()), ..told(2, "acknowledge", "alice", 9) },
            Happening { undone: true, ..told(2, "acknowledge", "alice", 9) },
            Happening { drift: alice.drift, ..told(2, "acknowledge", "alice", 9) },
        ] {
            assert_eq!(runs(&[alice.clone(), other.clone()]).len(), 2, "{other:?}");
        }
        assert_eq!(runs(&[alice, told(2, "acknowledge", "alice", 9)]).len(), 1);
        let scans = [told(2, "closed", "system", 0), told(1, "closed", "system", 0)];
        assert_eq!(runs(&scans).len(), 2, "what a scan ended is told one by one");
    }
}
