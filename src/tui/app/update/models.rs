//! The registry of learned models on the screen: asks for it, and takes another version into use.

use crate::drift::{MlModel, ModelStep};
use crate::safety::sanitise;
use crate::service::ServiceError;
use crate::tui::app::models::{ModelsView, Registry};
use crate::tui::app::msg::Ticket;
use crate::tui::app::overlay::Overlay;
use crate::tui::app::{Effect, Model};

pub fn open(model: &mut Model) -> Vec<Effect> {
    let ticket = model.ticket();
    model.overlay = Some(Overlay::Models);
    // What is being taken into use goes on meanwhile.
    let pending = model.models.pending;
    model.models = ModelsView { asked: Some(ticket), pending, ..ModelsView::default() };
    vec![Effect::LoadModels(ticket)]
}

pub fn came(model: &mut Model, ticket: Ticket, answer: Result<Box<Registry>, ServiceError>) -> Vec<Effect> {
    let view = &mut model.models;
    if view.asked != Some(ticket) {
        return vec![];
    }
    view.asked = None;
    // The cursor stays on its version, wherever that stands now.
    let chosen = view.current().map(|one| (one.name.clone(), one.version));
    // What is there stays, should asking again fail.
    match (answer, &view.answer) {
        (Err(why), Some(Ok(_))) => model.notice(true, sanitise::line(&why.to_string())),
        (answer, _) => view.answer = Some(answer.map_err(|why| sanitise::line(&why.to_string()))),
    }
    let view = &mut model.models;
    let is_chosen =
        |one: &MlModel| chosen.as_ref().is_some_and(|(name, version)| (name, version) == (&one.name, &one.version));
    let last = view.models().len().saturating_sub(1);
    view.at = view.models().iter().position(is_chosen).unwrap_or_else(|| view.at.min(last));
    vec![]
}

/// The one under the cursor from now on.
pub fn activate(model: &mut Model) -> Vec<Effect> {
    match model.models.current() {
        Some(one) => step(model, ModelStep::To(one.version)),
        None => vec![],
    }
}

/// The one that was in use before.
pub fn roll_back(model: &mut Model) -> Vec<Effect> {
    match model.models.current() {
        Some(_) => step(model, ModelStep::Back),
        None => vec![],
    }
}

fn step(model: &mut Model, to: ModelStep) -> Vec<Effect> {
    let ticket = model.ticket();
    model.models.pending = Some(ticket);
    vec![Effect::ActivateModel(ticket, to, model.actor.as_str().into())]
}

pub fn activated(model: &mut Model, ticket: Ticket, answer: Result<Box<MlModel>, ServiceError>) -> Vec<Effect> {
    if model.models.pending != Some(ticket) {
        return vec![];
    }
    model.models.pending = None;
    match answer {
        Ok(one) => model.notice(false, format!("{} version {} is in use", one.name, one.version)),
        Err(why) => model.notice(true, sanitise::line(&why.to_string())),
    }
    let ticket = model.ticket();
    model.models.asked = Some(ticket);
    vec![Effect::LoadModels(ticket)]
}
