//! Whether whoever made a drift had made it before and taken it back: by the values that the requests set, by requests that undo each
//! other, or because theirs was the last write before the drift was gone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::actor::actor;
use super::event::Event;
use super::matching::{DEPTH, is_about, is_known, snake, speaks_of};
use super::pack::PACK;
use crate::drift::path::{Step, parse};
use crate::drift::{Attribution, Change, DriftType, TakenBack};

/// A name this long is no part of another one by chance.
const LONG: usize = 8;

/// What the trail tells of the times before.
#[derive(Default, PartialEq, Debug)]
pub struct Before {
    /// Oldest first.
    pub taken_back: Vec<TakenBack>,
    /// Episodes that ended in another way.
    pub ended_otherwise: u32,
}

/// When a drift was there before: the scans that saw it first and that saw it gone.
pub type Episode = (Timestamp, Timestamp);

/// `events`: all that is known of the resource, in the order of the trail or as they happened; `by`: the write that the drift is put
/// down to.
pub fn before(
    events: &[Event],
    (changes, drift_type): (&[Change], DriftType),
    by: &Attribution,
    episodes: &[Episode],
) -> Before {
    let mut writes: Vec<&Event> = events.iter().filter(|event| event.is_write() && !event.has_failed()).collect();
    // Trails tell the newest first.
    if writes.first().zip(writes.last()).is_some_and(|(first, last)| first.time > last.time) {
        writes.reverse();
    }
    writes.sort_by_key(|event| event.time);
    let trail = Trail { writes, changes, drift_type, by };
    let mut found = BTreeMap::new();
    let mut note = |(made, back): (&Event, &Event)| {
        let told = TakenBack {
            changed_at: made.time,
            at: back.time,
            event: back.name.as_str().into(),
            event_id: back.id.as_str().into(),
        };
        found.insert((back.time, back.id.clone()), told);
    };
    changes.iter().flat_map(|change| trail.by_value(change)).for_each(&mut note);
    trail.by_verb().into_iter().for_each(&mut note);
    let mut ended_otherwise = 0;
    for episode in episodes {
        match trail.end_of(*episode) {
            Some(End::TakenBack(made, back)) => note((made, back)),
            Some(End::Otherwise) => ended_otherwise += 1,
            None => {}
        }
    }
    Before { taken_back: found.into_values().collect(), ended_otherwise }
}

struct Trail<'a> {
    /// Those that were done, oldest first.
    writes: Vec<&'a Event>,
    changes: &'a [Change],
    drift_type: DriftType,
    by: &'a Attribution,
}

/// How an episode ended.
enum End<'a> {
    /// By the second write, which took back the first.
    TakenBack(&'a Event, &'a Event),
    Otherwise,
}

impl<'a> Trail<'a> {
    /// The second of the two takes back the first: one hand, the one that changed it again afterwards, and soon.
    fn is_own_and_soon(&self, made: &Event, back: &Event) -> bool {
        let after = back.time.duration_since(made.time);
        let is_soon = after.is_positive() && after <= TakenBack::SOON;
        is_soon && back.time < self.by.at && is_same_hand(made, back) && self.is_theirs(back)
    }

    /// Of whoever made the drift: the same person, role or session.
    fn is_theirs(&self, event: &Event) -> bool {
        let is_session = !event.identity.arn.is_empty() && self.by.identity.raw() == event.identity.arn;
        is_session || actor(&event.identity, &event.source) == self.by.actor.raw()
    }

    /// One write sets another value than the declared one, and the next that sets the property sets that.
    fn by_value(&self, change: &Change) -> Vec<(&'a Event, &'a Event)> {
        let Some(declared) = change.declared.as_ref().and_then(|value| word(value.value())) else { return vec![] };
        let path = change.path.raw();
        let sets = |event: &'a Event| match value_of(&event.parameters, path) {
            Some(value) => Some((event, Some(value))),
            None => is_about(event, change).then_some((event, None)),
        };
        let sets: Vec<(&Event, Option<String>)> = self.writes.iter().filter_map(|event| sets(event)).collect();
        let pairs = sets.windows(2).filter(|pair| {
            let [(made, was), (back, is)] = pair else { return false };
            is.as_ref() == Some(&declared)
                && was.as_ref().is_some_and(|was| *was != declared)
                && self.is_own_and_soon(made, back)
        });
        pairs.map(|pair| (pair[0].0, pair[1].0)).collect()
    }

    /// Requests that undo each other, as `Authorize…` and `Revoke…` do, of the same thing.
    fn by_verb(&self) -> Vec<(&'a Event, &'a Event)> {
        let Some(made) = self.writes.iter().find(|event| self.is_the_one(event)) else { return vec![] };
        let undoing = undone_by(&made.name, self.is_from_nothing());
        let mut pairs = vec![];
        for (at, back) in self.writes.iter().enumerate() {
            if back.source != made.source || !undoing.contains(&back.name) {
                continue;
            }
            let what = leaves(&[&back.parameters]);
            let covers = |event: &&&Event| {
                // Whoever revokes by the number of a rule has it from the answer.
                event.name == made.name && what.is_subset(&leaves(&[&event.parameters, &event.answer]))
            };
            let is_undone = |event: &&&Event| undoing.contains(&event.name) && leaves(&[&event.parameters]) == what;
            let last = self.writes[..at].iter().rev().take_while(|event| !is_undone(event)).find(covers);
            pairs.extend(last.filter(|last| self.is_own_and_soon(last, back)).map(|last| (*last, *back)));
        }
        pairs
    }

    fn is_the_one(&self, event: &Event) -> bool {
        let by = self.by;
        event.time == by.at && event.name == by.event.raw() && event.id == by.event_id.raw()
    }

    /// The code says nothing of what was changed: whoever deletes it puts it back.
    fn is_from_nothing(&self) -> bool {
        let is_nothing = |change: &&Change| change.declared.as_ref().is_none_or(|value| value.value().is_null());
        let of_by = || self.changes.iter().filter(|change| self.by.paths.contains(&change.path));
        self.drift_type == DriftType::Added || (of_by().count() > 0 && of_by().all(|change| is_nothing(&change)))
    }

    /// By the last write before a scan saw it gone; `None`: the trail does not tell.
    fn end_of(&self, (begun, ended): Episode) -> Option<End<'a>> {
        let speaks = |event: &&&Event| self.changes.iter().any(|change| is_about(event, change));
        // What is known to change something else ended nothing.
        let may = |event: &&&Event| !is_known(event);
        let seen = || self.writes.iter().rev().filter(|event| event.time <= begun);
        let made = seen().find(speaks).or_else(|| seen().find(may))?;
        let later = || self.writes.iter().rev().filter(|event| event.time <= ended && event.time > made.time);
        let back = later().find(speaks).or_else(|| later().find(may))?;
        Some(match self.is_own_and_soon(made, back) {
            true => End::TakenBack(made, back),
            false => End::Otherwise,
        })
    }
}

