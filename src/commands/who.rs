//! `driftguard who`: who made a drift, from the audit trail.

use std::io::{self, Write};

use anyhow::{anyhow, bail};
use jiff::tz::TimeZone;

use super::session::open_store;
use super::{Session, complain, store};
use crate::cli::WhoArgs;
use crate::drift::{DriftEvent, DriftId, Slug};
use crate::report::who;
use crate::safety::{Redactor, sanitise};
use crate::service::Witness;
use crate::store::{Direction, DriftFilter, PageRequest, Store, StoreError};

/// Drifts per call.
const PAGE: usize = 500;

/// Exit code 0 when somebody can be named, 2 when nobody can.
pub(super) fn run(session: &Session, args: &WhoArgs) -> anyhow::Result<u8> {
    let path = &session.settings().store.value;
    if !crate::store::is_there(path) {
        bail!("{}: there is no store yet; scan first", path.display());
    }
    let opened = match open_store(path, session.settings().store_options()) {
        Err(held @ StoreError::Held { .. }) => {
            complain(&format!("{held}; the answer is shown and not kept"));
            store::open_to_read(session)?
        }
        other => other?,
    };
    let store = opened.store;
    let environments = args.env.iter().map(|name| Slug::new(name).map_err(|why| anyhow!("--env {name}: {why}")));
    let event = find(store.as_ref(), &args.drift, environments.collect::<Result<_, _>>()?)?;
    let spec = session.config.environments.iter().find(|spec| spec.environment.slug == event.environment);
    let Some(spec) = spec else {
        bail!(
            "the environment {} of this drift is in no configuration: nothing says how its account is reached",
            event.environment
        );
    };
    let redactor = Redactor::new(store.redaction_key());
    let (found, _) = Witness::of(spec).who(store.as_ref(), &redactor, event.id)?;
    let zone = if session.settings().utc.value { TimeZone::UTC } else { TimeZone::system() };
    let clock = |at: jiff::Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string();
    let mut out = io::stdout().lock();
    writeln!(out, "{} in {}", event.resource.resource_id.line(), event.environment)?;
    for line in who::text(&found, clock) {
        writeln!(out, "{}", sanitise::line(&line))?;
    }
    Ok(if found.culprit().is_some() { 0 } else { 2 })
}

/// By its id, else the newest one of that address.
pub(super) fn find(store: &dyn Store, name: &str, environments: Vec<Slug>) -> anyhow::Result<DriftEvent> {
    if let Ok(id) = name.parse::<DriftId>() {
        return Ok(store.drift(id)?.event);
    }
    let filter = DriftFilter { environments, ..DriftFilter::default() };
    let mut request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: PAGE };
    loop {
        let page = store.page(&request)?;
        let named = |event: &DriftEvent| {
            let resource = &event.resource;
            resource.resource_id.raw() == name || resource.provider_id.as_ref().is_some_and(|id| id.raw() == name)
        };
        if let Some(event) = page.data.into_iter().find(named) {
            return Ok(event);
        }
        request.cursor = page.next;
        if request.cursor.is_none() {
            bail!("no drift has the id or address {}; `driftguard triage` lists them", sanitise::line(name));
        }
    }
}
