//! Two files compared: resources that are in memory already, as sources of a scan.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use super::Sources;
use crate::declared::{Declared, DeclaredResource, DeclaredSource, InstanceStatus, RawDeclared, SourceFacts};
use crate::drift::SourceError;
use crate::live::{LiveResource, LiveSource, Lookup};
use crate::safety::Tainted;

/// One resource as it is declared and as it is; a side that is not there is `None`.
pub struct Pair {
    pub declared: Option<LiveResource>,
    pub live: Option<LiveResource>,
}

impl Sources {
    /// The pairs as sources. `names`: what the two sides are called in messages.
    pub fn of_pairs(pairs: Vec<Pair>, names: [&str; 2]) -> Self {
        let [declared_name, live_name] = names.map(|n| Arc::new(Tainted::from(n)));
        let mut live = BTreeMap::new();
        let mut declared = vec![];
        let mut unmanaged = vec![];
        for pair in pairs {
            match (pair.declared, pair.live) {
                (Some(side), found) => {
                    if let Some(found) = found {
                        live.insert(side.provider_id.raw().to_owned(), found);
                    }
                    declared.push(side);
                }
                (None, Some(found)) => unmanaged.push(found),
                (None, None) => {}
            }
        }
        Self {
            declared: vec![Box::new(DeclaredSide { name: declared_name, resources: declared })],
            live: vec![Box::new(LiveSide { name: live_name, found: live, unmanaged })],
            host_is_last: false,
            declared_errors: vec![],
            usage: vec![],
            live_errors: vec![],
        }
    }
}

struct DeclaredSide {
    name: Arc<Tainted>,
    resources: Vec<LiveResource>,
}

impl DeclaredSource for DeclaredSide {
    fn name(&self) -> &Arc<Tainted> {
        &self.name
    }

    fn read(&self, sink: &mut dyn FnMut(RawDeclared) -> ControlFlow<()>) -> Result<SourceFacts, SourceError> {
        for resource in &self.resources {
            let parts = (&*resource.resource_type, &resource.provider_id, &resource.values, &resource.sensitive);
            let bytes = serde_json::to_vec(&parts).map_err(|e| fault(&self.name, &e))?;
            let chunk = RawDeclared { bytes: bytes.into(), source: Arc::clone(&self.name), parse };
            if sink(chunk).is_break() {
                break;
            }
        }
        Ok(SourceFacts { kind: "file", resources: self.resources.len() as u64, ..Default::default() })
    }

    fn watch_paths(&self) -> Vec<PathBuf> {
        vec![]
    }
}

/// The inverse of what [`DeclaredSide`] writes.
fn parse(bytes: &[u8], source: &Arc<Tainted>) -> Result<Vec<Declared>, SourceError> {
    let (resource_type, address, values, sensitive): (String, Tainted, _, _) =
        serde_json::from_slice(bytes).map_err(|e| fault(source, &e))?;
    Ok(vec![Declared::Resource(DeclaredResource {
        address,
        resource_type: resource_type.into(),
        provider: Tainted::default(),
        values,
        sensitive,
        dependencies: vec![],
        status: InstanceStatus::Normal,
        source: Arc::clone(source),
    })])
}

fn fault(source: &Arc<Tainted>, error: &serde_json::Error) -> SourceError {
    SourceError {
        source: source.as_ref().clone(),
        message: error.to_string().into(),
        help: "give a file that holds JSON objects or YAML documents".into(),
    }
}

struct LiveSide {
    name: Arc<Tainted>,
    /// By the address of the declared side.
    found: BTreeMap<String, LiveResource>,
    unmanaged: Vec<LiveResource>,
}

impl LiveSource for LiveSide {
    fn name(&self) -> &Arc<Tainted> {
        &self.name
    }

    fn handles(&self, _resource_type: &str) -> bool {
        true
    }

    fn family_key(&self, _declared: &DeclaredResource) -> Option<String> {
        None
    }

    fn lookup(&self, declared: &DeclaredResource, _family: &[DeclaredResource]) -> Lookup {
        match self.found.get(declared.address.raw()) {
            Some(found) => Lookup::Found(Box::new(found.clone())),
            None => Lookup::Missing,
        }
    }

    fn unmanaged(&self) -> Box<dyn Iterator<Item = LiveResource> + '_> {
        Box::new(self.unmanaged.iter().cloned())
    }

    fn errors(&self) -> Vec<(SourceError, Vec<Tainted>)> {
        vec![]
    }

    fn watch_paths(&self) -> Vec<PathBuf> {
        vec![]
    }
}
