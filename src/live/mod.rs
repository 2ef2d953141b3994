//! Readers of live state: what the cloud, the cluster or this machine says now.
//!
//! [`open`] recognises recordings and makes one [`LiveSource`] of all files of a kind; [`HostFiles`] looks at this machine.
//! [`documents`] gives the resources of a single file, for comparing two files with each other. A new kind of recording is one
//! file with a [`Reader`] and one line in [`readers`](open::readers).

pub mod aws;
pub mod aws_config;
mod documents;
mod files;
pub mod generate;
mod host;
pub mod kubernetes;
mod open;
mod reader;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::compare::{Context, Dialect, Observable};
use crate::declared::DeclaredResource;
use crate::drift::{SourceError, UnverifiedReason};
use crate::safety::Tainted;

pub use documents::{documents, parts};
pub use host::HostFiles;
pub use open::open;
pub use reader::{Reader, Recording};

/// One live resource in the spelling of the declared side.
#[derive(Clone, PartialEq, Debug)]
pub struct LiveResource {
    /// As the declared side would call the type.
    pub resource_type: Arc<str>,
    /// ARN or id; for unmanaged resources this is the `resource_id` of the drift.
    pub provider_id: Tainted,
    pub dialect: Dialect,
    pub values: Value,
    pub observable: Observable,
    /// When the source recorded it.
    pub captured_at: Option<Timestamp>,
    /// Paths that are sensitive on the live side.
    pub sensitive: Vec<crate::drift::PropertyPath>,
}

/// The answer to "is it there?".
#[derive(Clone, PartialEq, Debug)]
pub enum Lookup {
    Found(Box<LiveResource>),
    /// The source lists the type completely, and it is not there.
    Missing,
    /// Cannot be said, with the reason and a sentence.
    Unknown(UnverifiedReason, Tainted),
}

/// One source of live state, opened and indexed. Holds at most about the bytes of its input in memory.
pub trait LiveSource: Send + Sync {
    /// For people and for the store.
    fn name(&self) -> &Arc<Tainted>;

    /// Whether it can say anything about the type. The first source that handles a type answers for it.
    fn handles(&self, resource_type: &str) -> bool;

    /// Types whose declared resources describe one live thing together (a bucket and its sub-resources, a security group and
    /// its rules). They are collected per [`LiveSource::family_key`] and merged before comparing.
    fn family_key(&self, declared: &DeclaredResource) -> Option<String>;

    /// Finds the live side of one resource. `family`: the other declared resources with the same key, of each type one at the front.
    fn lookup(&self, declared: &DeclaredResource, family: &[DeclaredResource]) -> Lookup;

    /// For a resource that [`lookup`](Self::lookup) calls missing: when the listing was made in which it does not stand. `None`:
    /// it looked just now, or the source says itself that the resource was deleted.
    fn listed_at(&self, declared: &DeclaredResource, family: &[DeclaredResource]) -> Option<Timestamp> {
        let _ = (declared, family);
        None
    }

    /// How long after something was made a listing may still be without it.
    fn lag(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }

    /// The id in the cloud of a resource that [`lookup`](Self::lookup) calls missing, where the source remembers it.
    fn id_of_missing(&self, declared: &DeclaredResource) -> Option<Tainted> {
        let _ = declared;
        None
    }

    /// Live resources no lookup has found, default resources of the account excepted. Empty for sources that cannot list.
    fn unmanaged(&self) -> Box<dyn Iterator<Item = LiveResource> + '_>;

    /// What could not be read; the scan is then incomplete for the types it names, or all when it names none.
    fn errors(&self) -> Vec<(SourceError, Vec<Tainted>)>;

    /// Worth knowing of what was read; nothing is incomplete because of it.
    fn notices(&self) -> Vec<Tainted> {
        vec![]
    }

    /// Files to watch for changes.
    fn watch_paths(&self) -> Vec<std::path::PathBuf>;

    /// What things are called in the source: aliases of keys, unique ids of users and roles. Asked once per scan.
    fn context(&self) -> Context {
        Context::default()
    }

    /// Types the source holds and nobody can map yet, with the number of resources: neither drift nor clean.
    fn unsupported(&self) -> Vec<(Tainted, u64)> {
        vec![]
    }
}
