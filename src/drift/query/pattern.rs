//! A text to look for: whole when it has wildcards, anywhere when it has none.

use std::fmt;

use globset::{GlobBuilder, GlobMatcher};

use super::parse::quoted;

/// Compares without case.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    text: String,
    how: How,
}

#[derive(Clone, Debug)]
enum How {
    /// Lower case.
    Anywhere(String),
    Whole(GlobMatcher),
}

impl Pattern {
    /// Only `*` and `?` are special: addresses and paths are full of brackets.
    pub fn new(text: &str) -> Self {
        let how = Self::whole(text).map_or_else(|| How::Anywhere(text.to_lowercase()), How::Whole);
        Self { text: text.to_owned(), how }
    }

    fn whole(text: &str) -> Option<GlobMatcher> {
        if !text.contains(['*', '?']) {
            return None;
        }
        let mut plain = String::with_capacity(text.len() + 8);
        for c in text.chars() {
            if matches!(c, '[' | ']' | '{' | '}' | '\\' | '!') {
                plain.push('\\');
            }
            plain.push(c);
        }
        let glob =
            GlobBuilder::new(&plain).case_insensitive(true).literal_separator(false).backslash_escape(true).build();
        glob.ok().map(|glob| glob.compile_matcher())
    }

    pub fn is_match(&self, text: &str) -> bool {
        match &self.how {
            How::Whole(glob) => glob.is_match(text),
            How::Anywhere(part) => contains(text, part),
        }
    }

    /// The same for a value of which a part says nothing: without wildcards it has to be all of it.
    pub fn is_whole(&self, text: &str) -> bool {
        match &self.how {
            How::Whole(glob) => glob.is_match(text),
            How::Anywhere(part) => text.to_lowercase() == *part,
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Almost all text is ASCII, which needs no copy to be compared without case. `part` is in lower case.
pub(super) fn contains(text: &str, part: &str) -> bool {
    if !text.is_ascii() {
        return text.to_lowercase().contains(part);
    }
    part.is_empty() || text.as_bytes().windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(&self.text))
    }
}
