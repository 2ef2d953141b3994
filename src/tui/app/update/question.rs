//! Asks Gemini about a drift. The first time in a session what is sent is shown before, and waits for a yes.

use super::resource::looked_at;
use crate::gemini::{Cancel, Question, Told};
use crate::safety::sanitise;
use crate::service::ServiceError;
use crate::tui::app::input::Line;
use crate::tui::app::msg::Ticket;
use crate::tui::app::overlay::Overlay;
use crate::tui::app::question::{QuestionView, Stage};
use crate::tui::app::{Effect, Model};

pub fn open(model: &mut Model) -> Vec<Effect> {
    let Some((drift, label)) = looked_at(model) else { return vec![] };
    let under = model.overlay.take();
    let (title, line) = (label.line(), Line::default());
    model.question = Some(QuestionView { drift, title, line, stage: Stage::Typing, scroll: 0, under });
    model.overlay = Some(Overlay::Question);
    vec![]
}

/// The next step of it.
pub fn enter(model: &mut Model) -> Vec<Effect> {
    model.overlay = Some(Overlay::Question);
    let ticket = model.ticket();
    let zone = model.zone.clone();
    let Some(view) = &mut model.question else { return vec![] };
    view.scroll = 0;
    match std::mem::replace(&mut view.stage, Stage::Typing) {
        Stage::Typing => {
            view.stage = Stage::Preparing(ticket);
            vec![Effect::PrepareQuestion(ticket, view.drift, view.line.text().to_owned(), zone)]
        }
        Stage::Preview(question) => {
            model.gemini.is_known = true;
            send(model, ticket, *question)
        }
        stage @ (Stage::Preparing(_) | Stage::Waiting(..)) => {
            view.stage = stage;
            vec![]
        }
        // Something else may be asked, beginning with what was.
        Stage::Told(_) | Stage::Failed(_) => vec![],
    }
}

fn send(model: &mut Model, ticket: Ticket, question: Question) -> Vec<Effect> {
    let (Some(view), Some(spec)) = (&mut model.question, model.gemini.spec.clone()) else { return vec![] };
    let cancel = Cancel::default();
    view.stage = Stage::Waiting(ticket, cancel.clone());
    vec![Effect::AskGemini(ticket, Box::new(spec), Box::new(question), cancel)]
}

pub fn prepared(model: &mut Model, ticket: Ticket, answer: Result<Box<Question>, ServiceError>) -> Vec<Effect> {
    let is_known = model.gemini.is_known;
    let waits = |view: &&mut QuestionView| matches!(view.stage, Stage::Preparing(waiting) if waiting == ticket);
    let Some(view) = model.question.as_mut().filter(waits) else { return vec![] };
    match answer {
        Ok(question) if is_known => send(model, ticket, *question),
        Ok(question) => {
            view.stage = Stage::Preview(question);
            vec![]
        }
        Err(why) => {
            view.stage = Stage::Failed(sanitise::line(&why.to_string()));
            vec![]
        }
    }
}

/// `Err(None)`: it was cancelled, and that was said.
pub fn answered(model: &mut Model, ticket: Ticket, answer: Result<Box<Told>, Option<String>>) -> Vec<Effect> {
    let answer = match answer {
        Err(None) => return vec![],
        Err(Some(why)) => Err(sanitise::line(&why)),
        Ok(told) => Ok(told),
    };
    let waits = |view: &&mut QuestionView| matches!(view.stage, Stage::Waiting(waiting, _) if waiting == ticket);
    let Some(view) = model.question.as_mut().filter(waits) else { return vec![] };
    model.gemini.failing = answer.as_ref().err().cloned();
    view.stage = match answer {
        Ok(told) => Stage::Told(told),
        Err(why) => Stage::Failed(why),
    };
    vec![]
}

/// From an answer and from what would be sent back to the question, from there to where it was asked. What is on its way is cancelled.
pub fn back(model: &mut Model) -> Vec<Effect> {
    let Some(view) = &mut model.question else { return vec![] };
    match std::mem::replace(&mut view.stage, Stage::Typing) {
        Stage::Preview(_) => model.overlay = Some(Overlay::Question),
        Stage::Waiting(_, cancel) => {
            cancel.cancel();
            model.overlay = Some(Overlay::Question);
            model.notice(false, "Gemini is not asked any more; what was sent cannot be taken back");
        }
        _ => model.overlay = model.question.take().and_then(|view| view.under),
    }
    vec![]
}
