//! How many properties of the declared side were compared: the leaves of its values, and those below what could not be.

use serde_json::Value;

use crate::compare::Verdict;
use crate::drift::Coverage;
use crate::drift::path::{Step, parse};

/// Values that say something: null, `""`, `[]` and `{}` state nothing.
pub(super) fn leaves(value: &Value) -> u64 {
    match value {
        Value::Null => 0,
        Value::String(text) => u64::from(!text.is_empty()),
        Value::Array(list) => list.iter().map(leaves).sum(),
        Value::Object(map) => map.values().map(leaves).sum(),
        Value::Bool(_) | Value::Number(_) => 1,
    }
}

/// An unverified property covers every leaf below it.
pub(super) fn coverage(declared: &Value, verdict: &Verdict) -> Coverage {
    // A part that is not found as it is spelt (in a document inside a text, say) is one property.
    let below = |path: &str| find(declared, &parse(path).0).map_or(1, |part| leaves(part).max(1));
    let unverified = verdict.unverified.iter().map(|u| (u.reason, below(&u.path)));
    Coverage::all_but(leaves(declared), unverified)
}

fn find<'a>(value: &'a Value, steps: &[Step]) -> Option<&'a Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(value) };
    let is = |value: Option<&Value>, text: &str| match value {
        Some(Value::String(own)) => own == text,
        Some(other) => format!("{other}") == text,
        None => false,
    };
    let next = match step {
        Step::Key(key) => value.get(key),
        Step::Index(at) => value.get(at),
        Step::Identity(pairs) => {
            value.as_array()?.iter().find(|element| pairs.iter().all(|(key, text)| is(element.get(key), text)))
        }
        Step::SetValue(text) => value.as_array()?.iter().find(|element| is(Some(element), text)),
    };
    find(next?, rest)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::compare::RawUnverified;
    use crate::drift::UnverifiedReason::{NotObservable, WriteOnly};

    #[test]
    fn an_unverified_property_covers_the_leaves_below_it() {
        let declared = json!({"name": "a", "nothing": null, "empty": "", "list": [], "port": 5,
            "login": {"user": "u", "password": "p"}, "disks": [{"id": "x", "size": 1, "kind": "ssd"}]});
        assert_eq!(leaves(&declared), 7);
        let unverified = |path: &str, reason| RawUnverified { path: path.into(), reason, detail: "" };
        let verdict = Verdict {
            unverified: vec![
                unverified("login", WriteOnly),
                unverified("disks[id=x].size", NotObservable),
                unverified("name.inside.a.text", NotObservable),
            ],
            ..Verdict::default()
        };
        let coverage = coverage(&declared, &verdict);
        assert_eq!((coverage.write_only, coverage.not_observable, coverage.verified), (2, 2, 3));
    }
}
