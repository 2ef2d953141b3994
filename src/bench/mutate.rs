//! Mutation testing of the comparer: a real change must be reported where it is, a re-spelling must not.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::Value;

use super::case::Case;
use super::respell::respellings;
use super::score::{keys, related};
use crate::compare::{ORDER_UNKNOWN, Packs, Verdict};

/// What became of every mutation.
#[derive(Default, Debug)]
pub struct Mutations {
    pub seed: u64,
    /// Real changes of leaves that can be verified, and how many of them were reported at their path.
    pub changes: u64,
    pub reported: u64,
    /// Leaves that were left out, by what the comparer says of them: `hidden as computed`, `unverified: write-only`, …
    pub left_out: BTreeMap<String, u64>,
    /// Re-spellings by kind: tried, and taken for drift.
    pub respellings: BTreeMap<&'static str, (u64, u64)>,
    pub failures: Vec<Mishap>,
}

/// A mutation that did not come out as it should.
#[derive(Clone, Debug)]
pub struct Mishap {
    pub id: String,
    /// JSON pointer of what was mutated.
    pub at: String,
    /// `silent`, or the kind of re-spelling that raised an alarm.
    pub kind: &'static str,
    /// The rules that hid it, or the paths that were reported.
    pub why: Vec<String>,
}

impl Mutations {
    /// Leaves the comparer says it cannot judge, or that nobody configures.
    pub fn unverifiable(&self) -> u64 {
        self.left_out.values().sum()
    }

    fn leave_out(&mut self, why: String) {
        *self.left_out.entry(why).or_default() += 1;
    }

    pub fn respelt(&self) -> u64 {
        self.respellings.values().map(|(tried, _)| tried).sum()
    }

    pub fn alarms(&self) -> u64 {
        self.respellings.values().map(|(_, alarms)| alarms).sum()
    }
}

