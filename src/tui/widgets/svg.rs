//! A picture of a screen: the cells of a buffer as SVG, the same bytes for the same screen everywhere.

use std::collections::BTreeMap;
use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell, CellWidth};
use ratatui::style::{Color, Modifier};

use crate::tui::theme::{contrast, index_of, rgb};

/// Size of a cell and of its letters in user units. A letter of most monospaced fonts is 0.602 em wide and its line
/// 1.164 em tall: so lines of box characters close.
const CELL: (f64, f64) = (8.8, 17.0);
const FONT_SIZE: f64 = 14.6;
/// From the top of a cell to the line the letters stand on.
const BASELINE: f64 = 13.5;
/// Around the cells, and the title bar above them.
const PADDING: f64 = 12.0;
const TITLE_BAR: f64 = 30.0;

/// The terminal's own colours where the screen sets none, for letters and ground.
const OWN: ([u8; 3], [u8; 3]) = ([0xd6, 0xda, 0xe0], [0x14, 0x17, 0x1c]);

/// The 16 colours, gentler than those of xterm.
const ANSI: [[u8; 3]; 16] = [
    [0x22, 0x27, 0x2e],
    [0xe6, 0x6a, 0x66],
    [0x7f, 0xc0, 0x79],
    [0xd8, 0xb4, 0x5a],
    [0x6f, 0xa8, 0xe8],
    [0xc5, 0x8f, 0xdc],
    [0x5f, 0xbc, 0xc4],
    [0xb9, 0xc0, 0xc9],
    [0x76, 0x80, 0x8d],
    [0xff, 0x8b, 0x85],
    [0x9d, 0xdb, 0x95],
    [0xf0, 0xd0, 0x7c],
    [0x92, 0xc2, 0xff],
    [0xdf, 0xb2, 0xf2],
    [0x86, 0xdb, 0xe2],
    [0xf2, 0xf4, 0xf6],
];

/// How the cells of a run look. Colours are what is seen: reversed and dimmed already.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Look {
    ink: [u8; 3],
    bold: bool,
    italic: bool,
}

/// The colours that cells have when they set none of their own.
#[derive(Clone, Copy)]
struct Paper {
    ink: [u8; 3],
    ground: [u8; 3],
}

/// Neighbouring cells of one row that look the same.
struct Run {
    x: u16,
    columns: u16,
    text: String,
}

/// The buffer as an SVG document with a title bar.
pub fn render(buf: &Buffer, title: &str) -> String {
    let (width, height) = (f64::from(buf.area.width) * CELL.0, f64::from(buf.area.height) * CELL.1);
    let (full_width, full_height) = (number(width + 2.0 * PADDING), number(height + TITLE_BAR + PADDING));
    let paper = Paper::of(buf);
    let mut looks: BTreeMap<Look, usize> = BTreeMap::new();
    let (mut grounds, mut texts) = (String::new(), String::new());
    for y in buf.area.top()..buf.area.bottom() {
        let top = TITLE_BAR + f64::from(y - buf.area.top()) * CELL.1;
        draw_grounds(buf, paper, y, top, &mut grounds);
        draw_texts(buf, paper, y, top, &mut looks, &mut texts);
    }
    let title = escaped(title);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{full_width}\" height=\"{full_height}\" viewBox=\"0 0 {full_width} {full_height}\">\n\
         <title>{title}</title>\n<style>\ntext{{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,'Liberation Mono',monospace;\
         font-size:{FONT_SIZE}px;white-space:pre}}\n",
    );
    for (look, class) in &looks {
        let bold = if look.bold { ";font-weight:bold" } else { "" };
        let italic = if look.italic { ";font-style:italic" } else { "" };
        let _ = writeln!(out, ".s{class}{{fill:{}{bold}{italic}}}", hex(look.ink));
    }
    let _ = write!(
        out,
        "</style>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n\
         <g fill=\"#6b7480\"><circle cx=\"18\" cy=\"15\" r=\"5\"/><circle cx=\"35\" cy=\"15\" r=\"5\"/><circle cx=\"52\" cy=\"15\" r=\"5\"/></g>\n\
         <text x=\"{}\" y=\"19.5\" text-anchor=\"middle\" fill=\"#8a93a0\">{title}</text>\n{grounds}{texts}</svg>\n",
        hex(paper.ground),
        number((width + 2.0 * PADDING) / 2.0),
    );
    out
}

