//! What each action does.

use super::{drafting, forms, incident, load, moves, never_hide, palette, resource, rules, sheet, triage, untold};
use crate::tui::app::action::Action;
use crate::tui::app::drafts::DraftKey;
use crate::tui::app::effect::{Effect, Exit};
use crate::tui::app::input::Line;
use crate::tui::app::model::Pane;
use crate::tui::app::overlay::{FormKind, Overlay, Palette};
use crate::tui::app::{Model, notice};

/// Does it, or says why not.
pub fn run(model: &mut Model, action: Action) -> Vec<Effect> {
    if let Some(why) = action.disabled(model) {
        model.notice(false, format!("{}: {why}", action.entry().name));
        return vec![];
    }
    match action {
        Action::Acknowledge => triage::acknowledge(model),
        Action::Reopen => triage::reopen(model),
        Action::Undo => triage::undo(model),
        Action::Resolve => forms::open(model, FormKind::Resolve),
        Action::Snooze => forms::open(model, FormKind::Snooze),
        Action::Assign => forms::open(model, FormKind::Assign),
        Action::Note => forms::open(model, FormKind::Note),
        Action::Ignore => forms::open(model, FormKind::Ignore),
        Action::Rules => rules::open(model),
        Action::HiddenList => untold::open(model),
        Action::Incident | Action::Span => incident::open(model),
        Action::Earlier => incident::scrub(model, -1),
        Action::Later => incident::scrub(model, 1),
        // Keymaps have keys of their own for left and right.
        Action::Left if model.overlay == Some(Overlay::Incident) => incident::scrub(model, -1),
        Action::Right if model.overlay == Some(Overlay::Incident) => incident::scrub(model, 1),
        Action::TurnOrder => incident::turn(model),
        Action::NextEnvironment => incident::next_environment(model),
        Action::Export => incident::export(model),
        Action::Resource => resource::open(model),
        Action::History => resource::history(model),
        Action::Audit => resource::audit(model),
        Action::EditRule if model.rules.current_never_hide().is_some() => never_hide::edit(model),
        Action::DeleteRule if model.rules.current_never_hide().is_some() => never_hide::delete(model),
        Action::EditRule => rules::edit(model),
        Action::DeleteRule => rules::delete(model),
        Action::NeverHide => forms::open(model, FormKind::NeverHide),
        Action::Mark => mark(model),
        Action::MarkAll => mark_all(model),
        Action::UnmarkAll => quietly(|| model.marks.clear()),
        Action::NextChange => moves::change(model, 1),
        Action::PreviousChange => moves::change(model, -1),
        Action::ToggleUnified => quietly(|| model.detail.unified = !model.detail.unified),
        Action::ToggleFold => quietly(|| model.detail.fold = !model.detail.fold),
        Action::ToggleWrap => quietly(|| model.detail.wrap = !model.detail.wrap),
        Action::ToggleHidden => moves::toggle_hidden(model),
        Action::CopyAddress | Action::CopyPath | Action::CopyValue if model.overlay == Some(Overlay::Resource) => {
            resource::copy(model, action)
        }
        Action::CopyAddress | Action::CopyPath | Action::CopyValue => copy(model, action),
        Action::Scan => vec![Effect::Scan(scanned(model))],
        Action::ScanAll => vec![Effect::Scan(None)],
        Action::CancelScan => vec![Effect::CancelScan(model.environments.cursor.clone())],
        Action::Redraw => vec![Effect::Redraw],
        Action::Suspend => vec![Effect::Suspend],
        Action::Reload => load::everything(model),
        Action::Quit => quit(model),
        _ => view(model, action),
    }
}

