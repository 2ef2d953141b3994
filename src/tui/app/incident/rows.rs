//! The rows of incident mode: a happening each, and one for a decision on several drifts, which can be opened.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::drift::bulk::{names_of, runs, words_of};
use crate::drift::{Happening, Incident};
use crate::safety::sanitise;
use crate::tui::widgets::text;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowKind {
    One,
    /// Several that are one decision.
    Bulk,
    /// One of an opened bulk, below it.
    Member,
}

/// Which of the happenings, newest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    pub of: Range<usize>,
    pub kind: RowKind,
}

/// A bulk keeps it, whatever joins.
pub(super) fn number(run: &[Happening]) -> Option<u64> {
    run.last()?.seq
}

pub(super) fn list(happenings: &[Happening], oldest_first: bool, opened: &BTreeSet<u64>) -> Vec<Row> {
    let mut rows = vec![];
    let mut runs = runs(happenings);
    if oldest_first {
        runs.reverse();
    }
    for of in runs {
        if of.len() == 1 {
            rows.push(Row { of, kind: RowKind::One });
            continue;
        }
        let is_open = number(&happenings[of.clone()]).is_some_and(|number| opened.contains(&number));
        let mut members: Vec<Row> =
            of.clone().filter(|_| is_open).map(|at| Row { of: at..at + 1, kind: RowKind::Member }).collect();
        if oldest_first {
            members.reverse();
        }
        rows.push(Row { of, kind: RowKind::Bulk });
        rows.extend(members);
    }
    rows
}

/// The texts of a row, whole and sanitised.
pub struct Cells {
    pub environment: String,
    pub what: String,
    pub resource: String,
    pub who: String,
    pub why: String,
}

impl Cells {
    /// Of one happening, or of all of a bulk.
    pub fn of(incident: &Incident, kind: RowKind, run: &[Happening]) -> Option<Self> {
        let one = run.first()?;
        let undone = if one.undone { " (undone)" } else { "" };
        let lead = if kind == RowKind::Member { "  " } else { "" };
        let why = one.reason.as_ref().map_or(String::new(), |why| why.line());
        // A mark is about no resource: its title stands there.
        let (title, why) = if one.context.is_some() { (why, String::new()) } else { (String::new(), why) };
        let first = one.environment.as_ref();
        let environment = match run.iter().all(|other| other.environment.as_ref() == first) {
            true => first.map_or(String::new(), ToString::to_string),
            false => "several".to_owned(),
        };
        let named = names_of(incident, run, |event| event.resource.resource_id.name(500));
        Some(Self {
            environment,
            what: format!("{lead}{}{undone}", sanitise::line(&words_of(run))),
            resource: if title.is_empty() { named } else { title },
            who: one.actor.line(),
            why,
        })
    }
}

/// The widest text of each column.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Needs {
    pub environment: usize,
    pub what: usize,
    pub resource: usize,
    pub who: usize,
    pub why: usize,
}

impl Needs {
    pub fn of(incident: &Incident, rows: &[Row]) -> Self {
        let mut needs = Self::default();
        for row in rows {
            let run = incident.happenings.get(row.of.clone()).unwrap_or_default();
            let Some(cells) = Cells::of(incident, row.kind, run) else { continue };
            let most = |need: &mut usize, cell: &str| *need = (*need).max(text::width(cell));
            most(&mut needs.environment, &cells.environment);
            most(&mut needs.what, &cells.what);
            most(&mut needs.resource, &cells.resource);
            most(&mut needs.who, &cells.who);
            most(&mut needs.why, &cells.why);
        }
        needs
    }
}
