//! Up, down, pages and ends, in whatever is in focus.

use super::{load, palette, silent};
use crate::tui::app::action::Action;
use crate::tui::app::model::Pane;
use crate::tui::app::overlay::{Form, Overlay};
use crate::tui::app::timeline::Load;
use crate::tui::app::{Effect, Model};
use crate::tui::overlays;
use crate::tui::panes::layout;

/// How far.
#[derive(Clone, Copy)]
enum Step {
    Lines(isize),
    HalfPages(isize),
    Top,
    Bottom,
}

fn step(action: Action) -> Option<Step> {
    Some(match action {
        Action::Up => Step::Lines(-1),
        Action::Down => Step::Lines(1),
        Action::HalfPageUp => Step::HalfPages(-1),
        Action::HalfPageDown => Step::HalfPages(1),
        Action::PageUp => Step::HalfPages(-2),
        Action::PageDown => Step::HalfPages(2),
        Action::Top => Step::Top,
        Action::Bottom => Step::Bottom,
        _ => return None,
    })
}

/// Moves, if the action is a movement.
pub fn run(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(step) = step(action) else { return vec![] };
    let rows = usize::from(model.size.1);
    let mode = crate::tui::panes::diff::mode(model);
    if scroll(model).is_some() {
        let (page, end) = (rows.saturating_sub(6).max(1), overlays::end(model));
        // There may be less of it than when it was scrolled.
        scroll(model).into_iter().for_each(|at| *at = moved((*at).min(end), step, page, end));
        return vec![];
    }
    match &mut model.overlay {
        Some(Overlay::Palette(state)) => {
            let (state, at) = (state.clone(), state.at);
            let last = palette::matches(model, &state).len().saturating_sub(1);
            if let Some(Overlay::Palette(state)) = &mut model.overlay {
                state.at = moved(at, step, rows.saturating_sub(6).max(1), last);
            }
            vec![]
        }
        Some(Overlay::Form(Form { fields, at, .. })) => {
            if let (Some(field), Step::Lines(by)) = (fields.get_mut(*at), step) {
                field.step(by);
            }
            vec![]
        }
        Some(Overlay::Rules) => {
            let last = model.rules.ids().count().saturating_sub(1);
            let to = moved(model.rules.at(), step, rows.saturating_sub(12).max(1), last);
            let selected = model.rules.ids().nth(to);
            model.rules.selected = selected;
            vec![]
        }
        Some(Overlay::Decisions { at }) => {
            let at = *at;
            let last = super::undo::carried(model).len().saturating_sub(1);
            model.overlay = Some(Overlay::Decisions { at: moved(at, step, rows.saturating_sub(8).max(1), last) });
            vec![]
        }
        Some(Overlay::Waiting) => {
            let last = model.waiting.all().len().saturating_sub(1);
            model.waiting.at = moved(model.waiting.at, step, rows.saturating_sub(8).max(1), last);
            vec![]
        }
        Some(Overlay::Collision) => vec![],
        Some(Overlay::Untold) => {
            if let Some(list) = &mut model.untold {
                let last = list.page.matching.saturating_sub(1);
                list.at = moved(list.at, step, rows.saturating_sub(16).max(1), last);
            }
            vec![]
        }
        Some(Overlay::Offers) => {
            if let Some(view) = &mut model.offers {
                let last = view.rows().len().saturating_sub(1);
                view.at = moved(view.at, step, rows.saturating_sub(14).max(1), last);
            }
            vec![]
        }
        Some(Overlay::Themes { .. }) => {
            let last = model.themes.len().saturating_sub(1);
            model.theme = moved(model.theme, step, rows.saturating_sub(6).max(1), last);
            vec![]
        }
        Some(Overlay::Tutorial(_)) => vec![],
        Some(Overlay::Incident) => incident(model, step),
        Some(Overlay::Sheet) => {
            if let Some(sheet) = &mut model.sheet {
                let last = crate::tui::overlays::sheet::length(sheet, mode).saturating_sub(1);
                sheet.scroll = moved(sheet.scroll, step, rows.saturating_sub(4).max(1), last);
            }
            vec![]
        }
        Some(Overlay::Resource) => {
            if let Some(view) = &mut model.resource {
                view.at = moved(view.at, step, rows.saturating_sub(12).max(1), view.choices().saturating_sub(1));
            }
            vec![]
        }
        Some(Overlay::Models) => {
            let last = model.models.models().len().saturating_sub(1);
            model.models.at = moved(model.models.at, step, rows.saturating_sub(16).max(1), last);
            vec![]
        }
        Some(Overlay::History) => {
            if let Some(view) = &mut model.history {
                let last = view.entries.len().saturating_sub(1);
                view.at = moved(view.at, step, rows.saturating_sub(10).max(1), last);
            }
            vec![]
        }
        Some(Overlay::Query(_)) => match step {
            Step::Lines(by) => super::query::step(model, by > 0),
            _ => vec![],
        },
        Some(Overlay::Views { at }) => {
            let last = model.finds.views().len().saturating_sub(1);
            *at = moved(*at, step, rows.saturating_sub(8).max(1), last);
            vec![]
        }
        // What is only scrolled was moved above.
        Some(
            Overlay::Help { .. }
            | Overlay::Notices { .. }
            | Overlay::SettleAll { .. }
            | Overlay::Confirm { .. }
            | Overlay::Trends { .. }
            | Overlay::Narrative
            | Overlay::Question
            | Overlay::Who,
        ) => vec![],
        None => pane(model, step),
    }
}

