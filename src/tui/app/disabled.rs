//! Why an action cannot be done now. One sentence each; shown where the key would have worked, in palette and help.

use super::Model;
use super::action::Action;
use super::overlay::{Overlay, Target};
use super::update::copying;
use crate::compare::DRIFTIGNORE;
use crate::drift::{RemediationVerb, SettledChange, State};
use crate::gemini::GeminiSpec;
use crate::service::permission;

pub fn never(_: &Model) -> Option<String> {
    None
}

pub fn disconnected(model: &Model) -> Option<String> {
    (!model.connected()).then(|| "still connecting".into())
}

pub fn nothing_waits(model: &Model) -> Option<String> {
    model.waiting.all().is_empty().then(|| "the server has every decision".into())
}

pub fn apply_mine(model: &Model) -> Option<String> {
    no_collision(model).or_else(|| deciding(model))
}

pub fn no_collisions(model: &Model) -> Option<String> {
    let is_there = super::update::waiting::colliding(model).next().is_some();
    (!is_there).then(|| "nobody was faster than you".into())
}

pub fn apply_all_mine(model: &Model) -> Option<String> {
    no_collisions(model).or_else(|| deciding(model))
}

pub fn no_collision(model: &Model) -> Option<String> {
    let is_there = super::update::waiting::collision(model).is_some();
    (!is_there).then(|| "nobody was faster than you there".into())
}

pub fn no_query(model: &Model) -> Option<String> {
    (!matches!(model.overlay, Some(Overlay::Query(_)))).then(|| "the query line is not open".into())
}

pub fn view(model: &Model) -> Option<String> {
    match super::update::views::chosen(model) {
        None => Some("the list of views is not open".into()),
        Some(view) => view.is_built_in.then(|| "it is built in".into()),
    }
}

pub fn no_drift(model: &Model) -> Option<String> {
    model.timeline.selected().is_none().then(|| "no drift is selected".into())
}

/// The drift under the cursor, in incident mode and in the panes.
pub fn nothing_looked_at(model: &Model) -> Option<String> {
    let nothing = || super::update::resource::looked_at(model).is_none().then(|| "no drift is selected".into());
    disconnected(model).or_else(nothing)
}

/// It is this process that asks, wherever the drift comes from.
pub fn ask_gemini(model: &Model) -> Option<String> {
    let why = || model.gemini.off.clone().unwrap_or_else(|| GeminiSpec::OFF.into());
    nothing_looked_at(model).or_else(|| model.gemini.spec.is_none().then(why))
}

pub fn nothing_found(model: &Model) -> Option<String> {
    let is_there = model.incident.as_ref().is_some_and(|view| view.found.is_some());
    (!is_there).then(|| "there is nothing to write yet".into())
}

/// What goes on can be said wherever something can be decided.
pub fn mark(model: &Model) -> Option<String> {
    disconnected(model).or_else(|| deciding(model))
}

pub fn open_marker(model: &Model) -> Option<String> {
    mark(model).or_else(|| match super::update::markers::current(model) {
        None => Some("no mark is selected".into()),
        Some(one) => (!one.is_open(model.now)).then(|| "it is over".into()),
    })
}

pub fn link(model: &Model) -> Option<String> {
    if model.overlay == Some(Overlay::Resource) {
        return match super::update::resource::near(model) {
            None => Some("go up to what stands near it: a commit, a ticket, an alert".into()),
            Some(one) => one.event_data.link.is_none().then(|| "it has no link".into()),
        };
    }
    match super::update::markers::current(model) {
        None => Some("no mark is selected".into()),
        Some(one) => one.context_data.link.is_none().then(|| "the mark has no link".into()),
    }
}

pub fn no_change(model: &Model) -> Option<String> {
    no_drift(model).or_else(|| model.selected_change().is_none().then(|| "the drift has no change to copy".into()))
}

pub fn no_marks(model: &Model) -> Option<String> {
    model.marks.is_empty().then(|| "nothing is marked".into())
}

/// The service refuses it too, in these words.
fn deciding(model: &Model) -> Option<String> {
    permission::deciding(model.read_only()).err().map(|refusal| refusal.to_string())
}

/// Decisions: connected, not read-only, something to decide on that is not being decided already. Of several drifts those that
/// cannot be decided are left out, and the plan says so.
pub fn decide(model: &Model) -> Option<String> {
    disconnected(model).or_else(|| deciding(model)).or_else(|| no_target(model)).or_else(|| {
        let busy = model.targets().iter().all(|t| model.pending.contains_key(&t.id));
        busy.then(|| "the last decision on it is still being saved".into())
    })
}

