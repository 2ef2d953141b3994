//! Requests and answers of `generateContent`, and what each answer means.

use serde::{Deserialize, Serialize};

use super::client::Failure;
use crate::safety::sanitise;

/// Tokens of an answer, with what a model thinks before it, which counts too.
const MOST: u32 = 16_384;
/// Columns of what the other side says of a failure.
const SAID: usize = 200;

#[derive(Serialize)]
pub(super) struct Request<'a> {
    contents: [Content<'a>; 1],
    #[serde(rename = "generationConfig")]
    config: Config,
}

#[derive(Serialize)]
struct Content<'a> {
    role: &'static str,
    parts: [Part<'a>; 1],
}

#[derive(Serialize)]
struct Part<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct Config {
    temperature: f32,
    #[serde(rename = "maxOutputTokens")]
    most: u32,
}

impl<'a> Request<'a> {
    pub fn new(prompt: &'a str) -> Self {
        let contents = [Content { role: "user", parts: [Part { text: prompt }] }];
        Self { contents, config: Config { temperature: 0.0, most: MOST } }
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Body {
    candidates: Vec<Candidate>,
    prompt_feedback: Option<Feedback>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Feedback {
    block_reason: Option<String>,
    block_reason_message: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Candidate {
    content: Option<Said>,
    finish_reason: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Said {
    parts: Vec<Text>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Text {
    text: Option<String>,
    /// Not the answer, but what was thought before it.
    thought: bool,
}

#[derive(Deserialize)]
struct Refused {
    error: Error,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Error {
    code: u16,
    message: String,
    status: String,
}

/// The text that was answered.
pub(super) fn read(status: u16, body: &[u8]) -> Result<String, Failure> {
    let error = error_of(body);
    if status != 200 || error.is_some() {
        return Err(refused(status, error.unwrap_or_default()));
    }
    let body: Body = serde_json::from_slice(body).map_err(|_| Failure::Unreadable("its answer is no JSON".into()))?;
    let Some(first) = body.candidates.into_iter().next() else {
        let why = body.prompt_feedback.and_then(|said| said.block_reason_message.or(said.block_reason));
        return Err(Failure::Withheld(why.map_or("it gave no reason".into(), |why| sanitise::cell(&why, SAID))));
    };
    let parts = first.content.map(|content| content.parts).unwrap_or_default();
    let text: String = parts.into_iter().filter(|part| !part.thought).filter_map(|part| part.text).collect();
    match first.finish_reason.as_deref() {
        None | Some("STOP") if text.trim().is_empty() => Err(Failure::Unreadable("its answer is empty".into())),
        None | Some("STOP") => Ok(text),
        // What is there may be cut in the middle of a denial.
        Some("MAX_TOKENS") => Err(Failure::Unreadable("its answer was cut off".into())),
        Some(other) => Err(Failure::Withheld(format!("it stopped by itself: {}", sanitise::cell(other, 40)))),
    }
}

/// What went wrong, as it says so itself: with whatever status, for some front ends answer 200 to everything.
fn error_of(body: &[u8]) -> Option<Error> {
    // Others put the object into an array, which must be tried first: a structure is read from a list, too, without its names.
    let listed = serde_json::from_slice::<[Refused; 1]>(body).map(|[refused]| refused.error);
    listed.or_else(|_| serde_json::from_slice::<Refused>(body).map(|refused| refused.error)).ok()
}

fn refused(status: u16, error: Error) -> Failure {
    let said = sanitise::cell(error.message.trim(), SAID);
    let said = if said.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status}: {said}") };
    let status = if status == 200 { error.code } else { status };
    match (status, error.status.as_str()) {
        (401 | 403, _) | (0 | 400, "UNAUTHENTICATED" | "PERMISSION_DENIED") => Failure::Key(said),
        (400, _) if error.message.contains("API key") => Failure::Key(said),
        (404, _) | (0, "NOT_FOUND") => Failure::Model(said),
        (429, _) | (0, "RESOURCE_EXHAUSTED") => Failure::Busy(said),
        (500.., _) | (0, "INTERNAL" | "UNAVAILABLE" | "DEADLINE_EXCEEDED") => Failure::Away(said),
        _ => Failure::Unreadable(said),
    }
}
