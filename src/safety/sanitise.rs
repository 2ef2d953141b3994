//! The sanitiser: every control, escape, bidirectional and invisible character becomes visible, none is deleted silently.
//!
//! Decisions: a tab shows as `␉` and a carriage return as `␍` (a change of whitespace is drift, and must be seen); a
//! zero-width joiner is always shown, inside emoji too (terminals disagree on the width of joined emoji); escape sequences
//! are never parsed, only their single characters made harmless. What comes out goes through unchanged a second time.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::visible;

pub use super::escape::{csv, html, markdown, to_json, to_json_writer};

/// Bytes that one field may take; more is cut and closed with `…`.
pub const MAX_FIELD: usize = 64 * 1024;

/// More combining marks than this on one letter are counted instead of stacked.
const MAX_MARKS: usize = 2;

/// One line of at most `max_width` terminal columns, cut on a grapheme border and closed with `…`.
pub fn cell(text: &str, max_width: usize) -> String {
    if is_plain(text) && text.len() <= max_width {
        return text.to_owned();
    }
    // No column takes more than a base of 4 bytes, two marks and a variation selector: the rest of a long text is not read.
    let enough = max_width.saturating_add(2).saturating_mul(16).min(MAX_FIELD);
    cut_to_width(shown(text, enough), max_width)
}

/// One line; a newline shows as `␊`.
pub fn line(text: &str) -> String {
    if is_plain(text) && text.len() <= MAX_FIELD { text.to_owned() } else { shown(text, MAX_FIELD) }
}

/// Lines, broken at `\n` only. The size limit holds for the text as a whole.
pub fn multiline(text: &str) -> Vec<String> {
    let mut left = MAX_FIELD;
    let mut lines = vec![];
    for part in text.split('\n') {
        if left == 0 {
            lines.push("…".to_owned());
            break;
        }
        let one = shown(part, left);
        left = left.saturating_sub(one.len() + 1);
        lines.push(one);
    }
    lines
}

/// Nothing but printable ASCII.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| (0x20..0x7F).contains(&b))
}

/// The character map, stopped at `limit` bytes of output.
fn shown(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit) + 8);
    let (mut before, mut marks) = (None, 0);
    for c in text.chars() {
        if visible::is_mark(c) {
            push_mark(&mut out, c, before, &mut marks);
            // A variation selector counts right behind its emoji only: behind a mark that is left out it would lose its place.
            before = Some(c);
            continue;
        }
        close_marks(&mut out, &mut marks);
        if c == '\u{FE0F}' && visible::keeps_emoji_variation(before) {
            out.push(c);
        } else if visible::is_unsafe(c) {
            visible::push_stand_in(&mut out, c);
        } else {
            out.push(c);
        }
        before = Some(c);
        if out.len() > limit {
            break;
        }
    }
    close_marks(&mut out, &mut marks);
    if out.len() > limit {
        let mut end = limit.saturating_sub('…'.len_utf8());
        while !out.is_char_boundary(end) {
            end -= 1;
        }
        out.truncate(end);
        out.push('…');
    }
    out
}

/// Keeps the first marks of a letter and counts the others.
fn push_mark(out: &mut String, c: char, before: Option<char>, marks: &mut usize) {
    if before.is_none() && *marks == 0 {
        out.push(visible::LONELY_MARK_BASE);
    }
    *marks += 1;
    if *marks <= MAX_MARKS {
        out.push(c);
    }
}

/// Says how many marks were too many.
fn close_marks(out: &mut String, marks: &mut usize) {
    if *marks > MAX_MARKS {
        out.push_str(&format!("‹+{}›", *marks - MAX_MARKS));
    }
    *marks = 0;
}

/// Cuts on a grapheme border; the `…` takes a column of its own.
fn cut_to_width(text: String, max_width: usize) -> String {
    let mut width = 0;
    let mut keep = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let columns = grapheme.width();
        if width + columns > max_width {
            if max_width == 0 {
                return String::new();
            }
            return format!("{}…", &text[..keep]);
        }
        width += columns;
        if width < max_width {
            keep = at + grapheme.len();
        }
    }
    text
}

#[cfg(test)]
#[path = "sanitise_tests.rs"]
mod tests;