fn no_target(model: &Model) -> Option<String> {
    if model.marks.is_empty() { no_drift(model) } else { None }
}

/// As [`decide`], and not only in protected environments.
pub fn confirm(model: &Model) -> Option<String> {
    decide(model).or_else(|| {
        let allowed = |target: &Target| permission::settling(&model.protected, [&target.environment]);
        let refusals: Result<Vec<_>, ()> =
            model.targets().iter().map(|target| allowed(target).err().ok_or(())).collect();
        refusals.ok()?.first().map(ToString::to_string)
    })
}

/// The last decision again: what it would need now.
pub fn repeat(model: &Model) -> Option<String> {
    decide(model).or_else(|| match &model.repeat {
        None => Some("nothing was decided in this session that can be done again".into()),
        Some(last) if last.is_over(model.now) => Some(format!("{}: the time it was until is over", last.word)),
        Some(last) if last.settles() => confirm(model),
        Some(_) => None,
    })
}

/// One change of the selected drift: it is there, and still open.
pub fn resolve_change(model: &Model) -> Option<String> {
    one_change(model).or_else(|| {
        let target = model.timeline.selected().map(|event| model.target(event))?;
        let refusal = permission::settling(&model.protected, [&target.environment]).err();
        refusal
            .map(|refusal| refusal.to_string())
            .or_else(|| settled(model).map(|_| "it is settled: reopen it first".into()))
    })
}

pub fn reopen_change(model: &Model) -> Option<String> {
    one_change(model).or_else(|| settled(model).is_none().then(|| "the selected change is open".into()))
}

fn one_change(model: &Model) -> Option<String> {
    let none = || model.selected_change().is_none().then(|| "no change is selected".to_owned());
    disconnected(model).or_else(|| deciding(model)).or_else(|| no_drift(model)).or_else(none).or_else(|| {
        let event = model.timeline.selected()?;
        if model.pending.contains_key(&event.id) {
            return Some("the last decision on it is still being saved".into());
        }
        (event.state_at(model.now) == State::Closed).then(|| "closed: it is gone by itself".into())
    })
}

fn settled(model: &Model) -> Option<&SettledChange> {
    model.timeline.selected()?.settled_change(&model.selected_change()?.path, model.now)
}

pub fn matching(model: &Model) -> Option<String> {
    disconnected(model).or_else(|| model.gathering.is_some().then(|| "they are being looked for".into()))
}

pub fn nothing_decided(model: &Model) -> Option<String> {
    model.decided.is_empty().then(|| "nothing was decided in this session".into())
}

pub fn copy_id(model: &Model) -> Option<String> {
    if super::update::resource::near(model).is_some() {
        return None;
    }
    copying::text(model, Action::CopyId).err()
}

pub fn copy_revert(model: &Model) -> Option<String> {
    copying::text(model, Action::CopyRevert).err()
}

pub fn copy_import(model: &Model) -> Option<String> {
    copying::text(model, Action::CopyImport).err()
}

/// Decisions about the rule under the cursor.
pub fn rule(model: &Model) -> Option<String> {
    disconnected(model)
        .or_else(|| deciding(model))
        .or_else(|| model.rules.ids().next().is_none().then(|| "there is no rule".into()))
        .or_else(|| rules_busy(model))
}

/// Who may not choose is told so by whoever keeps the models.
pub fn model(model: &Model) -> Option<String> {
    disconnected(model)
        .or_else(|| deciding(model))
        .or_else(|| model.models.current().is_none().then(|| "no model was learned yet".into()))
        .or_else(|| model.models.pending.is_some().then(|| "another version is being taken into use".into()))
}

fn rules_busy(model: &Model) -> Option<String> {
    model.rules.pending.is_some().then(|| "the last decision on the rules is still being saved".into())
}

/// The list of what is hidden in an environment.
pub fn untold(model: &Model) -> Option<String> {
    let which = || super::update::untold::environment(model);
    disconnected(model).or_else(|| which().is_none().then(|| "choose an environment first".into()))
}

/// Environments that the code here offers.
pub fn offers(model: &Model) -> Option<String> {
    disconnected(model).or_else(|| super::update::offers::missing(model.adding.as_ref()))
}

pub fn advise(model: &Model) -> Option<String> {
    decide(model).or_else(|| no_drift(model))
}

pub fn tick(model: &Model) -> Option<String> {
    advise(model).or_else(|| super::update::advising::no_step(model))
}

