//! The difference of two resource bodies, line by line.
//!
//! [`build`] once per drift, [`DiffView::render`] on every frame: a frame costs what is visible, however long the body.

mod align;
mod fold;
mod inline;
mod path;
mod print;
mod render;
mod syntax;
mod views;

pub use syntax::Syntax;
pub use views::Views;

use std::sync::OnceLock;

use crate::drift::{Change, Hidden};
use crate::safety::{Masked, sanitise};
use path::Place;
use print::{Line, Marks};

/// Columns a rule's name takes at most.
const LONGEST_RULE: usize = 28;

/// How the two sides stand.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum DiffMode {
    /// Declared left, live right.
    #[default]
    SideBySide,
    /// In one column, declared above live.
    Unified,
}

/// What is folded away.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Fold {
    #[default]
    Nothing,
    /// Long stretches that are the same on both sides; differences that are no drift stay in sight.
    Same,
    /// Long stretches without drift.
    Quiet,
    /// Everything but the changes and the names of what they stand in.
    Unchanged,
}

/// What a row says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowKind {
    Equal,
    /// Both sides have the line, and it differs.
    Modified,
    /// Live only.
    Added,
    /// Declared only.
    Removed,
    /// Differs, but no change says so: a rule has explained it away.
    Hidden,
    /// Stands for `lines` quiet rows, `hidden` of them differing without being drift.
    Fold {
        lines: usize,
        hidden: usize,
    },
}

/// Which sides of a row are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shows {
    Both,
    Left,
    Right,
}

/// One row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DiffRow {
    pub kind: RowKind,
    /// Index of the declared line; of a fold, of the line that opens the container which goes on below it.
    pub left: Option<usize>,
    /// The same of the live line.
    pub right: Option<usize>,
    /// Index into the changes the view was built with.
    pub change: Option<usize>,
    /// Of a hidden row: index of the rule that explains the difference, in the order the view was built with.
    pub rule: Option<usize>,
    pub shows: Shows,
}

impl DiffRow {
    fn new(kind: RowKind, left: Option<usize>, right: Option<usize>) -> Self {
        Self { kind, left, right, change: None, rule: None, shows: Shows::Both }
    }
}

/// What the pane remembers of a view.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DiffState {
    /// Index of the first visible row.
    pub scroll: usize,
    pub mode: DiffMode,
    pub fold: Fold,
    /// Break long lines instead of cutting them.
    pub wrap: bool,
    /// Marked in the margin.
    pub selected_change: Option<usize>,
}

/// Two bodies, aligned.
#[derive(Clone, Debug)]
pub struct DiffView {
    left: Vec<Line>,
    right: Vec<Line>,
    rows: Vec<DiffRow>,
    /// Names of the rules behind hidden rows, sanitised.
    rules: Vec<String>,
    /// Rows as shown, by mode and fold, made when they are first asked for.
    shown: [OnceLock<Vec<DiffRow>>; 8],
}

/// Aligns declared and live. `changes` say which differences are drift; others are hidden ones, and `hidden` knows by which
/// rule. Where a body is missing on both sides, or a change cannot be found in them, its own values are shown under its path.
pub fn build(declared: Option<&Masked>, actual: Option<&Masked>, changes: &[Change], hidden: &[Hidden]) -> DiffView {
    build_as(Syntax::Json, declared, actual, changes, hidden)
}

