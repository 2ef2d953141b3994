//! Which characters may not reach a reader as they are, and what stands for them instead.
//!
//! Sources: Unicode 16 general categories and `Default_Ignorable_Code_Point`; the test below checks the hand-written ranges
//! against the tables of the `regex` crate, so a newer Unicode shows up as a failing test.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Stands under a combining mark that has no letter of its own, so that it cannot join what is printed before it.
pub(super) const LONELY_MARK_BASE: char = '◌';

/// Format characters (bidirectional controls among them), default-ignorables, line and paragraph separators, private use,
/// noncharacters and the blank braille cell: invisible, or shown differently everywhere. Controls are not in it.
pub(super) fn is_deceptive(c: char) -> bool {
    let n = c as u32;
    if n < 0xAD {
        return false;
    }
    matches!(n,
        0x00AD | 0x034F | 0x0600..=0x0605 | 0x061C | 0x06DD | 0x070F | 0x0890..=0x0891 | 0x08E2 | 0x115F..=0x1160
        | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x2800 | 0x3164
        | 0xE000..=0xF8FF | 0xFDD0..=0xFDEF | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0x110BD | 0x110CD
        | 0x13430..=0x1343F | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF | 0xF0000..=0x10FFFF)
        || n & 0xFFFE == 0xFFFE
}

/// Whether the character must be replaced; the sanitiser shows it, the JSON writer escapes it.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control() || is_deceptive(c)
}

/// Whether somebody who reads the text sees anything of it.
pub fn is_seen(text: &str) -> bool {
    text.chars().any(|c| !c.is_whitespace() && !is_unsafe(c) && !is_mark(c))
}

/// Whether the text shows all that is in it, on one line: no control, bidirectional or invisible characters.
pub fn is_plain_line(text: &str) -> bool {
    let mut before = None;
    text.chars().all(|c| {
        let fits = !is_unsafe(c) || c == '\u{FE0F}' && keeps_emoji_variation(before);
        before = Some(c);
        fits
    })
}

/// A character that adds nothing to the width of its base.
pub(super) fn is_mark(c: char) -> bool {
    !c.is_ascii() && !is_unsafe(c) && c.width() == Some(0)
}

/// U+FE0F asks for the coloured form of the emoji before it; after anything else it is a hidden character like the others.
pub(super) fn keeps_emoji_variation(base: Option<char>) -> bool {
    let Some(base) = base else { return false };
    let emoji_block = matches!(base as u32,
        0xA9 | 0xAE | 0x203C | 0x2049 | 0x2122 | 0x2139 | 0x2190..=0x2BFF | 0x3030 | 0x303D | 0x3297 | 0x3299
        | 0x1F000..=0x1FAFF);
    emoji_block && !is_deceptive(base) && [base, '\u{FE0F}'].iter().collect::<String>().width() == 2
}

/// Appends what stands for one unsafe character: control pictures for C0 and DEL, the code point for the rest.
pub(super) fn push_stand_in(out: &mut String, c: char) {
    match c as u32 {
        n @ 0..=0x1F => out.push(char::from_u32(0x2400 + n).unwrap_or('\u{FFFD}')),
        0x7F => out.push('␡'),
        n => {
            out.push('‹');
            out.push_str(&format!("{n:02X}"));
            out.push('›');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_hold_every_format_ignorable_private_and_nonexistent_character() {
        let table = regex::Regex::new(
            r"^[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\p{Co}\p{Noncharacter_Code_Point}\u{2800}]$",
        )
        .unwrap();
        let mut buffer = [0; 4];
        for c in (0x80..=0x10FFFF).filter_map(char::from_u32) {
            if table.is_match(c.encode_utf8(&mut buffer)) {
                assert!(is_deceptive(c), "U+{:04X} gets through", c as u32);
            }
        }
    }

    #[test]
    fn a_text_of_nothing_that_is_seen_is_no_text_and_a_line_hides_nothing() {
        assert!(is_seen(" a ") && is_seen("中") && is_plain_line("Erin O'Neill ❤\u{FE0F}"));
        for blank in ["", " \n", "\u{200b}\u{200d}", "\u{2800}", "\u{3164}", "\u{202e}", "\u{301}"] {
            assert!(!is_seen(blank), "{blank:?}");
        }
        assert!(["a\nb", "a\u{202e}b", "a\u{200b}", "\u{1b}[2J"].into_iter().all(|text| !is_plain_line(text)));
    }

    #[test]
    fn ordinary_letters_of_any_script_are_left_alone() {
        for c in "aé中ж한עا😀…«»‹›␛◌ \u{a0}".chars() {
            assert!(!is_unsafe(c), "{c}");
        }
    }
}
