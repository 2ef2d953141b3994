//! What happened, in three to six plain sentences. Each points to what it rests on; what nobody knows is said, not guessed.

mod sentences;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::drift::{ContextRequest, DriftDetail, DriftEvent, OperationalContext};
use crate::safety::Tainted;

/// What kind of thing a sentence rests on.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// A property that differs.
    Change,
    /// When it was seen.
    Sighting,
    /// What an audit trail of the cloud, or the resource itself, says of who it was.
    Actor,
    /// An incident, deployment, ticket, alert …
    Context,
    /// What speaks for the cause.
    Factor,
    /// When it happened, among what else went on.
    When,
    /// What a learned model says of the cause.
    Model,
    /// Why it is as severe as it is.
    Reason,
    /// An entry of our own trail.
    Decision,
    /// What is recommended.
    Advice,
}

impl EvidenceKind {
    /// In words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Sighting => "seen",
            Self::Actor => "who",
            Self::Context => "context",
            Self::Factor => "cause",
            Self::When => "when",
            Self::Model => "model",
            Self::Reason => "severity",
            Self::Decision => "decision",
            Self::Advice => "advice",
        }
    }
}

/// One thing that is known.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Evidence {
    pub kind: EvidenceKind,
    pub text: Tainted,
}

/// A sentence, and what it rests on: indices into [`Narrative::evidence`], from 0, at least one.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Sentence {
    pub text: Tainted,
    pub evidence: Vec<usize>,
}

/// Three to six sentences: what, who and when, what went on meanwhile, why, how bad, and what became of it.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Narrative {
    pub sentences: Vec<Sentence>,
    pub evidence: Vec<Evidence>,
}

impl Narrative {
    /// A sentence with the numbers of its evidence, from 1: `… [1][3]`.
    pub fn numbered(sentence: &Sentence) -> String {
        let numbers: String = sentence.evidence.iter().map(|at| format!("[{}]", at + 1)).collect();
        format!("{} {numbers}", sentence.text.line())
    }

    /// What the numbers stand for: `[1] change: …`
    pub fn references(&self) -> impl Iterator<Item = String> {
        self.evidence
            .iter()
            .enumerate()
            .map(|(at, one)| format!("[{}] {}: {}", at + 1, one.kind.words(), one.text.line()))
    }
}

/// What went on so long before a change may have to do with it.
const BEFORE: SignedDuration = SignedDuration::from_hours(1);

/// What [`narrate`] wants to know of what went on around a drift.
pub fn around(event: &DriftEvent) -> ContextRequest {
    let made = changed_at(event);
    let from = made.checked_sub(BEFORE).unwrap_or(made);
    ContextRequest {
        environments: vec![event.environment.clone()],
        from,
        ..ContextRequest::at(event.detected_at.max(made))
    }
}

/// When it was made, or else first seen.
fn changed_at(event: &DriftEvent) -> Timestamp {
    event.attribution.as_ref().map_or(event.detected_at, |by| by.at)
}

/// `contexts`: what the store has for [`around`]; `clock`: a time for people.
pub fn narrate(
    detail: &DriftDetail,
    contexts: &[OperationalContext],
    now: Timestamp,
    clock: &dyn Fn(Timestamp) -> String,
) -> Narrative {
    let mut told = sentences::Telling { detail, contexts, now, clock, narrative: Narrative::nothing() };
    told.what();
    told.who();
    told.meanwhile();
    told.why();
    told.how_bad();
    told.since();
    told.narrative
}

impl Narrative {
    fn nothing() -> Self {
        Self { sentences: vec![], evidence: vec![] }
    }

    /// Says something on some evidence, which is listed once.
    fn say(&mut self, text: String, on: impl IntoIterator<Item = (EvidenceKind, String)>) {
        let evidence = on.into_iter().map(|(kind, text)| self.place(Evidence { kind, text: text.into() })).collect();
        self.sentences.push(Sentence { text: text.into(), evidence });
    }

    fn place(&mut self, one: Evidence) -> usize {
        let known = self.evidence.iter().position(|known| *known == one);
        known.unwrap_or_else(|| {
            self.evidence.push(one);
            self.evidence.len() - 1
        })
    }
}
