//! Incident mode: what happened in a span of time, and the moment in it that is looked at.

mod rows;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

pub use rows::{Cells, Needs, Row, RowKind};

use super::input::Line;
use super::msg::Ticket;
use super::span::Scale;
use crate::cli::IncidentFormat;
use crate::drift::{ContextId, DriftId, Happening, Incident, IncidentRequest, Slug, Stats};

/// Columns before the heat.
pub const LEAD: usize = 8;
/// Days that the figures are about.
pub const DAYS: u32 = 30;
/// What the field for the span offers.
pub const SPANS: [&str; 7] = ["-2h", "-15m", "-8h", "-1d", "-7d", "today", "yesterday"];
pub const FORMATS: [(IncidentFormat, &str); 3] =
    [(IncidentFormat::Markdown, "md"), (IncidentFormat::Html, "html"), (IncidentFormat::Json, "json")];

/// Which happening, whatever joins it.
#[derive(Clone, PartialEq, Debug)]
pub struct Mark {
    at: Timestamp,
    seq: Option<u64>,
    drift: Option<DriftId>,
    context: Option<ContextId>,
}

impl Mark {
    fn of(one: &Happening) -> Self {
        Self { at: one.at, seq: one.seq, drift: one.drift, context: one.context }
    }
}

/// What is asked over the view.
#[derive(Clone, PartialEq, Debug)]
pub enum Ask {
    /// Which span.
    Span {
        line: Line,
        /// Nothing was typed yet.
        offered: bool,
        problem: Option<String>,
    },
    /// What goes on, and of which of [`ContextType::ALL`](crate::drift::ContextType::ALL) it is.
    Marker { line: Line, kind: usize, problem: Option<String>, saving: bool },
    /// Where the review is written, and how.
    Export { line: Line, format: usize, problem: Option<String>, writing: bool },
}

/// A span as it was asked for; its beginning stands still.
#[derive(Clone, PartialEq, Debug)]
pub struct Span {
    pub text: String,
    pub from: Timestamp,
    /// `None`: until now, and on.
    pub until: Option<Timestamp>,
}

impl Span {
    pub fn end(&self, now: Timestamp) -> Timestamp {
        self.until.unwrap_or(now).min(now).max(self.from)
    }
}

/// What is found in a span, with the figures beside it.
#[derive(Clone, PartialEq, Debug)]
pub struct Found {
    pub incident: Incident,
    pub stats: Option<Stats>,
}

/// The view.
#[derive(Default)]
pub struct IncidentView {
    /// `None`: all.
    pub environment: Option<Slug>,
    pub span: Option<Span>,
    pub oldest_first: bool,
    pub found: Option<Arc<Found>>,
    pub error: Option<String>,
    pub ask: Option<Ask>,
    /// The moment that is looked at.
    pub moment: Option<Timestamp>,
    selected: Option<Mark>,
    /// The cursor is on the row of the bulk, and not on one of its decisions.
    on_bulk: bool,
    /// Bulks whose decisions are listed, by the number of the first.
    opened: BTreeSet<u64>,
    /// As they are listed, first row first.
    rows: Vec<Row>,
    /// Columns that would show everything.
    pub needs: Needs,
    /// First row that is shown.
    pub top: usize,
    asked: Option<Ticket>,
    /// Something happened since it was asked for.
    pub stale: bool,
}

impl IncidentView {
    pub fn of(environment: Option<Slug>) -> Self {
        Self { environment, ..Self::default() }
    }

    pub fn happenings(&self) -> &[Happening] {
        self.found.as_ref().map_or(&[], |found| &found.incident.happenings)
    }

