//! Switches, numbers and presence: what they do depends on what the name says of the property.

use serde_json::Value;

use super::leaf::Leaf;
use super::lexicon::{Lexicon, WORDS};
use super::{Lean, is_empty, word};

const GUARD_OFF: &str = "a guard is off";
const GUARD_ON: &str = "a guard is on";
const OPENED: &str = "something was opened";
const SHUT: &str = "something was shut";

fn lean(guards: bool, is_more: bool, weight: u8) -> Lean {
    let why = match (guards, is_more) {
        (true, true) => GUARD_ON,
        (true, false) => GUARD_OFF,
        (false, true) => OPENED,
        (false, false) => SHUT,
    };
    Lean::new(guards != is_more, weight, why)
}

/// On or off on both sides: where one is off, any other value is on.
pub(super) fn on(value: Option<&Value>, other: Option<&Value>) -> Option<bool> {
    let known = |value: Option<&Value>| {
        let text = match value {
            Some(Value::Array(items)) if items.is_empty() => "off".to_owned(),
            value => word(value)?,
        };
        match (WORDS.on.contains(&text), WORDS.off.contains(&text)) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    };
    let single = word(value).is_some() || value.is_some_and(Value::is_array);
    known(value).or_else(|| (single && known(other) == Some(false)).then_some(true))
}

pub(super) fn switched(leaf: &Leaf<'_>) -> Option<Lean> {
    let (before, after) = (on(leaf.declared, leaf.actual)?, on(leaf.actual, leaf.declared)?);
    let guards = leaf.guards()?;
    (before != after).then(|| lean(guards, after, if leaf.sense_of_kind { 2 } else { 3 }))
}

/// More or less of something that guards by being much, or little.
pub(super) fn number(leaf: &Leaf<'_>) -> Option<Lean> {
    if let Some(lean) = runtime(leaf) {
        return Some(lean);
    }
    let (before, after) = (amount(leaf.declared)?, amount(leaf.actual)?);
    let is_about = leaf.guards().is_some();
    let tells = |plain: &Lexicon, vague: &Lexicon| plain.is_in(&leaf.words) || (is_about && vague.is_in(&leaf.words));
    let more_loosens = tells(&WORDS.more_loosens, &WORDS.vague_more_loosens);
    let guards = match (more_loosens, tells(&WORDS.more_guards, &WORDS.vague_more_guards)) {
        (true, _) => false,
        (_, true) => true,
        _ => return None,
    };
    let is_more = after > before;
    let why = if guards == is_more { "a limit is tighter" } else { "a limit is looser" };
    (before != after).then(|| Lean::new(guards != is_more, 2, why))
}

/// `5`, `"5"`, `"7776000s"`.
fn amount(value: Option<&Value>) -> Option<f64> {
    let text = match value? {
        Value::Number(number) => return number.as_f64(),
        Value::String(text) => text.trim(),
        _ => return None,
    };
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    matches!(&text[digits.len()..].trim_start(), &("" | "s" | "m" | "h" | "d" | "days" | "seconds"))
        .then(|| digits.parse().ok())?
}

/// An older release of a language's runtime misses its fixes.
fn runtime(leaf: &Leaf<'_>) -> Option<Lean> {
    const LANGUAGES: [&str; 5] = ["php", "python", "java", "dotnet", "ruby"];
    let names_language = leaf.has("version") && leaf.words.iter().any(|word| LANGUAGES.contains(&word.as_str()));
    // `python3.12`: the value names it.
    let language = |value| Some(word(value)?.split(|c: char| c.is_ascii_digit()).next()?.to_owned());
    let is_same = || language(leaf.declared).is_some_and(|one| !one.is_empty() && language(leaf.actual) == Some(one));
    let is_runtime = names_language || (leaf.has("runtime") && is_same());
    if !is_runtime {
        return None;
    }
    let release = |value| {
        let text = word(value)?;
        let parts: Vec<u32> = text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect();
        (!parts.is_empty()).then_some(parts)
    };
    let (before, after) = (release(leaf.declared)?, release(leaf.actual)?);
    let why = if after < before { "an older release runs" } else { "a newer release runs" };
    (before != after).then(|| Lean::new(after < before, 1, why))
}

/// Something that guards or exposes came or went.
pub(super) fn presence(leaf: &Leaf<'_>) -> Option<Lean> {
    let guards = leaf.guards()?;
    let is_off = |value| word(value).is_some_and(|text| WORDS.off.contains(&text));
    // An empty block is there, too.
    let (is_absent, is_block) = (
        |value: Option<&Value>| value.is_none_or(Value::is_null),
        |value: Option<&Value>| value.is_some_and(|v| v.is_object() || v.is_array()) && is_empty(value),
    );
    let came = leaf.came() || (is_absent(leaf.declared) && is_block(leaf.actual));
    let went = leaf.went() || (is_block(leaf.declared) && is_absent(leaf.actual));
    let weight = if WORDS.mild.is_in(leaf.last()) { 1 } else { 2 };
    match (came, went) {
        (true, _) => Some(lean(guards, !is_off(leaf.actual), weight)),
        (_, true) => Some(lean(guards, is_off(leaf.declared), weight)),
        _ => None,
    }
}

/// A feature of which only this is known: the code has it on.
pub(super) fn feature(leaf: &Leaf<'_>) -> Option<Lean> {
    let named = |word: &String| matches!(word.as_str(), "enabled" | "enable" | "on");
    if leaf.guards().is_some() || !leaf.last().iter().any(named) {
        return None;
    }
    let flag = |value: Option<&Value>| value.and_then(Value::as_bool);
    let after = match (on(leaf.declared, leaf.actual), on(leaf.actual, leaf.declared)) {
        (Some(before), Some(after)) if before != after => after,
        _ if leaf.went() => !flag(leaf.declared)?,
        _ if leaf.came() => flag(leaf.actual)?,
        _ => return None,
    };
    Some(Lean::new(!after, 1, if after { "a feature is on" } else { "a feature is off" }))
}
