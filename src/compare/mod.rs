//! THE CORE: compares declared, live and remembered values of one resource. Pure; no I/O; fuzzable.
//!
//! [`compare`] gives four answers that are never mixed: changes (drift), hidden (a named rule says both sides mean the
//! same), unverified (cannot be compared), and in sync (none of them).

//!
//! The parts: [`walk`](self) goes over both trees; `spelling` holds the rules about single values, `sets`, `identity` and
//! `arrays` those about lists, `policy`, `security_group`, `tags`, `document`, `kubernetes`, `controlled` and `host_file` those
//! about things;
//! `context` and `arn` know where things are and what they are called; `absence` judges what stands on one side only; `packs` is
//! knowledge about types, as data; `rules` names every rule.

use serde_json::{Map, Value};

use crate::drift::{ChangeType, PathBuilder, UnverifiedReason};

mod absence;
mod arn;
mod arrays;
mod canon;
mod context;
mod controlled;
mod document;
mod facts;
mod host_file;
mod identity;
mod knowledge;
mod kubernetes;
mod labels;
mod likeness;
mod never_hide;
mod packs;
mod path;
mod placeholder;
mod policy;
mod rules;
mod security_group;
mod sets;
mod spelling;
mod surroundings;
mod tags;
mod twins;
mod walk;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;

pub(crate) use arrays::ORDER_UNKNOWN;
pub use context::Context;
pub use knowledge::Knowledge;
pub use never_hide::NeverHide;
pub use packs::{PackError, Packs, Schema};
pub(crate) use rules::DRIFTIGNORE;
pub use rules::{RuleInfo, explain, rules};
pub(crate) use spelling::protocol;
pub(crate) use spelling::reference::ALIAS_UNKNOWN;

/// A top-level property that nests deeper is not compared but unverified.
pub const MAX_DEPTH: usize = 128;

/// A differing list with more elements on a side is not compared but unverified.
pub const MAX_ELEMENTS: usize = 100_000;

/// How property names and values of a resource are spelt; decides which general rules apply.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Dialect {
    /// snake_case, blocks as lists of objects.
    Terraform,
    /// PascalCase, tags as lists of `Key`/`Value`.
    Cloudformation,
    /// camelCase items as AWS Config records them.
    AwsConfig,
    Kubernetes,
    Azure,
    Gcp,
}

const DIALECTS: [(&str, Dialect); 6] = [
    ("terraform", Dialect::Terraform),
    ("cloudformation", Dialect::Cloudformation),
    ("aws_config", Dialect::AwsConfig),
    ("kubernetes", Dialect::Kubernetes),
    ("azure", Dialect::Azure),
    ("gcp", Dialect::Gcp),
];

impl Dialect {
    /// By the name packs and case files give it.
    pub fn from_name(name: &str) -> Option<Self> {
        DIALECTS.iter().find(|(n, _)| *n == name).map(|(_, dialect)| *dialect)
    }

    /// Every name, in a fixed order.
    pub fn names() -> impl Iterator<Item = &'static str> {
        DIALECTS.iter().map(|(name, _)| *name)
    }
}

/// Which properties the live reader returns for the type.
#[derive(Clone, PartialEq, Debug)]
pub enum Observable {
    /// The whole model comes back.
    All,
    /// Only these paths (and what lies below them); others are unverified.
    Paths(std::sync::Arc<[String]>),
}

/// One resource to compare. `declared` and `live` are unmasked and in the same dialect.
pub struct Subject<'a> {
    pub dialect: Dialect,
    pub resource_type: &'a str,
    pub declared: &'a Value,
    pub live: &'a Value,
    /// What was last seen and accepted, if the resource was ever seen.
    pub memory: Option<Memory<'a>>,
    pub observable: &'a Observable,
}

/// What the code does not state is judged against what was seen before. Both values are masked, so that secrets can be
/// compared without being kept.
pub struct Memory<'a> {
    pub remembered: &'a Value,
    pub live: &'a Value,
}

/// A differing property with its values as they came; mask before it goes anywhere.
#[derive(Clone, PartialEq, Debug)]
pub struct RawChange {
    pub path: String,
    pub change_type: ChangeType,
    pub declared: Option<Value>,
    pub actual: Option<Value>,
    /// Known by memory: the code is silent (`declared` is what was remembered), or it was seen live before and is gone.
    pub is_remembered: bool,
}

/// A difference that `rule` explains away.
#[derive(Clone, PartialEq, Debug)]
pub struct RawHidden {
    pub path: String,
    pub rule: &'static str,
    pub declared: Option<Value>,
    pub actual: Option<Value>,
}

/// A property that could not be compared.
#[derive(Clone, PartialEq, Debug)]
pub struct RawUnverified {
    pub path: String,
    pub reason: UnverifiedReason,
    /// One sentence for people, empty when the reason says it all.
    pub detail: &'static str,
}

/// The answer; every list is sorted by path.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Verdict {
    pub changes: Vec<RawChange>,
    pub hidden: Vec<RawHidden>,
    pub unverified: Vec<RawUnverified>,
}

