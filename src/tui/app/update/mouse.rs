//! The mouse, for those who turn it on: a click chooses, the wheel scrolls what is under it.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::{load, moves};
use crate::tui::app::action::Action;
use crate::tui::app::model::Pane;
use crate::tui::app::{Effect, Model};
use crate::tui::panes::{environments, layout};

/// Lines a notch of the wheel moves.
const NOTCH: usize = 3;

pub fn take(model: &mut Model, event: MouseEvent) -> Vec<Effect> {
    model.is_touched |= model.overlay.is_none() && !matches!(event.kind, MouseEventKind::Moved);
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => click(model, Position::new(event.column, event.row)),
        MouseEventKind::ScrollUp => wheel(model, event, Action::Up),
        MouseEventKind::ScrollDown => wheel(model, event, Action::Down),
        _ => vec![],
    }
}

fn pane_at(model: &Model, at: Position) -> Option<Pane> {
    let plan = layout::plan(model);
    Pane::ALL.into_iter().find(|pane| plan.area_of(*pane).contains(at))
}

/// Over a dialog a click means nothing: it never decides.
fn click(model: &mut Model, at: Position) -> Vec<Effect> {
    let Some(pane) = pane_at(model, at).filter(|_| model.overlay.is_none()) else { return vec![] };
    let plan = layout::plan(model);
    let area = plan.area_of(pane);
    let row = usize::from(at.y - area.y);
    match pane {
        Pane::Timeline => {
            let names = 1 + usize::from(plan.names_columns());
            model.focus = pane;
            let listed = row.checked_sub(names).filter(|row| *row < plan.timeline_rows());
            let wanted = listed.map(|row| row + model.timeline.top);
            let Some(wanted) = wanted.filter(|row| *row < model.timeline.window.len()) else { return vec![] };
            model.timeline.select_at(wanted);
            model.timeline.settle(model.now);
            load::follow(model)
        }
        Pane::Environments if area.height > 1 => {
            let wanted = environments::row_at(model, area, row);
            model.focus = pane;
            match wanted {
                Some(slug) => load::environment(model, slug),
                None => vec![],
            }
        }
        _ => {
            model.focus = pane;
            vec![]
        }
    }
}

/// What is in focus stays so.
fn wheel(model: &mut Model, event: MouseEvent, action: Action) -> Vec<Effect> {
    let focus = model.focus;
    if model.overlay.is_none() {
        let Some(pane) = pane_at(model, Position::new(event.column, event.row)) else { return vec![] };
        // The wheel over the environments would change what is listed.
        if pane == Pane::Environments {
            return vec![];
        }
        model.focus = pane;
    }
    let effects = (0..NOTCH).flat_map(|_| moves::run(model, action)).collect();
    model.focus = focus;
    effects
}
