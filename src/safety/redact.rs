//! Takes secrets out of values before anything is stored, shown, logged or sent.
//!
//! Five ways to know a secret: its source marks it, its type is known to hold it there ([`types`]), its name says so
//! ([`names`]), its form says so ([`shapes`], [`opaque`]), or the same value was caught before ([`taint`]). The last one finds
//! what the others cannot: Terraform marks `input.password` and leaves the same value in `output.password` in the clear.

mod encoded;
mod names;
mod opaque;
pub(crate) mod path;
mod place;
mod shapes;
mod taint;
mod text;
mod types;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use serde_json::{Map, Value};

use self::names::Strength;
use self::path::Step;
use self::place::{Judgement, Scope, Siblings, is_secret};
use self::taint::Taint;
use super::{Masked, Tainted};
use crate::drift::PropertyPath;

/// Documents in strings in documents: deeper ones are treated as text.
const MAX_NESTING: u8 = 6;

/// Shortest value that is looked for elsewhere: when its source marks it, and when it was recognised.
const MIN_MARKED: usize = 6;
const MIN_FOUND: usize = 8;

/// Replaces secrets by `«secret #a1b2c3d4»`, a keyed hash, so that "changed", "same" and "equals that one" stay visible.
///
/// One redactor lives for one scan of one environment: values it has caught are looked for everywhere else in that scan. Call
/// [`learn`](Self::learn) for both sides of a comparison before masking either, so that a secret known from one is found in the
/// other. Masking what is masked changes nothing. `null` stays: that there is no value is no secret.
pub struct Redactor {
    key: [u8; 32],
    taint: RwLock<Taint>,
}

/// What a walk has caught.
enum Caught {
    /// To be looked for everywhere, from this length on.
    Everywhere(String, usize),
    /// Secret under this key of this type only.
    Placed(u64),
}

impl Redactor {
    /// `key`: the store's own random key; hashes are comparable within one store only.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key, taint: RwLock::new(Taint::new()) }
    }

    /// Collects the secrets of one resource body, to be found in everything that is masked from now on.
    pub fn learn(&self, resource_type: &str, value: &Value, sensitive: &[PropertyPath]) {
        let scope = Scope::new(resource_type, sensitive);
        self.learn_below(&scope, &mut vec![], value, scope.root());
    }

    /// Masks one resource body. `sensitive`: paths its source marks as sensitive; list positions in them stand for every
    /// position, since the two sides of a comparison need not agree on the order.
    pub fn mask(&self, resource_type: &str, value: &Value, sensitive: &[PropertyPath]) -> Masked {
        let scope = Scope::new(resource_type, sensitive);
        self.learn_below(&scope, &mut vec![], value, scope.root());
        let pass = Pass { redactor: self, scope: &scope, taint: &self.known() };
        Masked::trusted(pass.value(&mut vec![], value, scope.root(), 0))
    }

    /// Masks the value of one property as [`mask`](Self::mask) masks it inside of its body.
    pub fn mask_leaf(
        &self,
        resource_type: &str,
        path: &PropertyPath,
        value: &Value,
        sensitive: &[PropertyPath],
    ) -> Masked {
        let scope = Scope::new(resource_type, sensitive);
        let steps = path::parse(path.raw());
        let (mut keys, mut judgement) = arrive(&scope, &steps);
        if path.raw().ends_with('…') {
            // The end of the path was cut off, and with it the name of the property.
            judgement.strength = judgement.strength.max(Strength::Weak);
        }
        self.learn_below(&scope, &mut keys, value, judgement);
        let pass = Pass { redactor: self, scope: &scope, taint: &self.known() };
        Masked::trusted(pass.value(&mut keys, value, judgement, 0))
    }

    /// Masks secrets in a path: keys, and the values by which elements are selected.
    pub fn mask_path(&self, resource_type: &str, path: &PropertyPath, sensitive: &[PropertyPath]) -> PropertyPath {
        let scope = Scope::new(resource_type, sensitive);
        let steps = path::parse(path.raw());
        let taint = self.known();
        let pass = Pass { redactor: self, scope: &scope, taint: &taint };
        let masked: Vec<Step> = (0..steps.len()).map(|at| pass.step(&steps[..at], &steps[at])).collect();
        if masked == steps { path.clone() } else { path::write(&masked).into() }
    }

    /// Masks free text (error messages, notes, subprocess output).
    pub fn mask_text(&self, text: &str) -> Tainted {
        let caught = spreading(text);
        self.remember(caught);
        self.replace(text, &self.known()).map_or_else(|| text.into(), Tainted::from)
    }

    fn known(&self) -> RwLockReadGuard<'_, Taint> {
        self.taint.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, caught: Vec<Caught>) {
        if caught.is_empty() {
            return;
        }
        let mut taint = self.taint.write().unwrap_or_else(PoisonError::into_inner);
        for one in caught {
            match one {
                Caught::Everywhere(secret, min) => taint.add(&secret, min, &|piece| self.mark(piece)),
                Caught::Placed(place) => taint.add_placed(place),
            }
        }
    }

    fn learn_below(&self, scope: &Scope<'_>, keys: &mut Vec<&str>, value: &Value, judgement: Judgement) {
        let mut caught = vec![];
        collect(scope, &mut keys.clone(), value, judgement, 0, &mut caught);
        self.remember(caught);
    }

    /// The replacement of a secret: the first 8 hex digits of its keyed hash, never its length or a plain hash.
    fn mark(&self, secret: &str) -> String {
        let hash = blake3::keyed_hash(&self.key, secret.as_bytes()).to_hex();
        format!("«secret #{}»", &hash[..8])
    }

    /// The text with its secrets replaced; `None` when it has none.
    fn replace(&self, text: &str, taint: &Taint) -> Option<String> {
        let mut known = vec![];
        taint.find(text, &mut known);
        let mut spots: Vec<(Range<usize>, Option<&str>)> = known.into_iter().map(|(r, m)| (r, Some(m))).collect();
        spots.extend(text::find(text).into_iter().map(|found| (found.range, None)));
        let marks = text::marks_in(text);
        spots.retain(|(spot, _)| !text::touches(&marks, spot));
        if spots.is_empty() {
            return None;
        }
        spots.sort_by(|(a, x), (b, y)| (a.start, b.end, y.is_some()).cmp(&(b.start, a.end, x.is_some())));
        let (mut out, mut done) = (String::with_capacity(text.len()), 0);
        let mut spots = spots.into_iter().peekable();
        while let Some((mut spot, mut mark)) = spots.next() {
            while let Some((next, _)) = spots.next_if(|(next, _)| next.start < spot.end) {
                if next.end > spot.end {
                    (spot.end, mark) = (next.end, None);
                }
            }
            out.push_str(&text[done..spot.start]);
            match mark {
                Some(mark) => out.push_str(mark),
                None => out.push_str(&self.mark(&text[spot.clone()])),
            }
            done = spot.end;
        }
        out.push_str(&text[done..]);
        Some(out)
    }
}

