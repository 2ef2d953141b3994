//! How a drift stood at a moment, from the values that were observed until then.

use jiff::Timestamp;
use serde_json::Value;

use crate::compare::{Dialect, Observable, Subject, compare};
use crate::drift::{Change, ChangeType, DriftDetail, DriftType, Hidden, PathBuilder};
use crate::safety::Masked;
use crate::store::Observation;

/// What is known of the live side.
#[derive(Clone, PartialEq, Debug)]
pub enum Then {
    /// No value was observed until then.
    NotObserved,
    /// It was not there when it was looked for.
    Gone,
    Seen(Box<Observation>),
}

/// How it stood; the declared side is that of the last scan, since only live values are kept.
#[derive(Clone, PartialEq, Debug)]
pub struct AsOf {
    pub then: Then,
    pub changes: Vec<Change>,
    pub hidden: Vec<Hidden>,
    /// The live side was the same then as when the drift was last seen.
    pub is_as_last_seen: bool,
}

/// `observations` are newest first. A value that was not the last one is compared again with what the code says now; what was
/// hidden or could not be verified at the last scan is not drift then either.
pub fn as_of(detail: &DriftDetail, observations: &[Observation], at: Timestamp) -> AsOf {
    let event = &detail.event;
    let standing = |then, changes: &[Change], hidden: &[Hidden], is_as_last_seen| AsOf {
        then,
        changes: changes.to_vec(),
        hidden: hidden.to_vec(),
        is_as_last_seen,
    };
    if event.drift_type == DriftType::Deleted && event.detected_at <= at && at <= event.last_seen {
        return standing(Then::Gone, &event.changes, &detail.hidden, true);
    }
    let Some(seen) = observations.iter().find(|one| one.observed_at <= at) else {
        return standing(Then::NotObserved, &[], &[], false);
    };
    let then = Then::Seen(Box::new(seen.clone()));
    if detail.actual_state.as_ref() == Some(&seen.value) {
        return standing(then, &event.changes, &detail.hidden, true);
    }
    let Some(declared) = &detail.declared_state else { return standing(then, &[], &detail.hidden, false) };
    let verdict = compare(&Subject {
        dialect: dialect(event.resource.resource_type.raw()),
        resource_type: event.resource.resource_type.raw(),
        declared: declared.value(),
        live: seen.value.value(),
        memory: None,
        observable: &Observable::All,
    });
    let set_aside = |path: &str| {
        detail.hidden.iter().any(|one| one.path.raw() == path)
            || detail.unverified.iter().filter_map(|one| one.path.as_ref()).any(|one| one.raw() == path)
    };
    let changes = verdict.changes.into_iter().filter(|one| !set_aside(&one.path)).map(|one| {
        let known = event.changes.iter().find(|change| change.path.raw() == one.path);
        Change {
            path: one.path.as_str().into(),
            change_type: one.change_type,
            declared: one.declared.map(Masked::trusted),
            actual: one.actual.map(Masked::trusted),
            is_security_critical: known.is_some_and(|change| change.is_security_critical),
            remembered_at: None,
        }
    });
    let rule = |one: crate::compare::RawHidden| Hidden {
        path: one.path.as_str().into(),
        rule: one.rule.to_owned(),
        declared: one.declared.map(Masked::trusted),
        actual: one.actual.map(Masked::trusted),
    };
    AsOf {
        then,
        changes: changes.collect(),
        hidden: verdict.hidden.into_iter().map(rule).collect(),
        is_as_last_seen: false,
    }
}

/// As the type is spelt.
pub(crate) fn dialect(resource_type: &str) -> Dialect {
    match resource_type {
        kind if kind.contains("::") => Dialect::Cloudformation,
        kind if kind.contains('/') => Dialect::Kubernetes,
        _ => Dialect::Terraform,
    }
}

/// What is different in `new`, value by value: nothing is explained away. Lists of different lengths differ as a whole.
pub fn between(old: &Masked, new: &Masked) -> Vec<Change> {
    let mut changes = vec![];
    walk(Some(old.value()), Some(new.value()), &mut PathBuilder::new(), &mut changes);
    changes
}

