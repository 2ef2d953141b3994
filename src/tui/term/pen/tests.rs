use std::num::NonZero;

use proptest::prelude::*;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::*;
use crate::tui::Options;
use crate::tui::app::testkit::{self, Screens};
use crate::tui::sample::Sample;
use crate::tui::term::output::Output;
use crate::tui::theme;

const SIZE: (u16, u16) = (12, 4);

fn terminal() -> vt100::Parser {
    let [rows, columns] = [SIZE.1, SIZE.0].map(|n| NonZero::new(n).unwrap());
    vt100::Parser::new(rows, columns, 0)
}

fn bytes_of(from: &Buffer, to: &Buffer) -> Vec<u8> {
    draw(to, &differing(from, to))
}

fn text_of(from: &Buffer, to: &Buffer) -> String {
    String::from_utf8(bytes_of(from, to)).unwrap()
}

fn screen(rows: &[(&str, Style)]) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
    rows.iter().zip(0..).for_each(|((text, style), row)| buffer.set_string(0, row, text, *style));
    buffer
}

fn looks() -> impl Strategy<Value = Style> {
    let colours = prop::sample::select(vec![
        Color::Reset,
        Color::Red,
        Color::DarkGray,
        Color::White,
        Color::Indexed(3),
        Color::Indexed(12),
        Color::Indexed(200),
        Color::Rgb(1, 20, 255),
    ]);
    // Those that the terminal of this test knows; it takes bold and dim for one thing.
    let attributes = prop::sample::subsequence(vec![Modifier::ITALIC, Modifier::UNDERLINED, Modifier::REVERSED], 0..=3);
    let weight = prop::sample::select(vec![Modifier::empty(), Modifier::BOLD, Modifier::DIM]);
    (colours.clone(), colours, attributes, weight).prop_map(|(ink, ground, attributes, weight)| {
        let attributes = attributes.into_iter().fold(weight, |all, one| all | one);
        Style::new().fg(ink).bg(ground).add_modifier(attributes)
    })
}

/// Texts of any length at any place, over each other.
fn screens() -> impl Strategy<Value = Buffer> {
    let texts = prop::sample::select(vec!["a", "drift", " ", "  x", "─▐", "日本", "e\u{301}x", "×1"]);
    prop::collection::vec((0..SIZE.0, 0..SIZE.1, texts, looks()), 0..20).prop_map(|strokes| {
        let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
        for (x, y, text, style) in strokes {
            buffer.set_string(x, y, text, Style::reset().patch(style));
        }
        buffer
    })
}

fn colour_of(colour: vt100::Color) -> Color {
    match colour {
        vt100::Color::Default => Color::Reset,
        vt100::Color::Idx(index) => Color::Indexed(index),
        vt100::Color::Rgb(r, g, b) => Color::Rgb(r, g, b),
    }
}

/// Named and numbered colours are the same to a terminal.
fn numbered(colour: Color) -> Color {
    crate::tui::theme::index_of(colour).map_or(colour, Color::Indexed)
}

proptest! {
    #[test]
    fn a_terminal_that_showed_one_screen_shows_the_next_one(first in screens(), second in screens()) {
        let mut terminal = terminal();
        terminal.process(&bytes_of(&Buffer::empty(first.area), &first));
        terminal.process(&bytes_of(&first, &second));
        for (x, y) in (0..SIZE.1).flat_map(|y| (0..SIZE.0).map(move |x| (x, y))) {
            let (shown, cell) = (terminal.screen().cell(y, x).unwrap(), &second[(x, y)]);
            if shown.is_wide_continuation() {
                continue;
            }
            let symbol = if shown.has_contents() { shown.contents() } else { " " };
            prop_assert_eq!(symbol, cell.symbol(), "{},{}", x, y);
            prop_assert_eq!(colour_of(shown.bgcolor()), numbered(cell.bg), "ground at {},{}", x, y);
            let always = [(Modifier::UNDERLINED, shown.underline()), (Modifier::REVERSED, shown.inverse())];
            let on_ink =
                [(Modifier::BOLD, shown.bold()), (Modifier::DIM, shown.dim()), (Modifier::ITALIC, shown.italic())];
            let has_ink = symbol != " " || cell.modifier.intersects(SEEN_ON_BLANKS);
            if has_ink {
                prop_assert_eq!(colour_of(shown.fgcolor()), numbered(cell.fg), "ink at {},{}", x, y);
            }
            for (attribute, is_on) in always.into_iter().chain(on_ink.into_iter().filter(|_| has_ink)) {
                prop_assert_eq!(cell.modifier.contains(attribute), is_on, "{:?} at {},{}", attribute, x, y);
            }
        }
        // What other programs write afterwards is written plainly.
        terminal.process(b"\x1b[H.");
        let after = terminal.screen().cell(0, 0).unwrap();
        prop_assert!(after.fgcolor() == vt100::Color::Default && after.bgcolor() == vt100::Color::Default);
        prop_assert!(!after.bold() && !after.inverse() && !after.underline());
    }
}