/// Follows a path without a body: its keys, and what they say.
fn arrive<'s>(scope: &Scope<'_>, steps: &'s [Step]) -> (Vec<&'s str>, Judgement) {
    let (mut keys, mut judgement, mut siblings) = (vec![], scope.root(), Siblings::None);
    for step in steps {
        match step {
            Step::Key(key) => {
                keys.push(key.as_str());
                judgement = scope.enter(&keys, judgement, &siblings);
                siblings = Siblings::None;
            }
            Step::Identity(pairs) => siblings = Siblings::Identity(pairs),
            Step::Position(_) | Step::Element(_) => {}
        }
    }
    (keys, judgement)
}

/// The walk that learns.
fn collect<'v>(
    scope: &Scope<'_>,
    keys: &mut Vec<&'v str>,
    value: &'v Value,
    judgement: Judgement,
    depth: u8,
    caught: &mut Vec<Caught>,
) {
    match value {
        Value::Object(map) => {
            let siblings = Siblings::Object(map);
            for (key, child) in map {
                caught.extend(spreading(key));
                keys.push(key);
                collect(scope, keys, child, scope.enter(keys, judgement, &siblings), depth, caught);
                keys.pop();
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                collect(scope, keys, item, item_judgement(items, at, judgement), depth, caught);
            }
        }
        Value::String(text) if !is_secret(value, judgement.strength) => collect_text(scope, keys, text, depth, caught),
        Value::String(text) => {
            if judgement.from_body {
                caught.push(Caught::Placed(place(scope, keys, text)));
            }
            match judgement.strength {
                Strength::Marked => caught.push(Caught::Everywhere(text.clone(), MIN_MARKED)),
                Strength::Weak if !opaque::looks_random(text, MIN_FOUND) => {}
                _ => caught.push(Caught::Everywhere(text.clone(), MIN_FOUND)),
            }
            caught.extend(spreading(text));
        }
        scalar if judgement.from_body && is_secret(scalar, judgement.strength) => {
            caught.push(Caught::Placed(place(scope, keys, &scalar.to_string())));
        }
        _ => {}
    }
}

