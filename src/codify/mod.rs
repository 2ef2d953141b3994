//! The smallest edit of Terraform code that makes it say what is live. Only what the code writes out is edited: where an
//! expression decides, that is pointed at. The edit is made by position, so that everything else stays byte for byte, and what came
//! out is read again before anybody sees it.

mod edit;
mod fresh;
mod insert;
mod kinds;
mod literal;
mod moved;
mod pack;
mod rules;
mod splice;
mod text;
mod whole;
mod write;

#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use hcl_edit::Span;
use hcl_edit::structure::{Block, Body};
use serde_json::Value;
use similar::TextDiff;

use crate::declared::blocks;
use crate::drift::path::{Step, parse as parse_path};
use crate::drift::{Change, ChangeType, DriftType, PropertyPath, ResourceRef};
use crate::recommend::Spot;
use crate::safety::{Masked, Redactor, Tainted};
use edit::{Editor, Refusal};
use kinds::Inside;
pub use kinds::Kinds;
use splice::{Splice, line_of, spliced, whole_lines};
pub use write::{WriteError, write};

/// A larger file is edited by hand.
const FILE_MAX: u64 = 2 * 1024 * 1024;
/// Lines around what changes.
const CONTEXT: usize = 2;

/// What is to be written.
pub struct Asked<'a> {
    pub resource: &'a ResourceRef,
    pub drift_type: DriftType,
    pub changes: &'a [Change],
    /// What the state says of the resource.
    pub declared: Option<&'a Masked>,
}

/// An edit of one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Patch {
    pub file: PathBuf,
    /// `net/main.tf`, from the configuration's directory on.
    pub shown: String,
    before: String,
    after: String,
    /// Paths of the changes that the edit writes.
    pub written: Vec<PropertyPath>,
    /// Those that it does not.
    pub left: Vec<NotWritten>,
    /// What whoever makes the edit should know; sentences.
    pub notes: Vec<String>,
}

/// A change that is not written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotWritten {
    pub path: PropertyPath,
    /// With where to look.
    pub why: String,
}

impl Patch {
    /// Works the edit out. Reads files, writes none; may ask providers, as `kinds` says.
    ///
    /// # Errors
    /// A sentence that says why there is no edit.
    pub fn plan(asked: &Asked<'_>, spot: &Spot, kinds: &Kinds) -> Result<Self, String> {
        if asked.drift_type == DriftType::Moved {
            return moved::plan(asked, spot);
        }
        let shown = spot.shown();
        let file = shown.rsplit_once(':').map_or(shown.as_str(), |(file, _)| file).to_owned();
        let before = read(&spot.file).map_err(|why| format!("{file}: {why}"))?;
        let mut patch = Self {
            file: spot.file.clone(),
            shown: file,
            after: before.clone(),
            before,
            written: vec![],
            left: vec![],
            notes: vec![],
        };
        let labels = labels_of(asked.resource.resource_id.raw()).ok_or("its name is none of Terraform's")?;
        let body = parse(&patch.before).map_err(|why| format!("{}: {why}", patch.shown))?;
        let block = find(&body, &labels).ok_or_else(|| format!("{} has its block no more", patch.shown))?;
        if let Some(why) = several(block) {
            return Err(format!("{}: {why}", spot.shown()));
        }
        if asked.resource.resource_id.raw().starts_with("module.") {
            patch.notes.push("its block stands in a module: every use of the module gets the edit".into());
        }
        match asked.drift_type {
            DriftType::Modified => {
                let place = Place { inside: kinds.of(&spot.root, &labels[0]), labels: &labels };
                asked.changes.iter().for_each(|change| patch.change(asked, &place, change));
            }
            DriftType::Deleted => patch.without(block)?,
            DriftType::Added | DriftType::Moved => return Err("there is no edit for this kind of drift".into()),
        }
        patch.point(&spot.file);
        parse(&patch.after)
            .map_err(|why| format!("{}: the edit would leave a file that cannot be read: {why}", patch.shown))?;
        Ok(patch)
    }

