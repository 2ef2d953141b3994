//! What files on this machine say of the code that declares a resource: where its block is, and who owns the file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::owners::Owners;
use crate::codify::Kinds;
use crate::declared::blocks::{self, Looked, Search};
use crate::declared::kubernetes as manifests;
use crate::drift::ResourceRef;

/// Looks every file up once: for one pass over many resources.
#[derive(Default, Debug)]
pub struct Code {
    looked: Looked,
    pub(super) kinds: Kinds,
    owners: Mutex<HashMap<PathBuf, Arc<Owners>>>,
    /// Of manifests, how many objects each declares.
    objects: Mutex<HashMap<PathBuf, Option<u64>>>,
}

/// The one block that declares a resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spot {
    /// The directory of the configuration.
    pub root: PathBuf,
    pub file: PathBuf,
    /// Counted from 1.
    pub line: usize,
}

impl Code {
    /// May ask providers what is a block: for one drift that somebody wants to codify.
    pub fn asking() -> Self {
        Self { kinds: Kinds::asking(), ..Self::default() }
    }

    /// # Errors
    /// A sentence that says why its block is not known.
    pub fn spot(&self, resource: &ResourceRef) -> Result<Spot, String> {
        self.spot_by(resource, |root, address| self.looked.find(root, address))
    }

    /// As [`Self::spot`], also in modules that were downloaded: nobody can edit them, but what they are given stands in the code.
    pub(super) fn spot_downloaded(&self, resource: &ResourceRef) -> Option<Spot> {
        self.spot_by(resource, |root, address| self.looked.find_downloaded(root, address)).ok()
    }

    fn spot_by(&self, resource: &ResourceRef, find: impl Fn(&Path, &str) -> Search) -> Result<Spot, String> {
        let source = resource.declared_in.as_ref().ok_or("no code declares it")?;
        let state = Path::new(source.raw());
        if !state.is_file() {
            return Err(format!("{} is no file on this machine, so its code is not known here", source.line()));
        }
        let root = plain(blocks::configuration_of(state).unwrap_or(Path::new(".")));
        let shown = crate::safety::sanitise::line(&root.to_string_lossy());
        match find(&root, resource.resource_id.raw()) {
            Search::Found(places) => match places.as_slice() {
                [(file, line)] => Ok(Spot { root, file: file.clone(), line: *line }),
                several => Err(format!("{} blocks in {shown} may be it", several.len())),
            },
            Search::NotThere => Err(format!("no .tf file in {shown} has its block")),
            Search::NoConfiguration => Err(format!("there are no .tf files in {shown}")),
            Search::NoAddress => Err("its name is none of Terraform's".into()),
        }
    }

    /// How many objects a file of manifests declares; `None`: it is none, or is not on this machine.
    pub fn objects(&self, file: &Path) -> Option<u64> {
        let mut known = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        *known.entry(file.to_owned()).or_insert_with(|| manifests::objects(file))
    }

    /// Who owns a file, as the CODEOWNERS of its repository say; empty: nobody says.
    pub fn owners(&self, file: &Path) -> Vec<String> {
        let Some(directory) = file.parent() else { return vec![] };
        let known = self.owners.lock().unwrap_or_else(PoisonError::into_inner).get(directory).cloned();
        let owners = known.unwrap_or_else(|| {
            let read = Arc::new(Owners::of(directory));
            let mut all = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
            all.insert(directory.to_owned(), Arc::clone(&read));
            read
        });
        owners.of_file(file)
    }
}

/// `infra` for `net/../infra`, as the files in it are named; not where a link leads the other way somewhere else.
fn plain(root: &Path) -> PathBuf {
    let tidy = blocks::tidy(root);
    let is_same = std::fs::canonicalize(&tidy).is_ok_and(|place| std::fs::canonicalize(root).ok() == Some(place));
    if is_same { tidy } else { root.to_owned() }
}

impl Spot {
    /// `net/main.tf:12`, from the configuration's directory on.
    pub fn shown(&self) -> String {
        let inside = self.file.strip_prefix(&self.root).unwrap_or(&self.file);
        format!("{}:{}", inside.to_string_lossy(), self.line)
    }
}
