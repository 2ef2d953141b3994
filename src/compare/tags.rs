//! Tags and labels: one meaning, three shapes, and names that belong to the cloud.

use serde_json::{Map, Value};

use super::facts::Fact;
use super::rules;
use super::walk::{At, Past, Walk};
use super::{Dialect, absence, placeholder};

/// Whether a property of this name holds tags.
pub(super) fn named_so(key: &str) -> bool {
    let ends = |end: &str| {
        key.len().checked_sub(end.len()).is_some_and(|at| key.as_bytes()[at..].eq_ignore_ascii_case(end.as_bytes()))
    };
    ends("tags")
        || ends("labels")
        || ["tagset", "taglist", "tag_list"].iter().any(|name| key.eq_ignore_ascii_case(name))
}

/// Name and value of a tag in list form.
fn entry(element: &Value) -> Option<(&str, &Value)> {
    let get = |names: [&str; 4]| names.into_iter().find_map(|n| element.get(n));
    let name = get(["Key", "key", "TagKey", "tagKey"])?.as_str()?;
    Some((name, get(["Value", "value", "TagValue", "tagValue"]).unwrap_or(&Value::Null)))
}

fn as_map(tags: &Value) -> Option<Map<String, Value>> {
    match tags {
        Value::Object(map) => Some(map.clone()),
        Value::Array(list) => list.iter().map(|e| entry(e).map(|(k, v)| (k.to_owned(), v.clone()))).collect(),
        Value::Null => Some(Map::new()),
        _ => None,
    }
}

impl Walk<'_> {
    /// Whether the cloud itself set the tag that stands here.
    pub(super) fn is_cloud_tag(&self, at: At<'_>, value: &Value) -> bool {
        let name = if at.element && named_so(at.key) {
            entry(value).map(|(name, _)| name)
        } else {
            named_so(at.parent).then_some(at.key)
        };
        name.is_some_and(|name| self.pack.is_cloud_tag(self.resource_type, name))
    }

    /// Compares tags as a map with tags as a list. `false` when these are no tags.
    pub(super) fn tag_shapes(&mut self, at: At<'_>, d: &Value, l: &Value) -> bool {
        if !named_so(at.key) {
            return false;
        }
        let (Some(declared), Some(live)) = (as_map(d), as_map(l)) else { return false };
        let before = self.out.changes.len();
        self.object(At { element: false, ..at }, &declared, &live, Past::default());
        if self.out.changes.len() == before {
            self.hidden(rules::TAGS, Some(d), Some(l));
        }
        true
    }

    /// Whether both sides spell plain tags the same: the usual case, and merging them costs more than this.
    fn tags_are_equal(&self, at: At<'_>, declared: &Value, live: &Value) -> bool {
        let is_plain = |tags: &Value| match tags {
            Value::Object(map) => map.values().all(|v| v.is_string() && !placeholder::hides_value(v)),
            other => other.is_null(),
        };
        let is_equal = |key: &&str| declared.get(key) == live.get(key) && declared.get(key).is_none_or(is_plain);
        ["tags", "tags_all"].iter().all(is_equal) && !at.child("tags", false).cursor.has(Fact::WriteOnly)
    }

    /// Terraform keeps a resource's own tags in `tags` and all of them, the provider's default tags included, in `tags_all`:
    /// all of them are compared once, as `tags`. `false` when `tags_all` stands on neither side.
    pub(super) fn effective_tags(&mut self, at: At<'_>, declared: &Value, live: &Value) -> bool {
        let stands =
            |side: &Value| side.get("tags_all").is_some_and(|t| !absence::is_empty(Dialect::Terraform, "tags_all", t));
        if self.dialect != Dialect::Terraform || !(stands(declared) || stands(live)) {
            return false;
        }
        if self.tags_are_equal(at, declared, live) {
            return true;
        }
        // What `tags` says wins: a reader may know it better than its echo.
        let merged = |side: &Value| -> Option<Value> {
            let mut all = as_map(side.get("tags_all").unwrap_or(&Value::Null))?;
            all.extend(as_map(side.get("tags").unwrap_or(&Value::Null))?);
            Some(Value::Object(all))
        };
        let (Some(d), Some(l)) = (merged(declared), merged(live)) else { return false };
        let mark = self.path.depth();
        self.path.push_key("tags");
        let before = self.out.changes.len();
        // A side that says nothing about tags at all does not say that there are none.
        let states = |side: &Value| side.get("tags").is_some() || side.get("tags_all").is_some();
        self.node(
            at.child("tags", false),
            Some(&d).filter(|_| states(declared)),
            Some(&l).filter(|_| states(live)),
            Past::default(),
        );
        let respelt = ["tags", "tags_all"].iter().any(|key| declared.get(key) != live.get(key));
        if self.out.changes.len() == before && respelt && d != Value::Null {
            self.hidden(rules::TAGS, declared.get("tags"), live.get("tags"));
        }
        self.path.truncate(mark);
        true
    }
}
