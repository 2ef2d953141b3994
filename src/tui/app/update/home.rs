//! Asks how things stand.

use crate::drift::Business;
use crate::safety::sanitise;
use crate::service::ServiceError;
use crate::tui::app::home::Home;
use crate::tui::app::msg::Ticket;
use crate::tui::app::overlay::Overlay;
use crate::tui::app::{Effect, Model};

pub fn open(model: &mut Model) -> Vec<Effect> {
    model.overlay = Some(Overlay::Trends { scroll: 0 });
    let ticket = model.ticket();
    model.home.asked = Some(ticket);
    let counting = model.ticket();
    model.home.counting = Some(counting);
    vec![Effect::LoadHome(ticket), Effect::LoadBusiness(counting)]
}

pub fn came(model: &mut Model, ticket: Ticket, answer: Result<Box<Home>, ServiceError>) -> Vec<Effect> {
    if model.home.asked.take_if(|asked| *asked == ticket).is_some() {
        model.home.answer = Some(answer.map_err(|why| sanitise::line(&why.to_string())));
    }
    vec![]
}

pub fn counted(model: &mut Model, ticket: Ticket, answer: Result<Box<Business>, ServiceError>) -> Vec<Effect> {
    if model.home.counting.take_if(|asked| *asked == ticket).is_some() {
        model.home.business = Some(answer.map_err(|why| sanitise::line(&why.to_string())));
    }
    vec![]
}
