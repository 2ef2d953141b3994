//! Decisions: planned, confirmed where that is due, sent with the version that was seen, "saved" only after the receipt.

use super::{events, load, never_hide, rules};
use crate::drift::{TriageRequest, TriageVerb};
use crate::safety::{Tainted, sanitise};
use crate::service::ServiceError;
use crate::store::Receipt;
use crate::tui::app::effect::Exit;
use crate::tui::app::model::{Batch, Decided, On, Pending};
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
    Plan { word: word.into(), steps, ..Plan::default() }
}

/// Takes back the last plan of this session, as a whole.
pub fn undo(model: &mut Model) -> Vec<Effect> {
    let Some(last) = model.decided.last() else { return vec![] };
    let (batch, word) = (last.batch, format!("undo {}", last.word));
    if let On::Rule(rule) = last.on {
        return rules::undo(model, rule, last.seq, word);
    }
    if let On::NeverHide(rule) = last.on {
        return never_hide::undo(model, rule, last.seq, word);
    }
    let of_batch = model.decided.iter().filter(|d| d.batch == batch);
    let on_drift = of_batch.filter_map(|d| if let On::Drift(target) = &d.on { Some((target, d.seq)) } else { None });
    let steps: Vec<_> = on_drift
        .filter(|(target, _)| !model.pending.contains_key(&target.id))
        .map(|(target, seq)| {
            let version = model.timeline.window.find(target.id).map_or(target.version, |event| event.version);
            (Target { version, ..target.clone() }, TriageVerb::Undo { seq })
        })
        .collect();
    if steps.is_empty() {
        model.notice(false, "undo: the last one is still being saved");
        return vec![];
    }
    propose(model, Plan { word, steps, ..Plan::default() }, false)
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
    if plan.rule.is_some() || plan.never_hide.is_some() {
        return rules::apply(model, plan);
    }
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
                // What is taken back is named by its number; the store refuses when something came after it.
                expected_version: undoes.is_none().then_some(target.version),
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
    if pending.word.contains("ignore") {
        effects.extend(rules::load(model));
    }
    effects.extend(leave(model));
    effects
}

/// The end, when only the last answer was waited for.
pub fn leave(model: &Model) -> Option<Effect> {
    (model.leaving && model.saving() == 0).then_some(Effect::Exit(Exit::Quit))
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
            model.decided.push(Decided { batch, seq: receipt.seq, word, on: On::Drift(target) });
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
