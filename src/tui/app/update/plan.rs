//! Decisions on their way out: planned, without what may not be decided here, confirmed where that is due, and sent with the
//! version that was seen.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use super::repeat::Repeat;
use super::{forms, reasons, remediation, rules};
use crate::drift::{DriftEvent, DriftId, State, TriageRequest, TriageVerb};
use crate::safety::Tainted;
use crate::service::permission;
use crate::tui::app::model::{Batch, Pending};
use crate::tui::app::overlay::{FormKind, Overlay, Plan, Target};
use crate::tui::app::{Effect, Model};

pub fn acknowledge(model: &mut Model) -> Vec<Effect> {
    at_once(model, FormKind::Acknowledge, &TriageVerb::Acknowledge)
}

pub fn reopen(model: &mut Model) -> Vec<Effect> {
    at_once(model, FormKind::Reopen, &TriageVerb::Reopen)
}

/// The selected change, which was settled.
pub fn reopen_change(model: &mut Model) -> Vec<Effect> {
    if reasons::is_asked(model, FormKind::ReopenChange) {
        return forms::open(model, FormKind::ReopenChange);
    }
    let target = model.timeline.selected().map(|event| model.target(event));
    let paths: Vec<_> = model.selected_change().map(|change| change.path.clone()).into_iter().collect();
    let verb = TriageVerb::ReopenChanges { paths };
    let plan = same(target.into_iter().collect(), "reopen-change", &[verb]);
    propose(model, plan, false)
}

/// What asks nothing, unless a reason is required.
fn at_once(model: &mut Model, kind: FormKind, verb: &TriageVerb) -> Vec<Effect> {
    if reasons::is_asked(model, kind) {
        return forms::open(model, kind);
    }
    let plan = same(model.targets(), kind.action().entry().name, std::slice::from_ref(verb));
    propose(model, plan, false)
}

/// The same verbs on every target.
pub fn same(targets: Vec<Target>, word: &str, verbs: &[TriageVerb]) -> Plan {
    let all = targets.into_iter().flat_map(|target| verbs.iter().map(move |verb| (target.clone(), verb.clone())));
    Plan { word: word.into(), steps: all.collect(), ..Plan::default() }
}

/// Does it at once, or shows the exact list first: for several drifts, for those that are left out, and for what `careful` says.
pub fn propose(model: &mut Model, plan: Plan, careful: bool) -> Vec<Effect> {
    let had_steps = !plan.steps.is_empty();
    let plan = sifted(model, plan);
    if had_steps && plan.steps.is_empty() {
        let why = plan.left_out.into_iter().next().map(|(_, why)| why).unwrap_or_default();
        model.notice(false, format!("{}: {why}", plan.word));
        return vec![];
    }
    if careful || !plan.left_out.is_empty() || plan.targets().nth(1).is_some() {
        let says = plan.says.iter().cloned().chain(forbidden(model, &plan)).collect();
        model.overlay = Some(Overlay::Confirm { plan: Plan { says, ..plan }, scroll: 0 });
        return vec![];
    }
    apply(model, plan)
}

/// In the order of the list, and below what is not loaded, the newest first; without what may not be decided, which it says.
fn sifted(model: &Model, plan: Plan) -> Plan {
    let rows: HashMap<DriftId, usize> =
        model.timeline.window.rows(0).enumerate().map(|(row, event)| (event.id, row)).collect();
    let mut of_drifts: Vec<_> = plan.steps.chunk_by(|(a, _), (b, _)| a.id == b.id).collect();
    of_drifts.sort_by_key(|steps| {
        steps.first().map(|(target, _)| (rows.get(&target.id).copied().unwrap_or(usize::MAX), Reverse(target.id)))
    });
    let (mut kept, mut left_out) = (vec![], vec![]);
    for steps in of_drifts {
        match steps.iter().find_map(|(target, verb)| refusal(model, target, verb)) {
            Some(why) => left_out.extend(steps.first().map(|(target, _)| (target.clone(), why))),
            None => kept.extend_from_slice(steps),
        }
    }
    Plan { steps: kept, left_out, ..plan }
}

