//! Where no word of a name tells anything, but policy tools look at the very property: what they look at guards, or they would
//! name it after what it exposes.

use super::leaf::Leaf;
use super::switch::on;
use super::{Lean, is_empty};
use crate::knowledge::{self, Near};

/// Names that tools look at to find out which resource it is.
const IDENTITY: [&str; 20] = [
    "name", "names", "id", "ids", "arn", "arns", "type", "location", "region", "version", "engine", "size", "count",
    "port", "value", "values", "key", "source", "data", "script",
];

pub(super) fn read(leaf: &Leaf<'_>) -> Option<Lean> {
    let is_identity = leaf.last().iter().any(|word| IDENTITY.contains(&word.as_str()));
    if leaf.guards().is_some() || leaf.sense != super::lexicon::Sense::Silent(false) || is_identity {
        return None;
    }
    let guarded = |value, other| on(value, other).unwrap_or(!is_empty(value));
    let (before, after) = (guarded(leaf.declared, leaf.actual), guarded(leaf.actual, leaf.declared));
    if before == after {
        return None;
    }
    let path: Vec<String> = leaf.names.iter().map(|name| name.concat()).collect();
    let known = knowledge::of(leaf.resource_type, &path.join("."));
    let why = if after { "what policy tools look at is set" } else { "what policy tools look at is not set any more" };
    (known.near == Near::Itself && known.is_watched()).then(|| Lean::new(!after, 1, why))
}
