//! Properties that a service knows under two names, and texts with named gaps that the template fills.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::walk::{At, Mode, Past, Walk};
use super::{Dialect, rules};

/// A property, its other name, and whether the other one holds the value in base64.
/// Source: the resource types `AWS::StepFunctions::StateMachine` and `AWS::WAFv2::WebACL`.
const TWINS: [(&str, &str, bool); 2] =
    [("Definition", "DefinitionString", false), ("SearchString", "SearchStringBase64", true)];

impl Walk<'_> {
    /// Compares a declared property with its live twin. `false` when there is none.
    pub(super) fn twin<'w>(&mut self, at: At<'w>, key: &'w str, d: &Value, live: &Map<String, Value>) -> bool {
        if self.dialect != Dialect::Cloudformation || self.mode == Mode::Seen || at.cursor.free {
            return false;
        }
        let Some((plain, encoded)) = TWINS.iter().find_map(|(one, other, encoded)| match key {
            _ if key == *one => live.get(*other).map(|l| (d.clone(), decoded(l, *encoded))),
            _ if key == *other => live.get(*one).map(|l| (decoded(d, *encoded), l.clone())),
            _ => None,
        }) else {
            return false;
        };
        let mark = self.path.depth();
        self.path.push_key(key);
        let before = self.out.changes.len();
        self.node(at.child(key, false), Some(&plain), Some(&encoded), Past::default());
        if self.out.changes.len() == before {
            self.hidden(rules::TWIN_PROPERTY, Some(&plain), Some(&encoded));
        }
        self.path.truncate(mark);
        true
    }
}

fn decoded(value: &Value, encoded: bool) -> Value {
    let text = value.as_str().filter(|_| encoded).and_then(|s| String::from_utf8(STANDARD.decode(s).ok()?).ok());
    text.map_or_else(|| value.clone(), Value::from)
}

/// Longer than any definition may be (1 MB, Step Functions documentation, "Quotas"): what would grow beyond it stays as it is.
const LONGEST: usize = 4 << 20;

/// A state machine's definition with its `DefinitionSubstitutions` put in place of `${Name}`, once; `None` when it has none.
pub(super) fn substituted(declared: &Value) -> Option<Value> {
    let gaps = declared.get("DefinitionSubstitutions")?.as_object()?;
    let mut filled = declared.clone();
    for name in ["Definition", "DefinitionString"] {
        filled.get_mut(name).into_iter().for_each(|definition| fill(definition, gaps));
    }
    Some(filled)
}

fn fill(value: &mut Value, gaps: &Map<String, Value>) {
    match value {
        Value::String(s) if s.contains("${") => *s = filled(s, gaps),
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, gaps)),
        Value::Object(map) => map.values_mut().for_each(|v| fill(v, gaps)),
        _ => {}
    }
}

/// What is put in is not looked at again: a value may hold `${…}` of its own.
fn filled(text: &str, gaps: &Map<String, Value>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, gap) = rest.split_at(start);
        out.push_str(before);
        let end = gap.find('}').map_or(gap.len(), |end| end + 1);
        let name = gap[2..end].trim_end_matches('}');
        match gaps.get(name) {
            Some(Value::String(s)) => out.push_str(s),
            Some(v @ (Value::Number(_) | Value::Bool(_))) => out.push_str(&v.to_string()),
            _ => out.push_str(&gap[..end]),
        }
        rest = &gap[end..];
        if out.len() > LONGEST {
            return text.to_owned();
        }
    }
    out.push_str(rest);
    out
}
