//! What a block that comes, goes or is replaced as a whole changes within: `securityContext` added by hand is
//! `securityContext.privileged` turned on. Terraform writes its blocks as lists of objects.

use serde_json::Value;

use crate::drift::path::{Step, parse};
use crate::drift::{Change, ChangeType, PathBuilder, PropertyPath};
use crate::safety::Masked;

/// Parts looked at of one change; the rest of a huge object adds nothing to what they say.
const MOST: usize = 200;
const DEEPEST: usize = 12;

/// One change for each property below the block, on the sides that have it; none for a plain value. An element that went from
/// among others is judged as a whole: a rule that is gone lets nobody in, and a container that is gone took its guards along.
pub(super) fn parts(change: &Change) -> Vec<Change> {
    let mut found = vec![];
    if change.actual.is_none() && is_one_of_many(change.path.raw()) {
        return found;
    }
    let side = |masked: &Option<Masked>| masked.as_ref().map(|m| m.value().clone());
    let sides = [side(&change.declared), side(&change.actual)];
    below(change.path.raw(), &sides, change, 0, &mut found);
    found
}

fn below(path: &str, sides: &[Option<Value>; 2], of: &Change, depth: usize, found: &mut Vec<Change>) {
    if depth >= DEEPEST || found.len() >= MOST {
        return;
    }
    let lists = sides.each_ref().map(|side| side.as_ref().and_then(Value::as_array));
    // Of two lists nobody knows which elements belong together, unless there are as many.
    let count = match lists {
        [Some(one), Some(other)] if one.len() != other.len() => 0,
        _ => lists.iter().flatten().map(|list| list.len()).max().unwrap_or(0),
    };
    for at in 0..count.min(MOST) {
        let elements = lists.map(|list| list.and_then(|list| list.get(at)).filter(|one| one.is_object()).cloned());
        below(&under(path, &Step::Index(at)), &elements, of, depth + 1, found);
    }
    let objects = sides.each_ref().map(|side| side.as_ref().and_then(Value::as_object));
    let mut keys: Vec<&String> = objects.iter().flatten().flat_map(|object| object.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let values = objects.map(|object| object.and_then(|o| o.get(key)).cloned());
        if values[0] == values[1] || found.len() >= MOST {
            continue;
        }
        let path = under(path, &Step::Key(key.clone()));
        let [declared, actual] = values.each_ref().map(|value| value.clone().map(Masked::trusted));
        let change_type = match (&declared, &actual) {
            (None, _) => ChangeType::Added,
            (_, None) => ChangeType::Removed,
            _ => ChangeType::Modified,
        };
        found.push(Change { path: PropertyPath::from(path.as_str()), change_type, declared, actual, ..of.clone() });
        below(&path, &values, of, depth + 1, found);
    }
}

fn is_one_of_many(path: &str) -> bool {
    matches!(parse(path).0.last(), Some(Step::Identity(_) | Step::SetValue(_)))
}

fn under(path: &str, step: &Step) -> String {
    let mut below = PathBuilder::new();
    below.push(step);
    let dot = if matches!(step, Step::Key(_)) { "." } else { "" };
    format!("{path}{dot}{}", below.as_str())
}
