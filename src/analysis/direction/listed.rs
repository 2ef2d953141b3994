//! Lists: what is granted, and what is watched.

use std::collections::BTreeSet;

use serde_json::Value;

use super::leaf::{Leaf, Read};
use super::lexicon::WORDS;
use super::{Lean, is_empty, policy, words};

const MORE: &str = "more is allowed";
const LESS: &str = "less is allowed";

/// Roles, actions, principals: an entry more lets more happen, one that stands for many most of all.
pub(super) fn grants(leaf: &Leaf<'_>) -> Read {
    if let Some((before, after)) = policy::breadths(leaf.declared, leaf.actual) {
        let lean = Lean::new(after > before, 3, if after > before { MORE } else { LESS });
        return if before == after { Read::Neutral } else { Read::Says(lean) };
    }
    let is_list = |value: Option<&Value>| value.is_some_and(Value::is_array);
    // `Principal.AWS` is a list of principals.
    let names = leaf.names.iter().rev().take(2);
    let applies =
        names.into_iter().any(|name| WORDS.grants.is_in(name)) && (leaf.guards() != Some(true) || leaf.sense_of_kind);
    if !applies || !(is_list(leaf.declared) || is_list(leaf.actual)) {
        return Read::Pass;
    }
    let (before, after) = sets(leaf);
    let wide = |set: &BTreeSet<String>| {
        set.iter().filter(|text| text.ends_with('*') || matches!(text.as_str(), "/" | "secrets")).count()
    };
    let says = |loosens, weight| Read::Says(Lean::new(loosens, weight, if loosens { MORE } else { LESS }));
    let (gained, lost) = (after.difference(&before).count(), before.difference(&after).count());
    match (wide(&before), wide(&after)) {
        (before, after) if before != after => says(after > before, 3),
        _ if gained > 0 && lost == 0 => says(true, 2),
        _ if lost > 0 && gained == 0 => says(false, 2),
        _ => Read::Neutral,
    }
}

/// What is logged, watched, protected: an entry less is a guard less.
pub(super) fn guards(leaf: &Leaf<'_>) -> Option<Lean> {
    let is_guard = leaf.guards()?;
    let (before, after) = sets(leaf);
    if is_empty(leaf.declared) || is_empty(leaf.actual) || !leaf.declared?.is_array() && !leaf.actual?.is_array() {
        return audit(leaf, &before, &after);
    }
    let (gained, lost) = (after.difference(&before).count(), before.difference(&after).count());
    let why = if is_guard { "the list of what is guarded differs" } else { "the list of what is exposed differs" };
    match (gained, lost) {
        (0, 1..) => Some(Lean::new(is_guard, 2, why)),
        (1.., 0) => Some(Lean::new(!is_guard, 2, why)),
        _ => audit(leaf, &before, &after),
    }
}

/// Of the logs it is the one of who did what that matters.
fn audit(leaf: &Leaf<'_>, before: &BTreeSet<String>, after: &BTreeSet<String>) -> Option<Lean> {
    let is_log = leaf.has("log") || leaf.has("logs");
    if !is_log || before.is_empty() || after.is_empty() {
        return None;
    }
    let has = |set: &BTreeSet<String>| set.iter().any(|text| text.contains("audit"));
    (has(before) != has(after)).then(|| Lean::new(has(before), 2, "whether the audit log is kept differs"))
}

fn sets(leaf: &Leaf<'_>) -> (BTreeSet<String>, BTreeSet<String>) {
    (words(leaf.declared).into_iter().collect(), words(leaf.actual).into_iter().collect())
}
