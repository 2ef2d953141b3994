//! The tags or labels of a resource, wherever its dialect keeps them.

use serde_json::Value;

use crate::safety::{Masked, Tainted};

/// A cloud allows 50 on a resource; what a Kubernetes object may have beyond that is not worth keeping.
const AT_MOST: usize = 50;

/// Where tags stand, the most telling first: Terraform with the provider's defaults, Terraform and Azure, AWS, GCP, Kubernetes.
const PLACES: &[&[&str]] = &[&["tags_all"], &["tags"], &["Tags"], &["labels"], &["metadata", "labels"]];

/// Names and values, by name.
pub fn tags(body: &Masked) -> Vec<(Tainted, Tainted)> {
    let at = |place: &&[&str]| place.iter().try_fold(body.value(), |value, key| value.get(key));
    let Some(found) = PLACES.iter().filter_map(at).map(pairs).find(|pairs| !pairs.is_empty()) else { return vec![] };
    let mut found = found;
    found.sort();
    found.truncate(AT_MOST);
    found.into_iter().map(|(name, value)| (Tainted::from(name), Tainted::from(value))).collect()
}

fn pairs(tags: &Value) -> Vec<(&str, &str)> {
    match tags {
        Value::Object(map) => map.iter().filter_map(|(name, value)| Some((&**name, value.as_str()?))).collect(),
        // `[{"Key": …, "Value": …}]`, and lists of plain words as DigitalOcean has them.
        Value::Array(list) => list.iter().filter_map(pair).collect(),
        _ => vec![],
    }
}

fn pair(tag: &Value) -> Option<(&str, &str)> {
    if let Value::String(word) = tag {
        return Some((word, ""));
    }
    let text = |names: [&str; 2]| names.iter().find_map(|name| tag.get(name)).and_then(Value::as_str);
    Some((text(["Key", "key"])?, text(["Value", "value"])?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(body: Value) -> Vec<(String, String)> {
        let masked = crate::safety::Redactor::new([7; 32]).mask("thing", &body, &[]);
        tags(&masked).into_iter().map(|(name, value)| (name.raw().to_owned(), value.raw().to_owned())).collect()
    }

    #[test]
    fn tags_are_found_where_each_dialect_keeps_them() {
        let team = [("team".to_owned(), "pay".to_owned())];
        for body in [
            json!({"tags": {"team": "pay"}, "tags_all": {}}),
            json!({"tags_all": {"team": "pay"}}),
            json!({"Tags": [{"Key": "team", "Value": "pay"}]}),
            json!({"labels": {"team": "pay"}}),
            json!({"metadata": {"labels": {"team": "pay"}}}),
        ] {
            assert_eq!(of(body.clone()), team, "{body}");
        }
        assert_eq!(of(json!({"tags": ["b", "a"]})), [("a".to_owned(), String::new()), ("b".to_owned(), String::new())]);
        assert_eq!(of(json!({"tags": 5, "labels": [{}, 1]})), []);
    }
}
