//! Decisions on single changes, without the disk: what a person, a sighting and the clock make of them.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::StoreError;
use super::life;
use super::record::{EventRecord, Standing};
use crate::analysis::open_severity;
use crate::drift::{Change, Decision, DriftEvent, PropertyPath, ResolutionType, SettledChange, State, TriageVerb};

/// The audit trail's name for acceptances that ended because the value is another one now.
pub(super) const LAPSED: &str = "lapsed";
/// The audit trail's name for decisions on changes that went over from the drift whose place this one takes.
pub(super) const TOOK_OVER: &str = "took_over";

/// What a verb about some changes makes of the drift. The caller has checked that every path is a change of it.
pub(super) fn after_verb(
    record: &EventRecord,
    verb: &TriageVerb,
    decision: Decision,
    now: Timestamp,
) -> Result<Standing, StoreError> {
    let (event, standing) = (&record.event, record.standing());
    match event.state_of_whole(now) {
        State::Resolved => return invalid("it is resolved as a whole; reopen it first"),
        State::Ignored => return invalid("an ignore rule hides it; reopen it first"),
        State::Closed => return invalid("the drift is closed; there is nothing left to decide"),
        State::Open | State::Acknowledged | State::Snoozed => {}
    }
    let (TriageVerb::SettleChanges { paths, .. } | TriageVerb::ReopenChanges { paths }) = verb else {
        return invalid("not a decision about changes");
    };
    if paths.is_empty() {
        return invalid("name at least one change");
    }
    let named: HashSet<&PropertyPath> = paths.iter().collect();
    let others = standing.settled.iter().filter(|one| !named.contains(&one.path)).cloned();
    let changes = event.changes.iter().filter(|change| named.contains(&change.path));
    let settled = match verb {
        TriageVerb::SettleChanges { resolution_type, until, .. } => {
            let decision = life::resolution(decision, *resolution_type, *until)?;
            others.chain(changes.map(|change| SettledChange::new(change, decision.clone()))).collect()
        }
        _ => {
            if let Some(path) = paths.iter().find(|path| event.settled_change(path, now).is_none()) {
                return Err(StoreError::Invalid(format!("{} is open already", path.0.line())));
            }
            others.collect()
        }
    };
    Ok(Standing { settled: sorted(settled), ..standing })
}

/// By path, each once.
fn sorted(mut settled: Vec<SettledChange>) -> Vec<SettledChange> {
    settled.sort_by(|a, b| a.path.cmp(&b.path));
    settled.dedup_by(|a, b| a.path == b.path);
    settled
}

/// The decisions on `paths` (`None`: on all) as they were `before`; an acceptance of a value that is no longer there stays gone.
pub(super) fn taken_back(event: &DriftEvent, before: &Standing, paths: Option<&[PropertyPath]>) -> Vec<SettledChange> {
    let is_about = |path: &PropertyPath| paths.is_none_or(|paths| paths.contains(path));
    let now = event.settled.iter().filter(|one| !is_about(&one.path));
    let then = before.settled.iter().filter(|one| is_about(&one.path));
    let mut back = DriftEvent { settled: sorted(now.chain(then).cloned().collect()), ..event.clone() };
    back.lapse();
    back.settled
}

/// What a drift that came back keeps: promises to set a change right were not kept, acceptances and escalations hold.
pub(super) fn after_return(settled: &[SettledChange]) -> Vec<SettledChange> {
    let set_right = |one: &&SettledChange| {
        matches!(one.decision.resolution_type, Some(ResolutionType::AutoRevert | ResolutionType::CodifyIac))
    };
    settled.iter().filter(|one| !set_right(one)).cloned().collect()
}

/// Takes over what was decided about changes of `old` that are changes of `heir` too, with the same value where that matters;
/// about those, what `heir` knew from former times no longer counts. Whether anything was taken over.
pub(super) fn inherit(heir: &mut EventRecord, old: &DriftEvent) -> bool {
    let (event, mut standing) = (&heir.event, heir.standing());
    let before: HashSet<&PropertyPath> = old.changes.iter().map(|change| &change.path).collect();
    standing.settled.retain(|one| !before.contains(&one.path));
    let changes: HashMap<&PropertyPath, &Change> = event.changes.iter().map(|change| (&change.path, change)).collect();
    let still_there = |one: &&SettledChange| changes.get(&one.path).is_some_and(|change| one.holds_for(change));
    let taken: Vec<SettledChange> = old.settled.iter().filter(still_there).cloned().collect();
    let any = !taken.is_empty();
    standing.settled = sorted(taken.into_iter().chain(standing.settled).collect());
    heir.set_standing(standing);
    any
}

/// Ends acceptances of values that are another now; says which, when there were any.
pub(super) fn lapse(record: &mut EventRecord) -> Option<String> {
    let lapsed = record.event.lapse();
    if lapsed.is_empty() {
        return None;
    }
    record.event.version += 1;
    let paths: Vec<&str> = lapsed.iter().map(|one| one.path.raw()).collect();
    Some(format!("another value than the accepted one: {}", paths.join(", ")))
}

/// Brings what is derived up to `now`: what is over is dropped, the severity is that of the open changes, the index knows.
pub(super) fn settle_index(record: &mut EventRecord, now: Timestamp) {
    let event = &mut record.event;
    event.mark_settled(now);
    event.settled.retain(|one| !one.is_over(now));
    let whole = event.state_of_whole(now);
    record.woken = whole != event.state;
    record.by_changes = event.is_resolved_by_changes(now);
    let ends = event.settled.iter().filter_map(|one| one.decision.until);
    record.settled_until = if event.state == State::Closed { None } else { ends.min() };
    event.open_severity = if event.settled.is_empty() { None } else { open_severity(event, now) };
}

fn invalid<T>(why: &str) -> Result<T, StoreError> {
    Err(StoreError::Invalid(why.into()))
}
