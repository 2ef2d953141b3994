//! Turns an item that follows AWS's own model of its type into values in Terraform's spelling.
//!
//! The names mean the same ([`bare`](super::model::bare)), a block is an object, blocks are a list of objects, JSON text is the object itself. What the state
//! holds tells which of these it is; only attributes whose property the model knows are looked at, so that a known property
//! the item lacks is null, and an attribute nobody knows stays unverified.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::evaluate::{Context, Mapped, keyed, respell};
use super::item::Item;
use super::mapping::{Attribute, Shape, Transform, Type};
use super::model::{Model, Properties, Property, bare, names, of, snake_case};
use super::stated::{is_zero, merged, pairs};
use super::{rules, siblings, tags};

/// Maps one item.
pub(super) fn evaluate(spec: &Type, model: &Model, item: &Item, context: Context<'_>) -> Mapped {
    let Value::Object(configuration) = &item.configuration else { return Mapped::default() };
    let (properties, live) = model.opened(configuration);
    let mut reading = Reading { spec, model, item, context, observable: vec![] };
    let values = match context.declared.and_then(Value::as_object) {
        Some(stated) => reading.object("", &properties, &live, stated),
        None => reading.whole_object("", &properties, &live),
    };
    if context.declared.is_none() {
        reading.observable.extend(values.keys().cloned());
    }
    reading.observable.sort();
    reading.observable.dedup();
    let mut mapped = Mapped { values, observable: reading.observable };
    if spec.tags {
        tags::add(&mut mapped, item, model.tags.as_deref(), context.declared);
    }
    mapped
}

struct Reading<'a> {
    spec: &'a Type,
    model: &'a Model,
    item: &'a Item,
    context: Context<'a>,
    /// Paths without indices.
    observable: Vec<String>,
}

/// What there is of one attribute.
struct Found<'p> {
    value: Option<Value>,
    property: Option<Cow<'p, Property>>,
}

impl<'a> Reading<'a> {
    /// The attributes the state holds, of one object.
    fn object(
        &mut self,
        at: &str,
        properties: &Properties,
        live: &Map<String, Value>,
        stated: &Map<String, Value>,
    ) -> Map<String, Value> {
        let mut out = Map::new();
        for (key, stated) in stated {
            let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
            if self.is_hidden(at, key, &path) {
                continue;
            }
            let Some(found) = self.find(at, &path, key, properties, live) else { continue };
            let below = found.property.map(|p| p.below.clone()).unwrap_or_default();
            if let Some(value) = self.value(&path, &below, found.value.as_ref(), stated) {
                out.insert(key.clone(), value);
            }
        }
        out
    }

    /// What a described type's items leave out, its model may have.
    fn is_hidden(&self, at: &str, key: &str, path: &str) -> bool {
        let left_out =
            self.spec.shape != Shape::Described && self.spec.not_observable.iter().any(|hidden| hidden == path);
        left_out || (at.is_empty() && matches!(key, "tags" | "tags_all"))
    }

