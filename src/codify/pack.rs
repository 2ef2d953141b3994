//! `packs/codify-terraform.toml`: what must not be written into code.

use std::collections::HashMap;
use std::sync::LazyLock;

use hcl_edit::structure::Body;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::fresh::is_nothing;
use super::literal;
use crate::drift::path::{PathBuilder, Step, parse as parse_path};

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Pack {
    computed: Vec<String>,
    settable: Vec<String>,
    from_files: Vec<String>,
    /// Lists and blocks whose elements are rules.
    rules: Vec<String>,
    /// Resource types that are one rule each.
    rule_types: Vec<String>,
    /// What grants nothing in them.
    beside_rules: Vec<String>,
    one_of: Vec<Vec<String>>,
    of: HashMap<String, Vec<String>>,
    only_beside: Vec<Beside>,
    instead: HashMap<String, HashMap<String, String>>,
}

/// Something that says nothing but beside one of these values.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Beside {
    name: String,
    beside: String,
    values: Vec<String>,
    /// What the provider gives it there by itself.
    #[serde(default)]
    own: HashMap<String, String>,
}

impl Beside {
    /// `beside`: what the other one says. Nobody has to say this then, or may.
    fn is_out(&self, beside: &str, value: Option<&Value>) -> bool {
        let own = self.own.get(beside);
        !self.values.iter().any(|one| one == beside) || own.is_some() && own.cloned() == value.and_then(literal::text)
    }
}

/// It is checked by a test, so what could not be parsed here is empty.
static PACK: LazyLock<Pack> = LazyLock::new(|| parse().unwrap_or_default());

fn parse() -> Result<Pack, toml::de::Error> {
    toml::from_str(include_str!("../../packs/codify-terraform.toml"))
}

/// Why an attribute must not be written into a block, as far as is known.
pub(super) fn forbids(resource_type: &str, attribute: &str, body: &Body) -> Option<String> {
    let own = PACK.of.get(resource_type).is_some_and(|names| names.iter().any(|name| name == attribute));
    if own || is_given(attribute) {
        return Some("the provider computes it: no code can say it".into());
    }
    if PACK.from_files.iter().any(|name| name == attribute) {
        return Some("it is worked out from a file: change that".into());
    }
    let group = PACK.one_of.iter().find(|group| group.iter().any(|name| name == attribute))?;
    let other = group.iter().find(|name| *name != attribute && body.has_attribute(name))?;
    (!body.has_attribute(attribute)).then(|| format!("it conflicts with `{other}`, which the code says"))
}

/// Whether another part of the same block stands in its way: of those that conflict the first is written.
pub(super) fn gives_way(name: &str, all: &Map<String, Value>) -> bool {
    let is_there = |name: &String| all.get(name).is_some_and(|value| !is_nothing(value));
    let first = |group: &Vec<String>| group.iter().find(|name| is_there(name)).is_some_and(|first| first != name);
    let group = PACK.one_of.iter().find(|group| group.iter().any(|one| one == name));
    comes_along(name, all) || group.is_some_and(first)
}

/// Whether the provider gives it out beside another part of the same block.
pub(super) fn comes_along(name: &str, all: &Map<String, Value>) -> bool {
    let is_out = |rule: &Beside| {
        let beside = all.get(&rule.beside).and_then(literal::text);
        rule.name == name && beside.is_some_and(|beside| rule.is_out(&beside, all.get(name)))
    };
    PACK.only_beside.iter().any(is_out)
}

/// Code may say it wherever a state has it.
pub(super) fn is_settable(attribute: &str) -> bool {
    PACK.settable.iter().any(|name| name == attribute)
}

/// Whether a property is part of a resource that is one rule.
pub(super) fn is_rule(resource_type: &str, name: &str) -> bool {
    PACK.rule_types.iter().any(|one| one == resource_type) && !PACK.beside_rules.iter().any(|one| one == name)
}

/// The rule that a path is a part of: half of one may allow more than either side.
pub(super) fn rule(resource_type: &str, path: &str) -> Option<String> {
    let (steps, _) = parse_path(path);
    let Some(Step::Key(first)) = steps.first() else { return None };
    if is_rule(resource_type, first) {
        return Some(String::new());
    }
    let is_of_rules = |step: &Step| matches!(step, Step::Key(name) if PACK.rules.iter().any(|one| one == name));
    let at = steps.iter().rposition(is_of_rules)?;
    let is_beside = |step: &Step| matches!(step, Step::Key(name) if PACK.beside_rules.iter().any(|one| one == name));
    if steps[at + 1..].iter().any(is_beside) {
        return None;
    }
    let mut rule = PathBuilder::new();
    for step in &steps[..=at] {
        rule.push(step);
    }
    if let Some(element) = steps.get(at + 1).filter(|step| !matches!(step, Step::Key(_))) {
        rule.push(element);
    }
    Some(rule.text())
}

/// Whether a path leads into a statement of a policy.
pub(super) fn is_in_policy(steps: &[Step]) -> bool {
    steps.iter().any(|step| matches!(step, Step::Key(name) if name == "Statement"))
}

/// The resource type that says it instead, where the documentation calls a part of this one deprecated.
pub(super) fn instead(resource_type: &str, name: &str) -> Option<&'static str> {
    PACK.instead.get(resource_type)?.get(name).map(String::as_str)
}

/// The provider gives it out, whatever has it.
pub(super) fn is_given(attribute: &str) -> bool {
    PACK.computed.iter().any(|name| name == attribute)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_pack_can_be_read() {
        let pack = super::parse().unwrap();
        assert!(pack.of.len() > 5 && pack.one_of.iter().all(|group| group.len() > 1));
    }
}
