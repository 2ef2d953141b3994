//! A question about a drift, put to Gemini: typed, looked at as it would be sent, waited for, answered.

use super::input::Line;
use super::msg::Ticket;
use super::overlay::Overlay;
use crate::drift::DriftId;
use crate::gemini::{Cancel, GeminiSpec, Question, Told};

/// What a session knows of Gemini.
#[derive(Default)]
pub struct GeminiState {
    /// `None`: it is off.
    pub spec: Option<GeminiSpec>,
    /// Why, in a sentence.
    pub off: Option<String>,
    /// Somebody has looked at what is sent, and sent it.
    pub is_known: bool,
    /// Why it did not answer the last time; until it does again.
    pub failing: Option<String>,
}

/// The question that is on the screen.
pub struct QuestionView {
    pub drift: DriftId,
    /// The resource.
    pub title: String,
    pub line: Line,
    pub stage: Stage,
    pub scroll: usize,
    /// What it lies over, if anything.
    pub under: Option<Overlay>,
}

/// How far it is.
pub enum Stage {
    Typing,
    /// What is known of the drift is being looked up.
    Preparing(Ticket),
    /// As it would be sent; nothing was.
    Preview(Box<Question>),
    /// It is on its way.
    Waiting(Ticket, Cancel),
    Told(Box<Told>),
    /// Why there is no answer.
    Failed(String),
}

impl QuestionView {
    /// Where something is typed.
    pub fn field(&mut self) -> Option<&mut Line> {
        matches!(self.stage, Stage::Typing).then_some(&mut self.line)
    }
}