    pub fn is_empty(&self) -> bool {
        self.before == self.after
    }

    /// As `diff -u` shows it, without secrets that are known or look like one; raw text in it is tainted.
    pub fn diff(&self, redactor: &Redactor) -> Tainted {
        let (before, after) = (self.before.replace("\r\n", "\n"), self.after.replace("\r\n", "\n"));
        let diff = TextDiff::from_lines(&before, &after);
        let (a, b) = (format!("a/{}", self.shown), format!("b/{}", self.shown));
        let text = diff.unified_diff().context_radius(CONTEXT).header(&a, &b).to_string();
        redactor.mask_text(&text)
    }

    fn change(&mut self, asked: &Asked<'_>, place: &Place<'_>, change: &Change) {
        let edited = self.edited(&self.before, asked, place, change).and_then(|_| {
            // Positions are those of the text with what was written so far.
            self.edited(&self.after, asked, place, change)
        });
        match edited {
            Ok(after) => {
                self.say_deprecated(place, change);
                self.after = after;
                self.written.push(change.path.clone());
            }
            Err(refusal) => self.left.push(NotWritten { path: change.path.clone(), why: self.told(&refusal) }),
        }
    }

    /// Whoever writes something new that is on its way out should know.
    fn say_deprecated(&mut self, place: &Place<'_>, change: &Change) {
        let (steps, _) = parse_path(change.path.raw());
        let Some(Step::Key(name)) = steps.first() else { return };
        let (kind, body) = (&place.labels[0], parse(&self.before));
        let has_it = |block: &Block| block.body.has_attribute(name) || block.body.has_blocks(name);
        if body.is_ok_and(|body| find(&body, place.labels).is_some_and(has_it)) {
            return;
        }
        let note = match pack::instead(kind, name) {
            Some(other) => format!(
                "`{name}` of {kind} is deprecated: in newer versions of the provider a resource {other} says it"
            ),
            None if place.inside.is_deprecated(name) => format!("the provider calls `{name}` of {kind} deprecated"),
            None => return,
        };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn told(&self, refusal: &Refusal) -> String {
        let place = refusal.line.map(|line| format!(" ({}:{line})", self.shown)).unwrap_or_default();
        let name = refusal.name.as_ref().map(|name| format!(" [{name}]")).unwrap_or_default();
        format!("{}{place}{name}", refusal.why)
    }

    /// The text with one change made, read again.
    fn edited(&self, text: &str, asked: &Asked<'_>, place: &Place<'_>, change: &Change) -> Result<String, Refusal> {
        let (labels, inside) = (place.labels, place.inside.clone());
        let (steps, is_whole) = parse_path(change.path.raw());
        let wanted = match change.change_type {
            ChangeType::Removed => None,
            _ => change.actual.as_ref().map(Masked::value).filter(|value| !value.is_null()),
        };
        if !is_whole {
            return Err(Refusal::new("its path is too long to be found"));
        }
        if wanted.is_some_and(has_secret) || change.path.raw().contains("«secret #") {
            return Err(Refusal::new("it is a secret: no code should say it; keep it where secrets are kept"));
        }
        let body = parse(text).map_err(Refusal::new)?;
        let block = find(&body, labels).ok_or_else(|| Refusal::new("its block is not there any more"))?;
        if let Some(Step::Key(name)) = steps.first()
            && let Some(why) = pack::forbids(&labels[0], name, &block.body)
        {
            return Err(Refusal::new(why));
        }
        let adds = change.change_type == ChangeType::Added;
        let splices = Editor { text, adds, json: false, inside }.body(
            block,
            &steps,
            wanted,
            asked.declared.map(Masked::value),
        )?;
        let after = spliced(text, splices);
        let is_right = parse(&after).is_ok_and(|again| find(&again, labels).is_some());
        if is_right {
            Ok(after)
        } else {
            Err(Refusal::new("no edit of this code could be read again: write it by hand"))
        }
    }

    /// The block goes, with the blank line behind it.
    fn without(&mut self, block: &Block) -> Result<(), String> {
        let at = block.span().and_then(|span| whole_lines(&self.before, &span));
        let mut lines = at.ok_or("its block shares its lines: take it out by hand")?;
        let next = splice::line_end(&self.before, lines.end);
        if self.before[lines.end..next].trim().is_empty() {
            lines.end = next;
        }
        self.after = spliced(&self.before, vec![Splice::replace(lines, "")]);
        self.notes.push("whatever refers to it has to go, too: see that `terraform validate` finds nothing".into());
        Ok(())
    }

    /// Says of what is left where the names in it come from.
    fn point(&mut self, file: &Path) {
        for left in &mut self.left {
            let Some((why, name)) = left.why.strip_suffix(']').and_then(|why| why.rsplit_once(" [")) else { continue };
            let made = definition(file.parent().unwrap_or(Path::new(".")), name);
            left.why = match made {
                Some((file, line)) => {
                    let file = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    format!("{why}: {name} stands at {file}:{line}")
                }
                None => why.to_owned(),
            };
        }
    }
}

/// The block that is edited, and what is known of its inside.
struct Place<'a> {
    /// Type and name.
    labels: &'a [String; 2],
    inside: Inside<'a>,
}

