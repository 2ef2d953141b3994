//! What the shape of a stated value tells: whether it says anything, and what its blocks have in common.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// Terraform's state cannot tell "not set" from false, 0 and "".
pub(super) fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(n) => n.as_f64() == Some(0.0),
        Value::String(s) => s.is_empty(),
        Value::Array(list) => list.iter().all(is_zero),
        Value::Object(map) => map.values().all(is_zero),
    }
}

/// One block with the attributes of all; of values that differ, the one that says least.
pub(super) fn merged(blocks: &[Value]) -> Cow<'_, Value> {
    match blocks {
        [] => Cow::Owned(Value::Null),
        [one] => Cow::Borrowed(one),
        [first, rest @ ..] => {
            let mut out = first.clone();
            rest.iter().for_each(|block| merge(&mut out, block));
            Cow::Owned(out)
        }
    }
}

fn merge(into: &mut Value, block: &Value) {
    match (into, block) {
        (Value::Object(into), Value::Object(block)) => {
            for (key, value) in block {
                match into.get_mut(key) {
                    Some(known) => merge(known, value),
                    None => {
                        into.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (Value::Array(into), Value::Array(block)) => {
            let is_block = |v: &&Value| v.is_object();
            match (into.iter().position(|v| v.is_object()), block.iter().find(is_block)) {
                (Some(first), Some(other)) => merge(&mut into[first], other),
                (None, Some(other)) => into.insert(0, other.clone()),
                _ => {}
            }
        }
        (into, value) if into.is_null() || (is_zero(value) && !value.is_null() && !is_zero(into)) => {
            *into = value.clone();
        }
        _ => {}
    }
}

/// A list of names with values as a map; `None` when it is another list.
pub(super) fn pairs(list: &[Value]) -> Option<Map<String, Value>> {
    let field = |e: &Value, names: [&str; 4]| names.iter().find_map(|n| e.get(*n)).cloned();
    let pair = |e: &Value| {
        let key = field(e, ["Key", "key", "Name", "name"])?.as_str()?.to_owned();
        Some((key, field(e, ["Value", "value", "TagValue", "tagValue"])?))
    };
    list.iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn blocks_merge_into_one_that_has_every_attribute() {
        let blocks = [json!({"a": 1, "b": "x", "in": []}), json!({"a": 0, "b": "y", "c": null, "in": [{"d": true}]})];
        assert_eq!(*merged(&blocks), json!({"a": 0, "b": "x", "c": null, "in": [{"d": true}]}));
    }

    #[test]
    fn nothing_is_nothing_however_deep() {
        assert!(is_zero(&json!([{"a": false, "b": [], "c": {"d": 0, "e": ""}}])));
        assert!(!is_zero(&json!({"a": [{"b": "x"}]})));
    }

    #[test]
    fn names_with_values_are_a_map() {
        assert_eq!(pairs(&[json!({"Name": "a", "Value": "1"})]), json!({"a": "1"}).as_object().cloned());
        assert_eq!(pairs(&[json!({"Id": "a"})]), None);
    }
}