#[test]
fn only_what_differs_of_a_style_is_said() {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let next = screen(&[("a", bold)]);
    assert_eq!(text_of(&screen(&[]), &next), "\x1b[1H\x1b[1ma\x1b[m");
    let mut next = screen(&[("a", bold)]);
    next.set_string(1, 0, "b", bold.fg(Color::Red));
    assert_eq!(text_of(&screen(&[]), &next), "\x1b[1H\x1b[1ma\x1b[31mb\x1b[m");
    next.set_string(2, 0, "c", Style::new());
    assert_eq!(text_of(&screen(&[]), &next), "\x1b[1H\x1b[1ma\x1b[31mb\x1b[mc");
}

#[test]
fn few_letters_that_stay_are_written_again_and_many_are_gone_over() {
    let from = screen(&[("a--b", Style::new()), ("a-----b", Style::new())]);
    let to = screen(&[("A--B", Style::new()), ("A-----B", Style::new())]);
    assert_eq!(text_of(&from, &to), "\x1b[1HA--B\x1b[2HA\x1b[5CB");
}

#[test]
fn after_a_wide_character_the_place_is_said_again() {
    let to = screen(&[("日x", Style::new())]);
    assert_eq!(text_of(&screen(&[]), &to), "\x1b[1H日\x1b[1;3Hx");
}

#[test]
fn a_cursor_move_in_the_list_takes_at_most_200_bytes_in_every_theme() {
    for name in theme::NAMES {
        let options = Options { theme: theme::builtin(name).unwrap(), ..Options::default() };
        let mut screens = Screens::open(Sample::shared(), testkit::options(options), (80, 24)).unwrap();
        let mut output = Output::default();
        screens.keys("z");
        output.frame(&mut screens.buffer(), None).unwrap();
        for at in 1..8 {
            screens.keys("j");
            let bytes = output.frame(&mut screens.buffer(), None).unwrap().len();
            assert!((1..=200).contains(&bytes), "{name}, move {at}: {bytes}");
        }
    }
}

#[test]
fn a_full_frame_takes_at_most_4_kilobytes_in_every_theme() {
    for name in theme::NAMES {
        let options = Options { theme: theme::builtin(name).unwrap(), ..Options::default() };
        let screens = Screens::open(Sample::shared(), testkit::options(options), (80, 24)).unwrap();
        let bytes = Output::default().frame(&mut screens.buffer(), None).unwrap().len();
        assert!((1_000..=4_096).contains(&bytes), "{name}: {bytes}");
    }
}

#[test]
fn a_colour_that_many_places_have_is_said_once_where_that_is_shorter() {
    let [one, other] = [Color::Rgb(201, 202, 203), Color::Rgb(101, 102, 103)].map(|ink| Style::new().fg(ink));
    let mut to = screen(&[]);
    for row in 0..4 {
        to.set_string(0, row, "a", one);
        to.set_string(4, row, "b", other);
    }
    let text = text_of(&screen(&[]), &to);
    assert_eq!((text.matches("201").count(), text.matches("101").count()), (1, 1), "{text:?}");
}
