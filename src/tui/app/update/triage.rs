//! Answers to decisions: "saved" only after the receipt, and what was refused one by one.

use super::{events, load, plan, rules};
use crate::safety::sanitise;
use crate::service::ServiceError;
use crate::store::Receipt;
use crate::tui::app::effect::Exit;
use crate::tui::app::model::{Decided, On, Pending};
use crate::tui::app::msg::Ticket;
use crate::tui::app::notice::count;
use crate::tui::app::{Effect, Model};
use crate::tui::widgets::text;

/// The store has answered.
pub fn answered(model: &mut Model, ticket: Ticket, answer: Result<Receipt, ServiceError>) -> Vec<Effect> {
    let found = model.pending.iter().find(|(_, pending)| pending.ticket == ticket).map(|(id, _)| *id);
    let Some((id, pending)) = found.and_then(|id| Some((id, model.pending.remove(&id)?))) else { return vec![] };
    let mut effects = vec![];
    let batch = model.batches.entry(pending.batch).or_default();
    match answer {
        Ok(receipt) => {
            if pending.then.is_empty() {
                batch.saved.push(receipt.seq);
            }
            let now = receipt.drifts.iter().find(|event| event.id == id).map(|event| model.target(event));
            effects.extend(saved(model, id, &pending, receipt));
            // What comes next on the same drift is about what it has become.
            if let Some((target, then)) = now.zip(pending.then.split_first()) {
                effects.push(plan::send(model, &target, then, &pending));
                return effects;
            }
        }
        Err(ServiceError::Kept(_)) => {
            batch.kept += 1;
            effects.extend(kept(model, id, &pending));
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

/// The store has answered many at once.
pub fn all_answered(model: &mut Model, answers: Vec<(Ticket, Result<Receipt, ServiceError>)>) -> Vec<Effect> {
    let effects = answers.into_iter().flat_map(|(ticket, answer)| answered(model, ticket, answer)).collect();
    plan::gathered(effects)
}

/// The end, when only the last answer was waited for.
pub fn leave(model: &Model) -> Option<Effect> {
    (model.leaving && model.saving() == 0).then_some(Effect::Exit(Exit::Quit))
}

fn saved(model: &mut Model, id: crate::drift::DriftId, pending: &Pending, receipt: Receipt) -> Vec<Effect> {
    let mut effects = vec![];
    let now = receipt.drifts.iter().find(|event| event.id == id).map(|event| model.target(event));
    // Whoever has moved on meanwhile stays there.
    let is_still_there = model.batches.get(&pending.batch).is_some_and(|b| b.from == model.timeline.selected_id());
    for event in receipt.drifts {
        effects.extend(events::absorb(model, event));
    }
    match model.timeline.window.position(id).filter(|_| !model.timeline.is_grouped()) {
        Some(row) if pending.undoes.is_some() && is_still_there => model.timeline.select_at(row),
        // There is more to look at in it, whatever the list is of: it stays until it is left.
        _ if pending.is_of_changes => {}
        _ => model.timeline.advance_from(id, model.now),
    }
    effects.extend(load::follow(model));
    match (pending.undoes, now) {
        (Some(seq), _) => model.decided.retain(|decided| decided.seq != seq),
        (None, Some(target)) => {
            let (batch, word) = (pending.batch, pending.word.clone());
            model.decided.push(Decided { batch, seq: receipt.seq, word, on: On::Drift(target), at: model.now });
        }
        (None, None) => {}
    }
    effects
}

/// It is durable on this machine, and the server will have it: for whoever decides that is as good as done.
fn kept(model: &mut Model, id: crate::drift::DriftId, pending: &Pending) -> Vec<Effect> {
    // What comes after it on the same drift waits behind it.
    let shown = model.timeline.window.find(id).map(|event| model.target(event));
    if let Some((target, then)) = shown.zip(pending.then.split_first()) {
        return vec![plan::send(model, &target, then, pending)];
    }
    // It stays in the list as it is, with its sign: the cursor goes on all the same.
    let row = model.timeline.window.position(id).filter(|_| model.timeline.selected_id() == Some(id));
    if let Some(row) = row.filter(|_| !pending.is_of_changes && !model.timeline.is_grouped()) {
        model.timeline.select_at(row + 1);
    }
    load::follow(model)
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
            // Where there is no room for both, what to do says more than about which drift.
            let is_of_all = matches!(other, ServiceError::ReadOnly(_) | ServiceError::Unavailable(_));
            let why = sanitise::line(&other.to_string());
            let fits = text::width(&what) + text::width(&why) + 3 <= usize::from(model.size.0);
            let what = if is_of_all && !fits { pending.word.clone() } else { what };
            model.notice(true, format!("{what}: {why}{kept}"));
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
    let (saved, failed, kept) = (batch.saved.len(), batch.failed, batch.kept);
    if let Some(draft) = batch.draft.filter(|_| failed == 0) {
        model.drafts.forget(&draft);
    }
    if kept > 0 {
        let undo = super::silent::key_of(model, "global", crate::tui::app::action::Action::Undo);
        let also = if failed > 0 { format!(", {failed} refused; see notices") } else { String::new() };
        let words = match (saved, kept + failed) {
            (0, 1) => format!("{} {}", pending.word, pending.label.cell(40)),
            (0, _) => format!("{} {}", pending.word, count(kept, "drift")),
            _ => format!("{}: {saved} saved, {kept} not yet", pending.word),
        };
        let words = format!("kept here: {words}{also}; sent when the server is back, {undo} takes it back");
        return model.notices.add(model.now, false, words);
    }
    let says = match (batch.saved.as_slice(), failed) {
        ([], _) => return,
        ([seq], 0) => format!("saved: {} {} (#{seq})", pending.word, pending.label.cell(40)),
        (_, 0) => format!("saved: {} {}", pending.word, count(saved, "drift")),
        _ => return model.notice(true, format!("{}: {saved} saved, {failed} refused; see notices", pending.word)),
    };
    match pending.undoes {
        Some(_) => model.notice(false, says),
        None => model.notices.decided(model.now, says),
    }
}
