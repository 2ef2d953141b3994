//! Secrets that give themselves away by their form: the published formats of tokens and keys.
//!
//! One pass looks for the keywords of all rules; only the rules whose keyword is there run their expression. That is what
//! makes redaction fast: the expressions alone are hundreds of times slower.

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex::Regex;

use super::names;

/// A format: keywords of which one must be there (lower case), and an expression. The secret is group 1, or the whole match.
struct Shape {
    keywords: &'static [&'static str],
    pattern: &'static str,
}

const fn shape(keywords: &'static [&'static str], pattern: &'static str) -> Shape {
    Shape { keywords, pattern }
}

/// Sources: the issuers' public documentation of their token prefixes.
static SHAPES: &[Shape] = &[
    shape(&["akia", "asia", "abia", "acca"], r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"),
    shape(&["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], r"gh[pousr]_[A-Za-z0-9]{30,}"),
    shape(&["github_pat_"], r"github_pat_[A-Za-z0-9_]{30,}"),
    shape(
        &[
            "glpat-", "glptt-", "gldt-", "glrt-", "glcbt-", "glft-", "glimt-", "glagent-", "glsoat-", "gloas-",
            "glffct-",
        ],
        r"\bgl(?:pat|ptt|dt|rt|cbt|ft|imt|agent|soat|oas|ffct)-[0-9A-Za-z_.=-]{20,}",
    ),
    shape(&["xox"], r"xox[abeoprs](?:\.xox[bp])?-[0-9A-Za-z-]{10,}"),
    shape(&["xapp-"], r"xapp-\d-[A-Za-z0-9-]{20,}"),
    shape(&["hooks.slack"], r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([A-Za-z0-9+/_-]{16,})"),
    shape(&["api/webhooks/"], r"discord(?:app)?\.com/api/webhooks/(\d+/[A-Za-z0-9_-]{30,})"),
    shape(&["webhook.office"], r"webhook\.office\.com/(webhookb2/[A-Za-z0-9@/-]{40,})"),
    shape(
        &["-----begin"],
        r"-----BEGIN[A-Z0-9 ]{0,30} ?PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END[A-Z0-9 ]{0,30} ?PRIVATE KEY(?: BLOCK)?-----|\z)",
    ),
    shape(&["age-secret-key-1"], r"AGE-SECRET-KEY-1[0-9A-Z]{50,}"),
    shape(&["eyj"], r"\bey[JI][A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+){0,2}"),
    shape(&["hvs.", "hvb.", "hvr."], r"\bhv[sbr]\.[A-Za-z0-9_-]{20,}"),
    shape(&[".atlasv1."], r"[A-Za-z0-9_-]+\.atlasv1\.[A-Za-z0-9_=-]+"),
    shape(&["aiza"], r"AIza[0-9A-Za-z_-]{35}"),
    shape(&["gocspx-"], r"GOCSPX-[A-Za-z0-9_-]{20,}"),
    shape(&["ya29."], r"ya29\.[A-Za-z0-9_.-]{20,}"),
    shape(&["q~"], r"[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}"),
    shape(&["accountkey=", "accesskey="], r"(?i)(?:Account|Access)Key=([A-Za-z0-9+/]{30,}={0,2})"),
    shape(&["sig="], r"[?&;]sig=([A-Za-z0-9%+/=_-]{20,})"),
    shape(&["x-amz-signature="], r"(?i)X-Amz-Signature=([0-9a-f]{40,})"),
    shape(&["://"], r#"[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@"'<>«]*:([^\s/"'<>«]+)@"#),
    shape(&["://"], r"https?://([A-Za-z0-9_-]{20,})@"),
    shape(&["sk-"], r"\bsk-[A-Za-z0-9_-]{20,}"),
    shape(&["k_live_", "k_test_", "k_prod_"], r"\b[srp]k_(?:live|test|prod)_[A-Za-z0-9]{10,}"),
    shape(&["whsec_"], r"whsec_[A-Za-z0-9+/=]{20,}"),
    shape(&["npm_"], r"\bnpm_[A-Za-z0-9]{30,}"),
    shape(&["pypi-"], r"\bpypi-[A-Za-z0-9_-]{16,}"),
    shape(&["rubygems_"], r"rubygems_[a-f0-9]{40,}"),
    shape(&["dckr_"], r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}"),
    shape(&["sg."], r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    shape(&["dop_v1_", "doo_v1_", "dor_v1_"], r"\bdo[opr]_v1_[a-f0-9]{60,}"),
    shape(&["hf_"], r"\bhf_[A-Za-z]{30,}"),
    shape(&["dapi"], r"\bdapi[a-f0-9]{32}\b"),
    shape(&["glc_", "glsa_"], r"\bgl(?:c|sa)_[A-Za-z0-9+/_]{30,}={0,2}"),
    shape(&["nrak-"], r"NRAK-[A-Z0-9]{27}"),
    shape(&["shpat_", "shpca_", "shppa_", "shpss_"], r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
    shape(&["sq0"], r"\bsq0[a-z]{3}-[A-Za-z0-9_-]{22,}"),
    shape(&[":aa"], r"\b\d{8,10}:AA[A-Za-z0-9_-]{33}"),
    shape(&["key-"], r"\bkey-[0-9a-f]{32}\b"),
    shape(&["pmak-"], r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
    shape(
        &["dp.pt.", "dp.st.", "dp.ct.", "dp.sa.", "dp.scim.", "dp.audit."],
        r"\bdp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9]{40,}",
    ),
    shape(&["pul-"], r"\bpul-[a-f0-9]{40}\b"),
    shape(&["atatt3"], r"ATATT3[A-Za-z0-9_=-]{60,}"),
    shape(&["lin_api_"], r"lin_api_[A-Za-z0-9]{40}"),
    shape(&["tskey-"], r"tskey-[A-Za-z0-9-]{20,}"),
    shape(&["sntry"], r"sntry[su]_[A-Za-z0-9+/=_-]{30,}"),
    shape(&["bearer ", "basic "], r"(?i)\b(?:bearer|basic) +([A-Za-z0-9._~+/-]{16,}={0,2})"),
    // Our own API keys.
    shape(&["dgk_"], r"\bdgk_[A-Za-z0-9_-]{40,}"),
];

/// Not of a shape: a piece of a name that may announce a secret in a text, looked for in the same pass.
const ANNOUNCED_BIT: u64 = 1 << 63;

struct Finder {
    keywords: AhoCorasick,
    /// For each keyword, the shape it belongs to.
    owner: Vec<usize>,
}

static FINDER: LazyLock<Option<Finder>> = LazyLock::new(|| {
    let pairs: Vec<(usize, &str)> = SHAPES
        .iter()
        .enumerate()
        .flat_map(|(i, s)| s.keywords.iter().map(move |k| (i, *k)))
        .chain(names::HINTS.iter().map(|k| (63, *k)))
        .collect();
    let keywords = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .kind(Some(AhoCorasickKind::DFA))
        .build(pairs.iter().map(|(_, k)| k))
        .ok()?;
    Some(Finder { keywords, owner: pairs.iter().map(|(i, _)| *i).collect() })
});

/// Compiled when first needed: most runs meet few formats.
fn expression(index: usize) -> Option<&'static Regex> {
    static COMPILED: [OnceLock<Option<Regex>>; SHAPES.len()] = [const { OnceLock::new() }; SHAPES.len()];
    COMPILED[index].get_or_init(|| Regex::new(SHAPES[index].pattern).ok()).as_ref()
}

/// Appends where secrets of a known form stand. Says whether a word is there that may announce another one.
pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) -> bool {
    let Some(finder) = FINDER.as_ref() else { return false };
    let mut wanted = 0u64;
    // Most texts hold no keyword, and saying just that is cheaper.
    if !finder.keywords.is_match(text) {
        return false;
    }
    for hit in finder.keywords.find_overlapping_iter(text) {
        wanted |= 1 << finder.owner[hit.pattern().as_usize()];
    }
    let announced = wanted & ANNOUNCED_BIT != 0;
    wanted &= !ANNOUNCED_BIT;
    while wanted != 0 {
        let index = wanted.trailing_zeros() as usize;
        wanted &= wanted - 1;
        let Some(expression) = expression(index) else { continue };
        for captures in expression.captures_iter(text) {
            if let Some(secret) = captures.get(1).or_else(|| captures.get(0)) {
                found.push(secret.range());
            }
        }
    }
    announced
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::safety::vectors;

    #[test]
    fn every_expression_compiles_and_every_keyword_is_lower_case() {
        assert!(SHAPES.len() < 64 && FINDER.is_some());
        for (index, shape) in SHAPES.iter().enumerate() {
            assert!(expression(index).is_some(), "{}", shape.pattern);
            assert!(shape.keywords.iter().all(|k| *k == k.to_lowercase()), "{:?}", shape.keywords);
        }
    }

    #[test]
    fn every_public_format_is_found_inside_other_text() {
        for (name, secret) in vectors::secrets() {
            let mut found = vec![];
            find(&format!("x {secret} y"), &mut found);
            assert!(!found.is_empty(), "{name}: {secret}");
        }
    }
}
