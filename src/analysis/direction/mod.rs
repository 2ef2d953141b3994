//! Which way a change goes: whether less is guarded than the code says, or more.
//!
//! Told from the meaning of both values, never from what usually happens: what nothing here understands is neutral. Each reader
//! knows one kind of value (addresses, ports, policies, versions of TLS, words that have a rank, switches, numbers, presence) and
//! weighs what it says; of a drift's changes those with the most weight decide, and among them a loosening outweighs any
//! hardening: something that was shut is open now. Swapping the sides turns a loosening of one kind into a hardening.

mod address;
mod gathered;
mod image;
mod leaf;
mod lexicon;
mod listed;
mod pods;
mod policy;
mod port;
mod rank;
mod switch;
mod tls;
mod watched;

use serde_json::Value;

use super::prior::is_label;
use crate::drift::{Change, Direction, DriftType, PropertyPath};
use leaf::Leaf;
pub(super) use lexicon::{Lexicon, TEXT, split};

/// What one change says.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Lean {
    pub loosens: bool,
    /// 3: the values themselves tell; 2: something came or went whose name tells; 1: a hint.
    pub weight: u8,
    /// Completes "it loosens: ...".
    pub why: &'static str,
    /// What kind of value told it.
    pub told_by: ToldBy,
}

/// Kinds of values, as far as they tell a direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ToldBy {
    Secret,
    Tls,
    Address,
    Port,
    Rank,
    Grant,
    /// A guard that is on or off.
    Switch,
    /// Something that exposes, on or off, there or not.
    Exposure,
    List,
    Number,
    Presence,
    /// A hint only.
    Word,
}

impl ToldBy {
    pub const ALL: [Self; 12] = [
        Self::Secret,
        Self::Tls,
        Self::Address,
        Self::Port,
        Self::Rank,
        Self::Grant,
        Self::Switch,
        Self::Exposure,
        Self::List,
        Self::Number,
        Self::Presence,
        Self::Word,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Tls => "tls",
            Self::Address => "address",
            Self::Port => "port",
            Self::Rank => "rank",
            Self::Grant => "grant",
            Self::Switch => "switch",
            Self::Exposure => "exposure",
            Self::List => "list",
            Self::Number => "number",
            Self::Presence => "presence",
            Self::Word => "word",
        }
    }
}

impl Lean {
    fn new(loosens: bool, weight: u8, why: &'static str) -> Self {
        Self { loosens, weight, why, told_by: ToldBy::Word }
    }

    pub fn direction(self) -> Direction {
        if self.loosens { Direction::Loosening } else { Direction::Hardening }
    }
}

/// Which way a drift goes, and the change that shows it.
#[derive(Clone, PartialEq, Debug)]
pub struct Course {
    pub direction: Direction,
    /// `None`: nothing tells.
    pub shown_by: Option<(PropertyPath, Lean)>,
}

/// Of one change.
pub fn of_change(resource_type: &str, path: &str, declared: Option<&Value>, actual: Option<&Value>) -> Option<Lean> {
    lean_of(resource_type, path, [declared, actual], false)
}

/// `is_part`: of a list of which other elements stay.
fn lean_of(resource_type: &str, path: &str, [declared, actual]: [Option<&Value>; 2], is_part: bool) -> Option<Lean> {
    if let Some(lean) = pods::read(resource_type, path, declared, actual) {
        return Some(lean);
    }
    weightiest(leaf::below((resource_type, is_part), path, declared, actual).iter().filter_map(Leaf::read))
}

/// Of a whole drift; what came or went as a whole resource is neutral, since its kind says more than its values.
pub fn of_drift(resource_type: &str, drift_type: DriftType, changes: &[Change]) -> Course {
    if drift_type != DriftType::Modified {
        return Course { direction: Direction::Neutral, shown_by: None };
    }
    let gathered = gathered::gather(changes);
    let leans: Vec<(PropertyPath, Lean)> = gathered
        .iter()
        .filter_map(|one| {
            let lean = lean_of(resource_type, &one.path, [one.declared.as_ref(), one.actual.as_ref()], one.is_list)?;
            Some((one.path.as_str().into(), lean))
        })
        .collect();
    // What only names or describes says nothing of what changed beside it.
    let is_beside = |path: &str| is_label(path) && !gathered.iter().all(|one| is_label(&one.path));
    let leans: Vec<_> = leans.into_iter().filter(|(path, _)| !is_beside(path.raw())).collect();
    let decided = weightiest(leans.iter().map(|(_, lean)| *lean));
    let shown_by = decided.and_then(|lean| leans.into_iter().find(|(_, one)| *one == lean));
    let went = |one: &gathered::Gathered| !is_empty(one.declared.as_ref()) && is_empty(one.actual.as_ref());
    let direction = match &shown_by {
        Some((_, lean)) => lean.direction(),
        None if !gathered.is_empty() && gathered.iter().all(went) => Direction::BackToDefault,
        None => Direction::Neutral,
    };
    Course { direction, shown_by }
}

/// The most weight decides; a loosening among equals.
fn weightiest(leans: impl Iterator<Item = Lean>) -> Option<Lean> {
    leans.reduce(|best, one| if (one.weight, one.loosens) > (best.weight, best.loosens) { one } else { best })
}

/// Absent, null, or nothing in it.
fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(map)) => map.is_empty(),
        Some(_) => false,
    }
}

/// A single value as lower-case text.
fn word(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.trim().to_lowercase()),
        Value::Bool(on) => Some(on.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// All single values in it, in order.
fn words(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(items)) => items.iter().flat_map(|item| words(Some(item))).collect(),
        Some(Value::Object(map)) => map.values().flat_map(|item| words(Some(item))).collect(),
        other => word(other).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests;
