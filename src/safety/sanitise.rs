//! The sanitiser: every control, escape, bidirectional and invisible character becomes visible, none is deleted silently.

/// One line of at most `max_width` terminal columns, cut on a grapheme border and closed with `…`.
pub fn cell(text: &str, max_width: usize) -> String {
    // Skeleton; the rules of the map are still to come.
    line(text).chars().take(max_width).collect()
}

/// One line; a newline shows as `␊`.
pub fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Lines, broken at `\n` only.
pub fn multiline(text: &str) -> Vec<String> {
    text.split('\n').map(line).collect()
}
