//! Opens what an environment is made of; the one place that knows the readers by name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::EnvironmentSpec;
use crate::declared::{self, DeclaredSource};
use crate::drift::SourceError;
use crate::live::{self, LiveSource};
use crate::pattern::fixed_part;

/// Everything one scan reads.
pub struct Sources {
    pub declared: Vec<Box<dyn DeclaredSource>>,
    /// In order of precedence: the first that handles a type answers for it.
    pub live: Vec<Box<dyn LiveSource>>,
    /// The last of `live` reads this machine, so a recording that fails says nothing about it.
    pub host_is_last: bool,
    pub declared_errors: Vec<SourceError>,
    pub live_errors: Vec<SourceError>,
}

impl Sources {
    /// Looks at the paths anew. What cannot be opened is told in the errors; the rest is read.
    pub fn open(spec: &EnvironmentSpec) -> Self {
        let (declared, declared_errors) = declared::open(&spec.state);
        let (mut live, live_errors) = live::open(&spec.live);
        live.push(Box::new(live::HostFiles::new()));
        Self { declared: once_each(declared), live, host_is_last: true, declared_errors, live_errors }
    }

    /// The source that answers for a type.
    pub(super) fn answering(&self, resource_type: &str) -> Option<usize> {
        self.live.iter().position(|s| s.handles(resource_type))
    }

    /// Every file whose change should start a scan. Asked after a scan, because files on this machine are known only then.
    pub fn watch_paths(&self) -> Vec<PathBuf> {
        let declared = self.declared.iter().flat_map(|s| s.watch_paths());
        declared.chain(self.live.iter().flat_map(|s| s.watch_paths())).collect()
    }
}

/// The paths of the configuration itself: a file that appears in one of these directories is a new source.
pub fn roots(spec: &EnvironmentSpec) -> Vec<PathBuf> {
    spec.state.iter().chain(&spec.live).map(|path| fixed_part(Path::new(path))).collect()
}

/// A file named twice (by itself and by a glob) is one source.
fn once_each(sources: Vec<Box<dyn DeclaredSource>>) -> Vec<Box<dyn DeclaredSource>> {
    let mut names = BTreeSet::new();
    sources.into_iter().filter(|s| names.insert(s.name().raw().to_owned())).collect()
}
