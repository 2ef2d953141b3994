//! A resource that has another address now: the code says so by a `moved` block, or by the resource's new name.

use std::path::Path;

use hcl_edit::Span;
use hcl_edit::expr::{Expression, Traversal, TraversalOperator};
use hcl_edit::structure::{Block, Body};

use super::file::{Edited, is_downloaded, parse, read};
use super::splice::{Splice, line_end, line_of, newline, spliced};
use super::uses::{listed, uses};
use super::{Asked, DOWNLOADED, Kinds, Modules, Patch, find, labels_of, several};
use crate::declared::blocks;
use crate::recommend::Spot;

/// References to an old name that are told.
const TOLD: usize = 5;

/// An address, and the parts of it.
struct Address {
    text: String,
    labels: [String; 2],
    /// `module.net.`, without keys; empty in the root.
    module: String,
}

impl Address {
    /// # Errors
    /// It is no address that code could say.
    fn of(text: &str) -> Result<Self, String> {
        let is_plain = hcl_edit::parser::parse_expr(text)
            .is_ok_and(|read| matches!(&read, Expression::Traversal(one) if is_written(one)));
        let (configured, labels) =
            (blocks::configured(text), labels_of(text).filter(|_| is_plain && !text.contains('\n')));
        let labels = labels.ok_or("its name is none of Terraform's")?;
        let module = configured.strip_suffix(&labels.join(".")).unwrap_or_default().to_owned();
        Ok(Self { text: text.to_owned(), labels, module })
    }

    /// As code inside of its module names it; `None`: it is one of several uses of it.
    fn inside(&self) -> Option<&str> {
        self.text.strip_prefix(&self.module)
    }
}

/// Names and keys, nothing to be worked out.
fn is_written(address: &Traversal) -> bool {
    let is_key = |key: &Expression| matches!(key, Expression::String(_) | Expression::Number(_));
    address.operators.iter().all(|one| match one.value() {
        TraversalOperator::GetAttr(_) => true,
        TraversalOperator::Index(key) => is_key(key),
        _ => false,
    })
}

/// `spot`: the block of the resource under its new address, else under its old one.
///
/// # Errors
/// A sentence that says why there is no edit, and what to write by hand.
pub(super) fn plan(asked: &Asked<'_>, spot: &Spot, kinds: &Kinds) -> Result<Patch, String> {
    let previous = asked.resource.previous_address.as_ref().ok_or("what its address was is not known")?;
    let (from, to) = (Address::of(previous.raw())?, Address::of(asked.resource.resource_id.raw())?);
    let stands = |address: &str| Modules::to(&spot.root, address, &spot.file, &kinds.looked).map(drop);
    stands(&to.text).or_else(|why| stands(&from.text).map_err(|_| why))?;
    if let Some((file, line)) = said(spot, &from, &to)? {
        let mut patch = untouched(spot, &file)?;
        let note = format!("{}:{line} has the `moved` block already: an apply takes the state there", patch.own.shown);
        patch.notes.push(note);
        return Ok(patch);
    }
    let patch = untouched(spot, &spot.file)?;
    let body = parse(&patch.own.before).map_err(|why| format!("{}: {why}", patch.own.shown))?;
    if let Some(block) = find(&body, &to.labels) {
        has_keys(block, &to)?;
        return told(spot, patch.at_end_of(block), &from, &to);
    }
    let block = find(&body, &from.labels).ok_or_else(|| format!("{} has its block no more", patch.own.shown))?;
    if from.module != to.module {
        let text = text(&from.text, &to.text, "\n").replace('\n', " ");
        return Err(format!("it went to another module: take its block from {} there, and write {text}", spot.shown()));
    }
    if is_downloaded(&spot.file) {
        return Err(format!("{}: {DOWNLOADED}", spot.shown()));
    }
    if let Some(why) = several(block) {
        return Err(format!("{}: the block has its old name still: {why}", spot.shown()));
    }
    if !from.module.is_empty() {
        return Err(format!(
            "{}: the block has its old name still, and every use of its module would get the new one: rename it by hand",
            spot.shown()
        ));
    }
    has_keys(block, &to)?;
    renamed(spot, patch.clone(), block, &from, &to)
}

/// A `moved` block.
struct Said {
    from: String,
    to: String,
    file: std::path::PathBuf,
    line: usize,
}

/// Where a `moved` block says it, or the first of several behind each other.
///
/// # Errors
/// They take it elsewhere.
fn said(spot: &Spot, from: &Address, to: &Address) -> Result<Option<(std::path::PathBuf, usize)>, String> {
    let own = spot.file.parent().filter(|own| *own != spot.root);
    let whole = (spot.root.as_path(), Some(from.text.as_str()), Some(to.text.as_str()));
    for (directory, from, to) in std::iter::once(whole).chain(own.map(|own| (own, from.inside(), to.inside()))) {
        let all = all_said(directory);
        let next = |address: &str| all.iter().find(|one| one.from == address);
        let Some(first) = from.and_then(next) else { continue };
        let mut chain = std::iter::successors(Some(first), |one| next(&one.to)).take(all.len());
        if chain.any(|one| Some(one.to.as_str()) == to) {
            return Ok(Some((first.file.clone(), first.line)));
        }
        let place = Spot { root: spot.root.clone(), file: first.file.clone(), line: first.line }.shown();
        return Err(format!(
            "{place} has a `moved` block that takes {} to {}: see which is right",
            first.from, first.to
        ));
    }
    Ok(None)
}

