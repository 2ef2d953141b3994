//! Whole blocks that are new: where they go, and how one is written beside its siblings.

use hcl_edit::Span;
use hcl_edit::structure::Block;
use serde_json::{Map, Value};

use super::edit::{Edit, Editor, Refusal};
use super::fresh::{Fresh, is_nothing};
use super::insert::behind;
use super::splice::{Splice, begins_line, indent, line_start, newline};

impl Editor<'_> {
    /// One more of these. `declared`: what the state says of them; what none of them says in code and all have there is given by the
    /// provider, and not written either.
    pub(super) fn block_beside(&self, blocks: &[&Block], new: &Map<String, Value>, declared: &[Value]) -> Edit {
        let Some(last) = blocks.last().copied() else { return Err(Refusal::new("it has no siblings")) };
        let name = last.ident.as_str();
        // Of these blocks.
        let inside = &self.inside;
        let by_hand = |why: String| Refusal::new(format!("{why}: write the block by hand")).at(self.text, last.span());
        let is_said = |key: &str| blocks.iter().any(|block| block.body.has_attribute(key));
        let mut wanted = Map::new();
        for (key, value) in new {
            let is_theirs = || declared.iter().filter_map(|one| one.get(key)).any(|one| one == value);
            let is_one = is_said(key) || blocks.iter().any(|block| block.body.has_blocks(key));
            if !is_one && (is_nothing(value) || inside.is_computed(key) || is_theirs()) {
                continue;
            }
            if !is_one && !inside.is_known() {
                return Err(by_hand(format!("whether its `{key}` has to be written is not known")));
            }
            wanted.insert(key.clone(), value.clone());
        }
        let mut made = self.made(inside, name, &wanted, &is_said).map_err(by_hand)?;
        // In the order of the last one, then the others.
        let place = |key: &str| last.body.attributes().position(|one| one.key.as_str() == key).unwrap_or(usize::MAX);
        made.lines.sort_by_key(|(key, _)| place(key));
        self.blocks_behind(last, &[made])
    }

    /// Blocks of one name: behind the last of it, else behind the last block that is no setting of Terraform's own, else at the end of
    /// their parent.
    pub(super) fn blocks_into(&self, parent: &Block, behind: Option<&Block>, new: &[Fresh]) -> Edit {
        if let Some(last) = behind.or_else(|| parent.body.blocks().filter(|block| !is_meta(block)).last()) {
            return self.blocks_behind(last, new);
        }
        let at = parent.span().ok_or_else(|| Refusal::new("its place in the file is not known"))?;
        let closing = at.end - 1;
        if !begins_line(self.text, closing) {
            return Err(Refusal::new("its block stands on one line: write it by hand").at(self.text, Some(at)));
        }
        let before = parent.body.blocks().find(|block| is_meta(block)).and_then(|block| block.span());
        // A comment above it is about it.
        let is_bare = |start: &usize| {
            let above = self.text[..*start].trim_end().lines().last().unwrap_or_default().trim_start();
            !above.starts_with(['#', '/', '*'])
        };
        let before =
            before.filter(|span| begins_line(self.text, span.start)).map(|span| line_start(self.text, span.start));
        let (place, is_first) = match before.filter(is_bare) {
            Some(start) => (start, true),
            None => (line_start(self.text, closing), false),
        };
        let (own, step) = (indent(self.text, at.start), self.step(parent));
        let line = newline(self.text, at.start);
        let blocks = new.iter().map(|one| one.text(&format!("{own}{step}"), step, line)).collect::<Vec<_>>().join(line);
        let has_blank = self.text[..place].trim_end_matches([' ', '\t']).ends_with(&line.repeat(2));
        let gap = if has_blank || parent.body.is_empty() { "" } else { line };
        let after = if is_first { line } else { "" };
        Ok(vec![Splice::insert(place, format!("{gap}{blocks}{after}"))])
    }

    fn blocks_behind(&self, last: &Block, new: &[Fresh]) -> Edit {
        let at = last.span().ok_or_else(|| Refusal::new("its place in the file is not known"))?;
        let end = behind(self.text, at.end);
        if !begins_line(self.text, at.start) || end == self.text.len() {
            return Err(Refusal::new("its siblings share their lines: write it by hand").at(self.text, Some(at)));
        }
        let (own, line) = (indent(self.text, at.start), newline(self.text, at.start));
        // A blank line between, where there is one before the last.
        let before = self.text[..line_start(self.text, at.start)].trim_end_matches(['\r', '\n', ' ', '\t']);
        let blanks = self.text[before.len()..at.start].matches('\n').count();
        let gap = if blanks > 1 { line } else { "" };
        let step = self.step(last);
        let blocks: String = new.iter().map(|one| format!("{gap}{}", one.text(own, step, line))).collect();
        Ok(vec![Splice::insert(end, blocks)])
    }

    /// How much further in the inside of a block stands, here two blanks, as `terraform fmt` has it, or as it is done here.
    fn step(&self, block: &Block) -> &str {
        let usual = "  ";
        let Some(own) = block.span().map(|at| indent(self.text, at.start)) else { return usual };
        let first = block.body.iter().find_map(|one| one.span()).filter(|at| begins_line(self.text, at.start));
        let step = first.and_then(|at| indent(self.text, at.start).strip_prefix(own));
        step.filter(|step| !step.is_empty()).unwrap_or(usual)
    }
}

/// Terraform's own blocks, which come last.
fn is_meta(block: &Block) -> bool {
    matches!(block.ident.as_str(), "lifecycle" | "timeouts" | "provisioner" | "connection")
}
