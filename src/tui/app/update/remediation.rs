//! Leave to do something about a drift: asked for, approved, rejected, taken back; and heard of.

use super::{drafting, events, forms, ruling, triage};
use crate::drift::{Remediation, RemediationDecision, RemediationRequest, RemediationState, RemediationVerb};
use crate::safety::{Tainted, sanitise};
use crate::service::ServiceError;
use crate::tui::app::msg::Ticket;
use crate::tui::app::overlay::{Field, Form, FormKind, Overlay, Plan};
use crate::tui::app::remediation::{Ask, Asking};
use crate::tui::app::{Effect, Model};

/// What is said, by the form that asks for it.
pub fn verb(kind: FormKind) -> Option<RemediationVerb> {
    match kind {
        FormKind::Approve => Some(RemediationVerb::Approve),
        FormKind::Reject => Some(RemediationVerb::Reject),
        FormKind::CancelRemediation => Some(RemediationVerb::Cancel),
        _ => None,
    }
}

/// Opens the form on the selected drift.
pub fn open(model: &mut Model, kind: FormKind) -> Vec<Effect> {
    let Some(event) = model.timeline.selected() else { return vec![] };
    let target = model.target(event);
    let reason = Field::text("reason", "why; may be empty, ends up in the audit trail", "");
    let fields = match kind {
        FormKind::Remediate => {
            let kinds = model.remediable(event).into_iter().map(|kind| kind.as_str().to_owned()).collect();
            vec![Field::choice("do", "up and down choose", kinds), reason]
        }
        _ => vec![reason],
    };
    let mut form = Form::new(kind, vec![target], fields);
    drafting::restore(model, &mut form);
    model.overlay = Some(Overlay::Form(form));
    vec![]
}

/// What the form says, with the steps that are meant.
pub fn plan(model: &Model, form: &Form) -> Result<Plan, String> {
    let gone = || "the drift is not there any more".to_owned();
    let target = form.targets.first().ok_or_else(gone)?;
    let reason = forms::some(ruling::typed(form, "reason"));
    let mut says = vec![format!("on      {} in {}", target.label.line(), target.environment)];
    let ask = match verb(form.kind) {
        None => {
            let event = model.timeline.window.find(target.id).ok_or_else(gone)?;
            let chosen = form.field("do").map(Field::chosen).unwrap_or_default();
            let kind = *model.remediable(event).get(chosen).ok_or("nothing recommends this any more")?;
            let steps = kind.of(event).map(|advice| advice.implementation_steps.clone()).unwrap_or_default();
            says.push(format!("do      {}", kind.as_str()));
            says.extend(numbered(&steps));
            says.push("An admin who is not you approves it within a day; the steps are then carried out by hand.".into());
            let (by, expected_version) = (model.party(), Some(target.version));
            Ask::Request(RemediationRequest { drift: target.id, kind, reason: reason.clone(), expected_version, by, once: None })
        }
        Some(verb) => {
            let one = model.remediation().filter(|one| one.drift == target.id).ok_or_else(gone)?;
            says.push(format!("do      {}, asked by {}", one.kind.as_str(), one.requested_by.cell(40)));
            says.extend(one.reason.iter().map(|reason| format!("because {}", reason.line())));
            says.extend(numbered(&one.plan));
            says.extend((verb == RemediationVerb::Approve).then(|| "Nothing is carried out by itself: the steps are for hands.".into()));
            let (by, expected_version) = (model.party(), Some(one.version));
            Ask::Decision(RemediationDecision { id: one.id, verb, reason: reason.clone(), expected_version, by, once: None })
        }
    };
    says.extend(reason.iter().map(|reason| format!("reason  {}", reason.line())));
    let word = form.kind.action().entry().name.to_owned();
    Ok(Plan { word, says, reason, draft: Some(form.key()), remediation: Some(Box::new(ask)), ..Plan::default() })
}

fn numbered(steps: &[Tainted]) -> impl Iterator<Item = String> {
    steps.iter().enumerate().map(|(at, step)| format!("  {}. {}", at + 1, step.line()))
}

/// Sends what was shown, and nothing else.
pub fn apply(model: &mut Model, ask: Ask, plan: Plan) -> Vec<Effect> {
    model.notices.withdraw();
    let ticket = model.ticket();
    model.asking = Some(Asking { ticket, word: plan.word, draft: plan.draft });
    vec![Effect::Remediate(ticket, Box::new(ask))]
}

/// The service has answered.
pub fn answered(model: &mut Model, ticket: Ticket, answer: Result<Box<Remediation>, ServiceError>) -> Vec<Effect> {
    let Some(Asking { word, draft, .. }) = model.asking.take_if(|asking| asking.ticket == ticket) else { return vec![] };
    let mut effects = match answer {
        Ok(one) => {
            draft.iter().for_each(|draft| model.drafts.forget(draft));
            model.notice(false, format!("saved: {} of {}: {}", one.kind.word(), one.resource_id.cell(40), says(model, &one)));
            keep(model, *one);
            vec![]
        }
        Err(why) => {
            // What was refused must be seen.
            model.leaving = false;
            model.notice(true, format!("{word}: {}; your text is kept", sanitise::line(&why.to_string())));
            match why {
                ServiceError::Overtaken(overtaken) => {
                    keep(model, overtaken.remediation);
                    overtaken.drift.map(|event| events::absorb(model, event)).unwrap_or_default()
                }
                ServiceError::Conflict(event) => events::absorb(model, *event),
                _ => vec![],
            }
        }
    };
    effects.extend(triage::leave(model));
    effects
}

/// In words that fit into a line.
fn says(model: &Model, one: &Remediation) -> String {
    match one.state_at(model.now) {
        RemediationState::AwaitingApproval => "an admin who did not ask for it has to approve it".into(),
        _ => one.says(model.now),
    }
}

/// Somebody asked or answered, or it is over by itself: said to whoever it concerns.
pub fn heard(model: &mut Model, one: Remediation) {
    let (what, label) = (one.kind.word(), one.resource_id.cell(40));
    let (party, slug) = (model.party(), one.environment.clone());
    let is_own = one.is_by(&party);
    let by_me = one.verdict.as_ref().is_some_and(|verdict| verdict.by == party.name);
    let words = match (one.state_at(model.now), &one.verdict) {
        (RemediationState::AwaitingApproval, _) if !is_own => {
            Some(format!("{} asks to {what} {label} in {slug}: an admin has to approve it", one.requested_by.cell(20)))
        }
        (state @ (RemediationState::Approved | RemediationState::Rejected), Some(verdict)) if is_own && !by_me => {
            Some(format!("{} {} the {what} of {label} in {slug}", verdict.by.cell(20), state.as_str()))
        }
        (RemediationState::Expired | RemediationState::Stale, _) if is_own => {
            Some(format!("the {what} of {label} in {slug} was not approved: {}", one.says(model.now)))
        }
        _ => None,
    };
    words.into_iter().for_each(|words| model.notices.add(model.now, false, words));
    keep(model, one);
}

/// Beside the drift that is shown, unless something newer stands there.
fn keep(model: &mut Model, one: Remediation) {
    let Some(loaded) = model.detail.loaded.as_mut().filter(|loaded| loaded.detail.event.id == one.drift) else { return };
    let known = &mut loaded.detail.remediation;
    if known.as_ref().is_none_or(|known| (known.id, known.version) <= (one.id, one.version)) {
        *known = Some(Box::new(one));
    }
}
