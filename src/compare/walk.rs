//! One pass over both trees, with the path, the knowledge and the memory walking beside them.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::absence::is_empty;
use super::facts::{Cursor, Fact};
use super::packs::Pack;
use super::spelling::{self, Place};
use super::{Context, Dialect, RawChange, RawHidden, RawUnverified, Verdict, placeholder, rules};
use crate::drift::{ChangeType, PathBuilder, UnverifiedReason};

pub(super) const TOO_DEEP: &str = "The value nests deeper than 128 levels.";

/// What the two sides are to each other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// The code against the cloud.
    Declared,
    /// What was seen before against what is seen now: both are whole.
    Seen,
}

/// The state of one comparison.
pub(super) struct Walk<'a> {
    pub dialect: Dialect,
    pub resource_type: &'a str,
    pub pack: &'a Pack,
    /// Skeletons of the paths the reader returns; `None`: all.
    pub observable: Option<Vec<Cow<'a, str>>>,
    pub mode: Mode,
    pub path: PathBuilder,
    pub out: Verdict,
    /// The resource's own id, for rules that name it: a security group or an API.
    pub own_id: Option<&'a str>,
    pub context: Option<&'a Context>,
    /// Account and region of the resource, where known; an ARN of another one names another thing.
    pub home: Option<(&'a str, &'a str)>,
    /// `tags` and `tags_all` were compared together.
    pub tags_done: bool,
    /// So were Google's three kinds of labels.
    pub labels_done: bool,
    /// The rules of a ClusterRole belong to the control plane.
    pub rules_done: bool,
    /// The whole of both sides, for what depends on other properties.
    pub whole: [&'a Value; 2],
}

/// Where the walk stands, as far as it is not the path.
#[derive(Clone, Copy)]
pub(super) struct At<'w> {
    pub cursor: Cursor<'w>,
    /// The nearest property name; a list's own for its elements.
    pub key: &'w str,
    /// The property name above that.
    pub parent: &'w str,
    pub root: bool,
    /// An element of a list.
    pub element: bool,
    /// An entry of something the code states as a whole: where it stands on one side only, that is a difference.
    pub entry: bool,
    /// How many documents inside strings this is in.
    pub documents: u8,
    /// In a document that means what it says: null, empty and absent are three things.
    pub exact: bool,
    /// In an access policy: every list is a set.
    pub policy: bool,
    /// A list of which the code states some elements.
    pub partial: bool,
}

impl<'w> At<'w> {
    pub fn root(cursor: Cursor<'w>) -> Self {
        Self {
            cursor,
            key: "",
            parent: "",
            root: true,
            element: false,
            entry: false,
            documents: 0,
            exact: false,
            policy: false,
            partial: false,
        }
    }

    pub fn child(self, key: &'w str, entry: bool) -> Self {
        let cursor = self.cursor.key(key);
        Self { cursor, key, parent: self.key, root: false, element: false, entry, partial: false, ..self }
    }

    pub fn item(self) -> Self {
        let entry = !self.partial && !self.cursor.has(Fact::Partial);
        Self { cursor: self.cursor.item(), root: false, element: true, entry, partial: false, ..self }
    }
}

/// What was seen before at the same place; `applied` is what kubectl applied last.
#[derive(Clone, Copy, Default)]
pub(super) struct Past<'w> {
    pub remembered: Option<&'w Value>,
    pub seen: Option<&'w Value>,
    pub applied: Option<&'w Value>,
}

impl<'w> Past<'w> {
    pub fn is_known(&self) -> bool {
        self.remembered.is_some() || self.seen.is_some() || self.applied.is_some()
    }

    pub fn each(self, f: impl Fn(&'w Value) -> Option<&'w Value>) -> Self {
        if !self.is_known() {
            return self;
        }
        Self {
            remembered: self.remembered.and_then(&f),
            seen: self.seen.and_then(&f),
            applied: self.applied.and_then(&f),
        }
    }
}

impl<'a> Walk<'a> {
    /// Compares one property of which at least one side, or the memory, has something.
    pub fn node<'w>(&mut self, at: At<'w>, declared: Option<&'w Value>, live: Option<&'w Value>, past: Past<'w>) {
        if let (Some(d), Some(l)) = (declared, live)
            && same_scalar(d, l)
        {
            if placeholder::hides_value(d) && !placeholder::is_keyed_hash(d) {
                self.unverified(UnverifiedReason::WriteOnly, "The value is masked on both sides.");
            }
            return;
        }
        if self.settled(at, declared, live) {
            return;
        }
        if at.cursor.has(Fact::FirewallRules) && self.firewall_rules(at.key, declared, live) {
            return;
        }
        let full = |v: Option<&'w Value>| v.filter(|v| !self.says_nothing(at, v));
        match (full(declared), full(live)) {
            (Some(d), Some(l)) => self.both(at, d, l, past),
            (Some(d), None) => self.missing(at, d, live, past),
            (None, Some(l)) => self.extra(at, declared, l, past),
            (None, None) => self.neither(at, declared, live, past),
        }
    }

