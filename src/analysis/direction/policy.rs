//! Policies of the IAM kind: how much a document, or one of its statements, allows.

use serde_json::{Map, Value};

/// How much both sides allow; `None` when neither is a policy. What is absent allows nothing.
pub(super) fn breadths(declared: Option<&Value>, actual: Option<&Value>) -> Option<(f64, f64)> {
    let (before, after) = (breadth(declared), breadth(actual));
    // A text that is no policy (a reference to one, say) tells nothing.
    let tells = |breadth: Option<f64>, value| breadth.is_some() || super::is_empty(value);
    if (before.is_none() && after.is_none()) || !tells(before, declared) || !tells(after, actual) {
        return None;
    }
    Some((before.unwrap_or(0.0), after.unwrap_or(0.0)))
}

/// A document, a statement, or a text that holds one.
pub(super) fn is_policy(value: Option<&Value>) -> bool {
    breadth(value).is_some()
}

fn breadth(value: Option<&Value>) -> Option<f64> {
    match value? {
        Value::String(text) if text.trim_start().starts_with('{') => breadth(document(text).as_ref()),
        Value::Object(map) => of_object(map),
        _ => None,
    }
}

/// Some tools write a policy into a text with its quotes still escaped.
fn document(text: &str) -> Option<Value> {
    let parsed = serde_json::from_str(text);
    parsed.or_else(|_| serde_json::from_str(&text.replace("\\\"", "\"").replace("\\n", "\n"))).ok()
}

fn of_object(map: &Map<String, Value>) -> Option<f64> {
    if let Some(statements) = map.get("Statement") {
        let list = statements.as_array().map_or(std::slice::from_ref(statements), Vec::as_slice);
        return Some(list.iter().filter_map(Value::as_object).filter_map(of_object).sum());
    }
    let effect = map.get("Effect")?.as_str()?;
    if effect == "Deny" {
        return Some(-1.0);
    }
    let weights = [("Action", 4.0), ("NotAction", 4.0), ("Principal", 4.0), ("NotPrincipal", 4.0), ("Resource", 1.0)];
    let granted: f64 = weights
        .iter()
        .map(|(key, weight)| super::words(map.get(*key)).iter().map(|text| weight * reach(text)).sum::<f64>())
        .sum();
    Some(granted - if map.get("Condition").is_some_and(|c| !super::is_empty(Some(c))) { 2.0 } else { 0.0 })
}

/// How many things one entry stands for: everything 2, all of a service 1, some 0.5, one hardly anything.
fn reach(text: &str) -> f64 {
    match text {
        "*" => 2.0,
        text if text.ends_with(":*") => 1.0,
        text if text.contains('*') => 0.5,
        _ => 0.025,
    }
}
