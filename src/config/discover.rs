//! Environments nobody configured: those named by paths on the command line, and what lies in the current directory.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::Settings;
use crate::aws::Access;
use crate::declared::backend::{is_remote, shown};
use crate::drift::{CloudProvider, Environment, Slug};
use crate::scan::EnvironmentSpec;
use crate::stacks;

/// One environment from paths given by hand. Its slug comes from the first path, so that decisions made in one session are
/// found again in the next.
pub fn ad_hoc(state: &[String], live: &[String], aws: Option<Access>, settings: &Settings) -> EnvironmentSpec {
    let first = state.first().or(live.first()).map(String::as_str).unwrap_or("here");
    // An address is no path, and no part of its credentials is a name.
    let first = shown(first);
    let slug = match first.split_once("://") {
        Some((_, stack)) if stacks::is_stack(&first) => Slug::from_text(stack),
        Some((_, rest)) if is_remote(&first) => slug_of(&std::path::absolute(rest).unwrap_or_else(|_| rest.into())),
        _ => slug_of(&std::path::absolute(&first).unwrap_or_else(|_| first.as_str().into())),
    };
    let mut spec = spec(&slug, state, live, settings);
    if aws.is_some() || state.iter().any(|path| stacks::is_stack(path)) {
        spec.environment.cloud_provider = CloudProvider::Aws;
        spec.aws = aws.map(Arc::new);
    }
    spec
}

/// What the directory holds: state files and workspace trees. Empty when there is nothing driftguard can read.
pub fn discover(directory: &Path, settings: &Settings) -> Vec<EnvironmentSpec> {
    let candidates = ["terraform.tfstate", "terraform.tfstate.d"];
    let mut state: Vec<String> = candidates
        .iter()
        .map(|name| directory.join(name))
        .filter(|path| path.exists())
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    let mut more: Vec<String> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "tfstate"))
        .map(|path| path.to_string_lossy().into_owned())
        .filter(|path| !state.contains(path))
        .collect();
    more.sort();
    state.append(&mut more);
    if state.is_empty() {
        return vec![];
    }
    let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    vec![spec(&slug_of(&absolute), &state, &[], settings)]
}

/// The last two parts of a path, without the ending of a file.
fn slug_of(path: &Path) -> Slug {
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let parent = path.parent().and_then(Path::file_name).map(|s| s.to_string_lossy().into_owned());
    Slug::from_text(&match parent {
        Some(parent) => format!("{parent}-{stem}"),
        None => stem,
    })
}

fn spec(slug: &Slug, state: &[String], live: &[String], settings: &Settings) -> EnvironmentSpec {
    let now = Timestamp::now();
    EnvironmentSpec {
        environment: Environment {
            organization: settings.organization.value.clone(),
            slug: slug.clone(),
            name: slug.as_str().into(),
            cloud_provider: CloudProvider::Host,
            region: Default::default(),
            account_id: Default::default(),
            tags: Default::default(),
            is_active: true,
            created_at: now,
            updated_at: now,
        },
        state: state.to_vec(),
        live: live.to_vec(),
        aws: None,
        interval: settings.interval.value,
        schedule: None,
        watch: settings.watch.value,
        protect: false,
        unmanaged: true,
        knowledge: Default::default(),
        ignore: Default::default(),
        maintenance: Default::default(),
        policies: Default::default(),
        on_call: Default::default(),
    }
}
