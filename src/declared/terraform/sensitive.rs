//! Which values a state or a plan marks as sensitive, as property paths.
//!
//! A mark that cannot be followed exactly covers its nearest known ancestor: rather too much is masked than a secret shown.

use serde_json::Value;

use crate::drift::{PathBuilder, PropertyPath};

/// `sensitive_attributes` of a state: a list of paths, each a list of steps.
pub(super) fn of_state(marks: &Value) -> Vec<PropertyPath> {
    let mut paths: Vec<PropertyPath> = marks.as_array().into_iter().flatten().map(steps).collect();
    paths.sort();
    paths.dedup();
    paths
}

fn steps(mark: &Value) -> PropertyPath {
    let mut path = PathBuilder::new();
    for step in mark.as_array().into_iter().flatten() {
        let value = &step["value"];
        let known = match (step["type"].as_str(), value) {
            (Some("get_attr"), Value::String(name)) => Some(path.push_key(name)),
            (Some("index"), index) => push_index(&mut path, &index["value"]),
            _ => None,
        };
        if known.is_none() {
            break;
        }
    }
    path.finish_covering()
}

fn push_index<'a>(path: &'a mut PathBuilder, key: &Value) -> Option<&'a mut PathBuilder> {
    match key {
        Value::String(key) => Some(path.push_key(key)),
        Value::Number(number) => number.to_string().parse().ok().map(|index| path.push_index(index)),
        _ => None,
    }
}

/// `before_sensitive` and `after_sensitive` of a plan: `true`, or the shape of the value with `true` where it is sensitive.
/// The empty path stands for the whole resource.
pub(super) fn of_plan(marks: &Value) -> Vec<PropertyPath> {
    let mut paths = Vec::new();
    collect(marks, &mut PathBuilder::new(), &mut paths);
    paths
}

fn collect(marks: &Value, path: &mut PathBuilder, paths: &mut Vec<PropertyPath>) {
    let depth = path.depth();
    match marks {
        Value::Bool(true) => paths.push(path.finish_covering()),
        Value::Object(map) => {
            for (key, below) in map {
                collect(below, path.push_key(key), paths);
                path.truncate(depth);
            }
        }
        Value::Array(list) => {
            for (index, below) in list.iter().enumerate() {
                collect(below, path.push_index(index), paths);
                path.truncate(depth);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(paths: &[PropertyPath]) -> Vec<&str> {
        paths.iter().map(PropertyPath::raw).collect()
    }

    #[test]
    fn marks_of_a_state_become_paths() {
        let marks = json!([
            [{"type": "get_attr", "value": "token"}],
            [{"type": "get_attr", "value": "user"}, {"type": "index", "value": {"value": 0, "type": "number"}},
             {"type": "get_attr", "value": "password"}],
            [{"type": "get_attr", "value": "tags"}, {"type": "index", "value": {"value": "a.b", "type": "string"}}],
            [{"type": "get_attr", "value": "token"}]
        ]);
        assert_eq!(texts(&of_state(&marks)), [r#"tags["a.b"]"#, "token", "user[0].password"]);
        assert!(of_state(&Value::Null).is_empty());
    }

    #[test]
    fn a_step_nobody_knows_covers_what_lies_above() {
        let marks =
            json!([[{"type": "get_attr", "value": "a"}, {"type": "splat"}, {"type": "get_attr", "value": "b"}]]);
        assert_eq!(texts(&of_state(&marks)), ["a"]);
        assert_eq!(texts(&of_state(&json!([[{"type": "splat"}]]))), [""]);
    }

    #[test]
    fn marks_of_a_plan_become_paths() {
        let marks =
            json!({"password": true, "list": [false, {"k": true}], "tags": {"a.b": true}, "id": false, "e": {}});
        assert_eq!(texts(&of_plan(&marks)), ["list[1].k", "password", r#"tags["a.b"]"#]);
        assert_eq!(texts(&of_plan(&json!(true))), [""]);
        assert!(of_plan(&json!(false)).is_empty());
    }
}
