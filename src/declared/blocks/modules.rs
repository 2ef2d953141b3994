//! Modules on the way to a resource: who calls them, and where they stand, those that were downloaded included.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Looked, Search, parts, tidy};

/// A call of a module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    pub name: String,
    /// Where the call stands.
    pub caller: PathBuf,
    /// Where the module's own code stands.
    pub inside: PathBuf,
}

/// What `terraform init` writes down of the modules of a configuration; by their path, `net.subnets`.
#[derive(Deserialize)]
struct Manifest {
    #[serde(rename = "Modules")]
    modules: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "Key")]
    key: String,
    #[serde(rename = "Dir")]
    directory: PathBuf,
}

impl Looked {
    /// The calls that lead to a resource, the root's first; `None`: one of them cannot be followed.
    pub fn calls(&self, root: &Path, address: &str) -> Option<Vec<Call>> {
        let (modules, _) = parts(address)?;
        let (mut caller, mut calls) = (root.to_path_buf(), vec![]);
        let known = downloaded(root);
        for (at, name) in modules.iter().enumerate() {
            let blocks = self.blocks_in(&caller, 0);
            let (_, call) = blocks.iter().find(|(_, one)| one.kind == "module" && one.labels == [name.as_str()])?;
            let inside = match call.source.as_deref().filter(|source| source.starts_with('.')) {
                Some(source) => tidy(&caller.join(source)),
                None => tidy(&root.join(known.get(&modules[..=at].join("."))?)),
            };
            calls.push(Call { name: name.clone(), caller, inside: inside.clone() });
            caller = inside;
        }
        Some(calls)
    }

    /// As [`Self::find`], also in modules that were downloaded.
    pub fn find_downloaded(&self, root: &Path, address: &str) -> Search {
        let Some((_, labels)) = parts(address) else { return Search::NoAddress };
        match self.calls(root, address) {
            Some(calls) => {
                let directory = calls.last().map_or(root, |call| call.inside.as_path());
                self.search(directory, 0, &labels)
            }
            None => Search::NotThere,
        }
    }
}

/// By module path: directories from the root on.
fn downloaded(root: &Path) -> HashMap<String, PathBuf> {
    let text = fs::read(root.join(".terraform/modules/modules.json")).unwrap_or_default();
    let read: Option<Manifest> = serde_json::from_slice(&text).ok();
    read.into_iter().flat_map(|read| read.modules).map(|one| (one.key, one.directory)).collect()
}
