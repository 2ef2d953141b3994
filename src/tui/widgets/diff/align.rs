//! Which line of one side stands beside which line of the other. Lines of one value stay together: what belongs to a property
//! is looked for in that property only, and one that only one side has comes or goes as a whole.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use similar::{Algorithm, DiffTag, capture_diff_slices};

use super::print::{Line, TEXT_END};
use super::{DiffRow, RowKind, Syntax};
use crate::tui::widgets::highlight::Within;

/// Rows from the first line to the last. Marks of lines from `changes` on are hidden differences. `one_sided`: the resource stands on one side only, so every line is drift.
pub fn align(left: &[Line], right: &[Line], changes: usize, one_sided: bool) -> Vec<DiffRow> {
    let rows = Vec::with_capacity(left.len().max(right.len()));
    let mut aligner = Aligner { left, right, changes, rows };
    aligner.level(0..left.len(), 0..right.len());
    let mut rows = aligner.rows;
    for row in &mut rows {
        explain(row, [left, right], changes, one_sided);
    }
    rows
}

struct Aligner<'a> {
    left: &'a [Line],
    right: &'a [Line],
    changes: usize,
    rows: Vec<DiffRow>,
}

impl Aligner<'_> {
    /// The values of one container, or of a body: those that are the same on both sides first.
    fn level(&mut self, old: Range<usize>, new: Range<usize>) {
        let (a, b) = (blocks(self.left, old), blocks(self.right, new));
        let whole = |lines: &[Line], blocks: &[Range<usize>]| -> Vec<u64> {
            blocks.iter().map(|block| hashed(lines[block.clone()].iter().map(|line| line.hash))).collect()
        };
        for op in capture_diff_slices(Algorithm::Myers, &whole(self.left, &a), &whole(self.right, &b)) {
            let (tag, old, new) = op.as_tag_tuple();
            match tag {
                DiffTag::Equal => a[old].iter().zip(&b[new]).for_each(|(l, r)| {
                    let same = l.clone().zip(r.clone());
                    self.rows.extend(same.map(|(l, r)| DiffRow::new(RowKind::Equal, Some(l), Some(r))));
                }),
                _ => self.replaced(&a[old], &b[new]),
            }
        }
    }

    /// Values that have the same key and belong to the same change stand beside each other.
    fn replaced(&mut self, old: &[Range<usize>], new: &[Range<usize>]) {
        let identities = |lines: &[Line], blocks: &[Range<usize>]| -> Vec<u64> {
            blocks.iter().map(|block| identity(&lines[block.start], self.changes)).collect()
        };
        let (a, b) = (identities(self.left, old), identities(self.right, new));
        for op in capture_diff_slices(Algorithm::Myers, &a, &b) {
            let (tag, l, r) = op.as_tag_tuple();
            let (l, r) = (&old[l], &new[r]);
            if tag == DiffTag::Equal {
                l.iter().zip(r).for_each(|(l, r)| self.value(l.clone(), r.clone()));
            } else {
                let gone = l.iter().cloned().flatten();
                self.rows.extend(gone.map(|l| DiffRow::new(RowKind::Removed, Some(l), None)));
                let came = r.iter().cloned().flatten();
                self.rows.extend(came.map(|r| DiffRow::new(RowKind::Added, None, Some(r))));
            }
        }
    }

    /// Two values of one property: how they begin, what is in them, how they end.
    fn value(&mut self, old: Range<usize>, new: Range<usize>) {
        self.beside(old.start, new.start);
        let ends = |lines: &[Line], block: &Range<usize>| block.len() > 1 && closes(&lines[block.end - 1]);
        let end = usize::from(ends(self.left, &old) && ends(self.right, &new));
        self.level(old.start + 1..old.end - end, new.start + 1..new.end - end);
        if end > 0 {
            self.beside(old.end - 1, new.end - 1);
        }
    }

    fn beside(&mut self, l: usize, r: usize) {
        let is_same = self.left[l].hash == self.right[r].hash;
        let kind = if is_same { RowKind::Equal } else { RowKind::Modified };
        self.rows.push(DiffRow::new(kind, Some(l), Some(r)));
    }
}

/// The values in a stretch of lines: each with what is in it and the line that closes it.
fn blocks(lines: &[Line], range: Range<usize>) -> Vec<Range<usize>> {
    let mut blocks: Vec<Range<usize>> = vec![];
    let mut top = 0;
    for at in range {
        let (rank, line) = (rank(&lines[at]), &lines[at]);
        match blocks.last_mut() {
            Some(block) if rank > top || rank == top && block.len() > 1 && closes(line) => block.end = at + 1,
            _ => {
                blocks.push(at..at + 1);
                top = rank;
            }
        }
    }
    blocks
}

/// How deep a line lies. An item of YAML lies in the line above it though it begins in the same column, and holds the lines
/// beside its dash.
fn rank(line: &Line) -> usize {
    let label = line.text[..line.label].trim_start_matches(' ');
    let dashes = label.split_inclusive("- ").take_while(|part| *part == "- ").count();
    line.depth.saturating_sub(dashes) * 2 + usize::from(dashes > 0)
}

