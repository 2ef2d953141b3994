//! A resource, from wherever it was selected.

use super::{incident, sheet};
use crate::drift::{CorrelationEvent, DriftId};
use crate::safety::{Tainted, sanitise};
use crate::service::ServiceError;
use crate::tui::app::action::Action;
use crate::tui::app::history::{HistoryView, Trail};
use crate::tui::app::msg::Ticket;
use crate::tui::app::overlay::Overlay;
use crate::tui::app::resource::{Choice, ResourceFacts, ResourceView};
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
        view.at = view.facts().map_or(0, |facts| facts.near().len()).min(view.choices().saturating_sub(1));
    }
    vec![]
}

/// What differs in the observed value under the cursor from the one before it; another drift as it was last seen; the link of what
/// another system tells, else its id.
pub fn enter(model: &mut Model) -> Vec<Effect> {
    model.overlay = Some(Overlay::Resource);
    let Some(view) = &model.resource else { return vec![] };
    match view.current() {
        Some(Choice::Near(one)) if one.event_data.link.is_some() => copy_link(model),
        Some(Choice::Near(_)) => copy(model, Action::CopyId),
        Some(Choice::Seen(one, before)) => {
            let (title, new) = (sanitise::cell(&view.title, 60), one.observation.clone());
            let old = before.map(|before| before.observation.clone());
            sheet::observed(model, title, old, new)
        }
        Some(Choice::Other(one)) => {
            let (id, label, at) = (one.id, one.resource.resource_id.clone(), one.last_seen);
            sheet::as_of(model, id, label, at, Overlay::Resource)
        }
        None => vec![],
    }
}

/// What another system tells, where the cursor is on it.
pub fn near(model: &Model) -> Option<&CorrelationEvent> {
    match model.resource.as_ref().filter(|_| model.overlay == Some(Overlay::Resource))?.current()? {
        Choice::Near(one) => Some(one),
        _ => None,
    }
}

pub fn copy_link(model: &mut Model) -> Vec<Effect> {
    let link = near(model).and_then(|one| one.event_data.link.as_ref());
    link.map(|link| Effect::Copy("link", link.line())).into_iter().collect()
}

/// The address, where it is declared, the id of what the cursor is on, or the observed value under it.
pub fn copy(model: &Model, action: Action) -> Vec<Effect> {
    let Some(view) = &model.resource else { return vec![] };
    let (what, text) = match (action, view.facts()) {
        (Action::CopyAddress, _) => ("the address", Some(sanitise::line(&view.title))),
        (Action::CopyPath, Some(facts)) => {
            let first = facts.relations.declared_at.first();
            ("where it is declared", first.map(|place| format!("{}:{}", place.file.line(), place.line)))
        }
        (Action::CopyId, Some(facts)) => match view.current() {
            Some(Choice::Near(one)) => (one.correlation_type.id_words(), Some(one.external_id.line())),
            _ => ("id", facts.detail.event.resource.provider_id.as_ref().map(Tainted::line)),
        },
        (_, Some(_)) => match view.current() {
            Some(Choice::Seen(one, _)) => ("the observed value", Some(one.observation.value.pretty().join("\n"))),
            _ => ("the observed value", None),
        },
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
