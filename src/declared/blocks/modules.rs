//! Modules on the way to a resource: who calls them, and where they stand, those that were downloaded included.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use serde::Deserialize;
use serde_json::Value;

use super::{DEPTH, FILE_MAX, Looked, Search, blocks, parts, tidy};

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
            let said = self.said(&caller, 0);
            let call = said.iter().find(|one| one.name == *name)?;
            let inside = match Some(call.source.as_str()).filter(|source| source.starts_with('.')) {
                Some(source) => tidy(&caller.join(source)),
                None => tidy(&root.join(known.get(&modules[..=at].join("."))?)),
            };
            calls.push(Call { name: name.clone(), caller, inside: inside.clone() });
            caller = inside;
        }
        Some(calls)
    }

    /// How many calls below `root` lead to a module's own directory, by path.
    pub fn callers(&self, root: &Path, inside: &Path) -> usize {
        let leads_there =
            |one: &&Said| one.source.starts_with('.') && tidy(&one.caller.join(&one.source)) == tidy(inside);
        self.said(root, DEPTH).iter().filter(leads_there).count()
    }

    fn said(&self, directory: &Path, depth: usize) -> Arc<Vec<Said>> {
        let key = (tidy(directory), depth);
        let mut all = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(key).or_insert_with(|| {
            let mut found = vec![];
            collect(directory, depth, &mut found);
            Arc::new(found)
        }))
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

/// By directory, and how far below it.
pub(super) type AllSaid = HashMap<(PathBuf, usize), Arc<Vec<Said>>>;

/// What a call says of where its module is.
#[derive(Debug)]
pub(super) struct Said {
    name: String,
    source: String,
    caller: PathBuf,
}

/// Terraform reads symbolic links and JSON, too.
fn collect(directory: &Path, depth: usize, found: &mut Vec<Said>) {
    let mut entries: Vec<_> = fs::read_dir(directory).into_iter().flatten().flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if depth > 0 && !name.starts_with('.') {
                collect(&path, depth - 1, found);
            }
            continue;
        }
        let is_code = name.ends_with(".tf") || name.ends_with(".tf.json");
        if !is_code || !fs::metadata(&path).is_ok_and(|about| about.is_file() && about.len() <= FILE_MAX) {
            continue;
        }
        let text = fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let calls = if name.ends_with(".json") { in_json(&text) } else { in_code(&text) };
        found.extend(calls.into_iter().map(|(name, source)| Said { name, source, caller: directory.to_owned() }));
    }
}

fn in_code(text: &str) -> Vec<(String, String)> {
    if !text.contains("module") {
        return vec![];
    }
    let Ok(body) = hcl_edit::parser::parse_body(text) else {
        // What cannot be read whole may have calls all the same.
        let calls = blocks(text).into_iter().filter(|one| one.kind == "module");
        return calls.filter_map(|mut one| Some((one.labels.pop()?, one.source?))).collect();
    };
    let of = |call: &hcl_edit::structure::Block| {
        let source = call.body.get_attribute("source")?.value.as_str()?.to_owned();
        Some((call.labels.first()?.as_str().to_owned(), source))
    };
    body.get_blocks("module").filter_map(of).collect()
}

fn in_json(text: &str) -> Vec<(String, String)> {
    let read: Value = serde_json::from_str(text).unwrap_or_default();
    let all = |value: Value| if let Value::Array(list) = value { list } else { vec![value] };
    let modules = all(read).into_iter().filter_map(|one| one.get("module").cloned()).flat_map(all);
    let calls = modules.filter_map(|one| one.as_object().cloned()).flatten();
    let calls = calls.flat_map(|(name, call)| all(call).into_iter().map(move |one| (name.clone(), one)));
    calls.filter_map(|(name, call)| Some((name, call.get("source")?.as_str()?.to_owned()))).collect()
}

/// By module path: directories from the root on.
fn downloaded(root: &Path) -> HashMap<String, PathBuf> {
    let text = fs::read(root.join(".terraform/modules/modules.json")).unwrap_or_default();
    let read: Option<Manifest> = serde_json::from_slice(&text).ok();
    read.into_iter().flat_map(|read| read.modules).map(|one| (one.key, one.directory)).collect()
}
