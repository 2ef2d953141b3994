//! The grouped timeline: its rows, opening one, and decisions about all members of one.

use super::{actions, load};
use crate::drift::DriftEvent;
use crate::drift::query::Groups;
use crate::safety::sanitise;
use crate::service::ServiceError;
use crate::tui::app::action::Action;
use crate::tui::app::model::Pane;
use crate::tui::app::msg::Ticket;
use crate::tui::app::notice::count;
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
    let ticket = model.ticket();
    model.gathering = Some((ticket, action));
    let filter = crate::store::DriftFilter { member, ..model.timeline.filter.request() };
    Some(vec![Effect::LoadMembers(ticket, Box::new(filter))])
}

/// The members are there: marks them, and goes on with the decision.
pub fn gathered(
    model: &mut Model,
    ticket: Ticket,
    answer: Result<(Vec<DriftEvent>, bool), ServiceError>,
) -> Vec<Effect> {
    let Some((_, action)) = model.gathering.take_if(|(waiting, _)| *waiting == ticket) else { return vec![] };
    let (members, more) = match answer {
        Ok(found) => found,
        Err(why) => {
            model.notice(true, format!("{}: {}", action.entry().name, sanitise::line(&why.to_string())));
            return vec![];
        }
    };
    let targets: Vec<_> = members.iter().map(|event| model.target(event)).collect();
    let marking = matches!(action, Action::Mark | Action::MarkAll);
    if marking && targets.iter().all(|target| model.marks.contains_key(&target.id)) {
        targets.iter().for_each(|target| drop(model.marks.remove(&target.id)));
        return vec![];
    }
    let number = targets.len();
    model.marks.extend(targets.into_iter().map(|target| (target.id, target)));
    let tail = if more { "; there are more, which are not marked" } else { "" };
    model.notice(more, format!("{} marked{tail}", count(number, "drift")));
    // Somebody may have opened something else meanwhile.
    if marking || model.overlay.is_some() { vec![] } else { actions::run(model, action) }
}