fn all_said(directory: &Path) -> Vec<Said> {
    let of = |(file, text, body): (std::path::PathBuf, String, Body)| -> Vec<Said> {
        let side = |block: &Block, name| Some(block.body.get_attribute(name)?.value.to_string().trim().to_owned());
        let one = |block: &Block| {
            let line = line_of(&text, block.span()?.start);
            Some(Said { from: side(block, "from")?, to: side(block, "to")?, file: file.clone(), line })
        };
        body.get_blocks("moved").filter_map(one).collect()
    };
    files(directory).flat_map(of).collect()
}

/// # Errors
/// The new address has a key that no code makes.
fn has_keys(block: &Block, to: &Address) -> Result<(), String> {
    let makes_keys = block.body.has_attribute("count") || block.body.has_attribute("for_each");
    if makes_keys || !to.text.ends_with(']') {
        return Ok(());
    }
    Err(format!("{} has a key, and its block has neither count nor for_each: write one of them first", to.text))
}

/// The files of a directory that can be read.
fn files(directory: &Path) -> impl Iterator<Item = (std::path::PathBuf, String, Body)> {
    blocks::files(directory, 0).into_iter().filter_map(|file| {
        let text = read(&file).ok()?;
        let body = parse(&text).ok()?;
        Some((file, text, body))
    })
}

fn untouched(spot: &Spot, file: &Path) -> Result<Patch, String> {
    Ok(Patch::of(Edited::open(&spot.root, file)?))
}

impl Patch {
    /// With where a block ends.
    fn at_end_of(self, block: &Block) -> (Self, usize) {
        let end = block.span().map_or(self.own.before.len(), |at| at.end);
        (self, end)
    }
}

/// A `moved` block: behind the resource, or in the root behind the module that it is in, where addresses are whole.
fn told(spot: &Spot, behind: (Patch, usize), from: &Address, to: &Address) -> Result<Patch, String> {
    let (mut patch, end) = match to.module.split('.').nth(1) {
        None => behind,
        Some(name) => {
            let is_it = |block: &&Block| block.labels.first().is_some_and(|label| label.as_str() == name);
            let call = files(&spot.root).find_map(|(file, _, body)| {
                let end = body.get_blocks("module").find(is_it)?.span()?.end;
                Some((file, end))
            });
            let (file, end) = call.ok_or_else(|| format!("no .tf file in the root calls module {name}"))?;
            (untouched(spot, &file)?, end)
        }
    };
    let line = newline(&patch.own.before, end.saturating_sub(1));
    let at = line_end(&patch.own.before, end);
    let gap = if patch.own.before[..at].ends_with('\n') { line.to_owned() } else { line.repeat(2) };
    let new = format!("{gap}{}", text(&from.text, &to.text, line));
    patch.own.after = spliced(&patch.own.before, vec![Splice::insert(at, new)]);
    parse(&patch.own.after)
        .map_err(|why| format!("{}: the edit would leave a file that cannot be read: {why}", patch.own.shown))?;
    Ok(patch)
}

fn text(from: &str, to: &str, line: &str) -> String {
    format!("moved {{{line}  from = {from}{line}  to   = {to}{line}}}{line}")
}

/// The state has it under its new name, and the code does not.
fn renamed(spot: &Spot, mut patch: Patch, block: &Block, from: &Address, to: &Address) -> Result<Patch, String> {
    let places = block.labels.iter().map(|label| label.span()).collect::<Option<Vec<_>>>();
    let places = places.filter(|places| places.len() == 2).ok_or("its place in the file is not known")?;
    let is_new = |(_, (old, new)): &(_, (&String, &String))| old != new;
    let changes = places.into_iter().zip(from.labels.iter().zip(&to.labels)).filter(is_new);
    let splices = changes.map(|(at, (_, new))| Splice::replace(at, format!("\"{new}\""))).collect();
    patch.own.after = spliced(&patch.own.before, splices);
    parse(&patch.own.after)
        .ok()
        .and_then(|body| find(&body, &to.labels).map(|_| ()))
        .ok_or("no edit of this code could be read again: write it by hand")?;
    let places = uses(&spot.root, spot.file.parent().unwrap_or(Path::new(".")), &from.labels.join("."));
    if !places.is_empty() {
        patch.notes.push(format!("it is referred to by its old name at {}", listed(&places, TOLD)));
    }
    Ok(patch)
}
