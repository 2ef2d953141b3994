//! A plan as `terraform show -json PLAN` prints it: `resource_drift` is drift that Terraform has seen itself.
//!
//! `before` is the last recorded state, `after` what is live; `resource_changes` is configuration not applied yet, and no drift,
//! but it tells which of the drifted resources the plan is about to change. Formats 0.x and 1.x (formats.md §3).

use std::collections::HashSet;
use std::fmt;
use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{address, sensitive};
use crate::declared::input::{self, io_error, source_error};
use crate::declared::{
    Declared, DeclaredResource, DeclaredSource, InstanceStatus, RawDeclared, ReportedDrift, SourceFacts,
};
use crate::drift::{DriftType, SourceError};
use crate::safety::Tainted;

const SHOW_AGAIN: &str = "Write it again with `terraform show -json PLAN > plan.json`.";

/// One plan file.
pub(crate) struct PlanFile {
    path: PathBuf,
    name: Arc<Tainted>,
}

impl PlanFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        let name = Arc::new(Tainted::from(path.to_string_lossy().into_owned()));
        Self { path, name }
    }
}

impl DeclaredSource for PlanFile {
    fn name(&self) -> &Arc<Tainted> {
        &self.name
    }

    fn read(&self, sink: &mut dyn FnMut(RawDeclared) -> ControlFlow<()>) -> Result<SourceFacts, SourceError> {
        let name = self.name.raw();
        let reader = input::open(&self.path).map_err(|error| io_error(name, &error))?;
        let plan: Plan = serde_json::from_reader(BufReader::with_capacity(1 << 18, reader)).map_err(|error| {
            let what = if error.is_eof() { "the plan is cut off" } else { "a plan with broken JSON" };
            source_error(name, format!("{what}: {error}"), SHOW_AGAIN)
        })?;
        let kind = kind(&plan.format_version).ok_or_else(|| {
            let message = format!("a plan of format `{}`; driftguard reads 0.x and 1.x", plan.format_version);
            source_error(name, message, "Update driftguard, or show the plan with a Terraform that writes format 1.")
        })?;
        let resources = plan.resource_drift.len() as u64;
        for entry in plan.resource_drift {
            let named: Option<Named> = serde_json::from_str(entry.get()).ok();
            let is_planned = named.is_some_and(|entry| plan.planned.contains(&entry.address));
            let parse = if is_planned { parse_planned } else { parse };
            let bytes = Box::<str>::from(entry).into_boxed_bytes();
            if sink(RawDeclared { bytes, source: Arc::clone(&self.name), parse }).is_break() {
                return Ok(SourceFacts { kind, resources, ..SourceFacts::default() });
            }
        }
        if plan.errored {
            let message = "the plan ended with an error, so the drift it lists may not be all there is";
            return Err(source_error(
                name,
                message,
                "Correct what made `terraform plan` fail, then plan and show it again.",
            ));
        }
        Ok(SourceFacts { kind, resources, ..SourceFacts::default() })
    }

    fn watch_paths(&self) -> Vec<PathBuf> {
        vec![self.path.clone()]
    }
}

/// `None`: a format nobody knows yet.
fn kind(format_version: &str) -> Option<&'static str> {
    match format_version {
        "1.0" => Some("terraform plan 1.0"),
        "1.1" => Some("terraform plan 1.1"),
        "1.2" => Some("terraform plan 1.2"),
        _ => match format_version.split_once('.') {
            Some(("0", _)) => Some("terraform plan 0.x"),
            Some(("1", _)) => Some("terraform plan 1.x"),
            _ => None,
        },
    }
}

/// The parts of a plan that matter here; the rest is stepped over while it streams by.
#[derive(Default)]
struct Plan {
    format_version: String,
    resource_drift: Vec<Box<RawValue>>,
    /// Addresses of the resources that the plan changes.
    planned: HashSet<String>,
    errored: bool,
}

impl<'de> Deserialize<'de> for Plan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PlanVisitor)
    }
}

struct PlanVisitor;

impl<'de> Visitor<'de> for PlanVisitor {
    type Value = Plan;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Plan, A::Error> {
        let mut plan = Plan::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "format_version" => plan.format_version = map.next_value()?,
                "resource_drift" => plan.resource_drift = map.next_value::<Option<_>>()?.unwrap_or_default(),
                "resource_changes" => {
                    let changes = map.next_value::<Option<Vec<Planned>>>()?.unwrap_or_default();
                    plan.planned = changes.into_iter().filter(Planned::acts).map(|planned| planned.address).collect();
                }
                "errored" => plan.errored = map.next_value::<Option<bool>>()?.unwrap_or_default(),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(plan)
    }
}

/// An entry of `resource_drift`, as far as needed to find it among the changes.
#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    address: String,
}

/// An entry of `resource_changes`.
#[derive(Deserialize)]
struct Planned {
    #[serde(default)]
    address: String,
    #[serde(default)]
    change: PlannedChange,
}

#[derive(Deserialize, Default)]
struct PlannedChange {
    #[serde(default)]
    actions: Vec<String>,
}

impl Planned {
    /// It does something to the resource.
    fn acts(&self) -> bool {
        self.change.actions.iter().any(|action| !matches!(&**action, "no-op" | "read"))
    }
}

