//! What somebody wrote down: tags, annotations, words said to driftguard.
//!
//! 0.90 when a note states the cause in our own words (`driftguard/cause: configuration_error`); 0.80 when one whose name asks for a
//! reason names an incident by number or a vulnerability; 0.65 when it only says "emergency" or the like, and when one about
//! anything else has such a number.

use super::vote::{Basis, Group, Vote};
use super::{Facts, Surroundings, words};
use crate::analysis::pack::normal;
use crate::drift::path::{Step, parse};
use crate::drift::{Cause, Change};
use crate::safety::Masked;

/// Notes that came with the drift, and what somebody says of it.
pub(super) fn votes(facts: &Facts<'_>, around: &Surroundings<'_>) -> Vec<Vote> {
    let notes = facts.changes.iter().filter_map(Note::of);
    // What is said counts as a note that gives a reason would.
    let said = around.said.and_then(|said| Some(Note { name: None, text: said.value().as_str()?, shown: said }));
    notes.chain(said).filter_map(|note| note.vote()).collect()
}

/// A tag or annotation that came with the drift, or what somebody says of it.
struct Note<'a> {
    /// `None`: it was said, as the context of an analysis.
    name: Option<String>,
    text: &'a str,
    shown: &'a Masked,
}

impl<'a> Note<'a> {
    fn of(change: &'a Change) -> Option<Self> {
        let shown = change.actual.as_ref()?;
        let text = shown.value().as_str()?;
        let path = normal(change.path.raw());
        let is_note = ["tags", "labels", "metadata.annotations", "metadata.labels"].iter().any(|p| path.starts_with(p));
        let name = parse(change.path.raw()).0.into_iter().rev().find_map(|step| match step {
            Step::Key(key) if !key.eq_ignore_ascii_case("value") => Some(key),
            Step::Identity(pairs) => pairs.into_iter().find(|(k, _)| k.eq_ignore_ascii_case("key")).map(|(_, v)| v),
            _ => None,
        })?;
        (is_note && name.len() <= 200).then_some(Self { name: Some(name), text, shown })
    }

    fn vote(&self) -> Option<Vote> {
        let name = self.name.as_deref();
        let says = |what: &str| match name {
            Some(name) => format!("The note `{name}` {what}: {}", self.shown.inline(80)),
            None => format!("What was said of it {what}: {}", self.shown.inline(80)),
        };
        let vote =
            |cause, alone, basis, what| Some(Vote { cause, alone, basis, group: Group::Words, sentence: says(what) });
        if matches!(name, Some("driftguard/cause" | "driftguard:cause")) {
            let cause = serde_json::from_value(self.text.into()).ok().filter(|c| *c != Cause::Unknown)?;
            return vote(cause, 0.90, Basis::Stated, "states the cause");
        }
        let word = words::read(name, self.text)?;
        vote(word.cause, word.alone, word.basis, word.what)
    }
}
