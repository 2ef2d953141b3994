//! What a side has, with changes made or taken back in it: which element is meant is known of the side that it came from.

use serde_json::Value;

use super::literal;
use super::said::document;
use crate::drift::path::{Step, parse as parse_path};
use crate::drift::{Change, ChangeType};
use crate::safety::Masked;

/// The value at a path; texts of JSON on the way are read. `None`: it does not lead there.
pub(super) fn lead<'v>(value: &'v mut Value, steps: &[Step]) -> Option<&'v mut Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(value) };
    if let Some(read) = document(value) {
        *value = read;
    }
    // Which element it is, or none where one stands alone.
    let element = match (step, &*value) {
        (Step::Key(name), Value::Object(map)) if map.contains_key(name) => return lead(value.get_mut(name)?, rest),
        (Step::Key(_), Value::Array(list)) if list.len() == 1 => return lead(value.get_mut(0)?, steps),
        (Step::Index(at), Value::Array(_)) => Some(*at),
        (Step::Identity(pairs), Value::Array(list)) => Some(only(list, |one| is_it(one, pairs))?),
        // One that stands alone is a list of it.
        (Step::Index(0), Value::Object(_)) => None,
        (Step::Identity(pairs), one @ Value::Object(_)) if is_it(one, pairs) => None,
        _ => return None,
    };
    match element {
        Some(at) => lead(value.get_mut(at)?, rest),
        None => lead(value, rest),
    }
}

/// As [`lead`], of a copy.
pub(super) fn at(value: &Value, steps: &[Step]) -> Option<Value> {
    lead(&mut value.clone(), steps).map(|found| found.clone())
}

/// Makes a change in the side that its path is about. `None`: its place was not found, and nothing is done.
pub(super) fn make(side: &mut Value, change: &Change) -> Option<()> {
    let (steps, _) = parse_path(change.path.raw());
    let new = change.actual.as_ref().map(Masked::value);
    match change.change_type {
        ChangeType::Removed => take(side, &steps, None),
        ChangeType::Added => give(side, &steps, new?),
        ChangeType::Modified => replace(side, &steps, None, new.unwrap_or(&Value::Null)),
    }
}

/// Takes one back, in what is live. `None`: its place there is not known.
pub(super) fn take_back(live: &mut Value, change: &Change) -> Option<()> {
    let (steps, is_whole) = parse_path(change.path.raw());
    let (_, above) = steps.split_last().filter(|_| is_whole)?;
    // A place in a list is one of the declared list.
    if above.iter().any(|step| matches!(step, Step::Index(at) if *at > 0)) {
        return None;
    }
    let [old, new] = [&change.declared, &change.actual].map(|side| side.as_ref().map(Masked::value));
    match change.change_type {
        ChangeType::Removed => give(live, &steps, old?),
        ChangeType::Added => take(live, &steps, new),
        ChangeType::Modified => replace(live, &steps, new, old.unwrap_or(&Value::Null)),
    }
}

fn give(side: &mut Value, steps: &[Step], new: &Value) -> Option<()> {
    let (last, above) = steps.split_last()?;
    let parent = listed(lead(side, above)?, last);
    match (last, parent) {
        (Step::Key(name), Value::Object(map)) => drop(map.insert(name.clone(), new.clone())),
        (Step::Key(_), _) => return None,
        (_, Value::Array(list)) => list.push(new.clone()),
        _ => return None,
    }
    Some(())
}

/// `known`: what stands there, where its place is not one of this side.
fn take(side: &mut Value, steps: &[Step], known: Option<&Value>) -> Option<()> {
    let (last, above) = steps.split_last()?;
    let parent = listed(lead(side, above)?, last);
    match (last, parent) {
        (Step::Key(name), Value::Object(map)) => drop(map.remove(name)),
        (_, Value::Array(list)) => drop(list.remove(place(list, last, known)?)),
        _ => return None,
    }
    Some(())
}

