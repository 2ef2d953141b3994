//! Keys by action. Keymaps are data (`keymaps/*.toml`): they inherit, a file of the user's own merges over the chosen one,
//! and what is wrong in it is reported with file, line and column while the rest works.

mod file;
mod key;

use std::fmt;
use std::path::Path;

pub use key::{KeyError, KeyPress};

use super::widgets::source::{Source, did_you_mean, quoted};
use file::Entry;

/// The built-in keymaps; the first is the default.
pub const NAMES: [&str; 4] = ["default", "vim", "emacs", "tmux"];

const FILES: [&str; NAMES.len()] = [
    include_str!("../../../keymaps/default.toml"),
    include_str!("../../../keymaps/vim.toml"),
    include_str!("../../../keymaps/emacs.toml"),
    include_str!("../../../keymaps/tmux.toml"),
];

/// Where keys can be bound. `drift` holds what concerns the selected drift in the three panes that show one, `input` is a
/// text field, `overlay` a window over the panes, `rules` the list of ignore rules, `query` the query line, `views` the list of
/// views, `incident` incident mode, `resource` a resource and what was decided about it, `waiting` the decisions that wait for the
/// server, `models` the list of learned models.
pub const SCOPES: [&str; 16] = [
    "global",
    "environments",
    "drift",
    "timeline",
    "diff",
    "recommendations",
    "input",
    "overlay",
    "rules",
    "hidden",
    "query",
    "views",
    "incident",
    "resource",
    "waiting",
    "models",
];

/// How many files may inherit from each other in a row.
const MAX_INHERITANCE: usize = 8;

/// Keys pressed one after the other. Never empty.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Chord(Vec<KeyPress>);

impl Chord {
    /// The keys in order.
    pub fn keys(&self) -> &[KeyPress] {
        &self.0
    }

