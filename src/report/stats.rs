//! Figures about drift: the overview of the last days (`driftguard.stats/1`), and how many a query finds (`driftguard.count/1`).

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::figures::{self, Row};
use crate::cli::CountBy;
use crate::drift::{Business, DriftEvent, Pulse, Slug, Stats};
use crate::safety::{escape, sanitise};

/// The newest drifts, and how the last days went.
pub struct Dashboard<'a> {
    pub figures: &'a Stats,
    pub business: &'a Business,
    pub recent: &'a [DriftEvent],
    /// Of each environment that was watched.
    pub pulses: &'a [(Slug, Pulse)],
    pub now: Timestamp,
    pub zone: &'a TimeZone,
}

/// How many there are, and of each in its order; names are raw text.
pub struct Count<'a> {
    pub query: &'a str,
    pub by: Option<CountBy>,
    pub total: u64,
    pub rows: &'a [(String, u64)],
}

/// Columns of a trend.
const WIDE: usize = 96;

impl Dashboard<'_> {
    fn moment(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }
}

pub fn dashboard_text(dashboard: &Dashboard<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Stats { days, total, resolved, healed, unresolved, average_resolution_seconds } = dashboard.figures;
    writeln!(out, "first seen in the last {days} days")?;
    writeln!(out, "  total                    {total}")?;
    writeln!(out, "  resolved                 {resolved} ({healed} of them gone by themselves)")?;
    writeln!(out, "  unresolved               {unresolved}")?;
    let average = average_resolution_seconds.map_or_else(|| "none resolved".to_owned(), length);
    writeln!(out, "  average resolution time  {average}")?;
    for line in figures::days(dashboard.business, false) {
        writeln!(out, "  {line}")?;
    }
    writeln!(out, "\nwhat came of it")?;
    for row in figures::rows(dashboard.business) {
        match row {
            Row::Figure(text) => writeln!(out, "  {text}")?,
            Row::Definition(text) => writeln!(out, "    {text}")?,
        }
    }
    if !dashboard.pulses.is_empty() {
        writeln!(out, "\nincidents, beside what is usual")?;
    }
    for (slug, pulse) in dashboard.pulses {
        let lines = super::trends::lines(pulse, WIDE, false);
        for (at, line) in lines.iter().enumerate() {
            let lead = if at == 0 { format!("{slug}: ") } else { "  ".to_owned() };
            writeln!(out, "  {lead}{line}")?;
        }
    }
    if dashboard.recent.is_empty() {
        return writeln!(out, "\nno drift is known");
    }
    writeln!(out, "\nmost recent")?;
    for event in dashboard.recent {
        let class = event.severity_class().as_str();
        let (state, id) = (event.state_at(dashboard.now).as_str(), event.resource.resource_id.line());
        let at = dashboard.moment(event.detected_at);
        writeln!(out, "  {at}  {class:<8}  {state:<12}  {}  {id}", event.environment)?;
    }
    Ok(())
}

/// `3d 4h`, `12m`, `40s`: the two largest units.
pub(super) fn length(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let (mut rest, mut words) = (seconds, vec![]);
    for (unit, name) in units {
        if (rest >= unit || unit == 1 && words.is_empty()) && words.len() < 2 {
            words.push(format!("{}{name}", rest / unit));
            rest %= unit;
        } else if !words.is_empty() {
            break;
        }
    }
    words.join(" ")
}

pub fn dashboard_json(dashboard: &Dashboard<'_>, out: &mut dyn Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Document<'a> {
        schema: &'static str,
        stats: &'a Stats,
        business: &'a Business,
        /// The newest first.
        recent: &'a [DriftEvent],
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        pulses: BTreeMap<&'a Slug, &'a Pulse>,
    }
    let pulses = dashboard.pulses.iter().map(|(slug, pulse)| (slug, pulse)).collect();
    let Dashboard { figures: stats, business, recent, .. } = *dashboard;
    let document = Document { schema: "driftguard.stats/1", stats, business, recent, pulses };
    escape::to_json_writer(&mut *out, &document, true)?;
    writeln!(out)
}

pub fn dashboard_csv(dashboard: &Dashboard<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Stats { days, total, resolved, healed, unresolved, average_resolution_seconds } = dashboard.figures;
    let average = average_resolution_seconds.map_or_else(String::new, |seconds| seconds.to_string());
    let figures = dashboard.business.figures();
    let names: String = figures.iter().map(|one| format!(",{}", one.column())).collect();
    // What there is no data for stays empty.
    let value = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let values: String = figures.iter().map(|one| format!(",{}", value(one.value))).collect();
    writeln!(out, "days,total,resolved,healed,unresolved,average_resolution_seconds{names}")?;
    writeln!(out, "{days},{total},{resolved},{healed},{unresolved},{average}{values}")
}

/// What it is counted by, in words for a column.
fn heading(by: Option<CountBy>) -> &'static str {
    match by {
        None => "all",
        Some(CountBy::Env) => "env",
        Some(CountBy::Type) => "type",
        Some(CountBy::Severity) => "severity",
        Some(CountBy::Actor) => "actor",
        Some(CountBy::Day) => "day",
    }
}

pub fn count_text(count: &Count<'_>, out: &mut dyn Write) -> io::Result<()> {
    let width = count.total.to_string().len();
    for (name, number) in count.rows {
        writeln!(out, "{number:>width$}  {}", sanitise::line(name))?;
    }
    if count.by.is_some() { writeln!(out, "{:>width$}  total", count.total) } else { writeln!(out, "{}", count.total) }
}

pub fn count_json(count: &Count<'_>, out: &mut dyn Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Row<'a> {
        name: &'a str,
        count: u64,
    }
    #[derive(Serialize)]
    struct Document<'a> {
        schema: &'static str,
        query: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<&'static str>,
        total: u64,
        rows: Vec<Row<'a>>,
    }
    let rows = count.rows.iter().map(|(name, count)| Row { name, count: *count }).collect();
    let by = count.by.map(|_| heading(count.by));
    let document = Document { schema: "driftguard.count/1", query: count.query, by, total: count.total, rows };
    escape::to_json_writer(&mut *out, &document, true)?;
    writeln!(out)
}

pub fn count_csv(count: &Count<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{},count", heading(count.by))?;
    if count.by.is_none() {
        return writeln!(out, "total,{}", count.total);
    }
    count.rows.iter().try_for_each(|(name, number)| writeln!(out, "{},{number}", escape::csv(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_has_its_two_largest_units() {
        let said = [0, 40, 60, 3_600, 3_725, 90_000, 86_460].map(length);
        assert_eq!(said, ["0s", "40s", "1m", "1h", "1h 2m", "1d 1h", "1d"]);
    }
}