/// It is written with the drift, as what a scan finds.
pub fn analyse(model: &Model) -> Option<String> {
    disconnected(model)
        .or_else(|| model.read_only().map(|why| format!("read-only: {why}; nothing is analysed from here")))
        .or_else(|| no_drift(model))
}

pub fn request_remediation(model: &Model) -> Option<String> {
    answer(model).or_else(|| model.cannot_ask())
}

pub fn approve_remediation(model: &Model) -> Option<String> {
    answer(model).or_else(|| model.cannot_answer(RemediationVerb::Approve))
}

pub fn reject_remediation(model: &Model) -> Option<String> {
    answer(model).or_else(|| model.cannot_answer(RemediationVerb::Reject))
}

pub fn cancel_remediation(model: &Model) -> Option<String> {
    answer(model).or_else(|| model.cannot_answer(RemediationVerb::Cancel))
}

/// About the drift under the cursor, whatever is marked.
fn answer(model: &Model) -> Option<String> {
    let busy = || model.asking.is_some().then(|| "the last answer is still being saved".into());
    disconnected(model).or_else(|| deciding(model)).or_else(|| no_drift(model)).or_else(busy)
}

pub fn link_drifts(model: &Model) -> Option<String> {
    let alone = || super::update::links::others(model).is_empty();
    decide(model)
        .or_else(|| no_drift(model))
        .or_else(|| alone().then(|| "mark the other drifts first, then go to the one they belong to".into()))
}

pub fn unlink_drifts(model: &Model) -> Option<String> {
    let none = || super::update::links::links(model).is_empty().then(|| "nothing is linked to it".into());
    decide(model).or_else(|| no_drift(model)).or_else(none)
}

pub fn split(model: &Model) -> Option<String> {
    decide(model).or_else(|| no_drift(model))
}

pub fn reopen(model: &Model) -> Option<String> {
    decide(model).or_else(|| {
        let targets = model.targets();
        if targets.iter().any(|target| model.waiting.kept(target.id).is_some()) {
            return Some("what was decided is not sent yet: undo takes it back".into());
        }
        targets.iter().all(|t| t.state == State::Open).then(|| "it is open".into())
    })
}

pub fn undo(model: &Model) -> Option<String> {
    if matches!(model.overlay, Some(Overlay::Views { .. })) {
        return model.finds.deleted.is_none().then(|| "no view was deleted in this session".into());
    }
    if super::update::waiting::can_take_back(model) {
        return None;
    }
    disconnected(model).or_else(|| deciding(model)).or_else(|| nothing_decided(model))
}

/// A view has no scanners.
pub fn scan(model: &Model) -> Option<String> {
    disconnected(model)
        .or_else(|| model.read_only().map(|why| format!("read-only: {why}; nothing is scanned from here")))
}

pub fn no_scan(model: &Model) -> Option<String> {
    let running = model.environments.list.iter().any(|e| e.running.is_some());
    (!running).then(|| "no scan is running".into())
}

pub fn nothing_hidden(model: &Model) -> Option<String> {
    no_drift(model).or_else(|| {
        let event = model.timeline.selected()?;
        (event.hidden_count == 0 && event.unverified_count == 0)
            .then(|| "nothing of this resource is hidden or unverified".into())
    })
}

/// A rule of the comparer can be switched off; what people made themselves is taken back where it was made.
pub fn never_hide(model: &Model) -> Option<String> {
    let about = disconnected(model)
        .or_else(|| deciding(model))
        .or_else(|| rules_busy(model))
        .map_or_else(|| Ok(super::update::never_hide::about(model)), Err);
    let is_listed = model.overlay == Some(Overlay::Untold);
    match about {
        Err(why) => Some(why),
        Ok(None) if is_listed => Some("nothing that a rule hides is selected".into()),
        Ok(None) => Some("no hidden change is selected: show them, then go to the next change".into()),
        Ok(Some(hidden)) => not_of_the_comparer(&hidden.rule).map(str::to_owned),
    }
}

/// What people made themselves is no rule that could be switched off.
pub fn not_of_the_comparer(rule: &str) -> Option<&'static str> {
    match rule {
        rule if rule.starts_with("ignore") => Some("an ignore rule hides it, not the comparison: take that rule back"),
        DRIFTIGNORE => Some("a pattern of .driftignore hides it: change it there"),
        _ => None,
    }
}

pub fn one_theme(model: &Model) -> Option<String> {
    (model.themes.len() < 2).then(|| "there is no other theme".into())
}

pub fn not_filtered(model: &Model) -> Option<String> {
    (!model.timeline.filter.is_narrowed()).then(|| "no filter is set".into())
}
