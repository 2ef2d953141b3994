//! `driftguard diff`: two files, one answer.

use std::ops::ControlFlow;
use std::path::Path;
use std::slice::from_ref;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::{anyhow, bail};
use serde::Deserialize;
use serde_json::Value;

use super::state::{self, words};
use super::{Session, scan};
use crate::aws::Used;
use crate::cli::Diff;
use crate::compare::{Dialect, Observable};
use crate::config;
use crate::declared::backend::{is_remote, shown};
use crate::declared::{self, Declared, DeclaredResource, DeclaredSource};
use crate::live::{self, LiveResource};
use crate::report::{EnvironmentReport, Report, StoreUse};
use crate::safety::Tainted;
use crate::scan::{CollectSink, Pair, ScanContext, Sources, pipeline};

pub(super) fn run(session: &Session, args: &Diff) -> anyhow::Result<u8> {
    let mut sides = [read(session, &args.declared)?, read(session, &args.live)?];
    for resource in sides.iter_mut().flatten() {
        if let Some(resource_type) = &args.resource_type {
            resource.resource_type = resource_type.as_str().into();
        }
        resource.dialect = args.dialect.map_or(resource.dialect, Dialect::from);
    }
    let [declared, live] = sides;
    let sources = Sources::of_pairs(pair_up(declared, live), [&shown(&args.declared), &shown(&args.live)]);
    session.refuse_problems()?;
    let mut spec = config::ad_hoc(from_ref(&args.declared), from_ref(&args.live), None, session.settings());
    spec.knowledge = session.config.knowledge.clone();
    let cancel = AtomicBool::new(false);
    let mut sink = CollectSink::default();
    let context = ScanContext::ad_hoc(scan::one_time_key()?, &cancel);
    let done = pipeline::run_on(&spec, &sources, Duration::ZERO, &context, &mut sink)?;
    let report = EnvironmentReport {
        usage: Used::default(),
        actors: Default::default(),
        environment: spec.environment,
        summary: done.summary,
        drifts: sink.drifts,
        errors: done.errors,
        untold: vec![],
        store: StoreUse::None,
    };
    scan::print(&Report::new(vec![report]), args.format, args.strict)
}

/// One resource on each side belongs together whatever it is called; several are matched by type and id.
fn pair_up(declared: Vec<LiveResource>, mut live: Vec<LiveResource>) -> Vec<Pair> {
    if declared.len() == 1 && live.len() == 1 {
        return vec![Pair { declared: declared.into_iter().next(), live: live.pop() }];
    }
    let mut pairs: Vec<Pair> = vec![];
    for resource in declared {
        let same = |l: &LiveResource| {
            l.resource_type == resource.resource_type && last_part(&l.provider_id) == last_part(&resource.provider_id)
        };
        let found = live.iter().position(same).map(|index| live.swap_remove(index));
        pairs.push(Pair { declared: Some(resource), live: found });
    }
    pairs.extend(live.into_iter().map(|l| Pair { declared: None, live: Some(l) }));
    pairs
}

/// An ARN and the id in it mean the same resource.
fn last_part(id: &Tainted) -> &str {
    id.raw().rsplit(['/', ':']).next().unwrap_or_default()
}

/// The resources a file holds: declared ones where it is state, a plan or manifests, else recorded ones.
fn read(session: &Session, argument: &str) -> anyhow::Result<Vec<LiveResource>> {
    if is_remote(argument) {
        let (sources, errors) = declared::open_with(&[argument.to_owned()], &state::reach_for(session, argument));
        return errors.first().map_or_else(|| read_sources(sources), |error| Err(words(error)));
    }
    if let Some((file, part)) = argument.rsplit_once('#')
        && !Path::new(argument).exists()
    {
        return read_part(Path::new(file), part);
    }
    let path = Path::new(argument);
    // Recordings first: a file may look like plain JSON and still be one.
    let found = live::documents(path);
    let is_state = |r: &LiveResource| r.values.get("terraform_version").is_some() || r.values.get("lineage").is_some();
    if found.as_ref().is_ok_and(|all| !all.iter().any(is_state)) {
        return found.map_err(|e| words(&e));
    }
    let (sources, errors) = declared::open(&[argument.to_owned()]);
    if let (true, Some(error)) = (sources.is_empty(), errors.first()) {
        return Err(words(found.as_ref().err().unwrap_or(error)));
    }
    read_sources(sources)
}

fn read_sources(sources: Vec<Box<dyn DeclaredSource>>) -> anyhow::Result<Vec<LiveResource>> {
    let mut resources = vec![];
    for source in sources {
        let mut failed = None;
        let end = source.read(&mut |chunk| match chunk.parse() {
            Ok(all) => {
                resources.extend(all.into_iter().map(as_found));
                ControlFlow::Continue(())
            }
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        });
        if let Some(error) = failed.or(end.err()) {
            return Err(words(&error));
        }
    }
    Ok(resources)
}

fn as_found(declared: Declared) -> LiveResource {
    let resource: DeclaredResource = match declared {
        Declared::Resource(resource) => resource,
        Declared::Drift(drift) => drift.resource,
    };
    LiveResource {
        resource_type: resource.resource_type,
        provider_id: resource.address,
        dialect: Dialect::Terraform,
        values: resource.values,
        observable: Observable::All,
        captured_at: None,
        sensitive: resource.sensitive,
    }
}

/// `FILE#a.b[0]`: the resources in one part of a document.
fn read_part(file: &Path, part: &str) -> anyhow::Result<Vec<LiveResource>> {
    let text = std::fs::read_to_string(file).map_err(|e| anyhow!("{}: {e}", file.display()))?;
    let document: Value = match text.trim_start().starts_with(['{', '[']) {
        true => serde_json::from_str(&text).map_err(|e| anyhow!("{}: {e}", file.display()))?,
        false => Value::deserialize(serde_norway::Deserializer::from_str(&text))
            .map_err(|e| anyhow!("{}: {e}", file.display()))?,
    };
    let mut value = &document;
    for step in part.split(['.', '[']).map(|s| s.trim_end_matches(']')).filter(|s| !s.is_empty()) {
        let next = match step.parse::<usize>() {
            Ok(index) if value.is_array() => value.get(index),
            _ => value.get(step),
        };
        value = next.ok_or_else(|| anyhow!("{}: there is no '{step}' in '#{part}'", file.display()))?;
    }
    let resources = live::parts(file, value.clone());
    if resources.is_empty() {
        bail!("{}: '#{part}' holds no object to compare", file.display());
    }
    Ok(resources)
}
