//! Decisions that were made as one are told as one: fifty drifts accepted at once are one thing that happened.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use super::{AuditEntry, DETECTED, DriftEvent, DriftId, Happening, Incident, ResolutionType, TriageVerb};
use crate::safety::Tainted;

/// Decisions of one plan were kept one right after the other.
const BETWEEN: SignedDuration = SignedDuration::from_secs(2);
/// Names that stand for all.
const NAMED: usize = 3;

/// What tells which decisions were made as one.
pub struct Trace<'a> {
    /// What is said of all of them.
    said: (&'a str, &'a Tainted, Option<&'a Tainted>, bool, Option<ResolutionType>),
    drift: Option<DriftId>,
    at: Timestamp,
    seq: Option<u64>,
    batch: Option<u64>,
}

impl<'a> From<&'a Happening> for Trace<'a> {
    fn from(one: &'a Happening) -> Self {
        let said = (&*one.action, &one.actor, one.reason.as_ref(), one.undone, one.resolution_type);
        Self { said, drift: one.drift, at: one.at, seq: one.seq, batch: one.batch }
    }
}

impl<'a> From<&'a AuditEntry> for Trace<'a> {
    fn from(entry: &'a AuditEntry) -> Self {
        let kind = entry.verb.as_ref().and_then(TriageVerb::resolution_type);
        let said = (&*entry.action, &entry.actor, entry.reason.as_ref(), entry.undone_by.is_some(), kind);
        Self { said, drift: entry.drift, at: entry.timestamp, seq: Some(entry.seq), batch: entry.batch }
    }
}

impl Trace<'_> {
    /// Whether this and what came right after it are of one decision on several drifts.
    fn goes_with(&self, after: &Self) -> bool {
        let whole = ["acknowledge", "resolve_drift", "snooze", "assign", "note", "judge_cause", "reopen", "undo"];
        let (action, actor, ..) = self.said;
        let may = whole.contains(&action) && actor.raw() != "system" && self.drift.is_some() && after.drift.is_some();
        let is_together = match (self.batch, after.batch) {
            (Some(one), Some(next)) => one == next,
            (None, None) => self.is_right_before(after),
            _ => false,
        };
        may && is_together && self.said == after.said && self.drift != after.drift
    }

    /// Before batches had numbers their decisions could only be told by standing one right after the other.
    fn is_right_before(&self, after: &Self) -> bool {
        let follows = self.seq.zip(after.seq).is_some_and(|(one, next)| one + 1 == next);
        follows && after.at.duration_since(self.at) <= BETWEEN
    }
}

/// What was done as one, each as a run of what is given, which is newest first.
pub fn runs<'a, T>(told: &'a [T]) -> Vec<Range<usize>>
where
    Trace<'a>: From<&'a T>,
{
    let mut runs: Vec<Range<usize>> = vec![];
    for (at, one) in told.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if Trace::from(one).goes_with(&Trace::from(&told[run.end - 1])) => run.end = at + 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// `decided at once with 49 others, numbers 101 to 150`: of an entry among those that are listed; `None` where it is alone.
pub fn beside(entries: &[AuditEntry], at: usize) -> Option<String> {
    let goes_on = |newer: usize| {
        let next = entries.get(newer).zip(entries.get(newer + 1));
        next.is_some_and(|(one, after)| Trace::from(one).goes_with(&Trace::from(after)))
    };
    let newer = (0..at).rev().take_while(|one| goes_on(*one)).count();
    let older = (at..entries.len()).take_while(|one| goes_on(*one)).count();
    let (first, last) = (entries.get(at + older)?.seq, entries.get(at - newer)?.seq);
    let s = if newer + older == 1 { "" } else { "s" };
    (newer + older > 0).then(|| format!("decided at once with {} other{s}, numbers {first} to {last}", newer + older))
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
            batch: None,
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
    fn a_batch_is_told_by_its_number_and_by_nothing_else() {
        let of = |seq, batch, second| Happening { batch, ..told(seq, "acknowledge", "alice", second) };
        let (a, b) = (of(3, Some(2), 900), of(2, Some(2), 0));
        assert_eq!(runs(&[a.clone(), b.clone()]).len(), 1, "however long it took");
        assert_eq!(
            runs(&[Happening { seq: Some(9), ..a.clone() }, b.clone()]).len(),
            1,
            "whatever is left out between"
        );
        assert_eq!(runs(&[of(3, Some(3), 0), b.clone()]).len(), 2, "two decisions in the same second");
        assert_eq!(runs(&[of(3, None, 0), b.clone()]).len(), 2, "one was written before there were numbers");
        assert_eq!(runs(&[Happening { undone: true, ..a }, b]).len(), 2, "one of them is no decision any more");
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
