//! Knowledge about types as data: `packs/noise-*.toml` and `packs/order-*.toml`, embedded, parsed once into pattern trees.
//!
//! A pack file: `format = 1`, `dialects = [..]`, then sections of the same shape, the more particular counting first:
//! `[type.NAME]`, `[family.PREFIX]` (types whose names begin so), `[top]` (every type), `[any]` (by property name, at any
//! depth outside free-form maps); and `[shape.NAME]` (a subtree to include elsewhere).
//! A section holds lists of dotted paths named after what is known of them (`unordered`, `computed`, `cidr`, …;
//! `empty_is_absent`: a JSON document in which null, empty and absent are one), and the
//! tables `defaults`, `identity` (path to keys, or to alternatives of keys), `hide` (path to rule id), `bounds` (path of an
//! autoscaled number to those of the least and the most), `controllers` (path to field managers) and, but for `any`, `include` (path to shape). A type may say `same_as`. `[[cloud_tags]]` lists tag names a cloud sets (`types`, `names`).
//! What an earlier pack or a more general section says is taken back by the same word with `not_` before it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::Dialect;
use super::facts::{Names, Node};

mod read;
mod take_back;

pub use read::PackError;

/// The files that come with the program.
const EMBEDDED: [(&str, &str); 7] = [
    ("noise-terraform.toml", include_str!("../../packs/noise-terraform.toml")),
    ("noise-kubernetes.toml", include_str!("../../packs/noise-kubernetes.toml")),
    ("noise-aws.toml", include_str!("../../packs/noise-aws.toml")),
    ("noise-azure.toml", include_str!("../../packs/noise-azure.toml")),
    ("noise-gcp.toml", include_str!("../../packs/noise-gcp.toml")),
    ("order-kubernetes.toml", include_str!("../../packs/order-kubernetes.toml")),
    ("order-terraform.toml", include_str!("../../packs/order-terraform.toml")),
];

/// Everything known about the types of one dialect.
#[derive(Clone, PartialEq, Default, Debug)]
pub(super) struct Pack {
    pub any: Names,
    pub top: Node,
    /// By the start of the types' names.
    families: BTreeMap<Box<str>, Node>,
    types: HashMap<Box<str>, Node>,
    same_as: HashMap<Box<str>, Box<str>>,
    /// Aliases that are none any more.
    parted: Vec<Box<str>>,
    cloud_tags: Vec<CloudTags>,
}

/// Tag names that a cloud sets by itself; a name that ends in `*` is a prefix.
#[derive(Clone, PartialEq, Default, Debug)]
struct CloudTags {
    /// Start of the type names; empty for all.
    types: String,
    names: Vec<String>,
    /// Names that are people's own all the same.
    not_names: Vec<String>,
}

impl CloudTags {
    /// What it says of a tag, if anything.
    fn says(&self, tag: &str) -> Option<bool> {
        let covers = |names: &[String]| {
            names.iter().any(|name| match name.strip_suffix('*') {
                Some(prefix) => tag.starts_with(prefix),
                None => tag == name,
            })
        };
        if covers(&self.not_names) { Some(false) } else { covers(&self.names).then_some(true) }
    }
}

impl Pack {
    /// The patterns of a type. `apps/v1/Deployment` is known by its kind.
    pub fn of_type(&self, resource_type: &str) -> Option<&Node> {
        let name = resource_type.rsplit('/').next().unwrap_or(resource_type);
        let known = |n: &str| self.types.get(self.same_as.get(n).map_or(n, |s| s));
        known(resource_type).or_else(|| known(name))
    }

    /// The patterns that speak of a type: its own, its family's, those of every type.
    pub fn nodes(&self, resource_type: &str) -> [Option<&Node>; 3] {
        [self.of_type(resource_type), self.of_family(resource_type), Some(&self.top)]
    }

    /// The most particular family that a type belongs to.
    fn of_family(&self, resource_type: &str) -> Option<&Node> {
        let belongs = |prefix: &str| resource_type.starts_with(prefix);
        let families = self.families.iter().filter(|(prefix, _)| belongs(prefix));
        families.max_by_key(|(prefix, _)| prefix.len()).map(|(_, node)| node)
    }

    /// Whether the cloud sets this tag by itself on this type. The last word counts.
    pub fn is_cloud_tag(&self, resource_type: &str, tag: &str) -> bool {
        let about = self.cloud_tags.iter().rev().filter(|t| resource_type.starts_with(&t.types));
        about.filter_map(|t| t.says(tag)).next().unwrap_or(false)
    }

