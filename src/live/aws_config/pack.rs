//! The pack as it is written; unknown keys are refused, so that a slip of the pen is found.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use serde_json::Value;

use super::mapping::{Attribute, Condition, Key, Shape, Siblings, Transform, Type};
use super::model::{Model, Properties};
use super::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pack {
    pub r#type: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub terraform: String,
    #[serde(default)]
    pub aliases: Vec<String>,
    config: String,
    #[serde(default)]
    shape: Shape,
    model: Option<ModelEntry>,
    identity: Vec<(String, Key)>,
    family: Option<String>,
    #[serde(default)]
    part: bool,
    #[serde(default)]
    second: bool,
    #[serde(default)]
    gone: Vec<When>,
    witness: Option<String>,
    #[serde(default)]
    tags: bool,
    #[serde(default)]
    rule: bool,
    #[serde(default)]
    attributes: BTreeMap<String, Source>,
    #[serde(default)]
    not_observable: Vec<String>,
    #[serde(default)]
    defaults: Vec<When>,
}

/// See [`Model`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelEntry {
    r#type: Option<String>,
    #[serde(default)]
    id: String,
    properties: String,
    #[serde(default)]
    attributes: BTreeMap<String, Source>,
    #[serde(default)]
    flatten: Vec<String>,
    #[serde(default)]
    gone: Vec<When>,
    tags: Option<String>,
    #[serde(default)]
    not_found: NotFound,
}

/// What it says when Cloud Control finds nothing by the identifier.
#[derive(Deserialize, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum NotFound {
    #[default]
    Gone,
    /// How the identifier is put together was not seen anywhere.
    Unknown,
}

/// A path, or a path with more to say.
#[derive(Deserialize)]
#[serde(untagged)]
enum Source {
    Path(String),
    Paths(Vec<String>),
    Full(Box<Full>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Full {
    #[serde(default)]
    from: OneOrMany,
    #[serde(default)]
    gather: Vec<String>,
    r#as: Option<Transform>,
    #[serde(default)]
    values: BTreeMap<String, Value>,
    default: Option<Value>,
    #[serde(default)]
    each: BTreeMap<String, Source>,
    #[serde(default)]
    skip: Vec<(String, Value)>,
    keyed_by: Option<String>,
    #[serde(default)]
    unseen: Vec<String>,
    starting: Option<String>,
    siblings: Option<Siblings>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(vec![])
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct When {
    path: OneOrMany,
    equals: Option<Value>,
    contains: Option<String>,
    #[serde(default)]
    null: bool,
    #[serde(default)]
    default_vpc: bool,
}

type Parse = fn(&str) -> Result<Path, String>;

impl Entry {
    pub fn parse(self) -> Result<Type, String> {
        let attributes = self.attributes.into_iter().map(|(k, s)| Ok((k, s.parse(Path::absolute)?)));
        let conditions = |list: Vec<When>| list.into_iter().map(When::parse).collect::<Result<_, _>>();
        let model = self.model.map(|m| m.parse(&self.config)).transpose()?;
        if self.shape != Shape::Described && model.is_none() {
            return Err("is modelled and has no model".to_owned());
        }
        let parsed = Type {
            shape: self.shape,
            model,
            attributes: attributes.collect::<Result<_, String>>()?,
            defaults: conditions(self.defaults)?,
            gone: conditions(self.gone)?,
            witness: self.witness.as_deref().map(Path::absolute).transpose()?,
            terraform: self.terraform,
            config: self.config,
            identity: self.identity,
            family: self.family,
            part: self.part,
            second: self.second,
            tags: self.tags,
            rule: self.rule,
            not_observable: self.not_observable,
            wanted: HashSet::new(),
        };
        Ok(parsed.select())
    }
}

impl ModelEntry {
    fn parse(self, config: &str) -> Result<Model, String> {
        let attributes = self.attributes.into_iter().map(|(k, s)| Ok((k, s.parse(Path::modelled)?)));
        Ok(Model {
            attributes: attributes.collect::<Result<_, String>>()?,
            name: self.r#type.unwrap_or_else(|| config.to_owned()),
            id: self.id,
            properties: Properties::parse(&self.properties)?,
            flatten: self.flatten,
            gone: self.gone.into_iter().map(When::parse).collect::<Result<_, _>>()?,
            tags: self.tags,
            is_found_for_sure: self.not_found == NotFound::Gone,
        })
    }
}

impl Source {
    fn parse(self, path: Parse) -> Result<Attribute, String> {
        let from = match self {
            Self::Full(full) => return full.parse(path),
            Self::Path(one) => OneOrMany::One(one),
            Self::Paths(many) => OneOrMany::Many(many),
        };
        let plain = Full {
            from,
            gather: vec![],
            r#as: None,
            values: BTreeMap::new(),
            default: None,
            each: BTreeMap::new(),
            skip: vec![],
            keyed_by: None,
            unseen: vec![],
            starting: None,
            siblings: None,
        };
        plain.parse(path)
    }
}

impl Full {
    fn parse(self, path: Parse) -> Result<Attribute, String> {
        let each = self.each.into_iter().map(|(k, s)| Ok((k, s.parse(Path::relative)?)));
        let from = self.from.parse(path)?;
        if from.is_empty() == self.gather.is_empty() {
            return Err("an attribute comes `from` somewhere or is `gather`ed".to_owned());
        }
        Ok(Attribute {
            from,
            gather: self.gather,
            transform: self.r#as,
            values: self.values,
            default: self.default,
            each: each.collect::<Result<_, String>>()?,
            skip: self.skip,
            keyed_by: self.keyed_by,
            unseen: self.unseen,
            starting: self.starting,
            siblings: self.siblings,
        })
    }
}

impl OneOrMany {
    fn parse(&self, path: Parse) -> Result<Vec<Path>, String> {
        match self {
            Self::One(one) => Ok(vec![path(one)?]),
            Self::Many(many) => many.iter().map(|p| path(p)).collect(),
        }
    }
}

impl When {
    fn parse(self) -> Result<Condition, String> {
        let path = self.path.parse(Path::absolute)?;
        let Self { equals, contains, null, default_vpc, .. } = self;
        Ok(Condition { path, equals, contains, null, default_vpc })
    }
}