/// Rectangles behind cells whose background is not the paper, and lines under underlined ones.
fn draw_grounds(buf: &Buffer, paper: Paper, y: u16, top: f64, out: &mut String) {
    for (start, end, ground) in spans(buf, y, |cell| paper.colours(cell).1) {
        let (x, width) = (left(buf, start), f64::from(end - start) * CELL.0);
        let _ = writeln!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>",
            number(x),
            number(top),
            number(width),
            CELL.1,
            hex(ground)
        );
    }
    let underlined = |cell: &Cell| cell.modifier.contains(Modifier::UNDERLINED).then(|| paper.colours(cell).0);
    for (start, end, ink) in spans(buf, y, underlined) {
        let (x, width) = (left(buf, start), f64::from(end - start) * CELL.0);
        let line = number(top + BASELINE + 2.0);
        let _ = writeln!(
            out,
            "<rect x=\"{}\" y=\"{line}\" width=\"{}\" height=\"1\" fill=\"{}\"/>",
            number(x),
            number(width),
            hex(ink)
        );
    }
}

/// Stretches of a row for which `of` gives the same something.
fn spans<T: PartialEq>(buf: &Buffer, y: u16, of: impl Fn(&Cell) -> Option<T>) -> Vec<(u16, u16, T)> {
    let mut spans: Vec<(u16, u16, T)> = Vec::new();
    for x in buf.area.left()..buf.area.right() {
        match (of(&buf[(x, y)]), spans.last_mut()) {
            (Some(value), Some(last)) if last.1 == x && last.2 == value => last.1 = x + 1,
            (Some(value), _) => spans.push((x, x + 1, value)),
            (None, _) => {}
        }
    }
    spans
}

fn draw_texts(buf: &Buffer, paper: Paper, y: u16, top: f64, looks: &mut BTreeMap<Look, usize>, out: &mut String) {
    for (look, run) in runs(buf, paper, y) {
        let next = looks.len();
        let class = *looks.entry(look).or_insert(next);
        // The length keeps columns in line whatever font the viewer has.
        let _ = writeln!(
            out,
            "<text class=\"s{class}\" x=\"{}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\">{}</text>",
            number(left(buf, run.x)),
            number(top + BASELINE),
            number(f64::from(run.columns) * CELL.0),
            escaped(&run.text)
        );
    }
}

/// The visible text of a row. A run ends where the look changes, at two spaces, and around characters that are not one
/// column wide, which a font may draw wider than their cells.
fn runs(buf: &Buffer, paper: Paper, y: u16) -> Vec<(Look, Run)> {
    let mut runs: Vec<(Look, Run)> = Vec::new();
    let (mut x, mut spaces) = (buf.area.left(), 2);
    while x < buf.area.right() {
        let cell = &buf[(x, y)];
        let columns = cell.cell_width().max(1);
        if cell.symbol().trim().is_empty() {
            spaces += 1;
        } else {
            let look = paper.look(cell);
            let alone = columns > 1 || !cell.symbol().is_ascii();
            match runs.last_mut() {
                Some((last, run)) if *last == look && spaces < 2 && joins(&run.text, alone, cell.symbol()) => {
                    run.text.push_str(&" ".repeat(spaces));
                    run.text.push_str(cell.symbol());
                    run.columns = x + columns - run.x;
                }
                _ => runs.push((look, Run { x, columns, text: cell.symbol().to_owned() })),
            }
            spaces = 0;
        }
        x += columns;
    }
    runs
}

/// Plain letters join plain letters; one box character joins its like.
fn joins(run: &str, alone: bool, symbol: &str) -> bool {
    match (run.is_ascii(), alone) {
        (true, false) => true,
        (false, true) => run.starts_with(symbol),
        _ => false,
    }
}

impl Paper {
    /// The ground that most cells have: a theme's, or the terminal's own.
    fn of(buf: &Buffer) -> Self {
        let mut counts: BTreeMap<Option<[u8; 3]>, usize> = BTreeMap::new();
        buf.content().iter().for_each(|cell| *counts.entry(seen(cell.bg)).or_default() += 1);
        let ground = counts.into_iter().max_by_key(|(_, count)| *count).and_then(|(ground, _)| ground).unwrap_or(OWN.1);
        let [r, g, b] = ground;
        let bright = contrast(Color::Rgb(r, g, b), Color::Black).is_some_and(|ratio| ratio > 8.0);
        Self { ink: if bright { OWN.1 } else { OWN.0 }, ground }
    }

