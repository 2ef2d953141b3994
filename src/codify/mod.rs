//! The smallest edit of Terraform code that makes it say what is live. Only what the code writes out is edited: where an
//! expression decides, that is pointed at. The edit is made by position, so that everything else stays byte for byte, and what came
//! out is read again before anybody sees it.

mod agree;
mod edit;
mod file;
mod follow;
mod fresh;
mod hidden;
mod holds;
mod insert;
mod kinds;
mod list;
mod literal;
mod modules;
mod moved;
mod pack;
mod rules;
mod said;
mod secrets;
mod sides;
mod source;
mod splice;
mod text;
mod together;
mod uses;
mod whole;
mod write;

#[cfg(test)]
mod tests;

use std::path::Path;

use hcl_edit::Span;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body};
use serde_json::Value;
use similar::TextDiff;

use crate::declared::blocks;
use crate::drift::path::{Step, parse as parse_path};
use crate::drift::{Change, ChangeType, DriftType, PropertyPath, ResourceRef};
use crate::recommend::Spot;
use crate::safety::{Masked, Redactor, Tainted};
use edit::{Editor, Refusal, Wanted};
pub use file::Edited;
use file::{is_downloaded, parse};
use kinds::Inside;
pub use kinds::Kinds;
use modules::Modules;
use secrets::{MARK, SECRET, has_secret, without_secrets};
use splice::{Splice, spliced, whole_lines};
pub use write::{WriteError, write};

/// Lines around what changes; none in a file of values, where each line may be a secret.
const CONTEXT: usize = 2;
const DOWNLOADED: &str = "its block stands in a module that was downloaded, where no edit lasts: change the module, or take another version of it";

/// Tells the paths at which two sides differ.
pub type Compare<'a> = &'a dyn Fn(&Value, &Value) -> Vec<String>;

/// What is to be written.
pub struct Asked<'a> {
    pub resource: &'a ResourceRef,
    pub drift_type: DriftType,
    pub changes: &'a [Change],
    /// What the state says of the resource.
    pub declared: Option<&'a Masked>,
    /// What is live: an edit is read again, and has to say this.
    pub live: Option<&'a Masked>,
    /// The paths that differ, as the comparer tells them.
    pub compare: Option<Compare<'a>>,
}

