//! `packs/codify-terraform.toml`: what must not be written into code.

use std::collections::HashMap;
use std::sync::LazyLock;

use hcl_edit::structure::Body;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::fresh::is_nothing;
use super::literal;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Pack {
    computed: Vec<String>,
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
    let group = PACK.one_of.iter().find(|group| group.iter().any(|name| name == attribute))?;
    let other = group.iter().find(|name| *name != attribute && body.has_attribute(name))?;
    (!body.has_attribute(attribute)).then(|| format!("it conflicts with `{other}`, which the code says"))
}

/// Whether another part of the same block stands in its way: of those that conflict the first is written.
pub(super) fn gives_way(name: &str, all: &Map<String, Value>) -> bool {
    let is_there = |name: &String| all.get(name).is_some_and(|value| !is_nothing(value));
    let is_out = |rule: &Beside| {
        let beside = all.get(&rule.beside).and_then(literal::text);
        rule.name == name && beside.is_some_and(|beside| !rule.values.contains(&beside))
    };
    let first = |group: &Vec<String>| group.iter().find(|name| is_there(name)).is_some_and(|first| first != name);
    let group = PACK.one_of.iter().find(|group| group.iter().any(|one| one == name));
    PACK.only_beside.iter().any(is_out) || group.is_some_and(first)
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