/// Actions that only change what is shown.
fn view(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::FocusEnvironments => focus(model, Pane::Environments),
        Action::FocusTimeline => focus(model, Pane::Timeline),
        Action::FocusDiff => focus(model, Pane::Diff),
        Action::FocusRecommendations => focus(model, Pane::Recommendations),
        Action::FocusNext | Action::Right => turn(model, 1),
        Action::FocusPrevious | Action::Left => turn(model, 3),
        Action::Zoom => quietly(|| model.zoom = !model.zoom),
        Action::Enter if model.overlay.is_some() => enter(model),
        Action::Enter => turn(model, u8::from(model.focus != Pane::Recommendations)),
        Action::Back if model.overlay.is_some() => leave(model),
        Action::Back => back(model),
        Action::Filter if model.overlay == Some(Overlay::Untold) => untold::filter(model),
        Action::Filter => {
            let before = model.timeline.filter.text.clone();
            let typed = drafting::restored_filter(model).map_or_else(|| Line::new(before.clone()), |t| Line::typed(&t));
            let text = typed.text().to_owned();
            overlay(model, Overlay::Filter { line: typed, before });
            load::filtered(model, |filter| filter.text = text)
        }
        Action::ClearFilter => load::filtered(model, |filter| filter.clear()),
        Action::CycleState => load::filtered(model, |filter| filter.shown = filter.shown.next()),
        Action::CycleSeverity => load::filtered(model, |filter| filter.cycle_severity()),
        Action::AllEnvironments => load::environment(model, None),
        Action::Notices => overlay(model, Overlay::Notices { scroll: 0 }),
        Action::Palette => overlay(model, Overlay::Palette(Palette::default())),
        Action::Help => overlay(model, Overlay::Help { scroll: 0 }),
        Action::NextTheme => {
            model.theme = (model.theme + 1) % model.themes.len();
            let name = model.theme().name().to_owned();
            model.notice(false, format!("theme {name}"));
            vec![]
        }
        _ => moves::run(model, action),
    }
}

fn quietly(change: impl FnOnce()) -> Vec<Effect> {
    change();
    vec![]
}

fn overlay(model: &mut Model, overlay: Overlay) -> Vec<Effect> {
    model.overlay = Some(overlay);
    vec![]
}

fn focus(model: &mut Model, pane: Pane) -> Vec<Effect> {
    model.focus = pane;
    vec![]
}

fn turn(model: &mut Model, by: u8) -> Vec<Effect> {
    focus(model, Pane::ALL[(model.focus as usize + usize::from(by)) % Pane::ALL.len()])
}

/// The nearest thing to leave: zoom, marks, a pane on the right, the filter.
fn back(model: &mut Model) -> Vec<Effect> {
    if model.zoom {
        return quietly(|| model.zoom = false);
    }
    if matches!(model.focus, Pane::Diff | Pane::Recommendations) {
        return focus(model, Pane::Timeline);
    }
    if !model.marks.is_empty() {
        return quietly(|| model.marks.clear());
    }
    if model.timeline.filter.is_narrowed() {
        return load::filtered(model, |filter| filter.clear());
    }
    vec![]
}

fn mark(model: &mut Model) -> Vec<Effect> {
    let Some(target) = model.timeline.selected().map(|event| model.target(event)) else { return vec![] };
    if model.marks.remove(&target.id).is_none() {
        model.marks.insert(target.id, target);
    }
    model.timeline.move_by(1);
    load::follow(model)
}

fn copy(model: &mut Model, action: Action) -> Vec<Effect> {
    let text = match action {
        Action::CopyAddress => model.timeline.selected().map(|event| event.resource.resource_id.line()),
        Action::CopyPath => model.selected_change().map(|change| change.path.0.line()),
        _ => model.selected_change().and_then(|change| {
            let value = change.actual.as_ref().or(change.declared.as_ref())?;
            Some(value.pretty().join("\n"))
        }),
    };
    text.map(Effect::Copy).into_iter().collect()
}

/// The environment under the cursor; for all environments, that of the selected drift, unless the pane itself says all.
fn scanned(model: &Model) -> Option<crate::drift::Slug> {
    let of_drift = || model.timeline.selected().map(|event| event.environment.clone());
    let named = model.environments.cursor.clone();
    if model.focus == Pane::Environments { named } else { named.or_else(of_drift) }
}

