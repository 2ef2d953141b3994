//! What there is: every declared resource, and every live one that nobody declares, as one scan sees them now.
//!
//! The scan comes first, so that what differs and what could not be read is known; then declared state is streamed once more.
//! Only drifts and what nobody declares are held in memory.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::dependants::{Dependants, dependencies};
use super::pipeline::{ScanContext, ScanReport, run_on};
use super::reading::read_all;
use super::review::parse;
use super::{EnvironmentSpec, Sink, Sources};
use crate::declared::{Declared, DeclaredResource, InstanceStatus};
use crate::drift::{
    DriftType, Environment, Finding, ResourceRef, ScanId, ScanSummary, SeverityClass, Slug, Unverified, tags,
};
use crate::safety::{Masked, Redactor, Tainted};
use crate::store::{Observation, StoreError};

/// Tags that say whose a resource is, the first that is there.
const OWNERS: [&str; 7] = ["owner", "team", "squad", "maintainer", "contact", "service-owner", "owned-by"];
/// Properties under which tags or labels stand.
const TAGGED: [&str; 5] = ["tags_all", "tags", "Tags", "labels", "metadata"];

/// One resource.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    pub resource: ResourceRef,
    pub region: Tainted,
    pub owner: Option<Tainted>,
    /// It can be tagged, as far as its properties tell.
    pub is_taggable: bool,
    /// A state or manifest declares it.
    pub is_managed: bool,
    pub drift: Option<Drifted>,
    /// It could not be compared, or not as a whole.
    pub unverified: Option<Unverified>,
    /// Declared resources that depend on it directly.
    pub dependants: u32,
    pub depends_on: Vec<Tainted>,
}

/// How it differs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Drifted {
    pub drift_type: DriftType,
    pub severity: SeverityClass,
    /// One of its changes touches security.
    pub is_security_critical: bool,
}

/// Scans the environment and hands out everything there is, declared ones in the order of their sources; `emit` may end it.
pub fn inventory(
    spec: &EnvironmentSpec,
    key: [u8; 32],
    cancel: &AtomicBool,
    emit: &mut dyn FnMut(Entry) -> ControlFlow<()>,
) -> Result<ScanReport, StoreError> {
    let start = Instant::now();
    let sources = Sources::open(spec, None, cancel, &|_, _| {});
    let mut found = Found::default();
    let report = run_on(spec, &sources, start.elapsed(), &ScanContext::ad_hoc(key, cancel), &mut found)?;
    for (resource, why) in &report.summary.unverified {
        found.unverified.insert(name(resource), why.clone());
    }
    let redactor = Redactor::new(key);
    let mut dependants = Dependants::default();
    each(&sources, cancel, &mut |resource| {
        // A secret of one resource may stand in a tag of another.
        redactor.learn(&resource.resource_type, &resource.values, &resource.sensitive);
        dependants.add(dependencies(resource));
        ControlFlow::Continue(())
    });
    let mut ended = false;
    each(&sources, cancel, &mut |resource| {
        let flow = emit(found.item(&spec.environment, resource, &dependants, &redactor));
        ended = flow.is_break();
        flow
    });
    if !ended {
        let _ = found.added.into_iter().try_for_each(|finding| emit(added(&spec.environment, finding)));
    }
    Ok(report)
}

/// Every declared resource that is in use, source by source. What cannot be read was told by the scan.
fn each(sources: &Sources, cancel: &AtomicBool, take: &mut dyn FnMut(&DeclaredResource) -> ControlFlow<()>) {
    read_all(&sources.declared, cancel, &mut |chunk| {
        for declared in parse(&chunk).unwrap_or_default() {
            let resource = match &declared {
                Declared::Resource(resource) => resource,
                Declared::Drift(drift) => &drift.resource,
            };
            if !matches!(resource.status, InstanceStatus::Deposed(_)) {
                take(resource)?;
            }
        }
        ControlFlow::Continue(())
    });
}

type Name = (Tainted, Tainted);

fn name(resource: &ResourceRef) -> Name {
    (resource.resource_type.clone(), resource.resource_id.clone())
}

