use ratatui::{buffer::Buffer, layout::Rect};
use crate::{drift::Change, safety::Masked, tui::theme::Theme};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode { SideBySide, Unified }

#[derive(Clone, PartialEq, Debug)]
pub struct DiffRow(pub String, pub String);

#[derive(Clone, PartialEq, Debug)]
pub struct DiffView { rows: Vec<DiffRow> }

pub fn build(declared: Option<&Masked>, actual: Option<&Masked>, _changes: &[Change]) -> DiffView {
    let pretty = |m: Option<&Masked>| m.map(Masked::pretty).unwrap_or_default();
    let (a, b) = (pretty(declared), pretty(actual));
    let rows = (0..a.len().max(b.len())).map(|i| {
        DiffRow(a.get(i).cloned().unwrap_or_default(), b.get(i).cloned().unwrap_or_default())
    });
    DiffView { rows: rows.collect() }
}

impl DiffView {
    pub fn rows(&self, _mode: Mode, _fold: bool) -> &[DiffRow] { &self.rows }
    pub fn render(&self, area: Rect, buf: &mut Buffer, theme: &Theme, mode: Mode, _fold: bool, scroll: usize, _selected: Option<usize>) {
        let style = theme.style(crate::tui::theme::Role::Text);
        for (y, row) in self.rows.iter().skip(scroll).take(area.height.into()).enumerate() {
            let half = if mode == Mode::SideBySide { area.width / 2 } else { area.width };
            buf.set_stringn(area.x, area.y + y as u16, &row.0, half.into(), style);
            if mode == Mode::SideBySide { buf.set_stringn(area.x + half, area.y + y as u16, &row.1, half.into(), style); }
        }
    }
    pub fn next_change(&self, from: usize) -> Option<usize> { (from + 1 < self.rows.len()).then_some(from + 1) }
    pub fn previous_change(&self, from: usize) -> Option<usize> { from.checked_sub(1) }
}
