//! What goes on around drift, as a list: for people, and as `driftguard.marks/1` for programs.

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::drift::OperationalContext;
use crate::safety::{escape, sanitise};

/// One line each, with another one for what is known beside the title.
pub fn write_text(
    marks: &[OperationalContext],
    now: Timestamp,
    zone: &TimeZone,
    out: &mut dyn Write,
) -> io::Result<()> {
    if marks.is_empty() {
        return writeln!(out, "no marks in this span");
    }
    let clock = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    for one in marks {
        let slugs: Vec<&str> = one.environments.iter().map(|slug| slug.as_str()).collect();
        let environments = if slugs.is_empty() { "all".to_owned() } else { slugs.join(",") };
        let open = if one.is_open(now) { " (open)" } else { "" };
        let words = one.context_type.words();
        let title = one.context_data.title.line();
        writeln!(out, "{}  {}  {environments}  {words}{open}: {title}", one.id, clock(one.at()))?;
        let facts: Vec<String> = one.facts(clock).iter().map(|fact| sanitise::line(fact)).collect();
        writeln!(out, "    {}", facts.join("; "))?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    /// By their beginning, oldest first.
    marks: &'a [OperationalContext],
}

/// Fields are added, never renamed or removed, within one version.
pub fn write_json(marks: &[OperationalContext], out: &mut dyn Write) -> io::Result<()> {
    escape::to_json_writer(&mut *out, &Document { schema: "driftguard.marks/1", marks }, true)?;
    writeln!(out)
}