    fn look(self, cell: &Cell) -> Look {
        Look {
            ink: self.colours(cell).0,
            bold: cell.modifier.contains(Modifier::BOLD),
            italic: cell.modifier.contains(Modifier::ITALIC),
        }
    }

    /// The colours as seen: of the letters, and of the ground unless it is the paper.
    fn colours(self, cell: &Cell) -> ([u8; 3], Option<[u8; 3]>) {
        let (fg, bg) = (seen(cell.fg).unwrap_or(self.ink), seen(cell.bg).unwrap_or(self.ground));
        let (ink, ground) = if cell.modifier.contains(Modifier::REVERSED) { (bg, fg) } else { (fg, bg) };
        let faded = |at: usize| ((u16::from(ink[at]) * 3 + u16::from(ground[at]) * 2) / 5) as u8;
        let ink = if cell.modifier.contains(Modifier::DIM) { [0, 1, 2].map(faded) } else { ink };
        (ink, Some(ground).filter(|ground| *ground != self.ground))
    }
}

fn seen(color: Color) -> Option<[u8; 3]> {
    index_of(color).map(|index| ANSI[usize::from(index)]).or_else(|| rgb(color))
}

fn left(buf: &Buffer, x: u16) -> f64 {
    PADDING + f64::from(x - buf.area.left()) * CELL.0
}

fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// One decimal place, and none where it is zero.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no way to write these.
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn buffer(lines: &[(&str, Style)]) -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, 20, lines.len() as u16));
        for (y, (text, style)) in lines.iter().enumerate() {
            buf.set_string(0, y as u16, text, *style);
        }
        buf
    }

    fn texts(svg: &str) -> Vec<&str> {
        svg.lines().filter(|l| l.starts_with("<text class")).collect()
    }

    #[test]
    fn runs_of_one_look_are_merged_and_blank_space_costs_nothing() {
        let svg = render(&buffer(&[("one two    three", Style::new()), ("", Style::new())]), "t");
        let found = texts(&svg);
        assert_eq!(found.len(), 2, "{svg}");
        assert!(found[0].contains(" x=\"12\"") && found[0].ends_with(">one two</text>"), "{}", found[0]);
        assert!(found[1].contains(" x=\"108.8\"") && found[1].contains("textLength=\"44\""), "{}", found[1]);
    }

    #[test]
    fn colours_and_attributes_are_those_that_are_seen() {
        let red = Style::new().fg(Color::Red);
        let svg = render(&buffer(&[("a", red.add_modifier(Modifier::REVERSED | Modifier::BOLD))]), "t");
        assert!(svg.contains("fill=\"#e66a66\"") && svg.contains("{fill:#14171c;font-weight:bold}"), "{svg}");
        let svg = render(&buffer(&[("a", red.add_modifier(Modifier::DIM | Modifier::ITALIC))]), "t");
        assert!(svg.contains("{fill:#924848;font-style:italic}"), "{svg}");
        let svg =
            render(&buffer(&[("a", Style::new().bg(Color::Rgb(1, 2, 3)).add_modifier(Modifier::UNDERLINED))]), "t");
        assert!(
            svg.contains("height=\"17\" fill=\"#010203\"") && svg.contains("height=\"1\" fill=\"#d6dae0\""),
            "{svg}"
        );
    }

    #[test]
    fn markup_in_the_text_stays_text() {
        let svg = render(&buffer(&[("<a&\"b\">", Style::new())]), "</title><script>\u{1b}");
        assert!(svg.contains(">&lt;a&amp;&quot;b&quot;&gt;</text>"), "{svg}");
        assert!(svg.contains("<title>&lt;/title&gt;&lt;script&gt;\u{fffd}</title>"), "{svg}");
    }

    #[test]
    fn wide_characters_keep_their_columns() {
        let svg = render(&buffer(&[("日本x", Style::new())]), "t");
        let found = texts(&svg);
        assert_eq!(found.len(), 3, "{svg}");
        assert!(found[0].contains("textLength=\"17.6\"") && found[2].contains(" x=\"47.2\""), "{svg}");
    }

    #[test]
    fn the_same_screen_gives_the_same_bytes_and_no_screen_is_too_small() {
        let buf = buffer(&[("a ┌──┐ b", Style::new()), ("c", Style::new().fg(Color::Blue))]);
        assert_eq!(render(&buf, "t"), render(&buf.clone(), "t"));
        assert!(render(&Buffer::empty(Rect::ZERO), "").ends_with("</svg>\n"));
    }
}
