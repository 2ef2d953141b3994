//! From text to terms.

use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::pattern::Pattern;
use super::terms::{Ask, Flag, Group, Key, Sort, Term, Than};
use super::window::{Window, length_of};
use super::{Query, QueryError};
use crate::drift::{Cause, SeverityClass};
use crate::safety::sanitise;

/// More than anybody types; a longer one was pasted by mistake.
pub(super) const MAX_BYTES: usize = 2000;

const CAUSES: [Cause; 6] = [
    Cause::EmergencyFix,
    Cause::ManualTroubleshooting,
    Cause::SecurityResponse,
    Cause::ConfigurationError,
    Cause::AutomatedResponse,
    Cause::Unknown,
];

/// A piece of the text between blanks, without its quotes.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Token {
    pub at: Range<usize>,
    pub text: String,
    /// Bytes of `text` before the first quote; a colon or sign beyond them is plain text.
    pub plain: usize,
    /// A quote that is not closed.
    pub open: bool,
}

/// Cuts the text at blanks that are not quoted. Within quotes `\"` and `\\` stand for themselves.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut token: Option<Token> = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let is_open = token.as_ref().is_some_and(|token| token.open);
        if c.is_whitespace() && !is_open {
            tokens.extend(token.take());
            continue;
        }
        let one =
            token.get_or_insert_with(|| Token { at: at..at, text: String::new(), plain: usize::MAX, open: false });
        one.at.end = at + c.len_utf8();
        match c {
            '"' => {
                one.open = !one.open;
                one.plain = one.plain.min(one.text.len());
            }
            '\\' if is_open && matches!(chars.peek(), Some((_, '"' | '\\'))) => {
                if let Some((at, next)) = chars.next() {
                    one.text.push(next);
                    one.at.end = at + next.len_utf8();
                }
            }
            _ => one.text.push(c),
        }
    }
    tokens.extend(token);
    tokens
}

