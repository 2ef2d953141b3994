//! Opens what an environment is made of; the one place that knows the readers by name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::EnvironmentSpec;
use super::wanted::{declared_asks, declared_types};
use crate::aws::{Access, Fault, Usage, Used};
use crate::declared::backend::{Reach, is_remote};
use crate::declared::{self, DeclaredResource, DeclaredSource};
use crate::drift::SourceError;
use crate::live::aws::estimate::{Estimate, estimate};
use crate::live::{self, LiveSource};
use crate::pattern::fixed_part;
use crate::stacks;

/// Everything one scan reads.
pub struct Sources {
    pub declared: Vec<Box<dyn DeclaredSource>>,
    /// In order of precedence: the first that handles a type answers for it.
    pub live: Vec<Box<dyn LiveSource>>,
    /// The last of `live` reads this machine, so a recording that fails says nothing about it.
    pub host_is_last: bool,
    pub declared_errors: Vec<SourceError>,
    pub live_errors: Vec<SourceError>,
    /// What reading a cloud took: state and what is there.
    pub usage: Vec<Arc<Usage>>,
}

impl Sources {
    /// Looks at the paths anew. What cannot be opened is told in the errors; the rest is read.
    ///
    /// A cloud is asked last, for what the declared side needs; `told` hears how far that is. `keeping`: where what it answers is
    /// kept for the next time.
    pub fn open(
        spec: &EnvironmentSpec,
        keeping: Option<&live::aws::Keeping>,
        cancel: &AtomicBool,
        told: &live::aws::Told<'_>,
    ) -> Self {
        let (stacks, paths) = stacks::split(&spec.state);
        let reach = reach(spec, cancel);
        let (declared, mut declared_errors) = declared::open_with(&paths, &reach);
        let mut declared = once_each(declared);
        let (mut live, live_errors) = live::open(&spec.live);
        let mut usage = vec![reach.usage];
        let stacks = if stacks.is_empty() {
            stacks::Opened::default()
        } else {
            let (access, used) = (spec.aws.as_deref().cloned().unwrap_or_default(), Arc::new(Usage::default()));
            usage.push(Arc::clone(&used));
            stacks::open(&stacks, &access, &spec.environment, &used, cancel)
        };
        if let Some(access) = &spec.aws {
            let mut wanted = declared_types(&declared, cancel).wanted(access);
            wanted.owned = stacks.owned;
            if !wanted.is_empty() || !access.discover.is_empty() {
                let asks = |types: &BTreeSet<String>, passes: &dyn Fn(&DeclaredResource) -> bool| {
                    declared_asks(&declared, types, passes, cancel)
                };
                let plan = live::aws::Plan { access, environment: &spec.environment, wanted: &wanted, keeping };
                let opened = live::aws::open(plan, &asks, cancel, told);
                live.push(opened.source);
                usage.push(opened.usage);
            }
        }
        declared.extend(stacks.declared);
        declared_errors.extend(stacks.errors);
        live.extend(stacks.live);
        live.push(Box::new(live::HostFiles::new()));
        Self { declared, live, host_is_last: true, declared_errors, live_errors, usage }
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

/// What a scan of the environment would ask of AWS.
pub struct Expected {
    pub estimates: Vec<Estimate>,
    /// Beside the name of who could not be asked.
    pub faults: Vec<(String, Fault)>,
    /// Stacks, or patterns of their names.
    pub stacks: usize,
    /// What reading the state took: a scan takes it again.
    pub state: Used,
}

/// Reads the declared side and asks AWS how much there is, and nothing else.
pub fn expect(spec: &EnvironmentSpec, access: &Access, cancel: &AtomicBool) -> Expected {
    let (stacks, paths) = stacks::split(&spec.state);
    let reach = reach(spec, cancel);
    let (declared, _) = declared::open_with(&paths, &reach);
    let declared = once_each(declared);
    let wanted = declared_types(&declared, cancel).wanted(access);
    let asks = |types: &BTreeSet<String>, passes: &dyn Fn(&DeclaredResource) -> bool| {
        declared_asks(&declared, types, passes, cancel)
    };
    let (estimates, faults) = estimate(access, &spec.environment, &wanted, &asks, cancel);
    let state = Used::of(std::iter::once(reach.usage.as_ref()));
    Expected { estimates, faults, stacks: stacks.len(), state }
}

fn reach<'a>(spec: &'a EnvironmentSpec, cancel: &'a AtomicBool) -> Reach<'a> {
    Reach { aws: spec.aws.as_deref(), region: spec.environment.region.raw(), cancel, usage: Arc::default() }
}

/// The paths of the configuration itself: a file that appears in one of these directories is a new source.
pub fn roots(spec: &EnvironmentSpec) -> Vec<PathBuf> {
    let (_, paths) = stacks::split(&spec.state);
    let paths = paths.iter().chain(&spec.live).filter(|text| !is_remote(text));
    paths.map(|path| fixed_part(Path::new(path))).collect()
}

/// A file named twice (by itself and by a glob) is one source.
fn once_each(sources: Vec<Box<dyn DeclaredSource>>) -> Vec<Box<dyn DeclaredSource>> {
    let mut names = BTreeSet::new();
    sources.into_iter().filter(|s| names.insert(s.name().raw().to_owned())).collect()
}
