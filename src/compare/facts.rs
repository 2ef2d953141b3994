//! What is known about properties, as a tree of path patterns that the walk descends beside the values.
//!
//! A pattern is dotted; `*` stands for any list element or any key; `\.` is a dot inside a key.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use serde_json::Value;

mod cursor;

pub(super) use cursor::Cursor;
#[cfg(test)]
pub(super) use cursor::LEVELS;

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
    /// What a more general section says and this one takes back: bits of [`Fact`], and those below.
    denied: u32,
    pub kind: Option<Kind>,
    /// The rule that hides any difference: the path is computed, meta or owned by the server.
    pub hide: Option<&'static str>,
    pub default: Option<Value>,
    /// Alternatives of keys that together identify an element.
    pub identity: Vec<Vec<Box<str>>>,
    /// Paths, from the resource down, of the least and the most that an autoscaler may set here.
    pub bounds: Option<[Box<str>; 2]>,
    /// Field managers that own this through the scale subresource, while it is theirs.
    pub controllers: Vec<Box<str>>,
}

/// One thing that a pack may say of a property, or take back.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Aspect {
    Fact(Fact),
    Kind(Kind),
    /// Hidden by this rule; `None`: by any.
    Hide(Option<&'static str>),
    Default,
    Identity,
    Bounds,
    Controllers,
}

const KIND: u32 = 1 << 16;
const HIDE: u32 = 1 << 17;
const DEFAULT: u32 = 1 << 18;
const IDENTITY: u32 = 1 << 19;
const BOUNDS: u32 = 1 << 20;
const CONTROLLERS: u32 = 1 << 21;

impl Aspect {
    fn bit(self) -> u32 {
        match self {
            Self::Fact(fact) => fact as u32,
            Self::Kind(_) => KIND,
            Self::Hide(_) => HIDE,
            Self::Default => DEFAULT,
            Self::Identity => IDENTITY,
            Self::Bounds => BOUNDS,
            Self::Controllers => CONTROLLERS,
        }
    }
}

impl Facts {
    pub fn has(&self, fact: Fact) -> bool {
        self.bits & fact as u16 != 0
    }

    pub fn set(&mut self, fact: Fact) {
        self.bits |= fact as u16;
    }

    /// Says it; what has a value of its own (a default, an identity) is set as a field.
    pub fn say(&mut self, aspect: Aspect) {
        match aspect {
            Aspect::Fact(fact) => self.set(fact),
            Aspect::Kind(kind) => self.kind = Some(kind),
            Aspect::Hide(rule) => self.hide = rule,
            Aspect::Default | Aspect::Identity | Aspect::Bounds | Aspect::Controllers => {}
        }
    }

    /// Whether it says this.
    pub fn says(&self, aspect: Aspect) -> bool {
        match aspect {
            Aspect::Fact(fact) => self.has(fact),
            Aspect::Kind(kind) => self.kind == Some(kind),
            Aspect::Hide(None) => self.hide.is_some(),
            Aspect::Hide(rule) => self.hide == rule,
            Aspect::Default => self.default.is_some(),
            Aspect::Identity => !self.identity.is_empty(),
            Aspect::Bounds => self.bounds.is_some(),
            Aspect::Controllers => !self.controllers.is_empty(),
        }
    }

    pub fn take_back(&mut self, aspect: Aspect) {
        self.denied |= aspect.bit();
    }

    fn denies(&self, bit: u32) -> bool {
        self.denied & bit != 0
    }

    fn said(&self) -> u32 {
        let bit = |says: bool, bit: u32| if says { bit } else { 0 };
        u32::from(self.bits)
            | bit(self.kind.is_some(), KIND)
            | bit(self.hide.is_some(), HIDE)
            | bit(self.default.is_some(), DEFAULT)
            | bit(!self.identity.is_empty(), IDENTITY)
            | bit(self.bounds.is_some(), BOUNDS)
            | bit(!self.controllers.is_empty(), CONTROLLERS)
    }

    /// What `other` says is added, and what it takes back is gone; it is the later one.
    pub fn merge(&mut self, other: &Self) {
        // No fact has a bit beyond the sixteenth.
        self.bits &= !(other.denied as u16);
        self.bits |= other.bits;
        self.kind = other.kind.or(self.kind.take_if(|_| !other.denies(KIND)));
        self.hide = other.hide.or(self.hide.take_if(|_| !other.denies(HIDE)));
        if other.default.is_some() || other.denies(DEFAULT) {
            self.default.clone_from(&other.default);
        }
        if !other.identity.is_empty() || other.denies(IDENTITY) {
            self.identity.clone_from(&other.identity);
        }
        if other.bounds.is_some() || other.denies(BOUNDS) {
            self.bounds.clone_from(&other.bounds);
        }
        if !other.controllers.is_empty() || other.denies(CONTROLLERS) {
            self.controllers.clone_from(&other.controllers);
        }
        self.denied = (self.denied | other.denied) & !other.said();
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
                // What is said of every key is said of this one.
                key => {
                    node.children.entry(key.into()).or_insert_with(|| node.star.as_deref().cloned().unwrap_or_default())
                }
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
            let every = || self.star.as_deref().cloned().unwrap_or_default();
            self.children.entry(key.clone()).or_insert_with(every).graft_here(child);
        }
        if let Some(star) = &other.star {
            self.star.get_or_insert_default().graft_here(star);
        }
    }

    /// Every pattern with what it says.
    pub fn patterns(&self) -> Vec<(String, &Facts)> {
        let children = self.children.iter().map(|(key, child)| (key.replace('.', r"\."), child));
        let star = self.star.iter().map(|star| ("*".to_owned(), &**star));
        let mut all = Vec::new();
        for (step, node) in children.chain(star) {
            all.push((step.clone(), &node.facts));
            all.extend(node.patterns().into_iter().map(|(below, facts)| (format!("{step}.{below}"), facts)));
        }
        all
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
