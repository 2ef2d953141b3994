//! `driftguard store migrate`: the schema as it is and as it is wanted, brought up to date before a server needs it.

use std::io::{self, Write};

use super::Session;
use crate::safety::sanitise;
use crate::store::{self, OpenMode, Schema};

/// Something is to be done.
const DUE: u8 = 2;

pub(super) fn migrate(session: &Session, check: bool) -> anyhow::Result<u8> {
    let (place, shown) = (&session.settings().store.value, session.store_shown());
    let before = store::schema(place)?;
    say(&shown, &before)?;
    if before.steps.is_empty() {
        return Ok(0);
    }
    if check {
        return Ok(DUE);
    }
    match store::url_of(place) {
        Some(url) => store::migrate_database(url)?,
        None => {
            let opened = store::open_with(place, OpenMode::ReadWrite, session.settings().store_options())?;
            let mut out = io::stdout().lock();
            opened.notices.iter().try_for_each(|notice| writeln!(out, "{}", sanitise::line(notice)))?;
        }
    }
    let after = store::schema(place)?;
    say(&shown, &after)?;
    Ok(u8::from(!after.steps.is_empty()))
}

fn say(place: &str, schema: &Schema) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let found = schema.found.map_or_else(|| "no schema".to_owned(), |found| format!("schema {found}"));
    let verdict = if schema.steps.is_empty() { "up to date" } else { "to be brought up to date" };
    writeln!(out, "{place}: {found}, wanted {}: {verdict}", schema.wanted)?;
    schema.steps.iter().try_for_each(|step| writeln!(out, "  {step}"))
}
