//! Where something new goes, and what goes with something that is taken out: lines, commas, and how the others are written.

use std::ops::Range;

use hcl_edit::Span;
use hcl_edit::structure::{Attribute, Block};

use super::edit::{Edit, Editor, Refusal};
use super::splice::{Splice, begins_line, indent, line_end, line_start, newline, whole_lines};

impl Editor<'_> {
    /// A new line behind the last attribute, the `=` under its.
    pub(super) fn attribute_into(&self, block: &Block, name: &str, value: &str) -> Edit {
        let at = block.span().ok_or_else(|| Refusal::new("its place in the file is not known"))?;
        let open = opening(self.text, block, &at);
        let inside = behind(self.text, open + 1);
        if inside >= at.end {
            return Err(Refusal::new("its block stands on one line: write it by hand").at(self.text, Some(at)));
        }
        let last: Option<&Attribute> = block.body.attributes().filter(|one| !is_meta(one.key.as_str())).last();
        let (place, indent, key) = match last.and_then(|one| Some((one, one.span()?))) {
            Some((one, span)) => (behind(self.text, span.end), indent(self.text, span.start), self.aligned(one, name)),
            None => {
                let own = indent(self.text, at.start);
                return Ok(vec![Splice::insert(
                    inside,
                    format!("{own}  {name} = {value}{}", newline(self.text, open)),
                )]);
            }
        };
        if place >= at.end {
            return Err(Refusal::new("its block ends behind a comment: write it by hand").at(self.text, Some(at)));
        }
        Ok(vec![Splice::insert(place, format!("{indent}{key}= {value}{}", newline(self.text, place - 1)))])
    }

    /// A key as wide as that of an attribute on a single line.
    fn aligned(&self, beside: &Attribute, name: &str) -> String {
        let width = beside.key.span().zip(beside.value.span()).map_or(0, |(key, value)| {
            let between = &self.text[key.start..value.start];
            if between.contains('\n') { 0 } else { between.find('=').unwrap_or(0) }
        });
        let pad = width.saturating_sub(name.len()).max(1);
        format!("{name}{}", " ".repeat(pad))
    }

    /// One more in a list or an object: on a line of its own where the others have one.
    pub(super) fn element_into(
        &self,
        whole: Option<Range<usize>>,
        first: Option<Range<usize>>,
        last: Option<Range<usize>>,
        new: &str,
        braces: bool,
    ) -> Edit {
        let whole = whole.ok_or_else(|| Refusal::new("its place in the file is not known"))?;
        let Some((first, last)) = first.zip(last) else {
            let new = if braces { format!("{{ {new} }}") } else { format!("[{new}]") };
            let is_bare = self.text[whole.start + 1..whole.end - 1].trim().is_empty();
            return if is_bare {
                Ok(vec![Splice::replace(whole, new)])
            } else {
                Err(Refusal::new("only a comment stands in it: write it by hand").at(self.text, Some(whole)))
            };
        };
        if !begins_line(self.text, first.start) {
            return Ok(vec![Splice::insert(last.end, format!(", {new}"))]);
        }
        let end = behind(self.text, last.end);
        if end >= whole.end {
            return Ok(vec![Splice::insert(last.end, format!(", {new}"))]);
        }
        let has_comma = self.text[last.end..].trim_start_matches([' ', '\t']).starts_with(',');
        let (own, line) = (indent(self.text, first.start), newline(self.text, first.start));
        let comma = if has_comma { "," } else { "" };
        let mut splices = vec![Splice::insert(end, format!("{own}{new}{comma}{line}"))];
        // In an object of HCL a new line is enough.
        if !has_comma && (!braces || self.json) {
            splices.push(Splice::insert(last.end, ","));
        }
        Ok(splices)
    }

    /// An element goes, with its line where it has one, else with one comma.
    pub(super) fn without_element(&self, at: Option<Range<usize>>, whole: Option<Range<usize>>) -> Edit {
        let (at, whole) = at.zip(whole).ok_or_else(|| Refusal::new("its place in the file is not known"))?;
        if let Some(lines) = whole_lines(self.text, &at)
            && lines.start > whole.start
            && lines.end < whole.end
        {
            let mut splices = vec![Splice::replace(lines, "")];
            // JSON has no comma behind the last.
            let above = self.text[whole.start..at.start].trim_end();
            if self.json && !self.text[at.end..].trim_start().starts_with(',') && above.ends_with(',') {
                let comma = whole.start + above.len() - 1;
                splices.push(Splice::replace(comma..comma + 1, ""));
            }
            return Ok(splices);
        }
        let behind = &self.text[at.end..whole.end];
        let comma = behind.trim_start().starts_with(',').then(|| at.end + behind.find(',').unwrap_or(0) + 1);
        if let Some(comma) = comma {
            let rest = &self.text[comma..whole.end];
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            return Ok(vec![Splice::replace(at.start..comma + blanks, "")]);
        }
        let before = self.text[whole.start..at.start].trim_end();
        let from = match before.strip_suffix(',') {
            Some(kept) => whole.start + kept.len(),
            None => at.start,
        };
        Ok(vec![Splice::replace(from..at.end, "")])
    }

    /// A blank line before what goes goes with it, where another one or the end of the block follows.
    fn with_blank(&self, lines: Range<usize>) -> Range<usize> {
        let before = line_start(self.text, lines.start.saturating_sub(1));
        let next = self.text[lines.end..line_end(self.text, lines.end)].trim();
        let is_blank = lines.start > 0 && self.text[before..lines.start].trim().is_empty();
        if is_blank && (next.is_empty() || next == "}") { before..lines.end } else { lines }
    }

    pub(super) fn without_line(&self, at: Option<Range<usize>>, what: &str) -> Edit {
        let at = at.ok_or_else(|| Refusal::new("its place in the file is not known"))?;
        match whole_lines(self.text, &at) {
            Some(lines) => Ok(vec![Splice::replace(self.with_blank(lines), "")]),
            None => Err(Refusal::new(format!("{what} shares its line: take it out by hand")).at(self.text, Some(at))),
        }
    }
}

/// The brace that opens a block: behind its name and labels, and comments there.
fn opening(text: &str, block: &Block, at: &Range<usize>) -> usize {
    let named = block.labels.last().and_then(Span::span).or_else(|| block.ident.span());
    let mut from = named.map_or(at.start, |span| span.end);
    while let Some(rest) = text.get(from..at.end) {
        let rest = rest.trim_start();
        let start = at.end - rest.len();
        match rest.strip_prefix("/*").and_then(|inner| inner.find("*/")) {
            Some(end) => from = start + end + 4,
            None => return start + rest.find('{').unwrap_or(0),
        }
    }
    at.start
}

/// Behind the line of a byte and the comments that begin on it and end on another.
pub(super) fn behind(text: &str, at: usize) -> usize {
    let mut from = at;
    loop {
        let end = line_end(text, from);
        let line = &text[from..end];
        let begins = |mark: &str| line.find(mark).unwrap_or(usize::MAX);
        let comment = begins("/*");
        if comment > begins("#").min(begins("//")) || comment == usize::MAX {
            return end;
        }
        match text[from + comment + 2..].find("*/") {
            Some(close) => from += comment + 2 + close + 2,
            None => return end,
        }
    }
}

/// Terraform's own attributes, which stand apart.
fn is_meta(name: &str) -> bool {
    matches!(name, "count" | "for_each" | "provider" | "depends_on")
}