/// As [`build`], in any notation.
pub fn build_as(
    syntax: Syntax,
    declared: Option<&Masked>,
    actual: Option<&Masked>,
    changes: &[Change],
    hidden: &[Hidden],
) -> DiffView {
    let [places_left, places_right] = [declared, actual]
        .map(|body| changes.iter().map(|c| body.map(|b| path::find(b.value(), c.path.raw()))).collect::<Vec<_>>());
    let [mut marks_left, mut marks_right] = [Marks::default(), Marks::default()];
    for (index, (l, r)) in places_left.iter().zip(&places_right).enumerate() {
        let known = [l, r].into_iter().flatten().any(|p| p.complete);
        mark(&mut marks_left, l.as_ref(), known, index);
        mark(&mut marks_right, r.as_ref(), known, index);
    }
    // Hidden differences are counted on behind the changes.
    for (index, difference) in hidden.iter().enumerate() {
        for (body, marks) in [(declared, &mut marks_left), (actual, &mut marks_right)] {
            if let Some(place) = body.map(|b| path::find(b.value(), difference.path.raw())).filter(|p| p.complete) {
                marks.insert(&place.steps, changes.len() + index);
            }
        }
    }
    let mut left = declared.map(|b| print::body(b.value(), &marks_left, syntax)).unwrap_or_default();
    let mut right = actual.map(|b| print::body(b.value(), &marks_right, syntax)).unwrap_or_default();
    let mut rows = align::align(&left, &right, changes.len(), declared.is_none() != actual.is_none());
    let unseen = unseen(&mut rows, &left, &right, changes.len());
    let mut listed = list(&unseen, changes, &mut left, &mut right, syntax);
    listed.append(&mut rows);
    let rules = hidden.iter().map(|h| sanitise::cell(&h.rule, LONGEST_RULE)).collect();
    DiffView { left, right, rows: listed, rules, shown: Default::default() }
}

/// Notes a change where its path leads; where it leads nowhere on either side, around what it leads towards.
fn mark(marks: &mut Marks, place: Option<&Place>, known: bool, change: usize) {
    match place {
        Some(place) if place.complete => marks.insert(&place.steps, change),
        Some(place) if !place.steps.is_empty() && (known || !place.complete) => {
            marks.insert_around(&place.steps, change)
        }
        _ => {}
    }
}

/// The changes no row shows. A change whose lines look the same on both sides is pinned to the first of them.
fn unseen(rows: &mut [DiffRow], left: &[Line], right: &[Line], changes: usize) -> Vec<usize> {
    let mut seen = vec![false; changes];
    rows.iter().filter_map(|r| r.change).for_each(|c| seen[c] = true);
    for row in rows.iter_mut().filter(|r| r.change.is_none()) {
        let of = |line: Option<&Line>| line.and_then(|l| l.change);
        let change = of(row.left.and_then(|l| left.get(l))).or(of(row.right.and_then(|r| right.get(r))));
        if let Some(change) = change.filter(|c| seen.get(*c) == Some(&false)) {
            row.change = Some(change);
            seen[change] = true;
        }
    }
    (0..changes).filter(|c| !seen[*c]).collect()
}

/// Rows that show changes by path and value; their lines are appended to the two sides.
fn list(
    which: &[usize],
    changes: &[Change],
    left: &mut Vec<Line>,
    right: &mut Vec<Line>,
    syntax: Syntax,
) -> Vec<DiffRow> {
    let mut rows = Vec::new();
    for (index, change) in which.iter().filter_map(|i| changes.get(*i).map(|c| (*i, c))) {
        let name = sanitise::line(change.path.raw());
        let lines =
            |value: Option<&Masked>| value.map(|v| print::named(&name, v.value(), index, syntax)).unwrap_or_default();
        let (old, new) = (lines(change.declared.as_ref()), lines(change.actual.as_ref()));
        for mut row in align::align(&old, &new, changes.len(), false) {
            row.change = Some(index);
            row.left = row.left.map(|l| l + left.len());
            row.right = row.right.map(|r| r + right.len());
            rows.push(row);
        }
        left.extend(old);
        right.extend(new);
    }
    rows
}

impl DiffView {
    /// The rows as they are shown; cached.
    pub fn rows(&self, mode: DiffMode, fold: Fold) -> &[DiffRow] {
        let slot = usize::from(mode == DiffMode::Unified) * 4 + fold as usize;
        self.shown[slot].get_or_init(|| fold::shown(self, mode, fold))
    }

    /// The first row that shows the change.
    pub fn row_of_change(&self, mode: DiffMode, fold: Fold, change: usize) -> Option<usize> {
        self.rows(mode, fold).iter().position(|row| row.change == Some(change))
    }
}

#[cfg(test)]
mod tests;
