//! The report driftctl writes with `--output json://FILE`: what it found becomes drift here.
//!
//! `missing` is deleted, `unmanaged` is added, `differences` (of its deep mode) are changes, and `alerts` say which types it
//! could not read. What it calls managed was seen by driftctl only, and says nothing here.

use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::input::{self, io_error, source_error};
use super::{Declared, DeclaredResource, DeclaredSource, InstanceStatus, RawDeclared, ReportedDrift, SourceFacts};
use crate::drift::{DriftType, SourceError};
use crate::safety::Tainted;

/// Deeper paths are no report of driftctl's.
const MAX_DEPTH: usize = 100;
const SCAN_AGAIN: &str = "Write it again with `driftctl scan --output json://report.json`.";

/// One report.
pub(crate) struct DriftctlReport {
    path: PathBuf,
    name: Arc<Tainted>,
}

impl DriftctlReport {
    pub(crate) fn new(path: PathBuf) -> Self {
        let name = Arc::new(Tainted::from(path.to_string_lossy().into_owned()));
        Self { path, name }
    }
}

#[derive(Deserialize)]
struct Report {
    unmanaged: Option<Vec<Box<RawValue>>>,
    missing: Option<Vec<Box<RawValue>>>,
    differences: Option<Vec<Box<RawValue>>>,
    alerts: Option<Map<String, Value>>,
}

impl DeclaredSource for DriftctlReport {
    fn name(&self) -> &Arc<Tainted> {
        &self.name
    }

    fn read(&self, sink: &mut dyn FnMut(RawDeclared) -> ControlFlow<()>) -> Result<SourceFacts, SourceError> {
        let name = self.name.raw();
        let reader = input::open(&self.path).map_err(|error| io_error(name, &error))?;
        let report: Report = serde_json::from_reader(BufReader::new(reader))
            .map_err(|error| source_error(name, format!("a driftctl report with broken JSON: {error}"), SCAN_AGAIN))?;
        let lists: [(Option<Vec<Box<RawValue>>>, super::ParseChunk); 3] =
            [(report.missing, missing), (report.unmanaged, unmanaged), (report.differences, different)];
        let mut facts = SourceFacts { kind: "driftctl report", ..SourceFacts::default() };
        for (list, parse) in lists {
            for entry in list.into_iter().flatten() {
                facts.resources += 1;
                let bytes = Box::<str>::from(entry).into_boxed_bytes();
                if sink(RawDeclared { bytes, source: Arc::clone(&self.name), parse }).is_break() {
                    return Ok(facts);
                }
            }
        }
        match report.alerts.filter(|alerts| !alerts.is_empty()) {
            Some(alerts) => {
                Err(source_error(name, alarm(&alerts), "Give driftctl the rights it asks for, and scan again."))
            }
            None => Ok(facts),
        }
    }

    fn watch_paths(&self) -> Vec<PathBuf> {
        vec![self.path.clone()]
    }
}

/// What driftctl could not read is not known to be clean.
fn alarm(alerts: &Map<String, Value>) -> String {
    const SHOWN: usize = 3;
    let types: Vec<&str> =
        alerts.keys().map(|kind| if kind.is_empty() { "everything" } else { kind.as_str() }).collect();
    let more = types.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("driftctl could not read all of {}{more}", types[..types.len().min(SHOWN)].join(", "))
}

fn missing(bytes: &[u8], source: &Arc<Tainted>) -> Result<Vec<Declared>, SourceError> {
    let resource = resource(&entry(bytes, source)?, source)?;
    Ok(vec![drift(resource, DriftType::Deleted, None)])
}

fn unmanaged(bytes: &[u8], source: &Arc<Tainted>) -> Result<Vec<Declared>, SourceError> {
    let resource = resource(&entry(bytes, source)?, source)?;
    Ok(vec![drift(resource, DriftType::Added, Some(Value::Object(Map::new())))])
}

/// Both sides are made of nothing but what changed; compared again by us, so that noise in it is hidden.
fn different(bytes: &[u8], source: &Arc<Tainted>) -> Result<Vec<Declared>, SourceError> {
    let mut difference = entry(bytes, source)?;
    let mut resource = resource(&difference["res"], source)?;
    let (mut declared, mut live) = (Value::Object(Map::new()), Value::Object(Map::new()));
    for change in difference["changelog"].as_array_mut().into_iter().flatten() {
        if change["computed"] == true {
            continue;
        }
        let path: Vec<String> = change["path"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|step| step.as_str().map(str::to_owned))
            .collect();
        if path.len() > MAX_DEPTH {
            let words = format!("a change of {} stands {} levels deep", resource.address.line(), path.len());
            return Err(source_error(source.raw(), words, SCAN_AGAIN));
        }
        put(&mut declared, &path, change["from"].take());
        put(&mut live, &path, change["to"].take());
    }
    resource.values = with_lists(declared);
    Ok(vec![drift(resource, DriftType::Modified, Some(with_lists(live)))])
}

/// Positions of lists stand in paths as numbers: an object of nothing but numbers was a list.
fn with_lists(value: Value) -> Value {
    let Value::Object(object) = value else { return value };
    let positions: Option<Vec<usize>> = object.keys().map(|key| key.parse().ok()).collect();
    let is_list = positions.is_some_and(|positions| !positions.is_empty());
    if !is_list {
        return Value::Object(object.into_iter().map(|(key, v)| (key, with_lists(v))).collect());
    }
    let mut items: Vec<(usize, Value)> =
        object.into_iter().filter_map(|(key, v)| Some((key.parse().ok()?, with_lists(v)))).collect();
    items.sort_by_key(|(position, _)| *position);
    Value::Array(items.into_iter().map(|(_, v)| v).collect())
}

