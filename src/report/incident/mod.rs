//! An incident review from what happened in a span of time: one reading of it, written as Markdown, as one HTML file, or as JSON.

pub(in crate::report) mod html;
mod json;
mod markdown;
mod standing;

use std::collections::BTreeSet;
use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::IncidentFormat;
use crate::drift::bulk::{Tally, names_of, runs, words_of};
use crate::drift::query::IncidentRow;
use crate::drift::{Change, DriftEvent, Happening, Incident, Joint, OperationalContext, SeverityClass};
use standing::{short, standing};

/// Drifts of an incident that are named.
const NAMED: usize = 20;

/// Writes the review as it reads at `now`; times are those of the zone.
pub fn write(
    incident: &Incident,
    now: Timestamp,
    zone: &TimeZone,
    format: IncidentFormat,
    out: &mut dyn Write,
) -> io::Result<()> {
    let review = Review { incident, now, zone };
    match format {
        IncidentFormat::Markdown => markdown::write(&review, out),
        IncidentFormat::Html => html::write(&review, out),
        IncidentFormat::Json => json::write(incident, out),
    }
}

/// One drift with its changes, as in a review in HTML.
pub(in crate::report) fn write_drift(
    event: &DriftEvent,
    now: Timestamp,
    zone: &TimeZone,
    out: &mut dyn Write,
) -> io::Result<()> {
    let nothing = Incident {
        from: now,
        until: now,
        happenings: vec![],
        drifts: vec![],
        cut: false,
        density: vec![],
        markers: vec![],
        together: vec![],
    };
    html::drift(&Review { incident: &nothing, now, zone }, event, out)
}

struct Review<'a> {
    incident: &'a Incident,
    now: Timestamp,
    zone: &'a TimeZone,
}

/// One line of the timeline; raw text, to be escaped by whoever writes it.
struct Row<'a> {
    at: String,
    environment: String,
    what: String,
    severity: Option<SeverityClass>,
    resource: String,
    who: &'a str,
    why: &'a str,
}

impl<'a> Review<'a> {
    fn title(&self) -> String {
        format!("Incident review, {} to {}", self.moment(self.incident.from), self.moment(self.incident.until))
    }

    fn moment(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
    }

    /// Sentences that say how much happened.
    fn summary(&self) -> Vec<String> {
        let happenings = &self.incident.happenings;
        let detected: Vec<u32> =
            (0..4).map(|at| self.incident.density.iter().map(|part| part.detected[at]).sum()).collect();
        let mut lines = vec![format!(
            "{} first seen ({})",
            drifts(detected.iter().sum()),
            SeverityClass::WORST_FIRST
                .iter()
                .zip(&detected)
                .map(|(class, n)| format!("{n} {}", class.as_str()))
                .collect::<Vec<_>>()
                .join(", ")
        )];
        let tally = Tally::of(runs(happenings).into_iter().map(|run| &happenings[run]));
        if tally.came_back + tally.ended > 0 {
            lines.push(format!("{} came back, {} ended by themselves", tally.came_back, tally.ended));
        }
        let people: BTreeSet<&str> =
            happenings.iter().filter(|one| one.is_of_a_person()).map(|one| one.actor.raw()).collect();
        if tally.decided > 0 {
            let names: Vec<&str> = people.into_iter().collect();
            let s = if tally.decided == 1 { "" } else { "s" };
            lines.push(format!("{} decision{s} by {}", tally.decided, names.join(", ")));
        }
        if self.incident.cut {
            lines.push(format!("more happened than is listed: these are the newest {}", happenings.len()));
        }
        lines
    }

