//! Checks of what people type.

use super::AccountsError;
use crate::safety::{Tainted, is_plain_line};

/// Without space around it, of at most `most` characters, none of which acts on a terminal.
pub(super) fn checked(field: &'static str, text: &str, most: usize) -> Result<Tainted, AccountsError> {
    let text = text.trim();
    let length = text.chars().count();
    if length > most {
        return Err(AccountsError::invalid(field, format!("has at most {most} characters, not {length}")));
    }
    if !is_plain_line(text) {
        let why = "must not hold control characters, line breaks, or characters that are not seen";
        return Err(AccountsError::invalid(field, why));
    }
    Ok(text.into())
}

/// As [`checked`], and not empty.
pub(super) fn needed(field: &'static str, text: &str, most: usize) -> Result<Tainted, AccountsError> {
    let text = checked(field, text, most)?;
    if text.is_empty() {
        return Err(AccountsError::invalid(field, "must not be empty"));
    }
    Ok(text)
}

/// Whether `*` (any characters) and `?` (one) of the pattern cover the text. Linear in memory, never more than their product in time.
pub(super) fn covers(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // After the last star, and where in the text it was tried last.
    let mut again = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                again = Some((p + 1, t));
                p += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[t] => (p, t) = (p + 1, t + 1),
            _ => match again {
                Some((after, from)) => {
                    again = Some((after, from + 1));
                    (p, t) = (after, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn control_characters_and_overlong_texts_are_refused_by_field() {
        let error = checked("name", "a\u{1b}[2J", 255).unwrap_err().to_string();
        assert!(error.starts_with("name: "), "{error}");
        assert!(checked("name", "adm\u{202e}nim", 255).is_err() && checked("name", "a\u{200b}b", 255).is_err());
        assert!(checked("name", &"ä".repeat(255), 255).is_ok());
        assert!(checked("name", &"ä".repeat(256), 255).is_err());
        assert!(needed("name", "  ", 255).is_err());
    }

    proptest! {
        #[test]
        fn a_pattern_covers_what_the_same_expression_matches(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
            let expression = format!("^{}$", pattern.replace('*', ".*").replace('?', "."));
            prop_assert_eq!(covers(&pattern, &text), regex::Regex::new(&expression).unwrap().is_match(&text));
        }
    }
}
