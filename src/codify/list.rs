//! A list whose elements are meant by their place, written as a whole: what stays keeps its text, its place and its comment.

use std::ops::Range;

use hcl_edit::Span;
use hcl_edit::expr::Array;
use serde_json::Value;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::agree::Judge;
use super::edit::{Edit, Editor, Refusal};
use super::said::Said;
use super::splice::{Splice, indent, newline, whole_lines};

/// A part of the list as it will be.
enum Part {
    /// An element of the code's.
    Kept(usize),
    New(Value),
}

impl Editor<'_> {
    /// `old`: what the state lists, which the code has to agree with: in its order, or as a set where the state has sorted it.
    pub(super) fn whole_list(&self, list: &Array, old: &[Value], new: &[Value]) -> Edit {
        let refusal = |why: &str| Refusal::new(why).at(self.text, list.span());
        let said: Vec<Said> = list.iter().map(Said::expression).collect();
        let judge = Judge::lenient();
        let fits = |(one, value): (&Said, &Value)| judge.agrees(one, value, "").is_ok();
        let is_in_order = said.len() == old.len() && said.iter().zip(old).all(fits);
        let parts = if is_in_order { Some(in_order(old, new)) } else { as_set(&said, old, new) };
        let parts = parts.ok_or_else(|| {
            refusal("the code lists something else than the state, or in another order: apply it first, or write it by hand")
        })?;
        let open = |at: usize| said[at] == Said::Open;
        let is_kept = |at: usize| parts.iter().any(|part| matches!(part, Part::Kept(one) if *one == at));
        if (0..said.len()).filter(|at| open(*at)).count() > 1 && (0..said.len()).any(|at| open(at) && !is_kept(at)) {
            return Err(refusal("which element is meant is not known"));
        }
        match self.laid_out(list, &parts) {
            Some(splices) => Ok(splices),
            // Texts over several lines: each where it stands.
            None if is_in_order && old.len() == new.len() => {
                let pairs = list.iter().zip(old.iter().zip(new)).filter(|(_, (old, new))| old != new);
                let edits = pairs.map(|(one, (old, new))| self.expression(one, &[], Some(new), Some(old)));
                Ok(edits.collect::<Result<Vec<_>, _>>()?.concat())
            }
            None => Err(refusal("its elements share their lines: write it by hand")),
        }
    }

    fn laid_out(&self, list: &Array, parts: &[Part]) -> Option<Vec<Splice>> {
        let whole = list.span()?;
        let spans: Vec<Range<usize>> = list.iter().map(Span::span).collect::<Option<_>>()?;
        let lines: Option<Vec<Range<usize>>> = spans.iter().map(|at| whole_lines(self.text, at)).collect();
        let lines = lines.filter(|lines| {
            let inside = |one: &Range<usize>| one.start > whole.start && one.end < whole.end;
            !lines.is_empty() && lines.iter().all(inside)
        });
        match lines {
            Some(lines) if !parts.is_empty() => Some(self.on_lines(list, &spans, &lines, parts)),
            _ => self.on_one_line(list, whole, &spans, parts),
        }
    }

    fn on_lines(&self, list: &Array, spans: &[Range<usize>], lines: &[Range<usize>], parts: &[Part]) -> Vec<Splice> {
        let (own, line) = (indent(self.text, spans[0].start), newline(self.text, spans[0].start));
        let comma = |at: usize| self.text[spans[at].end..lines[at].end].trim_start().starts_with(',');
        let trails = comma(lines.len() - 1);
        let (mut out, mut next) = (String::new(), 0);
        // What stands between elements stays there.
        let mut between = |out: &mut String, up_to: usize| {
            for at in next.max(1)..=up_to {
                out.push_str(&self.text[lines[at - 1].end..lines[at].start]);
            }
            next = up_to + 1;
        };
        for (place, part) in parts.iter().enumerate() {
            let is_last = place + 1 == parts.len();
            match part {
                Part::Kept(at) => {
                    between(&mut out, *at);
                    let (head, tail) =
                        (&self.text[lines[*at].start..spans[*at].end], &self.text[spans[*at].end..lines[*at].end]);
                    out.push_str(head);
                    match (comma(*at), is_last) {
                        (true, true) if self.json => out.push_str(&tail.replacen(',', "", 1)),
                        (false, false) => {
                            out.push(',');
                            out.push_str(tail);
                        }
                        _ => out.push_str(tail),
                    }
                }
                Part::New(value) => {
                    let comma = if !is_last || trails && !self.json { "," } else { "" };
                    out.push_str(&format!("{own}{}{comma}{line}", self.element(list, value)));
                }
            }
        }
        between(&mut out, lines.len() - 1);
        vec![Splice::replace(lines[0].start..lines[lines.len() - 1].end, out)]
    }

    /// `None`: comments or texts over several lines stand in it.
    fn on_one_line(
        &self,
        list: &Array,
        whole: Range<usize>,
        spans: &[Range<usize>],
        parts: &[Part],
    ) -> Option<Vec<Splice>> {
        let ends = std::iter::once(whole.start + 1).chain(spans.iter().map(|at| at.end));
        let starts = spans.iter().map(|at| at.start).chain(std::iter::once(whole.end - 1));
        let gaps: Vec<&str> = ends.zip(starts).map(|(end, start)| &self.text[end..start]).collect();
        let is_plain = |gap: &&str| gap.chars().all(|c| c.is_whitespace() || c == ',');
        if !gaps.iter().all(is_plain) || spans.iter().any(|at| self.text[at.clone()].contains('\n')) {
            return None;
        }
        let texts = parts.iter().map(|part| match part {
            Part::Kept(at) => self.text[spans[*at].clone()].to_owned(),
            Part::New(value) => self.element(list, value),
        });
        let texts: Vec<String> = texts.collect();
        let is_spread = gaps.iter().any(|gap| gap.contains('\n'));
        let separator = gaps.get(1).filter(|_| spans.len() > 1 && !is_spread).copied().unwrap_or(", ");
        let (head, tail) = match (texts.is_empty(), is_spread, gaps.as_slice()) {
            (false, false, [head, .., tail]) => (*head, *tail),
            _ => ("", ""),
        };
        Some(vec![Splice::replace(whole, format!("[{head}{}{tail}]", texts.join(separator)))])
    }

    /// As the others are written: a state keeps numbers as texts.
    fn element(&self, list: &Array, value: &Value) -> String {
        let numbers =
            !list.is_empty() && list.iter().all(|one| super::literal::value(one).is_some_and(|one| one.is_number()));
        let number = value.as_str().filter(|_| numbers).and_then(|text| serde_json::from_str::<Value>(text).ok());
        self.written(&number.filter(Value::is_number).unwrap_or_else(|| value.clone()))
    }
}

