//! `driftguard narrative`: what happened to a drift, in sentences.

use std::io::{self, Write};

use anyhow::anyhow;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Session, store, who};
use crate::analysis::narrative::{Narrative, around, narrate};
use crate::cli::{NarrativeArgs, NarrativeFormat};
use crate::drift::Slug;
use crate::safety::sanitise;
use crate::service::contexts;

pub(super) fn run(session: &Session, args: &NarrativeArgs) -> anyhow::Result<u8> {
    let opened = store::open_to_read(session)?;
    let store = opened.store.as_ref();
    let environments = args.env.iter().map(|name| Slug::new(name).map_err(|why| anyhow!("--env {name}: {why}")));
    let event = who::find(store, &args.drift, environments.collect::<Result<_, _>>()?)?;
    let contexts = contexts(store, &session.config.maintenance, &around(&event))?;
    let zone = if session.settings().utc.value { TimeZone::UTC } else { TimeZone::system() };
    let clock = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string();
    let narrative = narrate(&store.drift(event.id)?, &contexts, Timestamp::now(), &clock);
    let mut out = io::stdout().lock();
    match args.format {
        NarrativeFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &narrative)?;
            writeln!(out)?;
        }
        NarrativeFormat::Text => {
            for sentence in &narrative.sentences {
                writeln!(out, "{}", sanitise::line(&Narrative::numbered(sentence)))?;
            }
            writeln!(out)?;
            narrative.references().try_for_each(|line| writeln!(out, "{}", sanitise::line(&line)))?;
        }
    }
    Ok(0)
}