fn replace(side: &mut Value, steps: &[Step], known: Option<&Value>, new: &Value) -> Option<()> {
    let (last, above) = steps.split_last()?;
    let parent = listed(lead(side, above)?, last);
    match (last, parent) {
        (Step::Key(name), Value::Object(map)) => drop(map.insert(name.clone(), new.clone())),
        (_, Value::Array(list)) => {
            let at = place(list, last, known)?;
            list[at] = new.clone();
        }
        _ => return None,
    }
    Some(())
}

/// What a step leads into, ready to be changed.
fn listed<'v>(parent: &'v mut Value, step: &Step) -> &'v mut Value {
    if let Some(read) = document(parent) {
        *parent = read;
    }
    let is_key = matches!(step, Step::Key(_));
    match (is_key, &*parent) {
        (true, Value::Array(list)) if list.len() == 1 => return &mut parent[0],
        (true, Value::Null) => *parent = Value::Object(serde_json::Map::new()),
        (true, _) | (false, Value::Array(_)) => {}
        (false, Value::Null) => *parent = Value::Array(vec![]),
        (false, _) => *parent = Value::Array(vec![parent.take()]),
    }
    parent
}

fn place(list: &[Value], step: &Step, known: Option<&Value>) -> Option<usize> {
    match (step, known) {
        (Step::Identity(pairs), _) => only(list, |one| is_it(one, pairs)),
        (_, Some(known)) => only(list, |one| one == known).or_else(|| only(list, |one| is_alike(one, known))),
        (Step::Index(at), None) => (*at < list.len()).then_some(*at),
        (Step::SetValue(text), None) => {
            let known = Value::from(text.as_str());
            only(list, |one| literal::text(one).as_deref() == Some(text))
                .or_else(|| only(list, |one| is_alike(one, &known)))
        }
        (Step::Key(_), None) => None,
    }
}

/// The comparer tells what means the same in small letters.
fn is_alike(one: &Value, other: &Value) -> bool {
    literal::text(one).zip(literal::text(other)).is_some_and(|(a, b)| a.eq_ignore_ascii_case(&b))
}

fn only(list: &[Value], is_it: impl Fn(&Value) -> bool) -> Option<usize> {
    let mut found = list.iter().enumerate().filter(|(_, one)| is_it(one)).map(|(at, _)| at);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

pub(super) fn is_it(value: &Value, pairs: &[(String, String)]) -> bool {
    pairs.iter().all(|(name, text)| match value.get(name) {
        None | Some(Value::Null) => text.is_empty(),
        Some(one) => literal::text(one).as_deref() == Some(text),
    })
}

/// A value of a policy as it is spelt live, where the comparer has it in small letters and as lists.
pub(super) fn spelt(folded: &Value, live: &Value) -> Option<Value> {
    if fold(folded) == fold(live) {
        return Some(live.clone());
    }
    let read = document(live);
    let mut found: Vec<Value> = match read.as_ref().unwrap_or(live) {
        Value::Array(list) => list.iter().filter_map(|one| spelt(folded, one)).collect(),
        Value::Object(map) => map.values().filter_map(|one| spelt(folded, one)).collect(),
        _ => vec![],
    };
    found.dedup();
    // Two spellings of one value are nobody's to choose from.
    if found.len() == 1 { found.pop() } else { None }
}

/// Whether the comparer may have made this of that: the same names, and the same effect.
pub(super) fn is_folded(folded: &Value, live: &Value) -> bool {
    let (Value::Object(a), Value::Object(b)) = (folded, live) else { return false };
    a.len() == b.len()
        && a.keys().all(|name| b.contains_key(name))
        && ["Sid", "Effect"].iter().all(|name| a.get(*name) == b.get(*name))
}

fn fold(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(text.to_ascii_lowercase()),
        Value::Array(list) => {
            let mut list: Vec<Value> = list.iter().map(fold).collect();
            list.sort_by_cached_key(Value::to_string);
            list.dedup();
            if list.len() == 1 && !list[0].is_object() { list.remove(0) } else { Value::Array(list) }
        }
        Value::Object(map) => Value::Object(map.iter().map(|(name, one)| (name.clone(), fold(one))).collect()),
        other => other.clone(),
    }
}
