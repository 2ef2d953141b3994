//! Ports and protocols: how much may come in, and whether it is what attackers look for.

use serde_json::Value;

use super::leaf::Leaf;
use super::{Lean, word, words};

/// Ports for administration, databases and file shares.
const SENSITIVE: &[u16] = &[
    20, 21, 22, 23, 25, 110, 135, 137, 138, 139, 389, 445, 1433, 1521, 2375, 2376, 2379, 3306, 3389, 5432, 5439, 5900,
    5984, 5985, 5986, 6379, 6443, 7000, 8086, 9042, 9200, 9300, 10250, 11211, 27017,
];

pub(super) fn read(leaf: &Leaf<'_>) -> Option<Lean> {
    let last = |name: &str| leaf.last().iter().any(|word| word == name);
    if last("protocol") {
        return protocol(leaf);
    }
    if !last("port") && !last("ports") {
        return None;
    }
    // Of a list only the entries that came and went are here; a list that is not there at all stands for every port.
    let side = |value: Option<&Value>| match value {
        Some(Value::Array(entries)) if entries.is_empty() => Some(vec![]),
        value => ranges(&words(value)),
    };
    let (before, after) = (side(leaf.declared)?, side(leaf.actual)?);
    let first = |ranges: &[(u16, u16)]| ranges.first().map(|(from, _)| *from);
    let wider = if last("from") {
        first(&after) < first(&before)
    } else if last("to") {
        first(&after) > first(&before)
    } else {
        let (before, after) = (weight(&before), weight(&after));
        if before == after {
            return None;
        }
        after > before
    };
    Some(Lean::new(wider, 3, if wider { "more ports are open, or more delicate ones" } else { "fewer ports are open" }))
        .filter(|_| before != after)
}

/// How many delicate ports, then how many at all.
fn weight(ranges: &[(u16, u16)]) -> (usize, usize) {
    let delicate = SENSITIVE.iter().filter(|port| ranges.iter().any(|(from, to)| (from..=to).contains(port)));
    (delicate.count(), ranges.iter().map(|(from, to)| usize::from(to.saturating_sub(*from)) + 1).sum())
}

/// `22`, `8000-8080`, `80,443`, `*`; `None` for none, or when a part of it is no port.
fn ranges(texts: &[String]) -> Option<Vec<(u16, u16)>> {
    let mut found = vec![];
    for part in texts.iter().flat_map(|text| text.split(',')).map(str::trim) {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        found.push(match part {
            "*" | "all" | "any" | "-1" => (0, u16::MAX),
            _ => (from.trim().parse().ok()?, to.trim().parse().ok()?),
        });
    }
    Some(found).filter(|found| !found.is_empty())
}

fn protocol(leaf: &Leaf<'_>) -> Option<Lean> {
    let is_all = |value| word(value).map(|text| matches!(text.as_str(), "-1" | "all" | "any" | "*"));
    let (before, after) = (is_all(leaf.declared)?, is_all(leaf.actual)?);
    let why = if after { "every protocol is let in" } else { "only one protocol is let in" };
    (before != after).then(|| Lean::new(after, 3, why))
}
