//! Asks for a drift's story.

use super::resource::looked_at;
use crate::analysis::narrative::Narrative;
use crate::safety::sanitise;
use crate::service::ServiceError;
use crate::tui::app::msg::Ticket;
use crate::tui::app::narrative::NarrativeView;
use crate::tui::app::overlay::Overlay;
use crate::tui::app::{Effect, Model};

pub fn open(model: &mut Model) -> Vec<Effect> {
    let Some((drift, label)) = looked_at(model) else { return vec![] };
    let (under, ticket) = (model.overlay.take(), model.ticket());
    model.overlay = Some(Overlay::Narrative);
    let title = label.line();
    model.narrative = Some(NarrativeView { drift, title, asked: Some(ticket), answer: None, scroll: 0, under });
    vec![Effect::LoadNarrative(ticket, drift, model.zone.clone())]
}

pub fn came(model: &mut Model, ticket: Ticket, answer: Result<Box<Narrative>, ServiceError>) -> Vec<Effect> {
    if let Some(view) = model.narrative.as_mut().filter(|view| view.asked == Some(ticket)) {
        view.asked = None;
        view.answer = Some(answer.map_err(|why| sanitise::line(&why.to_string())));
    }
    vec![]
}

pub fn back(model: &mut Model) -> Vec<Effect> {
    model.overlay = model.narrative.take().and_then(|view| view.under);
    vec![]
}
