//! What identifies an element of a list of objects: known keys, else a key whose name says so and that tells all apart.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::facts::Cursor;

/// The values of the identifying keys.
pub(super) type Identity<'w> = Vec<Cow<'w, str>>;

/// Keys that identify by their name, likeliest first.
const USUAL: [&str; 26] = [
    "name",
    "Name",
    "id",
    "Id",
    "ID",
    "key",
    "Key",
    "TagKey",
    "Sid",
    "sid",
    "device_name",
    "DeviceName",
    "deviceName",
    "attribute_name",
    "AttributeName",
    "IndexName",
    "rule_number",
    "RuleNumber",
    "rule_no",
    "role",
    "ParameterName",
    "ParameterKey",
    "RuleName",
    "OptionName",
    "index_name",
    "availability_zone",
];

/// Keys that identify together.
const TOGETHER: [&[&str]; 1] = [&["Namespace", "OptionName", "ResourceName"]];

/// The identifying keys for these two lists; `None` when nothing tells every element of a side apart.
pub(super) fn keys<'w>(cursor: Cursor<'w>, d: &[Value], l: &[Value]) -> Option<Vec<&'w str>> {
    let known = cursor.identity().iter().map(|keys| keys.iter().map(|k| k.as_ref()).collect::<Vec<_>>());
    let usual = USUAL.iter().map(|key| vec![*key]);
    let together = TOGETHER.iter().map(|keys| keys.to_vec());
    known.chain(usual).chain(together).find(|keys| tells_apart(cursor, keys, d) && tells_apart(cursor, keys, l))
}

fn tells_apart(cursor: Cursor<'_>, keys: &[&str], list: &[Value]) -> bool {
    let mut seen = HashSet::with_capacity(list.len());
    list.iter().all(|element| {
        let id = of(cursor, keys, element);
        // Of several keys some may be left out; one must be there.
        id.iter().any(|part| !part.is_empty()) && (keys.len() > 1 || !id[0].is_empty()) && seen.insert(id)
    })
}

/// The identity of one element; what it leaves out counts as its default.
pub(super) fn of<'w>(cursor: Cursor<'w>, keys: &[&str], element: &'w Value) -> Identity<'w> {
    keys.iter()
        .map(|key| {
            let stated = element.get(key).filter(|v| !v.is_null());
            match stated.or_else(|| cursor.item().key(key).default()) {
                Some(Value::String(s)) => Cow::Borrowed(s.as_str()),
                Some(v @ (Value::Number(_) | Value::Bool(_))) => Cow::Owned(v.to_string()),
                _ => Cow::Borrowed(""),
            }
        })
        .collect()
}

/// Elements by identity.
pub(super) fn index<'w>(cursor: Cursor<'w>, keys: &[&str], list: &'w [Value]) -> HashMap<Identity<'w>, &'w Value> {
    list.iter().map(|element| (of(cursor, keys, element), element)).collect()
}
