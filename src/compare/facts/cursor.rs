//! The walk's place in the pattern trees.

use serde_json::Value;

use super::{Aspect, BOUNDS, CONTROLLERS, DEFAULT, Fact, Facts, HIDE, IDENTITY, KIND, Kind, Names, Node, steps};

/// The pattern trees that speak of one resource, the more particular first: the schema of the case, its type, the family of
/// types, every type of the dialect.
pub(in crate::compare) const LEVELS: usize = 4;

/// Where the walk stands in the pattern trees.
#[derive(Clone, Copy)]
pub(in crate::compare) struct Cursor<'k> {
    nodes: [Option<&'k Node>; LEVELS],
    names: Option<&'k Names>,
    named: Option<&'k Facts>,
    /// List elements are spelt as the list says.
    inherited: Option<Kind>,
    /// Below a free-form map.
    pub free: bool,
}

impl<'k> Cursor<'k> {
    pub fn root(nodes: [Option<&'k Node>; LEVELS], names: &'k Names) -> Self {
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
        Self { nodes: [None; LEVELS], names: None, named: None, inherited: None, free: true }
    }

    fn facts(&self) -> impl Iterator<Item = &'k Facts> + use<'k> {
        self.nodes.into_iter().flatten().map(|n| &n.facts).chain(self.named)
    }

    /// The facts down to the first that takes this back.
    fn until_denied(&self, bit: u32) -> impl Iterator<Item = &'k Facts> + use<'k> {
        self.facts().take_while(move |f| !f.denies(bit))
    }

    pub fn has(&self, fact: Fact) -> bool {
        self.until_denied(fact as u32).any(|f| f.has(fact))
    }

    pub fn kind(&self) -> Option<Kind> {
        let own = self.until_denied(KIND).find_map(|f| f.kind);
        own.or(self.inherited.filter(|_| !self.facts().any(|f| f.denies(KIND))))
    }

    pub fn hide(&self) -> Option<&'static str> {
        self.until_denied(HIDE).find_map(|f| f.hide)
    }

    pub fn default(&self) -> Option<&'k Value> {
        self.until_denied(DEFAULT).find_map(|f| f.default.as_ref())
    }

    pub fn identity(&self) -> &'k [Vec<Box<str>>] {
        self.until_denied(IDENTITY).find(|f| !f.identity.is_empty()).map_or(&[], |f| &f.identity)
    }

    pub fn bounds(&self) -> Option<&'k [Box<str>; 2]> {
        self.until_denied(BOUNDS).find_map(|f| f.bounds.as_ref())
    }

    pub fn controllers(&self) -> &'k [Box<str>] {
        self.until_denied(CONTROLLERS).find(|f| !f.controllers.is_empty()).map_or(&[], |f| &f.controllers)
    }

    /// Whether this is known of the property, whoever says it.
    pub fn says(&self, aspect: Aspect) -> bool {
        match aspect {
            Aspect::Fact(fact) => self.has(fact),
            Aspect::Kind(kind) => self.kind() == Some(kind),
            Aspect::Hide(None) => self.hide().is_some(),
            Aspect::Hide(rule) => self.hide() == rule,
            Aspect::Default => self.default().is_some(),
            Aspect::Identity => !self.identity().is_empty(),
            Aspect::Bounds => self.bounds().is_some(),
            Aspect::Controllers => !self.controllers().is_empty(),
        }
    }

    /// Down a pattern, `*` being any list element.
    pub fn down(self, pattern: &str) -> Self {
        steps(pattern).iter().fold(self, |cursor, step| if step == "*" { cursor.item() } else { cursor.key(step) })
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
        let root = Cursor::root([Some(&tree), None, None, None], &names);
        assert!(root.key("ingress").item().key("cidr_blocks").has(Fact::Unordered));
        assert!(root.key("metadata").key("a.b").has(Fact::Owned));
        assert_eq!(root.key("deep").key("etag").hide(), Some("computed"));
    }

    #[test]
    fn names_mean_nothing_inside_a_free_form_map() {
        let mut tree = Node::default();
        tree.at("tags").set(Fact::FreeForm);
        let names = Names::from_iter([("etag".into(), Facts { hide: Some("computed"), ..Facts::default() })]);
        assert_eq!(Cursor::root([Some(&tree), None, None, None], &names).key("tags").key("etag").hide(), None);
    }
}
