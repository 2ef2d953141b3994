//! What somebody wrote down: tags, annotations, words said to driftguard.
//!
//! 0.90 when a note states the cause in our own words (`driftguard/cause: configuration_error`); 0.80 when one whose name asks for a
//! reason names an incident by number or a vulnerability; 0.65 when it only says "emergency" or the like.

use std::sync::LazyLock;

use regex::Regex;

use super::vote::{Basis, Group, Vote};
use super::{Facts, Surroundings};
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

/// Whether a text names an incident by its number.
pub(super) fn names_incident(text: &str) -> bool {
    static INCIDENT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?i)\b(?:incident|inc|outage|sev|pagerduty|pd)[-_ #:]*\d+").ok());
    INCIDENT.as_ref().is_some_and(|incident| incident.is_match(text))
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
    static ASKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)reason|incident|ticket|emergency|break-?glass|hotfix|on-?call|change-?cause|justification")
            .ok()
    });
    static URGENT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?i)\b(?:emergency|hotfix|outage|break-?glass|incident)\b").ok());
    static DEFENCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)\bCVE-\d{4}-\d{4,}|\b(?:quarantined?|compromised|isolated|security-incident)\b").ok()
    });
    let fits = |regex: &'static LazyLock<Option<Regex>>, text: &str| regex.as_ref().is_some_and(|r| r.is_match(text));
    let (name, text) = note(change)?;
    let says = |what: &str| {
        format!("The note `{name}` {what}: {}", change.actual.as_ref().map_or(String::new(), |m| m.inline(80)))
    };
    let vote = |cause, alone, what| {
        Some(Vote { cause, alone, basis: Basis::Stated, group: Group::Words, sentence: says(what) })
    };
    if matches!(name.as_str(), "driftguard/cause" | "driftguard:cause") {
        let cause = serde_json::from_value(text.into()).ok().filter(|c| *c != Cause::Unknown)?;
        return vote(cause, 0.90, "states the cause");
    }
    let asked = fits(&ASKS, &name);
    let alone = if asked { 0.80 } else { 0.65 };
    if fits(&DEFENCE, text) || fits(&DEFENCE, &name) {
        return vote(Cause::SecurityResponse, alone, "speaks of a threat");
    }
    if names_incident(text) {
        return vote(Cause::EmergencyFix, alone, "names an incident");
    }
    if asked && fits(&URGENT, text) { vote(Cause::EmergencyFix, 0.65, "speaks of an emergency") } else { None }
}
