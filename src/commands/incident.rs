//! `driftguard incident`: what changed in a span of time, as a review to hand on.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Session, store};
use crate::cli::Incident;
use crate::drift::query::Window;
use crate::drift::{IncidentRequest, Slug};
use crate::report::incident;
use crate::service;

/// Parts of the row that shows how much happened when.
const PARTS: usize = 72;

pub(super) fn run(session: &Session, args: &Incident) -> anyhow::Result<u8> {
    let now = Timestamp::now();
    let zone = if session.settings().utc.value { TimeZone::UTC } else { TimeZone::system() };
    let window = Window::parse(args.window.trim_start_matches('@'), now, &zone).map_err(|why| anyhow!(why))?;
    let (from, until) = window.resolve(now);
    let environments = args.env.iter().map(|name| Slug::new(name).map_err(|why| anyhow!("--env {name}: {why}")));
    let request = IncidentRequest {
        from,
        until: until.unwrap_or(now).min(now.max(from)),
        environments: environments.collect::<Result<_, _>>()?,
        limit: IncidentRequest::MOST,
        parts: PARTS,
    };
    let store = store::open_to_read(session)?.store;
    let known = store.environments()?;
    if let Some(odd) = request.environments.iter().find(|slug| known.iter().all(|one| one.slug != **slug)) {
        let names: Vec<&str> = known.iter().map(|one| one.slug.as_str()).collect();
        return Err(anyhow!("the store knows no environment {odd}; there are {}", names.join(", ")));
    }
    let mut found = store.incident(&request)?;
    service::annotate(store.as_ref(), &session.config.maintenance, &mut found, &request.environments)?;
    match &args.output {
        None => {
            let mut out = BufWriter::new(io::stdout().lock());
            incident::write(&found, now, &zone, args.format, &mut out)?;
            out.flush()?;
        }
        Some(path) => {
            // A review of last night is not overwritten by a mistyped one of tonight.
            let file = OpenOptions::new().write(true).create_new(true).open(path);
            let mut out = BufWriter::new(file.with_context(|| format!("{}: cannot be made", path.display()))?);
            let written = incident::write(&found, now, &zone, args.format, &mut out).and_then(|()| out.flush());
            written.with_context(|| format!("{}: cannot be written", path.display()))?;
        }
    }
    Ok(0)
}