fn is_same_hand(a: &Event, b: &Event) -> bool {
    let is_session = !a.identity.arn.is_empty() && a.identity.arn == b.identity.arn;
    is_session || actor(&a.identity, &a.source) == actor(&b.identity, &b.source)
}

/// Names of the events that undo one. `from_nothing`: there was nothing before it.
fn undone_by(name: &str, from_nothing: bool) -> Vec<String> {
    let pairs = PACK.opposites.iter().filter(|pair| from_nothing || !pair.from_nothing);
    let undone = pairs.flat_map(|pair| {
        let [one, other] = &pair.verbs;
        [(one, other), (other, one)]
    });
    let undone = undone.filter_map(|(verb, opposite)| {
        let rest =
            name.strip_prefix(verb.as_str()).filter(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))?;
        Some(
            [rest.to_owned(), rest.replacen("To", "From", 1), rest.replacen("From", "To", 1)]
                .map(|rest| format!("{opposite}{rest}")),
        )
    });
    undone.flatten().collect()
}

/// Every text and number in requests and answers, as words; what is true or false, or only a token, names no thing.
fn leaves(values: &[&Value]) -> BTreeSet<String> {
    fn collect(value: &Value, depth: usize, found: &mut BTreeSet<String>) {
        match value {
            _ if depth > DEPTH => {}
            Value::Object(map) => {
                let named = map.iter().filter(|(key, _)| !key.to_ascii_lowercase().contains("token"));
                named.for_each(|(_, below)| collect(below, depth + 1, found));
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, depth + 1, found)),
            Value::String(_) | Value::Number(_) => found.extend(word(value)),
            Value::Bool(_) | Value::Null => {}
        }
    }
    let mut found = BTreeSet::new();
    values.iter().for_each(|value| collect(value, 0, &mut found));
    found
}

/// The value that a request sets a property to: `None` where it sets none, or several.
fn value_of(parameters: &Value, path: &str) -> Option<String> {
    let steps = parse(path).0;
    let Some(Step::Key(leaf)) = steps.last() else { return None };
    let (property, is_top) = (snake(leaf), steps.len() == 1);
    let mut found = BTreeSet::new();
    collect(parameters, 0, &mut |key, value, map| {
        let name = snake(key);
        // Some services put a word of their own before it: `dBInstanceClass` is `instance_class`.
        let is_longer = property.len() > LONG && name.ends_with(&property);
        let is_it = name == property || is_longer || is_top && speaks_of(&name, path);
        // `{"instanceType": {"value": "t3.large"}}`
        let inner = value.get("value").or_else(|| value.get("Value")).unwrap_or(value);
        found.extend(word(inner).filter(|_| is_it));
        // `{"key": "Owner", "value": "web"}`
        if name == "key" && value.as_str() == Some(leaf) {
            found.extend(map.get("value").or_else(|| map.get("Value")).and_then(word));
        }
    });
    if found.len() == 1 { found.pop_first() } else { None }
}

fn collect(value: &Value, depth: usize, take: &mut impl FnMut(&str, &Value, &serde_json::Map<String, Value>)) {
    match value {
        Value::Object(map) if depth < DEPTH => {
            for (key, below) in map {
                take(key, below, map);
                collect(below, depth + 1, take);
            }
        }
        Value::Array(items) if depth < DEPTH => items.iter().for_each(|item| collect(item, depth + 1, take)),
        _ => {}
    }
}

/// One value as it may be spelt elsewhere: `3` and `"3"` are the same.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is) => Some(is.to_string()),
        _ => None,
    }
}

#[cfg(test)]
#[path = "taken_back_tests.rs"]
mod tests;
