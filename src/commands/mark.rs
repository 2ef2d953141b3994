//! `driftguard mark`: what goes on around drift, said by a person or a script.

use std::io::{self, Write};

use anyhow::{anyhow, bail};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::session::open_store;
use super::{Session, complain, store, times};
use crate::cli::{Mark, MarkFormat};
use crate::drift::query::Window;
use crate::drift::{
    ContextData, ContextId, ContextRequest, ContextSource, IncidentImpact, OperationalContext, Slug, TimeWindow,
};
use crate::report::marks;
use crate::safety::{Redactor, Tainted};
use crate::service;
use crate::store::{Left, Store, StoreError, leave};

/// A longer link or id is none.
const WORD_MAX: usize = 2000;

pub(super) fn run(session: &Session, args: &Mark) -> anyhow::Result<u8> {
    let now = Timestamp::now();
    let zone = times::zone(session);
    if args.list {
        return list(session, args, now, &zone);
    }
    if let Some(id) = &args.end {
        return end(session, args, id, now, &zone);
    }
    let context = read(session, args, now, &zone)?;
    let path = &session.settings().store.value;
    let actor = &session.settings().actor.value;
    let id = context.id;
    match open_store(path, session.settings().store_options()) {
        Ok(opened) => {
            refuse_unknown(session, opened.store.as_ref(), &context.environments)?;
            let redactor = Redactor::new(opened.store.redaction_key());
            let context = service::mask_context(&redactor, context);
            opened.store.put_context(&context, actor)?;
        }
        Err(StoreError::Held { .. }) => {
            let opened = crate::store::open(path, crate::store::OpenMode::ReadOnly)?;
            refuse_unknown(session, opened.store.as_ref(), &context.environments)?;
            let redactor = Redactor::new(opened.store.redaction_key());
            let context = Box::new(service::mask_context(&redactor, context));
            leave(path, &Left::Put { context, actor: actor.clone() })?;
            complain("the store is open elsewhere: whoever has it takes the mark in");
        }
        Err(error) => return Err(error.into()),
    }
    writeln!(io::stdout().lock(), "{id}")?;
    Ok(0)
}

/// What was asked for, checked.
fn read(session: &Session, args: &Mark, now: Timestamp, zone: &TimeZone) -> anyhow::Result<OperationalContext> {
    let Some(kind) = args.kind else {
        bail!("--type is missing: deployment, incident, maintenance, security_event, ticket or alert")
    };
    let title = args.text.join(" ");
    let length = title.chars().count();
    if title.trim().is_empty() || length > OperationalContext::TITLE_MAX {
        bail!("say in a text of 1 to {} characters what it is; this one has {length}", OperationalContext::TITLE_MAX);
    }
    for (flag, word) in [("--link", &args.link), ("--id", &args.id)] {
        if word.as_ref().is_some_and(|word| word.len() > WORD_MAX) {
            bail!("{flag} has more than {WORD_MAX} bytes");
        }
    }
    let context_type = kind.into();
    let from = at(args.from.as_deref(), "--from", now, zone)?.unwrap_or(now);
    let to = match at(args.to.as_deref(), "--to", now, zone)? {
        // At eleven in the evening, four o'clock is tomorrow's.
        Some(to) if to < from && args.from.is_none() && is_clock(args.to.as_deref()) => tomorrow(to, zone),
        Some(to) => Some(to),
        None if crate::drift::ContextType::lasts(context_type) => None,
        None => Some(from),
    };
    if let Some(to) = to.filter(|to| *to < from) {
        bail!("it would end at {} before it begins at {}", clock(to, zone), clock(from, zone));
    }
    let environments = args.env.iter().map(|name| Slug::new(name).map_err(|why| anyhow!("--env {name}: {why}")));
    let word = |text: &Option<String>| text.as_deref().map(Tainted::from);
    Ok(OperationalContext {
        id: ContextId::generate(),
        context_type,
        context_data: ContextData {
            title: title.as_str().into(),
            link: word(&args.link),
            id: word(&args.id),
            who: Some(session.settings().actor.value.clone()),
            deployment: None,
        },
        incident_impact: args.impact.map(IncidentImpact::from),
        time_window: TimeWindow { from, to },
        environments: environments.collect::<Result<_, _>>()?,
        source: ContextSource::Person,
    })
}

