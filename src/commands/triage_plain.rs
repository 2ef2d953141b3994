//! `driftguard triage --plain`: the same store and scanners as the screens, spoken to line by line.

use std::io::{self, IsTerminal};

use anyhow::Context;
use jiff::tz::TimeZone;
use tokio::runtime::Handle;

use super::reload::Reload;
use super::{Session, triage};
use crate::cli::Triage;
use crate::plain::Plain;
use crate::service::DriftService;

pub(super) fn run(session: &Session, args: &Triage) -> anyhow::Result<u8> {
    if !session.settings().read_only.value {
        session.refuse_broken_policies()?;
    }
    let settings = session.settings();
    session.config.problems.iter().for_each(|problem| super::complain(&problem.to_string()));
    let _log = session.log();
    let specs = session.environments(&args.paths)?;
    let for_now = triage::is_ad_hoc(args).then(tempfile::tempdir).transpose();
    let for_now = for_now.context("a store for this session cannot be made")?;
    let path =
        for_now.as_ref().map_or_else(|| settings.store.value.clone(), |directory| directory.path().join("store"));
    if for_now.is_some() {
        super::complain(triage::FOR_NOW);
    }
    let guard = session.guard();
    let zone = if settings.utc.value { TimeZone::UTC } else { TimeZone::system() };
    let runtime = tokio::runtime::Runtime::new().context("no threads for the background work")?;
    let ended = runtime.block_on(async {
        let handle = Handle::current();
        let keep = session.store_options(&settings.organization.value);
        let configured = (specs, session.config.maintenance.clone());
        let opened = tokio::task::spawn_blocking(move || triage::start(&path, guard, keep, configured, handle)).await;
        let service = opened.context("the store could not be opened")??;
        Reload::plain(session, &args.paths).follow(std::sync::Arc::clone(&service), Handle::current());
        let (input, typed) = (io::stdin(), io::stdin().is_terminal());
        let actor = settings.actor.value.line();
        let told = std::sync::Arc::clone(&service) as std::sync::Arc<dyn DriftService>;
        let people = settings.people.value.iter().map(|one| one.line()).collect();
        let off = || session.config.gemini_off().unwrap_or_default();
        let gemini = session.config.gemini.clone().ok_or_else(off);
        let plain = Plain::new(told, input.lock(), io::stdout(), &actor, zone, typed);
        let mut plain = plain.offering(people).asking(gemini);
        let ended = plain.run().await;
        // What was acknowledged is finished before the process ends.
        service.shutdown().await;
        anyhow::Ok(ended?)
    });
    runtime.shutdown_background();
    ended
}
