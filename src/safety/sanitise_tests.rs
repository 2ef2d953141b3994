use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::safety::vectors;

/// What must never come out, said with the tables of another crate than the code uses.
fn is_forbidden(c: char) -> bool {
    static TABLE: std::sync::LazyLock<regex::Regex> = std::sync::LazyLock::new(|| {
        regex::Regex::new(r"^[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Default_Ignorable_Code_Point}\u{2800}]$").unwrap()
    });
    c != '\u{FE0F}' && TABLE.is_match(c.encode_utf8(&mut [0; 4]))
}

fn assert_harmless(name: &str, out: &str) {
    assert!(!out.chars().any(is_forbidden), "{name}: {out:?}");
}

#[test]
fn no_vector_reaches_the_reader_in_any_form() {
    for (name, text) in vectors::terminal() {
        assert_harmless(name, &line(&text));
        assert!(line(&text).len() <= MAX_FIELD, "{name}");
        for width in [0, 1, 2, 3, 7, 79, 80, 81] {
            let out = cell(&text, width);
            assert_harmless(name, &out);
            assert!(out.width() <= width, "{name} at {width}: {out:?}");
            assert_eq!(cell(&out, width), out, "{name} at {width}");
        }
        let lines = multiline(&text);
        lines.iter().for_each(|l| assert_harmless(name, l));
        assert!(lines.iter().map(|l| l.len() + 1).sum::<usize>() <= MAX_FIELD + 8, "{name}");
    }
}

#[test]
fn nothing_disappears_silently() {
    assert_eq!(line("\x1b[2J"), "␛[2J");
    assert_eq!(line("evil\rgood"), "evil␍good");
    assert_eq!(line("a\nb\tc\0\x7f"), "a␊b␉c␀␡");
    assert_eq!(line("\u{9b}31m"), "‹9B›31m");
    assert_eq!(line("user\u{202e}nimda"), "user‹202E›nimda");
    assert_eq!(line("pro\u{200b}d\u{ad}\u{feff}"), "pro‹200B›d‹AD›‹FEFF›");
    assert_eq!(line("\u{e0041}\u{2028}\u{3164}\u{2800}\u{e000}"), "‹E0041›‹2028›‹3164›‹2800›‹E000›");
    assert_eq!(line("\u{fdd0}\u{1fffe}"), "‹FDD0›‹1FFFE›");
    assert_eq!(line(&format!("a{}b", "\u{301}".repeat(200))), "a\u{301}\u{301}‹+198›b");
    assert_eq!(line("\u{301}x"), "◌\u{301}x");
    assert_eq!(multiline("a\r\nb\u{85}c"), ["a␍", "b‹85›c"]);
    assert_eq!(line(&String::from_utf8_lossy(b"\xc0\x9b31m")), "\u{fffd}\u{fffd}31m");
}

#[test]
fn emoji_keep_their_colour_but_not_their_joiners() {
    assert_eq!(line("❤\u{fe0f} a\u{fe0f} ❤\u{fe0f}\u{fe0f}"), "❤\u{fe0f} a‹FE0F› ❤\u{fe0f}‹FE0F›");
    assert_eq!(line("👩\u{200d}👧"), "👩‹200D›👧");
    assert_eq!(line("😀\u{301}\u{301}\u{301}\u{fe0f}"), "😀\u{301}\u{301}‹+1›‹FE0F›");
}

#[test]
fn a_cell_is_cut_between_letters_never_inside_one() {
    assert_eq!(cell("abcdef", 6), "abcdef");
    assert_eq!(cell("abcdef", 5), "abcd…");
    assert_eq!(cell("abcdef", 1), "…");
    assert_eq!(cell("abcdef", 0), "");
    assert_eq!(cell("ab中文", 6), "ab中文");
    assert_eq!(cell("ab中文", 5), "ab中…");
    assert_eq!(cell("ab中文", 4), "ab…");
    assert_eq!(cell("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
    assert_eq!(cell(&format!("{}😀", "x".repeat(79)), 80), format!("{}…", "x".repeat(79)));
}

#[test]
fn ordinary_text_is_left_as_it_is() {
    for text in ["module.net.aws_vpc.main[\"eu\"]", "naïve café", "日本語", "עברית", "اللغة", "ไทย", "한국어"]
    {
        assert_eq!(line(text), text);
    }
}

/// Any text, thick with what is dangerous.
fn hostile() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        '\x1b',
        '\u{9b}',
        '\u{202e}',
        '\u{200d}',
        '\u{301}',
        '\u{fe0f}',
        '\u{fe0e}',
        '😀',
        '❤',
        '\u{1f3fd}',
        '中',
        'ا',
        'ل',
        '\u{1160}',
        '\u{11a8}',
        'ᄀ',
        '\u{1f1e9}',
        '\u{94d}',
        '\u{600}',
        '\u{d4e}',
        '\n',
        '\t',
        '‹',
        '…',
        '\u{20e3}',
        '#',
    ]);
    prop::collection::vec(prop_oneof![nasty, any::<char>()], 0..60).prop_map(|v| v.into_iter().collect())
}

proptest! {
    #[test]
    fn whatever_comes_in_what_comes_out_is_harmless_and_stays_so(text in hostile(), width in 0usize..40) {
        let whole = line(&text);
        prop_assert!(!whole.chars().any(is_forbidden), "{whole:?}");
        prop_assert_eq!(line(&whole), whole);
        let short = cell(&text, width);
        prop_assert!(!short.chars().any(is_forbidden), "{short:?}");
        prop_assert!(short.width() <= width, "{} > {}: {:?}", short.width(), width, short);
        prop_assert_eq!(cell(&short, width), short);
    }

    #[test]
    fn the_limit_of_a_field_holds_and_is_stable(seed in hostile(), times in 1usize..4000) {
        let whole = line(&seed.repeat(times));
        prop_assert!(whole.len() <= MAX_FIELD);
        prop_assert_eq!(line(&whole), whole);
    }
}
