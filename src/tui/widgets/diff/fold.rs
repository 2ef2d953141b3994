//! The rows of a view: folded or whole, in two columns or one.

use super::{DiffMode, DiffRow, RowKind, Shows};

/// The longest run of quiet rows that is shown whole.
const LONGEST_WHOLE: usize = 6;

/// Quiet rows left standing beside a change.
const CONTEXT: usize = 2;

/// The rows as they are shown.
pub fn shown(rows: &[DiffRow], mode: DiffMode, fold: bool) -> Vec<DiffRow> {
    let folded = if fold { folded(rows) } else { rows.to_vec() };
    match mode {
        DiffMode::SideBySide => folded,
        DiffMode::Unified => folded.into_iter().flat_map(unified).collect(),
    }
}

/// Long runs of unchanged and hidden rows become one row. Nothing is folded where nothing changed: there would be nothing
/// left to see.
fn folded(rows: &[DiffRow]) -> Vec<DiffRow> {
    if rows.iter().all(is_quiet) {
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
            out.push(DiffRow::new(RowKind::Fold { lines: quiet.len(), hidden }, None, None));
            out.extend_from_slice(&rows[end - after..end]);
        } else {
            out.extend_from_slice(&rows[start..end]);
        }
        out.extend(rows.get(end).cloned());
        start = end + 1;
    }
    out
}

fn is_quiet(row: &DiffRow) -> bool {
    matches!(row.kind, RowKind::Equal | RowKind::Hidden) && row.change.is_none()
}

/// One column: two lines that differ stand one below the other.
fn unified(row: DiffRow) -> impl Iterator<Item = DiffRow> {
    let both = row.left.is_some() && row.right.is_some() && row.kind != RowKind::Equal;
    let sides: &[Shows] = match (both, row.left.is_some()) {
        (true, _) => &[Shows::Left, Shows::Right],
        (false, true) => &[Shows::Left],
        (false, false) => &[Shows::Right],
    };
    sides.iter().map(move |shows| DiffRow { shows: *shows, ..row.clone() })
}