    /// Whether a value means as much as none. An element of a policy's list, or of a pattern's, is something whatever it is, and so is
    /// a block in a list of Kubernetes: a rule `{}` of a network policy is for everybody.
    pub fn says_nothing(&self, at: At<'_>, value: &Value) -> bool {
        let is_block = || self.dialect == Dialect::Kubernetes && value.is_object();
        let is_something = at.exact || (at.element && (at.policy || is_block()));
        !is_something && is_empty(self.dialect, at.key, value)
    }

    /// Differences that are settled by where they stand: meta, computed, masked, write-only.
    fn settled(&mut self, at: At<'_>, declared: Option<&Value>, live: Option<&Value>) -> bool {
        if let Some(rule) = at.cursor.hide() {
            // What only one side has makes no difference to explain, but for what the tool keeps beside the resource.
            let stated = declared.is_some_and(|d| !is_empty(self.dialect, at.key, d)) && rule == rules::META;
            if declared != live && (stated || (declared.is_some() && live.is_some())) {
                self.hidden(rule, declared, live);
            }
            return true;
        }
        if declared.is_some_and(placeholder::hides_value) || live.is_some_and(placeholder::hides_value) {
            // Two keyed hashes are comparable; a hash and a clear value are not.
            let hashes = [declared, live].map(|v| v.is_some_and(placeholder::is_keyed_hash));
            if hashes != [true, true] && declared.is_some() {
                self.unverified(UnverifiedReason::WriteOnly, "One side is masked.");
                return true;
            }
        }
        if declared != live
            && at.documents == 0
            && declared.is_some_and(|d| placeholder::is_unresolved(self.dialect, d, live))
        {
            self.unverified(UnverifiedReason::Unresolved, "");
            return true;
        }
        // What came back all the same is compared like anything else.
        let came_back = live.is_some_and(|l| !is_empty(self.dialect, at.key, l));
        if at.cursor.has(Fact::WriteOnly) && !(came_back && declared.is_some()) {
            if declared.is_some_and(|d| !is_empty(self.dialect, at.key, d)) {
                self.unverified(UnverifiedReason::WriteOnly, "");
            }
            return true;
        }
        if let (Some(d), Some(l)) = (declared, live)
            && spelling::time::is_moment(d)
            && spelling::time::is_moment(l)
            && !at.cursor.free
            && names_a_record(at.key)
        {
            self.hidden(rules::COMPUTED, declared, live);
            return true;
        }
        false
    }

