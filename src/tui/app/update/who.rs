//! Asks who made a drift. That takes seconds; whoever does not wait for it is told by a notice.

use super::resource::looked_at;
use crate::drift::Who;
use crate::safety::sanitise;
use crate::service::ServiceError;
use crate::tui::app::msg::Ticket;
use crate::tui::app::overlay::Overlay;
use crate::tui::app::who::WhoView;
use crate::tui::app::{Effect, Model};

pub fn open(model: &mut Model) -> Vec<Effect> {
    let Some((drift, label)) = looked_at(model) else { return vec![] };
    let under = model.overlay.take();
    model.overlay = Some(Overlay::Who);
    // Left and opened again before the answer: the question is under way.
    if let Some(view) = model.who.as_mut().filter(|view| view.drift == drift && view.asked.is_some()) {
        view.under = under;
        return vec![];
    }
    let ticket = model.ticket();
    model.who = Some(WhoView { drift, title: label.line(), asked: Some(ticket), answer: None, scroll: 0, under });
    vec![Effect::AskWho(ticket, drift)]
}

pub fn came(model: &mut Model, ticket: Ticket, answer: Result<Box<Who>, ServiceError>) -> Vec<Effect> {
    let is_looked_at = model.overlay == Some(Overlay::Who);
    let Some(view) = model.who.as_mut().filter(|view| view.asked == Some(ticket)) else { return vec![] };
    view.asked = None;
    let answer = answer.map_err(|why| sanitise::line(&why.to_string()));
    if is_looked_at {
        view.answer = Some(answer);
        return vec![];
    }
    let (title, error) = (sanitise::cell(&view.title, 60), answer.is_err());
    let said = match &answer {
        Err(why) => why.clone(),
        Ok(who) => match who.culprit() {
            Some(one) => format!("it was {}, by {}", one.actor.cell(60), one.event.cell(60)),
            None => "nobody can be named; ask again for what is known".into(),
        },
    };
    model.who = None;
    model.notice(error, format!("{title}: {said}"));
    vec![]
}

pub fn back(model: &mut Model) -> Vec<Effect> {
    model.overlay = model.who.as_mut().and_then(|view| view.under.take());
    // One that is still asked about is waited for.
    if model.who.as_ref().is_some_and(|view| view.asked.is_none()) {
        model.who = None;
    }
    vec![]
}
