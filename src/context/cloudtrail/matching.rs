//! Which of the writes made a drift, and why one thinks so.

use serde_json::Value;

use super::actor::{acted_as, actor};
use super::class::class_of;
use super::event::Event;
use super::pack::PACK;
use crate::drift::{Attribution, Change, DriftType, PropertyPath};
use crate::safety::Tainted;

/// How deep request parameters are looked through.
pub(super) const DEPTH: usize = 6;
/// Shorter words are in every name.
const TELLING: usize = 4;

/// Writes that were done, the likeliest cause first; of equally likely ones the last.
pub fn rank(events: &[Event], changes: &[Change], drift_type: DriftType) -> Vec<Attribution> {
    let mut fits: Vec<(Fit, &Event)> = (events.iter())
        .filter(|event| event.is_write() && !event.has_failed())
        .map(|event| (fit(event, changes, drift_type), event))
        .collect();
    fits.sort_by(|(a, of_a), (b, of_b)| b.score.cmp(&a.score).then(of_b.time.cmp(&of_a.time)));
    let mut found: Vec<Attribution> = fits.into_iter().map(|(fit, event)| attribution(fit, event)).collect();
    contest(&mut found);
    found
}

/// A property that several people wrote has its value of the last, but nobody knows who made it drift.
fn contest(found: &mut [Attribution]) {
    let writers: Vec<(Tainted, Vec<PropertyPath>)> =
        found.iter().map(|one| (one.actor.clone(), one.paths.clone())).collect();
    for one in found {
        let same = |paths: &[PropertyPath]| paths.iter().any(|path| one.paths.contains(path));
        one.is_likely = writers.iter().any(|(actor, paths)| *actor != one.actor && same(paths));
    }
}

/// Whether a write speaks of the property that differs.
pub(super) fn is_about(event: &Event, change: &Change) -> bool {
    !fit(event, std::slice::from_ref(change), DriftType::Modified).paths.is_empty()
}

/// The pack says what such a write changes.
pub(super) fn is_known(event: &Event) -> bool {
    PACK.changes.iter().any(|rule| rule.events.is_match(&event.name))
}

/// How well an event explains a drift.
struct Fit {
    score: u8,
    paths: Vec<PropertyPath>,
    reason: String,
}

fn fit(event: &Event, changes: &[Change], drift_type: DriftType) -> Fit {
    let name = event.name.as_str();
    let all = || changes.iter().map(|change| change.path.clone()).collect();
    if drift_type == DriftType::Deleted && begins(name, &["Delete", "Terminate", "Remove", "Deregister", "Release"]) {
        return Fit { score: 4, paths: all(), reason: format!("{name} takes a resource away, and this one is gone") };
    }
    if drift_type == DriftType::Added && begins(name, &["Create", "Run", "Allocate", "Register", "Import", "Put"]) {
        return Fit {
            score: 4,
            paths: all(),
            reason: format!("{name} makes a resource, and no code declares this one"),
        };
    }
    let with = |holds: &dyn Fn(&str) -> bool| -> Vec<PropertyPath> {
        let fits = changes.iter().filter(|change| holds(&snake(change.path.raw())));
        fits.map(|change| change.path.clone()).collect()
    };
    let rules: Vec<_> = PACK.changes.iter().filter(|rule| rule.events.is_match(name)).collect();
    let known = with(&|path| rules.iter().any(|rule| rule.properties.is_match(path)));
    if let Some(first) = known.first() {
        let reason = format!("{name} changes {}", first.raw());
        return Fit { score: 3, paths: known, reason };
    }
    let parameters = keys(&event.parameters);
    let named = with(&|path| parameters.iter().any(|key| speaks_of(key, path)));
    if let Some(first) = named.first() {
        let reason = format!("the request of {name} names {}", first.raw());
        return Fit { score: 2, paths: named, reason };
    }
    // What is known to change something else is not taken for this by a word in common.
    let words = if rules.is_empty() { words(name) } else { vec![] };
    let spoken = with(&|path| words.iter().any(|word| head(path).split('_').any(|part| part == word)));
    match spoken.first() {
        Some(first) => {
            let reason = format!("the name of {name} speaks of {}", first.raw());
            Fit { score: 1, paths: spoken, reason }
        }
        None => Fit {
            score: 0,
            paths: vec![],
            reason: format!("{name} wrote to the resource in that time; nothing says that it changed this"),
        },
    }
}

fn attribution(fit: Fit, event: &Event) -> Attribution {
    let verdict = class_of(event);
    Attribution {
        actor: actor(&event.identity, &event.source).into(),
        identity: acted_as(&event.identity).into(),
        class: verdict.class,
        class_reason: verdict.reason.into(),
        at: event.time,
        event: event.name.as_str().into(),
        source: event.source.as_str().into(),
        event_id: event.id.as_str().into(),
        address: event.address.as_str().into(),
        user_agent: event.user_agent.as_str().into(),
        paths: fit.paths,
        reason: fit.reason.into(),
        is_likely: false,
        taken_back: vec![],
        ended_otherwise: 0,
    }
}

fn begins(name: &str, verbs: &[&str]) -> bool {
    verbs.iter().any(|verb| name.starts_with(verb))
}

/// The property a path begins with.
fn head(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

/// Whether a parameter is the property: its name, or the longer of the two begins with the other.
pub(super) fn speaks_of(key: &str, path: &str) -> bool {
    let property = head(path);
    key == property
        || key.len().min(property.len()) >= TELLING && (property.starts_with(key) || key.starts_with(property))
}

/// Names of all parameters with a value, in snake case.
fn keys(parameters: &Value) -> Vec<String> {
    fn collect(value: &Value, depth: usize, found: &mut Vec<String>) {
        match value {
            Value::Object(map) if depth < DEPTH => {
                for (key, below) in map.iter().filter(|(_, below)| !below.is_null()) {
                    found.push(snake(key));
                    collect(below, depth + 1, found);
                }
            }
            Value::Array(items) if depth < DEPTH => items.iter().for_each(|item| collect(item, depth + 1, found)),
            _ => {}
        }
    }
    let mut found = vec![];
    collect(parameters, 0, &mut found);
    // Every request names the resource; that is no change of it.
    found.retain(|key| {
        !matches!(key.as_str(), "name" | "id" | "arn" | "resource_arn" | "type" | "host" | "policy_name")
    });
    found
}

/// The words of an event's name after its verb.
fn words(name: &str) -> Vec<String> {
    let all = snake(name);
    all.split('_').skip(1).filter(|word| word.len() >= TELLING && *word != "bucket").map(str::to_owned).collect()
}

/// `VisibilityTimeout`, `visibilityTimeout` and `visibility_timeout` alike.
pub(super) fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 8);
    let mut before = '_';
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            if before.is_ascii_lowercase() || before.is_ascii_digit() {
                out.push('_');
            }
            out.push(letter.to_ascii_lowercase());
        } else {
            out.push(letter);
        }
        before = letter;
    }
    out
}