    /// The type that a name stands for.
    fn original<'p>(&'p self, name: &'p str) -> &'p str {
        self.same_as.get(name).map_or(name, |twin| twin)
    }
}

/// Packs of every dialect.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Packs {
    by_dialect: HashMap<Dialect, Pack>,
    empty: Pack,
}

impl Packs {
    /// What comes with the program. A test holds that it parses; should it not, nothing is known about any type.
    pub fn embedded() -> &'static Self {
        Self::once()
    }

    /// The same, to be kept.
    pub fn shared() -> Arc<Self> {
        Arc::clone(Self::once())
    }

    /// Name and text of each that comes with the program.
    pub fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
        EMBEDDED.iter().copied()
    }

    fn once() -> &'static Arc<Self> {
        static PACKS: OnceLock<Arc<Packs>> = OnceLock::new();
        PACKS.get_or_init(|| Arc::new(Self::parse(&EMBEDDED).unwrap_or_default()))
    }

    /// Reads pack files (name, text) in order; a later one adds to and overrides an earlier one.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, PackError> {
        let mut packs = Self::default();
        for (name, text) in files {
            packs.add(name, text)?;
        }
        Ok(packs)
    }

    /// Adds one more file, for instance the user's own.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), PackError> {
        let (dialects, read, claims) = read::pack(name, text)?;
        take_back::check(&claims, dialects.iter().map(|dialect| (self.of(*dialect), &read)), (name, text))?;
        for dialect in dialects {
            self.by_dialect.entry(dialect).or_default().absorb(&read);
        }
        Ok(())
    }

    /// The same packs without what they know about single resource types.
    pub fn without_types(&self) -> Self {
        let mut packs = self.clone();
        for pack in packs.by_dialect.values_mut() {
            pack.types.clear();
            pack.same_as.clear();
            pack.cloud_tags.retain(|tags| tags.types.is_empty());
        }
        packs
    }

    pub(super) fn of(&self, dialect: Dialect) -> &Pack {
        self.by_dialect.get(&dialect).unwrap_or(&self.empty)
    }
}

impl Pack {
    fn absorb(&mut self, other: &Self) {
        for (name, facts) in &other.any {
            self.any.entry(name.clone()).or_default().merge(facts);
        }
        self.top.graft_here(&other.top);
        for (prefix, node) in &other.families {
            self.families.entry(prefix.clone()).or_default().graft_here(node);
        }
        self.same_as.retain(|name, _| !other.parted.contains(name));
        for (name, node) in &other.types {
            // What is said of an alias is said of the type it stands for.
            let name = self.original(name).into();
            self.types.entry(name).or_default().graft_here(node);
        }
        for (name, twin) in &other.same_as {
            let twin = other.original(self.original(twin)).into();
            self.same_as.insert(name.clone(), twin);
        }
        self.cloud_tags.extend(other.cloud_tags.clone());
    }
}

/// The facts of the published schema of one type, given beside a case.
///
/// Shape: `read_only`, `write_only`, `create_only`, `unordered_scalars`, `unordered_objects`, `ordered`, `free_form_maps` (lists of dotted paths, `*` for
/// list elements), `defaults` (path to value). Anything else is left alone.
#[derive(Clone, Default, Debug)]
pub struct Schema {
    pub(super) node: Node,
}

impl Schema {
    /// From its JSON form; what is not there is not known.
    pub fn from_json(schema: &Value) -> Self {
        use super::facts::Fact;
        let mut node = Node::default();
        let paths = |name: &str| schema[name].as_array().into_iter().flatten().filter_map(Value::as_str);
        for path in paths("read_only") {
            node.at(path).hide = Some(super::rules::COMPUTED);
        }
        for (name, fact) in [
            ("write_only", Fact::WriteOnly),
            ("create_only", Fact::CreateOnly),
            ("unordered_scalars", Fact::Unordered),
            ("unordered_objects", Fact::Unordered),
            // The published schema says `insertionOrder: true` itself; what it leaves open is in neither list.
            ("ordered", Fact::Ordered),
            ("free_form_maps", Fact::FreeForm),
        ] {
            paths(name).for_each(|path| node.at(path).set(fact));
        }
        for (path, value) in schema["defaults"].as_object().into_iter().flatten() {
            node.at(path).default = Some(value.clone());
        }
        Self { node }
    }
}

/// Sections by name, used while reading.
type Shapes = BTreeMap<String, Node>;

#[cfg(test)]
mod tests {
    use super::super::DIALECTS;
    use super::super::facts::{Cursor, Fact};
    use super::*;

