//! Query parameters: each known, there once, readable, and of the kind that is described.

use std::borrow::Cow;

use axum::http::request::Parts;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{operation, schema};
use crate::api::Problem;
use crate::server::openapi;

/// # Errors
/// `invalid`, with the name of the first parameter that is wrong.
pub(in super::super) fn query(parts: &Parts) -> Result<(), Problem> {
    let Some(query) = parts.uri.query().filter(|query| !query.is_empty()) else { return Ok(()) };
    let Some(operation) = operation(&parts.method, &parts.extensions) else { return Ok(()) };
    let described: Vec<&Value> = operation["parameters"].as_array().into_iter().flatten().collect();
    let described: Vec<&Value> = described.into_iter().filter(|one| one["in"] == "query").collect();
    let mut seen: Vec<(String, String)> = vec![];
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name).map_err(|()| Problem::of_field("query", "the name of a parameter is no UTF-8"))?;
        let Some(parameter) = described.iter().find(|one| one["name"] == name.as_ref()) else {
            return Err(unknown(&name, &described));
        };
        let wrong = |message: &str| Err(Problem::of_field(name.as_ref(), message));
        if seen.iter().any(|(known, _)| *known == name) {
            return wrong("is there twice: several values go into one, with commas between them");
        }
        let Ok(value) = decoded(value) else { return wrong("is no text in UTF-8") };
        if value.chars().any(char::is_control) {
            return wrong("must not hold control characters");
        }
        schema::check_text(openapi::document(), &parameter["schema"], &value)
            .map_err(|fault| Problem::of_field(name.as_ref(), fault.message))?;
        seen.push((name.into_owned(), value.into_owned()));
    }
    if let Some(missing) = described
        .iter()
        .find(|one| one["required"] == true && !seen.iter().any(|(name, _)| one["name"] == name.as_str()))
    {
        let about = missing["description"].as_str().map_or(String::new(), |about| format!(": {about}"));
        let message = format!("this parameter is needed{about}");
        return Err(Problem::of_field(missing["name"].as_str().unwrap_or_default(), message));
    }
    in_order(&seen)
}

fn unknown(name: &str, described: &[&Value]) -> Problem {
    let names: Vec<&str> = described.iter().filter_map(|one| one["name"].as_str()).collect();
    let name: String = crate::safety::sanitise::cell(name, 64);
    let message = match names.is_empty() {
        true => "no such parameter: none is understood here".to_owned(),
        false => format!("no such parameter: {} are understood", names.join(", ")),
    };
    Problem::of_field(if name.is_empty() { "query" } else { &name }, message)
}

/// `+` is a space, as forms have it. What is no escape stands for itself.
fn decoded(text: &str) -> Result<Cow<'_, str>, ()> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|_| ())?;
    Ok(Cow::Owned(decoded.into_owned()))
}

fn in_order(seen: &[(String, String)]) -> Result<(), Problem> {
    let at = |name: &str| seen.iter().find(|(known, _)| known == name)?.1.parse::<Timestamp>().ok();
    match at("from").zip(at("until")) {
        Some((from, until)) if from > until => {
            Err(Problem::of_field("until", format!("{until} is before from, {from}: a span ends after it begins")))
        }
        _ => Ok(()),
    }
}
