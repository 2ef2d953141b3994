//! Readers of declared state: what the code says.
//!
//! A reader hands out one resource at a time and never holds a whole file: [`open`] recognises what a path holds, and
//! [`DeclaredSource::read`] streams [`RawDeclared`] chunks that any thread may [`parse`](RawDeclared::parse).

pub(crate) mod blocks;
mod driftctl;
pub(crate) mod fault;
mod find;
pub mod generate;
pub(crate) mod input;
pub(crate) mod kubernetes;
mod open;
pub(crate) mod recognise;
pub(crate) mod split;
mod terraform;
pub(crate) mod tree;
mod yaml;

pub use open::open;

use std::ops::ControlFlow;
use std::sync::Arc;

use serde_json::Value;

use crate::drift::{DriftType, SourceError, StateVersion};
use crate::safety::Tainted;

/// The state of one instance in its source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InstanceStatus {
    Normal,
    /// Terraform will replace it.
    Tainted,
    /// Left over from a replacement; not drift.
    Deposed(Tainted),
}

/// One declared resource, unmasked.
#[derive(Clone, PartialEq, Debug)]
pub struct DeclaredResource {
    /// Full address with module path and index; for manifests `namespace/Kind/name`.
    pub address: Tainted,
    /// `aws_vpc`; for manifests `apps/v1/Deployment` or `v1/Service`.
    pub resource_type: Arc<str>,
    /// Provider source address (`registry.terraform.io/hashicorp/aws`), old spellings normalised; empty for manifests.
    pub provider: Tainted,
    pub values: Value,
    /// Paths (grammar of [`PropertyPath`](crate::drift::PropertyPath)) the source marks as sensitive.
    pub sensitive: Vec<crate::drift::PropertyPath>,
    pub dependencies: Vec<Tainted>,
    pub status: InstanceStatus,
    /// The file or backend it came from.
    pub source: Arc<Tainted>,
}

/// A drift that the source itself reports (`resource_drift` of a plan file), unmasked. Compared again by us, so that noise
/// in it is hidden.
#[derive(Clone, PartialEq, Debug)]
pub struct ReportedDrift {
    pub resource: DeclaredResource,
    pub drift_type: DriftType,
    pub previous_address: Option<Tainted>,
    /// `None` when deleted.
    pub live: Option<Value>,
    /// Sensitive paths of the live side.
    pub live_sensitive: Vec<crate::drift::PropertyPath>,
    /// The source is about to change the resource as well.
    pub is_planned: bool,
}

/// What a parsed chunk holds.
#[derive(Clone, PartialEq, Debug)]
pub enum Declared {
    Resource(DeclaredResource),
    Drift(ReportedDrift),
}

/// Parses one chunk; a pure function, so that chunks can be parsed on any thread.
pub type ParseChunk = fn(&[u8], &Arc<Tainted>) -> Result<Vec<Declared>, SourceError>;

/// Unparsed bytes of one resource (all its instances), or of one manifest document.
pub struct RawDeclared {
    pub bytes: Box<[u8]>,
    pub source: Arc<Tainted>,
    pub parse: ParseChunk,
}

impl RawDeclared {
    /// Parses the chunk. Data sources give an empty list.
    pub fn parse(&self) -> Result<Vec<Declared>, SourceError> {
        (self.parse)(&self.bytes, &self.source)
    }
}

/// What a source said about itself, known when it has been read to the end.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SourceFacts {
    /// `terraform state v4`, `terraform plan 1.2`, `kubernetes manifests`.
    pub kind: &'static str,
    pub lineage: Option<Tainted>,
    pub serial: Option<u64>,
    pub terraform_version: Option<Tainted>,
    /// When the file was written, as its file system says.
    pub written_at: Option<jiff::Timestamp>,
    pub resources: u64,
}

impl SourceFacts {
    /// Of a Terraform state; `None` for what counts no versions.
    pub fn version(&self) -> Option<StateVersion> {
        let (lineage, terraform_version) = (self.lineage.clone(), self.terraform_version.clone());
        Some(StateVersion { serial: self.serial?, lineage, terraform_version, resources: self.resources })
    }
}

/// One file or backend that declares resources.
pub trait DeclaredSource: Send + Sync {
    /// For people and for the store.
    fn name(&self) -> &Arc<Tainted>;

    /// Streams the source from the start. An error after some chunks were handed out means the source is broken or cut off:
    /// what was handed out stands, what is missing is unknown.
    fn read(&self, sink: &mut dyn FnMut(RawDeclared) -> ControlFlow<()>) -> Result<SourceFacts, SourceError>;

    /// Files to watch for changes.
    fn watch_paths(&self) -> Vec<std::path::PathBuf>;
}
