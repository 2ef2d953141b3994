//! Network policies of Kubernetes: a rule that names no peer, and a selector that names no label, are for everybody.

use serde_json::Value;

use super::{Lean, ToldBy, is_empty};
use crate::drift::path::{Step, parse};

/// `None`: nothing of the kind, or what it names is read elsewhere (addresses, ports).
pub(super) fn read(resource_type: &str, path: &str, declared: Option<&Value>, actual: Option<&Value>) -> Option<Lean> {
    let kind = resource_type.rsplit('/').next().unwrap_or_default();
    if kind != "NetworkPolicy" && !kind.starts_with("kubernetes_network_policy") {
        return None;
    }
    let (came, went) = (is_empty(declared) && !is_empty(actual), !is_empty(declared) && is_empty(actual));
    if came == went {
        return None;
    }
    let (steps, _) = parse(path);
    let is_element = !matches!(steps.last(), Some(Step::Key(_)));
    let keys: Vec<String> = steps.iter().filter_map(key).collect();
    let at = keys.iter().position(|key| key == "ingress" || key == "egress")?;
    // A rule that is there and says nothing lets everybody through.
    let is_blank = |value: Option<&Value>| value.is_some_and(Value::is_object) && is_empty(value);
    let is_rule = keys.len() == at + 1 && (is_blank(declared) || is_blank(actual));
    // Whether what came names more who may, or asks more of them.
    let names_more = match keys[at + 1..].iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => !is_rule,
        ["from" | "to" | "ports"] => is_element,
        [.., "except"] => false,
        [.., last] if last.contains("selector") || last.contains("label") || last.contains("expressions") => false,
        [.., above, _] if above.contains("label") || above.contains("expressions") => false,
        _ => return None,
    };
    let loosens = came == names_more;
    let why = if loosens { "more of the network is let in or out" } else { "less of the network is let in or out" };
    Some(Lean { told_by: ToldBy::Presence, ..Lean::new(loosens, 2, why) })
}

/// In one spelling: `podSelector`, `pod_selector`.
fn key(step: &Step) -> Option<String> {
    let Step::Key(key) = step else { return None };
    Some(key.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect())
}
