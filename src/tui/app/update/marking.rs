//! What a decision will be about: one drift, a range, all that are loaded, all that pass the filter.

use super::load;
use crate::service::ServiceError;
use crate::store::{DriftFilter, Match, Matching};
use crate::tui::app::action::Action;
use crate::tui::app::msg::Ticket;
use crate::tui::app::overlay::{Overlay, Target};
use crate::tui::app::{Effect, Model, notice};

/// The one under the cursor, and on to the next.
pub fn one(model: &mut Model) -> Vec<Effect> {
    let Some(target) = model.timeline.selected().map(|event| model.target(event)) else { return vec![] };
    if model.marks.remove(&target.id).is_none() {
        model.marks.insert(target.id, target);
    }
    model.timeline.move_by(1);
    load::follow(model)
}

/// From here; the second time: all from there to here.
pub fn range(model: &mut Model) -> Vec<Effect> {
    let Some(here) = model.timeline.position() else { return vec![] };
    let Some(anchor) = model.anchor.take() else {
        let target = model.timeline.selected().map(|event| model.target(event));
        model.anchor = target.as_ref().map(|target| target.id);
        add(model, target.into_iter().collect());
        model.notice(false, "a range begins here: go to its other end and press the same key");
        return vec![];
    };
    let Some(there) = model.timeline.window.position(anchor) else {
        model.notice(true, "where the range begins is not loaded any more: mark its beginning again");
        return vec![];
    };
    let (first, last) = (here.min(there), here.max(there));
    let rows = model.timeline.window.rows(first).take(last - first + 1);
    let targets = rows.map(|event| model.target(event)).collect();
    add(model, targets);
    said(model, "");
    vec![]
}

/// All that are loaded and pass the filter.
pub fn loaded(model: &mut Model) -> Vec<Effect> {
    let rows = model.timeline.window.rows(0).filter(|event| model.timeline.filter.matches(event, model.now));
    let targets = rows.map(|event| model.target(event)).collect();
    add(model, targets);
    let window = &model.timeline.window;
    let more = window.older().is_some() || window.newer().is_some();
    said(model, if more { "; there are more that are not loaded" } else { "" });
    vec![]
}

/// All that pass the filter, loaded or not: asks for them.
pub fn matching(model: &mut Model) -> Vec<Effect> {
    model.notice(false, "looking for all that pass the filter");
    let filter = model.timeline.filter.request();
    look(model, Action::MarkMatching, filter)
}

/// Asks for all that a filter finds, to mark them, or to decide about them.
pub fn look(model: &mut Model, action: Action, filter: DriftFilter) -> Vec<Effect> {
    let ticket = model.ticket();
    model.gathering = Some((ticket, action));
    vec![Effect::LoadMatching(ticket, Box::new(filter))]
}

/// They are there: marks them, and goes on with the decision.
pub fn came(model: &mut Model, ticket: Ticket, answer: Result<Matching, ServiceError>) -> Vec<Effect> {
    let Some((_, action)) = model.gathering.take_if(|(waiting, _)| *waiting == ticket) else { return vec![] };
    let found = match answer {
        Ok(found) => found,
        Err(why) => {
            let why = crate::safety::sanitise::line(&why.to_string());
            model.notice(true, format!("{}: {why}", action.entry().name));
            return vec![];
        }
    };
    let tail = if found.complete { "" } else { "; there are more, which are not marked: narrow the filter" };
    let targets: Vec<Target> = found.targets.into_iter().map(target).collect();
    if !matches!(action, Action::Mark | Action::MarkAll | Action::MarkMatching) {
        return decide(model, action, targets, tail);
    }
    let is_marked = |target: &Target| model.marks.contains_key(&target.id);
    if action != Action::MarkMatching && targets.iter().all(is_marked) {
        targets.iter().for_each(|target| drop(model.marks.remove(&target.id)));
    } else {
        add(model, targets);
    }
    said(model, tail);
    vec![]
}

/// The marks are only lent for the decision: see [`settle`].
fn decide(model: &mut Model, action: Action, targets: Vec<Target>, tail: &str) -> Vec<Effect> {
    // Somebody may have opened or marked something else meanwhile.
    if model.overlay.is_some() || !model.marks.is_empty() {
        let name = action.entry().name;
        model.notice(true, format!("{name}: nothing was decided, since you went on before the drifts were found"));
        return vec![];
    }
    if targets.is_empty() {
        model.notice(false, format!("{}: none of the group is there any more", action.entry().name));
        return vec![];
    }
    if !tail.is_empty() {
        let count = notice::count(targets.len(), "drift");
        model.notice(true, format!("{count} found{tail}"));
    }
    model.lent = true;
    add(model, targets);
    super::actions::run(model, action)
}

/// After every message: marks that were lent to a decision go with its dialog, done or not. As before it nothing is marked.
pub fn settle(model: &mut Model) {
    if model.lent && !matches!(model.overlay, Some(Overlay::Form(_) | Overlay::Confirm { .. })) {
        model.marks.clear();
        model.lent = false;
    }
}

fn target(one: Match) -> Target {
    let Match { id, version, environment, resource_id, severity, state, .. } = one;
    Target { id, version, environment, state, class: severity, label: resource_id }
}

pub fn none(model: &mut Model) -> Vec<Effect> {
    model.marks.clear();
    (model.anchor, model.gathering) = (None, None);
    vec![]
}

fn add(model: &mut Model, targets: Vec<Target>) {
    model.marks.extend(targets.into_iter().map(|target| (target.id, target)));
}

fn said(model: &mut Model, tail: &str) {
    let count = notice::count(model.marks.len(), "drift");
    model.notice(false, format!("{count} marked{tail}"));
}
