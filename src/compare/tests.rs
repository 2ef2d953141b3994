//! Every rule twice: the noise is hidden, with the rule's name, and a real change at the same path is reported.

use serde_json::{Value, json};

use super::*;
use crate::drift::ChangeType::{Added, Modified, Removed};

mod absence;
mod classes;
mod elsewhere;
mod exact;
mod kubernetes;
mod limits;
mod lists;
mod order;
mod things;

/// One resource compared with everything observable and nothing remembered.
fn run(dialect: Dialect, resource_type: &str, declared: Value, live: Value) -> Verdict {
    let observable = Observable::All;
    compare(&Subject {
        dialect,
        resource_type,
        declared: &declared,
        live: &live,
        memory: None,
        observable: &observable,
    })
}

/// With what was seen before and what is seen now.
fn with_memory(dialect: Dialect, declared: Value, remembered: Value, live: Value) -> Verdict {
    let memory = Some(Memory { remembered: &remembered, live: &live });
    let observable = Observable::All;
    compare(&Subject { dialect, resource_type: "x", declared: &declared, live: &live, memory, observable: &observable })
}

fn tf(resource_type: &str, declared: Value, live: Value) -> Verdict {
    run(Dialect::Terraform, resource_type, declared, live)
}

/// The noise is hidden by this rule and nothing else is said.
#[track_caller]
fn assert_hidden(verdict: &Verdict, path: &str, rule: &str) {
    assert!(verdict.changes.is_empty() && verdict.unverified.is_empty(), "{verdict:#?}");
    assert!(
        verdict.hidden.iter().any(|h| h.path == path && h.rule == rule),
        "no {rule} at {path}: {:#?}",
        verdict.hidden
    );
}

/// Exactly these changes.
#[track_caller]
fn assert_changes(verdict: &Verdict, expected: &[(&str, ChangeType)]) {
    let found: Vec<_> = verdict.changes.iter().map(|c| (c.path.as_str(), c.change_type)).collect();
    assert_eq!(found, expected, "{verdict:#?}");
}

#[track_caller]
fn assert_unverified(verdict: &Verdict, path: &str, reason: UnverifiedReason) {
    assert!(verdict.changes.is_empty(), "{verdict:#?}");
    assert!(verdict.unverified.iter().any(|u| u.path == path && u.reason == reason), "{verdict:#?}");
}
