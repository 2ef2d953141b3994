//! What is hidden in an environment: listed, searched, and brought to light.

use crate::drift::UntoldPage;
use crate::safety::sanitise;
use crate::service::ServiceError;
use crate::tui::app::input::Line;
use crate::tui::app::model::Pane;
use crate::tui::app::msg::Ticket;
use crate::tui::app::overlay::Overlay;
use crate::tui::app::timeline::Shown;
use crate::tui::app::untold::UntoldList;
use crate::tui::app::{Effect, Model};

/// The environment under the cursor, that of the selected drift, or the only one.
pub fn environment(model: &Model) -> Option<crate::drift::Slug> {
    let of_drift = || model.timeline.selected().map(|event| event.environment.clone());
    let only = || match model.environments.list.as_slice() {
        [only] => Some(only.environment.slug.clone()),
        _ => None,
    };
    model.environments.cursor.clone().or_else(of_drift).or_else(only)
}

pub fn open(model: &mut Model) -> Vec<Effect> {
    let Some(slug) = environment(model) else { return vec![] };
    match &mut model.untold {
        Some(list) if list.environment == slug => list.is_old(),
        other => *other = Some(UntoldList::new(slug)),
    }
    model.overlay = Some(Overlay::Untold);
    vec![]
}

/// After every message: asks for what the cursor needs.
pub fn follow(model: &mut Model) -> Option<Effect> {
    if model.overlay != Some(Overlay::Untold) || !model.connected() {
        return None;
    }
    let request = model.untold.as_ref()?.wants()?;
    let ticket = model.ticket();
    model.untold.as_mut()?.ask(ticket, request.clone());
    Some(Effect::LoadUntold(ticket, request))
}

pub fn came(model: &mut Model, ticket: Ticket, answer: Result<UntoldPage, ServiceError>) -> Vec<Effect> {
    if let Some(list) = &mut model.untold {
        list.came(ticket, answer.map_err(|why| sanitise::line(&why.to_string())));
    }
    vec![]
}

/// Types the words that a row must have.
pub fn filter(model: &mut Model) -> Vec<Effect> {
    if let Some(list) = &mut model.untold {
        list.typing = true;
    }
    vec![]
}

/// The nearest thing to leave: the words, then the list.
pub fn back(model: &mut Model) -> Vec<Effect> {
    let Some(list) = &mut model.untold else { return vec![] };
    if list.typing || !list.line.text().is_empty() {
        (list.typing, list.line, list.at) = (false, Line::new(""), 0);
        model.overlay = Some(Overlay::Untold);
    }
    vec![]
}

/// The words stand; or to the drift, when other properties of the resource are one.
pub fn enter(model: &mut Model) -> Vec<Effect> {
    model.overlay = Some(Overlay::Untold);
    let Some(list) = &mut model.untold else { return vec![] };
    if std::mem::take(&mut list.typing) {
        return vec![];
    }
    let Some(row) = list.current().cloned() else { return vec![] };
    if !row.drifted {
        model.notice(false, "the resource is in sync: the timeline has nothing about it");
        return vec![];
    }
    let slug = list.environment.clone();
    model.overlay = None;
    model.focus = Pane::Timeline;
    super::jump::resource(model, &slug, row.resource.resource_id.raw(), Shown::Open)
}