/// Whether it only closes what was opened above.
fn closes(line: &Line) -> bool {
    let words = line.text.trim_start_matches(' ');
    let is_bare = line.label + words.len() == line.text.len();
    is_bare
        && line.within != Within::Text
        && line.syntax != Syntax::Yaml
        && (words.starts_with(['}', ']']) || words == TEXT_END)
}

fn identity(line: &Line, changes: usize) -> u64 {
    hashed(std::iter::once((&line.text[..line.label], line.change.filter(|change| *change < changes))))
}

fn hashed<T: Hash>(parts: impl Iterator<Item = T>) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.for_each(|part| part.hash(&mut hasher));
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::print::{Marks, body};
    use super::super::tests::any_json;
    use super::*;

    fn lines(value: &Value, syntax: Syntax) -> Vec<Line> {
        body(value, &Marks::default(), syntax)
    }

    /// The rows with their signs.
    fn shown(old: &Value, new: &Value, syntax: Syntax) -> Vec<String> {
        let (left, right) = (lines(old, syntax), lines(new, syntax));
        let row = |row: &DiffRow| match (row.left.map(|l| &left[l].text), row.right.map(|r| &right[r].text)) {
            (Some(l), Some(r)) if l == r => format!(" {l}"),
            (Some(l), Some(r)) => format!("~{l} -> {}", r.trim_start()),
            (Some(l), None) => format!("-{l}"),
            (None, Some(r)) => format!("+{r}"),
            (None, None) => String::new(),
        };
        align(&left, &right, 0, false).iter().map(row).collect()
    }

    #[test]
    fn a_value_that_went_and_one_that_came_are_not_woven_into_each_other() {
        let (old, new) = (json!({"azs": ["a", "b"], "name": "x"}), json!({"cidrs": ["a", "b"], "name": "x"}));
        let expect =
            ["-azs = [", "-  \"a\"", "-  \"b\"", "-]", "+cidrs = [", "+  \"a\"", "+  \"b\"", "+]", " name = \"x\""];
        assert_eq!(shown(&old, &new, Syntax::Hcl), expect);
    }

    #[test]
    fn a_value_that_became_longer_stays_in_one_piece() {
        let (old, new) = (json!({"a": 1, "b": 2}), json!({"a": {"x": 1, "y": [1]}, "c": {"y": [1]}}));
        let expect = [
            "~a = 1 -> a = {",
            "+  x = 1",
            "+  y = [",
            "+    1",
            "+  ]",
            "+}",
            "-b = 2",
            "+c = {",
            "+  y = [",
            "+    1",
            "+  ]",
            "+}",
        ];
        assert_eq!(shown(&old, &new, Syntax::Hcl), expect);
    }

    #[test]
    fn lines_of_one_property_stand_beside_each_other() {
        let rule = |port: u16, cidr: &str| json!({"cidrs": [cidr], "port": port});
        let old = json!({"ingress": [rule(22, "10.0.0.0/8"), rule(443, "::/0")], "text": "one\ntwo\n"});
        let new = json!({"ingress": [rule(22, "0.0.0.0/0"), rule(443, "::/0")], "text": "one\nthree\n"});
        let changed =
            |syntax| shown(&old, &new, syntax).into_iter().filter(|row| !row.starts_with(' ')).collect::<Vec<_>>();
        let expect = ["~        \"10.0.0.0/8\" -> \"0.0.0.0/0\"", "~    two -> three"];
        assert_eq!(changed(Syntax::Json), expect);
        assert_eq!(changed(Syntax::Yaml).len(), 2);
    }

    #[test]
    fn an_item_of_yaml_comes_as_a_whole() {
        let rule = |port: u16| json!({"from": port, "proto": "tcp", "to": port});
        let (old, new) = (json!({"rules": [rule(443)]}), json!({"rules": [rule(22), rule(443)]}));
        let expect =
            [" rules:", "+- from: 22", "+  proto: tcp", "+  to: 22", " - from: 443", "   proto: tcp", "   to: 443"];
        assert_eq!(shown(&old, &new, Syntax::Yaml), expect);
    }

    proptest! {
        #[test]
        fn what_comes_or_goes_does_so_in_one_piece(old in any_json(), new in any_json(), syntax in 0_usize..3) {
            let syntax = [Syntax::Json, Syntax::Hcl, Syntax::Yaml][syntax];
            let (left, right) = (lines(&old, syntax), lines(&new, syntax));
            let rows = align(&left, &right, 0, true);
            // In order on both sides, and nothing twice.
            prop_assert!(rows.iter().filter_map(|row| row.left).eq(0..left.len()));
            prop_assert!(rows.iter().filter_map(|row| row.right).eq(0..right.len()));
            for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.kind == RowKind::Added) {
                let Some(first) = row.right else { continue };
                let Some(value) = blocks(&right, first..right.len()).into_iter().next() else { continue };
                let whole = rows.iter().skip(at).take(value.len());
                prop_assert!(whole.clone().all(|row| row.left.is_none()), "{:?}", shown(&old, &new, syntax));
                prop_assert!(whole.filter_map(|row| row.right).eq(value));
            }
        }
    }
}
