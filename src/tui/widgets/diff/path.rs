//! Finds what a [`PropertyPath`](crate::drift::PropertyPath) names in a resource body.

use serde_json::Value;

use crate::drift::path::{Step as Segment, parse};

/// One step down from a value to one it holds.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    Key(String),
    Index(usize),
}

/// Where a path leads in a body.
#[derive(PartialEq, Debug)]
pub struct Place {
    pub steps: Vec<Step>,
    /// False when only the first steps could be gone.
    pub complete: bool,
}

/// Follows a path as far as it leads.
pub fn find(body: &Value, path: &str) -> Place {
    let (segments, whole) = parse(path);
    let mut steps = Vec::new();
    let complete = walk(body, &segments, &mut steps) && whole && !segments.is_empty();
    Place { steps, complete }
}

/// A JSON document kept in a string: an object or a list, never a plain value.
pub fn embedded(text: &str) -> Option<Value> {
    let looks = text.trim_start().starts_with(['{', '[']);
    let value = looks.then(|| serde_json::from_str::<Value>(text).ok()).flatten()?;
    let has_content =
        value.as_object().is_some_and(|o| !o.is_empty()) || value.as_array().is_some_and(|a| !a.is_empty());
    has_content.then_some(value)
}

fn walk(value: &Value, segments: &[Segment], steps: &mut Vec<Step>) -> bool {
    let Some((segment, rest)) = segments.split_first() else { return true };
    let mut go = |step: Step, next: &Value, rest: &[Segment]| {
        steps.push(step);
        walk(next, rest, steps)
    };
    match (value, segment) {
        (Value::Object(map), Segment::Key(key)) => match map.get(key) {
            Some(next) => go(Step::Key(key.clone()), next, rest),
            None => false,
        },
        (Value::Array(list), segment) => match position(list, segment) {
            // A block that stands in a list of one is named without its position.
            Some((at, true)) => go(Step::Index(at), &list[at], segments),
            Some((at, false)) => go(Step::Index(at), &list[at], rest),
            None => false,
        },
        (Value::String(text), _) => match embedded(text) {
            Some(document) => walk(&document, segments, steps),
            None => false,
        },
        _ => false,
    }
}

/// The element a segment names, and whether the segment is still to be applied to it.
fn position(list: &[Value], segment: &Segment) -> Option<(usize, bool)> {
    let found = match segment {
        Segment::Index(at) => (*at < list.len()).then_some(*at),
        Segment::SetValue(text) => list.iter().position(|v| same(v, text)),
        Segment::Identity(pairs) => {
            list.iter().position(|v| pairs.iter().all(|(key, text)| v.get(key).is_some_and(|v| same(v, text))))
        }
        Segment::Key(key) => {
            let single = list.len() == 1 && list[0].get(key).is_some();
            if single {
                return Some((0, true));
            }
            // Tags kept as a list of key and value.
            let named = |v: &Value| ["Key", "key", "name"].iter().any(|k| v.get(k).is_some_and(|v| same(v, key)));
            list.iter().position(named)
        }
    };
    found.map(|at| (at, false))
}

fn same(value: &Value, text: &str) -> bool {
    match value {
        Value::String(s) => s == text,
        // A number by its digits, a container by its compact JSON.
        other => serde_json::to_string(other).is_ok_and(|json| json == text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn pointer(body: &Value, path: &str) -> String {
        let place = find(body, path);
        let steps: String = place
            .steps
            .iter()
            .map(|s| match s {
                Step::Key(key) => format!("/{key}"),
                Step::Index(at) => format!("/{at}"),
            })
            .collect();
        if place.complete { steps } else { format!("{steps}?") }
    }

    #[test]
    fn every_form_of_a_path_leads_to_its_value() {
        let body = json!({
            "tags": {"a.b": 1, "team": "pay"},
            "rules": [{"port": 80, "protocol": "TCP"}, {"port": 443, "protocol": "TCP"}],
            "cidrs": ["10.0.0.0/8", "0.0.0.0/0"],
            "policy": "{\"Statement\":[{\"Sid\":\"x\",\"Effect\":\"Allow\"}]}",
            "versioning": [{"enabled": true}],
            "labels": [{"Key": "team", "Value": "pay"}, {"Key": "env", "Value": "prod"}],
        });
        assert_eq!(pointer(&body, "tags.team"), "/tags/team");
        assert_eq!(pointer(&body, "tags[\"a.b\"]"), "/tags/a.b");
        assert_eq!(pointer(&body, "rules[1].port"), "/rules/1/port");
        assert_eq!(pointer(&body, "rules[port=443,protocol=TCP].protocol"), "/rules/1/protocol");
        assert_eq!(pointer(&body, "cidrs[=0.0.0.0/0]"), "/cidrs/1");
        assert_eq!(pointer(&body, "policy.Statement[Sid=x].Effect"), "/policy/Statement/0/Effect");
        assert_eq!(pointer(&body, "versioning.enabled"), "/versioning/0/enabled");
        assert_eq!(pointer(&body, "labels.env"), "/labels/1");
    }

    #[test]
    fn a_path_that_leads_nowhere_says_how_far_it_went() {
        let body = json!({"a": {"b": 1}});
        assert_eq!(pointer(&body, "a.c"), "/a?");
        assert_eq!(pointer(&body, "a.b.c"), "/a/b?");
        assert_eq!(pointer(&body, "a.b…"), "/a?");
        assert_eq!(pointer(&body, ""), "?");
    }

    proptest! {
        #[test]
        fn any_path_can_be_followed(path in any::<String>(), other in "[a\\[\\]\"=,.0…\\\\]{0,20}") {
            let body = json!({"a": ["a", {"a": 0}], "": {"0": null}});
            find(&body, &path);
            find(&body, &other);
        }
    }
}
