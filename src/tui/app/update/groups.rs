//! The grouped timeline: its rows, opening one, and decisions about all members of one.

use super::{load, marking};
use crate::drift::query::Groups;
use crate::safety::sanitise;
use crate::service::ServiceError;
use crate::tui::app::action::Action;
use crate::tui::app::model::Pane;
use crate::tui::app::msg::Ticket;
use crate::tui::app::timeline::Load;
use crate::tui::app::{Effect, Model};

/// Asks for the groups, if there is a grouping. `later`: they are there and something happened; once a second is enough.
pub fn load(model: &mut Model, later: bool) -> Vec<Effect> {
    let Some(by) = model.timeline.filter.group().filter(|_| model.connected()) else { return vec![] };
    let ticket = model.ticket();
    let filter = model.timeline.ask_groups(ticket, later);
    filter.map(|filter| Effect::LoadGroups(ticket, Box::new(filter), by, later)).into_iter().collect()
}

pub fn came(model: &mut Model, ticket: Ticket, answer: Result<Groups, ServiceError>) -> Vec<Effect> {
    let answer = answer.map_err(|why| sanitise::line(&why.to_string()));
    match model.timeline.take_groups(ticket, answer) {
        None => vec![],
        Some(true) => load(model, true),
        Some(false) => load::follow(model),
    }
}

/// Opens or closes the group under the cursor; `None`: there is none.
pub fn toggle(model: &mut Model) -> Option<Vec<Effect>> {
    if model.focus != Pane::Timeline || model.timeline.group().is_none() {
        return None;
    }
    Some(if model.timeline.toggle() { members(model) } else { load::follow(model) })
}

/// The first of the open group.
fn members(model: &mut Model) -> Vec<Effect> {
    let ticket = model.ticket();
    let request = model.timeline.ask(Load::Newest, ticket);
    let mut effects: Vec<Effect> = request.map(|request| Effect::LoadPage(ticket, request)).into_iter().collect();
    effects.extend(load::follow(model));
    effects
}

/// A decision with the cursor on a group is about its members: they are marked first, so that the list of them is shown.
pub fn gather(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    use Action as A;
    let decides = matches!(action, A::Acknowledge | A::Resolve | A::Accept | A::Escalate | A::Snooze)
        || matches!(action, A::Assign | A::Note | A::Reopen | A::Mark);
    let all = action == A::MarkAll && model.timeline.is_grouped();
    let group = model.timeline.group().map(|group| group.key);
    if !all && (!decides || !model.connected() || group.is_none() || (action != A::Mark && !model.marks.is_empty())) {
        return None;
    }
    let member = if all { model.timeline.filter.member } else { group };
    let filter = crate::store::DriftFilter { member, ..model.timeline.filter.request() };
    Some(marking::look(model, action, filter))
}
