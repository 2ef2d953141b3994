//! Files of this machine against `local_file` and `local_sensitive_file` resources (provider hashicorp/local).
//!
//! A relative `filename` is resolved against the directory the state file lies in; for a workspace state
//! (`terraform.tfstate.d/<workspace>/terraform.tfstate`) against the directory that holds `terraform.tfstate.d`, because that is
//! where Terraform was run. Schema of the resources: the provider's published documentation (2.x), where permissions are
//! "before umask" and directory permissions apply to directories it creates, so only the former can be checked.

mod digest;
mod values;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::{LiveResource, LiveSource, Lookup};
use crate::compare::{Dialect, Observable};
use crate::declared::DeclaredResource;
use crate::drift::{PropertyPath, SourceError, UnverifiedReason};
use crate::safety::Tainted;

/// The files of this machine.
pub struct HostFiles {
    name: Arc<Tainted>,
    looked_up: Mutex<BTreeSet<PathBuf>>,
}

impl HostFiles {
    /// Needs no configuration; every file is looked at when it is asked for.
    pub fn new() -> Self {
        Self { name: Arc::new("files on this machine".into()), looked_up: Mutex::default() }
    }

    fn look(&self, declared: &DeclaredResource) -> Lookup {
        let Some(filename) = declared.values.get("filename").and_then(Value::as_str) else {
            return Lookup::Unknown(UnverifiedReason::NotObservable, "the state holds no filename".into());
        };
        let path = configuration_directory(declared.source.raw()).join(filename);
        if let Ok(mut seen) = self.looked_up.lock() {
            seen.insert(path.clone());
        }
        match values::read(&path, &declared.values) {
            Ok(seen) => Lookup::Found(Box::new(LiveResource {
                resource_type: declared.resource_type.clone(),
                provider_id: path.display().to_string().into(),
                dialect: Dialect::Terraform,
                sensitive: sensitive(declared, &seen.values),
                values: seen.values,
                observable: Observable::Paths(seen.observable.into()),
                captured_at: Some(jiff::Timestamp::now()),
            })),
            Err(error) => failed(&path, &error),
        }
    }
}

impl Default for HostFiles {
    fn default() -> Self {
        Self::new()
    }
}

impl LiveSource for HostFiles {
    fn name(&self) -> &Arc<Tainted> {
        &self.name
    }

    fn handles(&self, resource_type: &str) -> bool {
        matches!(resource_type, "local_file" | "local_sensitive_file")
    }

    fn family_key(&self, _declared: &DeclaredResource) -> Option<String> {
        None
    }

    fn lookup(&self, declared: &DeclaredResource, _family: &[DeclaredResource]) -> Lookup {
        self.look(declared)
    }

    fn unmanaged(&self) -> Box<dyn Iterator<Item = LiveResource> + '_> {
        Box::new(std::iter::empty())
    }

    fn errors(&self) -> Vec<(SourceError, Vec<Tainted>)> {
        vec![]
    }

    fn watch_paths(&self) -> Vec<PathBuf> {
        self.looked_up.lock().map(|seen| seen.iter().cloned().collect()).unwrap_or_default()
    }
}

/// Where Terraform was run, as far as the place of the state tells.
fn configuration_directory(state: &str) -> PathBuf {
    let directory = Path::new(state).parent().unwrap_or(Path::new(""));
    match directory.parent() {
        Some(up) if up.file_name().is_some_and(|n| n == "terraform.tfstate.d") => {
            up.parent().unwrap_or(Path::new("")).to_owned()
        }
        _ => directory.to_owned(),
    }
}

fn failed(path: &Path, error: &io::Error) -> Lookup {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    let shown = path.display();
    match error.kind() {
        NotFound | NotADirectory => Lookup::Missing,
        PermissionDenied => {
            let detail = format!("{shown}: permission denied; run driftguard as a user who may read it");
            Lookup::Unknown(UnverifiedReason::Denied, detail.into())
        }
        _ => Lookup::Unknown(UnverifiedReason::SourceFailed, format!("{shown}: {error}").into()),
    }
}

/// Content, and what is computed from it: a digest of a short secret gives the secret away.
fn sensitive(declared: &DeclaredResource, values: &Value) -> Vec<PropertyPath> {
    let whole = declared.resource_type.as_ref() == "local_sensitive_file";
    let keys = values.as_object().into_iter().flat_map(|o| o.keys());
    let secret = |k: &&String| {
        if whole { k.starts_with("content") || *k == "id" } else { k.as_str() == "sensitive_content" }
    };
    keys.filter(secret).map(|k| PropertyPath::from(k.as_str())).collect()
}

#[cfg(test)]
mod tests;
