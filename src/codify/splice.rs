//! Changes of a text by position. What they do not name stays as it is, byte for byte.

use std::ops::Range;

/// Replaces some bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Splice {
    pub at: Range<usize>,
    pub with: String,
}

impl Splice {
    pub fn replace(at: Range<usize>, with: impl Into<String>) -> Self {
        Self { at, with: with.into() }
    }

    pub fn insert(at: usize, with: impl Into<String>) -> Self {
        Self::replace(at..at, with)
    }
}

/// The text with all of them; they do not overlap.
pub(super) fn spliced(text: &str, mut splices: Vec<Splice>) -> String {
    splices.sort_by_key(|one| one.at.start);
    let (mut out, mut from) = (String::with_capacity(text.len() + 64), 0);
    for one in splices {
        out.push_str(&text[from..one.at.start]);
        out.push_str(&one.with);
        from = one.at.end;
    }
    out.push_str(&text[from..]);
    out
}

/// Where the line of a byte begins.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Behind the end of the line of a byte, its newline included.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

/// Line of a byte, counted from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

/// How lines end around here: as the one before does.
pub(super) fn newline(text: &str, at: usize) -> &'static str {
    let end = line_end(text, at);
    if text[..end].ends_with("\r\n") { "\r\n" } else { "\n" }
}

/// The blanks a line begins with.
pub(super) fn indent(text: &str, at: usize) -> &str {
    let line = &text[line_start(text, at)..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// Whether nothing but blanks stands before this on its line.
pub(super) fn begins_line(text: &str, at: usize) -> bool {
    text[line_start(text, at)..at].trim().is_empty()
}

/// The whole lines of a part, when nothing else stands on them but a comment behind it.
pub(super) fn whole_lines(text: &str, part: &Range<usize>) -> Option<Range<usize>> {
    let end = line_end(text, part.end);
    let rest = text[part.end..end].trim_start().trim_start_matches(',').trim();
    let is_alone =
        begins_line(text, part.start) && (rest.is_empty() || rest.starts_with('#') || rest.starts_with("//"));
    is_alone.then(|| line_start(text, part.start)..end)
}
