//! A keymap file:
//!
//! ```toml
//! inherits = "default"      # optional
//! [global]
//! "ctrl-p" = "palette"
//! "f5" = ""                 # unbinds
//! [timeline]
//! "g g" = "top"             # one key after the other, however long that takes
//! ```

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Chord, KeyPress, SCOPES};
use crate::tui::widgets::source::{Source, did_you_mean, quoted};

/// One line of a file: `action` is empty where it unbinds.
#[derive(Clone, Debug)]
pub struct Entry {
    pub scope: &'static str,
    pub chord: Chord,
    pub action: String,
    /// `file:line:column` of the chord.
    pub at: String,
}

/// What a file says, with the base it names.
#[derive(Default)]
pub struct KeymapFile {
    pub inherits: Option<String>,
    pub entries: Vec<Entry>,
}

/// Reads a file. A line that is wrong is reported and left out. `known`: scope and action pairs, of which only the actions
/// are looked at, for any action may be bound in any scope; `None` for the built-in files, which a test checks.
pub fn parse(source: &Source<'_>, known: Option<&[(&str, &str)]>, problems: &mut Vec<String>) -> KeymapFile {
    let (table, errors) = DeTable::parse_recoverable(source.text);
    for error in &errors {
        problems.push(source.problem(error.span().map_or(0, |s| s.start), &syntax(source, error)));
    }
    let mut file = KeymapFile::default();
    for (key, value) in table.get_ref() {
        let at = key.span().start;
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("inherits", DeValue::String(name)) => file.inherits = Some(name.to_string()),
            (name, DeValue::Table(lines)) => match SCOPES.iter().find(|s| **s == name) {
                Some(scope) => read_scope(source, scope, lines, known, &mut file.entries, problems),
                None => problems.push(source.problem(
                    at,
                    &format!(
                        "unknown scope {}{}; there are {}",
                        quoted(name),
                        did_you_mean(name, &SCOPES),
                        SCOPES.join(", ")
                    ),
                )),
            },
            (name, _) => problems.push(
                source.problem(at, &format!("{} stands in no scope; put it below a line like [global]", quoted(name))),
            ),
        }
    }
    file
}

/// A TOML error in words, with what stands there: a key twice is the one that people make.
fn syntax(source: &Source<'_>, error: &toml::de::Error) -> String {
    let text = error.span().and_then(|span| source.text.get(span)).unwrap_or_default();
    match error.message() {
        "duplicate key" => format!("{} is bound a second time in this scope; the first stays", quoted(text)),
        other if text.is_empty() => other.to_owned(),
        other => format!("{other} at {}", quoted(text)),
    }
}

fn read_scope(
    source: &Source<'_>,
    scope: &'static str,
    lines: &DeTable<'_>,
    known: Option<&[(&str, &str)]>,
    entries: &mut Vec<Entry>,
    problems: &mut Vec<String>,
) {
    let first = entries.len();
    for (key, value) in lines {
        match read_line(source, scope, key, value, known) {
            Ok(entry) => match conflict(&entries[first..], &entry) {
                None => entries.push(entry),
                Some(message) => problems.push(message),
            },
            Err(message) => problems.push(message),
        }
    }
}

fn read_line(
    source: &Source<'_>,
    scope: &'static str,
    key: &Spanned<std::borrow::Cow<'_, str>>,
    value: &Spanned<DeValue<'_>>,
    known: Option<&[(&str, &str)]>,
) -> Result<Entry, String> {
    let at = key.span().start;
    let keys: Result<Vec<KeyPress>, _> = key.get_ref().split_whitespace().map(str::parse).collect();
    let chord = keys.map_err(|error| source.problem(at, &error.to_string()))?;
    if chord.is_empty() {
        return Err(source.problem(at, "no key stands here; write “space” for the space bar"));
    }
    let Some(action) = value.get_ref().as_str() else {
        return Err(source.problem(value.span().start, "the name of an action stands in quotes; \"\" unbinds"));
    };
    let names: Option<Vec<&str>> = known.map(|pairs| pairs.iter().map(|(_, name)| *name).collect());
    if let Some(names) = names.filter(|names| !action.is_empty() && !names.contains(&action)) {
        let hint = did_you_mean(action, &names);
        return Err(source.problem(value.span().start, &format!("unknown action {}{hint}", quoted(action))));
    }
    Ok(Entry { scope, chord: Chord(chord), action: action.to_owned(), at: source.at(at) })
}

/// Why `entry` cannot stand beside what the same scope of the same file already has.
fn conflict(earlier: &[Entry], entry: &Entry) -> Option<String> {
    let other = earlier.iter().find(|e| e.chord.clashes_with(&entry.chord) && bound(e, entry))?;
    Some(if other.chord == entry.chord {
        format!(
            "{}: “{}” is bound a second time in [{}]; the first stays: {}",
            entry.at, entry.chord, entry.scope, other.at
        )
    } else {
        format!(
            "{}: “{}” ({}) and “{}” ({}) at {} begin with the same keys; the second is left out",
            entry.at, entry.chord, entry.action, other.chord, other.action, other.at
        )
    })
}

/// An unbinding clashes with nothing but the same chord.
fn bound(a: &Entry, b: &Entry) -> bool {
    a.chord == b.chord || !(a.action.is_empty() || b.action.is_empty())
}
