//! Who made the changes, as far as the live object itself says.

use jiff::Timestamp;
use serde_json::Value;

use crate::drift::path::{Step, parse};
use crate::drift::{Change, PropertyPath};
use crate::safety::{Masked, Tainted};

/// Kubernetes: of each changed field the manager that last wrote it (`metadata.managedFields`); sorted, each once. Sources that
/// do not say who leave this empty.
pub fn changed_by(live: Option<&Masked>, changes: &[Change]) -> Vec<Tainted> {
    let Some(entries) = writers(live) else { return vec![] };
    let mut managers: Vec<&str> =
        changes.iter().filter_map(|change| Some(last_write(entries, &change.path)?.who)).collect();
    managers.sort_unstable();
    managers.dedup();
    managers.into_iter().map(Tainted::from).collect()
}

/// A field as its manager last wrote it.
pub(super) struct Write<'a> {
    pub(super) who: &'a str,
    pub(super) when: Option<Timestamp>,
}

/// What a live object says about who wrote its fields; `None` where it says nothing of the kind.
pub(super) fn writers(live: Option<&Masked>) -> Option<&[Value]> {
    Some(live?.value().pointer("/metadata/managedFields")?.as_array()?.as_slice())
}

/// Among what [`writers`] gave.
pub(super) fn last_write<'a>(entries: &'a [Value], path: &PropertyPath) -> Option<Write<'a>> {
    let steps = parse(path.raw()).0;
    let owns = |entry: &&Value| entry.get("fieldsV1").is_some_and(|fields| holds(fields, &steps));
    let time = |entry: &&Value| entry.get("time").and_then(Value::as_str).and_then(|text| text.parse().ok());
    let last = entries.iter().filter(owns).max_by_key(time)?;
    Some(Write { who: last.get("manager")?.as_str()?, when: time(&last) })
}

/// Whether a set of fields holds the path, or something above it: what stands in no map of its own (`{}`) is held whole.
fn holds(fields: &Value, steps: &[Step]) -> bool {
    let Some((step, rest)) = steps.split_first() else { return true };
    let Some(map) = fields.as_object() else { return false };
    if map.keys().all(|key| key == ".") {
        return !map.is_empty() || fields.is_object();
    }
    let below = match step {
        Step::Key(key) => map.get(&format!("f:{key}")),
        Step::Identity(pairs) => map.iter().find(|(key, _)| names(key, pairs)).map(|(_, below)| below),
        Step::SetValue(value) => map.get(&format!("v:\"{value}\"")),
        // Positions are not what a field set goes by.
        Step::Index(_) => None,
    };
    below.is_some_and(|below| holds(below, rest))
}

/// Whether `k:{"name":"web"}` names the element that these pairs do.
fn names(key: &str, pairs: &[(String, String)]) -> bool {
    let Some(Ok(Value::Object(named))) = key.strip_prefix("k:").map(serde_json::from_str) else { return false };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    pairs.iter().all(|(name, value)| named.get(name).is_some_and(|v| text(v) == *value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::ChangeType;
    use serde_json::json;

    fn by(path: &str) -> Vec<String> {
        let entry =
            |manager: &str, time: &str, fields: Value| json!({"manager": manager, "time": time, "fieldsV1": fields});
        let container = json!({"k:{\"name\":\"web\"}": {".": {}, "f:image": {}}});
        let live = Masked::trusted(json!({"metadata": {"managedFields": [
            entry("helm", "2026-01-01T00:00:00Z", json!({"f:spec": {"f:replicas": {}, "f:containers": container}})),
            entry("kubectl-edit", "2026-02-01T00:00:00Z", json!({"f:spec": {"f:replicas": {}}})),
        ]}}));
        let change = Change {
            path: path.into(),
            change_type: ChangeType::Modified,
            declared: None,
            actual: None,
            is_security_critical: false,
            remembered_at: None,
        };
        changed_by(Some(&live), &[change]).iter().map(Tainted::line).collect()
    }

    #[test]
    fn the_last_manager_of_a_changed_field_changed_it() {
        assert_eq!(by("spec.replicas"), ["kubectl-edit"]);
        assert_eq!(by("spec.containers[name=web].image"), ["helm"]);
        assert_eq!(by("spec.containers[name=db].image"), Vec::<String>::new());
        assert_eq!(by("spec.paused"), Vec::<String>::new());
        assert!(changed_by(None, &[]).is_empty());
    }
}
