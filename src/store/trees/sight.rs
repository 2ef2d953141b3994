//! One finding meets the store: new, seen again, or come back.

use super::ending::Turn;
use super::engine::Tree;
use super::lineage::{Forebear, forebear, kin};
use super::tx::Tx;
use super::{Writer, later, tx};
use crate::drift::{Closure, Decision, DriftId, Finding, Fingerprint, State};
use crate::store::record::{BodyRecord, EventRecord, Placed, Standing};
use crate::store::rules::Rule;
use crate::store::{Recorded, StoreError, life, rules, settling};

use jiff::Timestamp;

/// Writes the sighting into `tx`. That a drift came back, and what became of decisions about its changes, is for the journal too.
pub(super) fn sight(
    tx: &mut Tx<'_>,
    writer: &mut Writer,
    (at, in_maintenance): (Timestamp, bool),
    mut finding: Finding,
) -> Result<(Recorded, Vec<Turn>), StoreError> {
    let fingerprint = finding.fingerprint();
    let (old, mut new, was_known) = find(tx, writer, at, &finding, fingerprint)?;
    let unverified = finding.unverified.clone();
    let mut body = BodyRecord {
        declared_state: finding.declared_state.take(),
        actual_state: finding.actual_state.take(),
        hidden: std::mem::take(&mut finding.hidden),
        unverified,
        ignored: Vec::new(),
    };
    // One that somebody else could go on as is new, or has ended.
    let may_go_on = !was_known || life::has_ended(&new.standing());
    let kin = if may_go_on { kin(tx, at, new.event.id, &finding)? } else { Vec::new() };
    let forebear = forebear(tx, &kin, &finding, &body)?;
    let before = new.standing();
    if let Some(Forebear { record, action, .. }) = &forebear {
        if *action == life::MOVED {
            // Whoever looked around the same changes knows more than a scan does.
            new.event.analysis.cause = record.event.analysis.cause.clone();
        }
        new.event.seen_count = record.event.seen_count;
        if old.is_none() {
            new.event.detected_at = record.event.detected_at;
        }
        new.set_standing(record.standing());
        new.event.attribution = record.event.attribution.clone();
    }
    if life::has_ended(&new.standing()) {
        // What led to it the last time need not have done so this time.
        new.event.analysis.cause.is_informed = false;
    }
    life::refresh(&mut new.event, finding, at);
    let came_back = come_back(&mut new);
    if came_back {
        new.event.forget_attribution();
    }
    if came_back || !was_known && forebear.is_none() {
        new.event.in_maintenance = in_maintenance;
    }
    let old_decisions = kin.first().filter(|_| forebear.is_none());
    let took_over = old_decisions.is_some_and(|old| settling::inherit(&mut new, &old.event));
    let lapsed = settling::lapse(&mut new);
    let seen = Standing { gone: false, ..new.standing() };
    hide(&writer.rules, tx.now, seen, &mut new, &mut body);
    keep(tx, old.as_ref(), &mut new, &body)?;

    let turns = Turns { before, after: new.placed(new.standing()) };
    let mut told = Vec::new();
    if took_over {
        told.push(turns.of(settling::TOOK_OVER, Some("what was decided about its changes before".into())));
    }
    let has_lapsed = lapsed.is_some();
    told.extend(lapsed.map(|why| turns.of(settling::LAPSED, Some(why))));
    if let Some(Forebear { mut record, action, why }) = forebear {
        let ended = record.standing().closed(Closure::Continued, at, Some(new.event.id));
        let other = Some(record.placed(ended.clone()));
        record.set_standing(ended);
        told.push(Turn { heir: other, ..turns.of(action, Some(why)) });
        let event = Box::new(new.event);
        return Ok((Recorded::Continued { event, instead_of: Box::new(record.event) }, told));
    }
    told.extend(came_back.then(|| turns.of("regressed", None)));
    let event = new.event;
    let recorded = match (came_back, was_known) {
        (true, _) => Recorded::Regressed(event),
        (false, true) if has_lapsed => Recorded::Reopened(event),
        (false, true) => Recorded::SeenAgain(event),
        (false, false) => Recorded::New(event),
    };
    Ok((recorded, told))
}

