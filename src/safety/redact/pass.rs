//! The walk that masks.

use serde_json::{Map, Value};

use super::Redactor;
use super::encoded::{document_in, packed_in};
use super::opaque;
use super::place::{Judgement, Scope, Siblings, arrive, hash_of, is_secret, item_judgement};
use super::taint::Taint;
use super::text::is_mark;
use crate::drift::path::Step;

/// One body, or one leaf, masked with what is known now.
pub(super) struct Pass<'a> {
    pub redactor: &'a Redactor,
    pub scope: &'a Scope<'a>,
    pub taint: &'a Taint,
}

impl Pass<'_> {
    /// The value with its secrets replaced; `keys` is where it stands.
    pub fn value<'v>(&self, keys: &mut Vec<&'v str>, value: &'v Value, judgement: Judgement, depth: u8) -> Value {
        match value {
            Value::Object(map) => self.object(keys, map, judgement, depth),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(at, item)| self.value(keys, item, item_judgement(items, at, judgement), depth))
                .collect(),
            Value::Null => Value::Null,
            Value::String(text) => {
                self.text(keys, text, value, judgement, depth).map_or_else(|| value.clone(), Value::from)
            }
            scalar => {
                let text = scalar.to_string();
                let secret = is_secret(scalar, judgement.strength) || self.is_placed(keys, &text);
                if secret { self.redactor.mark(&text).into() } else { scalar.clone() }
            }
        }
    }

    fn object<'v>(
        &self,
        keys: &mut Vec<&'v str>,
        map: &'v Map<String, Value>,
        judgement: Judgement,
        depth: u8,
    ) -> Value {
        let siblings = Siblings::Object(map);
        let mut out = Map::new();
        for (key, child) in map {
            keys.push(key);
            let masked = self.value(keys, child, self.scope.enter(keys, judgement, &siblings), depth);
            keys.pop();
            out.insert(self.name(key), masked);
        }
        Value::Object(out)
    }

    /// `None`: nothing to mask.
    fn text(&self, keys: &[&str], text: &str, value: &Value, judgement: Judgement, depth: u8) -> Option<String> {
        if is_mark(text) {
            return None;
        }
        if is_secret(value, judgement.strength) || self.is_placed(keys, text) {
            return Some(self.redactor.mark(text));
        }
        if let Some(document) = document_in(text, depth) {
            let masked = self.value(&mut keys.to_vec(), &document, Judgement::NONE, depth + 1);
            return (masked != document).then(|| masked.to_string());
        }
        let packed = packed_in(text);
        let random = opaque::is_high_entropy(keys.last().unwrap_or(&""), packed.as_deref().unwrap_or(text));
        let hides = packed.is_some_and(|inner| self.redactor.replace(&inner, self.taint).is_some());
        if random || hides || self.scope.is_unreadable_manifest(keys) {
            return Some(self.redactor.mark(text));
        }
        self.redactor.replace(text, self.taint)
    }

    fn is_placed(&self, keys: &[&str], text: &str) -> bool {
        self.taint.has_placed() && self.taint.is_placed(hash_of(self.scope, keys, text))
    }

    /// A key, which may itself hold a secret.
    fn name(&self, key: &str) -> String {
        self.redactor.replace(key, self.taint).unwrap_or_else(|| key.to_owned())
    }

    /// One step of a path behind `before`.
    pub fn step(&self, before: &[Step], step: &Step) -> Step {
        let (keys, judgement) = arrive(self.scope, before);
        let masked = |keys: &[&str], text: &str, judgement| {
            self.text(keys, text, &Value::from(text), judgement, 0).unwrap_or_else(|| text.to_owned())
        };
        match step {
            Step::Key(key) => Step::Key(self.name(key)),
            Step::SetValue(value) => Step::SetValue(masked(&keys, value, judgement)),
            Step::Index(at) => Step::Index(*at),
            Step::Identity(pairs) => Step::Identity(
                pairs
                    .iter()
                    .map(|(key, value)| {
                        let inner: Vec<&str> = keys.iter().copied().chain([key.as_str()]).collect();
                        let judgement = self.scope.enter(&inner, judgement, &Siblings::Identity(pairs));
                        (self.name(key), masked(&inner, value, judgement))
                    })
                    .collect(),
            ),
        }
    }
}