/// What policies say against it, as far as the drifts are loaded, each once.
fn forbidden(model: &Model, plan: &Plan) -> BTreeSet<String> {
    let rows: HashMap<DriftId, &DriftEvent> = model.timeline.window.rows(0).map(|event| (event.id, event)).collect();
    plan.steps.iter().filter_map(|(target, verb)| rows.get(&target.id)?.forbidden(verb)).collect()
}

/// Why a verb may not be done to a drift; the service would refuse it too.
pub fn refusal(model: &Model, target: &Target, verb: &TriageVerb) -> Option<String> {
    if model.pending.contains_key(&target.id) {
        return Some("the last decision on it is still being saved".into());
    }
    use TriageVerb as V;
    let is_of_advice = matches!(verb, V::Advise { .. } | V::Tick { .. });
    let is_of_incident = matches!(verb, V::Split | V::Rejoin);
    let is_aside = is_of_advice
        || is_of_incident
        || matches!(verb, V::Note { .. } | V::JudgeCause { .. } | V::Assign { .. } | V::Undo { .. });
    if target.state == State::Closed && !is_aside {
        return Some("closed: it is gone by itself".into());
    }
    let allowed =
        if permission::settles(verb) { permission::settling(&model.protected, [&target.environment]) } else { Ok(()) };
    allowed.err().map(|refusal| refusal.to_string())
}

/// Sends every step of the plan, and nothing else.
pub fn apply(model: &mut Model, plan: Plan) -> Vec<Effect> {
    if plan.rule.is_some() || plan.never_hide.is_some() {
        return rules::apply(model, plan);
    }
    if let Some(ask) = plan.remediation.clone() {
        return remediation::apply(model, *ask, plan);
    }
    if let Some(repeat) = Repeat::of(&plan) {
        model.repeat = Some(repeat);
    }
    model.notices.withdraw();
    model.anchor = None;
    let batch = model.ticket();
    model
        .batches
        .insert(batch, Batch { draft: plan.draft.clone(), from: model.timeline.selected_id(), ..Batch::default() });
    let mut effects = vec![];
    for steps in plan.steps.chunk_by(|(a, _), (b, _)| a.id == b.id) {
        let Some((target, _)) = steps.first() else { continue };
        let verbs: Vec<TriageVerb> = steps.iter().map(|(_, verb)| verb.clone()).collect();
        let Some(verbs) = verbs.split_first() else { continue };
        model.marks.remove(&target.id);
        let of_plan = Pending {
            is_of_changes: false,
            ticket: batch,
            batch,
            word: plan.word.clone(),
            label: target.label.clone(),
            undoes: None,
            reason: plan.reason.clone(),
            then: vec![],
        };
        effects.push(send(model, target, verbs, &of_plan));
    }
    gathered(effects)
}

/// Several decisions go out as one, so that the store syncs once for all of them.
pub fn gathered(effects: Vec<Effect>) -> Vec<Effect> {
    let (mut asked, mut rest) = (vec![], vec![]);
    for effect in effects {
        match effect {
            Effect::Triage(ticket, request) => asked.push((ticket, request)),
            other => rest.push(other),
        }
    }
    match asked.len() {
        0 => {}
        1 => rest.extend(asked.into_iter().map(|(ticket, request)| Effect::Triage(ticket, request))),
        _ => rest.push(Effect::TriageMany(asked)),
    }
    rest
}

/// Asks for the first verb on one drift; the others wait for its receipt.
pub fn send(
    model: &mut Model,
    target: &Target,
    (verb, then): (&TriageVerb, &[TriageVerb]),
    of_plan: &Pending,
) -> Effect {
    let ticket = model.ticket();
    let undoes = if let TriageVerb::Undo { seq } = verb { Some(*seq) } else { None };
    let is_of_changes = matches!(verb, TriageVerb::SettleChanges { .. } | TriageVerb::ReopenChanges { .. });
    let pending = Pending { ticket, undoes, is_of_changes, then: then.to_vec(), ..of_plan.clone() };
    model.pending.insert(target.id, pending);
    Effect::Triage(
        ticket,
        TriageRequest {
            drift: target.id,
            verb: verb.clone(),
            reason: of_plan.reason.clone(),
            actor: Tainted::from(model.actor.as_str()),
            // What is taken back is named by its number; the store refuses when something came after it.
            expected_version: undoes.is_none().then_some(target.version),
            once: None,
        },
    )
}
