//! One text per meaning: for finding equal elements among many without comparing every pair.

use serde_json::Value;

use super::facts::Fact;
use super::sets::Order;
use super::walk::{At, Walk};
use super::{document, sets, spelling};

impl Walk<'_> {
    /// Two values with the same canonical text mean the same at this place. Linear in the size of the value, but for
    /// sorting what has no order.
    pub(super) fn canonical(&self, at: At<'_>, value: &Value) -> String {
        let mut out = String::new();
        self.write(at, value, &mut out);
        out
    }

    fn write(&self, at: At<'_>, value: &Value, out: &mut String) {
        match value {
            Value::Array(items) => self.write_list(at, items, out),
            Value::Object(map) => {
                if let (false, Some(policy)) = (at.policy, super::policy::canonical(map)) {
                    return self.write(At { policy: true, exact: false, ..at }, &policy, out);
                }
                out.push('{');
                let mut keys: Vec<&String> = map.keys().collect();
                keys.sort_unstable();
                for key in keys {
                    let child = at.child(key, false);
                    let part = &map[key];
                    if child.cursor.hide().is_none()
                        && !self.says_nothing(child, part)
                        && !self.is_own_default(child, part)
                    {
                        write_text(key, out);
                        self.write(child, part, out);
                    }
                }
                out.push('}');
            }
            scalar => match document::parse(at, scalar) {
                Some(inside) => self.write(document::inside(at), &inside, out),
                None => write_text(&spelling::canonical(&self.place(at), scalar), out),
            },
        }
    }

    /// A stated default means as much as nothing.
    fn is_own_default(&self, at: At<'_>, value: &Value) -> bool {
        !at.cursor.has(Fact::Switch) && at.cursor.default() == Some(value)
    }

    fn write_list(&self, at: At<'_>, items: &[Value], out: &mut String) {
        let mut parts: Vec<String> = items.iter().map(|item| self.canonical(at.item(), item)).collect();
        let unordered = if items.iter().all(Value::is_object) {
            sets::order_of_objects(self.dialect, at) != Order::Matters
        } else {
            sets::is_unordered(self.dialect, at, items, &[])
        };
        if unordered {
            parts.sort_unstable();
        }
        if at.policy && at.key != "numeric" {
            parts.dedup();
        }
        out.push('[');
        for part in &parts {
            out.push_str(part);
            out.push(',');
        }
        out.push(']');
    }
}

/// With its length in front, so that no text can look like two.
fn write_text(text: &str, out: &mut String) {
    use std::fmt::Write;
    let _ = write!(out, "{}:{text}", text.len());
}