    /// `None`: neither model nor item know it.
    fn find<'p>(
        &self,
        at: &str,
        path: &str,
        key: &str,
        properties: &'p Properties,
        live: &Map<String, Value>,
    ) -> Option<Found<'p>> {
        if let Some(attribute) = self.model.attributes.get(path) {
            let mut found = self.exception(attribute, properties, live)?;
            found.value = found.value.map(|v| siblings::settle(attribute, path, v, self.context));
            return Some(found);
        }
        let property = if at.is_empty() { self.model.root(properties, key) } else { properties.find(key) };
        let value = match property {
            Some(property) => of(live, &property.name),
            None => names(key).find_map(|name| of(live, &name)),
        };
        let value = value.filter(|v| !v.is_null()).cloned();
        let open = properties.is_empty() && self.item.is_model;
        let known = open || property.is_some_and(|p| p.absence.is_unset(self.item));
        (value.is_some() || known).then(|| Found { value, property: property.map(Cow::Borrowed) })
    }

    fn exception<'p>(
        &self,
        attribute: &Attribute,
        properties: &'p Properties,
        live: &Map<String, Value>,
    ) -> Option<Found<'p>> {
        if !attribute.gather.is_empty() {
            return gathered(attribute, properties, live);
        }
        let live = Value::Object(live.clone());
        let read = |p: &super::path::Path| {
            p.get(self.item, self.context.declared).or_else(|| p.below(&live, self.context.declared))
        };
        let value = attribute.from.iter().find_map(read).filter(|v| !v.is_null());
        let property = attribute.from.iter().find_map(|path| properties.reach(&path.keys()));
        let known = property.as_ref().is_some_and(|p| p.absence.is_unset(self.item));
        if value.is_none() && !known {
            return None;
        }
        let value = match value {
            Some(Value::Object(map)) if attribute.keyed_by.is_some() => {
                Some(Value::Array(keyed(&map, attribute.keyed_by.as_deref()?)))
            }
            Some(value) if attribute.transform == Some(Transform::CamelJson) => {
                let below = property.as_ref().map(|p| p.below.clone()).unwrap_or_default();
                Some(camel_case(&below, &value))
            }
            Some(list) if matches!(attribute.transform, Some(Transform::SgIngress | Transform::SgEgress)) => {
                respell(attribute, rules::permissions(&list), self.item, self.context)
            }
            value => respell(attribute, value.unwrap_or(Value::Null), self.item, self.context),
        };
        Some(Found { value: value.filter(|v| !v.is_null()), property })
    }

    /// The live value in the shape of the stated one; `None` when it is in no spelling we know: better unverified than wrong.
    fn value(&mut self, path: &str, below: &Properties, live: Option<&Value>, stated: &Value) -> Option<Value> {
        if let Value::Array(blocks) = stated
            && blocks.iter().any(Value::is_object)
        {
            return self.blocks(path, below, live, blocks);
        }
        let value = match (stated, live) {
            (_, None) if is_zero(stated) => stated.clone(),
            (_, None) => Value::Null,
            (Value::Null | Value::Array(_), Some(live)) if is_zero(stated) && is_zero(live) => stated.clone(),
            (Value::Null, Some(live)) => self.whole(path, below, live),
            (Value::Array(list), Some(live)) if list.is_empty() => match self.whole(path, below, live) {
                list @ Value::Array(_) => list,
                single => json!([single]),
            },
            (Value::Array(_), Some(Value::Array(list))) if !list.iter().any(Value::is_object) => json!(list),
            (Value::Array(_), Some(scalar)) if !is_container(scalar) => scalar.clone(),
            (Value::Object(stated), Some(Value::Object(live))) if !below.is_empty() => {
                return Some(Value::Object(self.object(path, below, live, stated)));
            }
            (Value::Object(_), Some(Value::Object(map))) => json!(map),
            (Value::Object(_), Some(Value::Array(list))) => Value::Object(pairs(list)?),
            (Value::String(text), Some(live)) if is_container(live) => self.text(text, live)?,
            (Value::Bool(_) | Value::Number(_) | Value::String(_), Some(live)) if !is_container(live) => live.clone(),
            _ => return None,
        };
        self.observable.push(path.to_owned());
        Some(value)
    }

    /// Where the state holds JSON text, or nothing, the model may have the object.
    fn text(&self, stated: &str, live: &Value) -> Option<Value> {
        let document = serde_json::from_str::<Value>(stated).ok().filter(is_container);
        match document {
            Some(document) => Some(Value::String(without_defaults(live.clone(), &document).to_string())),
            None if stated.is_empty() && is_zero(live) => Some(json!("")),
            None if stated.is_empty() => Some(Value::String(live.to_string())),
            None => None,
        }
    }

    fn blocks(&mut self, path: &str, below: &Properties, live: Option<&Value>, blocks: &[Value]) -> Option<Value> {
        let template = merged(blocks);
        let Value::Object(template) = template.as_ref() else { return None };
        let objects: Vec<&Map<String, Value>> = match live {
            None => vec![],
            Some(Value::Object(object)) => vec![object],
            Some(Value::Array(list)) => list.iter().map(Value::as_object).collect::<Option<_>>()?,
            Some(_) => return None,
        };
        if objects.is_empty() && blocks.len() == 1 {
            // Not set: as much as a block of nothing, or of what AWS does by itself.
            let unset = Value::Object(self.object(path, below, &Map::new(), template));
            let is_set = !blocks.iter().all(is_zero) && is_zero(&unset);
            return Some(if is_set { json!([]) } else { json!([unset]) });
        }
        Some(objects.into_iter().map(|live| Value::Object(self.object(path, below, live, template))).collect())
    }

    /// A value nothing is stated beside.
    fn whole(&self, path: &str, below: &Properties, live: &Value) -> Value {
        let named = |map: &Map<String, Value>| map.keys().all(|k| k.starts_with(|c: char| c.is_ascii_uppercase()));
        match live {
            Value::Object(map) if map.is_empty() => {
                if below.is_empty() {
                    json!({})
                } else {
                    json!([])
                }
            }
            Value::Object(map) if !below.is_empty() || named(map) => json!([self.whole_object(path, below, map)]),
            Value::Array(list) if list.iter().any(Value::is_object) => {
                let block = |e: &Map<String, Value>| json!(self.whole_object(path, below, e));
                list.iter().map(|e| e.as_object().map_or_else(|| e.clone(), block)).collect()
            }
            other => other.clone(),
        }
    }

    fn whole_object(&self, at: &str, properties: &Properties, live: &Map<String, Value>) -> Map<String, Value> {
        let mut out = Map::new();
        let model = self.model;
        let elsewhere = model.tags.iter().chain(&model.flatten).map(String::as_str);
        let mut used: Vec<&str> = elsewhere.chain(["Tags", "tags"]).collect();
        let here = model.attributes.iter().filter(|(path, _)| path.rsplit_once('.').map_or("", |(at, _)| at) == at);
        for (path, attribute) in here {
            let Some(found) = self.exception(attribute, properties, live) else { continue };
            let Some(value) = found.value else { continue };
            let below = found.property.map(|p| p.below.clone()).unwrap_or_default();
            let value = match attribute.transform {
                Some(Transform::CamelJson) => json!(value.to_string()),
                _ => self.whole(path, &below, &value),
            };
            out.insert(path.rsplit('.').next().unwrap_or(path).to_owned(), value);
            used.extend(attribute.from.iter().filter_map(|p| p.keys().first().copied()));
            used.extend(attribute.gather.iter().map(String::as_str));
        }
        for name in ["name", "arn"].into_iter().filter(|_| at.is_empty()) {
            let Some(property) = model.root(properties, name) else { continue };
            let has_another_name = |(path, a): (&String, &Attribute)| {
                path != "id" && !path.contains('.') && a.from.iter().any(|from| from.keys() == [property.name.as_str()])
            };
            let is_told = out.contains_key(name) || model.attributes.iter().any(has_another_name);
            if let (false, Some(value)) = (is_told, of(live, &property.name)) {
                out.insert(name.to_owned(), value.clone());
                used.extend(live.keys().find(|key| bare(key) == bare(&property.name)).map(String::as_str));
            }
        }
        for (key, value) in live.iter().filter(|(key, v)| !v.is_null() && !used.contains(&key.as_str())) {
            let blocks = value.as_array().is_some_and(|list| list.iter().any(Value::is_object));
            let name = if blocks { singular(snake_case(key)) } else { snake_case(key) };
            let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
            let below = properties.reach(&[key]).map(|p| p.below.clone()).unwrap_or_default();
            out.entry(name).or_insert_with(|| self.whole(&path, &below, value));
        }
        out
    }
}

