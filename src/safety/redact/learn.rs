//! The walk that learns: what is secret in a body, and worth looking for elsewhere.

use serde_json::Value;

use super::encoded::{document_in, packed_in};
use super::names::Strength;
use super::place::{Judgement, Scope, Siblings, hash_of, is_secret, item_judgement};
use super::{MIN_FOUND, MIN_MARKED, memo, opaque, text};

/// What a walk has caught.
pub(super) enum Caught {
    /// To be looked for everywhere, from this length on.
    Everywhere(String, usize),
    /// Secret under this key of this type only.
    Placed(u64),
}

/// Appends what is secret in `value`, which stands at `keys`.
pub(super) fn collect<'v>(
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
                let known = memo::known(key);
                if !known.silent {
                    caught.extend(spreading(key));
                }
                keys.push(key);
                let below = scope.enter_named(keys, known.strength, judgement, &siblings);
                collect(scope, keys, child, below, depth, caught);
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
                caught.push(Caught::Placed(hash_of(scope, keys, text)));
            }
            match judgement.strength {
                Strength::Marked => caught.push(Caught::Everywhere(text.clone(), MIN_MARKED)),
                Strength::Weak if !opaque::looks_random(text, MIN_FOUND) => {}
                _ => caught.push(Caught::Everywhere(text.clone(), MIN_FOUND)),
            }
            caught.extend(spreading(text));
        }
        scalar if judgement.from_body && is_secret(scalar, judgement.strength) => {
            caught.push(Caught::Placed(hash_of(scope, keys, &scalar.to_string())));
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
pub(super) fn spreading(text: &str) -> Vec<Caught> {
    text::find(text)
        .into_iter()
        .filter(|found| found.spread)
        .map(|found| Caught::Everywhere(text[found.range].to_owned(), MIN_FOUND))
        .collect()
}
