//! Where a value comes from that the block only names: a local value, a variable's default or its file of values, or the argument of a
//! module's call. It is followed while nothing else uses the name, and edited where what stands there is what the state says.

use std::path::{Path, PathBuf};

use hcl_edit::Span;
use hcl_edit::expr::{Expression, TraversalOperator};
use hcl_edit::structure::{Block, Body};
use serde_json::Value;

use super::edit::{Editor, Refusal};
use super::file::{Edited, is_downloaded, parse, read, shown};
use super::splice::{line_of, spliced};
use super::{Asked, Patch, Place, literal, several, wanted_of};
use crate::declared::blocks::{self, Call, Looked};
use crate::drift::path::Step;
use crate::drift::{Change, ChangeType};
use crate::safety::Masked;

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

/// Where a name gets its value.
enum Source {
    Local(String),
    Default(String),
    /// In a file of values.
    Value(String),
    Argument {
        module: String,
        name: String,
    },
}

impl Source {
    fn expression<'a>(&self, body: &'a Body) -> Option<&'a Expression> {
        let attribute = match self {
            Self::Local(name) => body.get_blocks("locals").find_map(|block| block.body.get_attribute(name)),
            Self::Default(name) => labelled(body, "variable", name)?.body.get_attribute("default"),
            Self::Value(name) => body.get_attribute(name),
            Self::Argument { module, name } => labelled(body, "module", module)?.body.get_attribute(name),
        };
        attribute.map(|one| &one.value)
    }

    fn noted(&self) -> String {
        match self {
            Self::Local(name) => format!("it is the local value `{name}` that changes"),
            Self::Default(name) => {
                format!("it is the default of variable `{name}` that changes: where another value is given, that holds")
            }
            Self::Value(name) => format!("it is the value of variable `{name}` that changes"),
            Self::Argument { module, name } => format!("it is the argument `{name}` of module {module} that changes"),
        }
    }
}

fn labelled<'a>(body: &'a Body, kind: &'static str, label: &str) -> Option<&'a Block> {
    body.get_blocks(kind).find(|block| block.labels.first().is_some_and(|one| one.as_str() == label))
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
        let calls = Looked::default().calls(place.root, asked.resource.resource_id.raw()).unwrap_or_default();
        let mut way = Way { root: place.root, directory, calls };
        let mut link = link;
        for _ in 0..STEPS {
            self.only_use(&way, &link)?;
            let (source, directory) = way.source(&link)?;
            match self.at(&way, &directory, &source, &link, place, change) {
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
        let more = uses.len().saturating_sub(TOLD);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let shown = uses.into_iter().take(TOLD).collect::<Vec<_>>().join(", ");
        Err(Refusal::new(format!("{} is used by more than this: {shown}{more}", link.text())))
    }

    fn at(
        &mut self,
        way: &Way<'_>,
        directory: &Path,
        source: &Source,
        link: &Link,
        place: &Place<'_>,
        change: &Change,
    ) -> Result<(), Refusal> {
        let mut call = None;
        for file in files(directory, source) {
            let Ok(mut edited) = self.opened(way.root, &file) else { continue };
            let Ok(body) = parse(&edited.after) else { continue };
            if let Source::Argument { module, .. } = source {
                call = call.or_else(|| labelled(&body, "module", module).map(|_| file.clone()));
            }
            let Some(expression) = source.expression(&body) else { continue };
            let told = |refusal: Refusal| refusal.in_file(&edited.shown);
            is_called_once(source, &body, &edited.after).map_err(told)?;
            says_the_same(expression, &edited.after, link, change).map_err(told)?;
            let editor = self.editor(&edited.after, place, change);
            let splices = editor.expression(expression, &link.steps, wanted_of(change)).map_err(told)?;
            lasts(&file).map_err(told)?;
            edited.after = read_again(spliced(&edited.after, splices))?;
            self.put(edited, source);
            return Ok(());
        }
        match (source, call) {
            (Source::Argument { module, name }, Some(file)) => {
                self.new_argument(way, &file, (module, name), link, place, change)
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
        place: &Place<'_>,
        change: &Change,
    ) -> Result<(), Refusal> {
        let source = Source::Argument { module: module.to_owned(), name: name.to_owned() };
        let (default, inside) = (Source::Default(name.to_owned()), way.directory.clone());
        let holds = blocks::files(&inside, 0).iter().any(|file| {
            let Ok(text) = read(file) else { return false };
            let Ok(body) = parse(&text) else { return false };
            default.expression(&body).is_some_and(|one| says_the_same(one, &text, link, change).is_ok())
        });
        let mut edited = self.opened(way.root, file).map_err(Refusal::new)?;
        let body = parse(&edited.after).map_err(Refusal::new)?;
        let told = |refusal: Refusal| refusal.in_file(&edited.shown);
        is_called_once(&source, &body, &edited.after).and_then(|()| lasts(file)).map_err(told)?;
        let (Some(call), Some(value), true) =
            (labelled(&body, "module", module), wanted_of(change), link.steps.is_empty() && holds)
        else {
            let why = format!("the call of module {module} does not say {}", link.name);
            let at = labelled(&body, "module", module).and_then(Span::span);
            return Err(told(Refusal::new(why).at(&edited.after, at)));
        };
        let editor = self.editor(&edited.after, place, change);
        let splices = editor.attribute_into(call, name, &editor.written(value)).map_err(told)?;
        edited.after = read_again(spliced(&edited.after, splices))?;
        self.put(edited, &source);
        Ok(())
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

/// Lines of a directory's code that name it, as `main.tf:3`.
pub(super) fn uses(root: &Path, directory: &Path, name: &str) -> Vec<String> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let is_it = |line: &str, at: usize| {
        !line[..at].ends_with(is_word) && !line[at + name.len()..].starts_with(|c| is_word(c) && c != '.')
    };
    let lines = blocks::files(directory, 0).into_iter().flat_map(|file| {
        let (text, shown) = (read(&file).unwrap_or_default(), shown(root, &file));
        let count = |line: &str| line.match_indices(name).filter(|(at, _)| is_it(line, *at)).count();
        let found: Vec<String> =
            (1..).zip(text.lines()).flat_map(|(at, line)| vec![format!("{shown}:{at}"); count(line)]).collect();
        found
    });
    lines.collect()
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

/// What stands there has to be what the state says: else something else decides.
fn says_the_same(expression: &Expression, text: &str, link: &Link, change: &Change) -> Result<(), Refusal> {
    let below = |value: Value| {
        link.steps.iter().try_fold(value, |value, step| match step {
            Step::Key(name) => value.get(name).cloned(),
            _ => None,
        })
    };
    let Some(stands) = literal::value(expression).and_then(below) else { return Ok(()) };
    let is_same = change.declared.as_ref().map(Masked::value).is_some_and(|declared| {
        stands == *declared || literal::text(&stands).is_some_and(|text| literal::text(declared) == Some(text))
    });
    if is_same {
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
