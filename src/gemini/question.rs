//! A question about one drift, from what was typed to what is shown of the answer.

use std::sync::Arc;

use tokio::sync::Notify;

use super::{Answer, Gemini, GeminiSpec, Prompt, QUESTION_MAX};
use crate::analysis::narrative::Narrative;
use crate::safety::Redactor;

/// What would be sent about a drift, and the evidence that an answer may cite.
#[derive(Clone, PartialEq, Debug)]
pub struct Question {
    pub narrative: Narrative,
    pub prompt: Prompt,
}

/// What came of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Told {
    pub answer: Answer,
    /// What its numbers stand for.
    pub narrative: Narrative,
}

/// Ends the wait for an answer: the connection is dropped with it.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Notify>);

impl Question {
    /// `text`: `None` asks for the story.
    ///
    /// # Errors
    /// Why nothing can be asked, in a sentence.
    pub fn new(narrative: Narrative, text: Option<&str>, redactor: &Redactor) -> Result<Self, String> {
        let length = text.map(|text| text.trim().chars().count());
        if let Some(length) = length.filter(|length| *length == 0 || *length > QUESTION_MAX) {
            return Err(format!("a question of 1 to {QUESTION_MAX} characters is needed; this one has {length}"));
        }
        if narrative.evidence.is_empty() {
            return Err("nothing is known of this drift that an answer could rest on: nothing was asked".into());
        }
        let prompt = Prompt::new(&narrative, text, redactor);
        Ok(Self { narrative, prompt })
    }

    /// Asks once.
    ///
    /// # Errors
    /// Why there is no answer, in a sentence; `None`: somebody cancelled it.
    pub async fn ask(self, spec: GeminiSpec, cancel: &Cancel) -> Result<Told, Option<String>> {
        let asking = async {
            // The key may be in a vault.
            let gemini = tokio::task::spawn_blocking(move || Gemini::new(&spec)).await;
            let gemini = gemini.map_err(|_| "Gemini could not be asked; the log says why".to_owned())??;
            let answer = gemini.ask(&self.prompt).await.map_err(|failure| failure.to_string())?;
            Ok(Told { answer, narrative: self.narrative })
        };
        tokio::select! {
            answered = asking => answered.map_err(Some),
            () = cancel.0.notified() => Err(None),
        }
    }
}

impl Cancel {
    pub fn cancel(&self) {
        self.0.notify_one();
    }
}

/// Whoever waits for the one waits for the other.
impl PartialEq for Cancel {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
