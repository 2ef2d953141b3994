//! What is known about properties, as a tree of path patterns that the walk descends beside the values.
//!
//! A pattern is dotted; `*` stands for any list element or any key; `\.` is a dot inside a key.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use serde_json::Value;

/// Yes-or-no knowledge about one property.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fact {
    /// A list whose order means nothing.
    Unordered = 1,
    /// A list whose order means something, whatever its name suggests.
    Ordered = 2,
    /// A map whose keys people choose: nothing is concluded from their names.
    FreeForm = 4,
    /// Can be written and not read back.
    WriteOnly = 8,
    /// The cloud fills it in where the code does not state it.
    Owned = 16,
    /// Off means something: never folded into "absent", not even as a default.
    Switch = 32,
    /// The reader is known to return it, so that its absence is a removal.
    Returned = 64,
    /// Firewall rules, to be taken apart into atomic ones.
    FirewallRules = 128,
    /// A list of which the code states some elements and the cloud knows more: others count as undeclared.
    Partial = 256,
    /// Set once when the resource is made.
    CreateOnly = 512,
    /// Matching patterns: every list in it names alternatives, and its order means nothing.
    AnyOf = 1024,
    /// A document whose service makes no difference between what is empty and what is left out.
    EmptyIsAbsent = 2048,
}

/// How a scalar is spelt, where its name and looks do not say it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Cidr,
    Dns,
    Duration,
    Timestamp,
    Quantity,
    FoldCase,
    Location,
    FileMode,
    UserData,
    Protocol,
    /// A version, or the track it is on.
    VersionTrack,
    /// The access rules of a Redis user.
    RedisAcl,
    /// A moment that the service rounds down to the hour.
    Hour,
    /// A path whose outer slashes mean nothing.
    Slash,
    /// Nothing but the same bytes is the same.
    Exact,
}

/// Everything known about one property.
#[derive(Clone, PartialEq, Default, Debug)]
pub(super) struct Facts {
    bits: u16,
    pub kind: Option<Kind>,
    /// The rule that hides any difference: the path is computed, meta or owned by the server.
    pub hide: Option<&'static str>,
    pub default: Option<Value>,
    /// Alternatives of keys that together identify an element.
    pub identity: Vec<Vec<Box<str>>>,
}

impl Facts {
    pub fn has(&self, fact: Fact) -> bool {
        self.bits & fact as u16 != 0
    }

    pub fn set(&mut self, fact: Fact) {
        self.bits |= fact as u16;
    }

    pub fn merge(&mut self, other: &Self) {
        self.bits |= other.bits;
        self.kind = other.kind.or(self.kind);
        self.hide = other.hide.or(self.hide);
        if other.default.is_some() {
            self.default.clone_from(&other.default);
        }
        if !other.identity.is_empty() {
            self.identity.clone_from(&other.identity);
        }
    }
}

/// One step of the pattern tree.
#[derive(Clone, PartialEq, Default, Debug)]
pub(super) struct Node {
    pub facts: Facts,
    children: Table<Node>,
    star: Option<Box<Node>>,
}

impl Node {
    /// The facts of a pattern, made when they are not there yet.
    pub fn at(&mut self, pattern: &str) -> &mut Facts {
        &mut self.node_at(pattern).facts
    }

    fn node_at(&mut self, pattern: &str) -> &mut Self {
        let mut node = self;
        for step in steps(pattern) {
            node = match step.as_str() {
                "*" => node.star.get_or_insert_default(),
                key => node.children.entry(key.into()).or_default(),
            };
        }
        node
    }

    /// Copies a whole tree below a pattern.
    pub fn graft(&mut self, pattern: &str, other: &Self) {
        self.node_at(pattern).graft_here(other);
    }

    /// The trees below the first steps.
    pub fn into_children(self) -> impl Iterator<Item = (Box<str>, Self)> {
        self.children.into_iter()
    }

    /// Copies a whole tree onto this one.
    pub fn graft_here(&mut self, other: &Self) {
        self.facts.merge(&other.facts);
        for (key, child) in &other.children {
            self.children.entry(key.clone()).or_default().graft_here(child);
        }
        if let Some(star) = &other.star {
            self.star.get_or_insert_default().graft_here(star);
        }
    }

    fn child(&self, key: &str) -> Option<&Self> {
        if self.children.is_empty() {
            return self.star.as_deref();
        }
        self.children.get(key).or(self.star.as_deref())
    }
}

