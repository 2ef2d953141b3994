//! The pack as it is written; unknown keys are refused, so that a slip of the pen is found.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use serde_json::Value;

use super::mapping::{Attribute, Condition, Key, Siblings, Transform, Type};
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
    identity: Vec<(String, Key)>,
    family: Option<String>,
    #[serde(default)]
    part: bool,
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

/// A path, or a path with more to say.
#[derive(Deserialize)]
#[serde(untagged)]
enum Source {
    Path(String),
    Full(Box<Full>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Full {
    from: OneOrMany,
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
        let parsed = Type {
            attributes: attributes.collect::<Result<_, String>>()?,
            defaults: conditions(self.defaults)?,
            gone: conditions(self.gone)?,
            witness: self.witness.as_deref().map(Path::absolute).transpose()?,
            terraform: self.terraform,
            config: self.config,
            identity: self.identity,
            family: self.family,
            part: self.part,
            tags: self.tags,
            rule: self.rule,
            not_observable: self.not_observable,
            wanted: HashSet::new(),
        };
        Ok(parsed.select())
    }
}

impl Source {
    fn parse(self, path: Parse) -> Result<Attribute, String> {
        let full = match self {
            Self::Full(full) => *full,
            Self::Path(from) => Full {
                from: OneOrMany::One(from),
                r#as: None,
                values: BTreeMap::new(),
                default: None,
                each: BTreeMap::new(),
                skip: vec![],
                keyed_by: None,
                unseen: vec![],
                starting: None,
                siblings: None,
            },
        };
        let each = full.each.into_iter().map(|(k, s)| Ok((k, s.parse(Path::relative)?)));
        Ok(Attribute {
            from: full.from.parse(path)?,
            transform: full.r#as,
            values: full.values,
            default: full.default,
            each: each.collect::<Result<_, String>>()?,
            skip: full.skip,
            keyed_by: full.keyed_by,
            unseen: full.unseen,
            starting: full.starting,
            siblings: full.siblings,
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
