//! Draws the visible rows of a view, and nothing else.

use std::ops::Range;

use ratatui::buffer::{Buffer, CellWidth};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_segmentation::UnicodeSegmentation;

use super::print::Line;
use super::{DiffMode, DiffRow, DiffState, DiffView, RowKind, Shows, inline};
use crate::tui::theme::{Role, Theme};
use crate::tui::widgets::highlight::{self, Within};

/// See [`DiffView::rule`].
const SAME_AS_ABSENT: &str = "empty or absent";

/// Columns before the text: the sign, and the mark of the selected change.
const MARGIN: u16 = 2;

/// One column of the screen, one line tall; `rows` lines may follow below when wrapping.
#[derive(Clone, Copy)]
struct Column {
    x: u16,
    y: u16,
    width: u16,
    rows: u16,
}

/// A line and how it looks.
struct Shown<'a> {
    line: &'a Line,
    base: Style,
    /// Differing words and their style.
    marks: Vec<Range<usize>>,
    mark: Style,
    syntax: bool,
}

impl DiffView {
    /// Draws the rows from `state.scroll` on into `area`; columns beyond the buffer are left out.
    pub fn render(&self, area: Rect, buf: &mut Buffer, theme: &Theme, state: &DiffState) {
        let area = area.intersection(buf.area);
        let rows = self.rows(state.mode, state.fold);
        let mut y = area.y;
        for row in rows.iter().skip(state.scroll) {
            if y >= area.bottom() {
                break;
            }
            let line = Rect { y, height: area.bottom() - y, ..area };
            y += self.row(row, line, buf, theme, state).max(1);
        }
    }

    /// Draws one row at the top of `area`; returns the lines it took.
    fn row(&self, row: &DiffRow, area: Rect, buf: &mut Buffer, theme: &Theme, state: &DiffState) -> u16 {
        if let RowKind::Fold { lines, hidden } = row.kind {
            let column = Column { x: area.x, y: area.y, width: area.width, rows: 1 };
            let around = [(row.left, &self.left), (row.right, &self.right)];
            let around = around.iter().find_map(|(at, lines)| at.and_then(|at| lines.get(at)));
            put_text(buf, column, &fold_text(lines, hidden, around, theme.is_ascii()), theme.style(Role::Dim));
            return 1;
        }
        let used = self.lines(row, area, buf, theme, state);
        if let Some(rule) = self.rule(row) {
            put_rule(buf, area, rule, theme.style(Role::Dim));
        }
        used
    }

    /// Why a row is hidden. What stands on one side only and is empty means the same as what is not there, without a rule.
    fn rule(&self, row: &DiffRow) -> Option<&str> {
        if row.kind != RowKind::Hidden {
            return None;
        }
        let lines = [row.left.and_then(|l| self.left.get(l)), row.right.and_then(|r| self.right.get(r))];
        let empty = |line: &&Line| matches!(line.text.get(line.label..), Some("null" | "[]" | "{}" | "\"\""));
        let absent = || lines.iter().flatten().any(empty).then_some(SAME_AS_ABSENT);
        row.rule.and_then(|rule| self.rules.get(rule)).map(String::as_str).or_else(absent)
    }

