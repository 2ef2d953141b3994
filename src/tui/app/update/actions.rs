//! What each action does.

use super::{
    copying, feel, forms, groups, home, incident, jump, links, load, markers, marking, models, moves, narrative,
    never_hide, offers, palette, plan, query, question, repeat, resource, rules, sheet, silent, undo, untold, views,
    waiting, who,
};
use crate::service::Settle;
use crate::tui::app::action::Action;
use crate::tui::app::effect::{Effect, Exit};
use crate::tui::app::model::Pane;
use crate::tui::app::overlay::{FormKind, Overlay, Palette};
use crate::tui::app::{Model, notice};
use crate::tui::panes::layout;

/// Does it, or says why not.
pub fn run(model: &mut Model, action: Action) -> Vec<Effect> {
    if let Some(why) = action.disabled(model) {
        model.notice(false, format!("{}: {why}", action.entry().name));
        return vec![];
    }
    if let Some(effects) = groups::gather(model, action) {
        return effects;
    }
    match action {
        Action::Acknowledge => plan::acknowledge(model),
        Action::Reopen => plan::reopen(model),
        Action::Undo if matches!(model.overlay, Some(Overlay::Views { .. })) => views::restore(model),
        Action::Undo if waiting::can_take_back(model) => waiting::take_back(model),
        Action::KeepTheirs => waiting::take_back(model),
        Action::ApplyMine => waiting::on_top(model),
        Action::KeepAllTheirs => waiting::all(model, Settle::TakeBack),
        Action::ApplyAllMine => waiting::all(model, Settle::OnTop),
        Action::Waiting => waiting::open(model),
        Action::Undo => undo::undo(model),
        Action::Decisions => undo::open(model),
        Action::Repeat => repeat::again(model),
        Action::ResolveChange => forms::open(model, FormKind::ResolveChange),
        Action::ReopenChange => plan::reopen_change(model),
        Action::Accept => forms::open(model, FormKind::Accept),
        Action::Escalate => forms::open(model, FormKind::Escalate),
        Action::Resolve => forms::open(model, FormKind::Resolve),
        Action::Snooze => forms::open(model, FormKind::Snooze),
        Action::Assign => forms::open(model, FormKind::Assign),
        Action::Note => forms::open(model, FormKind::Note),
        Action::JudgeCause => forms::open(model, FormKind::JudgeCause),
        Action::Advise => forms::open(model, FormKind::Advise),
        Action::Tick => forms::open(model, FormKind::Tick),
        Action::Ignore => forms::open(model, FormKind::Ignore),
        Action::RequestRemediation => forms::open(model, FormKind::Remediate),
        Action::ApproveRemediation => forms::open(model, FormKind::Approve),
        Action::RejectRemediation => forms::open(model, FormKind::Reject),
        Action::CancelRemediation => forms::open(model, FormKind::CancelRemediation),
        Action::LinkDrifts => forms::open(model, FormKind::Link),
        Action::UnlinkDrifts => forms::open(model, FormKind::Unlink),
        Action::SplitDrift => links::split(model),
        Action::WholeIncident => jump::incident(model),
        Action::Rules => rules::open(model),
        Action::HiddenList => untold::open(model),
        Action::FindEnvironments => offers::open(model),
        Action::Incident | Action::Span => incident::open(model),
        Action::Earlier => incident::scrub(model, -1),
        Action::Later => incident::scrub(model, 1),
        // Keymaps have keys of their own for left and right.
        Action::Left if model.overlay == Some(Overlay::Incident) => incident::scrub(model, -1),
        Action::Right if model.overlay == Some(Overlay::Incident) => incident::scrub(model, 1),
        Action::TurnOrder => incident::turn(model),
        Action::NextEnvironment => incident::next_environment(model),
        Action::Export => incident::export(model),
        Action::AddMarker => markers::ask(model),
        Action::EndMarker => markers::end(model),
        Action::CopyLink if model.overlay == Some(Overlay::Resource) => resource::copy_link(model),
        Action::CopyLink => markers::copy_link(model),
        Action::Resource => resource::open(model),
        Action::History => resource::history(model),
        Action::Who => who::open(model),
        Action::Narrative => narrative::open(model),
        Action::AskGemini => question::open(model),
        Action::Models => models::open(model),
        Action::ActivateModel => models::activate(model),
        Action::RollbackModel => models::roll_back(model),
        Action::Analyse => match model.timeline.selected() {
            Some(event) => vec![Effect::Analyse(event.id)],
            None => vec![],
        },
        Action::Audit => resource::audit(model),
        Action::EditRule if model.rules.current_never_hide().is_some() => never_hide::edit(model),
        Action::DeleteRule if model.rules.current_never_hide().is_some() => never_hide::delete(model),
        Action::EditRule => rules::edit(model),
        Action::DeleteRule => rules::delete(model),
        Action::NeverHide => forms::open(model, FormKind::NeverHide),
        Action::Mark => marking::one(model),
        Action::MarkRange => marking::range(model),
        Action::MarkAll => marking::loaded(model),
        Action::MarkMatching => marking::matching(model),
        Action::UnmarkAll => marking::none(model),
        Action::NextChange => moves::change(model, 1),
        Action::PreviousChange => moves::change(model, -1),
        Action::ToggleUnified | Action::ToggleFold | Action::ToggleWhole | Action::CycleSyntax | Action::ToggleWrap => {
            diff(model, action)
        }
        Action::ToggleHidden => {
            let effects = moves::toggle_hidden(model);
            silent::unseen(model, action);
            effects
        }
        Action::CopyAddress | Action::CopyPath | Action::CopyValue | Action::CopyId
            if model.overlay == Some(Overlay::Resource) =>
        {
            resource::copy(model, action)
        }
        Action::CopyAddress | Action::CopyPath | Action::CopyValue | Action::CopyId => copying::copy(model, action),
        Action::CopyRevert | Action::CopyImport | Action::CopyDrift => copying::copy(model, action),
        Action::Scan => vec![Effect::Scan(scanned(model))],
        Action::ScanAll => vec![Effect::Scan(None)],
        Action::CancelScan => vec![Effect::CancelScan(model.environments.cursor.clone())],
        Action::Redraw => vec![Effect::Redraw],
        Action::Suspend => vec![Effect::Suspend],
        Action::Reload => {
            silent::says(model, "reload: everything is loaded again");
            load::everything(model)
        }
        Action::Quit => quit(model),
        _ => view(model, action),
    }
}

