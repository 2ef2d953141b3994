//! What could come next in the query line.

use std::ops::Range;

use super::parse::{quoted, tokens};
use super::terms::{Flag, Group, Key, Sort};

/// Names known to the screens; raw text, to be sanitised where it is shown.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    pub environments: Vec<String>,
    pub types: Vec<String>,
    pub actors: Vec<String>,
    pub owners: Vec<String>,
    pub modules: Vec<String>,
    /// `key=value`.
    pub tags: Vec<String>,
    pub paths: Vec<String>,
    /// Ids.
    pub incidents: Vec<String>,
}

/// One way to go on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    /// Bytes of the line that it takes the place of.
    pub replace: Range<usize>,
    pub text: String,
    /// A few words of our own; empty for names.
    pub help: &'static str,
}

const SEVERITIES: &[&str] = &["critical", ">=high", ">=medium", "high", "medium", "low"];
const CAUSES: &[&str] = &[
    "unknown",
    "emergency_fix",
    "manual_troubleshooting",
    "security_response",
    "configuration_error",
    "automated_response",
];
const LENGTHS: &[&str] = &["<15m", "<2h", "<1d", ">1d", ">1w"];
const WINDOWS: &[(&str, &str)] = &[
    ("@-15m", "the last quarter of an hour"),
    ("@-2h", "the last two hours"),
    ("@today", "since midnight"),
    ("@yesterday", "the day before"),
];

/// Ways to go on at byte `cursor` of `line`: keys for the beginning of a term, values after a colon. At most `limit`.
pub fn complete(line: &str, cursor: usize, known: &Vocabulary, limit: usize) -> Vec<Completion> {
    let cursor = (0..=cursor.min(line.len())).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
    let typed = &line[..cursor];
    let token = tokens(typed).pop().filter(|token| token.at.end == cursor);
    let (start, text) = token.as_ref().map_or((cursor, ""), |token| (token.at.start, &*token.text));
    let negated = usize::from(text.starts_with('-'));
    let end = cursor + line[cursor..].find(char::is_whitespace).unwrap_or(line.len() - cursor);
    if let Some((name, value)) = text[negated..].split_once(':') {
        let Some(key) = Key::named(name) else { return vec![] };
        // The value is what was typed after the last comma, for keys that take several.
        let part = if key.splits() { value.rsplit(',').next().unwrap_or(value) } else { value };
        let replace = cursor.saturating_sub(part.len()).max(start)..end;
        return values(key, part, known)
            .take(limit)
            .map(|(text, help)| Completion { replace: replace.clone(), text, help })
            .collect();
    }
    let begin = &text[negated..];
    let keys = Key::ALL.iter().filter(|(_, name, _)| name.starts_with(begin)).map(|(_, name, help)| Completion {
        replace: start + negated..end,
        text: format!("{name}:"),
        help,
    });
    let windows = WINDOWS.iter().filter(|(name, _)| negated == 0 && (begin.is_empty() || name.starts_with(begin)));
    let windows = windows.map(|(name, help)| Completion { replace: start..end, text: (*name).to_owned(), help });
    keys.chain(windows).take(limit).collect()
}

fn values<'a>(key: Key, part: &'a str, known: &'a Vocabulary) -> Box<dyn Iterator<Item = (String, &'static str)> + 'a> {
    fn table<'a, T: Copy + 'static>(
        all: &'static [(T, &'static str, &'static str)],
        part: &'a str,
    ) -> Box<dyn Iterator<Item = (String, &'static str)> + 'a> {
        Box::new(
            all.iter()
                .filter(move |(_, word, _)| word.starts_with(part))
                .map(|(_, word, help)| ((*word).to_owned(), *help)),
        )
    }
    fn words<'a>(all: &'static [&'static str], part: &'a str) -> Box<dyn Iterator<Item = (String, &'static str)> + 'a> {
        Box::new(all.iter().filter(move |word| word.starts_with(part)).map(|word| ((*word).to_owned(), "")))
    }
    let names = match key {
        Key::Is => return table(Flag::ALL, part),
        Key::Sort => return table(Sort::ALL, part),
        Key::Group => return table(Group::ALL, part),
        Key::Severity => return words(SEVERITIES, part),
        Key::Cause => return words(CAUSES, part),
        Key::Age | Key::Seen => return words(LENGTHS, part),
        Key::Env => &known.environments,
        Key::Type => &known.types,
        Key::Actor => &known.actors,
        Key::Owner => &known.owners,
        Key::Module => &known.modules,
        Key::Tag => &known.tags,
        Key::Path => &known.paths,
        Key::Incident => &known.incidents,
        Key::Id => return Box::new(std::iter::empty()),
    };
    let begin = part.to_lowercase();
    // Names that begin so before those that only contain it.
    let starts = names.iter().filter({
        let begin = begin.clone();
        move |name| name.to_lowercase().starts_with(&begin)
    });
    let holds = names.iter().filter(move |name| {
        let name = name.to_lowercase();
        !name.starts_with(&begin) && name.contains(&begin)
    });
    Box::new(starts.chain(holds).map(|name| (quoted(name), "")))
}