/// Changes and re-spells every leaf of every case in turn. The same seed gives the same mutations.
pub fn mutate(cases: &[Case], packs: &Packs, seed: u64) -> Mutations {
    let mut out = Mutations { seed, ..Mutations::default() };
    for (n, case) in cases.iter().enumerate() {
        let mut rng = Rng::with_seed(seed ^ (n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let base = case.compare(packs);
        change_leaves(case, packs, &base, &mut rng, &mut out);
        respell(case, packs, &base, &mut rng, &mut out);
    }
    out
}

fn change_leaves(case: &Case, packs: &Packs, base: &Verdict, rng: &mut Rng, out: &mut Mutations) {
    let mut pointers = Vec::new();
    leaves(&case.declared, &mut String::new(), &mut String::new(), &mut pointers);
    let mut declared = case.declared.clone();
    for (pointer, path) in pointers {
        if let Some(why) = cannot_be_judged(base, &path) {
            out.leave_out(why);
            continue;
        }
        let Some(leaf) = declared.pointer_mut(&pointer) else { continue };
        let changed = changed(leaf, rng);
        let original = std::mem::replace(leaf, changed);
        let verdict = case.compare_as(packs, &declared, &case.live);
        if let Some(leaf) = declared.pointer_mut(&pointer) {
            *leaf = original;
        }
        // Judged as recorded, and no more once it was changed: this could hide any change, so it is told apart.
        if let Some(why) = cannot_be_judged(&verdict, &path) {
            out.leave_out(format!("{why}, once changed"));
            continue;
        }
        out.changes += 1;
        if verdict.changes.iter().any(|c| related(&keys(&c.path), &path)) {
            out.reported += 1;
        } else {
            let why = verdict.hidden.iter().filter(|h| related(&keys(&h.path), &path));
            let why = why.map(|h| h.rule.to_owned()).collect();
            out.failures.push(Mishap { id: case.id.clone(), at: pointer, kind: "silent", why });
        }
    }
}

/// Nobody can say whether such a property changed, or nobody configures it; the comparer says so itself, and why.
fn cannot_be_judged(verdict: &Verdict, path: &str) -> Option<String> {
    const NOT_CONFIGURED: [&str; 6] =
        ["computed", "meta", "write-only", "server-managed", "k8s-metadata", "k8s-status"];
    let covers = |at: &str| path == at || path.strip_prefix(at).is_some_and(|rest| rest.starts_with('.'));
    // Where only the order is not known, every element is.
    let mut unverified = verdict.unverified.iter().filter(|u| u.detail != ORDER_UNKNOWN);
    let unverified = unverified.find(|u| covers(&keys(&u.path)));
    let hidden = verdict.hidden.iter().find(|h| NOT_CONFIGURED.contains(&h.rule) && covers(&keys(&h.path)));
    let name =
        |reason| serde_json::to_value(reason).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    unverified
        .map(|u| format!("unverified: {}", name(u.reason)))
        .or_else(|| hidden.map(|h| format!("hidden as {}", h.rule)))
}

/// JSON pointers and dotted keys of every scalar that says something.
fn leaves(value: &Value, pointer: &mut String, path: &mut String, out: &mut Vec<(String, String)>) {
    let (pointer_end, path_end) = (pointer.len(), path.len());
    match value {
        Value::Object(o) => {
            for (key, child) in o {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                if path_end > 0 {
                    path.push('.');
                }
                path.push_str(key);
                leaves(child, pointer, path, out);
                pointer.truncate(pointer_end);
                path.truncate(path_end);
            }
        }
        Value::Array(a) => {
            for (i, child) in a.iter().enumerate() {
                pointer.push_str(&format!("/{i}"));
                leaves(child, pointer, path, out);
                pointer.truncate(pointer_end);
            }
        }
        Value::Null => {}
        Value::String(s) if s.is_empty() => {}
        _ => out.push((pointer.clone(), path.clone())),
    }
}

/// Another value of the same type, with another meaning.
fn changed(value: &Value, rng: &mut Rng) -> Value {
    match value {
        Value::Bool(b) => Value::from(!b),
        Value::Number(n) => match n.as_i64() {
            Some(n) => Value::from(n.saturating_add(rng.i64(1..=9))),
            None => Value::from(n.as_f64().unwrap_or_default() + 1.5),
        },
        Value::String(s) => Value::from(changed_text(s, rng)),
        other => other.clone(),
    }
}

fn changed_text(text: &str, rng: &mut Rng) -> String {
    if let Some(document) = changed_document(text, rng) {
        return document;
    }
    if let Ok(network) = text.parse::<ipnet::Ipv4Net>() {
        // A neighbour of the same size; of the whole world, its half.
        let step = 1_u64 << (32 - u32::from(network.prefix_len()));
        let next = (u64::from(u32::from(network.network())) + step) & 0xffff_ffff;
        return match network.prefix_len() {
            0 => "0.0.0.0/1".to_owned(),
            length => format!("{}/{length}", std::net::Ipv4Addr::from(u32::try_from(next).unwrap_or_default())),
        };
    }
    if text.len() < 16
        && let Ok(n) = text.parse::<i64>()
        && !text.starts_with('0')
    {
        return (n + rng.i64(1..=9)).to_string();
    }
    match text {
        "true" => return "false".to_owned(),
        "false" => return "true".to_owned(),
        _ => {}
    }
    // One letter or digit becomes another one, wherever it stands; what has none gets one.
    let places: Vec<usize> = text.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()).map(|(at, _)| at).collect();
    let Some(&at) = rng.choice(&places) else { return format!("{text}x") };
    let old = char::from(text.as_bytes()[at]);
    let pool = if old.is_ascii_digit() { "0123456789" } else { "abcdefghijklmnopqrstuvwxyz" };
    let others: Vec<char> = pool.chars().filter(|c| !c.eq_ignore_ascii_case(&old)).collect();
    let new = rng.choice(&others).copied().unwrap_or('x');
    format!("{}{new}{}", &text[..at], &text[at + 1..])
}

/// A JSON document with one leaf changed.
fn changed_document(text: &str, rng: &mut Rng) -> Option<String> {
    let mut document: Value = serde_json::from_str(text).ok().filter(|v: &Value| v.is_object() || v.is_array())?;
    let mut pointers = Vec::new();
    leaves(&document, &mut String::new(), &mut String::new(), &mut pointers);
    let (pointer, _) = rng.choice(&pointers)?;
    let leaf = document.pointer_mut(pointer)?;
    *leaf = changed(leaf, rng);
    Some(document.to_string())
}

fn respell(case: &Case, packs: &Packs, base: &Verdict, rng: &mut Rng, out: &mut Mutations) {
    let known: Vec<String> = base.changes.iter().map(|c| keys(&c.path)).collect();
    let mut live = case.live.clone();
    for respelling in respellings(case, rng) {
        let Some(place) = live.pointer_mut(&respelling.pointer) else { continue };
        let original = std::mem::replace(place, respelling.value);
        let verdict = case.compare_as(packs, &case.declared, &live);
        if let Some(place) = live.pointer_mut(&respelling.pointer) {
            *place = original;
        }
        let why: Vec<String> =
            verdict.changes.into_iter().map(|c| c.path).filter(|path| !known.contains(&keys(path))).collect();
        let (tried, alarms) = out.respellings.entry(respelling.kind).or_default();
        *tried += 1;
        if !why.is_empty() {
            *alarms += 1;
            out.failures.push(Mishap { id: case.id.clone(), at: respelling.pointer, kind: respelling.kind, why });
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn case(declared: &Value, live: &Value) -> Case {
        let case = json!({"id": "c", "dialect": "terraform", "resource_type": "x", "declared": declared, "live": live});
        Case::parse(&case.to_string()).unwrap()
    }

    #[test]
    fn every_leaf_is_changed_and_the_same_seed_changes_it_alike() {
        let document = json!({"x": [1, "10.0.0.0/8", {"y": true}]}).to_string();
        let values = json!({"a": 1, "b": {"c": "text"}, "d": ["10.0.0.0/8", "5"], "e": document, "f": false});
        let run = || mutate(&[case(&values, &values)], Packs::embedded(), 7);
        let (first, second) = (run(), run());
        assert_eq!((first.changes, first.reported, first.unverifiable()), (6, 6, 0), "{:?}", first.failures);
        assert_eq!(first.respellings, second.respellings);
        assert!(first.respelt() > 0 && first.alarms() == 0, "{:?}", first.failures);
    }

    #[test]
    fn every_leaf_that_is_left_out_is_told_with_the_reason() {
        let values = json!({"a": 1, "arn": "arn:aws:s3:::b", "timeouts": {"create": "1h"}, "password": "secret"});
        let mutations =
            mutate(&[Case { resource_type: "aws_db_instance".into(), ..case(&values, &values) }], Packs::embedded(), 7);
        let told: Vec<_> = mutations.left_out.iter().map(|(why, n)| (why.as_str(), *n)).collect();
        assert!(told.contains(&("hidden as meta, once changed", 1)), "{told:?}");
        assert!(mutations.unverifiable() > 1 && mutations.changes + mutations.unverifiable() == 4, "{mutations:?}");
    }

    #[test]
    fn a_changed_text_never_means_the_same() {
        let mut rng = Rng::with_seed(1);
        for text in ["10.0.0.0/8", "0.0.0.0/0", "true", "42", "AbC", "---", "{\"a\": 1}", "ä"] {
            for _ in 0..50 {
                let changed = changed_text(text, &mut rng);
                assert!(!changed.eq_ignore_ascii_case(text), "{text} {changed}");
            }
        }
    }
}
