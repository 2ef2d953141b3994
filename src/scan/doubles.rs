//! Sources in memory, for the tests of the pipeline.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{CollectSink, EnvironmentSpec, ScanContext, ScanReport, Sources, pipeline};
use crate::compare::{Dialect, Observable};
use crate::declared::{
    Declared, DeclaredResource, DeclaredSource, InstanceStatus, RawDeclared, ReportedDrift, SourceFacts,
};
use crate::drift::{CloudProvider, DriftType, Environment, Finding, Slug, SourceError, UnverifiedReason};
use crate::live::{LiveResource, LiveSource, Lookup};
use crate::safety::Tainted;

pub fn spec() -> EnvironmentSpec {
    let environment = Environment {
        organization: Slug::from_text("local"),
        slug: Slug::from_text("test"),
        name: "test".into(),
        cloud_provider: CloudProvider::Aws,
        region: Tainted::default(),
        account_id: Tainted::default(),
        tags: BTreeMap::new(),
        is_active: true,
        created_at: jiff::Timestamp::UNIX_EPOCH,
        updated_at: jiff::Timestamp::UNIX_EPOCH,
    };
    let (state, live) = (vec![], vec![]);
    EnvironmentSpec {
        environment,
        state,
        live,
        aws: None,
        interval: None,
        schedule: None,
        watch: false,
        protect: false,
        unmanaged: true,
        knowledge: Default::default(),
        ignore: Default::default(),
        maintenance: Default::default(),
        policies: Default::default(),
        on_call: Default::default(),
    }
}

pub fn failure(source: &str) -> SourceError {
    SourceError { source: source.into(), message: "cut off".into(), help: "look at it".into() }
}

/// Documents `{"type", "address", "values", "sensitive"?, "status"?, "drift"?, "previous"?, "live"?}`.
pub struct Code {
    name: Arc<Tainted>,
    documents: Vec<Value>,
    /// Fails after the last document.
    pub broken: bool,
    /// Another first document at the second reading.
    pub edited: Option<Value>,
    readings: AtomicUsize,
}

impl Code {
    pub fn new(name: &str, documents: Vec<Value>) -> Self {
        let name = Arc::new(name.into());
        Self { name, documents, broken: false, edited: None, readings: AtomicUsize::new(0) }
    }
}

impl DeclaredSource for Code {
    fn name(&self) -> &Arc<Tainted> {
        &self.name
    }

    fn read(&self, sink: &mut dyn FnMut(RawDeclared) -> ControlFlow<()>) -> Result<SourceFacts, SourceError> {
        let mut documents = self.documents.clone();
        if let (1.., Some(edited)) = (self.readings.fetch_add(1, Ordering::SeqCst), &self.edited) {
            documents[0] = edited.clone();
        }
        for document in documents {
            let bytes = document.to_string().into_bytes().into();
            if sink(RawDeclared { bytes, source: Arc::clone(&self.name), parse }).is_break() {
                return Ok(SourceFacts::default());
            }
        }
        if self.broken { Err(failure(self.name.raw())) } else { Ok(SourceFacts::default()) }
    }

    fn watch_paths(&self) -> Vec<std::path::PathBuf> {
        vec![]
    }
}

fn parse(bytes: &[u8], source: &Arc<Tainted>) -> Result<Vec<Declared>, SourceError> {
    let document: Value = serde_json::from_slice(bytes).unwrap();
    let text = |key: &str| document[key].as_str().unwrap_or_default();
    if text("type") == "unreadable" {
        return Err(failure(source.raw()));
    }
    assert_ne!(text("type"), "panic-in-parse");
    let sensitive = document["sensitive"].as_array().into_iter().flatten();
    let resource = DeclaredResource {
        address: text("address").into(),
        resource_type: text("type").into(),
        provider: Tainted::default(),
        values: document["values"].clone(),
        sensitive: sensitive.map(|p| p.as_str().unwrap().into()).collect(),
        dependencies: vec![],
        status: match text("status") {
            "tainted" => InstanceStatus::Tainted,
            "deposed" => InstanceStatus::Deposed("00ff".into()),
            _ => InstanceStatus::Normal,
        },
        source: Arc::clone(source),
    };
    let drift_type = match text("drift") {
        "" => return Ok(vec![Declared::Resource(resource)]),
        "deleted" => DriftType::Deleted,
        "moved" => DriftType::Moved,
        _ => DriftType::Modified,
    };
    let live = document.get("live").cloned();
    let previous_address = document["previous"].as_str().map(Tainted::from);
    Ok(vec![Declared::Drift(ReportedDrift {
        resource,
        drift_type,
        previous_address,
        live,
        live_sensitive: vec![],
        is_planned: false,
    })])
}

