//! The tags or labels of a resource, wherever its dialect keeps them.

use serde_json::Value;

use crate::safety::{Masked, Tainted};

/// A cloud allows 50 on a resource; what a Kubernetes object may have beyond that is not worth keeping.
const AT_MOST: usize = 50;

/// Where tags stand, the most telling first: Terraform with the provider's defaults, Terraform and Azure, AWS, GCP, Kubernetes.
const PLACES: &[&[&str]] = &[&["tags_all"], &["tags"], &["Tags"], &["labels"], &["metadata", "labels"]];

/// Names and values of both sides: the live ones by name, then what is only declared. A tag that differs is there with both of its
/// values, so that the drift is found by either.
pub fn tags_of_both(live: Option<&Masked>, declared: Option<&Masked>) -> Vec<(Tainted, Tainted)> {
    let mut all = live.map(tags).unwrap_or_default();
    let declared = declared.map(tags).unwrap_or_default();
    let only: Vec<_> = declared.into_iter().filter(|pair| !all.contains(pair)).collect();
    all.extend(only);
    all
}

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
    fn a_tag_that_differs_is_there_with_both_values() {
        let mask = |body: Value| crate::safety::Redactor::new([7; 32]).mask("thing", &body, &[]);
        let (live, declared) =
            (mask(json!({"tags": {"team": "ops", "a": "1"}})), mask(json!({"tags": {"team": "pay", "a": "1"}})));
        let said = |live: Option<&Masked>, declared: Option<&Masked>| {
            let of = tags_of_both(live, declared);
            of.iter().map(|(name, value)| format!("{}={}", name.raw(), value.raw())).collect::<Vec<_>>()
        };
        assert_eq!(said(Some(&live), Some(&declared)), ["a=1", "team=ops", "team=pay"]);
        assert_eq!(said(None, Some(&declared)), ["a=1", "team=pay"], "what is gone has those it was declared with");
        assert_eq!(said(Some(&live), None), ["a=1", "team=ops"]);
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
