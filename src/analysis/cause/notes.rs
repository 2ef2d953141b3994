//! What somebody wrote down: tags, annotations, words said to driftguard.
//!
//! 0.90 when a note states the cause in our own words (`driftguard/cause: configuration_error`); 0.80 when one whose name asks for a
//! reason names an incident by number or a vulnerability; 0.65 when it only says "emergency" or the like, and when one about
//! anything else has such a number.

use super::vote::{Basis, Group, Vote};
use super::{Facts, Surroundings, words};
use crate::analysis::pack::normal;
use crate::drift::path::{Step, parse};
use crate::drift::{Cause, Change, ChangeType};

/// Notes that came with the drift, and what somebody says of it.
pub(super) fn votes(facts: &Facts<'_>, around: &Surroundings<'_>) -> Vec<Vote> {
    // What is said counts as a note on the resource would.
    let said = around.said.map(|said| Change {
        path: "metadata.annotations.reason".into(),
        change_type: ChangeType::Added,
        declared: None,
        actual: Some(said.clone()),
        is_security_critical: false,
        remembered_at: None,
    });
    facts.changes.iter().chain(&said).filter_map(stated).collect()
}

/// A tag or annotation that came with the drift: its name and its text.
fn note(change: &Change) -> Option<(String, &str)> {
    let text = change.actual.as_ref()?.value().as_str()?;
    let path = normal(change.path.raw());
    let is_note = ["tags", "labels", "metadata.annotations", "metadata.labels"].iter().any(|p| path.starts_with(p));
    let name = parse(change.path.raw()).0.into_iter().rev().find_map(|step| match step {
        Step::Key(key) if !key.eq_ignore_ascii_case("value") => Some(key),
        Step::Identity(pairs) => pairs.into_iter().find(|(k, _)| k.eq_ignore_ascii_case("key")).map(|(_, v)| v),
        _ => None,
    })?;
    (is_note && name.len() <= 200).then_some((name, text))
}

fn stated(change: &Change) -> Option<Vote> {
    let (name, text) = note(change)?;
    let vote = |cause, alone, basis, what| {
        let shown = change.actual.as_ref().map_or(String::new(), |m| m.inline(80));
        let sentence = format!("The note `{name}` {what}: {shown}");
        Some(Vote { cause, alone, basis, group: Group::Words, sentence })
    };
    if matches!(name.as_str(), "driftguard/cause" | "driftguard:cause") {
        let cause = serde_json::from_value(text.into()).ok().filter(|c| *c != Cause::Unknown)?;
        return vote(cause, 0.90, Basis::Stated, "states the cause");
    }
    let word = words::read(Some(&name), text)?;
    vote(word.cause, word.alone, word.basis, word.what)
}