    /// The text of a row, on one side or both.
    fn lines(&self, row: &DiffRow, area: Rect, buf: &mut Buffer, theme: &Theme, state: &DiffState) -> u16 {
        let selected = row.change.is_some() && row.change == state.selected_change;
        let [left, right] = self.sides(row, theme);
        match state.mode {
            DiffMode::Unified => {
                let side = if row.shows == Shows::Right { right } else { left };
                let column = Column { x: area.x, y: area.y, width: area.width, rows: area.height };
                draw(buf, column, side.as_ref(), sign(row, theme.is_ascii()), selected, theme, state.wrap)
            }
            DiffMode::SideBySide => {
                let half = area.width.saturating_sub(1) / 2;
                let first = Column { x: area.x, y: area.y, width: half, rows: area.height };
                let second = Column { x: area.x + half + 1, width: area.width.saturating_sub(half + 1), ..first };
                let [a, b] = margins(row, theme.is_ascii());
                let used = draw(buf, first, left.as_ref(), a, selected && a.is_some(), theme, state.wrap).max(draw(
                    buf,
                    second,
                    right.as_ref(),
                    b,
                    selected && b.is_some(),
                    theme,
                    state.wrap,
                ));
                let bar = if theme.is_ascii() { "|" } else { "│" };
                for y in (area.y..area.bottom()).take(used.max(1).into()).filter(|_| area.width > half) {
                    buf[(area.x + half, y)].set_symbol(bar).set_style(theme.style(Role::Border));
                }
                used
            }
        }
    }

    /// Both lines of a row with their looks.
    fn sides(&self, row: &DiffRow, theme: &Theme) -> [Option<Shown<'_>>; 2] {
        let lines = [row.left.and_then(|l| self.left.get(l)), row.right.and_then(|r| self.right.get(r))];
        let marks = match (row.kind, lines) {
            (RowKind::Modified, [Some(l), Some(r)]) => inline::marks(&l.text, &r.text),
            _ => Default::default(),
        };
        let looks = [(Role::Removed, Role::RemovedInline), (Role::Added, Role::AddedInline)];
        let mut sides = [None, None];
        for (((side, line), marks), (role, inline)) in sides.iter_mut().zip(lines).zip(marks).zip(looks) {
            let base = match row.kind {
                RowKind::Modified if row.shows == Shows::Both => Role::Modified,
                RowKind::Modified | RowKind::Added | RowKind::Removed => role,
                RowKind::Hidden => Role::Hidden,
                RowKind::Equal | RowKind::Fold { .. } => Role::Text,
            };
            let style = theme.style(base);
            // On a coloured ground syntax still shows; coloured letters say that the line changed and stay as they are.
            let syntax = base == Role::Text || (base != Role::Hidden && style.bg.is_some());
            *side = line.map(|line| Shown { line, base: style, marks, mark: theme.style(inline), syntax });
        }
        sides
    }
}

/// `around`: the container that begins in the fold and goes on below it.
fn fold_text(lines: usize, hidden: usize, around: Option<&Line>, ascii: bool) -> String {
    let dots = if ascii { "..." } else { "…" };
    let plural = if lines == 1 { "" } else { "s" };
    let count = match hidden {
        0 => format!("{dots} {lines} unchanged line{plural}"),
        _ => format!("{dots} {lines} line{plural} without drift, {hidden} with a hidden difference"),
    };
    let name = around
        .and_then(|line| line.text.get(..line.label))
        .map(|label| label.trim().trim_start_matches("- ").trim_end_matches([':', '=', ' ']));
    name.map_or(count.clone(), |name| format!("{count}, in {name}"))
}

/// The sign of a row in one column.
fn sign(row: &DiffRow, ascii: bool) -> Option<(char, Role)> {
    match row.kind {
        RowKind::Modified | RowKind::Added | RowKind::Removed if row.shows == Shows::Right => Some(('+', Role::Added)),
        RowKind::Modified | RowKind::Added | RowKind::Removed => Some(('-', Role::Removed)),
        RowKind::Hidden => Some((if ascii { '=' } else { '≈' }, Role::Hidden)),
        _ => None,
    }
}

/// The signs of the two columns.
fn margins(row: &DiffRow, ascii: bool) -> [Option<(char, Role)>; 2] {
    let hidden = Some((if ascii { '=' } else { '≈' }, Role::Hidden));
    match row.kind {
        RowKind::Modified => [Some(('~', Role::Modified)); 2],
        RowKind::Added => [None, Some(('+', Role::Added))],
        RowKind::Removed => [Some(('-', Role::Removed)), None],
        RowKind::Hidden => [hidden.filter(|_| row.left.is_some()), hidden.filter(|_| row.right.is_some())],
        RowKind::Equal | RowKind::Fold { .. } => [None; 2],
    }
}

