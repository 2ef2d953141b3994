//! What is shown of an answer: sentences that cite evidence there is.

use std::sync::LazyLock;

use regex::Regex;

use crate::analysis::narrative::Sentence;
use crate::safety::sanitise;

/// Sentences of an answer at most.
const MOST: usize = 12;

/// As far as it can be believed to be about this drift.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// With the evidence they cite.
    pub sentences: Vec<Sentence>,
    /// How many cited nothing that there is, and are not shown.
    pub dropped: usize,
}

impl Answer {
    /// `None`: it says that the evidence does not tell, or nothing of it rests on any.
    pub(super) fn read(text: &str, evidence: usize) -> Option<Self> {
        let cited = CITED.as_ref()?;
        let mut answer = Self { sentences: vec![], dropped: 0 };
        for line in sanitise::multiline(text) {
            for sentence in sentences(&line) {
                let numbers = cited.captures_iter(sentence).flat_map(|found| {
                    let found = found.get(1).map_or("", |found| found.as_str());
                    found.split(',').filter_map(|one| one.trim().parse::<usize>().ok()).collect::<Vec<_>>()
                });
                let mut on: Vec<usize> = vec![];
                let mut is_wrong = false;
                for number in numbers {
                    match number.checked_sub(1).filter(|at| *at < evidence) {
                        Some(at) if on.contains(&at) => {}
                        Some(at) => on.push(at),
                        None => is_wrong = true,
                    }
                }
                let words = cited.replace_all(sentence, "");
                let words = words.split_whitespace().collect::<Vec<_>>().join(" ").replace(" .", ".");
                if !words.chars().any(char::is_alphanumeric) {
                    // Numbers alone say nothing.
                } else if on.is_empty() || is_wrong || answer.sentences.len() == MOST {
                    answer.dropped += 1;
                } else {
                    answer.sentences.push(Sentence { text: words.into(), evidence: on });
                }
            }
        }
        (!answer.sentences.is_empty()).then_some(answer)
    }
}

/// `[1]`, `[1, 2]`
static CITED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\[(\d{1,4}(?:\s*,\s*\d{1,4})*)\]").ok());
/// The end of a sentence with what it cites, before the next one: that begins with something else than a small letter.
static END: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[.!?](?:\s*\[[\d,\s]+\])*\s+(?:[^\s\[\p{Ll}])").ok());

/// Each is to stand on evidence of its own: what one cites says nothing for the one before it.
fn sentences(line: &str) -> Vec<&str> {
    let (mut rest, mut found) = (line.trim(), vec![]);
    while let Some(end) = END.as_ref().and_then(|end| end.find(rest)) {
        // What was matched last begins the next one.
        let begins = end.end() - end.as_str().chars().next_back().map_or(0, char::len_utf8);
        found.push(rest[..begins].trim());
        rest = &rest[begins..];
    }
    found.push(rest);
    found.retain(|sentence| !sentence.is_empty());
    found
}
