//! The rows of a view: folded or whole, in two columns or one.

use super::print::Line;
use super::{DiffMode, DiffRow, DiffView, Fold, RowKind, Shows};

/// The longest run of quiet rows that is shown whole.
const LONGEST_WHOLE: usize = 6;

/// Quiet rows left standing beside a change.
const CONTEXT: usize = 2;

/// The rows as they are shown.
pub fn shown(view: &DiffView, mode: DiffMode, fold: Fold) -> Vec<DiffRow> {
    let folded = match fold {
        Fold::Nothing => view.rows.clone(),
        Fold::Same => folded(view, |row| is_quiet(row) && row.kind != RowKind::Hidden),
        Fold::Quiet => folded(view, is_quiet),
        Fold::Unchanged => changed(view),
    };
    match mode {
        DiffMode::SideBySide => folded,
        DiffMode::Unified => folded.into_iter().flat_map(unified).collect(),
    }
}

/// Long runs of quiet rows become one row. Nothing is folded where nothing changed: there would be nothing
/// left to see.
fn folded(view: &DiffView, is_quiet: impl Fn(&DiffRow) -> bool) -> Vec<DiffRow> {
    let rows = view.rows.as_slice();
    if rows.iter().all(&is_quiet) {
        return rows.to_vec();
    }
    let mut out = Vec::new();
    let mut start = 0;
    while start < rows.len() {
        let run = rows[start..].iter().take_while(|r| is_quiet(r)).count();
        let end = start + run;
        let before = if start == 0 { 0 } else { CONTEXT };
        let after = if end == rows.len() { 0 } else { CONTEXT };
        if run > LONGEST_WHOLE {
            out.extend_from_slice(&rows[start..start + before]);
            let quiet = &rows[start + before..end - after];
            let hidden = quiet.iter().filter(|r| r.kind == RowKind::Hidden).count();
            let around = rows.get(end - after).and_then(|next| container(view, quiet, next));
            let (left, right) = around.map_or((None, None), |row| (row.left, row.right));
            out.push(DiffRow::new(RowKind::Fold { lines: quiet.len(), hidden }, left, right));
            out.extend_from_slice(&rows[end - after..end]);
        } else {
            out.extend_from_slice(&rows[start..end]);
        }
        out.extend(rows.get(end).cloned());
        start = end + 1;
    }
    out
}

/// The rows of changes, each below the lines that open what it stands in. All rows where nothing changed.
fn changed(view: &DiffView) -> Vec<DiffRow> {
    let mut kept = vec![false; view.rows.len()];
    // Rows that open what the next one stands in, outermost first.
    let mut open: Vec<(usize, usize)> = Vec::new();
    for (at, row) in view.rows.iter().enumerate() {
        let Some(line) = line(view, row) else { continue };
        while open.last().is_some_and(|(depth, _)| *depth >= line.depth) {
            open.pop();
        }
        if row.change.is_some() {
            kept[at] = true;
            for (_, opener) in open.iter().rev() {
                if std::mem::replace(&mut kept[*opener], true) {
                    break;
                }
            }
        }
        open.push((line.depth, at));
    }
    if !kept.contains(&true) {
        return view.rows.clone();
    }
    view.rows.iter().zip(kept).filter(|(_, kept)| *kept).map(|(row, _)| row.clone()).collect()
}

/// The folded row that opens the innermost named container `next` stands in: without it nobody knows where they are.
fn container<'a>(view: &DiffView, folded: &'a [DiffRow], next: &DiffRow) -> Option<&'a DiffRow> {
    let mut depth = line(view, next)?.depth;
    folded.iter().rev().find(|row| {
        line(view, row).filter(|line| line.depth < depth).is_some_and(|line| {
            depth = line.depth;
            line.text.get(..line.label).is_some_and(|label| !label.trim().is_empty())
        })
    })
}

fn line<'a>(view: &'a DiffView, row: &DiffRow) -> Option<&'a Line> {
    row.right.and_then(|r| view.right.get(r)).or_else(|| row.left.and_then(|l| view.left.get(l)))
}

fn is_quiet(row: &DiffRow) -> bool {
    matches!(row.kind, RowKind::Equal | RowKind::Hidden) && row.change.is_none()
}

/// One column: two lines that differ stand one below the other.
fn unified(row: DiffRow) -> impl Iterator<Item = DiffRow> {
    let both = row.left.is_some() && row.right.is_some() && row.kind != RowKind::Equal;
    let sides: &[Shows] = match (both && !matches!(row.kind, RowKind::Fold { .. }), row.left.is_some()) {
        (true, _) => &[Shows::Left, Shows::Right],
        (false, true) => &[Shows::Left],
        (false, false) => &[Shows::Right],
    };
    sides.iter().map(move |shows| DiffRow { shows: *shows, ..row.clone() })
}
