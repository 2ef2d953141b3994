//! Syntax of lines of Terraform's language; syntect has no grammar for it.

use super::highlight::Token;
use crate::tui::theme::Role;

/// The tokens of one line.
pub fn tokens(line: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = line[at..].chars().next() {
        let rest = &line[at..];
        let (length, role) = match first {
            '"' => string(rest),
            c if c.is_ascii_digit() || (c == '-' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) => {
                (1 + span(&rest[1..], |c| c.is_ascii_alphanumeric() || ".+-".contains(c)), Some(Role::SyntaxNumber))
            }
            c if c.is_alphabetic() || c == '_' => word(rest),
            c if "{}[](),=:".contains(c) => (1, Some(Role::SyntaxPunctuation)),
            c => (c.len_utf8(), None),
        };
        at += length;
        tokens.push(Token { end: at, role });
    }
    tokens
}

/// A key when `=` follows it, as a quoted one is too.
fn or_key(rest: &str, length: usize, role: Option<Role>) -> (usize, Option<Role>) {
    let is_key = rest[length..].trim_start().starts_with('=');
    (length, if is_key { Some(Role::SyntaxKey) } else { role })
}

fn string(rest: &str) -> (usize, Option<Role>) {
    let mut escaped = false;
    let end = rest[1..].find(|c: char| match c {
        '"' if !escaped => true,
        _ => {
            escaped = c == '\\' && !escaped;
            false
        }
    });
    or_key(rest, end.map_or(rest.len(), |end| end + 2), Some(Role::SyntaxString))
}

fn word(rest: &str) -> (usize, Option<Role>) {
    let length = span(rest, |c| c.is_alphanumeric() || c == '_' || c == '-');
    let constant = matches!(&rest[..length], "true" | "false" | "null");
    or_key(rest, length, constant.then_some(Role::SyntaxConstant))
}

/// Bytes of the characters at the start that fit.
fn span(text: &str, fits: impl Fn(char) -> bool) -> usize {
    text.find(|c: char| !fits(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn roles(line: &str) -> Vec<(&str, Role)> {
        let mut start = 0;
        let parts =
            tokens(line).into_iter().map(|token| (std::mem::replace(&mut start, token.end)..token.end, token.role));
        parts.filter_map(|(range, role)| Some((&line[range], role?))).collect()
    }

    #[test]
    fn keys_values_and_signs_are_told_apart() {
        use Role::{SyntaxConstant, SyntaxKey, SyntaxNumber, SyntaxPunctuation, SyntaxString};
        assert_eq!(roles("  port = 443"), [("port", SyntaxKey), ("=", SyntaxPunctuation), ("443", SyntaxNumber)]);
        assert_eq!(roles("\"a b\" = null")[0], ("\"a b\"", SyntaxKey));
        assert_eq!(roles("x = null")[2], ("null", SyntaxConstant));
        assert_eq!(roles("\"say \\\"hi\\\"\","), [("\"say \\\"hi\\\"\"", SyntaxString), (",", SyntaxPunctuation)]);
    }

    proptest! {
        #[test]
        fn any_line_is_covered_once(line in any::<String>()) {
            let ends: Vec<usize> = tokens(&line).iter().map(|token| token.end).collect();
            prop_assert!(ends.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert_eq!(ends.last().copied().unwrap_or(0), line.len());
        }
    }
}