fn read(file: &Path) -> Result<String, String> {
    let size = fs::metadata(file).map_err(|e| format!("cannot be read: {e}"))?.len();
    if size > FILE_MAX {
        return Err("the file is too large to be edited here".into());
    }
    fs::read_to_string(file).map_err(|e| format!("cannot be read: {e}"))
}

fn parse(text: &str) -> Result<Body, String> {
    hcl_edit::parser::parse_body(text).map_err(|error| {
        let at = error.location();
        format!("line {}, column {}: {}", at.line(), at.column(), error.message())
    })
}

/// Type and name of a managed resource.
fn labels_of(address: &str) -> Option<[String; 2]> {
    let plain = blocks::configured(address);
    let mut words = plain.rsplit('.');
    let (name, kind) = (words.next()?, words.next()?);
    Some([kind.to_owned(), name.to_owned()])
}

fn find<'a>(body: &'a Body, labels: &[String; 2]) -> Option<&'a Block> {
    let is_it = |block: &&Block| block.labels.iter().map(|label| label.as_str()).eq(labels.iter().map(String::as_str));
    let mut found = body.get_blocks("resource").filter(is_it);
    let first = found.next();
    // Two of one name are no valid configuration.
    first.filter(|_| found.next().is_none())
}

/// Why an edit would change more than one resource.
fn several(block: &Block) -> Option<&'static str> {
    let once = |value: Option<Value>| value.is_some_and(|value| value == 1);
    if block.body.has_attribute("for_each") {
        return Some(
            "for_each makes several resources of this block, and an edit would change all of them: make the value depend on each.key",
        );
    }
    let count = block.body.get_attribute("count")?;
    (!once(literal::value(&count.value)))
        .then_some("count makes several resources of this block, and an edit would change all of them: make the value depend on count.index")
}

/// Whether anything in it was taken out.
fn has_secret(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("«secret #"),
        Value::Array(list) => list.iter().any(has_secret),
        Value::Object(map) => map.iter().any(|(name, value)| name.contains("«secret #") || has_secret(value)),
        _ => false,
    }
}

/// Where a variable or a local value of a module is made: file and line.
fn definition(directory: &Path, name: &str) -> Option<(PathBuf, usize)> {
    let (kind, name) = name.split_once('.')?;
    let mut files: Vec<PathBuf> = fs::read_dir(directory).ok()?.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "tf"));
    files.sort();
    files.into_iter().find_map(|file| {
        let text = read(&file).ok()?;
        let body = parse(&text).ok()?;
        let span = match kind {
            "var" => {
                let mut all = body.get_blocks("variable");
                all.find(|block| block.labels.first().is_some_and(|label| label.as_str() == name))?.span()
            }
            _ => body.get_blocks("locals").find_map(|block| block.body.get_attribute(name))?.span(),
        };
        Some((file, line_of(&text, span?.start)))
    })
}
