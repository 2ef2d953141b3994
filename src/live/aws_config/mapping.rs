//! What each Terraform type is in AWS Config, as data: `packs/mapping-aws-*.toml`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::item::Item;
use super::model::Model;
use super::pack;
use super::path::Path;

/// The packs, one after the other; a Terraform type stands in one of them.
pub(super) const PACKS: [&str; 8] = [
    include_str!("../../../packs/mapping-aws-config.toml"),
    include_str!("../../../packs/mapping-aws-cloudformation.toml"),
    include_str!("../../../packs/mapping-aws-described.toml"),
    include_str!("../../../packs/mapping-aws-described-scaling.toml"),
    include_str!("../../../packs/mapping-aws-described-data.toml"),
    include_str!("../../../packs/mapping-aws-described-operations.toml"),
    include_str!("../../../packs/mapping-aws-described-edge.toml"),
    include_str!("../../../packs/mapping-aws-more.toml"),
];

/// How a value is respelt.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, Debug)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Transform {
    /// URL-encoded, JSON or object; becomes JSON text.
    IamPolicy,
    /// `"true"` and `true`.
    Bool,
    Lower,
    /// `arn:aws:iam::1:instance-profile/web` becomes `web`.
    LastSegment,
    /// VPC endpoints stand among the gateways; Terraform keeps the two apart.
    Endpoint,
    NotAnEndpoint,
    /// `subnet-1,subnet-2`.
    CommaList,
    /// A time in any spelling becomes RFC 3339 of whole seconds.
    Moment,
    /// A list of names and values becomes a map.
    Pairs,
    /// A map of tags becomes a list of blocks with `key` and `value`, without those that AWS sets.
    TagBlocks,
    SgIngress,
    SgEgress,
    /// Property names become the service's own (`ContainerPort`, `containerPort`), inside JSON text.
    CamelJson,
    /// `example.com.` becomes `example.com`.
    NoTrailingDot,
}

/// How `configuration` is made.
#[derive(Clone, Copy, PartialEq, Eq, Default, Deserialize, Debug)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Shape {
    /// As the service's own API describes it.
    #[default]
    Described,
    /// As the type's CloudFormation model says.
    Cloudformation,
    /// AWS Config does not record it; only Cloud Control gives it, as the model says.
    CloudControl,
}

/// Where an attribute's value comes from.
#[derive(Clone, Debug)]
pub(super) struct Attribute {
    /// The first that the item says is taken.
    pub from: Vec<Path>,
    /// Of a model: a block whose properties stand one level higher, in the object around it.
    pub gather: Vec<String>,
    pub transform: Option<Transform>,
    /// Values that are spelt differently.
    pub values: BTreeMap<String, Value>,
    /// For null; and for absence when the item is known to be full (see [`Type::witness`]).
    pub default: Option<Value>,
    /// For lists of objects: the fields of each.
    pub each: BTreeMap<String, Attribute>,
    /// Elements to leave out: field and value.
    pub skip: Vec<(String, Value)>,
    /// Where the list is an object of objects: the field that its key becomes.
    pub keyed_by: Option<String>,
    /// Fields of the elements that AWS Config does not record.
    pub unseen: Vec<String>,
    /// Text that begins otherwise is something else: nothing, for this attribute.
    pub starting: Option<String>,
    pub siblings: Option<Siblings>,
}

/// Another resource type that may own (a part of) the attribute.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Siblings {
    pub r#type: String,
    /// Its attribute that names the element it owns; without it, it owns the whole attribute.
    pub attribute: Option<String>,
    /// The field of the element that is compared with it; without it, the element itself.
    pub key: Option<String>,
    /// An attribute and its value: only such resources of the type own anything here.
    pub r#where: Option<(String, Value)>,
}

impl Attribute {
    /// The paths at which it can be looked at: its own, or those of its fields where some are unseen.
    pub fn observable(&self, target: &str) -> Vec<String> {
        if !self.hides_a_field() {
            return vec![target.to_owned()];
        }
        self.each.iter().flat_map(|(field, a)| a.observable(&format!("{target}.{field}"))).collect()
    }

    fn hides_a_field(&self) -> bool {
        !self.unseen.is_empty() || self.each.values().any(Self::hides_a_field)
    }
}

/// A condition on an item: the first path it has holds the value, the text, or null, or names the default VPC.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub path: Vec<Path>,
    pub equals: Option<Value>,
    pub contains: Option<String>,
    pub null: bool,
    pub default_vpc: bool,
}

impl Condition {
    /// `full`: a path the item does not have is null.
    pub fn holds(&self, item: &Item, declared: Option<&Value>, full: bool) -> bool {
        let (found, is_asked) =
            (self.path.iter().find_map(|p| p.get(item, declared)), |p: &Path| p.is_filled(declared));
        let full = full && self.path.iter().any(is_asked);
        match found.or(full.then_some(Value::Null)) {
            None => false,
            Some(Value::Null) => self.null,
            Some(value) => {
                self.equals.as_ref() == Some(&value)
                    || self.contains.as_ref().is_some_and(|c| value.as_str().is_some_and(|v| v.contains(c)))
            }
        }
    }
}