fn walk(old: Option<&Value>, new: Option<&Value>, path: &mut PathBuilder, changes: &mut Vec<Change>) {
    match (old, new) {
        _ if old == new => {}
        (Some(Value::Object(old)), Some(Value::Object(new))) if path.depth() < crate::compare::MAX_DEPTH => {
            let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                path.push_key(key);
                walk(old.get(key), new.get(key), path, changes);
                path.pop();
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new)))
            if old.len() == new.len() && path.depth() < crate::compare::MAX_DEPTH =>
        {
            for (at, (old, new)) in old.iter().zip(new).enumerate() {
                path.push_index(at);
                walk(Some(old), Some(new), path, changes);
                path.pop();
            }
        }
        _ => {
            let side = |value: Option<&Value>| value.map(|value| Masked::trusted(value.clone()));
            let change_type = match (old, new) {
                (None, _) => ChangeType::Added,
                (_, None) => ChangeType::Removed,
                _ => ChangeType::Modified,
            };
            changes.push(Change {
                path: path.finish(),
                change_type,
                declared: side(old),
                actual: side(new),
                is_security_critical: false,
                remembered_at: None,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::sample::{Sample, ago};
    use serde_json::json;

    fn seen(minutes_ago: i64, value: Value) -> Observation {
        Observation {
            resource_type: "apps/v1/Deployment".into(),
            resource_id: "shop/Deployment/checkout".into(),
            observed_at: ago(minutes_ago),
            value: Masked::trusted(value),
            accepted: false,
            followed: false,
        }
    }

    /// The deployment of the sample world: 3 replicas of 1.42.0 declared, 1 of 1.41.9 live, first seen 25 minutes ago.
    fn deployment() -> DriftDetail {
        let sample = Sample::default();
        let found = sample.details().into_iter().find(|one| one.event.resource.resource_id.raw().contains("checkout"));
        found.unwrap()
    }

    fn body(replicas: u32, image: &str) -> Value {
        json!({
            "metadata": {"name": "checkout", "namespace": "shop"},
            "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"image": image, "name": "app"}]}}}
        })
    }

    fn paths(as_of: &AsOf) -> Vec<String> {
        as_of.changes.iter().map(|change| change.path.0.line()).collect()
    }

    #[test]
    fn the_newest_value_observed_until_then_is_how_it_stood() {
        let detail = deployment();
        let observations = [
            seen(25, body(1, "shop/checkout:1.41.9")),
            seen(40, body(2, "shop/checkout:1.42.0")),
            seen(60, body(3, "shop/checkout:1.42.0")),
        ];
        let at = |minutes: i64| as_of(&detail, &observations, ago(minutes));
        assert!(at(10).is_as_last_seen);
        assert_eq!(at(10).changes, detail.event.changes);
        assert_eq!(paths(&at(30)), ["spec.replicas"]);
        assert_eq!(at(30).changes[0].actual.as_ref().unwrap().value(), &json!(2));
        assert_eq!(paths(&at(50)), Vec::<String>::new(), "it was in sync then");
        assert!(matches!(at(50).then, Then::Seen(one) if one.observed_at == ago(60)));
        assert_eq!(at(61).then, Then::NotObserved);
    }

    #[test]
    fn what_was_gone_is_not_shown_as_it_was_before() {
        let mut detail = deployment();
        detail.event.drift_type = DriftType::Deleted;
        let observations = [seen(60, body(3, "shop/checkout:1.42.0"))];
        assert_eq!(as_of(&detail, &observations, ago(20)).then, Then::Gone);
        assert!(matches!(as_of(&detail, &observations, ago(30)).then, Then::Seen(_)));
    }

    #[test]
    fn values_are_told_apart_one_by_one() {
        let masked = |value: Value| Masked::trusted(value);
        let old = masked(json!({"a": 1, "b": {"c": [1, 2]}, "gone": true, "same": [1]}));
        let new = masked(json!({"a": 1, "b": {"c": [1, 3]}, "more": null, "same": [1, 2]}));
        let told: Vec<String> =
            between(&old, &new).iter().map(|one| format!("{}{}", one.change_type.sign(), one.path.raw())).collect();
        assert_eq!(told, ["~b.c[1]", "-gone", "+more", "~same"]);
        assert!(between(&old, &old).is_empty());
    }
}