fn steps(pattern: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match (c, out.last_mut()) {
            ('.', _) => out.push(String::new()),
            ('\\', Some(step)) => step.extend(chars.next()),
            (c, Some(step)) => step.push(c),
            (_, None) => {}
        }
    }
    out
}

/// Facts by property name, wherever it stands outside free-form maps.
pub(super) type Names = Table<Facts>;

/// By name. The names come with the program or from its user, so that nobody can make them collide.
pub(super) type Table<V> = HashMap<Box<str>, V, BuildHasherDefault<Quick>>;

/// FNV-1a: quick for the short names of properties.
#[derive(Default)]
pub(super) struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }

    fn finish(&self) -> u64 {
        // The table looks at the upper bits, which the last bytes have not reached.
        self.0 ^ self.0.rotate_left(32)
    }
}

/// Where the walk stands in the pattern trees: those of the type, of the dialect, and of the schema of the case.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'k> {
    nodes: [Option<&'k Node>; 3],
    names: Option<&'k Names>,
    named: Option<&'k Facts>,
    /// List elements are spelt as the list says.
    inherited: Option<Kind>,
    /// Below a free-form map.
    pub free: bool,
}

impl<'k> Cursor<'k> {
    pub fn root(nodes: [Option<&'k Node>; 3], names: &'k Names) -> Self {
        Self { nodes, names: Some(names), named: None, inherited: None, free: false }
    }

    /// Down to a key.
    pub fn key(self, key: &str) -> Self {
        let free = self.free || self.has(Fact::FreeForm);
        Self {
            nodes: self.nodes.map(|n| n.and_then(|n| n.child(key))),
            named: self.names.filter(|_| !free).and_then(|names| names.get(key)),
            inherited: if free { self.kind() } else { None },
            free,
            ..self
        }
    }

    /// Down to a list element.
    pub fn item(self) -> Self {
        let inherited = self.kind();
        Self { nodes: self.nodes.map(|n| n.and_then(|n| n.star.as_deref())), named: None, inherited, ..self }
    }

    /// Into a document that a text holds: what a name says of a resource's property it does not say there.
    pub fn inside_document(self) -> Self {
        Self { names: None, free: true, ..self }
    }

    /// Into a map whose keys people choose.
    pub fn inside_map(self) -> Self {
        Self { free: true, ..self }
    }

    /// Where nothing is known of what lies below, and texts mean themselves.
    pub fn literal(self) -> Self {
        Self { nodes: [None; 3], names: None, named: None, inherited: None, free: true }
    }

    fn facts(&self) -> impl Iterator<Item = &'k Facts> + use<'k> {
        self.nodes.into_iter().flatten().map(|n| &n.facts).chain(self.named)
    }

    pub fn has(&self, fact: Fact) -> bool {
        self.facts().any(|f| f.has(fact))
    }

    pub fn kind(&self) -> Option<Kind> {
        self.facts().find_map(|f| f.kind).or(self.inherited)
    }

    pub fn hide(&self) -> Option<&'static str> {
        self.facts().find_map(|f| f.hide)
    }

    pub fn default(&self) -> Option<&'k Value> {
        self.facts().find_map(|f| f.default.as_ref())
    }

    pub fn identity(&self) -> &'k [Vec<Box<str>>] {
        self.facts().find(|f| !f.identity.is_empty()).map_or(&[], |f| &f.identity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_found_by_key_by_star_and_by_name() {
        let mut tree = Node::default();
        tree.at("ingress.*.cidr_blocks").set(Fact::Unordered);
        tree.at(r"metadata.a\.b").set(Fact::Owned);
        let names = Names::from_iter([("etag".into(), Facts { hide: Some("computed"), ..Facts::default() })]);
        let root = Cursor::root([Some(&tree), None, None], &names);
        assert!(root.key("ingress").item().key("cidr_blocks").has(Fact::Unordered));
        assert!(root.key("metadata").key("a.b").has(Fact::Owned));
        assert_eq!(root.key("deep").key("etag").hide(), Some("computed"));
    }

    #[test]
    fn names_mean_nothing_inside_a_free_form_map() {
        let mut tree = Node::default();
        tree.at("tags").set(Fact::FreeForm);
        let names = Names::from_iter([("etag".into(), Facts { hide: Some("computed"), ..Facts::default() })]);
        assert_eq!(Cursor::root([Some(&tree), None, None], &names).key("tags").key("etag").hide(), None);
    }
}
