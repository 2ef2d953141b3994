//! Severity knowledge as data: `packs/severity-*.toml`, compiled into the binary and read once.
//!
//! A `[[rule]]` is about a change. It holds when all it states holds:
//! `types`: globs on the resource type; `paths` / `not_paths`: globs on the property path in normal form ([`normal`]);
//! `resources`: globs on the resource's address or provider id; `test` / `not_test`: see [`Test`]; `declared`, `actual`: globs on the
//! declared and the live value; `ports`, `only_ports`, `not_ports`: ports the change is about (some of them, nothing but them, not only them).
//! `hardening`: the change is tighter than the code; then looser readings of it do not count. `fallback`: counts only where no
//! other rule does. A `[[resource]]` is about a drift as a whole: `drift` is its type, `types` as above. Both give scores on the
//! axes and a sentence, in which `{declared}` and `{actual}` stand for the masked values.

use std::sync::LazyLock;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;

use super::value::Test;
use crate::drift::path::{Step, parse};
use crate::drift::{Axis, DriftType, Score};

pub(super) const PACKS: &[(&str, &str)] = &[
    ("severity-network", include_str!("../../packs/severity-network.toml")),
    ("severity-identity", include_str!("../../packs/severity-identity.toml")),
    ("severity-data", include_str!("../../packs/severity-data.toml")),
    ("severity-kubernetes", include_str!("../../packs/severity-kubernetes.toml")),
    ("severity-host", include_str!("../../packs/severity-host.toml")),
    ("severity-general", include_str!("../../packs/severity-general.toml")),
];

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
struct File {
    rule: Vec<RuleText>,
    resource: Vec<RuleText>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
struct RuleText {
    id: String,
    types: Vec<String>,
    paths: Vec<String>,
    not_paths: Vec<String>,
    resources: Vec<String>,
    drift: Option<DriftType>,
    test: Option<Test>,
    not_test: Option<Test>,
    declared: Vec<String>,
    actual: Vec<String>,
    ports: Vec<u16>,
    only_ports: Vec<u16>,
    not_ports: Vec<u16>,
    hardening: bool,
    fallback: bool,
    security: f64,
    performance: f64,
    cost: f64,
    compliance: f64,
    text: String,
}

/// A compiled rule; an absent glob list matches everything.
#[derive(Debug)]
pub(super) struct Rule {
    pub id: String,
    pub types: Option<GlobSet>,
    paths: Option<GlobSet>,
    not_paths: Option<GlobSet>,
    pub resources: Option<GlobSet>,
    pub drift: Option<DriftType>,
    pub test: Option<Test>,
    pub not_test: Option<Test>,
    pub declared: Option<GlobSet>,
    pub actual: Option<GlobSet>,
    pub ports: Vec<u16>,
    pub only_ports: Vec<u16>,
    pub not_ports: Vec<u16>,
    pub hardening: bool,
    pub fallback: bool,
    pub scores: Vec<(Axis, Score)>,
    pub text: String,
}

/// What is wrong with a pack.
#[derive(Debug, thiserror::Error)]
pub(super) enum PackError {
    #[error("packs/{0}.toml: {1}")]
    Toml(&'static str, toml::de::Error),
    #[error("packs/{0}.toml: rule `{1}`: {2}")]
    Rule(&'static str, String, String),
}

/// All rules of changes, and all rules of whole resources.
#[derive(Debug, Default)]
pub(super) struct Pack {
    pub changes: Vec<Rule>,
    pub resources: Vec<Rule>,
}

/// The built-in rules. A test proves that they load, so an error here cannot happen in a build that passed its tests.
pub(super) static PACK: LazyLock<Pack> = LazyLock::new(|| load(PACKS).unwrap_or_default());

pub(super) fn load(packs: &[(&'static str, &str)]) -> Result<Pack, PackError> {
    let mut pack = Pack::default();
    for &(name, text) in packs {
        let file: File = toml::from_str(text).map_err(|e| PackError::Toml(name, e))?;
        for rule in file.rule {
            pack.changes.push(compile(rule).map_err(|(id, why)| PackError::Rule(name, id, why))?);
        }
        for rule in file.resource {
            pack.resources.push(compile(rule).map_err(|(id, why)| PackError::Rule(name, id, why))?);
        }
    }
    Ok(pack)
}

fn compile(text: RuleText) -> Result<Rule, (String, String)> {
    let id = text.id.clone();
    let fail = |why: String| (id.clone(), why);
    let axes = [
        (Axis::Security, text.security),
        (Axis::Performance, text.performance),
        (Axis::Cost, text.cost),
        (Axis::Compliance, text.compliance),
    ];
    let mut scores = vec![];
    for (axis, value) in axes.into_iter().filter(|(_, value)| *value != 0.0) {
        scores.push((axis, Score::new(value).map_err(|e| fail(e.to_string()))?));
    }
    if scores.is_empty() || text.text.is_empty() || text.id.is_empty() {
        return Err(fail("needs an id, a score and a sentence".to_owned()));
    }
    if text.paths.is_empty() && text.drift.is_none() {
        return Err(fail("needs paths, or the type of drift it is about".to_owned()));
    }
    let normal_globs = |list: &[String]| globs(&list.iter().map(|p| normal_key(p)).collect::<Vec<_>>());
    Ok(Rule {
        types: globs(&text.types).map_err(&fail)?,
        paths: normal_globs(&text.paths).map_err(&fail)?,
        not_paths: normal_globs(&text.not_paths).map_err(&fail)?,
        resources: globs(&text.resources).map_err(&fail)?,
        declared: globs(&text.declared).map_err(&fail)?,
        actual: globs(&text.actual).map_err(&fail)?,
        id: text.id,
        drift: text.drift,
        test: text.test,
        not_test: text.not_test,
        ports: text.ports,
        only_ports: text.only_ports,
        not_ports: text.not_ports,
        hardening: text.hardening,
        fallback: text.fallback,
        scores,
        text: text.text,
    })
}

/// `None` for an empty list.
fn globs(patterns: &[String]) -> Result<Option<GlobSet>, String> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(GlobBuilder::new(pattern).literal_separator(false).build().map_err(|e| e.to_string())?);
    }
    set.build().map(Some).map_err(|e| e.to_string())
}

impl Rule {
    /// Judges a peer by the ports it is let in at.
    pub fn is_about_ports(&self) -> bool {
        !self.ports.is_empty() || !self.only_ports.is_empty() || !self.not_ports.is_empty()
    }

    /// The type matches. A kind of Kubernetes without its group stands for itself: `Ingress`.
    pub fn is_of(&self, resource_type: &str) -> bool {
        let is_bare =
            || resource_type.starts_with(char::is_uppercase) && resource_type.chars().all(char::is_alphanumeric);
        let matches = |types: &GlobSet| {
            types.is_match(resource_type) || (is_bare() && types.is_match(format!("v1/{resource_type}")))
        };
        self.types.as_ref().is_none_or(matches)
    }

    /// Type and path match, whatever the values are.
    pub fn is_about(&self, resource_type: &str, normal_path: &str) -> bool {
        self.paths.as_ref().is_some_and(|p| p.is_match(normal_path))
            && self.is_of(resource_type)
            && !self.not_paths.as_ref().is_some_and(|p| p.is_match(normal_path))
    }
}

/// A path for matching: keys only, lower case without `_` and `-`, so that every provider's spelling is one. The key of a tag
/// in a list (`Tags[Key=owner].Value`) stands as a key of its own.
pub(super) fn normal(path: &str) -> String {
    let mut keys: Vec<String> = vec![];
    for step in parse(path).0 {
        match step {
            Step::Key(key) => keys.push(normal_key(&key)),
            Step::Identity(pairs) if keys.last().is_some_and(|k| k.starts_with("tag")) => {
                keys.extend(pairs.iter().filter(|(k, _)| k.eq_ignore_ascii_case("key")).map(|(_, v)| normal_key(v)));
            }
            _ => {}
        }
    }
    keys.join(".")
}

fn normal_key(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_pack_loads_and_every_id_is_its_own() {
        let pack = load(PACKS).unwrap_or_else(|e| panic!("{e}"));
        let mut ids: Vec<_> = pack.changes.iter().chain(&pack.resources).map(|r| r.id.as_str()).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "an id is used twice");
        assert!(count > 80 && pack.resources.iter().all(|r| r.drift.is_some()));
    }

    #[test]
    fn a_broken_pack_is_refused_with_its_name_and_rule() {
        let error = load(&[("x", "[[rule]]\nid = 'a'\npaths = ['*']\nsecurity = 1.5\ntext = 't'")]).unwrap_err();
        assert_eq!(error.to_string(), "packs/x.toml: rule `a`: a score lies between 0 and 1, got 1.5");
        assert!(load(&[("x", "[[rule]]\nid = 'a'\nunknown = 1")]).is_err());
    }

    #[test]
    fn one_pattern_fits_every_spelling() {
        for path in ["publicly_accessible", "PubliclyAccessible", "publiclyAccessible", "a[0].publicly-accessible"] {
            assert!(normal(path).ends_with("publiclyaccessible"), "{path}");
        }
        assert_eq!(normal("Tags[Key=cost-center].Value"), "tags.costcenter.value");
    }
}
