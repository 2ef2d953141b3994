//! Words that have a rank: `public-read` is weaker than `private`, `MUTABLE` than `IMMUTABLE`.

use serde_json::Value;

use super::leaf::Leaf;
use super::lexicon::{Rank, WORDS, split};
use super::listed::is_grant;
use super::{Lean, is_empty, word, words};

const WEAKER: &str = "its value guards less";
const STRONGER: &str = "its value guards more";

pub(super) fn read(leaf: &Leaf<'_>) -> Option<Lean> {
    WORDS.ranks.iter().find_map(|rank| ranked(rank, leaf))
}

fn ranked(rank: &Rank, leaf: &Leaf<'_>) -> Option<Lean> {
    let is_about = rank.keys.as_ref().is_none_or(|keys| keys.is_in(&leaf.words))
        && rank.types.as_ref().is_none_or(|types| types.is_in(&leaf.kind))
        && (!rank.of_any_name || leaf.guards().is_none());
    if !is_about {
        return None;
    }
    let lean = |loosens, weight| Some(Lean::new(loosens, weight, if loosens { WEAKER } else { STRONGER }));
    if rank.absence_tells {
        let place = |value| step(rank, value).or(is_empty(value).then_some(0));
        let (before, after) = (place(leaf.declared)?, place(leaf.actual)?);
        return if before == after { None } else { lean(after < before, 2) };
    }
    if rank.grants && is_grant(leaf) {
        match (step(rank, leaf.declared), step(rank, leaf.actual)) {
            (None, Some(_)) if leaf.came() => return lean(true, 2),
            (Some(_), None) if leaf.went() => return lean(false, 2),
            _ => {}
        }
    }
    let strongest = rank.steps.len().saturating_sub(1);
    // Absence lies between the strongest step and the others, unless a name of its own says what it is about.
    let counts = |step: usize| step < strongest || leaf.guards() != Some(false);
    let tells_absence = rank.keys.is_none() && !rank.absent_is_weakest;
    match (step(rank, leaf.declared), step(rank, leaf.actual)) {
        (Some(before), Some(after)) if before != after => lean(after < before, 3),
        (None, Some(after)) if leaf.came() && tells_absence && counts(after) => lean(after < strongest, 2),
        (Some(before), None) if leaf.went() && tells_absence && counts(before) => lean(before == strongest, 2),
        _ => None,
    }
}

/// The weakest step that one of the values stands on.
fn step(rank: &Rank, value: Option<&Value>) -> Option<usize> {
    let of = |text: &String| rank.steps.iter().position(|step| step.is_match(text));
    words(value).iter().filter_map(of).min()
}

/// A short value that says of itself that it is for everybody.
pub(super) fn weak_word(leaf: &Leaf<'_>) -> Option<Lean> {
    const WEAK: [&str; 6] = ["public", "global", "common", "anonymous", "insecure", "everyone"];
    const FREE_TEXT: [&str; 3] = ["name", "description", "comment"];
    if leaf.last().iter().any(|word| FREE_TEXT.contains(&word.as_str())) {
        return None;
    }
    let is_weak = |value| {
        let text = word(value).filter(|text| text.len() < 60)?;
        Some(split(&text).iter().any(|word| WEAK.contains(&word.as_str())))
    };
    let (before, after) = (is_weak(leaf.declared)?, is_weak(leaf.actual)?);
    (before != after).then(|| Lean::new(after, 1, "its value says that it is for everybody"))
}
