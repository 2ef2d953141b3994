//! Numbers that a controller sets instead of the code: within the bounds the code gives it, or as the object's record of who
//! set what says.

use serde_json::Value;

use super::walk::{At, Walk};
use super::{Dialect, rules};

impl Walk<'_> {
    /// The rule by which the live number is a controller's business.
    pub(super) fn controlled(&self, at: At<'_>, live: &Value) -> Option<&'static str> {
        if self.dialect == Dialect::Kubernetes {
            let managers = at.cursor.controllers();
            let theirs = !managers.is_empty() && scaled_by(self.whole[1], self.path.as_str(), managers);
            return theirs.then_some(rules::CONTROLLER);
        }
        let bounds = at.cursor.bounds()?;
        let [least, most] = bounds.each_ref().map(|path| number(find(self.whole[0], path)?));
        let (least, most, live) = (least?, most?, number(live)?);
        // Without room between the bounds there is nothing to control.
        (least < most && least <= live && live <= most).then_some(rules::AUTOSCALED)
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).filter(|n: &f64| n.is_finite())
}

/// Down a dotted path; `*` is the one element of a list.
fn find<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, step| match step {
        "*" => value.as_array().filter(|list| list.len() == 1)?.first(),
        key => value.get(key),
    })
}

/// Whether one of these managers set the field last, through the scale subresource, as autoscalers do; whoever scales by hand
/// takes the field over under another name (Kubernetes documentation, "Server-Side Apply").
fn scaled_by(live: &Value, path: &str, managers: &[Box<str>]) -> bool {
    let field = path.split('.').fold(String::from("/fieldsV1"), |field, step| field + "/f:" + step);
    let entries = live.get("metadata").and_then(|m| m.get("managedFields")).and_then(Value::as_array);
    entries.into_iter().flatten().any(|entry| {
        let word = |key: &str| entry.get(key).and_then(Value::as_str);
        word("manager").is_some_and(|name| managers.iter().any(|m| **m == *name))
            && word("subresource") == Some("scale")
            && entry.pointer(&field).is_some()
    })
}