/// Draws margin and text; returns the lines it took.
fn draw(
    buf: &mut Buffer,
    column: Column,
    shown: Option<&Shown<'_>>,
    sign: Option<(char, Role)>,
    selected: bool,
    theme: &Theme,
    wrap: bool,
) -> u16 {
    let Some(shown) = shown else { return 0 };
    let text = Column { x: column.x + MARGIN.min(column.width), width: column.width.saturating_sub(MARGIN), ..column };
    let used = text_lines(buf, text, shown, theme, wrap);
    let margin = Rect { x: column.x, y: column.y, width: MARGIN.min(column.width), height: used.min(column.rows) };
    if shown.base.bg.is_some() {
        buf.set_style(margin, Style { fg: None, ..shown.base });
    }
    if let (Some((sign, role)), true) = (sign, margin.width > 0 && margin.height > 0) {
        buf[(column.x, column.y)].set_char(sign).set_style(theme.style(role).add_modifier(Modifier::BOLD));
    }
    if selected && margin.width > 1 {
        for y in margin.top()..margin.bottom() {
            let bar = if theme.is_ascii() { "|" } else { "▌" };
            buf[(column.x + 1, y)].set_symbol(bar).set_style(theme.style(Role::BorderFocus));
        }
    }
    used
}

/// Draws the text of a line, broken or cut; returns the lines it took, at least one.
fn text_lines(buf: &mut Buffer, column: Column, shown: &Shown<'_>, theme: &Theme, wrap: bool) -> u16 {
    if column.width == 0 || column.rows == 0 {
        return 1;
    }
    let comma = if shown.line.comma { "," } else { "" };
    let fits = fits(&shown.line.text, column.width.saturating_sub(comma.len() as u16));
    let skipped = if fits || wrap { 0 } else { hidden_start(shown, column.width) };
    let mut pen = Pen { column, x: 0, y: 0, styles: Styles::new(shown, theme), cut: !(fits || wrap) };
    if shown.base.bg.is_some() {
        buf.set_style(Rect { height: 1, ..column.rect() }, Style { fg: None, ..shown.base });
    }
    if skipped > 0 {
        pen.put(buf, "…", theme.style(Role::Dim));
    }
    let text = shown.line.text[skipped..].grapheme_indices(true).map(|(at, g)| (at + skipped, g));
    for (at, grapheme) in text.chain([(shown.line.text.len(), comma)]) {
        let style = pen.styles.at(at);
        if !pen.put(buf, grapheme, style) {
            break;
        }
    }
    pen.y + 1
}

/// Where to begin a cut line so that its first differing word is visible.
fn hidden_start(shown: &Shown<'_>, width: u16) -> usize {
    let Some(mark) = shown.marks.first().filter(|_| width > 8) else { return 0 };
    let before = &shown.line.text[..mark.start];
    if fits(before, width.saturating_sub(8)) {
        return 0;
    }
    // A third of the column stands before it.
    let mut columns = 0;
    let start = before.grapheme_indices(true).rev().find(|(_, g)| {
        columns += g.cell_width();
        columns > width / 3
    });
    start.map_or(0, |(at, g)| at + g.len())
}

/// Whether the text takes at most `width` columns; looks no further than it must.
fn fits(text: &str, width: u16) -> bool {
    let mut room = width;
    text.len() <= usize::from(width) && text.is_ascii()
        || text.graphemes(true).all(|g| room.checked_sub(g.cell_width()).map(|left| room = left).is_some())
}

impl Column {
    fn rect(self) -> Rect {
        Rect { x: self.x, y: self.y, width: self.width, height: self.rows }
    }
}

