//! What stands on one side only, and what nothing means.

use serde_json::{Map, Value};

use super::facts::Fact;
use super::walk::{At, Mode, Past, Walk};
use super::{Dialect, rules};
use crate::drift::{ChangeType, UnverifiedReason};

/// Null, "", [], {} and objects of nothing else. A list with elements is something, even `[{}]`: an empty firewall rule
/// allows all. In Kubernetes an empty selector selects everything.
pub(super) fn is_empty(dialect: Dialect, key: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(s) => s.is_empty(),
        Value::Array(a) => a.is_empty(),
        Value::Object(o) => {
            let selects_all = dialect == Dialect::Kubernetes && key.ends_with("elector");
            !selects_all && o.iter().all(|(key, v)| is_empty(dialect, key, v))
        }
        Value::Bool(_) | Value::Number(_) => false,
    }
}

impl Walk<'_> {
    /// Nothing on either side, perhaps spelt differently, perhaps seen otherwise before.
    pub(super) fn neither<'w>(&mut self, at: At<'w>, d: Option<&'w Value>, l: Option<&'w Value>, past: Past<'w>) {
        let was_something = past.remembered.is_some_and(|r| !is_empty(self.dialect, at.key, r));
        if self.mode == Mode::Declared && was_something && self.seen_otherwise(at, l, past) {
            return;
        }
        if let (Some(d), Some(l)) = (d, l)
            && d != l
        {
            self.hidden(rules::EMPTY_ABSENT, Some(d), Some(l));
        }
    }

    /// Declared, and nothing live.
    pub(super) fn missing<'w>(&mut self, at: At<'w>, d: &'w Value, live: Option<&'w Value>, past: Past<'w>) {
        if let Some(rule) = self.is_default(at, d) {
            return self.hidden(rule, Some(d), live);
        }
        if self.cannot_be_read(at, d) {
            return self.unverified(UnverifiedReason::WriteOnly, "");
        }
        let remembered = past.remembered.is_some_and(|r| !is_empty(self.dialect, at.key, r));
        if self.mode == Mode::Declared && live.is_none_or(Value::is_null) && !at.entry && at.documents == 0 {
            if !self.is_observed() {
                return if self.observes_below() {
                    self.below(at, d)
                } else {
                    self.unverified(UnverifiedReason::NotObservable, "")
                };
            }
            let whole = matches!(self.dialect, Dialect::Terraform | Dialect::Kubernetes);
            // A list that came back has lost the value that is not in it.
            let returned = (at.element && !d.is_object()) || at.cursor.has(Fact::Returned);
            if !whole && !remembered && live.is_none() && !returned {
                return self.unverified(UnverifiedReason::NeverSeen, "");
            }
        }
        self.change(ChangeType::Removed, Some(d), None);
        if let Some(change) = self.out.changes.last_mut() {
            change.is_remembered |= remembered;
        }
    }

    /// Whether what is declared is made of nothing but write-only parts.
    fn cannot_be_read(&self, at: At<'_>, d: &Value) -> bool {
        let stated = |key: &str, v: &Value| !is_empty(self.dialect, key, v);
        match d {
            _ if at.cursor.has(Fact::WriteOnly) => true,
            Value::Object(o) => {
                let mut parts = o.iter().filter(|(key, v)| stated(key, v)).peekable();
                parts.peek().is_some() && parts.all(|(key, v)| self.cannot_be_read(at.child(key, false), v))
            }
            Value::Array(a) => !a.is_empty() && a.iter().all(|v| self.cannot_be_read(at.item(), v)),
            _ => false,
        }
    }

    /// Part of what is declared can be read and is not there: each part answers for itself.
    fn below<'w>(&mut self, at: At<'w>, d: &'w Value) {
        let mark = self.path.depth();
        match d {
            Value::Object(o) => {
                for (key, value) in o {
                    self.path.push_key(key);
                    self.node(at.child(key, false), Some(value), None, Past::default());
                    self.path.truncate(mark);
                }
            }
            Value::Array(a) => {
                for (i, value) in a.iter().enumerate() {
                    self.path.push_index(i);
                    self.node(At { entry: false, ..at.item() }, Some(value), None, Past::default());
                    self.path.truncate(mark);
                }
            }
            _ => self.unverified(UnverifiedReason::NotObservable, ""),
        }
    }

    /// Live, and nothing declared: `declared` is `None` or an empty value.
    pub(super) fn extra<'w>(&mut self, at: At<'w>, declared: Option<&'w Value>, l: &'w Value, past: Past<'w>) {
        if self.is_cloud_tag(at, l) {
            return self.hidden(rules::CLOUD_TAG, declared, Some(l));
        }
        // Null in a Terraform state says: was not set when last applied. Elsewhere only an empty list says "none".
        let stated_empty = match self.dialect {
            Dialect::Terraform => declared.is_some(),
            _ => declared.is_some_and(Value::is_array),
        };
        if (stated_empty || at.entry || self.mode == Mode::Seen) && !at.element && super::tags::named_so(at.key) {
            // Tag by tag, because some may be the cloud's.
            return match l {
                Value::Object(tags) => self.object(at, &Map::new(), tags, past),
                Value::Array(tags) => self.array(at, &[], tags, past),
                _ => self.change(ChangeType::Added, None, Some(l)),
            };
        }
        if self.mode == Mode::Seen {
            return match self.is_default(at, l) {
                Some(rule) => self.hidden(rule, declared, Some(l)),
                None => self.change(ChangeType::Added, None, Some(l)),
            };
        }
        if let Some(rule) = self.is_default(at, l) {
            // Set back to the default by hand is a change all the same.
            let was_something = past.remembered.is_some_and(|r| !is_empty(self.dialect, at.key, r));
            if !was_something || !self.seen_otherwise(at, Some(l), past) {
                self.hidden(rule, declared, Some(l));
            }
            return;
        }
        if at.cursor.has(Fact::Owned) {
            return self.hidden(rules::SERVER_MANAGED, declared, Some(l));
        }
        let applied = past.applied.is_some_and(|a| !is_empty(self.dialect, at.key, a));
        if at.entry || stated_empty || applied {
            return self.change(ChangeType::Added, None, Some(l));
        }
        if self.seen_otherwise(at, Some(l), past) {
            return;
        }
        let rule = if self.dialect == Dialect::Kubernetes { rules::K8S_UNMANAGED } else { rules::UNDECLARED };
        self.hidden(rule, declared, Some(l));
    }

    /// Compares what was seen before with what is seen now, where the code is silent. `true` when that gave a change.
    fn seen_otherwise<'w>(&mut self, at: At<'w>, live: Option<&'w Value>, past: Past<'w>) -> bool {
        let comparable = past.seen.is_some() == live.is_some() && (past.remembered.is_some() || past.seen.is_some());
        if !comparable || past.remembered == past.seen {
            return false;
        }
        let before = (self.out.changes.len(), self.out.hidden.len(), self.out.unverified.len());
        self.mode = Mode::Seen;
        self.node(at, past.remembered, past.seen, Past::default());
        self.mode = Mode::Declared;
        self.out.hidden.truncate(before.1);
        self.out.unverified.truncate(before.2);
        self.out.changes.len() > before.0
    }

    fn is_default(&self, at: At<'_>, value: &Value) -> Option<&'static str> {
        let default = at.cursor.default().filter(|_| !at.cursor.has(Fact::Switch))?;
        let equal = default == value || self.canonical(at, default) == self.canonical(at, value);
        let rule = if self.dialect == Dialect::Kubernetes { rules::K8S_DEFAULT } else { rules::KNOWN_DEFAULT };
        equal.then_some(rule)
    }

    /// Whether the reader returns the property the path stands at.
    fn is_observed(&self) -> bool {
        let Some(paths) = &self.observable else { return true };
        let here = super::path::skeleton(self.path.as_str());
        let covers = |p: &str| here.strip_prefix(p).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        paths.iter().any(|p| covers(p))
    }

    /// Whether the reader returns something below it.
    fn observes_below(&self) -> bool {
        let Some(paths) = &self.observable else { return true };
        let here = super::path::skeleton(self.path.as_str());
        paths.iter().any(|p| p.strip_prefix(&*here).is_some_and(|rest| rest.starts_with('.')))
    }
}
