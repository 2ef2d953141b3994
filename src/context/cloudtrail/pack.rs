//! What is known about events, as data: `packs/cloudtrail.toml`, compiled into the binary and read once.

use std::sync::LazyLock;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;

use crate::drift::ActorClass;

const TEXT: &str = include_str!("../../../packs/cloudtrail.toml");

/// A test proves that the pack loads, so an error here cannot happen in a build that passed its tests.
pub(super) static PACK: LazyLock<Pack> = LazyLock::new(|| load(TEXT).unwrap_or_default());

/// The rules, each list in its order.
#[derive(Default)]
pub(super) struct Pack {
    pub classes: Vec<ClassRule>,
    pub names: Vec<NameRule>,
    /// Types whose events are in the home region.
    pub home: GlobSet,
    pub changes: Vec<ChangeRule>,
    pub opposites: Vec<Opposite>,
}

/// A kind of hand; a field without patterns asks nothing.
pub(super) struct ClassRule {
    pub is: ActorClass,
    pub why: String,
    pub identity: GlobSet,
    pub event_type: GlobSet,
    pub invoked_by: GlobSet,
    pub user_agent: GlobSet,
    pub role: GlobSet,
    pub session: GlobSet,
    pub address: GlobSet,
    pub console: bool,
}

/// Attributes that hold the names of a type.
pub(super) struct NameRule {
    pub types: GlobSet,
    pub keys: Vec<String>,
}

/// Events that change certain properties.
pub(super) struct ChangeRule {
    pub events: GlobSet,
    pub properties: GlobSet,
}

/// Verbs that undo each other: `AttachRolePolicy` and `DetachRolePolicy`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Opposite {
    pub verbs: [String; 2],
    /// Only where there was nothing before the first.
    #[serde(default)]
    pub from_nothing: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    class: Vec<ClassEntry>,
    name: Vec<NameEntry>,
    home: HomeEntry,
    change: Vec<ChangeEntry>,
    opposite: Vec<Opposite>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassEntry {
    is: ActorClass,
    why: String,
    #[serde(default)]
    identity: Vec<String>,
    #[serde(default)]
    event_type: Vec<String>,
    #[serde(default)]
    invoked_by: Vec<String>,
    #[serde(default)]
    user_agent: Vec<String>,
    #[serde(default)]
    role: Vec<String>,
    #[serde(default)]
    session: Vec<String>,
    #[serde(default)]
    address: Vec<String>,
    #[serde(default)]
    console: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameEntry {
    types: Vec<String>,
    keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HomeEntry {
    types: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeEntry {
    events: Vec<String>,
    properties: Vec<String>,
}

fn load(text: &str) -> Result<Pack, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    let class = |entry: ClassEntry| -> Result<ClassRule, String> {
        Ok(ClassRule {
            is: entry.is,
            why: entry.why,
            identity: globs(&entry.identity)?,
            event_type: globs(&entry.event_type)?,
            invoked_by: globs(&entry.invoked_by)?,
            user_agent: globs(&entry.user_agent)?,
            role: globs(&entry.role)?,
            session: globs(&entry.session)?,
            address: globs(&entry.address)?,
            console: entry.console,
        })
    };
    let name = |entry: NameEntry| Ok(NameRule { types: globs(&entry.types)?, keys: entry.keys });
    let change =
        |entry: ChangeEntry| Ok(ChangeRule { events: globs(&entry.events)?, properties: globs(&entry.properties)? });
    Ok(Pack {
        classes: file.class.into_iter().map(class).collect::<Result<_, String>>()?,
        names: file.name.into_iter().map(name).collect::<Result<_, String>>()?,
        home: globs(&file.home.types)?,
        changes: file.change.into_iter().map(change).collect::<Result<_, String>>()?,
        opposites: file.opposite,
    })
}

fn globs(patterns: &[String]) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = GlobBuilder::new(pattern).case_insensitive(true).build();
        set.add(glob.map_err(|error| error.to_string())?);
    }
    set.build().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pack_loads() {
        let pack = load(TEXT).unwrap();
        assert!(pack.classes.len() > 10 && pack.names.len() > 10 && pack.changes.len() > 10);
        for class in ActorClass::ALL {
            assert!(pack.classes.iter().any(|rule| rule.is == class), "no rule for {class:?}");
        }
    }

    #[test]
    fn a_rule_that_would_hold_for_everything_is_none() {
        for rule in &PACK.classes {
            let all = [&rule.identity, &rule.event_type, &rule.invoked_by, &rule.user_agent, &rule.role, &rule.session];
            let asks = rule.console || !rule.address.is_empty() || all.iter().any(|globs| !globs.is_empty());
            assert!(asks, "{}", rule.why);
        }
    }
}
