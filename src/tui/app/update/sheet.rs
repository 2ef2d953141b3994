//! Two bodies beside each other: asked for, scrolled, left.

use jiff::Timestamp;

use crate::drift::DriftId;
use crate::safety::{Tainted, sanitise};
use crate::service::ServiceError;
use crate::store::Observation;
use crate::tui::app::msg::Ticket;
use crate::tui::app::overlay::Overlay;
use crate::tui::app::sheet::{Sheet, SheetBody};
use crate::tui::app::{Effect, Model};

/// A drift as it stood at a moment.
pub fn as_of(model: &mut Model, id: DriftId, label: Tainted, at: Timestamp, under: Overlay) -> Vec<Effect> {
    let clock = at.to_zoned(model.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let ticket = open(model, format!("{} as of {clock}", label.name(60)), under);
    vec![Effect::LoadAsOf(ticket, id, at, model.zone.clone())]
}

/// An observed value and the one before it.
pub fn observed(model: &mut Model, title: String, old: Option<Observation>, new: Observation) -> Vec<Effect> {
    let ticket = open(model, title, Overlay::Resource);
    vec![Effect::CompareObserved(ticket, Box::new((old, new)), model.zone.clone())]
}

fn open(model: &mut Model, title: String, under: Overlay) -> Ticket {
    let ticket = model.ticket();
    model.sheet = Some(Sheet { title, asked: Some(ticket), answer: None, scroll: 0, under });
    model.overlay = Some(Overlay::Sheet);
    ticket
}

pub fn came(model: &mut Model, ticket: Ticket, answer: Result<Box<SheetBody>, ServiceError>) -> Vec<Effect> {
    if let Some(sheet) = model.sheet.as_mut().filter(|sheet| sheet.asked == Some(ticket)) {
        sheet.asked = None;
        sheet.answer = Some(answer.map_err(|why| sanitise::line(&why.to_string())));
    }
    vec![]
}

/// To what it lies over.
pub fn back(model: &mut Model) -> Vec<Effect> {
    model.overlay = model.sheet.take().map(|sheet| sheet.under);
    vec![]
}