/// The block whose properties stand in the object around it.
fn gathered<'p>(attribute: &Attribute, properties: &Properties, live: &Map<String, Value>) -> Option<Found<'p>> {
    let there = |name: &String| Some((name.clone(), of(live, name).filter(|v| !v.is_null())?.clone()));
    let block: Map<String, Value> = attribute.gather.iter().filter_map(there).collect();
    let property = Property { below: properties.only(&attribute.gather), ..Property::default() };
    Some(Found { value: (!block.is_empty()).then_some(Value::Object(block)), property: Some(Cow::Owned(property)) })
}

/// Blocks are named for one of them.
fn singular(name: String) -> String {
    match (name.strip_suffix("ies"), name.strip_suffix('s')) {
        (Some(stem), _) => format!("{stem}y"),
        (_, Some(stem)) if !stem.ends_with('s') => stem.to_owned(),
        _ => name,
    }
}

fn is_container(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

/// Names of properties as the service's own API spells them; what people named stays.
fn camel_case(properties: &Properties, value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(|v| camel_case(properties, v)).collect(),
        Value::Object(map) if !properties.is_empty() => {
            let entry = |(key, value): (&String, &Value)| {
                let mut chars = key.chars();
                let name = chars.next().map(|c| c.to_ascii_lowercase()).into_iter().chain(chars).collect::<String>();
                let below = properties.reach(&[key]).map(|p| p.below.clone()).unwrap_or_default();
                (name, camel_case(&below, value))
            };
            map.iter().map(entry).collect()
        }
        other => other.clone(),
    }
}

/// The live document without what says nothing and the stated one does not mention.
fn without_defaults(live: Value, stated: &Value) -> Value {
    match (live, stated) {
        (Value::Object(live), Value::Object(stated)) => {
            let entry = |(key, value): (String, Value)| match stated.get(&key) {
                Some(stated) => Some((key, without_defaults(value, stated))),
                None => (!is_zero(&value)).then_some((key, value)),
            };
            live.into_iter().filter_map(entry).collect()
        }
        (Value::Array(live), Value::Array(stated)) => match merged(stated).as_ref() {
            template @ Value::Object(_) => live.into_iter().map(|v| without_defaults(v, template)).collect(),
            _ => Value::Array(live),
        },
        (live, _) => live,
    }
}
