//! Lists: what is granted, and what is watched.

use std::collections::BTreeSet;

use serde_json::Value;

use super::leaf::{Leaf, Read};
use super::lexicon::WORDS;
use super::{Lean, is_empty, policy, word, words};

const MORE: &str = "more is allowed";
const LESS: &str = "less is allowed";

/// Roles, actions, principals: an entry more lets more happen, one that stands for many most of all.
pub(super) fn grants(leaf: &Leaf<'_>) -> Read {
    if let Some((before, after)) = policy::breadths(leaf.declared, leaf.actual) {
        let lean = Lean::new(after > before, 3, if after > before { MORE } else { LESS });
        return if before == after { Read::Neutral } else { Read::Says(lean) };
    }
    let is_list = |value: Option<&Value>| value.is_some_and(Value::is_array);
    if !is_grant(leaf) {
        return Read::Pass;
    }
    let (mut before, mut after) = sets(leaf);
    if leaf.last().iter().any(|word| matches!(word.as_str(), "not" | "disallowed")) {
        (before, after) = (after, before);
    }
    let says = |loosens, weight| Read::Says(Lean::new(loosens, weight, if loosens { MORE } else { LESS }));
    let count = |set: &BTreeSet<String>, is: fn(&str) -> bool| set.iter().filter(|text| is(text)).count();
    let (wide_before, wide_after) = (count(&before, is_wide), count(&after, is_wide));
    if wide_before != wide_after {
        return says(wide_after > wide_before, 3);
    }
    let is_block = |value: Option<&Value>| value.is_some_and(Value::is_object);
    match (is_block(leaf.declared), is_block(leaf.actual)) {
        (true, _) if leaf.went() => return says(false, 2),
        (_, true) if leaf.came() => return says(true, 2),
        _ if !(is_list(leaf.declared) || is_list(leaf.actual)) => return Read::Pass,
        _ => {}
    }
    let (gained, lost) = (after.difference(&before).count(), before.difference(&after).count());
    let (does_before, does_after) = (count(&before, does) > 0, count(&after, does) > 0);
    match (gained, lost) {
        (1.., 0) => says(true, 2),
        (0, 1..) => says(false, 2),
        _ => match narrower(&before, &after) {
            Some(is_narrower) => says(!is_narrower, 2),
            None if does_before != does_after => says(does_after, 2),
            None => Read::Neutral,
        },
    }
}

/// What is granted, and is no guard by its name (`permissions_boundary`).
pub(super) fn is_grant(leaf: &Leaf<'_>) -> bool {
    is_granted(&leaf.names) && (leaf.guards() != Some(true) || leaf.sense_of_kind)
}

/// Whether what stands under such names is granted: `Principal.AWS` is a list of principals.
pub(super) fn is_granted(names: &[Vec<String>]) -> bool {
    // What a container may use up is no right.
    let is_container = |name: &Vec<String>| name.iter().any(|word| word == "container" || word == "containers");
    let is_other = |name: &Vec<String>| {
        (*name == ["resources"] && names.iter().any(is_container)) || name.last().is_some_and(|word| word == "types")
    };
    let is_right = |name: &Vec<String>| WORDS.grants.is_in(name) && !is_other(name);
    names.iter().rev().take(2).any(is_right)
        || names.last().is_some_and(|name| WORDS.grant_names.contains(&name.join(" ")))
}

/// One entry that stands for many.
fn is_wide(text: &str) -> bool {
    text.ends_with('*') || WORDS.wide.contains(text)
}

/// An action that does more than look: `Microsoft.Storage/accounts/write`, `s3:PutObject`, `delete`.
fn does(text: &str) -> bool {
    let verb = text.rsplit([':', '/']).next().unwrap_or_default();
    verb.starts_with(|c: char| c.is_ascii_lowercase()) && !WORDS.looks.iter().any(|looks| verb.starts_with(looks))
}

/// Whether each that came stands for a part of one that went (`arn:aws:s3:::logs/` of `arn:aws:s3`), or the other way round.
fn narrower(before: &BTreeSet<String>, after: &BTreeSet<String>) -> Option<bool> {
    let is_part = |part: &String, whole: &String| {
        let stem = whole.trim_end_matches(['*', '/', ':']);
        part.len() > whole.len() && (whole == "*" || !stem.is_empty()) && part.starts_with(stem)
    };
    let (gained, lost) = (|| after.difference(before), || before.difference(after));
    let within = |parts: Vec<&String>, wholes: Vec<&String>| {
        !parts.is_empty() && parts.iter().all(|part| wholes.iter().any(|whole| is_part(part, whole)))
    };
    match (within(gained().collect(), lost().collect()), within(lost().collect(), gained().collect())) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

/// What is logged, watched, protected: an entry less is a guard less.
pub(super) fn guards(leaf: &Leaf<'_>) -> Option<Lean> {
    let is_guard = leaf.guards()?;
    let why = if is_guard { "the list of what is guarded differs" } else { "the list of what is exposed differs" };
    let lean = |is_less: bool| Some(Lean::new(is_guard == is_less, 2, why));
    if let (Some(before), Some(after)) = (word(leaf.declared), word(leaf.actual)) {
        let (all_before, all_after) = (is_all(&before), is_all(&after));
        if all_before != all_after {
            return lean(all_before);
        }
        let (before, after) = (alternatives(&before), alternatives(&after));
        return match (before.is_superset(&after), after.is_superset(&before)) {
            (true, false) if after.len() > 1 => lean(true),
            (false, true) if before.len() > 1 => lean(false),
            _ => audit(leaf, &sets(leaf).0, &sets(leaf).1),
        };
    }
    let (before, after) = sets(leaf);
    if is_empty(leaf.declared) || is_empty(leaf.actual) || !leaf.declared?.is_array() && !leaf.actual?.is_array() {
        return audit(leaf, &before, &after);
    }
    let (gained, lost) = (after.difference(&before).count(), before.difference(&after).count());
    match (gained, lost) {
        (0, 1..) => lean(true),
        (1.., 0) => lean(false),
        _ => narrower(&before, &after).map_or_else(|| audit(leaf, &before, &after), lean),
    }
}

/// `all`, `allServices`; not `allow`.
fn is_all(text: &str) -> bool {
    text == "*" || (text.starts_with("all") && !text.starts_with("allo"))
}

/// What a filter lets through: `a || b`.
fn alternatives(text: &str) -> BTreeSet<&str> {
    text.split("||").map(|one| one.trim_matches(|c: char| "(){}".contains(c) || c.is_whitespace())).collect()
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