/// In quotes when it would not read back without.
pub(super) fn quoted(text: &str) -> String {
    let plain = !text.is_empty()
        && !text.starts_with(['-', '@'])
        && !text.contains(|c: char| c.is_whitespace() || matches!(c, '"' | ':' | ','));
    if plain {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

pub(super) fn parse(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Query, QueryError> {
    if text.len() > MAX_BYTES {
        let message = format!("a query has at most {MAX_BYTES} bytes, this one has {}", text.len());
        return Err(QueryError { at: 0..text.len(), message });
    }
    let mut query = Query::default();
    for token in tokens(text) {
        let at = token.at.clone();
        term(&token, &mut query, now, zone).map_err(|message| QueryError { at, message })?;
    }
    Ok(query)
}

fn term(token: &Token, query: &mut Query, now: Timestamp, zone: &TimeZone) -> Result<(), String> {
    if token.open {
        return Err("a quote is not closed".into());
    }
    let is_plain = |at: usize| at < token.plain;
    if token.text.starts_with('@') && is_plain(0) {
        query.window = Some(Window::parse(&token.text[1..], now, zone)?);
        return Ok(());
    }
    let negated = token.text.starts_with('-') && is_plain(0) && token.text.len() > 1;
    let rest = &token.text[usize::from(negated)..];
    let colon = rest.find(':').filter(|at| is_plain(*at + usize::from(negated)));
    let Some(colon) = colon else {
        query.terms.push(Term { key: None, negated, asks: vec![Ask::Word(rest.to_lowercase())] });
        return Ok(());
    };
    let (name, value) = (&rest[..colon], &rest[colon + 1..]);
    let key = Key::named(name).or_else(|| alias(name)).ok_or_else(|| unknown_key(name))?;
    if value.trim_matches(',').is_empty() {
        return Err(format!("`{name}:` wants a value: {}", help(key)));
    }
    match key {
        Key::Sort | Key::Group if negated => Err(format!("`-{name}:` means nothing")),
        Key::Sort => {
            Sort::named(value).map(|sort| query.sort = sort).ok_or_else(|| one_of(key, value, words(Sort::ALL)))
        }
        Key::Group => {
            let group = Group::named(value).ok_or_else(|| one_of(key, value, words(Group::ALL)))?;
            query.group = Some(group);
            Ok(())
        }
        _ => {
            // A quoted value is one value, whatever stands in it.
            let is_quoted = token.plain != usize::MAX;
            let values: Vec<&str> = if key.splits() && !is_quoted { value.split(',').collect() } else { vec![value] };
            let values = values.into_iter().filter(|value| !value.is_empty());
            let asks = values.map(|value| ask(key, value)).collect::<Result<_, _>>()?;
            query.terms.push(Term { key: Some(key), negated, asks });
            Ok(())
        }
    }
}

fn ask(key: Key, value: &str) -> Result<Ask, String> {
    Ok(match key {
        Key::Severity => severity(value).ok_or_else(|| one_of(key, value, "critical, high, medium, low, >=high"))?,
        Key::Is => Ask::Is(flag(value).ok_or_else(|| one_of(key, value, words(Flag::ALL)))?),
        Key::Cause => Ask::Cause(
            CAUSES
                .into_iter()
                .find(|cause| is_start(cause.as_str(), value))
                .ok_or_else(|| one_of(key, value, CAUSES.map(Cause::as_str).join(", ")))?,
        ),
        Key::Age | Key::Seen => {
            let (than, rest) = comparison(value);
            let length = length_of(rest).ok_or_else(|| one_of(key, value, "<2h, >=1d, <30m"))?;
            Ask::Length(than.unwrap_or(Than::AtMost), length)
        }
        Key::Tag => match value.split_once('=') {
            Some((name, value)) => Ask::Tag(Pattern::new(name), Some(Pattern::new(value))),
            None => Ask::Tag(Pattern::new(value), None),
        },
        Key::Incident => Ask::Incident(value.parse().map_err(|no: crate::drift::NoIncident| no.to_string())?),
        _ => Ask::Text(Pattern::new(value)),
    })
}

fn severity(value: &str) -> Option<Ask> {
    let (than, word) = comparison(value);
    let class = SeverityClass::WORST_FIRST.into_iter().find(|class| is_start(class.as_str(), word))?;
    Some(Ask::Severity(than, class))
}

fn flag(value: &str) -> Option<Flag> {
    Flag::named(value).or_else(|| match &*value.to_ascii_lowercase() {
        "ack" | "acked" => Some(Flag::Acknowledged),
        "unmanaged" => Some(Flag::Added),
        _ => None,
    })
}

fn comparison(value: &str) -> (Option<Than>, &str) {
    Than::ALL.iter().find_map(|(than, sign)| Some((Some(*than), value.strip_prefix(sign)?))).unwrap_or((None, value))
}

/// `crit` is `CRITICAL`; a single letter is enough.
fn is_start(word: &str, typed: &str) -> bool {
    let (word, typed) = (word.to_ascii_lowercase(), typed.to_ascii_lowercase());
    !typed.is_empty() && word.starts_with(&typed)
}

/// The long words of the contract, for those who type them.
fn alias(name: &str) -> Option<Key> {
    Some(match &*name.to_ascii_lowercase() {
        "environment" => Key::Env,
        "severity" => Key::Severity,
        "resource_type" => Key::Type,
        "resource" | "address" | "resource_id" => Key::Id,
        "by" | "who" => Key::Actor,
        "state" | "status" => Key::Is,
        "assignee" => Key::Owner,
        _ => return None,
    })
}

fn words<T>(all: &[(T, &'static str, &'static str)]) -> String {
    all.iter().map(|(_, word, _)| *word).collect::<Vec<_>>().join(", ")
}

fn help(key: Key) -> &'static str {
    Key::ALL.iter().find(|(one, ..)| *one == key).map_or("", |(_, _, help)| help)
}

fn one_of(key: Key, value: &str, what: impl AsRef<str>) -> String {
    format!("`{}:{}` is not known: {}", key.as_str(), sanitise::cell(value, 30), what.as_ref())
}

fn unknown_key(name: &str) -> String {
    format!("`{}:` is no key: {}; quote it to search for the text", sanitise::cell(name, 30), words(Key::ALL))
}