    fn both<'w>(&mut self, at: At<'w>, d: &'w Value, l: &'w Value, past: Past<'w>) {
        match (d, l) {
            (Value::Object(d), Value::Object(l)) if !at.policy && at.cursor.has(Fact::AnyOf) => {
                // Matched against literally.
                self.object(At { policy: true, cursor: at.cursor.literal(), ..at }, d, l, Past::default());
            }
            (Value::Object(d), Value::Object(l)) if at.policy || !super::policy::is_policy(d, l) => {
                self.object(at, d, l, past)
            }
            (Value::Object(d), Value::Object(l)) => self.policy(at, d, l),
            (Value::Array(d), Value::Array(l)) => self.array(at, d, l, past),
            (Value::Object(_), Value::Array(_)) | (Value::Array(_), Value::Object(_)) => {
                if !self.tag_shapes(at, d, l) {
                    self.modified(d, l);
                }
            }
            _ if self.single_list(at, d, l) => {}
            _ => self.scalar(at, d, l),
        }
    }

    fn scalar(&mut self, at: At<'_>, d: &Value, l: &Value) {
        let place = self.place(at);
        if let Some(rule) = self.controlled(at, l) {
            self.hidden(rule, Some(d), Some(l));
        } else if let Some(rule) = spelling::same(&place, d, l) {
            self.hidden(rule, Some(d), Some(l));
        } else if let Some((reason, detail)) = spelling::reference::undecidable(&place, d, l) {
            self.unverified(reason, detail);
        } else if !self.document(at, d, l) {
            self.modified(d, l);
        }
    }

    /// Every key of either side; in memory also those that have gone.
    pub fn object<'w>(&mut self, at: At<'w>, d: &'w Map<String, Value>, l: &'w Map<String, Value>, past: Past<'w>) {
        let entries = self.states_all_entries(at);
        // Blocks are list elements in Terraform, so that an object of its own is a map of the user's.
        let is_map = self.dialect == Dialect::Terraform && !at.root && !at.element && at.documents == 0 && !at.policy;
        let at = if is_map { At { cursor: at.cursor.inside_map(), ..at } } else { at };
        for (key, dv) in d {
            let lv = l.get(key);
            if let Some(lv) = lv
                && same_scalar(dv, lv)
                && !placeholder::hides_value(dv)
            {
                continue;
            }
            if lv.is_none() && (self.twin(at, key, dv, l) || self.was_swapped(at, key, dv, d, l)) {
                continue;
            }
            self.child(at, key, entries, Some(dv), lv, past);
        }
        for (key, lv) in l.iter().filter(|(key, _)| !d.contains_key(*key)) {
            self.child(at, key, entries, None, Some(lv), past);
        }
        if let Some(Value::Object(remembered)) = past.remembered {
            for key in remembered.keys().filter(|key| !d.contains_key(*key) && !l.contains_key(*key)) {
                self.child(at, key, entries, None, None, past);
            }
        }
    }

    fn child<'w>(
        &mut self,
        at: At<'w>,
        key: &'w str,
        entry: bool,
        declared: Option<&'w Value>,
        live: Option<&'w Value>,
        past: Past<'w>,
    ) {
        if at.root && self.handled_at_root(key) {
            return;
        }
        let mark = self.path.depth();
        self.path.push_key(key);
        if at.root && [declared, live].iter().flatten().any(|v| deeper_than(v, super::MAX_DEPTH)) {
            self.unverified(UnverifiedReason::Unsupported, TOO_DEEP);
        } else {
            self.node(at.child(key, entry), declared, live, past.each(|v| v.get(key)));
        }
        self.path.truncate(mark);
    }

    /// In Kubernetes `emptyDir: {}` says which kind of volume it is: where another kind stands instead, it is gone.
    fn was_swapped(
        &mut self,
        at: At<'_>,
        key: &str,
        declared: &Value,
        d: &Map<String, Value>,
        l: &Map<String, Value>,
    ) -> bool {
        let is_choice = |v: &Value| v.as_object().is_some_and(Map::is_empty);
        let other = || l.iter().any(|(other, v)| v.is_object() && !d.contains_key(other));
        let swapped = self.dialect == Dialect::Kubernetes && at.element && is_choice(declared) && other();
        if swapped {
            let mark = self.path.depth();
            self.path.push_key(key);
            self.change(ChangeType::Removed, Some(declared), None);
            self.path.truncate(mark);
        }
        swapped
    }

    /// Whether an object is stated as a whole, so that a key on one side only is a difference: Terraform maps (blocks are
    /// list elements, and leave out what is not set), tags, and what stands in documents.
    fn states_all_entries(&self, at: At<'_>) -> bool {
        let tags = super::tags::named_so(at.key) && !at.element;
        match self.dialect {
            _ if at.documents > 0 || at.policy || self.mode == Mode::Seen => true,
            Dialect::Kubernetes => false,
            Dialect::Terraform => (!at.root && !at.element) || tags,
            _ => tags,
        }
    }

    pub fn place<'w>(&self, at: At<'w>) -> Place<'w>
    where
        'a: 'w,
    {
        let free = at.cursor.free;
        let home = self.home.filter(|_| !at.policy);
        Place {
            dialect: self.dialect,
            resource_type: self.resource_type,
            key: at.key,
            kind: at.cursor.kind(),
            free,
            create_only: at.cursor.has(Fact::CreateOnly),
            account: home.map(|h| h.0),
            region: home.map(|h| h.1),
            context: self.context,
        }
    }

    pub fn modified(&mut self, declared: &Value, actual: &Value) {
        self.change(ChangeType::Modified, Some(declared), Some(actual));
    }

    pub fn change(&mut self, change_type: ChangeType, declared: Option<&Value>, actual: Option<&Value>) {
        let path = self.path.text();
        let is_remembered = self.mode == Mode::Seen;
        let (declared, actual) = (declared.cloned(), actual.cloned());
        self.out.changes.push(RawChange { path, change_type, declared, actual, is_remembered });
    }

    pub fn hidden(&mut self, rule: &'static str, declared: Option<&Value>, actual: Option<&Value>) {
        let path = self.path.text();
        self.out.hidden.push(RawHidden { path, rule, declared: declared.cloned(), actual: actual.cloned() });
    }

    pub fn unverified(&mut self, reason: UnverifiedReason, detail: &'static str) {
        self.out.unverified.push(RawUnverified { path: self.path.text(), reason, detail });
    }
}

fn same_scalar(a: &Value, b: &Value) -> bool {
    !matches!(a, Value::Object(_) | Value::Array(_)) && a == b
}

/// Names of properties that record when something happened.
fn names_a_record(key: &str) -> bool {
    let name: String = key.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect();
    [
        "createdat",
        "updatedat",
        "modifiedat",
        "createddate",
        "createdate",
        "creationdate",
        "creationtime",
        "creationtimestamp",
        "createdtime",
    ]
    .contains(&name.as_str())
        || name.starts_with("lastmodified")
        || name.starts_with("lastupdated")
        || (name.starts_with("last")
            && (name.ends_with("time") || name.ends_with("timestamp") || name.ends_with("date")))
}

/// Whether a value nests deeper than `levels`; looks no deeper itself.
pub(super) fn deeper_than(value: &Value, levels: usize) -> bool {
    let within = |v: &Value| levels == 0 || deeper_than(v, levels - 1);
    match value {
        Value::Array(a) => a.iter().any(within),
        Value::Object(o) => o.values().any(within),
        _ => false,
    }
}
