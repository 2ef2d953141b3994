//! Where a value comes from that the block only names: a local value, a variable's default or its file of values, or the argument of a
//! module's call. It is followed while nothing else uses the name, and edited where what stands there is what the state says.

use std::path::{Path, PathBuf};

use hcl_edit::Span;
use hcl_edit::expr::{Expression, TraversalOperator};
use hcl_edit::structure::Body;

use super::edit::{Editor, Refusal};
use super::file::{Edited, is_downloaded, parse, read, shown};
use super::source::{Source, labelled};
use super::splice::{line_of, spliced};
use super::uses::{listed, uses};
use super::{Asked, Patch, Place, SECRET, hidden, holds, literal, several, sides, wanted_of, without_secrets};
use crate::declared::blocks::{self, Call};
use crate::drift::path::{Step, parse as parse_path};
use crate::drift::{Change, ChangeType};

/// Names behind names that are followed.
const STEPS: usize = 8;
/// Uses of a name that are told.
const TOLD: usize = 3;

/// `var.size`, and what is meant below its value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Link {
    is_variable: bool,
    name: String,
    steps: Vec<Step>,
}

impl Link {
    /// Of an expression that is nothing but a name.
    pub fn of(expression: &Expression, steps: &[Step]) -> Option<Self> {
        let Expression::Traversal(one) = expression else { return None };
        let kind = one.expr.as_variable()?.as_str();
        let [only] = one.operators.as_slice() else { return None };
        let TraversalOperator::GetAttr(name) = only.value() else { return None };
        let is_variable = match kind {
            "var" => true,
            "local" => false,
            _ => return None,
        };
        Some(Self { is_variable, name: name.as_str().to_owned(), steps: steps.to_vec() })
    }

    fn text(&self) -> String {
        format!("{}.{}", if self.is_variable { "var" } else { "local" }, self.name)
    }
}

/// A place that was edited in the stead of the resource's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Followed {
    /// The property that gets its value from there.
    pub name: String,
    pub file: PathBuf,
    pub source: Source,
    /// The path whose whole value it is.
    pub above: Vec<Step>,
}

/// The way back from the resource: the directory a name is in, and the calls that lead there.
struct Way<'a> {
    root: &'a Path,
    directory: PathBuf,
    calls: Vec<Call>,
}

impl Patch {
    /// Edits where the value comes from.
    ///
    /// # Errors
    /// Why not, with where to look.
    pub(super) fn follow(
        &mut self,
        asked: &Asked<'_>,
        place: &Place<'_>,
        change: &Change,
        link: Link,
    ) -> Result<(), Refusal> {
        let directory = self.own.file.parent().unwrap_or(Path::new(".")).to_owned();
        let mut way = Way { root: place.root, directory, calls: place.modules.calls.clone() };
        let mut link = link;
        for _ in 0..STEPS {
            self.only_use(&way, &link)?;
            let (source, directory) = way.source(&link)?;
            match self.at(&way, &directory, &source, &link, (asked, place, change)) {
                Ok(()) => return Ok(()),
                Err(Refusal { link: Some(next), .. }) => {
                    way.directory = directory;
                    if matches!(source, Source::Argument { .. }) {
                        way.calls.pop();
                    }
                    link = *next;
                }
                Err(refusal) => return Err(refusal),
            }
        }
        Err(Refusal::new("too many names stand behind each other"))
    }

    /// What else uses it would change with it.
    fn only_use(&self, way: &Way<'_>, link: &Link) -> Result<(), Refusal> {
        let uses = uses(way.root, &way.directory, &link.text());
        if uses.len() < 2 {
            return Ok(());
        }
        Err(Refusal::new(format!("{} is used by more than this: {}", link.text(), listed(&uses, TOLD))))
    }

    fn at(
        &mut self,
        way: &Way<'_>,
        directory: &Path,
        source: &Source,
        link: &Link,
        (asked, place, change): (&Asked<'_>, &Place<'_>, &Change),
    ) -> Result<(), Refusal> {
        let mut call = None;
        source.stands_once(way.root, directory)?;
        for file in files(directory, source) {
            let Ok(mut edited) = self.opened(way.root, &file) else { continue };
            let Ok(body) = parse(&edited.after) else { continue };
            if let Source::Argument { module, .. } = source {
                call = call.or_else(|| labelled(&body, "module", module).map(|_| file.clone()));
            }
            let Some(expression) = source.expression(&body) else { continue };
            let told = |refusal: Refusal| refusal.in_file(&edited.shown);
            is_called_once(source, &body, &edited.after).map_err(told)?;
            // As it was before this edit.
            let before = parse(&edited.before).map_err(Refusal::new)?;
            let was = source.expression(&before).ok_or_else(|| Refusal::new("it is edited twice: write it by hand"))?;
            says_the_same((source, was, &edited.before), link, asked, change).map_err(told)?;
            let at = expression.span();
            if hidden::places(&file, &body).into_iter().any(|hidden| Some(hidden) == at) {
                return Err(told(Refusal::new(SECRET).at(&edited.after, at)));
            }
            if file.is_symlink() {
                return Err(Refusal::new(format!("{} is a symbolic link: change what it leads to", edited.shown)));
            }
            let editor = self.editor(&edited.after, place, change);
            let above = above(link, change);
            let state = self.now.as_ref().zip(above.as_ref()).and_then(|(now, above)| sides::at(now, above));
            let splices =
                editor.expression(expression, &link.steps, wanted_of(change), state.as_ref()).map_err(told)?;
            lasts(&file).and_then(|()| place.modules.once(directory)).map_err(told)?;
            edited.after = read_again(spliced(&edited.after, without_secrets(splices)?))?;
            self.put(edited, source);
            self.note_followed(change, &file, source, link);
            return Ok(());
        }
        match (source, call) {
            (Source::Argument { module, name }, Some(file)) => {
                self.new_argument(way, &file, (module, name), link, (asked, place, change))
            }
            _ => Err(Refusal::new(format!("the value of {} is given from outside", link.text()))),
        }
    }

