//! Access policies (IAM and resource policies): compared by what they grant and deny.
//!
//! The canonical form: every list is a sorted set, one value is a list of it, an account is its number, `*` as principal is
//! every AWS principal, conditions hold texts, a missing version is 2008-10-17, an empty statement id is none.
//! Source: IAM documentation, "Grammar of the IAM JSON policy language" and "AWS JSON policy elements: Principal".

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::walk::{At, Past, Walk};

/// Whether both sides are policies.
pub(super) fn is_policy(d: &Map<String, Value>, l: &Map<String, Value>) -> bool {
    has_statements(d) && has_statements(l)
}

fn has_statements(map: &Map<String, Value>) -> bool {
    let grants = |v: &Value| v.get("Effect").is_some_and(Value::is_string);
    match map.get("Statement") {
        Some(Value::Array(list)) => list.iter().all(|s| s.is_object()) && list.iter().any(grants),
        Some(one) => grants(one),
        None => false,
    }
}

/// The canonical form; `None` when it is no policy.
pub(super) fn canonical(map: &Map<String, Value>) -> Option<Value> {
    if !has_statements(map) {
        return None;
    }
    let mut statements: Vec<Value> = statements(map).into_iter().map(Value::Object).collect();
    statements.sort_by_cached_key(Value::to_string);
    statements.dedup();
    Some(Value::Object(frame(map, statements)))
}

/// Everything but the statements, and those given.
fn frame(map: &Map<String, Value>, statements: Vec<Value>) -> Map<String, Value> {
    let mut out = map.clone();
    out.entry("Version").or_insert_with(|| Value::from("2008-10-17"));
    out.insert("Statement".to_owned(), Value::Array(statements));
    out
}

fn statements(map: &Map<String, Value>) -> Vec<Map<String, Value>> {
    match &map["Statement"] {
        Value::Array(list) => list.iter().filter_map(Value::as_object).map(statement).collect(),
        one => one.as_object().map(statement).into_iter().collect(),
    }
}

fn statement(raw: &Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    for (key, value) in raw {
        let canonical = match key.as_str() {
            "Sid" if value.as_str() == Some("") => continue,
            "Effect" => value.as_str().map_or_else(|| value.clone(), |s| Value::from(title_case(s))),
            "Action" | "NotAction" => texts(value, &|s| s.to_ascii_lowercase()),
            "Resource" | "NotResource" => texts(value, &str::to_owned),
            "Principal" | "NotPrincipal" => principal(value),
            "Condition" => condition(value),
            _ => value.clone(),
        };
        out.insert(key.clone(), canonical);
    }
    out
}

fn title_case(word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    match lower.as_str() {
        "allow" => "Allow".to_owned(),
        "deny" => "Deny".to_owned(),
        _ => word.to_owned(),
    }
}

/// A sorted set of texts; anything that is not made of scalars stays as it is.
fn texts(value: &Value, f: &dyn Fn(&str) -> String) -> Value {
    let scalar = |v: &Value| match v {
        Value::String(s) => Some(f(s)),
        Value::Bool(_) | Value::Number(_) => Some(f(&v.to_string())),
        _ => None,
    };
    let list: Option<Vec<String>> = match value {
        Value::Array(items) => items.iter().map(scalar).collect(),
        one => scalar(one).map(|s| vec![s]),
    };
    let Some(mut list) = list else { return value.clone() };
    list.sort_unstable();
    list.dedup();
    Value::from(list)
}

fn principal(value: &Value) -> Value {
    let Some(by_kind) = value.as_object() else {
        return Value::Object(Map::from_iter([("AWS".to_owned(), texts(value, &account))]));
    };
    by_kind
        .iter()
        .map(|(kind, who)| {
            (kind.clone(), if kind == "AWS" { texts(who, &account) } else { texts(who, &str::to_owned) })
        })
        .collect()
}

/// An account's root user stands for the account: `arn:aws:iam::123456789012:root` is `123456789012`.
fn account(who: &str) -> String {
    let mut parts = who.splitn(6, ':');
    match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("arn"), Some(_), Some("iam"), Some(""), Some(account), Some("root")) => account.to_owned(),
        _ => who.to_owned(),
    }
}

fn condition(value: &Value) -> Value {
    let Some(operators) = value.as_object() else { return value.clone() };
    let keys = |tests: &Value| match tests.as_object() {
        Some(tests) => tests.iter().map(|(key, v)| (key.clone(), texts(v, &str::to_owned))).collect(),
        None => tests.clone(),
    };
    operators.iter().map(|(operator, tests)| (operator.clone(), keys(tests))).collect()
}

