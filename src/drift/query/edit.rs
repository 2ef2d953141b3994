//! Changes the text of a query where a key does what could have been typed; the rest stays as it was typed.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::parse::{quoted, tokens};
use super::terms::{Group, Sort};
use super::{Query, QueryError};
use crate::drift::DriftId;

/// The text with this order in place of the one it names.
pub fn with_sort(text: &str, sort: Sort) -> String {
    let term = (sort != Sort::default()).then(|| format!("sort:{}", sort.as_str()));
    with(text, "sort:", term)
}

/// The text with this grouping in place of the one it names.
pub fn with_group(text: &str, group: Option<Group>) -> String {
    with(text, "group:", group.map(|group| format!("group:{}", group.as_str())))
}

/// A query for all that a drift belongs together with.
pub fn of_incident(member: DriftId) -> String {
    format!("incident:{member}")
}

/// A query for one resource: its whole address, whatever stands in it.
pub fn of_resource(address: &str) -> String {
    format!("id:{}", quoted(address))
}

/// A query for words that stand in a drift, whatever they would mean otherwise.
pub fn of_words(text: &str) -> String {
    let word = |word: &str| format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""));
    text.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

/// The text without the terms that are not understood: what is in force while one of them is being typed.
pub fn without_mistakes(text: &str, now: Timestamp, zone: &TimeZone) -> String {
    let mut text = text.to_owned();
    // Each round takes something away.
    while let Err(QueryError { at, .. }) = Query::parse(&text, now, zone) {
        text.replace_range(at, "");
    }
    text.trim().to_owned()
}

fn with(text: &str, key: &str, term: Option<String>) -> String {
    let is_it = |text: &str| text.get(..key.len()).is_some_and(|start| start.eq_ignore_ascii_case(key));
    let kept = tokens(text).into_iter().filter(|token| !is_it(&token.text) || token.plain < key.len());
    let mut words: Vec<&str> = kept.map(|token| &text[token.at]).collect();
    words.extend(term.as_deref());
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_arrangement_changes() {
        let typed = "env:prod  \"sort:of\" @02:40..04:10 sort:oldest -x";
        assert_eq!(with_sort(typed, Sort::Severity), "env:prod \"sort:of\" @02:40..04:10 -x sort:severity");
        assert_eq!(with_sort(typed, Sort::Newest), "env:prod \"sort:of\" @02:40..04:10 -x");
        assert_eq!(with_group("", Some(Group::Change)), "group:change");
        assert_eq!(with_group("group:actor web", None), "web");
    }

    #[test]
    fn a_term_with_a_mistake_in_it_does_not_count() {
        let good = |text: &str| without_mistakes(text, Timestamp::UNIX_EPOCH, &TimeZone::UTC);
        assert_eq!(good("env:prod foo: web"), "env:prod  web");
        assert_eq!(good("foo:é is: \"open"), "");
        assert_eq!(good(&"x".repeat(3000)), "");
        assert_eq!(good("env:prod web"), "env:prod web");
    }
}
