//! Google's labels in Terraform: what the code says in `labels`, with the provider's own in `terraform_labels`, and all
//! there are in `effective_labels`. What the code says is compared once; other labels are others' business.

use serde_json::{Map, Value};

use super::walk::{At, Past, Walk};
use super::{Dialect, placeholder, rules};

pub(super) const NAMES: [&str; 3] = ["labels", "terraform_labels", "effective_labels"];

/// The first of these attributes that a side has.
fn first<'v>(side: &'v Value, names: &[&str]) -> Option<&'v Value> {
    names.iter().find_map(|name| side.get(*name).filter(|v| v.is_object()))
}

/// All labels there are, as far as a side knows.
fn all(side: &Value) -> Option<&Value> {
    first(side, &["effective_labels", "terraform_labels", "labels"])
}

impl Walk<'_> {
    /// Compares the labels of a Google resource. `false` when it is none, or knows only `labels`.
    pub(super) fn google_labels<'w>(
        &mut self,
        at: At<'w>,
        declared: &'w Value,
        live: &'w Value,
        past: Past<'w>,
    ) -> bool {
        let tripled = |side: &Value| NAMES[1..].iter().any(|name| side.get(*name).is_some_and(Value::is_object));
        let google = self.dialect == Dialect::Terraform && self.resource_type.starts_with("google_");
        if !google || !(tripled(declared) || tripled(live)) {
            return false;
        }
        let (d, l) = (first(declared, &["terraform_labels", "labels"]), all(live));
        let (Some(Value::Object(l)), false) = (l, d.is_some_and(|d| !d.is_object())) else { return false };
        let nothing = Map::new();
        let d = d.and_then(Value::as_object).unwrap_or(&nothing);
        let equal = NAMES.iter().all(|name| declared.get(*name) == live.get(*name));
        if equal
            && !d.values().any(placeholder::hides_value)
            && past.remembered.and_then(all) == past.seen.and_then(all)
        {
            return true;
        }
        let mark = self.path.depth();
        self.path.push_key("labels");
        let before = self.out.changes.len();
        let labels = at.child("labels", false);
        let past = past.each(all);
        for (key, value) in d {
            self.label(labels, key, true, Some(value), l.get(key), past);
        }
        for (key, value) in l.iter().filter(|(key, _)| !d.contains_key(*key)) {
            self.label(labels, key, false, None, Some(value), past);
        }
        if self.out.changes.len() == before && declared.get("labels") != live.get("labels") {
            self.hidden(rules::GOOGLE_LABELS, declared.get("labels"), live.get("labels"));
        }
        self.path.truncate(mark);
        true
    }

    fn label<'w>(
        &mut self,
        at: At<'w>,
        key: &'w str,
        stated: bool,
        declared: Option<&Value>,
        live: Option<&Value>,
        past: Past<'w>,
    ) {
        let mark = self.path.depth();
        self.path.push_key(key);
        self.node(at.child(key, stated), declared, live, past.each(|v| v.get(key)));
        self.path.truncate(mark);
    }
}
