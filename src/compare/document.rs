//! JSON documents kept in texts: compared as what they say.

use serde_json::Value;

use super::facts::{Fact, Kind};
use super::rules;
use super::walk::{At, Past, Walk};

/// Documents in documents in documents are as far as it goes; each level of quoting doubles the text anyway.
const MOST_LEVELS: u8 = 3;

/// The document a text holds, if it is an object or a list. URL-encoded ones are decoded (IAM gives them out like that).
/// serde_json refuses documents deeper than 128 levels; such a text is compared as text.
pub(super) fn parse(at: At<'_>, value: &Value) -> Option<Value> {
    let text = value.as_str().filter(|_| at.documents < MOST_LEVELS && at.cursor.kind() != Some(Kind::Exact))?.trim();
    let decoded;
    let text = if text.starts_with("%7B") || text.starts_with("%7b") {
        decoded = percent_encoding::percent_decode_str(text).decode_utf8().ok()?;
        decoded.as_ref()
    } else {
        text
    };
    match text.as_bytes().first()? {
        b'{' | b'[' => serde_json::from_str(text).ok(),
        _ => None,
    }
}

/// The same for YAML, which any text may be: only what holds an object or a list counts.
fn parse_yaml(at: At<'_>, value: &Value) -> Option<Value> {
    let text = value.as_str().filter(|_| at.documents < MOST_LEVELS && at.cursor.kind() != Some(Kind::Exact))?;
    let parsed: Value = serde_norway::from_str(text).ok()?;
    (text.contains('\n') && (parsed.is_object() || parsed.is_array())).then_some(parsed)
}

/// The place of the document itself. What it leaves out is not what it calls null (`ResultPath` of a state machine) or empty,
/// unless its service is known to see no difference.
pub(super) fn inside(at: At<'_>) -> At<'_> {
    let exact = !at.cursor.has(Fact::EmptyIsAbsent) && (at.documents == 0 || at.exact);
    At { cursor: at.cursor.inside_document(), documents: at.documents + 1, exact, root: false, element: false, ..at }
}

/// What stands beside a text as a model of properties, in which null is how a property is left out.
fn without_nulls(model: &Value) -> Value {
    match model {
        Value::Object(o) => {
            o.iter().filter(|(_, v)| !v.is_null()).map(|(key, v)| (key.clone(), without_nulls(v))).collect()
        }
        Value::Array(a) => a.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

impl Walk<'_> {
    /// Compares two values of which at least one is a text, as documents. `false` when they are none.
    pub(super) fn document(&mut self, at: At<'_>, d: &Value, l: &Value) -> bool {
        let structured = |v: &Value| v.is_object() || v.is_array();
        let (mut parsed_d, mut parsed_l) = (parse(at, d), parse(at, l));
        let mut rule = rules::JSON_IN_STRING;
        let known = [parsed_d.is_some() || structured(d), parsed_l.is_some() || structured(l)];
        if known[0] != known[1] {
            // The other side may say it in YAML. Two YAML texts are compared as texts.
            let (slot, text) = if known[0] { (&mut parsed_l, l) } else { (&mut parsed_d, d) };
            *slot = parse_yaml(at, text);
            rule = rules::YAML_IN_STRING;
        }
        if parsed_d.is_none() && parsed_l.is_none() {
            return false;
        }
        let inner_d = parsed_d.or_else(|| structured(d).then(|| without_nulls(d)));
        let inner_l = parsed_l.or_else(|| structured(l).then(|| without_nulls(l)));
        let (Some(inner_d), Some(inner_l)) = (inner_d, inner_l) else { return false };
        let before = (self.out.changes.len(), self.out.hidden.len(), self.out.unverified.len());
        // What was remembered is masked text and tells nothing about single properties: no memory goes along.
        self.node(inside(at), Some(&inner_d), Some(&inner_l), Past::default());
        if self.out.changes.len() == before.0 && self.out.unverified.len() == before.2 {
            let policy =
                matches!((&inner_d, &inner_l), (Value::Object(d), Value::Object(l)) if super::policy::is_policy(d, l));
            self.out.hidden.truncate(before.1);
            self.hidden(if policy { rules::IAM_POLICY } else { rule }, Some(d), Some(l));
        }
        true
    }
}