/// Live values by address. Types that begin with `family` belong together by their value `of`; each then sees in `relatives`
/// how many others there are.
#[derive(Default)]
pub struct Cloud {
    name: Arc<Tainted>,
    pub things: BTreeMap<String, Value>,
    pub failed: Vec<(SourceError, Vec<Tainted>)>,
    /// Lookups of this address panic.
    pub explosive: &'static str,
    found: Mutex<Vec<String>>,
}

impl Cloud {
    pub fn new(things: &[(&str, Value)]) -> Self {
        let things = things.iter().map(|(address, values)| ((*address).to_owned(), values.clone())).collect();
        Self { name: Arc::new("cloud".into()), things, ..Self::default() }
    }

    fn live(resource_type: &str, id: &str, values: Value) -> LiveResource {
        LiveResource {
            resource_type: resource_type.into(),
            provider_id: id.into(),
            dialect: Dialect::Terraform,
            values,
            observable: Observable::All,
            captured_at: None,
            sensitive: vec![],
        }
    }
}

impl LiveSource for Cloud {
    fn name(&self) -> &Arc<Tainted> {
        &self.name
    }

    fn handles(&self, resource_type: &str) -> bool {
        resource_type != "alien"
    }

    fn family_key(&self, declared: &DeclaredResource) -> Option<String> {
        declared.resource_type.starts_with("family").then(|| declared.values["of"].as_str().unwrap().to_owned())
    }

    fn lookup(&self, declared: &DeclaredResource, family: &[DeclaredResource]) -> Lookup {
        let address = declared.address.raw();
        assert_ne!(address, self.explosive);
        if &*declared.resource_type == "denied" {
            return Lookup::Unknown(UnverifiedReason::Denied, "403".into());
        }
        let Some(mut values) = self.things.get(address).cloned() else { return Lookup::Missing };
        self.found.lock().unwrap().push(address.to_owned());
        if declared.resource_type.starts_with("family") {
            values["relatives"] = json!(family.len());
        }
        Lookup::Found(Box::new(Self::live(&declared.resource_type, &format!("id-{address}"), values)))
    }

    fn unmanaged(&self) -> Box<dyn Iterator<Item = LiveResource> + '_> {
        let found = self.found.lock().unwrap().clone();
        let rest = self.things.iter().filter(move |(address, _)| !found.contains(address));
        Box::new(rest.map(|(address, values)| Self::live("thing", address, values.clone())))
    }

    fn errors(&self) -> Vec<(SourceError, Vec<Tainted>)> {
        self.failed.clone()
    }

    fn watch_paths(&self) -> Vec<std::path::PathBuf> {
        vec![]
    }
}

pub fn sources(code: Vec<Code>, cloud: Cloud) -> Sources {
    Sources {
        declared: code.into_iter().map(|c| Box::new(c) as Box<dyn DeclaredSource>).collect(),
        live: vec![Box::new(cloud)],
        host_is_last: false,
        declared_errors: vec![],
        usage: vec![],
        live_errors: vec![],
    }
}

/// Scans on `workers` threads and gives back the report with the findings.
pub fn scan_with(workers: usize, sources: &Sources, cancel: bool) -> (ScanReport, Vec<Finding>) {
    let cancel = AtomicBool::new(cancel);
    let context = ScanContext { workers, ..ScanContext::ad_hoc([7; 32], &cancel) };
    let mut sink = CollectSink::default();
    let report = pipeline::run_on(&spec(), sources, std::time::Duration::ZERO, &context, &mut sink).unwrap();
    let findings = sink.drifts.iter().unwrap().map(|drift| drift.unwrap().finding).collect();
    (report, findings)
}

pub fn scan(code: Vec<Code>, cloud: Cloud) -> (ScanReport, Vec<Finding>) {
    scan_with(2, &sources(code, cloud), false)
}

pub fn thing(address: &str, values: Value) -> Value {
    json!({"type": "thing", "address": address, "values": values})
}

/// Some finding: a thing that is gone.
pub fn a_finding() -> Finding {
    let code = Code::new("state", vec![thing("a.gone", json!({"size": 1}))]);
    scan(vec![code], Cloud::new(&[])).1.remove(0)
}