fn in_order(old: &[Value], new: &[Value]) -> Vec<Part> {
    let texts = |list: &[Value]| list.iter().map(Value::to_string).collect::<Vec<_>>();
    let ops = capture_diff_slices(Algorithm::Myers, &texts(old), &texts(new));
    let parts = ops.into_iter().flat_map(|op| match op {
        DiffOp::Equal { old_index, len, .. } => (old_index..old_index + len).map(Part::Kept).collect::<Vec<_>>(),
        other => new[other.new_range()].iter().cloned().map(Part::New).collect(),
    });
    parts.collect()
}

/// In the code's order, what is new behind. `None`: the state's list need not be a set, or the code has other elements.
fn as_set(said: &[Said], old: &[Value], new: &[Value]) -> Option<Vec<Part>> {
    let judge = Judge::lenient();
    if said.len() != old.len() || !is_sorted(old) {
        return None;
    }
    let (mut left, mut fresh): (Vec<&Value>, Vec<&Value>) = (old.iter().collect(), new.iter().collect());
    let mut parts = vec![];
    for (at, one) in said.iter().enumerate() {
        if !matches!(one, Said::Is(_)) {
            return None;
        }
        let value = left.remove(left.iter().position(|value| judge.agrees(one, value, "").is_ok())?);
        if let Some(stays) = fresh.iter().position(|one| *one == value) {
            fresh.remove(stays);
            parts.push(Part::Kept(at));
        }
    }
    parts.extend(fresh.into_iter().cloned().map(Part::New));
    Some(parts)
}

fn is_sorted(list: &[Value]) -> bool {
    let by_text = list.is_sorted_by_key(|value| super::literal::text(value).unwrap_or_default());
    let numbers: Option<Vec<f64>> =
        list.iter().map(|value| super::literal::text(value).and_then(|text| text.parse().ok())).collect();
    by_text || numbers.is_some_and(|numbers| numbers.is_sorted())
}