fn at(text: Option<&str>, flag: &str, now: Timestamp, zone: &TimeZone) -> anyhow::Result<Option<Timestamp>> {
    text.map(|text| times::at(text, flag, now, zone)).transpose()
}

fn is_clock(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.len() <= 8 && text.contains(':'))
}

fn tomorrow(at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    at.to_zoned(zone.clone()).tomorrow().ok().map(|next| next.timestamp())
}

fn clock(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// A mark on a mistyped environment would never be seen.
fn refuse_unknown(session: &Session, store: &dyn Store, wanted: &[Slug]) -> anyhow::Result<()> {
    let mut known: Vec<Slug> = store.environments()?.into_iter().map(|one| one.slug).collect();
    known.extend(session.config.environments.iter().map(|spec| spec.environment.slug.clone()));
    let Some(odd) = wanted.iter().find(|slug| !known.contains(slug)) else { return Ok(()) };
    known.sort();
    known.dedup();
    let names: Vec<&str> = known.iter().map(Slug::as_str).collect();
    bail!("there is no environment {odd}; there are {}", names.join(", "))
}

fn end(session: &Session, args: &Mark, id: &str, now: Timestamp, zone: &TimeZone) -> anyhow::Result<u8> {
    let id: ContextId =
        id.parse().map_err(|_| anyhow!("--end {id}: no id of a mark; `driftguard mark --list` has them"))?;
    let to = at(args.to.as_deref(), "--to", now, zone)?.unwrap_or(now);
    let settings = session.settings();
    let (path, actor, announced) = (&settings.store.value, &settings.actor.value, &session.config.maintenance);
    match open_store(path, settings.store_options()) {
        Ok(opened) => {
            let ended = service::end_context(opened.store.as_ref(), announced, id, to, actor)?;
            let words = format!("{} ended at {}", ended.context_type.words(), clock(to, zone));
            writeln!(io::stdout().lock(), "{words}: {}", ended.context_data.title.line())?;
        }
        Err(StoreError::Held { .. }) => {
            let opened = crate::store::open(path, crate::store::OpenMode::ReadOnly)?;
            let around = ContextRequest::at(to);
            let known = service::contexts(opened.store.as_ref(), announced, &around)?;
            if !known.iter().any(|one| one.id == id && one.is_open(to)) {
                bail!("no mark {id} is open at {}; `driftguard mark --list` has them", clock(to, zone));
            }
            leave(path, &Left::End { id, at: to, actor: actor.clone() })?;
            complain("the store is open elsewhere: whoever has it ends the mark");
        }
        Err(error) => return Err(error.into()),
    }
    Ok(0)
}

fn list(session: &Session, args: &Mark, now: Timestamp, zone: &TimeZone) -> anyhow::Result<u8> {
    let window = Window::parse(args.window.trim_start_matches('@'), now, zone).map_err(|why| anyhow!(why))?;
    let (from, until) = window.resolve(now);
    let environments = args.env.iter().map(|name| Slug::new(name).map_err(|why| anyhow!("--env {name}: {why}")));
    let until = until.unwrap_or_else(|| now.checked_add(jiff::SignedDuration::from_hours(24)).unwrap_or(now));
    let environments = environments.collect::<Result<_, _>>()?;
    let request = ContextRequest { from, until, environments, limit: ContextRequest::MOST };
    let store = store::open_to_read(session)?.store;
    refuse_unknown(session, store.as_ref(), &request.environments)?;
    let found = service::contexts(store.as_ref(), &session.config.maintenance, &request)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    match args.format {
        MarkFormat::Text => marks::write_text(&found, now, zone, &mut out)?,
        MarkFormat::Json => marks::write_json(&found, &mut out)?,
    }
    out.flush()?;
    Ok(0)
}