/// How the diff is shown.
fn diff(model: &mut Model, action: Action) -> Vec<Effect> {
    let detail = &mut model.detail;
    match action {
        Action::ToggleFold => detail.fold = !detail.fold,
        Action::ToggleWhole => detail.only_changed = !detail.only_changed,
        Action::CycleSyntax => detail.syntax = detail.syntax.next(),
        Action::ToggleWrap => detail.wrap = !detail.wrap,
        _ if silent::too_narrow(model) => return vec![],
        _ => model.detail.unified = !model.detail.unified,
    }
    silent::unseen(model, action);
    vec![]
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
        Action::Zoom => zoom(model),
        Action::Enter if model.overlay.is_some() => enter(model),
        Action::Enter => groups::toggle(model).unwrap_or_else(|| match model.focus {
            Pane::Recommendations => silent::says(model, "enter: there is nothing further in"),
            _ => turn(model, 1),
        }),
        Action::Back if model.overlay.is_some() => leave(model),
        Action::Back => back(model),
        Action::Filter if model.overlay == Some(Overlay::Untold) => untold::filter(model),
        Action::Filter => query::open(model),
        Action::CycleSort => query::cycle_sort(model),
        Action::CycleGroup => query::cycle_group(model),
        Action::Views => views::open(model),
        Action::SaveView => query::name(model),
        Action::DeleteView => views::delete(model),
        Action::ClearFilter => load::filtered(model, |filter| filter.clear()),
        Action::CycleState => load::filtered(model, |filter| filter.shown = filter.shown.next()),
        Action::CycleSeverity => load::filtered(model, |filter| filter.cycle_severity()),
        Action::AllEnvironments if model.environments.cursor.is_none() => {
            silent::says(model, "all environments are shown already")
        }
        Action::AllEnvironments => load::environment(model, None),
        Action::Notices => {
            model.notices.open();
            overlay(model, Overlay::Notices { scroll: 0 })
        }
        Action::Trends => home::open(model),
        Action::Palette => overlay(model, Overlay::Palette(Palette::default())),
        Action::Help => overlay(model, Overlay::Help { scroll: 0 }),
        Action::Themes => feel::choose_theme(model),
        Action::ToggleUtc => feel::toggle_utc(model),
        Action::Tutorial => feel::tutorial(model),
        Action::NextTheme => {
            let next = (model.theme + 1) % model.themes.len();
            feel::take_theme(model, next)
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

fn zoom(model: &mut Model) -> Vec<Effect> {
    let before = layout::plan(model);
    model.zoom = !model.zoom;
    if layout::plan(model) != before {
        return vec![];
    }
    model.zoom = false;
    silent::says(model, "zoom: there is room for one pane only")
}

fn turn(model: &mut Model, by: u8) -> Vec<Effect> {
    focus(model, Pane::ALL[(model.focus as usize + usize::from(by)) % Pane::ALL.len()])
}

/// The nearest thing to leave: zoom, marks, a pane on the right, a resource that was jumped to, the filter.
fn back(model: &mut Model) -> Vec<Effect> {
    if model.zoom {
        return quietly(|| model.zoom = false);
    }
    if matches!(model.focus, Pane::Diff | Pane::Recommendations) {
        return focus(model, Pane::Timeline);
    }
    if !model.marks.is_empty() {
        return marking::none(model);
    }
    if model.timeline.close() {
        return load::follow(model);
    }
    if let Some(effects) = jump::back(model) {
        return effects;
    }
    if model.timeline.filter.is_narrowed() {
        return load::filtered(model, |filter| filter.clear());
    }
    silent::nothing_to_leave(model)
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
        Some(Overlay::Confirm { plan, .. }) => plan::apply(model, plan),
        Some(Overlay::Form(form)) => forms::submit(model, form),
        Some(Overlay::Palette(state)) => palette::pick(model, &state),
        Some(Overlay::Query(line)) => query::enter(model, line),
        Some(Overlay::Views { at }) => {
            let view = model.finds.views().into_iter().nth(at);
            view.map_or(vec![], |view| views::pick(model, &view))
        }
        Some(Overlay::Rules) => rules::go(model),
        Some(Overlay::Decisions { at }) => {
            model.overlay = Some(Overlay::Decisions { at });
            run(model, Action::Undo)
        }
        Some(Overlay::Waiting) => waiting::enter(model),
        Some(Overlay::SettleAll { how, ids, .. }) => waiting::settle_all(model, how, ids),
        Some(Overlay::Collision) => {
            model.overlay = Some(Overlay::Collision);
            silent::says(model, "choose: keep theirs, or apply yours on top; leaving decides later")
        }
        Some(Overlay::Untold) => untold::enter(model),
        Some(Overlay::Offers) => offers::enter(model),
        Some(Overlay::Themes { .. }) => {
            let at = model.theme;
            feel::take_theme(model, at)
        }
        Some(Overlay::Tutorial(at)) => feel::step(model, at + 1),
        Some(Overlay::Incident) => {
            model.overlay = Some(Overlay::Incident);
            incident::enter(model)
        }
        Some(Overlay::Resource) => resource::enter(model),
        Some(Overlay::History) => resource::leave_history(model),
        Some(Overlay::Who) => who::back(model),
        Some(Overlay::Narrative) => narrative::back(model),
        Some(Overlay::Question) => question::enter(model),
        Some(Overlay::Sheet) => sheet::back(model),
        Some(Overlay::Help { .. } | Overlay::Notices { .. } | Overlay::Trends { .. } | Overlay::Models) | None => {
            vec![]
        }
    }
}

/// Closes the overlay without doing anything.
fn leave(model: &mut Model) -> Vec<Effect> {
    match model.overlay.take() {
        Some(Overlay::Query(line)) => query::leave(model, line),
        Some(Overlay::Form(form)) => forms::leave(model, form),
        Some(Overlay::Confirm { plan, .. }) if plan.draft.is_some() => {
            model.notice(false, format!("{}: not done; the form still has what you typed", plan.word));
            if plan.rule.is_some() {
                return rules::open(model);
            }
            model.overlay = plan.never_hide.as_deref().and_then(never_hide::origin);
            vec![]
        }
        Some(Overlay::SettleAll { .. }) => {
            model.overlay = Some(Overlay::Waiting);
            vec![]
        }
        Some(Overlay::Untold) => untold::back(model),
        Some(Overlay::Themes { before }) => quietly(|| model.theme = before),
        Some(Overlay::Tutorial(_)) => feel::end_tutorial(model),
        Some(Overlay::Incident) => incident::back(model),
        Some(Overlay::Resource) => resource::back(model),
        Some(Overlay::Who) => who::back(model),
        Some(Overlay::Narrative) => narrative::back(model),
        Some(Overlay::Question) => question::back(model),
        Some(Overlay::History) => resource::leave_history(model),
        Some(Overlay::Sheet) => sheet::back(model),
        Some(Overlay::Confirm { plan, .. }) if plan.rule.is_some() || plan.never_hide.is_some() => rules::open(model),
        _ => vec![],
    }
}

/// Runs what the palette picked.
pub fn picked(model: &mut Model, item: palette::Item) -> Vec<Effect> {
    match item {
        palette::Item::Action(action) => run(model, action),
        palette::Item::Environment(slug) => load::environment(model, slug),
        palette::Item::View(view) => views::pick(model, &view),
        palette::Item::Resource(place) => jump::go(model, &place),
        palette::Item::Theme(at) => feel::take_theme(model, at),
        palette::Item::Keymap(at) => quietly(|| model.keymap = at),
    }
}