    /// What is listed in a row, newest first.
    pub fn row(&self, row: usize) -> Option<(RowKind, &[Happening])> {
        let Row { of, kind } = self.rows.get(row)?;
        Some((*kind, self.happenings().get(of.clone())?))
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row under the cursor.
    pub fn at(&self) -> Option<usize> {
        let mark = self.selected.as_ref()?;
        let at = self.happenings().iter().position(|one| Mark::of(one) == *mark)?;
        let of_bulk = self.rows.iter().position(|row| row.of.contains(&at))?;
        // Its decisions follow the row of an opened bulk.
        let own = self.rows[of_bulk..].iter().position(|row| row.of == (at..at + 1)).filter(|_| !self.on_bulk);
        Some(own.map_or(of_bulk, |own| of_bulk + own))
    }

    /// The happening under the cursor; `None` on several that are one decision.
    pub fn current(&self) -> Option<&Happening> {
        self.row(self.at()?).filter(|(kind, _)| *kind != RowKind::Bulk)?.1.first()
    }

    /// The decision on several drifts under the cursor, newest first.
    pub fn bulk(&self) -> Option<&[Happening]> {
        self.row(self.at()?).filter(|(kind, _)| *kind == RowKind::Bulk).map(|(_, run)| run)
    }

    /// Lists the decisions of the bulk under the cursor, or no longer. `false`: there is none.
    pub fn toggle(&mut self) -> bool {
        let Some(number) = self.bulk().and_then(rows::number) else { return false };
        if !self.opened.remove(&number) {
            self.opened.insert(number);
        }
        self.on_bulk = true;
        self.list();
        true
    }

    /// The other end first.
    pub fn turn(&mut self) {
        self.oldest_first = !self.oldest_first;
        self.list();
    }

    fn list(&mut self) {
        let Some(found) = &self.found else {
            self.rows.clear();
            return;
        };
        self.rows = rows::list(&found.incident.happenings, self.oldest_first, &self.opened);
        self.needs = Needs::of(&found.incident, &self.rows);
    }

    pub fn is_loading(&self) -> bool {
        self.asked.is_some()
    }

    /// New happenings may still join.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.span.as_ref().is_some_and(|span| span.until.is_none_or(|until| until > now))
    }

    /// Puts the cursor on a row, and the moment with it.
    pub fn select(&mut self, row: usize) {
        let Some((kind, run)) = self.row(row.min(self.len().saturating_sub(1))) else { return };
        let Some(one) = run.first() else { return };
        (self.moment, self.selected, self.on_bulk) = (Some(one.at), Some(Mark::of(one)), kind == RowKind::Bulk);
    }

    /// How the span lies on a screen of so many columns.
    pub fn scale(&self, columns: usize, now: Timestamp, zone: &jiff::tz::TimeZone) -> Option<Scale> {
        let span = self.span.as_ref()?;
        Some(Scale::of(span.from, span.end(now), columns.saturating_sub(LEAD + 1), zone))
    }

    /// To the end of the part before or after the moment; the cursor goes to what had happened last by then.
    pub fn scrub(&mut self, by: isize, scale: &Scale, now: Timestamp) {
        let Some(span) = &self.span else { return };
        let end = span.end(now);
        let part = scale.part(self.moment.unwrap_or(end));
        let to = part.saturating_add_signed(by).min(scale.parts - 1);
        let last = scale.start(to + 1).checked_sub(jiff::SignedDuration::from_micros(1)).unwrap_or(end);
        let moment = last.clamp(span.from, end);
        (self.moment, self.on_bulk) = (Some(moment), false);
        self.selected = self.happenings().iter().find(|one| one.at <= moment).map(Mark::of);
    }

    /// Asks anew for what is missing.
    pub fn wants(&self, now: Timestamp) -> Option<IncidentRequest> {
        let span = self.span.as_ref()?;
        if self.asked.is_some() || self.error.is_some() && !self.stale || self.found.is_some() && !self.stale {
            return None;
        }
        Some(IncidentRequest {
            from: span.from,
            until: span.end(now),
            environments: self.environment.iter().cloned().collect(),
            limit: IncidentRequest::MOST,
            parts: 1000,
        })
    }

    pub fn ask(&mut self, ticket: Ticket) {
        (self.asked, self.stale) = (Some(ticket), false);
    }

    /// Takes an answer that somebody waits for. The row under the cursor keeps its place on the screen.
    pub fn came(&mut self, ticket: Ticket, answer: Result<Found, String>) {
        if self.asked != Some(ticket) {
            return;
        }
        self.asked = None;
        match answer {
            Err(why) => self.error = Some(why),
            Ok(found) => {
                let before = self.at();
                let first = self.found.is_none();
                (self.found, self.error) = (Some(Arc::new(found)), None);
                self.list();
                if first || self.at().is_none() && self.moment.is_none() {
                    self.top = 0;
                    self.select(if self.oldest_first { usize::MAX } else { 0 });
                } else if let (Some(before), Some(after)) = (before, self.at()) {
                    self.top = (self.top + after).saturating_sub(before);
                }
            }
        }
    }

    /// Another span or another environment: what was found is about something else.
    pub fn restart(&mut self) {
        (self.found, self.asked, self.stale, self.error) = (None, None, false, None);
        (self.moment, self.selected, self.top) = (None, None, 0);
        self.list();
    }

    /// Scrolls no further than the cursor needs: rows that join above it leave it where it is, even when there is room below.
    pub fn settle(&mut self, rows: usize) {
        match self.at() {
            Some(at) => self.top = self.top.min(at).max((at + 1).saturating_sub(rows.max(1))),
            None => self.top = self.top.min(self.len().saturating_sub(rows.max(1))),
        }
    }
}
