//! Secrets told in a sentence: `set the password to …`, `the password was changed from … to …`, `password → …`.
//!
//! Most sentences with these words tell no secret (`the password is to be rotated`, `moved the token to the vault`), so a word behind
//! `to` or `from` must look like a password. Behind an arrow stands a value, as behind a `=`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::names::{self, Strength};
use super::opaque;
use super::text::Found;

/// A name, and what leads from it to a value.
static TOLD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?xi)
        (?P<name> [\w.-]* (?:pass|pwd|pw|secret|token|key|cred|auth|dsn|connection|signature|cookie|sas|contrase|senha) [\w.-]* )
        ["'`]? [\ \t]*
        (?: (?P<arrow> → | ⇒ | -> )
          | (?P<verb> (?: (?:has|have|had|was|were|is|are|be|been|being|got|just|now|again) [\ \t]+ )*
                      (?: (?:re)?set | changed | rotated | updated ) [\ \t]+ )? (?: back [\ \t]+ )? (?:from|to) [\ \t] )
        [\ \t]*"#,
    )
    .ok()
});
/// The verb stands before the name.
static ASKED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:(?:re)?set(?:ting)?|chang(?:e|ed|ing)|rotat(?:e|ed|ing)|updat(?:e|ed|ing))\b[^.;\n]{0,40}$")
        .ok()
});
/// From the first value to the second.
static ONWARD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?i)^["'`]?,?[ \t]+(?:to|into|→|⇒|->)[ \t]+"#).ok());
/// Signs that are in passwords, and seldom inside of a word.
const SIGNS: [char; 5] = ['!', '#', '$', '^', '*'];

/// Appends where they stand.
pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    let leads = [" to ", " TO ", " from ", " FROM ", "→", "⇒", "->"];
    let (Some(told), true) = (TOLD.as_ref(), leads.iter().any(|lead| text.contains(lead))) else { return };
    for captures in told.captures_iter(text) {
        let (Some(whole), Some(name)) = (captures.get(0), captures.name("name")) else { continue };
        let strength = names::strength(name.as_str());
        let is_arrow = captures.name("arrow").is_some();
        let is_told = is_arrow || captures.name("verb").is_some() || is_asked(&text[..name.start()]);
        if strength == Strength::None || !is_told {
            continue;
        }
        let Some(first) = Value::at(text, whole.end(), is_arrow) else { continue };
        let behind = &text[first.range.end..];
        let onward = ONWARD.as_ref().and_then(|onward| onward.find(behind));
        let second = onward.and_then(|onward| Value::at(text, first.range.end + onward.end(), is_arrow));
        found.extend([Some(first), second].into_iter().flatten().filter_map(|value| value.judged(text, strength)));
    }
}

fn is_asked(before: &str) -> bool {
    ASKED.as_ref().is_some_and(|asked| asked.is_match(before))
}

struct Value {
    range: Range<usize>,
    /// Quoted, or behind an arrow: there is no doubt that a value stands there.
    is_value: bool,
}

impl Value {
    fn at(text: &str, start: usize, is_value: bool) -> Option<Self> {
        let rest = &text[start..];
        if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) {
            let end = rest[1..].find(quote)?;
            return Some(Self { range: start + 1..start + 1 + end, is_value: true });
        }
        let ends = |c: char| c.is_whitespace() || "\"'`,;&«<>(){}[]\\".contains(c);
        let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
        // What ends a sentence is no part of it.
        let word = word.trim_end_matches(['.', ':', '?']);
        (!word.is_empty()).then(|| Self { range: start..start + word.len(), is_value })
    }

    fn judged(self, text: &str, strength: Strength) -> Option<Found> {
        let value = &text[self.range.clone()];
        let random = opaque::looks_random(value, 8);
        let is_harmless = opaque::is_harmless(value) || opaque::is_identifier(value);
        let has_signs = value.chars().count() >= 6
            && value.chars().any(char::is_alphabetic)
            && value.trim_end_matches(SIGNS).char_indices().any(|(at, c)| at > 0 && SIGNS.contains(&c));
        let like = self.is_value || has_signs;
        let is_secret = random || (strength >= Strength::Named && like && !is_harmless);
        is_secret.then_some(Found { range: self.range, spread: random })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(text: &str) -> Vec<&str> {
        let mut found = vec![];
        find(text, &mut found);
        found.iter().map(|f| &text[f.range.clone()]).collect()
    }

    #[test]
    fn what_a_sentence_tells_is_found() {
        for (text, told) in [
            ("set the password to Zq9xLeak12", vec!["Zq9xLeak12"]),
            ("ann reset the admin password of db-1 to 'winter'", vec![]),
            ("reset the db_pw to 'winter'.", vec!["winter"]),
            ("password was changed from Zq9xLeak20 to Zq9xLeak21.", vec!["Zq9xLeak20", "Zq9xLeak21"]),
            ("The root password has been set back to Win!ter, I think", vec!["Win!ter"]),
            ("password → Zq9xLeak14", vec!["Zq9xLeak14"]),
            ("admin_pw -> winter", vec!["winter"]),
            ("changing pw from \"winter\" to \"sommer\"", vec!["winter", "sommer"]),
            ("token was rotated to q1w2e3r4t5", vec!["q1w2e3r4t5"]),
        ] {
            assert_eq!(secrets(text), told, "{text}");
        }
    }

    #[test]
    fn ordinary_prose_stays_readable() {
        for text in [
            "password to be rotated",
            "the password is to be rotated by friday",
            "password policy changed to strict",
            "password was changed to comply with the policy",
            "password was reset to default",
            "reset the password to something longer",
            "password changed from weak to strong",
            "password rotated from 30 to 90 days",
            "password_length → 12",
            "moved the password to web-prod-01x",
            "sent the secret to ann@example.com",
            "set the secret to arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf",
            "updated the token to expire after 2026-01-01",
            "passed from web01host to web02host",
            "password → «secret #a1b2c3d4»",
        ] {
            assert_eq!(secrets(text), [""; 0], "{text}");
        }
    }
}