    /// The call is silent, so that the module's default holds.
    fn new_argument(
        &mut self,
        way: &Way<'_>,
        file: &Path,
        (module, name): (&str, &str),
        link: &Link,
        (asked, place, change): (&Asked<'_>, &Place<'_>, &Change),
    ) -> Result<(), Refusal> {
        let source = Source::Argument { module: module.to_owned(), name: name.to_owned() };
        let (default, inside) = (Source::Default(name.to_owned()), way.directory.clone());
        let holds = blocks::files(&inside, 0).iter().any(|file| {
            let Ok(text) = read(file) else { return false };
            let Ok(body) = parse(&text) else { return false };
            default
                .expression(&body)
                .is_some_and(|one| says_the_same((&default, one, &text), link, asked, change).is_ok())
        });
        if hidden::names(&inside).contains(name) {
            return Err(Refusal::new(SECRET));
        }
        let mut edited = self.opened(way.root, file).map_err(Refusal::new)?;
        let body = parse(&edited.after).map_err(Refusal::new)?;
        let told = |refusal: Refusal| refusal.in_file(&edited.shown);
        let caller = file.parent().unwrap_or(Path::new("."));
        let lasts = lasts(file).and_then(|()| place.modules.once(caller));
        is_called_once(&source, &body, &edited.after).and(lasts).map_err(told)?;
        let (Some(call), Some(value), true) =
            (labelled(&body, "module", module), wanted_of(change), link.steps.is_empty() && holds)
        else {
            let why = format!("the call of module {module} does not say {}", link.name);
            let at = labelled(&body, "module", module).and_then(Span::span);
            return Err(told(Refusal::new(why).at(&edited.after, at)));
        };
        let editor = self.editor(&edited.after, place, change);
        let splices = editor.attribute_into(call, name, &editor.written(value)).map_err(told)?;
        edited.after = read_again(spliced(&edited.after, without_secrets(splices)?))?;
        self.put(edited, &source);
        self.note_followed(change, file, &source, link);
        Ok(())
    }

    fn note_followed(&mut self, change: &Change, file: &Path, source: &Source, link: &Link) {
        if let (Some(above), Some(Step::Key(name))) = (above(link, change), parse_path(change.path.raw()).0.first()) {
            let one = Followed { name: name.clone(), file: file.to_owned(), source: source.clone(), above };
            if !self.followed.contains(&one) {
                self.followed.push(one);
            }
        }
    }

    fn editor<'a>(&self, text: &'a str, place: &'a Place<'_>, change: &Change) -> Editor<'a> {
        Editor { text, adds: change.change_type == ChangeType::Added, json: false, inside: place.inside.clone() }
    }

    /// With what was written into it so far.
    fn opened(&self, root: &Path, file: &Path) -> Result<Edited, String> {
        let known = std::iter::once(&self.own).chain(&self.others).find(|one| one.file == file);
        known.cloned().map_or_else(|| Edited::open(root, file), Ok)
    }

    fn put(&mut self, edited: Edited, source: &Source) {
        let note = format!("{}: {}", edited.shown, source.noted());
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
        let known = std::iter::once(&mut self.own).chain(&mut self.others).find(|one| one.file == edited.file);
        match known {
            Some(one) => *one = edited,
            None => self.others.push(edited),
        }
    }
}

