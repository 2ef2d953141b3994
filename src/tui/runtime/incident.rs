//! What incident mode, the resource view and their sheets need from the service, made ready to be drawn.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{self, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::analysis::{Then, as_of, between};
use crate::drift::{DriftId, IncidentRequest};
use crate::report::incident;
use crate::service::{DriftService, ServiceError};
use crate::store::Observation;
use crate::tui::app::effect::Review;
use crate::tui::app::history::Trail;
use crate::tui::app::incident::{DAYS, Found};
use crate::tui::app::resource::{OBSERVED, ResourceFacts, Seen};
use crate::tui::app::sheet::SheetBody;
use crate::tui::widgets::diff;

/// Observed values that are looked through for the one at a moment.
const LOOKED_THROUGH: usize = 2000;

fn broken() -> ServiceError {
    ServiceError::Unavailable("driftguard broke down while doing this; the log says where".into())
}

pub async fn found(service: &dyn DriftService, request: IncidentRequest) -> Result<Box<Found>, ServiceError> {
    let environments = request.environments.clone();
    let incident = service.incident(request).await?;
    // The figures beside it are no reason to show nothing.
    let stats = service.stats(environments, DAYS).await.ok();
    Ok(Box::new(Found { incident, stats }))
}

/// Drifts whose resources are looked up for a trail.
const NAMED: usize = 200;

pub async fn history(service: &dyn DriftService, drift: Option<DriftId>, limit: usize) -> Result<Trail, ServiceError> {
    let entries = match drift {
        Some(id) => return service.drift(id).await.map(|found| Trail { entries: found.history, ..Trail::default() }),
        None => service.audit(limit).await?,
    };
    let mut names = BTreeMap::new();
    for id in entries.iter().filter_map(|entry| entry.drift) {
        if names.len() == NAMED {
            break;
        }
        if let Entry::Vacant(free) = names.entry(id) {
            // One that was thrown away since has no name any more.
            let found = service.drift(id).await.ok();
            free.insert(found.map(|found| found.event.resource.resource_id).unwrap_or_default());
        }
    }
    Ok(Trail { entries, names })
}

pub async fn stood(
    service: &dyn DriftService,
    id: DriftId,
    at: Timestamp,
    zone: TimeZone,
) -> Result<Box<SheetBody>, ServiceError> {
    let detail = service.drift(id).await?;
    let observations = service.observations(id, LOOKED_THROUGH).await?;
    let build = move || {
        let stood = as_of(&detail, &observations, at);
        let declared = detail.declared_state.as_ref();
        let mut says = vec![];
        let live = match &stood.then {
            Then::NotObserved if observations.len() >= LOOKED_THROUGH => {
                says.push(format!("not among the newest {LOOKED_THROUGH} observed values"));
                return SheetBody { says, view: None };
            }
            Then::NotObserved => {
                let first =
                    observations.last().map(|one| format!("; first observed {}", clock(one.observed_at, &zone)));
                says.push(format!("nothing was observed of it until then{}", first.unwrap_or_default()));
                return SheetBody { says, view: None };
            }
            Then::Gone => {
                says.push("live: it was gone".into());
                None
            }
            Then::Seen(seen) => {
                let same = if stood.is_as_last_seen { ", as it was last seen" } else { ", compared again" };
                says.push(format!("live: as observed since {}{same}", clock(seen.observed_at, &zone)));
                Some(&seen.value)
            }
        };
        says.push(match (declared, stood.changes.len()) {
            (None, _) => "declared: in no code".into(),
            (_, 0) => "declared: as the code said at the last scan; in sync then".into(),
            (_, count) => format!(
                "declared: as the code said at the last scan; {} then",
                crate::tui::app::notice::count(count, "difference")
            ),
        });
        let view = diff::build(declared, live, &stood.changes, &stood.hidden);
        SheetBody { says, view: Some(Arc::new(view)) }
    };
    tokio::task::spawn_blocking(build).await.map(Box::new).map_err(|_| broken())
}

pub async fn compared(
    (old, new): (Option<Observation>, Observation),
    zone: TimeZone,
) -> Result<Box<SheetBody>, ServiceError> {
    let build = move || {
        let standing = |one: &Observation| {
            let word = if one.accepted { "in sync" } else { "differed from the code" };
            format!("observed {}, {word}", clock(one.observed_at, &zone))
        };
        let changes = old.as_ref().map(|old| between(&old.value, &new.value)).unwrap_or_default();
        let says = match &old {
            Some(old) => vec![format!("left:  {}", standing(old)), format!("right: {}", standing(&new))],
            None => vec![standing(&new), "the first value that is kept".into()],
        };
        let left = old.as_ref().map(|old| &old.value);
        let view = match left {
            Some(left) => diff::build(Some(left), Some(&new.value), &changes, &[]),
            None => diff::build(Some(&new.value), Some(&new.value), &[], &[]),
        };
        SheetBody { says, view: Some(Arc::new(view)) }
    };
    tokio::task::spawn_blocking(build).await.map(Box::new).map_err(|_| broken())
}

pub async fn resource(service: &dyn DriftService, id: DriftId) -> Result<Box<ResourceFacts>, ServiceError> {
    let detail = service.drift(id).await?;
    let observations = service.observations(id, OBSERVED + 1).await?;
    let relations = service.relations(id).await?;
    let build = move || {
        let changes = |at: usize| {
            let before: Option<&Observation> = observations.get(at + 1);
            before.map(|before| between(&before.value, &observations[at].value))
        };
        let row = |at: usize| Seen { observation: observations[at].clone(), changes: changes(at) };
        let seen = (0..observations.len().min(OBSERVED)).map(row).collect();
        ResourceFacts { detail, seen, relations }
    };
    tokio::task::spawn_blocking(build).await.map(Box::new).map_err(|_| broken())
}

/// Writes a review into the current directory; returns where it is. A file that is there stays as it is.
pub async fn export(review: Review) -> Result<String, String> {
    let write = move || {
        let path = std::env::current_dir().unwrap_or_default().join(&review.name);
        let shown = crate::safety::sanitise::line(&path.to_string_lossy());
        let file = match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(format!("{shown} is there already: choose another name"));
            }
            Err(error) => return Err(format!("{shown} cannot be made: {error}")),
        };
        let mut out = BufWriter::new(file);
        let written = incident::write(&review.found.incident, review.now, &review.zone, review.format, &mut out);
        if let Err(error) = written.and_then(|()| out.flush()) {
            drop(out);
            return Err(discard(&path, &shown, &error));
        }
        Ok(shown)
    };
    tokio::task::spawn_blocking(write).await.unwrap_or_else(|_| Err(broken().to_string()))
}

/// Half a review would pass for one.
fn discard(path: &Path, shown: &str, error: &std::io::Error) -> String {
    match fs::remove_file(path) {
        Ok(()) => format!("{shown} could not be written: {error}"),
        Err(_) => format!("{shown} is incomplete: {error}"),
    }
}

fn clock(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
