//! Where the panes stand: tiled from 120 columns, stacked below, one alone where there is no room for more.

use ratatui::layout::Rect;

use super::heat;
use crate::tui::app::Model;
use crate::tui::app::model::Pane;

/// Columns from which panes stand side by side.
const TILED: u16 = 120;
/// Rows that four panes need on top of each other.
const STACKED: u16 = 9;
/// Rows of the timeline from which its columns have names.
const NAMED: usize = 8;
/// Rows and columns of the timeline from which there is room for how much happened when.
const ROOMY: usize = 15;
const WIDE: u16 = 60;
/// Columns below which only one pane is shown.
const NARROW: u16 = 40;

/// Areas; an empty one is not shown. The first row of a pane is its title, unless it is one row high.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    pub title: Rect,
    pub status: Rect,
    panes: [Rect; 4],
    /// There are marks in the heat below the timeline.
    has_marks: bool,
}

impl Plan {
    pub fn area_of(&self, pane: Pane) -> Rect {
        self.panes[pane as usize]
    }

    /// Rows for content.
    pub fn rows_of(&self, pane: Pane) -> usize {
        usize::from(self.area_of(pane).height.saturating_sub(1))
    }

    pub fn timeline_rows(&self) -> usize {
        self.rows_of(Pane::Timeline) - usize::from(self.names_columns()) - self.heat_rows()
    }

    /// Rows at the foot of the timeline that say how much happened when; 0: there is no room for that.
    pub fn heat_rows(&self) -> usize {
        let area = self.area_of(Pane::Timeline);
        let is_roomy = self.rows_of(Pane::Timeline) >= ROOMY && area.width >= WIDE;
        if is_roomy { heat::rows_of(self.has_marks, 1) } else { 0 }
    }

    /// Whether the timeline has a row to spare for the names of its columns.
    pub fn names_columns(&self) -> bool {
        self.rows_of(Pane::Timeline) >= NAMED
    }
}

/// The plan for the model's size, focus and zoom.
pub fn plan(model: &Model) -> Plan {
    let (columns, rows) = model.size;
    let title = u16::from(rows >= 8);
    let status = u16::from(rows >= 3);
    let body = Rect::new(0, title, columns, rows - title - status);
    let panes = if model.zoom || body.height < STACKED || columns < NARROW {
        alone(body, model.focus)
    } else if columns >= TILED && body.height >= 20 {
        tiled(body, model.environments.list.len())
    } else {
        stacked(body, model)
    };
    let has_marks = model.heat.found.as_ref().is_some_and(|found| !found.incident.markers.is_empty());
    let (title, status) = (Rect::new(0, 0, columns, title), Rect::new(0, rows - status, columns, status));
    Plan { title, status, panes, has_marks }
}

fn alone(body: Rect, focus: Pane) -> [Rect; 4] {
    Pane::ALL.map(|pane| if pane == focus { body } else { Rect::default() })
}

/// Environments and timeline above, diff and recommendations below: the diff gets the most columns.
fn tiled(body: Rect, environments: usize) -> [Rect; 4] {
    let wanted = u16::try_from(environments).unwrap_or(u16::MAX).saturating_add(6);
    let above = (body.height * 2 / 5).max(wanted.min(body.height / 2));
    let left = (body.width * 3 / 10).clamp(42, 60);
    let right = (body.width / 3).clamp(40, 76);
    let below = body.height - above;
    [
        Rect::new(0, body.y, left, above),
        Rect::new(left, body.y, body.width - left, above),
        Rect::new(0, body.y + above, body.width - right, below),
        Rect::new(body.width - right, body.y + above, right, below),
    ]
}

/// Environments are a strip, or a short list when in focus; recommendations show the first one, or all when in focus.
fn stacked(body: Rect, model: &Model) -> [Rect; 4] {
    let list = u16::try_from(model.environments.list.len()).unwrap_or(u16::MAX).saturating_add(4);
    let strip = if model.focus == Pane::Environments { list.clamp(3, body.height / 3) } else { 1 };
    let rest = body.height - strip;
    let small = if rest >= 15 { 3 } else { 2 };
    // The diff in focus needs rows; the drift it is about stays in sight.
    let timeline = if model.focus == Pane::Diff { (rest / 5).max(3) } else { (rest * 2 / 5).max(3) };
    let (diff, advice) = match model.focus {
        Pane::Recommendations => (small, rest - timeline - small),
        _ => (rest - timeline - small, small),
    };
    let mut y = body.y;
    [strip, timeline, diff, advice].map(|height| {
        let area = Rect::new(0, y, body.width, height);
        y += height;
        area
    })
}