/// One Terraform type.
#[derive(Clone, Debug)]
pub(super) struct Type {
    pub terraform: String,
    pub config: String,
    pub shape: Shape,
    /// What items that follow AWS's resource model are read by.
    pub model: Option<Model>,
    /// Declared attribute, and which key of the item it is.
    pub identity: Vec<(String, Key)>,
    /// The declared attribute that names the live thing several resources describe.
    pub family: Option<String>,
    /// Describes a part of another resource's item: never reported as unmanaged.
    pub part: bool,
    /// Another Terraform type stands for items of the AWS type that nobody declared.
    pub second: bool,
    /// When it is gone although the item is there.
    pub gone: Vec<Condition>,
    /// Present in every full item; items without it leave out more than what is at its default.
    pub witness: Option<Path>,
    pub tags: bool,
    /// One rule of a security group; see `rules`.
    pub rule: bool,
    pub attributes: BTreeMap<String, Attribute>,
    /// Keys of `configuration` that anything here reads.
    pub wanted: HashSet<String>,
    pub not_observable: Vec<String>,
    /// Items every account has, not reported as unmanaged.
    pub defaults: Vec<Condition>,
}

/// What tags and rules are read from, whatever the pack says.
const ALWAYS_WANTED: [&str; 7] =
    ["tags", "tagSet", "Tags", "ownerId", "ipPermissions", "ipPermissionsEgress", "groupId"];

impl Type {
    /// Sets [`Type::wanted`] from the paths.
    pub fn select(mut self) -> Self {
        let attributes = self.attributes.values().flat_map(|a| &a.from);
        let conditions = self.gone.iter().chain(&self.defaults).flat_map(|c| &c.path);
        let paths = attributes.chain(conditions).chain(&self.witness);
        let model = self.model.iter().flat_map(|m| m.properties.names().into_iter().chain(m.tags.as_deref()));
        let keys = paths.filter_map(Path::configuration_key).chain(ALWAYS_WANTED).chain(model);
        self.wanted = keys.map(str::to_owned).collect();
        self
    }

    /// The model to read this item by; without one, by the attributes.
    pub fn model_of(&self, item: &Item) -> Option<&Model> {
        self.model.as_ref().filter(|model| match item.is_model {
            true => model.name.eq_ignore_ascii_case(&item.head.config_type),
            false => self.shape != Shape::Described,
        })
    }

    /// Keys of `configuration` that reading takes; `None`: all.
    pub fn wanted(&self) -> Option<&HashSet<String>> {
        (self.shape == Shape::Described).then_some(&self.wanted)
    }

    /// The item leaves nothing out that is at its default.
    pub fn is_full(&self, item: &Item) -> bool {
        self.witness.as_ref().is_some_and(|w| w.get(item, None).is_some())
    }

    /// The item is there, what this type describes of it is not.
    pub fn is_gone(&self, item: &Item, declared: Option<&Value>) -> bool {
        let model = self.model_of(item);
        if model.is_some_and(|model| model.is_gone(item, declared)) {
            return true;
        }
        // Conditions on what the service describes say nothing of a model, though names may be alike.
        if model.is_some() && self.shape == Shape::Described {
            return false;
        }
        let full = self.is_full(item);
        self.gone.iter().any(|condition| condition.holds(item, declared, full))
    }
}

/// The keys an item is indexed by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Deserialize, Debug)]
#[serde(rename_all = "lowercase")]
pub(super) enum Key {
    Id,
    Name,
    Arn,
}

/// The whole pack.
#[derive(Debug)]
pub(super) struct Mapping {
    by_terraform: HashMap<String, Type>,
    /// Lower case, because old items are in capitals.
    by_config: HashMap<String, String>,
}

impl Mapping {
    /// The built-in pack. It is checked by a test, so what could not be parsed here is empty.
    pub fn built_in() -> &'static Self {
        static MAPPING: LazyLock<Mapping> = LazyLock::new(|| {
            let text = PACKS.concat();
            Mapping::parse(&text)
                .unwrap_or_else(|_| Mapping { by_terraform: HashMap::new(), by_config: HashMap::new() })
        });
        &MAPPING
    }

    /// Parses a pack.
    pub fn parse(text: &str) -> Result<Self, String> {
        let pack: pack::Pack = toml::from_str(text).map_err(|e| e.to_string())?;
        let mut mapping = Self { by_terraform: HashMap::new(), by_config: HashMap::new() };
        for entry in pack.r#type {
            let aliases = entry.aliases.clone();
            let name = entry.terraform.clone();
            let parsed = entry.parse().map_err(|e| format!("{name}: {e}"))?;
            if !parsed.part && !parsed.second {
                mapping.by_config.insert(parsed.config.to_ascii_lowercase(), name.clone());
            }
            for alias in aliases {
                mapping.by_terraform.insert(alias, parsed.clone());
            }
            if mapping.by_terraform.insert(name.clone(), parsed).is_some() {
                return Err(format!("{name} stands twice in the pack"));
            }
        }
        Ok(mapping)
    }

    pub fn of(&self, terraform: &str) -> Option<&Type> {
        self.by_terraform.get(terraform)
    }

    /// The Terraform type of an item.
    pub fn of_config(&self, config: &str) -> Option<&Type> {
        self.of(self.by_config.get(&config.to_ascii_lowercase())?)
    }

    /// All Terraform types that are read from items of this type.
    pub fn terraform_types(&self, config: &str) -> Vec<&str> {
        let same = |(_, t): &(&String, &Type)| t.config.eq_ignore_ascii_case(config);
        let mut names: Vec<&str> = self.by_terraform.iter().filter(same).map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// All types AWS Config records, each once.
    pub fn config_types(&self) -> impl Iterator<Item = &str> {
        let recorded = self.by_terraform.values().filter(|t| t.shape != Shape::CloudControl);
        recorded.map(|t| t.config.as_str()).collect::<BTreeSet<_>>().into_iter()
    }

    /// Every Terraform type by name, aliases too.
    pub fn types(&self) -> impl Iterator<Item = (&str, &Type)> {
        self.by_terraform.iter().map(|(name, spec)| (name.as_str(), spec))
    }
}
