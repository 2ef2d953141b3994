//! Texts over several lines: `<<EOT`. Only those that say everything themselves; what stands in one as JSON is edited as such.

use std::ops::Range;

use hcl_edit::template::{Element, HeredocTemplate};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::edit::{Edit, Editor, Refusal, Wanted};
use super::literal;
use super::splice::{Splice, line_end, line_of, line_start};
use crate::drift::path::Step;

impl Editor<'_> {
    pub(super) fn heredoc(
        &self,
        heredoc: &HeredocTemplate,
        whole: Option<Range<usize>>,
        steps: &[Step],
        (wanted, declared): (Wanted<'_>, Option<&Value>),
    ) -> Edit {
        let refusal = |why: &str| Refusal::new(why).at(self.text, whole.clone());
        let is_literal = heredoc.template.iter().all(|element| matches!(element, Element::Literal(_)));
        // Between the lines of its two marks.
        let inside = whole.clone().map(|at| line_end(self.text, at.start)..line_start(self.text, at.end));
        let inside = inside.filter(|at| is_literal && at.start <= at.end && !self.text[at.clone()].contains('\r'));
        let Some(inside) = inside else {
            return Err(refusal("it is a text over several lines with parts that are put in: write it by hand"));
        };
        match (steps.is_empty(), wanted) {
            (false, _) => self.document(inside, steps, (wanted, declared)),
            (true, Some(Value::String(text))) => self.lines(heredoc, inside, text).map_err(refusal),
            (true, _) => Err(refusal("it is a text over several lines: write it by hand")),
        }
    }

    /// A document in JSON, which HCL reads as an expression, too.
    fn document(&self, inside: Range<usize>, steps: &[Step], (wanted, declared): (Wanted<'_>, Option<&Value>)) -> Edit {
        let text = &self.text[inside.clone()];
        let from = inside.start + text.len() - text.trim_start().len();
        let text = text.trim();
        let is_json = matches!(serde_json::from_str(text), Ok(Value::Object(_) | Value::Array(_)));
        let document = hcl_edit::parser::parse_expr(text).ok().filter(|_| is_json);
        let Some(document) = document else {
            let why = "it stands inside a text over several lines: write it by hand";
            return Err(Refusal::new(why).at(self.text, Some(inside)));
        };
        let lines = line_of(self.text, from) - 1;
        let edit = Editor { text, adds: self.adds, json: true, inside: self.inside.clone() }
            .expression(&document, steps, wanted, declared);
        if let Ok(splices) = &edit
            && serde_json::from_str::<Value>(&super::splice::spliced(text, splices.clone())).is_err()
        {
            let why = "no edit of this JSON could be read again: write it by hand";
            return Err(Refusal::new(why).at(self.text, Some(inside)));
        }
        let there = |one: Splice| Splice::replace(one.at.start + from..one.at.end + from, one.with);
        edit.map(|splices| splices.into_iter().map(there).collect())
            .map_err(|refusal| Refusal { line: refusal.line.map(|line| line + lines), ..refusal })
    }

    /// Line by line: those that stay are not touched.
    fn lines(&self, heredoc: &HeredocTemplate, inside: Range<usize>, new: &str) -> Result<Vec<Splice>, &'static str> {
        let old: String = heredoc.template.iter().filter_map(Element::as_literal).map(|text| text.as_str()).collect();
        let raw: Vec<&str> = self.text[inside.clone()].split_inclusive('\n').collect();
        if !new.ends_with('\n') {
            return Err(
                "it is a text over several lines, and the live one does not end in a new line: write it by hand",
            );
        }
        let ends = |line: &str| line.trim() == heredoc.delimiter.as_str();
        if old.lines().count() != raw.len()
            || new.lines().any(ends)
            || new.chars().any(|c| c != '\n' && c != '\t' && crate::safety::is_unsafe(c) || c == '\r')
        {
            return Err("it is a text over several lines that no such text can say: write it by hand");
        }
        let stripped = heredoc.indent().unwrap_or(0);
        let is_indented = |line: &&str| !line.trim().is_empty() && line.len() - line.trim_start().len() >= stripped;
        let margin = raw.iter().copied().find(is_indented).map_or("", |line| &line[..stripped]);
        let begins = |line: &str| line.starts_with([' ', '\t']);
        if self.text[..inside.start].trim_end().contains("<<-")
            && new.lines().filter(|l| !l.trim().is_empty()).all(begins)
        {
            return Err("it is a text over several lines whose indentation would be lost: write it by hand");
        }
        let (mut out, mut at) = (String::new(), 0);
        for change in TextDiff::from_lines(old.as_str(), new).iter_all_changes() {
            match change.tag() {
                ChangeTag::Equal => {
                    out.push_str(raw[at]);
                    at += 1;
                }
                ChangeTag::Delete => at += 1,
                ChangeTag::Insert if change.value() == "\n" => out.push('\n'),
                ChangeTag::Insert => {
                    out.push_str(margin);
                    out.push_str(&literal::in_template(change.value()));
                }
            }
        }
        Ok(vec![Splice::replace(inside, out)])
    }

    /// A value as it is written here.
    pub(super) fn written(&self, value: &Value) -> String {
        if self.json { literal::in_template(&value.to_string()) } else { literal::written(value) }
    }

    /// Of an object.
    pub(super) fn item(&self, key: &str, value: &Value) -> String {
        if self.json {
            format!("{}: {}", self.written(&Value::from(key)), self.written(value))
        } else {
            format!("{} = {}", literal::key(key), literal::written(value))
        }
    }
}