/// Waits for decisions that are still being saved; a second time it does not.
fn quit(model: &mut Model) -> Vec<Effect> {
    if model.saving() == 0 || model.leaving {
        return vec![Effect::Exit(Exit::Quit)];
    }
    model.leaving = true;
    let count = notice::count(model.saving(), "decision");
    model.notice(true, format!("{count} still being saved; quits when done, again to quit now"));
    vec![]
}

/// Takes what the overlay says.
fn enter(model: &mut Model) -> Vec<Effect> {
    match model.overlay.take() {
        Some(Overlay::Confirm { plan, .. }) => triage::apply(model, plan),
        Some(Overlay::Form(form)) => forms::submit(model, form),
        Some(Overlay::Palette(state)) => palette::pick(model, &state),
        Some(Overlay::Filter { .. }) => {
            model.drafts.forget(&DraftKey::FILTER);
            focus(model, Pane::Timeline)
        }
        Some(Overlay::Rules) => rules::go(model),
        Some(Overlay::Untold) => untold::enter(model),
        Some(Overlay::Incident) => {
            model.overlay = Some(Overlay::Incident);
            incident::enter(model)
        }
        Some(Overlay::Resource) => resource::enter(model),
        Some(Overlay::History) => resource::leave_history(model),
        Some(Overlay::Sheet) => sheet::back(model),
        Some(Overlay::Help { .. } | Overlay::Notices { .. }) | None => vec![],
    }
}

/// Closes the overlay without doing anything.
fn leave(model: &mut Model) -> Vec<Effect> {
    match model.overlay.take() {
        Some(Overlay::Filter { before, .. }) => {
            model.drafts.forget(&DraftKey::FILTER);
            load::filtered(model, |filter| filter.text = before)
        }
        Some(Overlay::Form(form)) => {
            model.drafts.forget(&form.key());
            if form.rule.is_some() || form.unhides.is_some() {
                return rules::open(model);
            }
            if form.about.as_ref().is_some_and(|about| about.drift.is_none()) {
                model.overlay = Some(Overlay::Untold);
            }
            vec![]
        }
        Some(Overlay::Confirm { plan, .. }) if plan.draft.is_some() => {
            model.notice(false, format!("{}: not done; the form still has what you typed", plan.word));
            if plan.rule.is_some() {
                return rules::open(model);
            }
            model.overlay = plan.never_hide.as_deref().and_then(never_hide::origin);
            vec![]
        }
        Some(Overlay::Untold) => untold::back(model),
        Some(Overlay::Incident) => incident::back(model),
        Some(Overlay::Resource) => resource::back(model),
        Some(Overlay::History) => resource::leave_history(model),
        Some(Overlay::Sheet) => sheet::back(model),
        Some(Overlay::Confirm { plan, .. }) if plan.rule.is_some() || plan.never_hide.is_some() => rules::open(model),
        _ => vec![],
    }
}

fn mark_all(model: &mut Model) -> Vec<Effect> {
    let rows = model.timeline.window.rows(0).filter(|event| model.timeline.filter.matches(event, model.now));
    let targets: Vec<_> = rows.map(|event| model.target(event)).collect();
    model.marks.extend(targets.into_iter().map(|target| (target.id, target)));
    let more = model.timeline.window.older().is_some() || model.timeline.window.newer().is_some();
    let tail = if more { "; there are more that are not loaded" } else { "" };
    let count = notice::count(model.marks.len(), "drift");
    model.notice(false, format!("{count} marked{tail}"));
    vec![]
}

/// Runs what the palette picked.
pub fn picked(model: &mut Model, item: palette::Item) -> Vec<Effect> {
    match item {
        palette::Item::Action(action) => run(model, action),
        palette::Item::Environment(slug) => load::environment(model, slug),
        palette::Item::Theme(at) => quietly(|| model.theme = at),
        palette::Item::Keymap(at) => quietly(|| model.keymap = at),
    }
}