/// What one sighting made of a drift, for several entries of the journal: each leads to the same end.
struct Turns {
    before: Standing,
    after: Placed,
}

impl Turns {
    fn of(&self, action: &'static str, why: Option<String>) -> Turn {
        Turn { action, before: self.before.clone(), after: self.after.clone(), heir: None, why }
    }
}

/// One that had ended is open again; whether it had.
fn come_back(new: &mut EventRecord) -> bool {
    let standing = new.standing();
    let came_back = life::has_ended(&standing);
    if came_back {
        let (regressions, settled) = (standing.regressions + 1, settling::after_return(&standing.settled));
        // What was done about it the last time is to be done again, and whoever said why it happened has said nothing of this time.
        let (judged_cause, ticked) = (None, Vec::new());
        new.set_standing(Standing { regressions, settled, judged_cause, ticked, ..standing.reopened() });
    }
    came_back
}

/// What the ignore rules make of a drift that stands like this.
pub(super) fn hide(active: &[Rule], now: Timestamp, standing: Standing, new: &mut EventRecord, body: &mut BodyRecord) {
    let hidden = rules::apply(active, new, body, now);
    let standing = match (hidden, new.event.state_at(now)) {
        (Some(rule), state) if may_hide(state) => standing.ignored(rule),
        (None, _) if standing.state == State::Ignored => standing.reopened(),
        _ => standing,
    };
    new.set_standing(standing);
}

/// The rule that would hide a drift if it stood like this. One that came while it was settled has never been tried on it.
pub(super) fn hiding(
    tx: &Tx<'_>,
    rules: &[Rule],
    record: &EventRecord,
    standing: &Standing,
) -> Result<Option<Decision>, StoreError> {
    let mut record = record.clone();
    record.set_standing(standing.clone());
    if rules.is_empty() || !may_hide(record.event.state_at(tx.now)) {
        return Ok(None);
    }
    let mut body = tx.body(record.event.id)?;
    Ok(rules::apply(rules, &mut record, &mut body, tx.now))
}

/// A rule hides what waits for somebody, and nothing that is settled.
pub(super) fn may_hide(state: State) -> bool {
    matches!(state, State::Open | State::Acknowledged | State::Snoozed)
}

fn keep(
    tx: &mut Tx<'_>,
    old: Option<&EventRecord>,
    new: &mut EventRecord,
    body: &BodyRecord,
) -> Result<(), StoreError> {
    match old {
        Some(old) => {
            if new.event.version == old.event.version && life::differs(&old.event, &new.event) {
                new.event.version += 1;
            }
            tx.save_body(new.event.id, body)?;
        }
        None => tx.write(Tree::Bodies, new.event.id.0.to_bytes().to_vec(), body)?,
    }
    tx.save(old, new)
}

/// The drift as the tree has it, and as the start of what it becomes; a new one is made, or made again from what was
/// decided about it before the tree was lost.
fn find(
    tx: &mut Tx<'_>,
    writer: &mut Writer,
    at: Timestamp,
    finding: &Finding,
    fingerprint: Fingerprint,
) -> Result<(Option<EventRecord>, EventRecord, bool), StoreError> {
    let known = [&tx::resource_prefix(&finding.environment, &finding.resource)[..], &fingerprint.0].concat();
    if let Some(key) = tx.get(Tree::ByFingerprint, &known)? {
        match tx.read::<EventRecord>(Tree::Events, &key) {
            Ok(Some(old)) => return Ok((Some(old.clone()), old, true)),
            // Unreadable: this sighting replaces it.
            Ok(None) | Err(StoreError::Damaged { .. }) => tracing::warn!(?fingerprint, "a damaged drift is replaced"),
            Err(error) => return Err(error),
        }
    }
    if let Some(lost) = tx.read::<Placed>(Tree::Lost, &fingerprint.0)? {
        tx.delete(Tree::Lost, fingerprint.0.to_vec());
        let mut record = life::fresh(finding, fingerprint, lost.id, lost.detected_at);
        record.set_standing(lost.standing);
        return Ok((None, record, true));
    }
    let last = writer.last_detected.entry(finding.environment.clone()).or_insert(Timestamp::UNIX_EPOCH);
    *last = later(at, *last);
    Ok((None, life::fresh(finding, fingerprint, DriftId::generate(), *last), false))
}
