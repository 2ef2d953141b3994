//! Takes secrets out of values before anything is stored, shown, logged or sent.
//!
//! Five ways to know a secret: its source marks it, its type is known to hold it there ([`types`]), its name says so
//! ([`names`]), its form says so ([`shapes`], [`opaque`]), or the same value was caught before ([`taint`]). The last one finds
//! what the others cannot: Terraform marks `input.password` and leaves the same value in `output.password` in the clear.

mod command_lines;
mod encoded;
mod learn;
mod memo;
mod names;
mod opaque;
mod pass;
mod pgpass;
mod place;
mod sentences;
mod shapes;
mod taint;
mod text;
mod types;

use std::ops::Range;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use serde_json::Value;

use self::learn::{Caught, collect, spreading};
use self::names::Strength;
use self::pass::Pass;
use self::place::{Judgement, Scope, arrive};
use self::taint::Taint;
use super::{Masked, Tainted};
use crate::drift::PropertyPath;
use crate::drift::path::{PathBuilder, Step, parse};

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

impl Redactor {
    /// `key`: the store's own random key; hashes are comparable within one store only.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key, taint: RwLock::new(Taint::new()) }
    }

    /// With a key of its own: its hashes are never compared with others.
    pub fn once() -> Self {
        let random = [ulid::Ulid::generate().to_bytes(), ulid::Ulid::generate().to_bytes()].concat();
        Self::new(*blake3::hash(&random).as_bytes())
    }

    /// Collects the secrets of one resource body, to be found in everything that is masked from now on.
    pub fn learn(&self, resource_type: &str, value: &Value, sensitive: &[PropertyPath]) {
        let scope = Scope::new(resource_type, sensitive);
        self.learn_below(&scope, &[], value, scope.root());
    }

    /// Masks one resource body. `sensitive`: paths its source marks as sensitive; list positions in them stand for every
    /// position, since the two sides of a comparison need not agree on the order.
    pub fn mask(&self, resource_type: &str, value: &Value, sensitive: &[PropertyPath]) -> Masked {
        let scope = Scope::new(resource_type, sensitive);
        self.learn_below(&scope, &[], value, scope.root());
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
        let (steps, whole) = parse(path.raw());
        let (mut keys, mut judgement) = arrive(&scope, &steps);
        if !whole {
            // The end of the path was cut off, and with it the name of the property.
            judgement.strength = judgement.strength.max(Strength::Weak);
        }
        self.learn_below(&scope, &keys, value, judgement);
        let pass = Pass { redactor: self, scope: &scope, taint: &self.known() };
        Masked::trusted(pass.value(&mut keys, value, judgement, 0))
    }

    /// Masks secrets in a path: keys, and the values by which elements are selected.
    pub fn mask_path(&self, resource_type: &str, path: &PropertyPath, sensitive: &[PropertyPath]) -> PropertyPath {
        let scope = Scope::new(resource_type, sensitive);
        // Of a path that was cut the last step is half a step; it is looked at all the same, for what is left of a secret.
        let uncut = path.raw().trim_end_matches('…');
        let (steps, _) = parse(uncut);
        let taint = self.known();
        let pass = Pass { redactor: self, scope: &scope, taint: &taint };
        let masked: Vec<Step> = (0..steps.len()).map(|at| pass.step(&steps[..at], &steps[at])).collect();
        if masked == steps {
            return path.clone();
        }
        let mut written = PathBuilder::new();
        for step in &masked {
            written.push(step);
        }
        if uncut.len() == path.raw().len() { written.finish() } else { format!("{}…", written.as_str()).into() }
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

    fn learn_below(&self, scope: &Scope<'_>, keys: &[&str], value: &Value, judgement: Judgement) {
        let mut caught = vec![];
        collect(scope, &mut keys.to_vec(), value, judgement, 0, &mut caught);
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

#[cfg(test)]
#[path = "redact_tests.rs"]
mod tests;