    /// Equal, or one begins with the other: without timeouts only one of the two can ever be reached.
    fn clashes_with(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a == b)
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, key) in self.0.iter().enumerate() {
            write!(f, "{}{key}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

/// What the keys pressed so far mean.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Match {
    /// Run it and forget the pending keys.
    Action(String),
    /// Keep the key as pending: a chord goes on.
    Prefix,
    /// Nothing; forget the pending keys.
    None,
}

/// Chords and their actions, by scope.
#[derive(Clone, Default, Debug)]
pub struct Keymap {
    entries: Vec<Entry>,
}

impl Keymap {
    /// What `key` after the `pending` ones means in `scope`, else in the scopes it [falls back](fallbacks) to. A key that
    /// types text never falls through a text field or an overlay to what lies below.
    pub fn lookup(&self, scope: &str, pending: &[KeyPress], key: KeyPress) -> Match {
        let typed = pending.first().unwrap_or(&key).typed().is_some();
        let within = ["input", "overlay", "rules", "hidden", "query", "views", "incident", "resource", "models"];
        let stays = typed && within.contains(&scope);
        let below = fallbacks(scope).iter().filter(|below| !stays || **below == "overlay").copied();
        let mut found = std::iter::once(scope).chain(below).map(|s| self.lookup_in(s, pending, key));
        found.find(|m| *m != Match::None).unwrap_or(Match::None)
    }

    fn lookup_in(&self, scope: &str, pending: &[KeyPress], key: KeyPress) -> Match {
        let pressed = pending.len() + 1;
        let fits = |chord: &Chord| chord.0.get(..pressed).is_some_and(|keys| keys == [pending, &[key]].concat());
        match self.entries.iter().find(|e| e.scope == scope && fits(&e.chord)) {
            Some(entry) if entry.chord.0.len() == pressed => Match::Action(entry.action.clone()),
            Some(_) => Match::Prefix,
            None => Match::None,
        }
    }

    /// The chords that run an action in `scope`, as people read them; nearest scope first.
    pub fn keys_for(&self, scope: &str, action: &str) -> Vec<String> {
        let works = |e: &&Entry| {
            let found = e.chord.0.split_last().map(|(last, before)| self.lookup(scope, before, *last));
            found == Some(Match::Action(action.to_owned()))
        };
        let scopes = std::iter::once(scope).chain(fallbacks(scope).iter().copied());
        let bound = scopes.flat_map(|s| self.entries.iter().filter(move |e| e.scope == s && e.action == action));
        bound.filter(works).map(|e| e.chord.to_string()).collect()
    }

    /// How a chord that begins with the `pending` keys goes on in `scope`: the keys that are left, and what they do.
    pub fn continuations(&self, scope: &str, pending: &[KeyPress]) -> Vec<(String, String)> {
        let scopes = std::iter::once(scope).chain(fallbacks(scope).iter().copied());
        let entries = scopes.flat_map(|s| self.entries.iter().filter(move |e| e.scope == s));
        let mut ways: Vec<(String, String)> = vec![];
        for entry in entries.filter(|e| e.chord.0.len() > pending.len() && e.chord.0.starts_with(pending)) {
            let (last, before) = (&entry.chord.0[entry.chord.0.len() - 1], &entry.chord.0[..entry.chord.0.len() - 1]);
            let rest: Vec<String> = entry.chord.0[pending.len()..].iter().map(ToString::to_string).collect();
            // A nearer scope may mean something else by the same keys.
            if self.lookup(scope, before, *last) == Match::Action(entry.action.clone()) {
                ways.push((rest.join(" "), entry.action.clone()));
            }
        }
        ways
    }

    /// Scope, chord and action of every binding, in the order of the files.
    pub fn bindings(&self) -> impl Iterator<Item = (&'static str, &Chord, &str)> {
        self.entries.iter().map(|e| (e.scope, &e.chord, e.action.as_str()))
    }

    /// Lays `entries` over what is there: the same chord is replaced, a clashing one goes, an empty action unbinds.
    fn merge(&mut self, entries: Vec<Entry>, problems: &mut Vec<String>) {
        let unbound: Vec<(&'static str, Chord)> = entries.iter().map(|e| (e.scope, e.chord.clone())).collect();
        self.entries.retain(|e| !unbound.iter().any(|(scope, chord)| *scope == e.scope && *chord == e.chord));
        for entry in entries.into_iter().filter(|e| !e.action.is_empty()) {
            self.entries.retain(|old| {
                let clash = old.scope == entry.scope && old.chord.clashes_with(&entry.chord);
                if clash {
                    problems.push(format!(
                        "{}: “{}” ({}) takes the place of “{}” ({}) at {}: they begin with the same keys; \
                         to say that it is meant, add \"{}\" = \"\"",
                        entry.at, entry.chord, entry.action, old.chord, old.action, old.at, old.chord
                    ));
                }
                !clash
            });
            self.entries.push(entry);
        }
    }
}

/// Where a key is looked for after `scope` itself.
fn fallbacks(scope: &str) -> &'static [&'static str] {
    match scope {
        "timeline" | "diff" | "recommendations" => &["drift", "global"],
        "rules" | "hidden" | "views" | "incident" | "resource" | "waiting" | "models" => &["overlay", "global"],
        "query" => &["input", "global"],
        "global" => &[],
        _ => &["global"],
    }
}

/// A built-in keymap.
pub fn builtin(name: &str) -> Option<Keymap> {
    NAMES.contains(&name).then(|| load(name, None, &[]).0)
}

/// The built-in keymap `name`, with the user's own file merged over it. A file that says `inherits` merges over that one
/// instead. `known`: pairs of scope and action, the names that may be bound. Returns what was wrong, each with file, line
/// and column; what is wrong is left out.
pub fn load(name: &str, user_file: Option<&Path>, known: &[(&str, &str)]) -> (Keymap, Vec<String>) {
    let mut problems = Vec::new();
    let user = user_file.and_then(|path| user_entries(path, known, &mut problems));
    let base = user.as_ref().and_then(|file| file.inherits.as_deref()).unwrap_or(name);
    let mut layers = built_in_layers(base, &mut problems);
    layers.extend(user.map(|file| file.entries));
    let mut keymap = Keymap::default();
    for entries in layers {
        keymap.merge(entries, &mut problems);
    }
    (keymap, problems)
}

/// The entries of a built-in keymap and of all it inherits from, furthest first.
fn built_in_layers(name: &str, problems: &mut Vec<String>) -> Vec<Vec<Entry>> {
    let mut layers = Vec::new();
    let mut next = Some(name.to_owned());
    while let Some(name) = next.filter(|_| layers.len() < MAX_INHERITANCE) {
        let index = NAMES.iter().position(|n| *n == name).unwrap_or_else(|| {
            let hint = did_you_mean(&name, &NAMES);
            problems.push(format!("no keymap {}{hint}; there are {}", quoted(&name), NAMES.join(", ")));
            0
        });
        let label = format!("built-in keymap {}", NAMES[index]);
        let file = file::parse(&Source { name: &label, text: FILES[index] }, None, problems);
        next = file.inherits;
        layers.insert(0, file.entries);
    }
    layers
}

fn user_entries(path: &Path, known: &[(&str, &str)], problems: &mut Vec<String>) -> Option<file::KeymapFile> {
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => Some(file::parse(&Source { name: &name, text: &text }, Some(known), problems)),
        Err(error) => {
            let name = crate::safety::sanitise::line(&name);
            problems.push(format!("{name}: cannot be read ({error}); make it a readable UTF-8 file"));
            None
        }
    }
}

#[cfg(test)]
mod tests;