/// A text that is no secret as a whole.
fn collect_text(scope: &Scope<'_>, keys: &[&str], text: &str, depth: u8, caught: &mut Vec<Caught>) {
    if let Some(document) = document_in(text, depth) {
        return collect(scope, &mut keys.to_vec(), &document, Judgement::NONE, depth + 1, caught);
    }
    let packed = packed_in(text);
    let whole = scope.is_unreadable_manifest(keys);
    if whole || opaque::is_high_entropy(keys.last().unwrap_or(&""), packed.as_deref().unwrap_or(text)) {
        caught.push(Caught::Everywhere(text.to_owned(), MIN_FOUND));
    }
    caught.extend(spreading(text));
    caught.extend(packed.iter().flat_map(|inner| spreading(inner)));
}

/// Secrets inside a text that are worth looking for elsewhere.
fn spreading(text: &str) -> Vec<Caught> {
    text::find(text)
        .into_iter()
        .filter(|found| found.spread)
        .map(|found| Caught::Everywhere(text[found.range].to_owned(), MIN_FOUND))
        .collect()
}

/// `["--password", "…"]`: an argument behind an option that announces a secret.
fn item_judgement(items: &[Value], at: usize, list: Judgement) -> Judgement {
    let before = at.checked_sub(1).and_then(|i| items[i].as_str()).unwrap_or("");
    if before.starts_with('-') && !before.contains('=') && list.strength < Strength::Named {
        let strength = names::strength(before);
        if strength > list.strength {
            return Judgement { strength, from_body: true };
        }
    }
    list
}

/// The JSON document that a string holds.
fn document_in(text: &str, depth: u8) -> Option<Value> {
    let trimmed = text.trim_start();
    let looks_so = trimmed.starts_with(['{', '[']) && trimmed.len() > 2 && depth < MAX_NESTING;
    let document = looks_so.then(|| serde_json::from_str::<Value>(text).ok()).flatten()?;
    (document.is_object() || document.is_array()).then_some(document)
}

/// The text that base64 in a string unpacks to; not tried on what is short or plainly something else.
fn packed_in(text: &str) -> Option<String> {
    (text.len() >= 16 && !opaque::is_identifier(text)).then(|| encoded::unpack(text)).flatten()
}

fn place(scope: &Scope<'_>, keys: &[&str], text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (scope.resource_type, keys.last(), text).hash(&mut hasher);
    hasher.finish()
}

fn is_mark(text: &str) -> bool {
    matches!(text::marks_in(text).as_slice(), [one] if *one == (0..text.len()))
}

/// The walk that masks.
struct Pass<'a> {
    redactor: &'a Redactor,
    scope: &'a Scope<'a>,
    taint: &'a Taint,
}

impl Pass<'_> {
    fn value<'v>(&self, keys: &mut Vec<&'v str>, value: &'v Value, judgement: Judgement, depth: u8) -> Value {
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
            out.insert(self.redactor.replace(key, self.taint).unwrap_or_else(|| key.clone()), masked);
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
        self.taint.has_placed() && self.taint.is_placed(place(self.scope, keys, text))
    }

    /// One step of a path behind `before`.
    fn step(&self, before: &[Step], step: &Step) -> Step {
        let (keys, judgement) = arrive(self.scope, before);
        let masked = |keys: &[&str], text: &str, judgement| {
            self.text(keys, text, &Value::from(text), judgement, 0).unwrap_or_else(|| text.to_owned())
        };
        match step {
            Step::Key(key) => Step::Key(self.redactor.replace(key, self.taint).unwrap_or_else(|| key.clone())),
            Step::Element(value) => Step::Element(masked(&keys, value, judgement)),
            Step::Position(at) => Step::Position(at.clone()),
            Step::Identity(pairs) => Step::Identity(
                pairs
                    .iter()
                    .map(|(key, value)| {
                        let inner: Vec<&str> = keys.iter().copied().chain([key.as_str()]).collect();
                        let judgement = self.scope.enter(&inner, judgement, &Siblings::Identity(pairs));
                        (key.clone(), masked(&inner, value, judgement))
                    })
                    .collect(),
            ),
        }
    }
}

#[cfg(test)]
#[path = "redact_tests.rs"]
mod tests;
