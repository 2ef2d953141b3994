//! Asks how much happened when, where there is room to show it.

use crate::drift::Incident;
use crate::safety::sanitise;
use crate::service::ServiceError;
use crate::tui::app::heat::About;
use crate::tui::app::model::Pane;
use crate::tui::app::msg::Ticket;
use crate::tui::app::{Effect, Model};
use crate::tui::panes::layout;

/// After every message: asks for what is missing or old.
pub fn follow(model: &mut Model) -> Option<Effect> {
    let plan = layout::plan(model);
    if plan.heat_rows() == 0 || !model.connected() {
        return None;
    }
    let filter = &model.timeline.filter;
    // Beside another pane a line is drawn between them.
    let area = plan.area_of(Pane::Timeline);
    let columns = usize::from(if area.x > 0 { area.width.saturating_sub(2) } else { area.width });
    let about = About { environment: filter.environment.clone(), window: filter.query().window, columns };
    let (request, scale) = model.heat.wants(&about, model.now, &model.zone)?;
    let (ticket, now) = (model.ticket(), model.now);
    model.heat.ask((ticket, scale), about, now);
    Some(Effect::LoadHeat(ticket, request))
}

pub fn came(model: &mut Model, ticket: Ticket, answer: Result<Box<Incident>, ServiceError>) -> Vec<Effect> {
    model.heat.came(ticket, answer.map(|found| *found).map_err(|why| sanitise::line(&why.to_string())));
    vec![]
}
