//! Ranges of addresses: how many may come in.

use std::net::IpAddr;

use super::leaf::{Leaf, Read};
use super::lexicon::WORDS;
use super::{Lean, words};

/// As open as it gets.
const EVERYBODY: i32 = 33;
/// A range inside a network of one's own counts as this much narrower.
const PRIVATE: i32 = 8;

pub(super) fn read(leaf: &Leaf<'_>) -> Read {
    if !WORDS.peers.is_in(leaf.last()) {
        return Read::Pass;
    }
    if let Some(lean) = ends(leaf) {
        return Read::Says(lean);
    }
    // While others stay in the list it still says who alone may come in.
    let restricts =
        !leaf.is_part && (WORDS.restricts.is_in(&leaf.words) || is_rule_for_all(leaf) || is_condition(leaf));
    let says = |loosens, weight| {
        let why = if loosens { "more addresses are let in" } else { "fewer addresses are let in" };
        Read::Says(Lean::new(loosens, weight, why))
    };
    // That everybody comes in, or no longer does, outweighs all else that comes with it.
    let told = |openness| if openness == EVERYBODY { 3 } else { 2 };
    match (openness(&words(leaf.declared)), openness(&words(leaf.actual))) {
        (Some(before), Some(after)) if before == after => Read::Neutral,
        (Some(before), Some(after)) => says(after > before, 3),
        // A list of who alone may come in: without it everybody may.
        (Some(before), None) if leaf.went() => says(restricts && before < EVERYBODY, told(before)),
        (None, Some(after)) if leaf.came() => says(!(restricts && after < EVERYBODY), told(after)),
        _ => Read::Pass,
    }
}

/// A firewall's rule as a resource: where it names no source it holds for every one.
fn is_rule_for_all(leaf: &Leaf<'_>) -> bool {
    let has = |words: &[String], any: [&str; 2]| words.iter().any(|word| any.contains(&word.as_str()));
    has(&leaf.kind, ["fw", "firewall"]) && leaf.names.len() == 1 && has(leaf.last(), ["source", "destination"])
}

/// Of a permission: without it the permission holds from everywhere. `NotIpAddress` stands in what denies.
fn is_condition(leaf: &Leaf<'_>) -> bool {
    leaf.has("condition") && !leaf.names.iter().any(|name| name.first().is_some_and(|word| word == "not"))
}

/// The widest of them: 0 is one address, 33 everybody.
fn openness(texts: &[String]) -> Option<i32> {
    texts.iter().filter_map(|text| width(text)).max()
}

fn width(text: &str) -> Option<i32> {
    if matches!(text, "*" | "internet" | "any" | "all") {
        return Some(EVERYBODY);
    }
    let Some((net, bits)) = text.split_once('/') else { return text.parse::<std::net::Ipv4Addr>().ok().map(|_| 0) };
    let (net, bits) = (net.parse::<IpAddr>(), bits.parse::<i32>().ok().filter(|bits| (0..=128).contains(bits))?);
    let is_own = match net {
        Ok(IpAddr::V4(net)) => net.is_private(),
        Ok(IpAddr::V6(net)) => net.is_unique_local(),
        Err(_) if text.starts_with('/') => false,
        Err(_) => return None,
    };
    if bits == 0 {
        return Some(EVERYBODY);
    }
    let free = if matches!(net, Ok(IpAddr::V6(_))) { 32 - bits / 4 } else { 32 - bits };
    Some(if is_own { free - PRIVATE } else { free })
}

/// A range kept as its first and last address.
fn ends(leaf: &Leaf<'_>) -> Option<Lean> {
    let is_first = leaf.last().iter().any(|word| word == "start");
    if !is_first && !leaf.last().iter().any(|word| word == "end") {
        return None;
    }
    let side = |value| super::word(value).and_then(|text| text.parse::<std::net::Ipv4Addr>().ok());
    let (before, after) = (side(leaf.declared)?, side(leaf.actual)?);
    (before != after).then(|| Lean::new((after < before) == is_first, 3, "the range of addresses differs in width"))
}