/// What a comparison knows beyond the resource itself.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    pub packs: &'a Packs,
    /// The published schema of the resource's type, where it is at hand.
    pub schema: Option<&'a Schema>,
    /// What is known of the resource's surroundings.
    pub context: Option<&'a Context>,
    /// Rules that people switched off.
    pub never_hide: &'a [NeverHide],
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Self { packs: Packs::embedded(), schema: None, context: None, never_hide: &[] }
    }
}

/// Compares one resource with what the embedded packs know. Deterministic: same input, same answer in the same order.
///
/// For what the code does not state, a change's `declared` is the value that was last seen and accepted (masked).
pub fn compare(subject: &Subject<'_>) -> Verdict {
    compare_with(subject, &Settings::default())
}

/// Compares one resource with given knowledge.
pub fn compare_with(subject: &Subject<'_>, settings: &Settings<'_>) -> Verdict {
    let pack = settings.packs.of(subject.dialect);
    let [of_type, of_family, of_all] = pack.nodes(subject.resource_type);
    let nodes = [settings.schema.map(|s| &s.node), of_type, of_family, of_all];
    let folded = match subject.dialect {
        Dialect::Kubernetes => [subject.declared, subject.live].map(kubernetes::folded),
        Dialect::Cloudformation if subject.resource_type.ends_with("::StateMachine") => {
            [twins::substituted(subject.declared), None]
        }
        _ => [None, None],
    };
    let declared = folded[0].as_ref().unwrap_or(subject.declared);
    let live = folded[1].as_ref().unwrap_or(subject.live);
    let applied = (subject.dialect == Dialect::Kubernetes).then(|| kubernetes::last_applied(live)).flatten();
    let own_id = [live, declared].into_iter().find_map(|v| {
        ["id", "GroupId", "groupId", "RestApiId", "rest_api_id"].iter().find_map(|key| v.get(key)?.as_str())
    });
    let mut walk = walk::Walk {
        dialect: subject.dialect,
        resource_type: subject.resource_type,
        pack,
        observable: match subject.observable {
            Observable::All => None,
            Observable::Paths(paths) => Some(paths.iter().map(|p| path::skeleton(p)).collect()),
        },
        mode: walk::Mode::Declared,
        path: PathBuilder::new(),
        out: Verdict::default(),
        own_id,
        context: settings.context,
        // An environment may have resources in several regions.
        home: [live, declared]
            .into_iter()
            .find_map(context::own_arn)
            .or_else(|| settings.context.and_then(Context::home)),
        tags_done: false,
        labels_done: false,
        rules_done: false,
        whole: [declared, live],
    };
    let past = walk::Past {
        remembered: subject.memory.as_ref().map(|m| m.remembered),
        seen: subject.memory.as_ref().map(|m| m.live),
        applied: applied.as_ref(),
    };
    walk.resource(facts::Cursor::root(nodes, &pack.any), declared, live, past);
    never_hide::apply(settings.never_hide, subject.resource_type, &mut walk.out);
    walk.out.sort();
    walk.out
}

impl walk::Walk<'_> {
    fn resource(&mut self, cursor: facts::Cursor<'_>, declared: &Value, live: &Value, past: walk::Past<'_>) {
        let nothing = &Map::new();
        let at = walk::At::root(cursor);
        self.tags_done = self.effective_tags(at, declared, live);
        self.host_file(declared, live);
        self.labels_done = self.google_labels(at, declared, live, past);
        self.rules_done = self.aggregated_rules(declared, live);
        match (declared, live) {
            (Value::Object(d), Value::Object(l)) => self.object(at, d, l, past),
            (Value::Object(d), Value::Null) => self.object(at, d, nothing, past),
            (Value::Null, Value::Object(l)) => self.object(at, nothing, l, past),
            _ if [declared, live].iter().any(|v| walk::deeper_than(v, MAX_DEPTH)) => {
                self.unverified(UnverifiedReason::Unsupported, walk::TOO_DEEP);
            }
            _ => self.node(at, Some(declared), Some(live), past),
        }
    }

    /// Properties that were compared before the walk.
    fn handled_at_root(&self, key: &str) -> bool {
        (self.tags_done && matches!(key, "tags" | "tags_all"))
            || (self.labels_done && labels::NAMES.contains(&key))
            || (self.rules_done && key == "rules")
            || (self.dialect == Dialect::Terraform && host_file::handles(self.resource_type, key))
    }
}

impl Verdict {
    /// Hides the changes that `covers` says something about, by a rule.
    pub(crate) fn hide_changes(&mut self, rule: &'static str, mut covers: impl FnMut(&RawChange) -> bool) {
        let hidden = self.changes.extract_if(.., |change| covers(change));
        self.hidden.extend(hidden.map(|c| RawHidden { path: c.path, rule, declared: c.declared, actual: c.actual }));
        self.hidden.sort_by(|a, b| (&a.path, a.rule).cmp(&(&b.path, b.rule)));
    }

    fn sort(&mut self) {
        self.changes.sort_by(|a, b| (&a.path, a.change_type).cmp(&(&b.path, b.change_type)));
        self.hidden.sort_by(|a, b| (&a.path, a.rule).cmp(&(&b.path, b.rule)));
        self.unverified.sort_by(|a, b| (&a.path, a.reason).cmp(&(&b.path, b.reason)));
    }
}
