//! What an object that comes or is replaced as a whole changes within: `securityContext` added by hand is
//! `securityContext.privileged` turned on.

use serde_json::Value;

use crate::drift::{Change, ChangeType, PathBuilder, PropertyPath};
use crate::safety::Masked;

/// Parts looked at of one change; the rest of a huge object adds nothing to what they say.
const MOST: usize = 200;
const DEEPEST: usize = 8;

/// One change for each property below the object, on the sides that have it; none for a plain value. What went as a whole is
/// judged as a whole: a rule that is gone lets nobody in.
pub(super) fn parts(change: &Change) -> Vec<Change> {
    let mut found = vec![];
    if change.actual.is_none() {
        return found;
    }
    let side = |masked: &Option<Masked>| masked.as_ref().map(|m| m.value().clone());
    let sides = [side(&change.declared), side(&change.actual)];
    below(change.path.raw(), &sides, change, 0, &mut found);
    found
}

fn below(path: &str, sides: &[Option<Value>; 2], of: &Change, depth: usize, found: &mut Vec<Change>) {
    let objects = sides.each_ref().map(|side| side.as_ref().and_then(Value::as_object));
    if depth >= DEEPEST || objects.iter().all(Option::is_none) {
        return;
    }
    let mut keys: Vec<&String> = objects.iter().flatten().flat_map(|object| object.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let values = objects.map(|object| object.and_then(|o| o.get(key)).cloned());
        if values[0] == values[1] || found.len() >= MOST {
            continue;
        }
        let mut step = PathBuilder::new();
        step.push_key(key);
        let path = format!("{path}.{}", step.as_str());
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
