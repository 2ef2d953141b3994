//! Values that the code itself calls sensitive: no diff shows them, and no edit is made of them.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use hcl_edit::Span;
use hcl_edit::structure::{Block, Body};

use super::file::parse;
use super::literal;
use super::splice::{Splice, spliced};
use super::uses::code_of;
use crate::declared::blocks::Looked;

/// As `terraform plan` shows them.
const SHOWN: &str = "(sensitive value)";

/// The text without them; lines stay where they are.
pub(super) fn hidden(file: &Path, text: &str) -> String {
    let Ok(body) = parse(text) else { return text.to_owned() };
    let hide = |at: Range<usize>| {
        let lines = "\n".repeat(text[at.clone()].matches('\n').count());
        Splice::replace(at, format!("{SHOWN}{lines}"))
    };
    spliced(text, places(file, &body).into_iter().map(hide).collect())
}

/// Where they stand in a file of code, or of values.
pub(super) fn places(file: &Path, body: &Body) -> Vec<Range<usize>> {
    let directory = file.parent().unwrap_or(Path::new("."));
    let of = |body: &Body, names: &BTreeSet<String>| -> Vec<Range<usize>> {
        let named = body.attributes().filter(|one| names.contains(one.key.as_str()));
        named.filter_map(|one| one.value.span()).collect()
    };
    if file.extension().is_none_or(|end| end != "tf") {
        return of(body, &names(directory));
    }
    let defaults = body.get_blocks("variable").filter(|block| is_sensitive(block));
    let defaults = defaults.filter_map(|block| block.body.get_attribute("default")?.value.span());
    let arguments = body.get_blocks("module").flat_map(|call| {
        let name = call.labels.first().map(|label| label.as_str()).unwrap_or_default();
        let calls = Looked::default().calls(directory, &format!("module.{name}.any.any"));
        let inside = calls.and_then(|mut calls| calls.pop());
        inside.map(|inside| of(&call.body, &names(&inside.inside))).unwrap_or_default()
    });
    defaults.chain(arguments).collect()
}

/// Variables of a directory that are.
pub(super) fn names(directory: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for body in code_of(directory).iter().filter_map(|(_, text)| parse(text).ok()) {
        let found = body.get_blocks("variable").filter(|block| is_sensitive(block));
        names.extend(found.filter_map(|block| Some(block.labels.first()?.as_str().to_owned())));
    }
    names
}

fn is_sensitive(variable: &Block) -> bool {
    let said = variable.body.get_attribute("sensitive");
    said.is_some_and(|one| literal::value(&one.value) != Some(false.into()))
}