impl Walk<'_> {
    /// Reports differences where they stand: `policy.Statement[0].Action[=s3:getobject]`, by statement id where there is one.
    pub(super) fn policy(&mut self, at: At<'_>, d: &Map<String, Value>, l: &Map<String, Value>) {
        let at = At { policy: true, entry: true, exact: false, ..at };
        let (mut d_statements, mut l_statements) = (statements(d), statements(l));
        self.in_surroundings(&mut d_statements, &mut l_statements);
        let (frame_d, frame_l) = (frame(d, Vec::new()), frame(l, Vec::new()));
        let before = (self.out.changes.len(), self.out.hidden.len());
        self.object(at, &frame_d, &frame_l, Past::default());
        let mark = self.path.depth();
        self.path.push_key("Statement");
        let list = at.child("Statement", true);
        let (pairs, left_d, left_l) = paired(&d_statements, &l_statements);
        let values = |list: &[Map<String, Value>]| -> Vec<Value> { list.iter().cloned().map(Value::Object).collect() };
        let (d_values, l_values) = (values(&d_statements), values(&l_statements));
        let mut one = |dv: Option<usize>, lv: Option<usize>| {
            let mark = self.path.depth();
            let (dv, lv) = (dv.map(|i| (i, &d_values[i])), lv.map(|i| (i, &l_values[i])));
            match dv.or(lv) {
                Some((_, Value::Object(s))) if sid(s).is_some() => {
                    self.path.push_identity(&[("Sid", sid(s).unwrap_or_default())]);
                }
                Some((i, _)) => {
                    self.path.push_index(i);
                }
                None => {}
            }
            self.node(list.item(), dv.map(|v| v.1), lv.map(|v| v.1), Past::default());
            self.path.truncate(mark);
        };
        pairs.into_iter().for_each(|(i, j)| one(Some(i), Some(j)));
        left_d.into_iter().for_each(|i| one(Some(i), None));
        left_l.into_iter().for_each(|j| one(None, Some(j)));
        self.path.truncate(mark);
        if self.out.changes.len() == before.0 && at.documents == 0 {
            self.out.hidden.truncate(before.1);
            if d != l {
                self.hidden(super::rules::IAM_POLICY, Some(&Value::Object(d.clone())), Some(&Value::Object(l.clone())));
            }
        }
    }
}

fn sid(statement: &Map<String, Value>) -> Option<&str> {
    statement.get("Sid").and_then(Value::as_str)
}

type Pairing = (Vec<(usize, usize)>, Vec<usize>, Vec<usize>);

/// Statements that differ: the same id first, then in order. Equal ones, and ones that repeat another, are left out.
fn paired(d: &[Map<String, Value>], l: &[Map<String, Value>]) -> Pairing {
    let texts = |list: &[Map<String, Value>]| -> Vec<String> {
        list.iter().map(|s| serde_json::to_string(s).unwrap_or_default()).collect()
    };
    let (d_texts, l_texts) = (texts(d), texts(l));
    let unmatched = |own: &[String], other: &[String]| -> Vec<usize> {
        let other: std::collections::HashSet<&String> = other.iter().collect();
        let mut seen = std::collections::HashSet::new();
        (0..own.len()).filter(|i| !other.contains(&own[*i]) && seen.insert(&own[*i])).collect()
    };
    let (mut left_d, mut left_l) = (unmatched(&d_texts, &l_texts), unmatched(&l_texts, &d_texts));
    let by_sid: HashMap<&str, usize> = left_l.iter().filter_map(|j| sid(&l[*j]).map(|s| (s, *j))).collect();
    let mut pairs: Vec<(usize, usize)> =
        left_d.iter().filter_map(|i| sid(&d[*i]).and_then(|s| by_sid.get(s)).map(|j| (*i, *j))).collect();
    let (taken_d, taken_l): (std::collections::HashSet<_>, std::collections::HashSet<_>) =
        pairs.iter().copied().unzip();
    left_d.retain(|i| !taken_d.contains(i));
    left_l.retain(|j| !taken_l.contains(j));
    if left_d.len() == left_l.len() {
        pairs.extend(left_d.drain(..).zip(left_l.drain(..)));
    }
    (pairs, left_d, left_l)
}
