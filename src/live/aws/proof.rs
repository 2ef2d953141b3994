//! Whether what SELECT says of a type can be believed: only where, in a reading of everything, it said just what the listing and
//! the items said.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::items::Item;
use super::select::{Row, Rows};

/// What is believed of a type.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Proof {
    /// SELECT has a row for each resource, of the same moment, and no other.
    pub selected: bool,
    /// The rows hold the whole items.
    pub whole: bool,
}

/// Compares, type by type, what was read.
pub(super) fn prove(types: &[Arc<str>], items: &[Item], rows: &Rows) -> BTreeMap<Arc<str>, Proof> {
    let mut rows_of: BTreeMap<&str, u64> = BTreeMap::new();
    rows.keys().for_each(|key| *rows_of.entry(&key.config_type).or_default() += 1);
    let mut items_of: BTreeMap<&str, u64> = BTreeMap::new();
    let mut proofs: BTreeMap<Arc<str>, Proof> =
        types.iter().map(|t| (Arc::clone(t), Proof { selected: true, whole: true })).collect();
    for item in items {
        *items_of.entry(&item.key.config_type).or_default() += 1;
        let Some(proof) = proofs.get_mut(&item.key.config_type) else { continue };
        let row = rows.get(&item.key);
        proof.selected &= row.is_some_and(|row| is_same(item, row));
        proof.whole &= proof.selected;
        proof.whole = proof.whole && row.is_some_and(|row| says_the_same(item, row));
    }
    for (config_type, proof) in &mut proofs {
        let there = items_of.get(&**config_type).copied().unwrap_or(0);
        proof.selected &= rows_of.get(&**config_type).copied().unwrap_or(0) == there;
        // Of nothing nothing is learnt.
        proof.whole &= proof.selected && there > 0;
    }
    proofs
}

/// Both speak of one recording of the resource.
pub(super) fn is_same(item: &Item, row: &Row) -> bool {
    let states = (item.state_id.as_str(), row.state_id.as_str());
    item.captured != 0
        && item.captured == row.captured
        && (states.0.is_empty() || states.1.is_empty() || states.0 == states.1)
}

/// The row's configuration is the item's, whatever is a string holding JSON in one of them.
pub(super) fn says_the_same(item: &Item, row: &Row) -> bool {
    row.digest.is_some_and(|of_row| serde_json::from_str(&item.text).is_ok_and(|body| digest(&body) == of_row))
}

/// Of an item's configuration and what is beside it.
pub(super) fn digest(body: &Map<String, Value>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for key in ["configuration", "supplementaryConfiguration"] {
        mix(body.get(key).unwrap_or(&Value::Null), &mut hasher);
    }
    hasher.finish()
}

fn mix(value: &Value, hasher: &mut DefaultHasher) {
    match value {
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner) => mix(&inner, hasher),
            Err(_) => text.hash(hasher),
        },
        Value::Array(list) => {
            ('[', list.len()).hash(hasher);
            list.iter().for_each(|one| mix(one, hasher));
        }
        Value::Object(map) => {
            let mut pairs: Vec<(&String, &Value)> = map.iter().filter(|(_, value)| !is_empty(value)).collect();
            pairs.sort_by_key(|(key, _)| *key);
            ('{', pairs.len()).hash(hasher);
            for (key, value) in pairs {
                key.hash(hasher);
                mix(value, hasher);
            }
        }
        other => other.to_string().hash(hasher),
    }
}

/// Left out by one, empty with the other.
fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::target::Key;
    use super::*;

    fn item(id: &str, captured: f64) -> Item {
        let body = json!({"configurationItemCaptureTime": captured, "configuration": "{\"name\":\"a\",\"size\":1}",
            "supplementaryConfiguration": {"Policy": "{\"a\":[1]}"}});
        Item::new(Key::here(&"T".into(), id), body.as_object().unwrap())
    }

    fn row(captured: i64, configuration: Value) -> Row {
        let body = json!({"configuration": configuration, "supplementaryConfiguration": {"Policy": {"a": [1]}}});
        Row { captured, digest: body.as_object().map(digest), ..Row::default() }
    }

    fn proof(rows: Vec<(&str, Row)>) -> Proof {
        let items = [item("a", 1.5), item("b", 2.0)];
        let rows = rows.into_iter().map(|(id, row)| (Key::here(&"T".into(), id), row)).collect();
        prove(&["T".into()], &items, &rows)["T"]
    }

    #[test]
    fn rows_that_say_what_the_items_say_are_believed() {
        let full = || json!({"size": 1, "name": "a"});
        let rows = vec![("a", row(1500, full())), ("b", row(2000, full()))];
        assert_eq!(proof(rows), Proof { selected: true, whole: true });
    }

    #[test]
    fn a_row_that_is_older_missing_too_many_or_not_whole_is_not() {
        let full = || json!({"size": 1, "name": "a"});
        let a = || ("a", row(1500, full()));
        assert!(!proof(vec![a(), ("b", row(1999, full()))]).selected, "older");
        assert!(!proof(vec![a()]).selected, "missing");
        assert!(!proof(vec![a(), ("b", row(2000, full())), ("c", row(1, full()))]).selected, "not listed");
        let lacks = proof(vec![a(), ("b", row(2000, json!({"name": "a"})))]);
        assert_eq!(lacks, Proof { selected: true, whole: false });
    }
}
