//! Google's Gemini as a teller: a richer story, and answers to questions about a drift. Off unless the configuration names it.
//!
//! It sees the numbered evidence of a [`Narrative`] and nothing else, with every secret masked before; what it answers is shown as
//! far as it cites that evidence. Whatever goes wrong with it, everything else goes on as without it.
//!
//! Source of the wire format: <https://ai.google.dev/api/generate-content>.
//!
//! [`Narrative`]: crate::analysis::narrative::Narrative

mod answer;
mod client;
mod prompt;
mod question;
mod wire;

pub use answer::Answer;
pub use client::{Failure, Gemini};
pub use prompt::{Prompt, QUESTION_MAX};
pub use question::{Cancel, Question, Told};

use std::time::Duration;

use url::Url;

/// As the configuration says it.
#[derive(Clone, PartialEq, Debug)]
pub struct GeminiSpec {
    pub model: String,
    /// Up to the version: `https://generativelanguage.googleapis.com/v1beta`.
    pub url: Url,
    /// Where the key is: `env:NAME`, `file:PATH`, `vault:PATH#FIELD`.
    pub key: String,
    /// For the whole answer.
    pub timeout: Duration,
}

impl GeminiSpec {
    pub const MODEL: &str = "gemini-2.5-flash";
    pub const URL: &str = "https://generativelanguage.googleapis.com/v1beta";
    pub const KEY: &str = "env:GEMINI_API_KEY";
    /// What is said where it is not there.
    pub const OFF: &str = "Gemini is off: a [gemini] table in the configuration turns it on";
    pub const TIMEOUT: Duration = Duration::from_secs(20);
}

#[cfg(test)]
mod tests;