/// What the scan found out.
#[derive(Default)]
struct Found {
    drifted: HashMap<Name, Drifted>,
    unverified: HashMap<Name, Unverified>,
    /// Declared nowhere.
    added: Vec<Finding>,
}

impl Found {
    fn item(
        &self,
        environment: &Environment,
        declared: &DeclaredResource,
        dependants: &Dependants,
        redactor: &Redactor,
    ) -> Entry {
        let text = |key: &str| declared.values.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let resource = ResourceRef {
            resource_type: declared.resource_type.as_ref().into(),
            resource_id: declared.address.clone(),
            previous_address: None,
            provider_id: text("arn").or_else(|| text("id")).map(|id| redactor.mask_text(id)),
            declared_in: Some(declared.source.as_ref().clone()),
        };
        let said: serde_json::Map<String, Value> =
            (TAGGED.iter()).filter_map(|key| Some(((*key).to_owned(), declared.values.get(key)?.clone()))).collect();
        let is_taggable = !said.is_empty();
        let tags = tags(&redactor.mask(&declared.resource_type, &json!(said), &declared.sensitive));
        let key = name(&resource);
        Entry {
            region: region(environment, &declared.values),
            owner: owner(&tags),
            is_taggable,
            is_managed: true,
            drift: self.drifted.get(&key).copied(),
            unverified: self.unverified.get(&key).cloned(),
            dependants: dependants.of(declared),
            depends_on: declared.dependencies.clone(),
            resource,
        }
    }
}

fn added(environment: &Environment, finding: Finding) -> Entry {
    let values = finding.actual_state.as_ref().map(Masked::value).unwrap_or(&Value::Null);
    Entry {
        region: region(environment, values),
        owner: owner(&finding.tags),
        is_taggable: TAGGED.iter().any(|key| values.get(key).is_some()),
        is_managed: false,
        drift: Some(drifted(&finding)),
        unverified: None,
        dependants: 0,
        depends_on: vec![],
        resource: finding.resource,
    }
}

fn drifted(finding: &Finding) -> Drifted {
    Drifted {
        drift_type: finding.drift_type,
        severity: finding.analysis.severity.class(),
        is_security_critical: finding.analysis.is_critical_as_whole(finding.drift_type)
            || finding.changes.iter().any(|change| change.is_security_critical),
    }
}

fn owner(tags: &[(Tainted, Tainted)]) -> Option<Tainted> {
    let of = |wanted: &str| tags.iter().find(|(name, _)| name.raw().eq_ignore_ascii_case(wanted));
    OWNERS.iter().find_map(|wanted| of(wanted)).map(|(_, value)| value.clone())
}

/// As its properties say, else where the environment is.
fn region(environment: &Environment, values: &Value) -> Tainted {
    let text = |key: &str| values.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let of_arn = || text("arn").or_else(|| text("Arn")).and_then(|arn| arn.split(':').nth(3)).filter(|r| !r.is_empty());
    let of_zone = || text("availability_zone").map(|zone| zone.trim_end_matches(|c: char| c.is_ascii_lowercase()));
    text("region")
        .or_else(|| text("location"))
        .or_else(of_arn)
        .or_else(of_zone)
        .map_or_else(|| environment.region.clone(), Tainted::from)
}

impl Sink for Found {
    fn begin(&mut self, _environment: &Slug, _at: Timestamp) -> Result<ScanId, StoreError> {
        Ok(ScanId::generate())
    }

    fn findings(&mut self, batch: Vec<Finding>) -> Result<(), StoreError> {
        for finding in batch {
            match finding.drift_type {
                DriftType::Added => self.added.push(Finding { declared_state: None, ..finding }),
                _ => drop(self.drifted.insert(name(&finding.resource), drifted(&finding))),
            }
        }
        Ok(())
    }

    fn observations(&mut self, _batch: Vec<Observation>) -> Result<(), StoreError> {
        Ok(())
    }

    fn finish(&mut self, summary: ScanSummary) -> Result<ScanSummary, StoreError> {
        Ok(summary)
    }
}
