//! What Kubernetes objects need before the walk: secrets in one encoding, and what kubectl applied last.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// A Secret with `stringData` folded into `data`, as the API server does; `None` when there is nothing to fold.
pub(super) fn folded_secret(object: &Value) -> Option<Value> {
    let plain = object.get("stringData")?.as_object()?;
    if object.get("kind").and_then(Value::as_str) != Some("Secret") {
        return None;
    }
    let mut object = object.clone();
    let fields = object.as_object_mut()?;
    fields.remove("stringData");
    let data = fields.entry("data").or_insert_with(|| Value::Object(Map::new()));
    if data.is_null() {
        *data = Value::Object(Map::new());
    }
    let data = data.as_object_mut()?;
    for (key, value) in plain {
        let encoded = match value.as_str() {
            // A mask is no text to encode.
            Some(s) if !super::placeholder::hides_value(value) => Value::from(STANDARD.encode(s)),
            _ => value.clone(),
        };
        data.insert(key.clone(), encoded);
    }
    Some(object)
}

/// The manifest that `kubectl apply` kept in its annotation.
pub(super) fn last_applied(live: &Value) -> Option<Value> {
    let annotations = live.get("metadata")?.get("annotations")?;
    serde_json::from_str(annotations.get("kubectl.kubernetes.io/last-applied-configuration")?.as_str()?).ok()
}
