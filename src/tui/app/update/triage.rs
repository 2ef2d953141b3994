//! Decisions: planned, confirmed where that is due, sent with the version that was seen, "saved" only after the receipt.

use super::{events, load};
use crate::drift::{TriageRequest, TriageVerb};
use crate::safety::{Tainted, sanitise};
use crate::service::ServiceError;
use crate::store::Receipt;
use crate::tui::app::effect::Exit;
use crate::tui::app::model::{Batch, Decided, Pending};
use crate::tui::app::msg::Ticket;
use crate::tui::app::notice::count;
use crate::tui::app::overlay::{Overlay, Plan, Target};
use crate::tui::app::{Effect, Model};

pub fn acknowledge(model: &mut Model) -> Vec<Effect> {
    let plan = same(model.targets(), "acknowledge", &TriageVerb::Acknowledge);
    propose(model, plan, false)
}

pub fn reopen(model: &mut Model) -> Vec<Effect> {
    let plan = same(model.targets(), "reopen", &TriageVerb::Reopen);
    propose(model, plan, false)
}

/// The same verb on every target.
pub fn same(targets: Vec<Target>, word: &str, verb: &TriageVerb) -> Plan {
    let steps = targets.into_iter().map(|target| (target, verb.clone())).collect();
    Plan { word: word.into(), steps, reason: None, says: vec![], draft: None }
}

/// Takes back the last plan of this session, as a whole.
pub fn undo(model: &mut Model) -> Vec<Effect> {
    let Some(last) = model.decided.last() else { return vec![] };
    let (batch, word) = (last.batch, format!("undo {}", last.word));
    let taken = model.decided.iter().filter(|d| d.batch == batch && !model.pending.contains_key(&d.target.id));
    let steps: Vec<_> = taken
        .map(|d| {
            let version = model.timeline.window.find(d.target.id).map_or(d.target.version, |event| event.version);
            (Target { version, ..d.target.clone() }, TriageVerb::Undo { seq: d.seq })
        })
        .collect();
    if steps.is_empty() {
        model.notice(false, "undo: the last one is still being saved");
        return vec![];
    }
    propose(model, Plan { word, steps, reason: None, says: vec![], draft: None }, false)
}

/// Does it at once, or shows the exact list first: for several drifts, and for what `careful` says.
pub fn propose(model: &mut Model, plan: Plan, careful: bool) -> Vec<Effect> {
    if careful || plan.steps.len() > 1 {
        model.overlay = Some(Overlay::Confirm { plan, scroll: 0 });
        return vec![];
    }
    apply(model, plan)
}

/// Sends every step of the plan, and nothing else.
pub fn apply(model: &mut Model, plan: Plan) -> Vec<Effect> {
    let batch = model.ticket();
    model.batches.insert(batch, Batch { draft: plan.draft, ..Batch::default() });
    let mut effects = vec![];
    for (target, verb) in plan.steps {
        let ticket = model.ticket();
        let undoes = match verb {
            TriageVerb::Undo { seq } => Some(seq),
            _ => None,
        };
        let pending = Pending { ticket, batch, word: plan.word.clone(), label: target.label.clone(), undoes };
        model.marks.remove(&target.id);
        model.pending.insert(target.id, pending);
        effects.push(Effect::Triage(
            ticket,
            TriageRequest {
                drift: target.id,
                verb,
                reason: plan.reason.clone(),
                actor: Tainted::from(model.actor.as_str()),
                expected_version: Some(target.version),
            },
        ));
    }
    effects
}

/// The store has answered.
pub fn answered(model: &mut Model, ticket: Ticket, answer: Result<Receipt, ServiceError>) -> Vec<Effect> {
    let found = model.pending.iter().find(|(_, pending)| pending.ticket == ticket).map(|(id, _)| *id);
    let Some((id, pending)) = found.and_then(|id| Some((id, model.pending.remove(&id)?))) else { return vec![] };
    let mut effects = vec![];
    let batch = model.batches.entry(pending.batch).or_default();
    match answer {
        Ok(receipt) => {
            batch.saved.push(receipt.seq);
            effects.extend(saved(model, id, &pending, receipt));
        }
        Err(why) => {
            batch.failed += 1;
            // What was refused must be seen.
            model.leaving = false;
            let kept = if batch.draft.is_some() { "; your text is kept" } else { "" };
            effects.extend(refused(model, &pending, why, kept));
        }
    }
    report(model, &pending);
    if model.leaving && model.pending.is_empty() {
        effects.push(Effect::Exit(Exit::Quit));
    }
    effects
}

fn saved(model: &mut Model, id: crate::drift::DriftId, pending: &Pending, receipt: Receipt) -> Vec<Effect> {
    let mut effects = vec![];
    let now = receipt.drifts.iter().find(|event| event.id == id).map(|event| model.target(event));
    for event in receipt.drifts {
        effects.extend(events::absorb(model, event));
    }
    model.timeline.advance_from(id, model.now);
    effects.extend(load::follow(model));
    match (pending.undoes, now) {
        (Some(seq), _) => model.decided.retain(|decided| decided.seq != seq),
        (None, Some(target)) => {
            let (batch, word) = (pending.batch, pending.word.clone());
            model.decided.push(Decided { batch, seq: receipt.seq, word, target });
        }
        (None, None) => {}
    }
    effects
}

fn refused(model: &mut Model, pending: &Pending, why: ServiceError, kept: &str) -> Vec<Effect> {
    let what = format!("{} {}", pending.word, pending.label.cell(40));
    match why {
        ServiceError::Conflict(event) => {
            let effects = events::absorb(model, *event);
            model.notice(true, format!("{what}: it has changed since it was shown, nothing was decided{kept}"));
            effects
        }
        other => {
            model.notice(true, format!("{what}: {}{kept}", sanitise::line(&other.to_string())));
            vec![]
        }
    }
}

/// When the last answer of a plan is there, says how it went.
fn report(model: &mut Model, pending: &Pending) {
    if model.pending.values().any(|other| other.batch == pending.batch) {
        return;
    }
    let Some(batch) = model.batches.remove(&pending.batch) else { return };
    let (saved, failed) = (batch.saved.len(), batch.failed);
    if let Some(draft) = batch.draft.filter(|_| failed == 0) {
        model.drafts.forget(&draft);
    }
    match (batch.saved.as_slice(), failed) {
        ([], _) => {}
        ([seq], 0) => model.notice(false, format!("saved: {} {} (#{seq})", pending.word, pending.label.cell(40))),
        (_, 0) => model.notice(false, format!("saved: {} {}", pending.word, count(saved, "drift"))),
        _ => model.notice(true, format!("{}: {saved} saved, {failed} refused; see notices", pending.word)),
    }
}