    #[test]
    fn the_embedded_packs_are_valid() {
        if let Err(e) = Packs::parse(&EMBEDDED) {
            panic!("{e}");
        }
    }

    #[test]
    fn an_alias_type_knows_what_its_twin_knows() {
        let pack = Packs::embedded().of(Dialect::Terraform);
        assert!(pack.of_type("aws_alb").is_some() && pack.of_type("aws_lb").is_some());
    }

    #[test]
    fn a_mistake_in_a_pack_is_reported_with_file_and_line() {
        for (text, line, word) in [
            ("format = 1\ndialects = [\"klingon\"]", 2, "klingon"),
            ("format = 1\ndialects = [\"gcp\"]\n[any]\nunorderd = []", 4, "unorderd"),
            ("format = 1\ndialects = [\"gcp\"]\n[top.hide]\n\"a.b\" = \"no-rule\"", 4, "no-rule"),
            ("format = 9", 1, "format"),
            ("format = 1\ndialects = [", 2, ""),
        ] {
            let error = Packs::parse(&[("mine.toml", text)]).map(|_| ()).unwrap_err().to_string();
            assert!(error.starts_with(&format!("mine.toml:{line}: ")) && error.contains(word), "{error}");
        }
    }

    #[test]
    fn a_later_pack_adds_to_an_earlier_one() {
        let mut packs = Packs::embedded().clone();
        packs
            .add("mine.toml", "format = 1\ndialects = [\"terraform\"]\n[type.aws_alb]\nunordered = [\"mine\"]")
            .unwrap();
        let cursor = |kind: &str| {
            let pack = packs.of(Dialect::Terraform);
            Cursor::root([pack.of_type(kind), None, None, None], &pack.any).key("mine").has(Fact::Unordered)
        };
        assert!(cursor("aws_alb") && cursor("aws_lb") && !cursor("aws_vpc"));
    }

    #[test]
    fn every_kind_of_knowledge_is_taken_back_by_its_own_word() {
        use super::super::facts::Aspect;
        for (dialect, kind, path, aspect, text) in [
            (Dialect::Kubernetes, "v1/Pod", "status", Aspect::Hide(None), "[type.Pod]\nnot_hide = [\"status\"]"),
            (
                Dialect::Kubernetes,
                "v1/Pod",
                "spec.replicas",
                Aspect::Controllers,
                "[top]\nnot_controllers = [\"spec.replicas\"]",
            ),
            (
                Dialect::Kubernetes,
                "v1/Service",
                "spec.ports",
                Aspect::Identity,
                "[type.Service]\nnot_identity = [\"spec.ports\"]",
            ),
            (
                Dialect::Terraform,
                "aws_autoscaling_group",
                "desired_capacity",
                Aspect::Bounds,
                "[type.aws_autoscaling_group]\nnot_bounds = [\"desired_capacity\"]",
            ),
            (
                Dialect::Terraform,
                "aws_vpc",
                "storage_encrypted",
                Aspect::Fact(Fact::Switch),
                "[type.aws_vpc]\nnot_switch = [\"storage_encrypted\"]",
            ),
        ] {
            let mut packs = Packs::embedded().clone();
            let says = |packs: &Packs| {
                let pack = packs.of(dialect);
                let [of_type, of_family, of_all] = pack.nodes(kind);
                Cursor::root([None, of_type, of_family, of_all], &pack.any).down(path).says(aspect)
            };
            assert!(says(&packs), "{text}");
            let name = DIALECTS.iter().find(|(_, d)| *d == dialect).unwrap().0;
            let head = format!("format = 1\ndialects = [\"{name}\"]\n");
            packs.add("mine.toml", &format!("{head}{text}")).unwrap();
            assert!(!says(&packs), "{text}");
        }
    }

    #[test]
    fn the_last_pack_counts_and_what_is_taken_back_can_be_said_again() {
        let mut packs = Packs::embedded().clone();
        let head = "format = 1\ndialects = [\"terraform\"]\n[type.aws_x]\n";
        let is_computed = |packs: &Packs| {
            let pack = packs.of(Dialect::Terraform);
            let [of_type, of_family, of_all] = pack.nodes("aws_x");
            Cursor::root([None, of_type, of_family, of_all], &pack.any).key("etag").hide().is_some()
        };
        for (word, expected) in [("not_computed", false), ("computed", true), ("not_computed", false)] {
            packs.add("mine.toml", &format!("{head}{word} = [\"etag\"]")).unwrap();
            assert_eq!(is_computed(&packs), expected, "{word}");
        }
    }
}