/// An entry about a resource that the plan leaves as it is.
fn parse(bytes: &[u8], source: &Arc<Tainted>) -> Result<Vec<Declared>, SourceError> {
    parse_entry(bytes, source, false)
}

/// An entry about a resource that the plan changes.
fn parse_planned(bytes: &[u8], source: &Arc<Tainted>) -> Result<Vec<Declared>, SourceError> {
    parse_entry(bytes, source, true)
}

/// Parses one entry of `resource_drift`. Data sources, and entries that say nothing happened, give an empty list.
fn parse_entry(bytes: &[u8], source: &Arc<Tainted>, is_planned: bool) -> Result<Vec<Declared>, SourceError> {
    let wrong = |what: String| source_error(source.raw(), what, SHOW_AGAIN);
    let mut entry: Value =
        serde_json::from_slice(bytes).map_err(|error| wrong(format!("broken JSON in `resource_drift`: {error}")))?;
    let mut change = entry["change"].take();
    let text = |key: &str| entry[key].as_str().unwrap_or_default();
    let (address, resource_type) = (text("address"), text("type"));
    if address.is_empty() || resource_type.is_empty() {
        return Err(wrong("an entry of `resource_drift` has no `address` or no `type`".to_owned()));
    }
    if text("mode") == "data" {
        return Ok(Vec::new());
    }
    let previous_address = Some(text("previous_address")).filter(|p| !p.is_empty() && *p != address).map(Tainted::from);
    let (before, after) = (change["before"].take(), change["after"].take());
    if before.is_null() {
        return Err(wrong(format!("{address}: its drift has no `before`, so there is nothing to compare with")));
    }
    let drift_type = if after.is_null() {
        DriftType::Deleted
    } else if before != after {
        DriftType::Modified
    } else if previous_address.is_some() {
        DriftType::Moved
    } else {
        return Ok(Vec::new());
    };
    let resource = DeclaredResource {
        address: Tainted::from(address),
        resource_type: Arc::from(resource_type),
        provider: Tainted::from(address::provider(text("provider_name"))),
        values: before,
        sensitive: sensitive::of_plan(&change["before_sensitive"]),
        dependencies: Vec::new(),
        status: match text("deposed") {
            "" => InstanceStatus::Normal,
            key => InstanceStatus::Deposed(Tainted::from(key)),
        },
        source: Arc::clone(source),
    };
    let live_sensitive = sensitive::of_plan(&change["after_sensitive"]);
    let live = Some(after).filter(|after| !after.is_null());
    let drift = ReportedDrift { resource, drift_type, previous_address, live, live_sensitive, is_planned };
    Ok(vec![Declared::Drift(drift)])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(entry: &Value) -> Result<Vec<ReportedDrift>, String> {
        let parsed = parse(entry.to_string().as_bytes(), &Arc::new(Tainted::from("plan.json")));
        let drift = |declared| match declared {
            Declared::Drift(drift) => drift,
            Declared::Resource(resource) => panic!("{resource:?}"),
        };
        parsed.map(|all| all.into_iter().map(drift).collect()).map_err(|error| error.message.raw().to_owned())
    }

    fn entry(previous: Option<&str>, mode: &str, before: Value, after: Value) -> Value {
        json!({"address": "t.new", "previous_address": previous, "mode": mode, "type": "t", "name": "new",
            "provider_name": "registry.terraform.io/-/t",
            "change": {"actions": ["update"], "before": before, "after": after,
                       "before_sensitive": {"p": true}, "after_sensitive": false}})
    }

    #[test]
    fn values_decide_whether_a_moved_resource_is_also_modified() {
        let both = read(&entry(Some("t.old"), "managed", json!({"a": 1}), json!({"a": 2}))).unwrap();
        assert_eq!(both[0].drift_type, DriftType::Modified);
        assert_eq!(both[0].previous_address, Some(Tainted::from("t.old")));
        let moved = read(&entry(Some("t.old"), "managed", json!({"a": 1}), json!({"a": 1}))).unwrap();
        assert_eq!(moved[0].drift_type, DriftType::Moved);
        assert_eq!(read(&entry(Some("t.new"), "managed", json!({}), json!({}))), Ok(vec![]));
    }

    #[test]
    fn a_deleted_resource_has_no_live_side() {
        let gone = read(&entry(None, "managed", json!({"p": "x"}), Value::Null)).unwrap();
        assert_eq!((gone[0].drift_type, &gone[0].live), (DriftType::Deleted, &None));
        assert_eq!(gone[0].resource.sensitive, [crate::drift::PropertyPath::from("p")]);
        assert_eq!(gone[0].resource.provider.raw(), "registry.terraform.io/hashicorp/t");
    }

    #[test]
    fn data_sources_do_not_drift() {
        assert_eq!(read(&entry(None, "data", json!({"a": 1}), json!({"a": 2}))), Ok(vec![]));
    }

    #[test]
    fn an_entry_without_a_recorded_state_is_an_error() {
        assert!(read(&entry(None, "managed", Value::Null, json!({}))).unwrap_err().starts_with("t.new: "));
    }

    #[test]
    fn formats_of_major_versions_0_and_1_are_read() {
        assert_eq!((kind("0.2"), kind("1.2")), (Some("terraform plan 0.x"), Some("terraform plan 1.2")));
        assert_eq!((kind("1.9"), kind("2.0"), kind("")), (Some("terraform plan 1.x"), None, None));
    }
}