/// Writes grapheme by grapheme, within its column only.
struct Pen<'a> {
    column: Column,
    x: u16,
    y: u16,
    styles: Styles<'a>,
    /// Close with `…` at the border instead of going on below.
    cut: bool,
}

impl Pen<'_> {
    /// False when nothing more can be written.
    fn put(&mut self, buf: &mut Buffer, grapheme: &str, style: Style) -> bool {
        let width = grapheme.cell_width();
        if width == 0 || grapheme.contains(char::is_control) {
            return true;
        }
        let end = self.column.width - u16::from(self.cut);
        if self.x + width > end {
            if self.cut {
                self.cell(buf, "…", style, 1);
                return false;
            }
            (self.x, self.y) = (0, self.y + 1);
            if self.y >= self.column.rows || width > end {
                self.y = self.y.min(self.column.rows) - 1;
                return false;
            }
            if self.styles.shown.base.bg.is_some() {
                let line = Rect { y: self.column.y + self.y, height: 1, ..self.column.rect() };
                buf.set_style(line, Style { fg: None, ..self.styles.shown.base });
            }
        }
        self.cell(buf, grapheme, style, width);
        true
    }

    fn cell(&mut self, buf: &mut Buffer, symbol: &str, style: Style, width: u16) {
        let (x, y) = (self.column.x + self.x, self.column.y + self.y);
        buf[(x, y)].set_symbol(symbol).set_style(style);
        for x in x + 1..x + width {
            buf[(x, y)].set_symbol(" ").set_style(style);
        }
        self.x += width;
    }
}

/// The style at each byte of a line, asked for in order.
struct Styles<'a> {
    shown: &'a Shown<'a>,
    theme: &'a Theme,
    tokens: &'a [highlight::Token],
    token: usize,
    mark: usize,
}

impl<'a> Styles<'a> {
    fn new(shown: &'a Shown<'a>, theme: &'a Theme) -> Self {
        let tokens = if shown.syntax { tokens(shown.line) } else { &[] };
        Self { shown, theme, tokens, token: 0, mark: 0 }
    }

    fn at(&mut self, byte: usize) -> Style {
        self.token += self.tokens[self.token..].iter().take_while(|t| t.end <= byte).count();
        self.mark += self.shown.marks[self.mark..].iter().take_while(|m| m.end <= byte).count();
        let mut style = self.shown.base;
        let role = match self.shown.line.within {
            Within::Text => Some(Role::SyntaxString),
            // What is not of the syntax: the comma, and how documents and text in strings begin and end.
            _ if byte >= self.shown.line.code => Some(Role::SyntaxPunctuation),
            _ => self.tokens.get(self.token).and_then(|t| t.role),
        };
        if let Some(role) = role.filter(|_| self.shown.syntax) {
            style = style.patch(self.theme.style(role));
        }
        let marked = self.shown.marks.get(self.mark).is_some_and(|m| m.contains(&byte));
        if marked { style.patch(self.shown.mark) } else { style }
    }
}

/// The tokens of a line, found once when the highlighter is ready.
fn tokens(line: &Line) -> &[highlight::Token] {
    if let Some(tokens) = line.tokens.get() {
        return tokens;
    }
    match highlight::line(&line.text[..line.code], line.within, line.syntax) {
        Some(tokens) => line.tokens.get_or_init(|| tokens),
        None => &[],
    }
}

/// At the right end of the row, where there is room for it beside some of the text.
fn put_rule(buf: &mut Buffer, area: Rect, rule: &str, style: Style) {
    let name = format!(" {rule}");
    let width = name.cell_width();
    if width + 12 <= area.width && area.height > 0 {
        buf.set_stringn(area.right() - width, area.y, name, width.into(), style);
    }
}

fn put_text(buf: &mut Buffer, column: Column, text: &str, style: Style) {
    buf.set_stringn(column.x, column.y, text, column.width.into(), style);
}