/// Where an overlay begins that has lines and no cursor.
fn scroll(model: &mut Model) -> Option<&mut usize> {
    match &mut model.overlay {
        Some(
            Overlay::Help { scroll }
            | Overlay::Notices { scroll }
            | Overlay::SettleAll { scroll, .. }
            | Overlay::Confirm { scroll, .. }
            | Overlay::Trends { scroll },
        ) => Some(scroll),
        Some(Overlay::Narrative) => model.narrative.as_mut().map(|view| &mut view.scroll),
        Some(Overlay::Question) => model.question.as_mut().map(|view| &mut view.scroll),
        Some(Overlay::Who) => model.who.as_mut().map(|view| &mut view.scroll),
        _ => None,
    }
}

/// Through what is asked, or from happening to happening.
fn incident(model: &mut Model, step: Step) -> Vec<Effect> {
    let page = crate::tui::panes::incident::rows(model).max(1);
    let Some(view) = &mut model.incident else { return vec![] };
    match (&mut view.ask, step) {
        (Some(ask), Step::Lines(by)) => super::incident::step(ask, by),
        (Some(_), _) => {}
        (None, step) => {
            let last = view.len().saturating_sub(1);
            // Before everything that is listed: the first movement goes to what is nearest.
            let at = view.at().unwrap_or(if view.oldest_first { 0 } else { last });
            view.select(moved(at, step, page, last));
        }
    }
    vec![]
}

fn moved(at: usize, step: Step, page: usize, last: usize) -> usize {
    let page = isize::try_from(page).unwrap_or(1);
    let to = match step {
        Step::Lines(lines) => at.saturating_add_signed(lines),
        Step::HalfPages(halves) => at.saturating_add_signed(halves.signum() * (halves.abs() * page / 2).max(1)),
        Step::Top => 0,
        Step::Bottom => last,
    };
    to.min(last)
}

fn pane(model: &mut Model, step: Step) -> Vec<Effect> {
    let page = layout::plan(model).rows_of(model.focus).saturating_sub(1).max(1);
    match model.focus {
        Pane::Environments => {
            // Row 0 is "all".
            let list = &model.environments.list;
            let cursor = model.environments.cursor.as_ref();
            let at =
                cursor.and_then(|slug| list.iter().position(|e| e.environment.slug == *slug)).map_or(0, |at| at + 1);
            let to = moved(at, step, page, list.len());
            let slug = to.checked_sub(1).and_then(|at| list.get(at)).map(|e| e.environment.slug.clone());
            load::environment(model, slug)
        }
        Pane::Timeline => timeline(model, step, page),
        Pane::Diff => {
            let last = crate::tui::panes::diff::length(model).saturating_sub(1);
            model.detail.scroll = moved(model.detail.scroll.min(last), step, page, last);
            vec![]
        }
        Pane::Recommendations => {
            // The last lines fill the pane, below its title.
            let area = crate::tui::panes::layout::plan(model).area_of(Pane::Recommendations);
            let shown = usize::from(area.height).saturating_sub(1).max(1);
            let last = crate::tui::panes::recommendations::length(model).saturating_sub(shown);
            model.detail.advice_scroll = moved(model.detail.advice_scroll.min(last), step, page, last);
            vec![]
        }
    }
}

fn timeline(model: &mut Model, step: Step, page: usize) -> Vec<Effect> {
    let window = &model.timeline.window;
    let far = match step {
        _ if model.timeline.is_grouped() => None,
        Step::Top if window.newer().is_some() || window.is_detached() => Some(Load::Newest),
        Step::Bottom if window.older().is_some() => Some(Load::Oldest),
        Step::Lines(-1) | Step::HalfPages(..0) if window.is_detached() && model.timeline.position() == Some(0) => {
            Some(Load::Newest)
        }
        _ => None,
    };
    if let Some(load) = far {
        return load::page(model, load);
    }
    let at = model.timeline.row().unwrap_or(0);
    let to = moved(at, step, page, model.timeline.len().saturating_sub(1));
    model.timeline.select_row(to);
    model.timeline.settle(model.now);
    load::follow(model)
}

/// Shows what is hidden, or no longer: then none of it is selected.
pub fn toggle_hidden(model: &mut Model) -> Vec<Effect> {
    model.detail.show_hidden = !model.detail.show_hidden;
    let last = model.timeline.selected().map_or(0, |event| event.changes.len().saturating_sub(1));
    if !model.detail.show_hidden {
        model.detail.change = model.detail.change.min(last);
    }
    vec![]
}

/// To the next change downwards in the bodies, or upwards, hidden ones last where they are shown; the diff scrolls to it. It begins at
/// the worst, which may be anywhere: past the end it goes on from the other one, and says so.
pub fn change(model: &mut Model, by: isize) -> Vec<Effect> {
    let order = crate::tui::panes::diff::order(model);
    let count = order.len();
    if count < 2 {
        let only = "it is the only change there is to go to";
        let none = "the drift has no single changes: it is about the whole resource";
        return silent::says(model, if count == 1 { only } else { none });
    }
    let at = order.iter().position(|change| *change == model.detail.change).unwrap_or(0);
    let to = (at + if by > 0 { 1 } else { count - 1 }) % count;
    model.detail.change = order[to];
    let end = match (by > 0, to) {
        (true, 0) => Some("that was the last change: on from the first"),
        (false, to) if to + 1 == count => Some("that was the first change: on from the last"),
        _ => None,
    };
    end.into_iter().for_each(|end| drop(silent::says(model, end)));
    crate::tui::panes::diff::reveal(model);
    if layout::plan(model).area_of(Pane::Diff).is_empty() {
        return silent::says(model, format!("change {} of {count}", to + 1));
    }
    vec![]
}
