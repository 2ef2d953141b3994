//! Whole blocks that are new: written as their siblings are.

use hcl_edit::Span;
use hcl_edit::structure::Block;
use serde_json::{Map, Value};

use super::edit::{Edit, Editor, Refusal};
use super::pack;
use super::splice::{Splice, begins_line, indent, line_end, line_start, newline};

impl Editor<'_> {
    /// One more of these. `declared`: what the state says of them; what none of them says in code and all have there is given by the
    /// provider, and not written either.
    pub(super) fn block_beside(&self, blocks: &[&Block], new: &Map<String, Value>, declared: &[Value]) -> Edit {
        let Some(last) = blocks.last().copied() else { return Err(Refusal::new("it has no siblings")) };
        let by_hand = |why: String| Refusal::new(format!("{why}: write the block by hand")).at(self.text, last.span());
        let mut lines = vec![];
        for (name, value) in new {
            if blocks.iter().any(|block| block.body.has_blocks(name)) {
                return Err(by_hand(format!("it has blocks of its own (`{name}`)")));
            }
            let is_said = blocks.iter().any(|block| block.body.has_attribute(name));
            let theirs = || declared.iter().filter_map(|one| one.get(name));
            match (is_said, is_nothing(value)) {
                (true, _) => lines.push((name.clone(), self.written(value))),
                (false, true) => {}
                (false, false) if theirs().any(|one| one == value) || pack::is_given(name) => {}
                (false, false) => return Err(by_hand(format!("whether its `{name}` has to be written is not known"))),
            }
        }
        // In the order of the last one, then the others.
        let place = |name: &str| last.body.attributes().position(|one| one.key.as_str() == name).unwrap_or(usize::MAX);
        lines.sort_by_key(|(name, _)| place(name));
        self.block_behind(last, last.ident.as_str(), &lines)
    }

    /// A block of its own: behind the last of its name, else at the end of its parent.
    pub(super) fn block_into(
        &self,
        parent: &Block,
        behind: Option<&Block>,
        name: &str,
        lines: &[(String, String)],
    ) -> Edit {
        if let Some(last) = behind {
            return self.block_behind(last, name, lines);
        }
        let at = parent.span().ok_or_else(|| Refusal::new("its place in the file is not known"))?;
        let closing = at.end - 1;
        if !begins_line(self.text, closing) {
            return Err(Refusal::new("its block stands on one line: write it by hand").at(self.text, Some(at)));
        }
        let (own, line) = (indent(self.text, at.start), newline(self.text, at.start));
        let text = format!("{line}{}", block(name, &format!("{own}  "), line, lines));
        Ok(vec![Splice::insert(line_start(self.text, closing), text)])
    }

    fn block_behind(&self, last: &Block, name: &str, lines: &[(String, String)]) -> Edit {
        let at = last.span().ok_or_else(|| Refusal::new("its place in the file is not known"))?;
        let end = line_end(self.text, at.end);
        if !begins_line(self.text, at.start) || end == self.text.len() {
            return Err(Refusal::new("its siblings share their lines: write it by hand").at(self.text, Some(at)));
        }
        let (own, line) = (indent(self.text, at.start), newline(self.text, at.start));
        // A blank line between, where there is one before the last.
        let before = self.text[..line_start(self.text, at.start)].trim_end_matches(['\r', '\n', ' ', '\t']);
        let blanks = self.text[before.len()..at.start].matches('\n').count();
        let gap = if blanks > 1 { line } else { "" };
        Ok(vec![Splice::insert(end, format!("{gap}{}", block(name, own, line, lines)))])
    }
}

/// As `terraform fmt` lays it out.
fn block(name: &str, own: &str, line: &str, lines: &[(String, String)]) -> String {
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let inside: String = lines.iter().map(|(name, value)| format!("{own}  {name:<width$} = {value}{line}")).collect();
    format!("{own}{name} {{{line}{inside}{own}}}{line}")
}

/// What a provider puts where nothing was said.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
