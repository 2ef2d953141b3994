//! What words say of why: an incident by its number, an emergency, a threat. What only looks like one says nothing: `Acme Inc 2024`,
//! the disk `pd-0`, a subnet of the tier `isolated`, `not an incident`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::vote::Basis;
use crate::drift::Cause;

/// What a note says, and how likely its cause is by that alone.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Word {
    pub cause: Cause,
    pub alone: f64,
    /// Stated by whoever was asked for a reason; what stands elsewhere is a guess.
    pub basis: Basis,
    /// Completes "the note ...".
    pub what: &'static str,
}

/// A pattern that is compiled once.
macro_rules! pattern {
    ($text:expr) => {{
        static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($text).ok());
        PATTERN.as_ref()
    }};
}

/// Of a note by this name; `None`: it was said in answer to why.
pub(super) fn read(name: Option<&str>, text: &str) -> Option<Word> {
    let name = name.map(words);
    let is_asked = name.as_ref().is_none_or(|name| asks(name));
    let (alone, basis) = if is_asked { (0.80, Basis::Stated) } else { (0.65, Basis::Guessed) };
    let word = |cause, what| Some(Word { cause, alone, basis, what });
    let is_threat = says(pattern!(r"(?i)\bCVE-\d{4}-\d{4,}"), text)
        || is_asked && says(pattern!(r"(?i)\b(?:quarantined?|compromised|isolated|security-incident)\b"), text);
    if is_threat {
        return word(Cause::SecurityResponse, "speaks of a threat");
    }
    if name.is_some_and(|name| marks_a_threat(&name)) && affirms(text, is_asked) {
        return word(Cause::SecurityResponse, "speaks of a threat").map(|word| Word { basis: Basis::Stated, ..word });
    }
    let is_numbered = if is_asked { is_numbered(text) } else { is_numbered_aside(text) };
    if is_numbered {
        return word(Cause::EmergencyFix, "names an incident");
    }
    // Who is written to in an emergency is none.
    let spoken: Vec<&str> = text.split_whitespace().filter(|word| !word.contains('@')).collect();
    let is_urgent = says(pattern!(r"(?i)\b(?:emergency|hotfix|outage|break-?glass|incident)\b"), &spoken.join(" "));
    let urgent = Word { alone: 0.65, ..word(Cause::EmergencyFix, "speaks of an emergency")? };
    (is_asked && is_urgent).then_some(urgent)
}

/// Whether a name or a line of text has the number of an incident: `INC-4711`, `INC0012345`, `PD-1234`, `incident 4711`. A year
/// is none, and neither are numbers that any name may end in.
pub(super) fn names_incident(text: &str) -> bool {
    let number = pattern!(concat!(
        r"(?i)(?:^|[^a-z0-9])(?:(?:incident|outage|pagerduty|inc|pd|sev)(?:[-_]?#|[-_])(\d{3,})",
        r"|(?:incident|pagerduty):? ?(\d{3,})|inc(\d{5,}))"
    ));
    has_number(number, text)
}

/// As [`names_incident`], and shorter: where a reason is asked for, `SEV-2` and `incident #7` are meant.
fn is_numbered(text: &str) -> bool {
    let number = pattern!(concat!(
        r"(?i)(?:^|[^a-z0-9])(?:(?:incident|outage|pagerduty|inc|pd)(?: ?[-_]?#|[-_]|: ?)(\d+)",
        r"|(?:incident|pagerduty|inc|pd) ?(\d{3,})|sev(?:erity)?[-_ #:]{0,2}([0-5])(?:[^0-9.]|$))"
    ));
    has_number(number, text) || names_incident(text)
}

/// As [`names_incident`], and longer: in a note about anything else.
fn is_numbered_aside(text: &str) -> bool {
    let number = pattern!(concat!(
        r"(?i)(?:^|[^a-z0-9])(?:(?:incident|pagerduty)(?: ?[-_]?#|[-_]|:? )(\d{3,})",
        r"|inc(?:[-_]?#|[-_])(\d{4,})|inc(\d{6,}))"
    ));
    has_number(number, text)
}

