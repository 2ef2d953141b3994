//! A resource, from wherever it was selected.

use super::{incident, sheet};
use crate::drift::DriftId;
use crate::safety::{Tainted, sanitise};
use crate::service::ServiceError;
use crate::tui::app::action::Action;
use crate::tui::app::history::{HistoryView, Trail};
use crate::tui::app::msg::Ticket;
use crate::tui::app::overlay::Overlay;
use crate::tui::app::resource::{ResourceFacts, ResourceView};
use crate::tui::app::{Effect, Model};

/// The drift that is looked at, and its name: in incident mode the one under the cursor there.
pub fn looked_at(model: &Model) -> Option<(DriftId, Tainted)> {
    match (&model.overlay, &model.resource) {
        (Some(Overlay::Incident), _) => incident::looked_at(model),
        (Some(Overlay::Narrative), _) if model.narrative.is_some() => {
            model.narrative.as_ref().map(|view| (view.drift, Tainted::from(view.title.clone())))
        }
        (Some(Overlay::Resource), Some(view)) => Some((view.drift, Tainted::from(view.title.clone()))),
        _ => model.timeline.selected().map(|event| (event.id, event.resource.resource_id.clone())),
    }
}

pub fn open(model: &mut Model) -> Vec<Effect> {
    let Some((drift, label)) = looked_at(model) else { return vec![] };
    let ticket = model.ticket();
    let under = model.overlay.take();
    let title = label.line();
    model.resource = Some(ResourceView { drift, title, asked: Some(ticket), answer: None, at: 0, scroll: 0, under });
    model.overlay = Some(Overlay::Resource);
    vec![Effect::LoadResource(ticket, drift)]
}

pub fn came(model: &mut Model, ticket: Ticket, answer: Result<Box<ResourceFacts>, ServiceError>) -> Vec<Effect> {
    if let Some(view) = model.resource.as_mut().filter(|view| view.asked == Some(ticket)) {
        view.asked = None;
        view.answer = Some(answer.map_err(|why| sanitise::line(&why.to_string())));
    }
    vec![]
}

/// What differs in the observed value under the cursor from the one before it; another drift as it was last seen.
pub fn enter(model: &mut Model) -> Vec<Effect> {
    model.overlay = Some(Overlay::Resource);
    let Some((view, facts)) = model.resource.as_ref().and_then(|view| Some((view, view.facts()?))) else {
        return vec![];
    };
    if let Some(one) = facts.seen.get(view.at) {
        let old = facts.seen.get(view.at + 1).map(|before| before.observation.clone());
        let (title, new) = (sanitise::cell(&view.title, 60), one.observation.clone());
        return sheet::observed(model, title, old, new);
    }
    let other = view.at.checked_sub(facts.seen.len()).and_then(|at| facts.relations.others.get(at));
    let Some((id, label, at)) = other.map(|one| (one.id, one.resource.resource_id.clone(), one.last_seen)) else {
        return vec![];
    };
    sheet::as_of(model, id, label, at, Overlay::Resource)
}

/// The address, where it is declared, or the observed value under the cursor.
pub fn copy(model: &Model, action: Action) -> Vec<Effect> {
    let Some(view) = &model.resource else { return vec![] };
    let (what, text) = match (action, view.facts()) {
        (Action::CopyAddress, _) => ("the address", Some(sanitise::line(&view.title))),
        (Action::CopyPath, Some(facts)) => {
            let first = facts.relations.declared_at.first();
            ("where it is declared", first.map(|place| format!("{}:{}", place.file.line(), place.line)))
        }
        (_, Some(facts)) => {
            let seen = facts.seen.get(view.at);
            ("the observed value", seen.map(|one| one.observation.value.pretty().join("\n")))
        }
        _ => ("", None),
    };
    text.map(|text| Effect::Copy(what, text)).into_iter().collect()
}

pub fn back(model: &mut Model) -> Vec<Effect> {
    model.overlay = model.resource.take().and_then(|view| view.under);
    vec![]
}

/// What was decided about the drift that is looked at.
pub fn history(model: &mut Model) -> Vec<Effect> {
    let about = looked_at(model);
    let under = model.overlay.take();
    model.history = Some(HistoryView::new(about, under));
    model.overlay = Some(Overlay::History);
    vec![]
}

/// What was decided about anything.
pub fn audit(model: &mut Model) -> Vec<Effect> {
    let under = model.overlay.take();
    model.history = Some(HistoryView::new(None, under));
    model.overlay = Some(Overlay::History);
    vec![]
}

/// After every message: asks for the entries that are missing.
pub fn follow(model: &mut Model) -> Option<Effect> {
    if model.overlay != Some(Overlay::History) || !model.connected() {
        return None;
    }
    let limit = model.history.as_mut()?.wants()?;
    let ticket = model.ticket();
    let view = model.history.as_mut()?;
    view.ask(ticket);
    Some(Effect::LoadHistory(ticket, view.about.as_ref().map(|(id, _)| *id), limit))
}

pub fn history_came(model: &mut Model, ticket: Ticket, answer: Result<Trail, ServiceError>) -> Vec<Effect> {
    if let Some(view) = &mut model.history {
        view.came(ticket, answer.map_err(|why| sanitise::line(&why.to_string())));
    }
    vec![]
}

pub fn leave_history(model: &mut Model) -> Vec<Effect> {
    model.overlay = model.history.take().and_then(|view| view.under);
    vec![]
}