    /// Oldest first, as a story is told; what was decided at once is one row.
    fn rows(&self) -> impl Iterator<Item = Row<'a>> {
        let all = &self.incident.happenings;
        runs(all).into_iter().rev().filter_map(|run| self.row(&all[run]))
    }

    fn row(&self, run: &'a [Happening]) -> Option<Row<'a>> {
        let (one, incident) = (run.first()?, self.incident);
        let places: BTreeSet<&str> = run.iter().filter_map(|one| Some(one.environment.as_ref()?.as_str())).collect();
        let events = run.iter().filter_map(|one| incident.drift(one.drift?));
        Some(Row {
            at: self.moment(one.at),
            environment: places.into_iter().collect::<Vec<_>>().join(", "),
            what: format!("{}{}", words_of(run), if one.undone { " (taken back later)" } else { "" }),
            severity: events.map(DriftEvent::severity_class).max(),
            resource: names_of(incident, run, |event| event.resource.resource_id.raw().to_owned()),
            who: one.actor.raw(),
            why: one.reason.as_ref().map_or("", |reason| reason.raw()),
        })
    }

    /// What went on meanwhile, oldest first: time, what it is, and raw text.
    fn markers(&self) -> Vec<[String; 3]> {
        let row = |one: &OperationalContext| {
            let facts = one.facts(|at| self.moment(at)).join("; ");
            let text = format!("{} ({facts})", one.context_data.title.raw());
            [self.moment(one.at()), one.context_type.words().to_owned(), text]
        };
        self.incident.markers.iter().map(row).collect()
    }

    /// What belongs together, most drifts first: a heading, the names of what is in it, and why; raw text.
    fn together(&self) -> Vec<(String, Vec<String>, Vec<String>)> {
        let told = |joint: &Joint| {
            let IncidentRow { id, members, settled, oldest, newest, environments, why } = &joint.incident;
            let places: Vec<&str> = environments.iter().map(|slug| slug.as_str()).collect();
            let (from, until) = (self.moment(*oldest), self.moment(*newest));
            let span = if from == until { from } else { format!("{from} to {until}") };
            let words = format!("{members} drifts in {}, {settled} settled, {span} (incident {id})", places.join(", "));
            let drifts = joint.drifts.iter().filter_map(|id| self.incident.drift(*id));
            let named = drifts.map(|event| event.resource.resource_id.raw().to_owned()).take(NAMED).collect();
            (words, named, why.iter().map(|why| why.raw().to_owned()).collect())
        };
        self.incident.together.iter().map(told).collect()
    }

    /// The drifts it is about, worst first.
    fn drifts(&self) -> Vec<&'a DriftEvent> {
        let mut drifts: Vec<&DriftEvent> = self.incident.drifts.iter().collect();
        drifts.sort_by_key(|event| (std::cmp::Reverse(event.severity_class()), event.detected_at, event.id));
        drifts
    }

    /// What is known about a drift beside its changes, as name and raw text.
    fn facts(&self, event: &DriftEvent) -> Vec<(&'static str, String)> {
        let analysis = &event.analysis;
        let mut facts = vec![
            ("environment", event.environment.to_string()),
            ("type", event.resource.resource_type.raw().to_owned()),
            ("first seen", self.moment(event.detected_at)),
            ("last seen", self.moment(event.last_seen)),
            ("now", standing(event, self.now, |at| self.moment(at))),
            ("drift", short(event.id)),
            ("cause", analysis.cause.cause_category.as_str().to_owned()),
        ];
        if !analysis.changed_by.is_empty() {
            let names: Vec<&str> = analysis.changed_by.iter().map(|name| name.raw()).collect();
            facts.push(("changed by", names.join(", ")));
        }
        facts.extend(analysis.reasons.iter().map(|reason| ("why it matters", reason.text.raw().to_owned())));
        // Several properties may matter for the same reason.
        let mut told = BTreeSet::new();
        facts.retain(|fact| told.insert(fact.clone()));
        facts
    }
}

fn drifts(count: u32) -> String {
    format!("{count} drift{}", if count == 1 { "" } else { "s" })
}

/// A value of a change, as JSON on one line.
fn value(of: &Option<crate::safety::Masked>) -> String {
    of.as_ref().map(|value| value.inline(500)).unwrap_or_default()
}

fn sign(change: &Change) -> String {
    format!("{}{}", change.change_type.sign(), if change.is_security_critical { " !" } else { "" })
}
