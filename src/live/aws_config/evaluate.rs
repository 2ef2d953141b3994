//! Turns an item into values in Terraform's spelling, as the mapping says.

use jiff::Unit;
use serde_json::{Map, Value, json};

use super::item::Item;
use super::lenient::{policy, timestamp};
use super::mapping::{Attribute, Transform, Type};
use super::path::spelling;
use super::{modelled, rules, siblings, tags};
use crate::declared::DeclaredResource;

/// Values with the paths that could be looked at; what the item does not say is in neither.
#[derive(Default)]
pub(super) struct Mapped {
    pub values: Map<String, Value>,
    pub observable: Vec<String>,
}

/// What is known beside the item.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub declared: Option<&'a Value>,
    pub family: &'a [DeclaredResource],
}

/// Maps one item.
pub(super) fn evaluate(spec: &Type, item: &Item, context: Context<'_>) -> Mapped {
    if let Some(model) = spec.model_of(item) {
        return modelled::evaluate(spec, model, item, context);
    }
    let mut mapped = Mapped::default();
    let full = spec.is_full(item);
    for (target, attribute) in &spec.attributes {
        let found = attribute.from.iter().find_map(|path| path.get(item, context.declared));
        let unset = found.as_ref().is_none_or(Value::is_null);
        let value = match found {
            Some(value) => respell(attribute, value, item, context),
            None if full => attribute.default.clone(),
            None => None,
        };
        let Some(value) = value else { continue };
        if unset && context.declared.is_some_and(|declared| siblings::left_unset(declared, target)) {
            // Null in a state and the default are the same, whatever the default is.
            mapped.observable.extend(attribute.observable(target));
            continue;
        }
        let value = siblings::settle(attribute, target, value, context);
        put(&mut mapped.values, target, value);
        mapped.observable.extend(attribute.observable(target));
    }
    if spec.tags {
        tags::add(&mut mapped, item, None, context.declared);
    }
    mapped
}

/// `None` when the value is in no spelling we know: better unverified than wrong.
pub(super) fn respell(attribute: &Attribute, value: Value, item: &Item, context: Context<'_>) -> Option<Value> {
    if let (Value::Null, Some(default)) = (&value, &attribute.default) {
        return Some(default.clone());
    }
    let value = if attribute.transform == Some(Transform::TagBlocks) { tags::blocks(&value)? } else { value };
    if !attribute.each.is_empty() {
        return Some(each(attribute, value, item, context));
    }
    if !attribute.values.is_empty()
        && let Some(mapped) = attribute.values.get(&spelling(&value))
    {
        return Some(mapped.clone());
    }
    if let (Some(start), Value::String(s)) = (&attribute.starting, &value) {
        return Some(if s.starts_with(start) { value } else { Value::String(String::new()) });
    }
    let Some(transform) = attribute.transform else { return Some(value) };
    match (transform, value) {
        (Transform::SgIngress | Transform::SgEgress, permissions) => {
            Some(rules::for_group(transform == Transform::SgIngress, &permissions, item, context))
        }
        (_, Value::Null) => Some(Value::Null),
        (Transform::IamPolicy, value) => policy(&value).map(|p| Value::String(p.to_string())),
        (Transform::Bool, Value::String(s)) => s.parse().ok().map(Value::Bool),
        (Transform::Lower, Value::String(s)) => Some(Value::String(s.to_lowercase())),
        (Transform::LastSegment, Value::String(s)) => Some(json!(s.rsplit('/').next().unwrap_or_default())),
        (Transform::NoTrailingDot, Value::String(s)) => Some(json!(s.trim_end_matches('.'))),
        (Transform::Endpoint | Transform::NotAnEndpoint, Value::String(s)) => {
            let wanted = s.starts_with("vpce-") == (transform == Transform::Endpoint);
            Some(Value::String(if wanted { s } else { String::new() }))
        }
        (Transform::CommaList, Value::String(s)) => {
            Some(s.split(',').map(str::trim).filter(|s| !s.is_empty()).collect())
        }
        (Transform::Moment, value) => timestamp(&value)?.round(Unit::Second).ok().map(|t| json!(t.to_string())),
        (Transform::Pairs, Value::Array(list)) => list.iter().map(pair).collect(),
        (_, value) => Some(value),
    }
}

/// A name with its value, in the words of the service it is from.
fn pair(element: &Value) -> Option<(String, Value)> {
    const WORDS: [[&str; 2]; 3] = [["name", "value"], ["key", "value"], ["parameterKey", "parameterValue"]];
    let found = WORDS.iter().find_map(|[name, value]| Some((element.get(name)?, element.get(value))));
    found.map(|(name, value)| (spelling(name), value.cloned().unwrap_or_default()))
}

/// A list of objects, each respelt; one object counts as a list of one, an object of which every field is null as none.
fn each(attribute: &Attribute, value: Value, item: &Item, context: Context<'_>) -> Value {
    let elements = match value {
        Value::Null => vec![],
        Value::Array(elements) => elements,
        single => match (&single, &attribute.keyed_by) {
            (Value::Object(map), Some(field)) => keyed(map, field),
            _ => vec![single],
        },
    };
    let keep = |e: &&Value| !attribute.skip.iter().any(|(key, value)| e.get(key) == Some(value));
    let object = |element: &Value| {
        let (mut out, mut empty) = (Map::new(), true);
        for (target, field) in &attribute.each {
            let found = field.from.iter().find_map(|p| p.below(element, context.declared));
            empty &= found.as_ref().is_none_or(Value::is_null);
            let value = found.and_then(|v| respell(field, v, item, context)).or_else(|| field.default.clone());
            if let Some(value) = value {
                put(&mut out, target, value);
            }
        }
        (!empty).then_some(Value::Object(out))
    };
    elements.iter().filter(keep).filter_map(object).collect()
}

/// The values of an object as a list, each with its key as a field.
pub(super) fn keyed(map: &Map<String, Value>, field: &str) -> Vec<Value> {
    let element = |(name, value): (&String, &Value)| {
        let plain = || Map::from_iter([("value".to_owned(), value.clone())]);
        let mut object = value.as_object().cloned().unwrap_or_else(plain);
        object.insert(field.to_owned(), json!(name));
        Value::Object(object)
    };
    map.iter().map(element).collect()
}

/// Sets `a[0].b`, making the objects and lists on the way. Only `[0]` stands in targets: Terraform's single blocks.
fn put(values: &mut Map<String, Value>, target: &str, value: Value) {
    let Some((step, rest)) = target.split_once('.') else {
        values.insert(target.to_owned(), value);
        return;
    };
    let key = step.trim_end_matches("[0]");
    let block = values.entry(key.to_owned()).or_insert_with(|| if key == step { json!({}) } else { json!([{}]) });
    let inner = if key == step { Some(block) } else { block.get_mut(0) };
    if let Some(Value::Object(inner)) = inner {
        put(inner, rest, value);
    }
}