fn has_number(number: Option<&Regex>, text: &str) -> bool {
    let mut found = number.into_iter().flat_map(|number| number.captures_iter(text));
    found.any(|found| {
        let digits = found.iter().skip(1).flatten().next().map_or("", |digits| digits.as_str());
        let is_year = digits.len() == 4 && ("1990"..="2099").contains(&digits);
        !is_year && found.get(0).is_some_and(|all| !is_denied(text, all.range()))
    })
}

/// The text has it, and does not deny it.
fn says(what: Option<&Regex>, text: &str) -> bool {
    what.is_some_and(|what| what.find_iter(text).any(|found| !is_denied(text, found.range())))
}

/// `not an incident`, `no longer compromised`, `quarantine: false`; but not `do not revert INC-4711`, which asks for something.
fn is_denied(text: &str, found: Range<usize>) -> bool {
    /// Words in between, and one more: `not part of the incident`, `no real emergency`.
    const FAR: (usize, &[&str]) = (4, &["not", "isn't", "wasn't", "aren't", "weren't", "neither", "nor"]);
    const NEAR: (usize, &[&str]) = (2, &["no", "non", "never", "without", "false"]);
    const ASKING: &[&str] = &["do", "does", "did", "must", "should", "could", "can", "may", "will", "would"];
    let clause = text[..found.start].rsplit(['.', ',', ';', ':', '!', '?', '\n']).next().unwrap_or_default();
    let words = clause.rsplit(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty());
    // The nearest first.
    let before: Vec<String> = words.take(FAR.0 + 1).map(str::to_lowercase).collect();
    let is = |at: usize, list: &[&str]| before.get(at).is_some_and(|word| list.contains(&word.as_str()));
    let denies = |(reach, list): (usize, &[&str])| (0..reach).any(|at| is(at, list) && !is(at + 1, ASKING));
    let after = pattern!(r#"(?i)^["'\s:=]{1,3}(?:false|no|none|off)\s*(?:[.,;]|$)"#);
    let no_longer = || (0..FAR.0).any(|at| is(at, &["longer"]) && is(at + 1, &["no"]));
    denies(FAR) || denies(NEAR) || no_longer() || after.is_some_and(|after| after.is_match(&text[found.end..]))
}

/// Whether a note of such a name is there to give a reason, and not to say whom to call.
fn asks(name: &[String]) -> bool {
    const REASONS: &[&str] = &[
        "reason",
        "incident",
        "ticket",
        "emergency",
        "breakglass",
        "hotfix",
        "justification",
        "outage",
        "changecause",
    ];
    const WHY: &[&str] = &["why", "change", "cause", "glass"];
    const WHOM: &[&str] = &[
        "contact",
        "contacts",
        "team",
        "owner",
        "schedule",
        "rotation",
        "email",
        "mail",
        "phone",
        "channel",
        "slack",
        "group",
        "policy",
        "plan",
        "queue",
        "project",
        "manager",
        "escalation",
        "topic",
        "webhook",
        "runbook",
        "notify",
    ];
    let is = |list: &[&str]| name.iter().any(|word| list.contains(&word.as_str()));
    (name.iter().any(|word| REASONS.iter().any(|reason| word.starts_with(reason))) || is(WHY)) && !is(WHOM)
}

/// The mark that is put on what was shut away: `quarantine = true`, `security-incident = SIR-17`.
fn marks_a_threat(name: &[String]) -> bool {
    let has = |wanted: &str| name.iter().any(|word| word == wanted);
    ["quarantine", "quarantined", "compromised", "securityincident"].into_iter().any(has)
        || has("security") && has("incident")
}

/// Says yes, or, where more than that is asked for, anything but no.
fn affirms(text: &str, is_asked: bool) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let is = |list: &[&str]| list.contains(&text.as_str());
    let is_no = || {
        let first = text.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty()).unwrap_or("no");
        ["no", "not", "none", "false", "off", "never", "0", "n", "na"].contains(&first)
    };
    is(&["true", "yes", "on", "1", "active", "quarantined", "compromised", "isolated"]) || is_asked && !is_no()
}

/// `ChangeReason`, `change-reason` and `ops/change_reason` alike, in lower case.
fn words(name: &str) -> Vec<String> {
    let (mut words, mut was_small) = (vec![String::new()], false);
    for c in name.chars() {
        if !c.is_alphanumeric() || was_small && c.is_uppercase() {
            words.push(String::new());
        }
        was_small = c.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
