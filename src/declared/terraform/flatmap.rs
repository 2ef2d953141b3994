//! `attributes_flat`: how Terraform before 0.12 kept attributes, still found in version 4 states of old resources.
//!
//! Every leaf is a string (`"ports.#": "2", "ports.0": "80"`); without the provider's schema it stays one. The shape comes
//! back exactly or not at all: counts that do not fit their keys are an error, never a guess.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// What Terraform wrote for a value that was not known yet.
const UNKNOWN: &str = "74D93920-ED26-11E3-AC10-0800200C9A66";

/// Why the flat form cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum FlatError {
    #[error("`{0}` is not a string")]
    NotAString(String),
    #[error("`{0}` does not count its elements")]
    Count(String),
    #[error("`{0}` was not known when the state was written")]
    Unknown(String),
    #[error("it nests more than {MAX_DEPTH} levels deep")]
    TooDeep,
}

/// Far more than any provider's schema; keeps the recursion on the stack.
const MAX_DEPTH: usize = 64;

type Flat<'a> = BTreeMap<&'a str, &'a str>;

/// Nested values of a flat map.
pub(super) fn nested(flat: &Map<String, Value>) -> Result<Value, FlatError> {
    let mut texts = Flat::new();
    for (key, value) in flat {
        let text = value.as_str().ok_or_else(|| FlatError::NotAString(key.clone()))?;
        if text == UNKNOWN {
            return Err(FlatError::Unknown(key.clone()));
        }
        if key.matches('.').count() > MAX_DEPTH {
            return Err(FlatError::TooDeep);
        }
        texts.insert(key, text);
    }
    object(&texts)
}

fn object(flat: &Flat<'_>) -> Result<Value, FlatError> {
    let mut out = Map::new();
    for name in flat.keys().map(|key| first_segment(key)).collect::<BTreeSet<_>>() {
        out.insert(name.to_owned(), attribute(flat, name)?);
    }
    Ok(Value::Object(out))
}

fn first_segment(key: &str) -> &str {
    key.split('.').next().unwrap_or(key)
}

fn attribute(flat: &Flat<'_>, name: &str) -> Result<Value, FlatError> {
    let prefix = format!("{name}.");
    let below: Flat<'_> = flat.iter().filter_map(|(key, text)| Some((key.strip_prefix(&prefix)?, *text))).collect();
    let wrong = || FlatError::Count(name.to_owned());
    if flat.contains_key(name) && !below.is_empty() {
        return Err(wrong());
    }
    if let Some(count) = below.get("%") {
        // Keys of a map may hold dots themselves; maps of maps never were in this form.
        let entries: Map<String, Value> = below
            .iter()
            .filter(|(key, _)| **key != "%")
            .map(|(key, text)| ((*key).to_owned(), (*text).into()))
            .collect();
        return if count.parse() == Ok(entries.len()) { Ok(Value::Object(entries)) } else { Err(wrong()) };
    }
    if let Some(count) = below.get("#") {
        let list = list(&below).map_err(|_| wrong())?;
        return if count.parse() == Ok(list.len()) { Ok(Value::Array(list)) } else { Err(wrong()) };
    }
    flat.get(name).map(|text| Value::from(*text)).ok_or_else(wrong)
}

/// Elements of a list by their number; those of a set by their hash.
fn list(below: &Flat<'_>) -> Result<Vec<Value>, FlatError> {
    let mut numbers = BTreeMap::new();
    for key in below.keys().filter(|key| **key != "#") {
        let segment = first_segment(key);
        // Hashes of computed sets carry a tilde: `~123`.
        let number: u64 = segment.trim_start_matches('~').parse().map_err(|_| FlatError::Count((*key).to_owned()))?;
        numbers.insert(number, segment);
    }
    numbers
        .into_values()
        .map(|segment| {
            let prefix = format!("{segment}.");
            let element: Flat<'_> =
                below.iter().filter_map(|(key, text)| Some((key.strip_prefix(&prefix)?, *text))).collect();
            match below.get(segment) {
                Some(text) if element.is_empty() => Ok(Value::from(*text)),
                None if element.contains_key("#") || element.contains_key("%") => attribute(below, segment),
                None => object(&element),
                Some(_) => Err(FlatError::Count(segment.to_owned())),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<Value, FlatError> {
        nested(value.as_object().unwrap())
    }

    #[test]
    fn maps_lists_sets_and_blocks_come_back() {
        let flat = json!({
            "id": "sg-1", "tags.%": "2", "tags.Name": "web", "tags.k8s.io/role": "node",
            "ports.#": "2", "ports.0": "80", "ports.1": "443", "empty.#": "0",
            "ingress.#": "1", "ingress.2541437006.from_port": "22",
            "ingress.2541437006.cidr_blocks.#": "1", "ingress.2541437006.cidr_blocks.0": "10.0.0.0/8"
        });
        assert_eq!(
            read(flat).unwrap(),
            json!({
                "id": "sg-1", "tags": {"Name": "web", "k8s.io/role": "node"}, "ports": ["80", "443"], "empty": [],
                "ingress": [{"from_port": "22", "cidr_blocks": ["10.0.0.0/8"]}]
            })
        );
    }

    #[test]
    fn more_than_ten_elements_keep_their_order() {
        let mut flat = json!({"l.#": "11"});
        for i in 0..11 {
            flat[format!("l.{i}")] = Value::from(i.to_string());
        }
        assert_eq!(read(flat).unwrap()["l"][10], "10");
    }

    #[test]
    fn what_does_not_fit_is_an_error_and_not_a_guess() {
        assert_eq!(read(json!({"a.#": "2", "a.0": "x"})), Err(FlatError::Count("a".into())));
        assert_eq!(read(json!({"a.%": "1"})), Err(FlatError::Count("a".into())));
        assert_eq!(read(json!({"a.b": "1"})), Err(FlatError::Count("a".into())));
        assert_eq!(read(json!({"a": "1", "a.#": "0"})), Err(FlatError::Count("a".into())));
        assert_eq!(read(json!({ "a.".repeat(70): "1" })), Err(FlatError::TooDeep));
        assert_eq!(read(json!({"a": 1})), Err(FlatError::NotAString("a".into())));
        assert_eq!(read(json!({"a": UNKNOWN})), Err(FlatError::Unknown("a".into())));
    }
}
