//! Where a walk through a value stands, and what the way there says about what it finds.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value};

use super::names::{self, Strength};
use super::opaque;
use super::types::{TypeRule, rules_of};
use crate::drift::PropertyPath;
use crate::drift::path::{Step, parse};

/// What holds for one whole resource.
pub(super) struct Scope<'a> {
    pub resource_type: &'a str,
    rules: Vec<&'static TypeRule>,
    /// Keys of the paths that the source marks.
    sensitive: Vec<Vec<String>>,
}

/// What is known about a property before its value is looked at.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Judgement {
    pub strength: Strength,
    /// It was learned from properties beside it, so the path alone does not tell.
    pub from_body: bool,
}

impl Judgement {
    pub const NONE: Self = Self { strength: Strength::None, from_body: false };

    fn raise(&mut self, strength: Strength, from_body: bool) {
        if strength > self.strength {
            *self = Self { strength, from_body };
        } else if strength == self.strength && !from_body {
            self.from_body = false;
        }
    }
}

/// The properties beside the one that is entered.
pub(super) enum Siblings<'a> {
    Object(&'a Map<String, Value>),
    /// Known from a path selector only.
    Identity(&'a [(String, String)]),
    None,
}

impl Siblings<'_> {
    fn text(&self, name: &str) -> Option<String> {
        match self {
            Self::Object(map) => map.get(name).and_then(Value::as_str).map(str::to_owned),
            Self::Identity(pairs) => pairs.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone()),
            Self::None => None,
        }
    }

    /// `{name: DB_PASSWORD, value: …}`: the name of the value is its neighbour's text.
    fn name_of(&self, key: &str) -> Option<String> {
        let is_value =
            ["value", "Value", "ParameterValue", "OptionValue", "default_value", "DefaultValue"].contains(&key);
        let names = ["name", "Name", "key", "Key", "ParameterKey", "OptionName", "parameter_key", "variable_name"];
        if is_value { names.iter().find_map(|name| self.text(name)) } else { None }
    }

    /// The object is a Kubernetes Secret, valid or not.
    fn is_kubernetes_secret(&self) -> bool {
        matches!(self, Self::Object(map) if map.get("kind").and_then(Value::as_str) == Some("Secret"))
    }
}

impl<'a> Scope<'a> {
    pub fn new(resource_type: &'a str, sensitive: &[PropertyPath]) -> Self {
        Self { resource_type, rules: rules_of(resource_type), sensitive: sensitive.iter().map(keys_of).collect() }
    }

    /// The resource as a whole.
    pub fn root(&self) -> Judgement {
        let marked = self.sensitive.iter().any(Vec::is_empty);
        Judgement { strength: if marked { Strength::Marked } else { Strength::None }, from_body: false }
    }

    /// One key deeper; the last of `keys` is the one that is entered.
    pub fn enter(&self, keys: &[&str], parent: Judgement, siblings: &Siblings<'_>) -> Judgement {
        match keys.last() {
            Some(key) => self.enter_named(keys, names::strength(key), parent, siblings),
            None => parent,
        }
    }

    /// As [`enter`](Self::enter), with what the name of the last key says.
    pub fn enter_named(&self, keys: &[&str], named: Strength, parent: Judgement, siblings: &Siblings<'_>) -> Judgement {
        let Some(key) = keys.last() else { return parent };
        let inherited = match parent.strength {
            Strength::Marked => Strength::Marked,
            Strength::Named if !names::is_about(key) => Strength::Named,
            _ => Strength::None,
        };
        let mut judgement =
            Judgement { strength: inherited, from_body: parent.from_body && inherited > Strength::None };
        judgement.raise(named, false);
        for rule in &self.rules {
            if let Some(strength) = rule.strength_at(keys, |name| siblings.text(name)) {
                judgement.raise(strength, rule.needs_sibling());
            }
        }
        if self.sensitive.iter().any(|p| p.len() == keys.len() && p.iter().zip(keys).all(|(a, b)| a == b)) {
            judgement.raise(Strength::Marked, false);
        }
        if let Some(name) = siblings.name_of(key) {
            judgement.raise(names::strength(&name), true);
        }
        if (*key == "data" || *key == "stringData") && siblings.is_kubernetes_secret() {
            judgement.raise(Strength::Marked, true);
        }
        judgement
    }

    /// A manifest kept as text beside the live one; of a Secret, and not readable as JSON, it is a secret as a whole.
    pub fn is_unreadable_manifest(&self, keys: &[&str]) -> bool {
        self.resource_type.ends_with("Secret") && keys.last().is_some_and(|k| k.ends_with("last-applied-configuration"))
    }
}

/// Only the keys: positions are not stable between two sides of a comparison, so marks do not look at them. A mark that was
/// cut covers all that lies where it still leads.
fn keys_of(path: &PropertyPath) -> Vec<String> {
    let key = |step| if let Step::Key(key) = step { Some(key) } else { None };
    parse(path.raw()).0.into_iter().filter_map(key).collect()
}

/// Follows a path without a body: its keys, and what they say.
pub(super) fn arrive<'s>(scope: &Scope<'_>, steps: &'s [Step]) -> (Vec<&'s str>, Judgement) {
    let (mut keys, mut judgement, mut siblings) = (vec![], scope.root(), Siblings::None);
    for step in steps {
        match step {
            Step::Key(key) => {
                keys.push(key.as_str());
                judgement = scope.enter(&keys, judgement, &siblings);
                siblings = Siblings::None;
            }
            Step::Identity(pairs) => siblings = Siblings::Identity(pairs),
            Step::Index(_) | Step::SetValue(_) => {}
        }
    }
    (keys, judgement)
}

/// `["--password", "…"]`: an argument behind an option that announces a secret.
pub(super) fn item_judgement(items: &[Value], at: usize, list: Judgement) -> Judgement {
    let before = at.checked_sub(1).and_then(|i| items[i].as_str()).unwrap_or("");
    if before.starts_with('-') && !before.contains('=') && list.strength < Strength::Named {
        let strength = names::strength(before);
        if strength > list.strength {
            return Judgement { strength, from_body: true };
        }
    }
    list
}

/// A value under a key of a type, for secrets that count only there.
pub(super) fn hash_of(scope: &Scope<'_>, keys: &[&str], text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (scope.resource_type, keys.last(), text).hash(&mut hasher);
    hasher.finish()
}

/// Whether the whole scalar is masked.
pub(super) fn is_secret(value: &Value, strength: Strength) -> bool {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => false,
        Value::Bool(_) => strength == Strength::Marked,
        Value::Number(n) => strength == Strength::Marked || (strength == Strength::Named && n.to_string().len() >= 6),
        Value::String(text) => match strength {
            Strength::Marked => true,
            Strength::Named => !text.is_empty() && text != "true" && text != "false" && !opaque::is_arn(text),
            Strength::Weak => !opaque::is_harmless(text) && !text.contains('«'),
            Strength::None => false,
        },
    }
}
