//! Versions of TLS, however they are spelt: `TLSv1.2_2021`, `TLS_1_0`, `ELBSecurityPolicy-TLS13-1-2-2021-06`, `1.2`.

use std::sync::LazyLock;

use regex::Regex;

use super::leaf::Leaf;
use super::{Lean, word};

/// What clouds take where none is said, in tenths; the least that is not weak.
const USUAL: u32 = 12;

pub(super) fn read(leaf: &Leaf<'_>) -> Option<Lean> {
    const ABOUT: [&str; 5] = ["tls", "ssl", "protocol", "security", "policy"];
    if !leaf.words.iter().any(|word| ABOUT.contains(&word.as_str()) || word == "version") {
        return None;
    }
    let side = |value| word(value).and_then(|text| version(&text));
    const WHY: &str = "older versions of TLS are let in";
    const STRONGER: &str = "older versions of TLS are shut out";
    let lean = |loosens, weight| Some(Lean::new(loosens, weight, if loosens { WHY } else { STRONGER }));
    match (side(leaf.declared), side(leaf.actual)) {
        (Some(before), Some(after)) if before != after => lean(after < before, 3),
        (None, Some(after)) if leaf.came() => lean(after < USUAL, 2),
        (Some(before), None) if leaf.went() => lean(before >= USUAL, 2),
        _ => None,
    }
}

/// In tenths: 12 is TLS 1.2. SSL counts as 5.
fn version(text: &str) -> Option<u32> {
    static NAMED: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?:tls|policy)[-_a-z]*?(?:13[-_])?v?[-_]?1[._-]?([0-3])(?:\D|$)").ok());
    static FIRST: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^(?:protocol-)?tlsv?[-_]?1(?:_20\d\d)?$").ok());
    if text.contains("sslv2") || text.contains("sslv3") {
        return Some(5);
    }
    if let Some(minor) = text.strip_prefix("1.").filter(|minor| matches!(*minor, "0" | "1" | "2" | "3")) {
        return Some(10 + minor.parse::<u32>().ok()?);
    }
    // Policies of load balancers that name no version let the first in.
    if text.starts_with("elbsecuritypolicy-201") {
        return Some(10);
    }
    if FIRST.as_ref().is_some_and(|first| first.is_match(text)) {
        return Some(10);
    }
    let minor = NAMED.as_ref()?.captures(text)?.get(1)?.as_str().parse::<u32>().ok()?;
    Some(10 + minor)
}
