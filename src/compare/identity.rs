//! What identifies an element of a list of objects: known keys, else a key whose name says so and that tells all apart.

use std::borrow::Cow;
use std::collections::BTreeMap;

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
    let apart = |keys: &[&str]| tells_apart(cursor, keys, d) && tells_apart(cursor, keys, l);
    let mut known = cursor.identity().iter().map(|keys| keys.iter().map(|k| k.as_ref()).collect::<Vec<_>>());
    known
        .find(|keys| apart(keys))
        .or_else(|| USUAL.iter().find(|key| apart(std::slice::from_ref(*key))).map(|key| vec![*key]))
        .or_else(|| TOGETHER.iter().find(|keys| apart(keys)).map(|keys| keys.to_vec()))
}

fn tells_apart(cursor: Cursor<'_>, keys: &[&str], list: &[Value]) -> bool {
    // Of several keys some may be left out; one must be there. Most keys fail here, at the first element.
    let stated = |element| keys.iter().any(|key| !part(cursor, key, element).is_empty());
    if !list.iter().all(stated) {
        return false;
    }
    match keys {
        [key] => all_differ(list.iter().map(|element| part(cursor, key, element))),
        _ => all_differ(list.iter().map(|element| of(cursor, keys, element))),
    }
}

fn all_differ<T: Ord>(all: impl Iterator<Item = T>) -> bool {
    let mut all: Vec<T> = all.collect();
    all.sort_unstable();
    all.windows(2).all(|pair| pair[0] != pair[1])
}

/// The identity of one element; what it leaves out counts as its default.
pub(super) fn of<'w>(cursor: Cursor<'w>, keys: &[&str], element: &'w Value) -> Identity<'w> {
    keys.iter().map(|key| part(cursor, key, element)).collect()
}

fn part<'w>(cursor: Cursor<'w>, key: &str, element: &'w Value) -> Cow<'w, str> {
    let stated = element.get(key).filter(|v| !v.is_null());
    match stated.or_else(|| cursor.item().key(key).default()) {
        Some(Value::String(s)) => Cow::Borrowed(s.as_str()),
        Some(v @ (Value::Number(_) | Value::Bool(_))) => Cow::Owned(v.to_string()),
        _ => Cow::Borrowed(""),
    }
}

/// Elements by identity.
pub(super) fn index<'w>(cursor: Cursor<'w>, keys: &[&str], list: &'w [Value]) -> BTreeMap<Identity<'w>, &'w Value> {
    list.iter().map(|element| (of(cursor, keys, element), element)).collect()
}
