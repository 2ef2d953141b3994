//! Stacks as the rest of driftguard reads things: what they declare, and what is there.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::detect::{Answer, Detected, Resource};
use crate::compare::{Dialect, Observable};
use crate::declared::{Declared, DeclaredResource, DeclaredSource, InstanceStatus, RawDeclared, SourceFacts};
use crate::drift::{SourceError, UnverifiedReason};
use crate::live::{LiveResource, LiveSource, Lookup};
use crate::safety::Tainted;

/// What one stack declares.
pub(super) struct StackState {
    name: Arc<Tainted>,
    /// `{"address", "type", "values"}` each.
    chunks: Vec<Box<[u8]>>,
}

impl StackState {
    pub fn new(stack: Detected) -> Self {
        let chunk = |resource: Resource| {
            let document =
                json!({"address": resource.address, "type": resource.resource_type, "values": resource.expected});
            document.to_string().into_bytes().into_boxed_slice()
        };
        Self { name: Arc::new(stack.name.into()), chunks: stack.resources.into_iter().map(chunk).collect() }
    }
}

impl DeclaredSource for StackState {
    fn name(&self) -> &Arc<Tainted> {
        &self.name
    }

    fn read(&self, sink: &mut dyn FnMut(RawDeclared) -> ControlFlow<()>) -> Result<SourceFacts, SourceError> {
        for bytes in &self.chunks {
            if sink(RawDeclared { bytes: bytes.clone(), source: Arc::clone(&self.name), parse }).is_break() {
                break;
            }
        }
        let resources = self.chunks.len() as u64;
        Ok(SourceFacts { kind: "cloudformation stack", resources, ..SourceFacts::default() })
    }

    fn watch_paths(&self) -> Vec<PathBuf> {
        vec![]
    }
}

fn parse(bytes: &[u8], source: &Arc<Tainted>) -> Result<Vec<Declared>, SourceError> {
    let mut document: Value = serde_json::from_slice(bytes)
        .map_err(|e| super::error(source.raw(), &format!("broken JSON: {e}"), "please report it"))?;
    let text = |key: &str| document[key].as_str().unwrap_or_default();
    let (address, resource_type) = (Tainted::from(text("address")), Arc::from(text("type")));
    Ok(vec![Declared::Resource(DeclaredResource {
        address,
        resource_type,
        provider: Tainted::default(),
        values: document["values"].take(),
        sensitive: vec![],
        dependencies: vec![],
        status: InstanceStatus::Normal,
        source: Arc::clone(source),
    })])
}

/// What is there of all the stacks.
pub(super) struct StackLive {
    name: Arc<Tainted>,
    types: BTreeSet<String>,
    /// By stack and address.
    seen: HashMap<(String, String), Seen>,
}

struct Seen {
    physical_id: String,
    answer: Answer,
    at: Option<Timestamp>,
}

impl StackLive {
    pub fn new(stacks: &[Detected]) -> Self {
        let each = || stacks.iter().flat_map(|stack| stack.resources.iter().map(move |r| (stack, r)));
        let seen = |(stack, r): (&Detected, &Resource)| {
            let seen = Seen { physical_id: r.physical_id.clone(), answer: r.answer.clone(), at: r.at };
            ((stack.name.clone(), r.address.clone()), seen)
        };
        Self {
            name: Arc::new("CloudFormation".into()),
            types: each().map(|(_, r)| r.resource_type.clone()).collect(),
            seen: each().map(seen).collect(),
        }
    }

    fn of(&self, declared: &DeclaredResource) -> Option<&Seen> {
        self.seen.get(&(declared.source.raw().to_owned(), declared.address.raw().to_owned()))
    }
}

impl LiveSource for StackLive {
    fn name(&self) -> &Arc<Tainted> {
        &self.name
    }

    fn handles(&self, resource_type: &str) -> bool {
        self.types.contains(resource_type)
    }

    fn family_key(&self, _: &DeclaredResource) -> Option<String> {
        None
    }

    fn lookup(&self, declared: &DeclaredResource, _: &[DeclaredResource]) -> Lookup {
        let Some(seen) = self.of(declared) else {
            return Lookup::Unknown(UnverifiedReason::Unsupported, "no stack declares it".into());
        };
        match &seen.answer {
            Answer::Gone => Lookup::Missing,
            Answer::Unknown(reason, detail) => Lookup::Unknown(*reason, detail.as_str().into()),
            Answer::There(values) => Lookup::Found(Box::new(LiveResource {
                resource_type: Arc::clone(&declared.resource_type),
                provider_id: seen.physical_id.as_str().into(),
                dialect: Dialect::Cloudformation,
                values: values.clone(),
                observable: Observable::All,
                captured_at: seen.at,
                sensitive: vec![],
            })),
        }
    }

    fn id_of_missing(&self, declared: &DeclaredResource) -> Option<Tainted> {
        self.of(declared).map(|seen| Tainted::from(seen.physical_id.as_str()))
    }

    fn unmanaged(&self) -> Box<dyn Iterator<Item = LiveResource> + '_> {
        Box::new(std::iter::empty())
    }

    fn errors(&self) -> Vec<(SourceError, Vec<Tainted>)> {
        vec![]
    }

    fn watch_paths(&self) -> Vec<PathBuf> {
        vec![]
    }
}