impl Way<'_> {
    /// Of a name, and the directory it is in.
    fn source(&self, link: &Link) -> Result<(Source, PathBuf), Refusal> {
        let name = link.name.clone();
        if !link.is_variable {
            return Ok((Source::Local(name), self.directory.clone()));
        }
        if let Some(call) = self.calls.last() {
            return Ok((Source::Argument { module: call.name.clone(), name }, call.caller.clone()));
        }
        if self.directory != self.root {
            return Err(Refusal::new(format!("who calls the module of {} is not known", link.text())));
        }
        let source = if self.has_values(&name)? { Source::Value(name) } else { Source::Default(name) };
        Ok((source, self.directory.clone()))
    }

    /// Whether a file that Terraform reads by itself gives the variable its value.
    ///
    /// # Errors
    /// One that it reads when it is told to, or in JSON, does.
    fn has_values(&self, name: &str) -> Result<bool, Refusal> {
        let gives_it = |file: &PathBuf| {
            read(file).ok().and_then(|text| Some(parse(&text).ok()?.has_attribute(name))) == Some(true)
        };
        let (own, other): (Vec<PathBuf>, Vec<PathBuf>) =
            ending(self.root, ".tfvars").into_iter().partition(|file| is_read(file));
        let json = ending(self.root, ".tfvars.json");
        let quoted = format!("\"{name}\"");
        let names_it = |file: &&PathBuf| read(file).is_ok_and(|text| text.contains(&quoted));
        if let Some(file) = other.iter().find(|file| gives_it(file)).or_else(|| json.iter().find(names_it)) {
            let shown = shown(self.root, file);
            return Err(Refusal::new(format!("{shown} gives var.{name} a value: change it there")));
        }
        Ok(own.iter().any(gives_it))
    }
}

/// Documentation of Terraform, "Variable Definitions Files": read without being told to.
fn is_read(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name == "terraform.tfvars" || name.ends_with(".auto.tfvars")
}

fn ending(directory: &Path, end: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries.filter(|file| file.to_string_lossy().ends_with(end)).collect();
    // `terraform.tfvars` first: what comes later holds.
    files.sort_by_key(|file| (file.to_string_lossy().ends_with(".auto.tfvars"), file.clone()));
    files
}

/// Where it may stand; what holds comes first.
fn files(directory: &Path, source: &Source) -> Vec<PathBuf> {
    match source {
        Source::Value(_) => ending(directory, ".tfvars").into_iter().filter(|file| is_read(file)).rev().collect(),
        _ => blocks::files(directory, 0),
    }
}

/// A file of somebody else's is not edited.
fn lasts(file: &Path) -> Result<(), Refusal> {
    if is_downloaded(file) {
        return Err(Refusal::new("what decides stands in a module that was downloaded: no edit of it lasts"));
    }
    Ok(())
}

/// Nor what a call that makes several gives to all of them.
fn is_called_once(source: &Source, body: &Body, text: &str) -> Result<(), Refusal> {
    let Source::Argument { module, .. } = source else { return Ok(()) };
    let call = labelled(body, "module", module);
    match call.and_then(several) {
        Some(_) => {
            let why = format!("module {module} is called several times at once, and an edit would change all of them");
            Err(Refusal::new(why).at(text, call.and_then(Span::span)))
        }
        None => Ok(()),
    }
}

/// What a name stands for.
fn above(link: &Link, change: &Change) -> Option<Vec<Step>> {
    let (steps, is_whole) = parse_path(change.path.raw());
    steps.strip_suffix(link.steps.as_slice()).filter(|_| is_whole).map(<[Step]>::to_vec)
}

/// What stands there has to be what the state says of all of it: else something else decides.
fn says_the_same(
    (source, expression, text): (&Source, &Expression, &str),
    link: &Link,
    asked: &Asked<'_>,
    change: &Change,
) -> Result<(), Refusal> {
    if Link::of(expression, &[]).is_some() {
        return Ok(());
    }
    let said = asked.declared.zip(above(link, change)).and_then(|(state, above)| holds::at(state.value(), &above));
    let own = change.declared.as_ref().filter(|_| link.steps.is_empty()).map(|value| value.value().clone());
    let in_order = link.steps.iter().any(|step| matches!(step, Step::Index(_)));
    // What has to be worked out holds where nothing else can give the value.
    let is_written = literal::value(expression).is_some()
        || matches!(expression, Expression::Object(_) | Expression::Array(_))
        || matches!(source, Source::Local(_) | Source::Argument { .. });
    if is_written && own.or(said).is_some_and(|said| holds::agrees(expression, &said, in_order)) {
        return Ok(());
    }
    let why =
        format!("what stands here for {} is not what the state says: something else gives it its value", link.text());
    Err(Refusal::new(why).at(text, expression.span()))
}

fn read_again(text: String) -> Result<String, Refusal> {
    match parse(&text) {
        Ok(_) => Ok(text),
        Err(_) => Err(Refusal::new("no edit of this code could be read again: write it by hand")),
    }
}

/// Where a variable or a local value of a module is made: file and line.
pub(super) fn definition(directory: &Path, name: &str) -> Option<(PathBuf, usize)> {
    let (kind, name) = name.split_once('.')?;
    blocks::files(directory, 0).into_iter().find_map(|file| {
        let text = read(&file).ok()?;
        let body = parse(&text).ok()?;
        let span = match kind {
            "var" => labelled(&body, "variable", name)?.span(),
            _ => body.get_blocks("locals").find_map(|block| block.body.get_attribute(name))?.span(),
        };
        Some((file, line_of(&text, span?.start)))
    })
}
