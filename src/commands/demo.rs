//! `driftguard demo`: a small world of its own, in which things really change.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::runtime::Handle;

use super::{Session, scan, screens};
use crate::cli::Demo;
use crate::demo::{self, World};
use crate::service::{Guard, LocalService};
use crate::store::{self, OpenMode};

/// Between two things that happen.
const PACE: Duration = Duration::from_secs(4);

pub(super) fn run(session: &Session, args: &Demo) -> anyhow::Result<u8> {
    let world = Arc::new(World::temporary().context("the demo's world cannot be made")?);
    if args.once {
        let report = scan::scan(&demo::specs(&world), &scan::no_memory()?, Default::default())?;
        return scan::print(&report, args.format, false);
    }
    let mut options = screens::options(session, &args.look);
    options.notices.push(format!("demo: change the files in {} and watch", world.directory().display()));
    let (actor, guard) = (Arc::clone(&world), session.guard());
    let ended = screens::open(session, options, None, move || async move {
        let handle = Handle::current();
        let started = tokio::task::spawn_blocking(move || start(&actor, guard, handle));
        started.await.map_err(|e| format!("the demo could not start: {e}"))?.map_err(|e| format!("{e:#}"))
    });
    world.remove();
    ended
}

fn start(world: &Arc<World>, guard: Guard, handle: Handle) -> anyhow::Result<Arc<LocalService>> {
    // The screens can do without.
    if let Err(error) = demo::history::tell(world, &world.directory().join("store"), jiff::Timestamp::now()) {
        tracing::warn!(%error, "the demo has no past");
    }
    let opened = store::open(&world.directory().join("store"), OpenMode::ReadWrite)?;
    let service = LocalService::start_guarded(opened.store, demo::specs(world), guard, handle.clone());
    let (world, told) = (Arc::clone(world), Arc::downgrade(&service));
    handle.spawn(async move {
        for step in 1.. {
            tokio::time::sleep(PACE).await;
            let Some(service) = told.upgrade() else { return };
            match world.act(step) {
                Ok(text) => tracing::info!(step, text, "the demo's actor did something"),
                Err(error) => service.notify(&format!("the demo's actor could not do step {step}: {error}")),
            }
        }
    });
    Ok(service)
}
