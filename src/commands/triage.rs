//! `driftguard triage`: the screens on configured environments, or on paths given by hand.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use tokio::runtime::Handle;

use super::reload::Reload;
use super::session::open_store;
use super::{Session, screens};
use crate::cli::Triage;
use crate::drift::Maintenance;
use crate::scan::EnvironmentSpec;
use crate::service::{Guard, LocalService};
use crate::store::{self, OpenMode, Opened, StoreError};
use crate::tui::app::notice::NOTHING_TO_SCAN;

pub(super) fn run(session: &Session, args: &Triage) -> anyhow::Result<u8> {
    if args.plain {
        return super::triage_plain::run(session, args);
    }
    if !args.server.is_empty() {
        return super::connect::to(session, &args.server, &args.look);
    }
    if !session.settings().read_only.value {
        session.refuse_broken_policies()?;
    }
    let mut options = screens::options(session, &args.look);
    let specs = session.environments(&args.paths)?;
    if specs.is_empty() {
        options.notices.push(NOTHING_TO_SCAN.into());
    }
    let for_now = if is_ad_hoc(args) {
        let directory = tempfile::tempdir().context(
            "no store for this session: set TMPDIR to a directory that can be written, or keep what you decide with --keep",
        );
        Some(directory?)
    } else {
        None
    };
    let path = match &for_now {
        Some(directory) => {
            options.notices.push(FOR_NOW.into());
            directory.path().join("store")
        }
        None => session.settings().store.value.clone(),
    };
    options.world = for_now.is_none().then(|| session.store_shown());
    options.drafts = for_now.is_none().then(|| beside(&session.store_directory()));
    let guard = session.guard();
    let keep = session.store_options(&session.settings().organization.value);
    let configured = (specs, session.config.maintenance.clone());
    let (reload, looks) = Reload::new(session, &args.paths);
    options.reconfigured = Some(looks);
    // Paths given by hand are all that such a session looks at, whatever the configuration says.
    let is_given = !(args.paths.state.is_empty() && args.paths.live.is_empty());
    options.adding = std::env::current_dir().ok().filter(|_| !is_given).map(|here| Arc::new(session.adding(&here)));
    screens::open(session, options, Some(reload), move || async move {
        let handle = Handle::current();
        let opened = tokio::task::spawn_blocking(move || start(&path, guard, keep, configured, handle));
        opened.await.map_err(|e| format!("the store could not be opened: {e}"))?.map_err(|e| e.to_string())
    })
}

/// Files given by hand are looked at and forgotten, as `scan` does, unless they are to be kept.
pub(super) fn is_ad_hoc(args: &Triage) -> bool {
    let given = !(args.paths.state.is_empty() && args.paths.live.is_empty());
    given && !args.keep && !args.read_only
}

/// Said on the screen: nothing is lost in silence.
pub(super) const FOR_NOW: &str = "these files are in no configuration: what is decided about them is forgotten when you quit; \
                       start with --keep to write it to the store";

/// Where drafts are kept: they outlive a store that is set aside, and are none of its records.
pub(super) fn beside(store: &Path) -> PathBuf {
    let mut name = store.file_name().unwrap_or_default().to_owned();
    name.push(".drafts");
    store.with_file_name(name)
}

/// `why`: who wants it read-only.
fn no_store(path: &Path, why: &str) -> String {
    format!(
        "{}: there is no store yet, and a read-only session ({why}) makes none; start once without it so that something is \
         scanned, or name a store that is there with --store",
        path.display()
    )
}

/// Opens the store, beside its holder when there is one, and starts the scanners.
pub(super) fn start(
    path: &Path,
    guard: Guard,
    keep: store::Options,
    (specs, maintenance): (Vec<EnvironmentSpec>, Vec<Maintenance>),
    handle: Handle,
) -> Result<Arc<LocalService>, StoreError> {
    let asked = match &guard.read_only {
        Some(why) if !store::is_there(path) => return Err(StoreError::NotFound(no_store(path, why))),
        Some(_) => store::open(path, OpenMode::ReadOnly),
        None => open_store(path, keep),
    };
    let opened = match asked {
        Err(held @ StoreError::Held { .. }) => {
            let mut opened = store::open(path, OpenMode::ReadOnly)?;
            opened.notices.push(format!("{held}; this is a read-only view"));
            opened
        }
        other => other?,
    };
    let Opened { store, notices } = opened;
    // A read-only store takes no scans: what its holder scans is shown.
    let specs = if store.read_only().is_some() { vec![] } else { specs };
    let service = LocalService::start_guarded(store, specs, guard, handle);
    service.announce(maintenance);
    notices.iter().for_each(|notice| service.notify(notice));
    Ok(service)
}
