//! Tags, in the four places recordings keep them, split as Terraform does into `tags` and `tags_all`.

use serde_json::{Map, Value, json};

use super::evaluate::Mapped;
use super::item::Item;

/// Adds `tags_all` (when the declared side has it) and `tags`: all but those the provider's `default_tags` put there. A
/// recording without tags leaves them unobserved.
/// `property`: where the item's model keeps them.
pub(super) fn add(mapped: &mut Mapped, item: &Item, property: Option<&str>, declared: Option<&Value>) {
    let Some(live) = of(item, property) else { return };
    let stated = |key: &str| declared.and_then(|d| d.get(key)).and_then(Value::as_object);
    let mut own = live.clone();
    if let Some(all) = stated("tags_all") {
        let explicit = stated("tags");
        let by_default =
            |key: &str, value: &Value| all.get(key) == Some(value) && explicit.is_none_or(|t| !t.contains_key(key));
        own.retain(|key, value| !by_default(key, value));
        set(mapped, "tags_all", live);
    }
    set(mapped, "tags", own);
}

fn set(mapped: &mut Mapped, key: &str, tags: Map<String, Value>) {
    mapped.values.insert(key.to_owned(), Value::Object(tags));
    mapped.observable.push(key.to_owned());
}

/// Tags as a list of blocks, without those that AWS sets. `None` when they are in no spelling we know.
pub(super) fn blocks(tags: &Value) -> Option<Value> {
    let own = as_map(tags)?.into_iter().filter(|(key, _)| !key.starts_with("aws:"));
    Some(own.map(|(key, value)| json!({"key": key, "value": value})).collect())
}

fn of(item: &Item, property: Option<&str>) -> Option<Map<String, Value>> {
    let named = ["tags", "tagSet", "Tags"].into_iter().chain(property);
    let configuration = named.filter_map(|k| item.configuration.get(k));
    let supplementary = item.supplementary.get("Tags").into_iter();
    let places = item.tags.iter().chain(configuration).chain(supplementary);
    // An empty map on the item does not outweigh tags that stand inside the configuration.
    let mut maps = places.filter_map(as_map).peekable();
    let first = maps.peek().cloned();
    // A whole model without tags is that of a resource without tags.
    maps.find(|m| !m.is_empty()).or(first).or_else(|| item.is_model.then(Map::new))
}

/// A map, or a list of `{key, value}` in any case.
fn as_map(value: &Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(map) => Some(map.clone()),
        Value::Array(list) => {
            let field = |e: &Value, names: [&str; 2]| names.iter().find_map(|n| e.get(*n)).cloned();
            let pair = |e: &Value| {
                let key = field(e, ["key", "Key"])?.as_str()?.to_owned();
                Some((key, field(e, ["value", "Value"]).unwrap_or(Value::Null)))
            };
            list.iter().map(pair).collect()
        }
        _ => None,
    }
}
