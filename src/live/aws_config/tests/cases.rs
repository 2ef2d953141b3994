//! Every mapped type against an item as AWS shapes it, through the comparer: in sync as declared, one change that is drift, one
//! other spelling that is none. The cases are data, a file for each family of services.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::*;
use crate::compare::{Subject, Verdict, compare};

const FILES: [&str; 9] = [
    include_str!("cases/instances.json"),
    include_str!("cases/network.json"),
    include_str!("cases/links.json"),
    include_str!("cases/buckets.json"),
    include_str!("cases/identity.json"),
    include_str!("cases/databases.json"),
    include_str!("cases/scaling.json"),
    include_str!("cases/builds.json"),
    include_str!("cases/edge.json"),
];

/// What `paths` says where the resource itself is gone.
const GONE: &str = "gone";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub terraform: String,
    config: String,
    pub declared: Value,
    item: Value,
    drift: Edit,
    noise: Edit,
}

/// A change of the item, as a JSON merge patch (RFC 7396: null takes away).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Edit {
    /// In words, for whoever reads the case.
    pub is: String,
    pub patch: Value,
    #[serde(default)]
    pub paths: Vec<String>,
}

pub(super) fn cases() -> Vec<Case> {
    FILES.iter().flat_map(|file| serde_json::from_str::<Vec<Case>>(file).unwrap()).collect()
}

pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let map = target.as_object_mut().unwrap();
    for (key, value) in patch {
        match value {
            Value::Null => drop(map.remove(key)),
            value => merge(map.entry(key.clone()).or_insert(Value::Null), value),
        }
    }
}

impl Case {
    fn spec(&self) -> &'static Type {
        Mapping::built_in().of(&self.terraform).unwrap_or_else(|| panic!("{} is not mapped", self.terraform))
    }

    /// The item as it is delivered: its configuration a string, as the API gives it.
    fn delivered(&self, patch: &Value) -> Value {
        let text = |key: &str, or: &str| self.item.get(key).and_then(Value::as_str).unwrap_or(or).to_owned();
        let id = text("resourceId", "");
        let mut whole = json!({
            "configurationItemStatus": "OK", "configurationItemCaptureTime": "2026-11-20T12:00:00Z", "accountId": "123456789012",
            "awsRegion": "eu-west-1", "resourceType": self.config, "resourceName": text("resourceName", &id), "tags": {},
            "supplementaryConfiguration": {},
        });
        merge(&mut whole, &self.item);
        merge(&mut whole, patch);
        whole["configuration"] = json!(whole["configuration"].to_string());
        whole
    }

    /// `None`: the resource is gone.
    fn verdict(&self, patch: &Value) -> Option<Verdict> {
        let source = source(&snapshot(vec![self.delivered(patch)]));
        let live = match source.lookup(&declared(&self.terraform, self.declared.clone()), &[]) {
            Lookup::Found(live) => live,
            Lookup::Missing => return None,
            other => panic!("{}: {other:?}", self.terraform),
        };
        Some(compare(&Subject {
            dialect: live.dialect,
            resource_type: &live.resource_type,
            declared: &self.declared,
            live: &live.values,
            memory: None,
            observable: &live.observable,
        }))
    }
}

fn paths(verdict: &Verdict) -> Vec<&str> {
    verdict.changes.iter().map(|c| c.path.as_str()).collect()
}

/// Attributes, and fields of blocks, of which the pack says that nobody records them.
fn unseen(spec: &Type) -> BTreeSet<String> {
    fn below(attribute: &mapping::Attribute, out: &mut BTreeSet<String>) {
        out.extend(attribute.unseen.iter().cloned());
        attribute.each.values().for_each(|a| below(a, out));
    }
    let mut out: BTreeSet<String> = spec.not_observable.iter().cloned().collect();
    spec.attributes.values().for_each(|a| below(a, &mut out));
    out
}

#[test]
fn a_resource_that_is_as_declared_is_in_sync_and_all_of_it_was_looked_at() {
    let mut faults = vec![];
    for case in cases() {
        let name = &case.terraform;
        let Some(verdict) = case.verdict(&json!({})) else {
            faults.push(format!("{name}: gone"));
            continue;
        };
        if !verdict.changes.is_empty() {
            faults.push(format!("{name}: {:?}", paths(&verdict)));
        }
        let unseen = unseen(case.spec());
        for unverified in &verdict.unverified {
            let named = unverified.path.split(['.', '[']).any(|step| unseen.contains(step));
            if !named {
                faults.push(format!("{name}.{}: {:?}", unverified.path, unverified.reason));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_change_behind_terraforms_back_is_drift_where_it_was_made_and_nowhere_else() {
    let mut faults = vec![];
    for case in cases() {
        let verdict = case.verdict(&case.drift.patch);
        let found = verdict.as_ref().map_or_else(|| vec![GONE], paths);
        if found != case.drift.paths {
            faults.push(format!("{}, {}: {found:?}", case.terraform, case.drift.is));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn another_spelling_of_the_same_is_no_drift() {
    let mut faults = vec![];
    for case in cases() {
        assert_ne!(
            case.delivered(&case.noise.patch),
            case.delivered(&json!({})),
            "{}: nothing respelt",
            case.terraform
        );
        match case.verdict(&case.noise.patch) {
            Some(verdict) if verdict.changes.is_empty() => {}
            other => {
                faults.push(format!("{}, {}: {:?}", case.terraform, case.noise.is, other.as_ref().map(paths)));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_resource_nobody_declared_is_unmanaged_and_one_that_was_looked_up_is_not() {
    for case in cases().into_iter().filter(|case| !case.spec().part) {
        let source = source(&snapshot(vec![case.delivered(&json!({}))]));
        let types: Vec<String> = source.unmanaged().map(|r| r.resource_type.to_string()).collect();
        assert_eq!(types, [case.spec().terraform.as_str()]);
        source.lookup(&declared(&case.terraform, case.declared.clone()), &[]);
        assert_eq!(source.unmanaged().count(), 0, "{}", case.terraform);
    }
}

#[test]
fn every_type_of_these_packs_has_a_case() {
    let covered: BTreeSet<String> = cases().into_iter().map(|case| case.spec().terraform.clone()).collect();
    // What is read as AWS models it has its table in `modelled`.
    let described = Mapping::built_in().types().filter(|(_, t)| !t.attributes.is_empty());
    let open: Vec<&str> =
        described.map(|(_, t)| t.terraform.as_str()).filter(|name| !covered.contains(*name)).collect();
    assert!(open.is_empty(), "no case: {open:?}");
}
