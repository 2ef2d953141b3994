//! What other code of a type says: a block that somebody wrote is a block.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body, Structure};

use super::Known;
use crate::declared::blocks;

/// Directories below the configuration that are looked into: its own modules.
const DEPTH: usize = 5;

/// Of all blocks of the type in the configuration in `root`.
pub(super) fn known(root: &Path, resource_type: &str) -> Known {
    let mut seen = Seen::default();
    let head = format!("\"{resource_type}\"");
    for file in blocks::files(root, DEPTH) {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        // Most files do not name it.
        let Some(body) = text.contains(&head).then(|| super::super::file::parse(&text).ok()).flatten() else {
            continue;
        };
        let is_it = |block: &&Block| block.labels.first().is_some_and(|label| label.as_str() == resource_type);
        body.get_blocks("resource").filter(is_it).for_each(|block| seen.body(&block.body, ""));
    }
    seen.known()
}

#[derive(Default)]
struct Seen {
    /// How many there are of each kind of block.
    blocks: BTreeMap<String, usize>,
    /// How many of them say it.
    attributes: BTreeMap<String, usize>,
    /// Attributes that hold objects.
    objects: BTreeMap<String, usize>,
}

impl Seen {
    fn body(&mut self, body: &Body, above: &str) {
        for part in body {
            match part {
                Structure::Attribute(one) => {
                    let place = format!("{above}{}", one.key.as_str());
                    if holds_objects(&one.value) {
                        *self.objects.entry(place.clone()).or_default() += 1;
                    }
                    *self.attributes.entry(place).or_default() += 1;
                }
                Structure::Block(block) if block.ident.as_str() == "dynamic" => self.dynamic(block, above),
                Structure::Block(block) => self.block(block.ident.as_str(), &block.body, above),
            }
        }
    }

    fn block(&mut self, name: &str, body: &Body, above: &str) {
        let place = format!("{above}{name}");
        self.body(body, &format!("{place}."));
        *self.blocks.entry(place).or_default() += 1;
    }

    /// What it makes are blocks of its label.
    fn dynamic(&mut self, block: &Block, above: &str) {
        let name = block.labels.first();
        if let Some((name, content)) = name.zip(block.body.get_blocks("content").next()) {
            self.block(name.as_str(), &content.body, above);
        }
    }

    fn known(self) -> Known {
        let always = |(place, count): (&String, &usize)| {
            let (above, _) = place.rsplit_once('.')?;
            (self.blocks.get(above) == Some(count)).then(|| place.clone())
        };
        Known {
            said: self.attributes.keys().chain(self.blocks.keys()).cloned().collect(),
            required: self.attributes.iter().chain(&self.blocks).filter_map(always).collect(),
            attributes: self.objects.into_keys().collect(),
            blocks: self.blocks.into_keys().collect(),
            ..Known::default()
        }
    }
}

/// Written out: what something else makes tells nothing.
fn holds_objects(value: &Expression) -> bool {
    match value {
        Expression::Object(_) => true,
        Expression::Array(list) => list.iter().any(|one| matches!(one, Expression::Object(_))),
        _ => false,
    }
}
