//! What is wrong, in words of those who asked: no types of this program, no phrases of its libraries.

use serde_json::Value;
use serde_json::error::Category;

use crate::safety::sanitise;

/// Characters of what was sent that are said back.
const SAID_BACK: usize = 60;

/// What was sent, short enough and safe to show.
pub(super) fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    format!("'{}'", sanitise::cell(&text, SAID_BACK))
}

/// What kind of JSON something is.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing (null)",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The same of a schema's word for it.
pub(super) fn wanted(kind: &str) -> &'static str {
    match kind {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "an object",
        _ => "nothing (null)",
    }
}

/// Why a body cannot be read as JSON at all.
pub(in super::super) fn no_json(bytes: &[u8], error: &serde_json::Error) -> String {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return "the body is empty: an object in JSON belongs there".to_owned();
    }
    if std::str::from_utf8(bytes).is_err() {
        return "the body is no text in UTF-8".to_owned();
    }
    let place = format!("line {}, column {}", error.line(), error.column());
    match error.classify() {
        Category::Eof => format!("the body ends in the middle of its JSON ({place})"),
        _ => format!("the body is no JSON: {} ({place})", without_place(&error.to_string())),
    }
}

/// Why something that looks right cannot be read. A sentence that our own types gave stays; a phrase of the reader's does not.
pub(in super::super) fn unread(error: &str) -> String {
    let said = without_place(error);
    if said.starts_with("duplicate field") {
        return "is there twice".to_owned();
    }
    let phrases =
        ["invalid type", "invalid value", "invalid length", "unknown variant", "unknown field", "missing field"];
    if phrases.iter().any(|phrase| said.starts_with(phrase)) || said.contains("did not match any variant") {
        return "is not what belongs here: /api/v1/openapi.json says what does".to_owned();
    }
    said.to_owned()
}

fn without_place(error: &str) -> &str {
    error.split(" at line ").next().unwrap_or(error)
}
