//! What a decision will be about: one drift, a range, all that are loaded, all that pass the filter.

use super::load;
use crate::service::ServiceError;
use crate::store::{Match, Matching};
use crate::tui::app::msg::Ticket;
use crate::tui::app::overlay::Target;
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
    let ticket = model.ticket();
    model.matching = Some(ticket);
    model.notice(false, "looking for all that pass the filter");
    vec![Effect::LoadMatching(ticket, Box::new(model.timeline.filter.request()))]
}

pub fn came(model: &mut Model, ticket: Ticket, answer: Result<Matching, ServiceError>) -> Vec<Effect> {
    if model.matching != Some(ticket) {
        return vec![];
    }
    model.matching = None;
    match answer {
        Ok(found) => {
            add(model, found.targets.into_iter().map(target).collect());
            said(model, if found.complete { "" } else { "; there are more that pass the filter: narrow it" });
        }
        Err(why) => model.notice(true, format!("mark-matching: {}", crate::safety::sanitise::line(&why.to_string()))),
    }
    vec![]
}

fn target(one: Match) -> Target {
    let Match { id, version, environment, resource_id, severity, state, .. } = one;
    Target { id, version, environment, state, class: severity, label: resource_id }
}

pub fn none(model: &mut Model) -> Vec<Effect> {
    model.marks.clear();
    (model.anchor, model.matching) = (None, None);
    vec![]
}

fn add(model: &mut Model, targets: Vec<Target>) {
    model.marks.extend(targets.into_iter().map(|target| (target.id, target)));
}

fn said(model: &mut Model, tail: &str) {
    let count = notice::count(model.marks.len(), "drift");
    model.notice(false, format!("{count} marked{tail}"));
}
