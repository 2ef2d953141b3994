//! `driftguard store archived`: what was thrown away, from the archive.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::bail;

use super::store::open_to_read;
use super::{Session, complain};
use crate::drift::DriftEvent;
use crate::safety::escape;
use crate::store::{self, Archived, StoreError};

pub(super) fn list(session: &Session, directory: Option<&Path>, find: Option<&str>, json: bool) -> anyhow::Result<u8> {
    let directory = match directory {
        Some(directory) => directory.to_owned(),
        None => match open_to_read(session)?.store.archive() {
            Some(directory) => directory,
            None => bail!("nothing is archived: `archive` is off, or the store has no directory"),
        },
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let mut shown = 0_u64;
    let all = store::archived(&directory, &mut |record| {
        if find.is_some_and(|text| !has(&record, text)) {
            return Ok(());
        }
        shown += 1;
        let line = if json { whole(&record) } else { in_words(&record) };
        let failed = |source| StoreError::Io { path: "standard output".into(), source };
        writeln!(out, "{line}").map_err(failed)
    })?;
    out.flush()?;
    complain(&format!("{shown} of {all} records in {}", directory.display()));
    Ok(0)
}

/// Environment, type and address.
fn has(record: &Archived, text: &str) -> bool {
    let words = match record {
        Archived::Drift(drift) => {
            [drift.environment.as_str(), drift.resource.resource_type.raw(), drift.resource.resource_id.raw()]
        }
        Archived::Value { environment, observation } => {
            [environment.as_str(), observation.resource_type.raw(), observation.resource_id.raw()]
        }
    };
    words.iter().any(|word| word.contains(text))
}

fn whole(record: &Archived) -> String {
    match record {
        Archived::Drift(drift) => escape::to_json(&serde_json::json!({ "drift": drift })),
        Archived::Value { environment, observation } => escape::to_json(
            &serde_json::json!({ "observation": { "environment": environment, "observation": observation } }),
        ),
    }
}

fn in_words(record: &Archived) -> String {
    match record {
        Archived::Drift(drift) => {
            let resource = &drift.resource;
            let paths: Vec<String> = drift.changes.iter().map(|change| change.path.0.line()).collect();
            format!(
                "{} drift {} {} {} {} {}",
                drift.resolved_at.unwrap_or(drift.last_seen),
                ended(drift),
                drift.environment,
                resource.resource_type.line(),
                resource.resource_id.line(),
                paths.join(", ")
            )
        }
        Archived::Value { environment, observation: one } => {
            let (kind, id) = (one.resource_type.line(), one.resource_id.line());
            format!("{} value {environment} {kind} {id}", one.observed_at)
        }
    }
}

fn ended(drift: &DriftEvent) -> String {
    let resolution = drift.decision.as_ref().and_then(|decision| decision.resolution_type);
    match (resolution, drift.closure) {
        (Some(resolution), _) => resolution.as_str().to_owned(),
        (None, Some(closure)) => format!("{closure:?}").to_lowercase(),
        (None, None) => drift.state.as_str().to_owned(),
    }
}
