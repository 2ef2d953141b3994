//! Which drifts: query parameters, and the request they stand for.

use std::str::FromStr;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{LIMIT, PAGE, Problem};
use crate::drift::{DriftType, SeverityClass, Slug, State};
use crate::store::{Cursor, Direction, DriftFilter, PageRequest};

/// A query parameter: lists have commas between their words.
pub type Parameter = (String, String);

/// What is understood, for the message about what is not.
pub(super) const NAMES: [&str; 13] = [
    "environment",
    "drift_type",
    "severity",
    "status",
    "from",
    "until",
    "text",
    "query",
    "rule",
    "group",
    "cursor",
    "direction",
    "limit",
];

/// As parameters; what is not asked for is left out.
pub fn to_parameters(request: &PageRequest) -> Vec<Parameter> {
    let PageRequest { filter, cursor, direction, limit } = request;
    let mut parameters = vec![];
    let mut add = |name: &str, value: Option<String>| {
        parameters.extend(value.map(|value| (name.to_owned(), value)));
    };
    add("environment", listed(&filter.environments));
    add("drift_type", listed(&filter.drift_types));
    add("severity", listed(&filter.severities));
    add("status", listed(&filter.states));
    add("from", filter.detected_from.map(|at| at.to_string()));
    add("until", filter.detected_until.map(|at| at.to_string()));
    add("text", Some(filter.text.clone()).filter(|text| !text.is_empty()));
    add("query", Some(filter.query.to_string()).filter(|text| !text.is_empty()));
    add("rule", filter.rule.map(|rule| rule.to_string()));
    add("group", filter.member.map(|member| word(&member)));
    add("cursor", cursor.as_ref().map(|cursor| cursor.0.clone()));
    add("direction", (*direction != Direction::Older).then(|| word(direction)));
    add("limit", Some(limit.to_string()));
    parameters
}

/// The request that the parameters stand for; `me` is who asks.
///
/// # Errors
/// The first parameter that is unknown, or whose value is.
pub fn from_parameters(parameters: &[Parameter], me: &str) -> Result<PageRequest, Problem> {
    let mut filter = DriftFilter { me: me.to_owned(), ..DriftFilter::default() };
    let mut request =
        PageRequest { filter: DriftFilter::default(), cursor: None, direction: Direction::Older, limit: LIMIT };
    for (name, value) in parameters {
        match name.as_str() {
            "environment" => filter.environments.extend(words::<Slug>(name, value)?),
            "drift_type" => filter.drift_types.extend(words::<DriftType>(name, value)?),
            "severity" => filter.severities.extend(words::<SeverityClass>(name, value)?),
            "status" => filter.states.extend(words::<State>(name, value)?),
            "from" => filter.detected_from = Some(parsed::<Timestamp>(name, value)?),
            "until" => filter.detected_until = Some(parsed::<Timestamp>(name, value)?),
            "text" => filter.text.clone_from(value),
            "query" => filter.query = parsed(name, value)?,
            "rule" => filter.rule = Some(parsed(name, value)?),
            "group" => filter.member = Some(of_word(name, value)?),
            "cursor" => request.cursor = Some(Cursor(value.clone())),
            "direction" => request.direction = of_word(name, value)?,
            "limit" => request.limit = parsed::<usize>(name, value)?.clamp(1, PAGE),
            _ => {
                return Err(Problem::of_field(name, format!("no such parameter: {} are understood", NAMES.join(", "))));
            }
        }
    }
    Ok(PageRequest { filter, ..request })
}

/// As the vocabulary writes it.
fn word<T: Serialize>(one: &T) -> String {
    match serde_json::to_value(one) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

fn listed<T: Serialize>(all: &[T]) -> Option<String> {
    (!all.is_empty()).then(|| all.iter().map(word).collect::<Vec<_>>().join(","))
}

fn of_word<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Problem> {
    serde_json::from_value(Value::String(text.to_owned())).map_err(|error| Problem::of_field(name, error.to_string()))
}

fn words<T: DeserializeOwned>(name: &str, text: &str) -> Result<Vec<T>, Problem> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(|word| of_word(name, word)).collect()
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(name: &str, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|error| Problem::of_field(name, format!("{error}")))
}