/// An edit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Patch {
    /// The file of the resource's block.
    own: Edited,
    /// Files where something stands that its block only names.
    others: Vec<Edited>,
    /// Paths of the changes that the edit writes.
    pub written: Vec<PropertyPath>,
    /// Those that it does not.
    pub left: Vec<NotWritten>,
    /// What whoever makes the edit should know; sentences.
    pub notes: Vec<String>,
    /// What the state would say with what is written so far: elements are found by it.
    now: Option<Value>,
    /// Where names were followed to.
    followed: Vec<follow::Followed>,
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
            return moved::plan(asked, spot, kinds);
        }
        let modules = Modules::to(&spot.root, asked.resource.resource_id.raw(), &spot.file, &kinds.looked)?;
        let mut patch = Self::of(Edited::open(&spot.root, &spot.file)?);
        patch.now = asked.declared.map(|state| state.value().clone());
        let labels = labels_of(asked.resource.resource_id.raw()).ok_or("its name is none of Terraform's")?;
        let body = parse(&patch.own.before).map_err(|why| format!("{}: {why}", patch.own.shown))?;
        let block = find(&body, &labels).ok_or_else(|| format!("{} has its block no more", patch.own.shown))?;
        if let Some(why) = several(block) {
            return Err(format!("{}: {why}", spot.shown()));
        }
        let directory = spot.file.parent().unwrap_or(Path::new("."));
        uses::stands_once(&kinds.code_of(directory), &spot.root, &spot.file, &labels)?;
        match asked.drift_type {
            DriftType::Modified => {
                let inside = kinds.of(&spot.root, &labels[0]);
                let place = Place { root: &spot.root, inside, labels: &labels, modules: &modules };
                for group in together::groups(&labels[0], asked.changes) {
                    patch.together(asked, &place, &group);
                }
            }
            DriftType::Deleted if is_downloaded(&spot.file) => return Err(format!("{}: {DOWNLOADED}", spot.shown())),
            DriftType::Deleted => {
                modules.once(directory).map_err(|refusal| format!("{}: {}", spot.shown(), refusal.why))?;
                patch.without(block)?;
            }
            DriftType::Added | DriftType::Moved => return Err("there is no edit for this kind of drift".into()),
        }
        let is_outside =
            |one: &Edited| one.file.parent().is_none_or(|own| blocks::tidy(own) != blocks::tidy(&spot.root));
        if patch.files().any(is_outside) {
            patch.notes.insert(0, "it stands in a module: every use of the module gets the edit".into());
        }
        if let Some(note) = modules::workspaces(&spot.root).filter(|_| !patch.is_empty()) {
            patch.notes.push(note);
        }
        for one in patch.files() {
            parse(&one.after)
                .map_err(|why| format!("{}: the edit would leave a file that cannot be read: {why}", one.shown))?;
        }
        Ok(patch)
    }

    /// One that edits nothing yet.
    fn of(own: Edited) -> Self {
        Self { own, others: vec![], written: vec![], left: vec![], notes: vec![], now: None, followed: vec![] }
    }

    /// What it edits.
    pub fn files(&self) -> impl Iterator<Item = &Edited> {
        std::iter::once(&self.own).chain(&self.others).filter(|one| one.is_changed())
    }

    /// The names of the files it edits, else that of the resource's file; from the configuration's directory on.
    pub fn shown(&self) -> String {
        let names: Vec<&str> = self.files().map(|one| one.shown.as_str()).collect();
        if names.is_empty() { self.own.shown.clone() } else { names.join(", ") }
    }

    pub fn is_empty(&self) -> bool {
        self.files().next().is_none()
    }

    /// As `diff -u` shows it, without secrets that are known or look like one; raw text in it is tainted.
    pub fn diff(&self, redactor: &Redactor) -> Tainted {
        let of = |one: &Edited| {
            let shown = |text: &str| hidden::hidden(&one.file, text).replace("\r\n", "\n");
            let (before, after) = (shown(&one.before), shown(&one.after));
            let context = if one.file.extension().is_some_and(|end| end == "tf") { CONTEXT } else { 0 };
            let diff = TextDiff::from_lines(&before, &after);
            let (a, b) = (format!("a/{}", one.shown), format!("b/{}", one.shown));
            diff.unified_diff().context_radius(context).header(&a, &b).to_string()
        };
        redactor.mask_text(&self.files().map(of).collect::<String>())
    }

    fn change(&mut self, asked: &Asked<'_>, place: &Place<'_>, change: &Change) {
        let change = &self.as_live(asked, change);
        let declared = asked.declared.map(Masked::value);
        let first = match self.own.is_changed() {
            true => self.edited(&self.own.before, (asked, declared), place, change).map(drop),
            false => Ok(()),
        };
        let edited = first.and_then(|()| {
            // Positions are those of the text with what was written so far.
            let after = self.edited(&self.own.after, (asked, self.now.as_ref()), place, change)?;
            place.modules.once(self.own.file.parent().unwrap_or(Path::new("."))).map(|()| after)
        });
        let why = match edited {
            Ok(_) if is_downloaded(&self.own.file) => self.told(&Refusal::new(DOWNLOADED)),
            Ok(after) => {
                self.say_deprecated(place, change);
                self.own.after = after;
                return self.done(change);
            }
            Err(mut refusal) => match refusal.link.take() {
                None => self.told(&refusal),
                Some(link) => match self.follow(asked, place, change, *link) {
                    Ok(()) => return self.done(change),
                    Err(other) => format!("{}; {}", self.told(&refusal), self.told(&other)),
                },
            },
        };
        self.left.push(NotWritten { path: change.path.clone(), why });
    }

    fn done(&mut self, change: &Change) {
        if let Some(now) = &mut self.now {
            // Where its place is not found nothing else is found by it either.
            let _ = sides::make(now, change);
        }
        self.written.push(change.path.clone());
    }

    /// The comparer tells parts of policies in small letters: as they are spelt live.
    fn as_live(&self, asked: &Asked<'_>, change: &Change) -> Change {
        let mut change = change.clone();
        let steps = parse_path(change.path.raw()).0;
        let Some(Step::Key(name)) = steps.first().filter(|_| pack::is_in_policy(&steps)) else { return change };
        let live = asked.live.and_then(|live| live.value().get(name));
        // A whole statement by its place, which is one of the live list.
        let is_whole = change.change_type == ChangeType::Added && !matches!(steps.last(), Some(Step::Key(_)));
        let there = asked.live.filter(|_| is_whole).and_then(|live| sides::at(live.value(), &steps));
        let spelt = change.actual.as_ref().zip(live).and_then(|(one, live)| {
            there.filter(|there| sides::is_folded(one.value(), there)).or_else(|| sides::spelt(one.value(), live))
        });
        if let Some(spelt) = spelt {
            change.actual = Some(Masked::trusted(spelt));
        }
        change
    }

    /// Whoever writes something new that is on its way out should know.
    fn say_deprecated(&mut self, place: &Place<'_>, change: &Change) {
        let (steps, _) = parse_path(change.path.raw());
        let Some(Step::Key(name)) = steps.first() else { return };
        let (kind, body) = (&place.labels[0], parse(&self.own.before));
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

    /// With its place, and where the name that decides comes from.
    fn told(&self, refusal: &Refusal) -> String {
        let file = refusal.file.as_ref().unwrap_or(&self.own.shown);
        let place = refusal.line.map(|line| format!(" ({file}:{line})")).unwrap_or_default();
        let directory = self.own.file.parent().unwrap_or(Path::new("."));
        let made = refusal.name.as_ref().and_then(|name| Some((name, follow::definition(directory, name)?)));
        let stands = made.map(|(name, (file, line))| {
            format!(": {name} stands at {}:{line}", file.file_name().unwrap_or_default().to_string_lossy())
        });
        format!("{}{place}{}", refusal.why, stands.unwrap_or_default())
    }

    /// The text with one change made, read again.
    fn edited(
        &self,
        text: &str,
        (asked, state): (&Asked<'_>, Option<&Value>),
        place: &Place<'_>,
        change: &Change,
    ) -> Result<String, Refusal> {
        let (labels, inside) = (place.labels, place.inside.clone());
        let (steps, is_whole) = parse_path(change.path.raw());
        let wanted = wanted_of(change);
        if !is_whole {
            return Err(Refusal::new("its path is too long to be found"));
        }
        if wanted.is_some_and(has_secret) || change.path.raw().contains(MARK) {
            return Err(Refusal::new(SECRET));
        }
        let body = parse(text).map_err(Refusal::new)?;
        let block = find(&body, labels).ok_or_else(|| Refusal::new("its block is not there any more"))?;
        if let Some(Step::Key(name)) = steps.first()
            && let Some(why) = pack::forbids(&labels[0], name, &block.body).or_else(|| {
                let all = asked.live.and_then(|live| live.value().as_object());
                let is_new = steps.len() == 1 && wanted.is_some() && !block.body.has_attribute(name);
                (is_new && pack::comes_along(name, all?))
                    .then(|| "the provider gives it out beside what else is said".to_owned())
            })
        {
            return Err(Refusal::new(why));
        }
        let adds = change.change_type == ChangeType::Added;
        let splices = Editor { text, adds, json: false, inside }.body(block, &steps, wanted, state)?;
        let after = spliced(text, without_secrets(splices)?);
        let is_right = parse(&after).is_ok_and(|again| find(&again, labels).is_some());
        if is_right {
            Ok(after)
        } else {
            Err(Refusal::new("no edit of this code could be read again: write it by hand"))
        }
    }

    /// The block goes, with the blank line behind it.
    fn without(&mut self, block: &Block) -> Result<(), String> {
        let at = block.span().and_then(|span| whole_lines(&self.own.before, &span));
        let mut lines = at.ok_or("its block shares its lines: take it out by hand")?;
        let next = splice::line_end(&self.own.before, lines.end);
        if self.own.before[lines.end..next].trim().is_empty() {
            lines.end = next;
        }
        self.own.after = spliced(&self.own.before, vec![Splice::replace(lines, "")]);
        self.notes.push("whatever refers to it has to go, too: see that `terraform validate` finds nothing".into());
        Ok(())
    }
}

/// The block that is edited, and what is known of its inside.
struct Place<'a> {
    /// The configuration's directory.
    root: &'a Path,
    /// Type and name.
    labels: &'a [String; 2],
    inside: Inside<'a>,
    /// On the way to it.
    modules: &'a Modules<'a>,
}

/// What the property is to be.
fn wanted_of(change: &Change) -> Wanted<'_> {
    match change.change_type {
        ChangeType::Removed => None,
        _ => change.actual.as_ref().map(Masked::value).filter(|value| !value.is_null()),
    }
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
    if block.body.has_attribute("for_each") {
        return Some(
            "for_each makes several resources of this block, and an edit would change all of them: make the value depend on each.key",
        );
    }
    let count = block.body.get_attribute("count")?;
    (!is_one_at_most(&count.value))
        .then_some("count makes several resources of this block, and an edit would change all of them: make the value depend on count.index")
}

/// `1`, or `var.create ? 1 : 0`.
fn is_one_at_most(count: &Expression) -> bool {
    match count {
        Expression::Conditional(either) => is_one_at_most(&either.true_expr) && is_one_at_most(&either.false_expr),
        Expression::Parenthesis(inner) => is_one_at_most(inner.inner()),
        _ => literal::value(count).is_some_and(|value| value == 1 || value == 0),
    }
}
