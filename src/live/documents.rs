//! The resources of one file, for comparing two files with each other.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::LiveResource;
use super::open::{readers, unknown};
use super::reader::{Recording, source_error};
use crate::compare::{Dialect, Observable};
use crate::declared::kubernetes::{address, sensitive_paths};
use crate::drift::SourceError;

/// The resources a file holds: those of a recording, newest of each; else every JSON object or YAML document, as it is.
/// Lists (`[…]`, `items`, `value`) are taken apart.
pub fn documents(path: &Path) -> Result<Vec<LiveResource>, SourceError> {
    let recording = Recording::load(path)?;
    if let Some(reader) = readers().iter().find(|r| r.recognises(&recording)) {
        return reader.documents(recording);
    }
    plain_documents(&recording)
}

/// Every JSON object or YAML document of a file, as it is.
pub(super) fn plain_documents(recording: &Recording) -> Result<Vec<LiveResource>, SourceError> {
    let path = &recording.path;
    if recording.broken.is_some() || recording.text.trim().is_empty() {
        return Err(unknown(recording));
    }
    let is_json = recording.text.trim_start().starts_with(['{', '[']);
    let values = if is_json { json(&recording.text) } else { yaml(&recording.text) };
    let values = values.map_err(|e| source_error(path, &e, "give a file that holds JSON objects or YAML documents"))?;
    let found: Vec<LiveResource> = values.into_iter().flat_map(|v| parts(path, v)).collect();
    if found.is_empty() { Err(unknown(recording)) } else { Ok(found) }
}

fn json(text: &str) -> Result<Vec<Value>, String> {
    serde_json::from_str(text).map(|v| vec![v]).map_err(|e| format!("is no valid JSON: {e}"))
}

fn yaml(text: &str) -> Result<Vec<Value>, String> {
    let documents = serde_norway::Deserializer::from_str(text).map(Value::deserialize);
    documents.collect::<Result<_, _>>().map_err(|e| format!("is no valid YAML: {e}"))
}

/// The resources in a part of a document, as they are.
pub fn parts(path: &Path, value: Value) -> Vec<LiveResource> {
    elements(value).into_iter().map(|v| plain(path, v)).collect()
}

/// What an HTTP recorder wrapped: `{headers, body}`, or `{request, response: {body}}`.
fn body(value: Value) -> Value {
    let body = match (value.get("request"), value.get("response")) {
        (Some(_), Some(response)) => response.get("body"),
        _ if value.get("headers").is_some() => value.get("body"),
        _ => None,
    };
    body.cloned().unwrap_or(value)
}

/// Objects of a list, or the object itself; anything else is nothing to compare.
fn elements(value: Value) -> Vec<Value> {
    let value = body(value);
    let list = |v: &Value| v.as_array().is_some_and(|a| !a.is_empty() && a.iter().all(Value::is_object));
    match value {
        Value::Array(all) => all.into_iter().filter(Value::is_object).collect(),
        Value::Object(mut map) => match ["items", "value"].into_iter().find(|k| map.get(*k).is_some_and(list)) {
            Some(key) => map.remove(key).map(elements).unwrap_or_default(),
            None => vec![Value::Object(map)],
        },
        _ => vec![],
    }
}

fn plain(path: &Path, values: Value) -> LiveResource {
    let text = |key: &str| values.get(key).and_then(Value::as_str).filter(|s| !s.is_empty());
    let dialect = dialect(&values);
    let resource_type = match dialect {
        Dialect::Kubernetes => {
            format!("{}/{}", text("apiVersion").unwrap_or_default(), text("kind").unwrap_or_default())
        }
        _ => ["type", "resourceType", "kind"].iter().find_map(|k| text(k)).unwrap_or_default().to_owned(),
    };
    let meta = |key: &str| values.pointer(&format!("/metadata/{key}")).and_then(Value::as_str).unwrap_or_default();
    let kind = text("kind").unwrap_or_default();
    let named = (dialect == Dialect::Kubernetes).then(|| address(meta("namespace"), kind, meta("name")));
    let sensitive = named.as_ref().map(|_| sensitive_paths(kind, &values)).unwrap_or_default();
    let id = ["arn", "selfLink", "id", "name"].iter().find_map(|k| text(k)).map(str::to_owned);
    let id = named.or(id);
    LiveResource {
        resource_type: resource_type.into(),
        provider_id: id.unwrap_or_else(|| path.display().to_string()).into(),
        dialect,
        observable: Observable::All,
        values,
        captured_at: None,
        sensitive,
    }
}

/// How a plain object is spelt, from its telling keys.
fn dialect(values: &Value) -> Dialect {
    let has = |key: &str| values.get(key).is_some();
    let subscription = |v: &Value| v.as_str().is_some_and(|id| id.to_ascii_lowercase().starts_with("/subscriptions/"));
    let mut keys = values.as_object().into_iter().flat_map(|o| o.keys());
    match () {
        _ if has("kind") && has("apiVersion") => Dialect::Kubernetes,
        _ if has("configurationItem") || has("configurationItemStatus") => Dialect::AwsConfig,
        _ if values.get("id").is_some_and(subscription) => Dialect::Azure,
        _ if has("selfLink") || (has("etag") && has("bindings")) => Dialect::Gcp,
        _ if pascal_case(&mut keys) => Dialect::Cloudformation,
        _ => Dialect::Terraform,
    }
}

/// PascalCase throughout.
fn pascal_case(keys: &mut dyn Iterator<Item = &String>) -> bool {
    let mut keys = keys.peekable();
    keys.peek().is_some() && keys.all(|k| k.starts_with(|c: char| c.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_spelling_of_a_plain_object_is_guessed_from_its_keys() {
        let cases = [
            (json!({"apiVersion": "v1", "kind": "Service"}), Dialect::Kubernetes),
            (json!({"BucketName": "b", "Tags": []}), Dialect::Cloudformation),
            (json!({"id": "/subscriptions/1/resourceGroups/g", "name": "n"}), Dialect::Azure),
            (json!({"etag": "x", "bindings": []}), Dialect::Gcp),
            (json!({"selfLink": "https://x", "priority": 1}), Dialect::Gcp),
            (json!({"ami": "a", "Tags": {}}), Dialect::Terraform),
            (json!({}), Dialect::Terraform),
        ];
        for (object, expected) in cases {
            assert_eq!(dialect(&object), expected, "{object}");
        }
    }

    #[test]
    fn lists_are_taken_apart_and_scalars_are_nothing() {
        assert_eq!(elements(json!([{"a": 1}, 2])).len(), 1);
        assert_eq!(elements(json!({"items": [{"a": 1}, {"a": 2}]})).len(), 2);
        assert_eq!(elements(json!({"value": "x"})), [json!({"value": "x"})]);
        assert!(elements(json!("x")).is_empty());
        let recorded = json!({"request": {}, "response": {"status": 200, "body": {"kind": "Service"}}});
        assert_eq!(elements(recorded), [json!({"kind": "Service"})]);
        assert_eq!(elements(json!({"headers": {}, "body": {"items": [{"a": 1}]}})), [json!({"a": 1})]);
    }
}
