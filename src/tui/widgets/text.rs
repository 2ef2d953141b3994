//! Text that fits: by the columns a terminal shows, not by bytes or characters.

use jiff::Timestamp;
use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

use crate::safety::{Tainted, lookalike, sanitise};

/// The columns that text takes when it is drawn cell by cell.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.graphemes(true).map(|g| usize::from(g.cell_width())).sum() }
}

/// Sanitised, cut with `…` or padded with spaces to exactly `columns`.
pub fn fit(text: &str, columns: usize) -> String {
    // The sanitiser leaves a column at most three characters of four bytes, so what lies further cannot be seen.
    let mut shown = cut(&sanitise::line(head(text, columns.saturating_mul(16).saturating_add(64))), columns);
    let missing = columns.saturating_sub(width(&shown));
    shown.extend(std::iter::repeat_n(' ', missing));
    shown
}

/// At most `columns`, cut on a grapheme border and closed with `…`. The text is sanitised already.
pub fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else { return String::new() };
    let mut shown = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        used += usize::from(grapheme.cell_width());
        if used > room {
            break;
        }
        shown.push_str(grapheme);
    }
    // What was cut before needs no second sign; one behind a blank stands alone.
    shown.truncate(shown.trim_end_matches(['…', ' ']).len());
    shown.push('…');
    shown
}

/// At most `columns` of a path: the property it begins with and, since that says most, its end. The text is sanitised already.
pub fn middle(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let (first, rest) = text.split_at(text.find(['.', '[']).unwrap_or(0));
    let first_columns = width(first);
    if first.is_empty() || first_columns + 8 > columns || first_columns * 2 > columns {
        return tail(text, columns);
    }
    let rest = tail(rest, columns - first_columns);
    format!("{first}{}", rest.replacen("….", "…", 1))
}

/// At most `columns` of a name without parts, cut in its middle: both ends tell it from others. The text is sanitised already.
pub fn waist(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    let first = cut(text, columns.div_ceil(2));
    let rest = tail(text, columns.saturating_sub(width(&first)) + 1);
    format!("{first}{}", rest.trim_start_matches('…'))
}

/// At most `columns` of what names a thing: the end of an address says more than the modules before it. Marked when it is not
/// pure ASCII, since it may read like another.
pub fn address(name: &Tainted, columns: usize) -> String {
    let mark = if name.raw().is_ascii() { String::new() } else { format!("{} ", lookalike::MARK) };
    let room = columns.saturating_sub(width(&mark));
    cut(&format!("{mark}{}", tail(&name.line(), room)), columns)
}

/// At most `columns` from the end, begun with `…` when that is not all. The text is sanitised already.
pub fn tail(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else { return String::new() };
    let mut used = 0;
    let fits = text.grapheme_indices(true).rev().take_while(|(_, grapheme)| {
        used += usize::from(grapheme.cell_width());
        used <= room
    });
    let start = fits.last().map_or(text.len(), |(at, _)| at);
    format!("…{}", &text[start..])
}

/// The first bytes of a text, cut on a character border.
fn head(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// How long ago, in one unit: `4s`, `3m`, `5h`, `6d`, `7w`, `2y`. What lies ahead counts as `0s`.
pub fn age(from: Timestamp, now: Timestamp) -> String {
    const UNITS: [(i64, char); 6] =
        [(31_536_000, 'y'), (604_800, 'w'), (86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')];
    let seconds = now.as_second().saturating_sub(from.as_second()).max(0);
    let (length, unit) = UNITS.into_iter().find(|(length, _)| seconds >= *length).unwrap_or((1, 's'));
    format!("{}{unit}", seconds / length)
}

/// Every digit of a number, in groups of three: `3,401`.
pub fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count in at most four columns: `999`, `1.2k`, `12k`, `1.2M`. Cut, not rounded: never more than there are.
pub fn count(n: u64) -> String {
    const UNITS: [(u64, char); 6] = [
        (1_000_000_000_000_000_000, 'E'),
        (1_000_000_000_000_000, 'P'),
        (1_000_000_000_000, 'T'),
        (1_000_000_000, 'G'),
        (1_000_000, 'M'),
        (1_000, 'k'),
    ];
    match UNITS.into_iter().find(|(size, _)| n >= *size) {
        Some((size, unit)) if n / size < 10 => format!("{}.{}{unit}", n / size, n / (size / 10) % 10),
        Some((size, unit)) => format!("{}{unit}", n / size),
        None => n.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn counts_take_four_columns_and_never_round_up() {
        let shown = [0, 999, 1_000, 1_299, 12_999, 999_999, 1_234_567, u64::MAX].map(count);
        assert_eq!(shown, ["0", "999", "1.0k", "1.2k", "12k", "999k", "1.2M", "18E"]);
    }

    #[test]
    fn digits_stand_in_groups_of_three() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn an_age_has_one_unit() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let ago = |seconds: i64| age(Timestamp::from_second(now.as_second() - seconds).unwrap(), now);
        assert_eq!(
            [0, 59, 60, 3_599, 7_200, 86_400, 604_800, 63_072_000].map(ago),
            ["0s", "59s", "1m", "59m", "2h", "1d", "1w", "2y"]
        );
        assert_eq!(ago(-5), "0s");
    }

    #[test]
    fn wide_and_combining_characters_are_cut_whole() {
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日… ");
        assert_eq!(fit("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
        assert_eq!([cut("one…two", 5), cut("one two", 5), cut("……", 1)], ["one…", "one…", "…"]);
        assert_eq!(fit("ab", 4), "ab  ");
        assert_eq!(fit("ab", 0), "");
        assert_eq!([tail("日本語", 5), tail("日本語", 4), tail("ab", 2), tail("ab", 0)], ["…本語", "…語", "ab", ""]);
        assert!(!fit("a\u{1b}[2Jb", 20).contains('\u{1b}'));
    }

    #[test]
    fn a_path_keeps_its_beginning_and_its_end() {
        assert_eq!(waist("shop-production-eu-west-1", 12), "shop-…west-1");
        assert_eq!(waist("shop", 4), "shop");
        assert_eq!(middle("spec.template.spec.containers[name=app].image", 30), "spec…ontainers[name=app].image");
        assert_eq!(middle("a_property_with_a_long_name.first", 20), "…h_a_long_name.first");
        assert_eq!(middle("tags.Name", 9), "tags.Name");
        assert_eq!(middle("ingress[from_port=22]", 4), "…22]");
    }

    #[test]
    fn of_an_address_the_end_is_kept() {
        assert_eq!(address(&"module.net.aws_vpc.main".into(), 12), "…ws_vpc.main");
        assert_eq!(address(&"aws_vpc.m\u{430}in".into(), 30), "≠ aws_vpc.m\u{430}in");
        assert_eq!(address(&"aws_vpc.m\u{430}in".into(), 8), "≠ ….m\u{430}in");
    }

    proptest! {
        #[test]
        fn shortened_text_is_never_too_wide(text in any::<String>(), columns in 0_usize..40) {
            let text = crate::safety::sanitise::line(&text);
            prop_assert!(width(&middle(&text, columns)) <= columns);
            prop_assert!(width(&waist(&text, columns)) <= columns);
            prop_assert!(width(&cut(&text, columns)) <= columns);
            prop_assert!(width(&address(&text.as_str().into(), columns)) <= columns);
        }

        #[test]
        fn fitted_text_has_exactly_the_width(text in any::<String>(), columns in 0_usize..40) {
            prop_assert_eq!(width(&fit(&text, columns)), columns);
        }
    }
}
