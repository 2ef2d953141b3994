//! Which line of one side stands beside which line of the other.

use std::hash::{DefaultHasher, Hash, Hasher};

use similar::{Algorithm, DiffTag, capture_diff_slices};

use super::print::Line;
use super::{DiffRow, RowKind};

/// Rows from the first line to the last. Marks of lines from `changes` on are hidden differences. `one_sided`: the resource stands on one side only, so every line is drift.
pub fn align(left: &[Line], right: &[Line], changes: usize, one_sided: bool) -> Vec<DiffRow> {
    let [a, b] = [left, right].map(|lines| lines.iter().map(|l| l.hash).collect::<Vec<_>>());
    let mut rows = Vec::with_capacity(left.len().max(right.len()));
    for op in capture_diff_slices(Algorithm::Myers, &a, &b) {
        let (tag, old, new) = op.as_tag_tuple();
        match tag {
            DiffTag::Equal => rows.extend(old.zip(new).map(|(l, r)| DiffRow::new(RowKind::Equal, Some(l), Some(r)))),
            _ => pair([left, right], changes, old, new, &mut rows),
        }
    }
    for row in &mut rows {
        explain(row, [left, right], changes, one_sided);
    }
    rows
}

/// Lines of a replaced stretch that have the same key and belong to the same change stand beside each other.
fn pair(
    [left, right]: [&[Line]; 2],
    changes: usize,
    old: std::ops::Range<usize>,
    new: std::ops::Range<usize>,
    rows: &mut Vec<DiffRow>,
) {
    let a: Vec<u64> = left[old.clone()].iter().map(|line| identity(line, changes)).collect();
    let b: Vec<u64> = right[new.clone()].iter().map(|line| identity(line, changes)).collect();
    for op in capture_diff_slices(Algorithm::Myers, &a, &b) {
        let (tag, l, r) = op.as_tag_tuple();
        let (l, r) = (l.start + old.start..l.end + old.start, r.start + new.start..r.end + new.start);
        if tag == DiffTag::Equal {
            rows.extend(l.zip(r).map(|(l, r)| DiffRow::new(RowKind::Modified, Some(l), Some(r))));
        } else {
            rows.extend(l.map(|l| DiffRow::new(RowKind::Removed, Some(l), None)));
            rows.extend(r.map(|r| DiffRow::new(RowKind::Added, None, Some(r))));
        }
    }
}

fn identity(line: &Line, changes: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&line.text[..line.label], line.change.filter(|change| *change < changes)).hash(&mut hasher);
    hasher.finish()
}

/// A row that differs belongs to the change of one of its lines, or to one around it; else a rule has explained it away.
fn explain(row: &mut DiffRow, [left, right]: [&[Line]; 2], changes: usize, one_sided: bool) {
    let lines = [row.left.and_then(|l| left.get(l)), row.right.and_then(|r| right.get(r))];
    let differs = row.kind != RowKind::Equal || lines[0].zip(lines[1]).is_some_and(|(l, r)| l.hash != r.hash);
    if !differs {
        return;
    }
    let first = |mark: fn(&Line) -> Option<usize>| lines.iter().flatten().find_map(|line| mark(line));
    // An element that came or went where a change leads is that change; a value that differs need not be.
    let came_or_went = row.left.is_none() || row.right.is_none();
    let loose = || first(|line| line.loose).filter(|_| came_or_went);
    let mark = first(|line| line.change).or_else(|| first(|line| line.around)).or_else(loose);
    row.change = mark.filter(|mark| *mark < changes);
    if row.change.is_none() && !one_sided {
        row.kind = RowKind::Hidden;
        row.rule = mark.and_then(|mark| mark.checked_sub(changes));
    }
}
