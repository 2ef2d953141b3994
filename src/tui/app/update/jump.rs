//! The palette finds resources too: the service is asked while somebody types, and what it finds can be gone to.

use super::load;
use crate::drift::query::{Query, edit};
use crate::drift::{DriftId, Slug};
use crate::service::ServiceError;
use crate::store::{Direction, DriftFilter, Page, PageRequest};
use crate::tui::app::model::Pane;
use crate::tui::app::msg::Ticket;
use crate::tui::app::overlay::Overlay;
use crate::tui::app::timeline::{Filter, Shown};
use crate::tui::app::{Effect, Model};

/// Letters from which resources are looked for.
const LETTERS: usize = 2;
/// Resources shown.
const FOUND: usize = 20;

/// A resource with drift.
#[derive(Clone, PartialEq, Debug)]
pub struct Place {
    pub drift: DriftId,
    pub environment: Slug,
    pub resource_type: crate::safety::Tainted,
    pub resource_id: crate::safety::Tainted,
}

/// Where one was before a jump showed one resource and nothing else.
#[derive(Clone, PartialEq, Debug)]
pub struct Departure {
    pub filter: Filter,
    pub drift: Option<DriftId>,
    /// What is shown since. With anything else the visit is over.
    there: Filter,
    /// It is nowhere else; an incident may be.
    is_resource: bool,
}

/// What the visit that is going on began with.
pub fn departure(model: &Model) -> Option<&Departure> {
    model.departure.as_ref().filter(|from| from.there == model.timeline.filter)
}

/// The same, of a visit to one resource.
pub fn of_resource(model: &Model) -> Option<&Departure> {
    departure(model).filter(|from| from.is_resource)
}

/// Shows something else of what is visited, if anything is: one can still go back from it.
pub fn go_on(model: &mut Model, change: impl FnOnce(&mut Model) -> Vec<Effect>) -> Vec<Effect> {
    let is_visit = departure(model).is_some_and(|from| !from.is_resource);
    let effects = change(model);
    let there = model.timeline.filter.clone();
    model.departure.iter_mut().filter(|_| is_visit).for_each(|from| from.there.clone_from(&there));
    effects
}

/// Back to where the jump began; `None`: there was none.
pub fn back(model: &mut Model) -> Option<Vec<Effect>> {
    let from = departure(model)?.clone();
    model.environments.cursor.clone_from(&from.filter.environment);
    (model.returns_to, model.departure) = (from.drift, None);
    Some(load::filtered(model, |filter| *filter = from.filter))
}

/// Asks for resources with what is typed in them; what was found before stays until the answer comes.
pub fn ask(model: &mut Model) -> Vec<Effect> {
    let ticket = model.ticket();
    let connected = model.connected();
    let Some(Overlay::Palette(palette)) = &mut model.overlay else { return vec![] };
    let typed = palette.line.text().trim();
    palette.asked = None;
    if typed.chars().count() < LETTERS || !connected {
        palette.found.clear();
        return vec![];
    }
    let Ok(query) = edit::of_words(typed).parse::<Query>() else { return vec![] };
    palette.asked = Some(ticket);
    let filter = DriftFilter { query, ..DriftFilter::default() };
    vec![Effect::LoadJump(ticket, PageRequest { filter, cursor: None, direction: Direction::Older, limit: FOUND })]
}

pub fn came(model: &mut Model, ticket: Ticket, answer: Result<Page, ServiceError>) -> Vec<Effect> {
    let Some(Overlay::Palette(palette)) = &mut model.overlay else { return vec![] };
    if palette.asked != Some(ticket) {
        return vec![];
    }
    palette.asked = None;
    // Without an answer the palette has everything else; the timeline says what is wrong with the service.
    let Ok(page) = answer else { return vec![] };
    let mut found: Vec<Place> = vec![];
    for event in page.data {
        let place = Place {
            drift: event.id,
            environment: event.environment,
            resource_type: event.resource.resource_type,
            resource_id: event.resource.resource_id,
        };
        let same = |other: &Place| other.environment == place.environment && other.resource_id == place.resource_id;
        if !found.iter().any(same) {
            found.push(place);
        }
    }
    super::palette::take_found(model, found);
    vec![]
}

/// To the resource: where it is listed already the cursor goes there, else the timeline shows nothing but it.
pub fn go(model: &mut Model, place: &Place) -> Vec<Effect> {
    model.focus = Pane::Timeline;
    if let Some(row) = model.timeline.window.position(place.drift).filter(|_| !model.timeline.is_grouped()) {
        model.timeline.select_at(row);
        return load::follow(model);
    }
    resource(model, &place.environment, place.resource_id.raw(), Shown::All)
}

/// The drift of one resource, and nothing else.
pub fn resource(model: &mut Model, environment: &Slug, address: &str, shown: Shown) -> Vec<Effect> {
    visit(model, Some(environment.clone()), &edit::of_resource(address), shown)
}

/// Everything the selected drift belongs together with, in whatever state and environment.
pub fn incident(model: &mut Model) -> Vec<Effect> {
    let Some(id) = model.timeline.selected_id() else { return vec![] };
    model.focus = Pane::Timeline;
    model.returns_to = Some(id);
    visit(model, None, &edit::of_incident(id), Shown::All)
}

/// Shows what a query finds and nothing else, until somebody goes back.
fn visit(model: &mut Model, environment: Option<Slug>, text: &str, shown: Shown) -> Vec<Effect> {
    let (now, zone) = (model.now, model.zone.clone());
    let from = departure(model).map_or_else(
        || (model.timeline.filter.clone(), model.timeline.selected_id()),
        |from| (from.filter.clone(), from.drift),
    );
    let is_resource = environment.is_some();
    model.environments.cursor.clone_from(&environment);
    let mut effects = load::filtered(model, |filter| {
        filter.clear();
        (filter.environment, filter.shown) = (environment, shown);
        // Quoted text is always a query, unless it is longer than any address.
        let _ = filter.ask(text, now, &zone);
    });
    let there = model.timeline.filter.clone();
    model.departure = Some(Departure { filter: from.0, drift: from.1, there, is_resource });
    effects.extend(load::follow(model));
    effects
}