/// Sets what stands at a path, making the objects on the way. Null says that nothing stands there.
fn put(value: &mut Value, path: &[String], leaf: Value) {
    let (Some((key, rest)), false) = (path.split_first(), leaf.is_null()) else { return };
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    let Some(object) = value.as_object_mut() else { return };
    let place = object.entry(key.as_str()).or_insert(Value::Null);
    if rest.is_empty() {
        *place = leaf;
    } else {
        put(place, rest, leaf);
    }
}

fn entry(bytes: &[u8], source: &Arc<Tainted>) -> Result<Value, SourceError> {
    serde_json::from_slice(bytes)
        .map_err(|error| source_error(source.raw(), format!("broken JSON: {error}"), SCAN_AGAIN))
}

fn resource(entry: &Value, source: &Arc<Tainted>) -> Result<DeclaredResource, SourceError> {
    let (Some(id), Some(kind)) = (entry["id"].as_str(), entry["type"].as_str()) else {
        return Err(source_error(source.raw(), "an entry of the report has no `id` or no `type`", SCAN_AGAIN));
    };
    Ok(DeclaredResource {
        address: Tainted::from(format!("{kind}.{id}")),
        resource_type: Arc::from(kind),
        provider: Tainted::default(),
        values: Value::Object(Map::new()),
        sensitive: Vec::new(),
        dependencies: Vec::new(),
        status: InstanceStatus::Normal,
        source: Arc::clone(source),
    })
}

fn drift(resource: DeclaredResource, drift_type: DriftType, live: Option<Value>) -> Declared {
    let live_sensitive = Vec::new();
    Declared::Drift(ReportedDrift {
        resource,
        drift_type,
        previous_address: None,
        live,
        live_sensitive,
        is_planned: false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Address, kind, declared and live values.
    type Row = (String, DriftType, Value, Option<Value>);

    fn read(report: &Value) -> (Vec<Row>, Option<String>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.json");
        std::fs::write(&path, report.to_string()).unwrap();
        let mut drifts = Vec::new();
        let end = DriftctlReport::new(path).read(&mut |raw| {
            for declared in raw.parse().unwrap() {
                let Declared::Drift(d) = declared else { panic!("no drift") };
                drifts.push((d.resource.address.raw().to_owned(), d.drift_type, d.resource.values, d.live));
            }
            ControlFlow::Continue(())
        });
        (drifts, end.err().map(|e| e.message.raw().to_owned()))
    }

    #[test]
    fn what_driftctl_found_becomes_drift() {
        let (drifts, error) = read(&json!({
            "summary": {"total_resources": 3}, "managed": [{"id": "vpc-1", "type": "aws_vpc"}],
            "missing": [{"id": "gone", "type": "aws_s3_bucket"}], "unmanaged": [{"id": "new", "type": "aws_iam_user"}],
            "differences": [{"res": {"id": "vpc-1", "type": "aws_vpc"}, "changelog": [
                {"type": "update", "path": ["tags", "Name"], "from": "a", "to": "b", "computed": false},
                {"type": "create", "path": ["new"], "from": null, "to": 1},
                {"type": "update", "path": ["arn"], "from": "x", "to": "y", "computed": true}]}],
            "coverage": 33, "alerts": null
        }));
        let nothing = json!({});
        assert_eq!(
            drifts,
            [
                ("aws_s3_bucket.gone".to_owned(), DriftType::Deleted, nothing.clone(), None),
                ("aws_iam_user.new".to_owned(), DriftType::Added, nothing.clone(), Some(nothing)),
                (
                    "aws_vpc.vpc-1".to_owned(),
                    DriftType::Modified,
                    json!({"tags": {"Name": "a"}}),
                    Some(json!({"tags": {"Name": "b"}, "new": 1}))
                ),
            ]
        );
        assert_eq!(error, None);
    }

    #[test]
    fn positions_make_lists_and_a_path_without_end_is_refused() {
        let change = |path: Value| json!({"differences": [{"res": {"id": "a", "type": "t"}, "changelog": [{"path": path, "from": "x", "to": "y"}]}], "summary": {}});
        let (drifts, _) = read(&change(json!(["groups", "0", "name"])));
        assert_eq!(drifts[0].2, json!({"groups": [{"name": "x"}]}));
        let deep = change(vec!["a"; 200_000].into());
        let raw = Box::<str>::from(deep["differences"][0].to_string()).into_boxed_bytes();
        let error = different(&raw, &Arc::new(Tainted::from("r.json"))).unwrap_err();
        assert!(error.message.raw().contains("200000 levels"), "{error:?}");
    }

    #[test]
    fn what_driftctl_could_not_read_is_an_error_beside_its_drift() {
        let alert = json!([{"message": "Ignoring aws_vpc from drift calculation: access denied"}]);
        let report = json!({"summary": {}, "missing": [{"id": "a", "type": "t"}], "unmanaged": null, "differences": [],
            "alerts": {"aws_vpc": alert, "aws_sqs": alert, "aws_sns": alert, "aws_eip": alert}});
        let (drifts, error) = read(&report);
        assert_eq!(drifts.len(), 1);
        assert_eq!(error.as_deref(), Some("driftctl could not read all of aws_eip, aws_sns, aws_sqs and 1 more"));
    }
}
