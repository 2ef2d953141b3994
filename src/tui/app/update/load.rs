//! What is asked of the service, and what comes back. One question of a kind at a time; the latest wins.

use crate::drift::{DriftEvent, Slug};
use crate::safety::sanitise;
use crate::service::{EnvironmentSummary, ServiceError};
use crate::store::Page;
use crate::tui::app::detail::Detail;
use crate::tui::app::msg::{Loaded, Ticket};
use crate::tui::app::timeline::{Filter, Load};
use crate::tui::app::{Effect, Model};

/// All three panes anew.
pub fn everything(model: &mut Model) -> Vec<Effect> {
    let mut effects = environments(model);
    effects.extend(page(model, Load::Newest));
    effects.extend(detail(model, true));
    effects.extend(super::rules::load(model));
    effects
}

/// Events were lost. What is on the screen stays; near the top it is loaded again, far from it the top waits for `g`.
pub fn after_loss(model: &mut Model) -> Vec<Effect> {
    let mut effects = environments(model);
    effects.extend(afresh(model));
    effects.extend(super::rules::load(model));
    effects.extend(detail(model, true));
    model.preview.stale = true;
    super::incident::is_old(model);
    effects
}

/// Near the top the list is loaded again; far from it the rows in sight are.
pub fn afresh(model: &mut Model) -> Vec<Effect> {
    if model.timeline.window.newer().is_none() && model.timeline.top == 0 {
        page(model, Load::Newest)
    } else {
        super::again::lost(model)
    }
}

/// The environments, once at a time.
pub fn environments(model: &mut Model) -> Vec<Effect> {
    if !model.connected() {
        return vec![];
    }
    if model.environments.loading.is_some() {
        model.environments.stale = true;
        return vec![];
    }
    let ticket = model.ticket();
    model.environments.loading = Some(ticket);
    model.environments.stale = false;
    vec![Effect::LoadEnvironments(ticket)]
}

pub fn environments_came(
    model: &mut Model,
    ticket: Ticket,
    answer: Result<Vec<EnvironmentSummary>, ServiceError>,
) -> Vec<Effect> {
    if model.environments.loading != Some(ticket) {
        return vec![];
    }
    model.environments.loading = None;
    let cursor = model.environments.cursor.clone();
    match answer {
        Ok(list) => {
            model.environments.list = list;
            forget_what_is_gone(model);
            model.environments.error = None;
        }
        Err(why) => model.environments.error = Some(sanitise::line(&why.to_string())),
    }
    let mut effects = if model.environments.stale { environments(model) } else { vec![] };
    if model.environments.cursor.is_none() && cursor.is_some() {
        effects.extend(page(model, Load::Newest));
    }
    effects
}

/// The environment of an earlier session may be scanned here no more; a list of nothing for ever would look like peace.
fn forget_what_is_gone(model: &mut Model) {
    let list = &model.environments.list;
    let is_there = |slug: &Slug| list.iter().any(|row| row.environment.slug == *slug);
    if model.environments.cursor.as_ref().is_some_and(|slug| !is_there(slug)) {
        model.environments.cursor = None;
        model.timeline.filter.environment = None;
    }
}

/// A page of the timeline.
pub fn page(model: &mut Model, load: Load) -> Vec<Effect> {
    if !model.connected() {
        return vec![];
    }
    let mut effects = if load == Load::Newest { super::groups::load(model, false) } else { vec![] };
    let ticket = model.ticket();
    effects.extend(model.timeline.ask(load, ticket).map(|request| Effect::LoadPage(ticket, request)));
    effects
}

pub fn page_came(model: &mut Model, ticket: Ticket, answer: Result<Page, ServiceError>) -> Vec<Effect> {
    if model.timeline.reads_again(ticket) {
        return super::again::came(model, answer);
    }
    if !model.timeline.answer(ticket, answer.map_err(|why| sanitise::line(&why.to_string()))) {
        return vec![];
    }
    if model.timeline.take_outdated() {
        return page(model, Load::Newest);
    }
    if let Some(row) = model.returns_to.take().and_then(|id| model.timeline.window.position(id)) {
        model.timeline.select_at(row);
        model.is_touched = true;
    }
    follow(model)
}

/// After the cursor moved: the pages and the bodies it needs.
pub fn follow(model: &mut Model) -> Vec<Effect> {
    let mut effects = match model.timeline.wants() {
        Some(load) if model.timeline.error.is_none() => page(model, load),
        _ => vec![],
    };
    effects.extend(super::again::rows(model));
    effects.extend(detail(model, false));
    effects
}

/// The bodies of the selected drift; `again` even if they are there.
pub fn detail(model: &mut Model, again: bool) -> Vec<Effect> {
    let selected = model.timeline.selected().map(|event| (event.id, event.version, event.attribution.is_some()));
    let Some((id, version, is_attributed)) = selected.filter(|_| model.connected()) else { return vec![] };
    let shown = model.detail.loaded.as_ref().map(|loaded| loaded.detail.event.id);
    // Who it was put down to comes without a new version.
    let is_fresh = |event: &DriftEvent| event.version >= version && (event.attribution.is_some() || !is_attributed);
    let fresh = model.loaded().is_some_and(|loaded| is_fresh(&loaded.detail.event));
    if fresh && !again || model.detail.loading.is_some() {
        return vec![];
    }
    if shown != Some(id) {
        rewind(model);
    }
    let ticket = model.ticket();
    model.detail.loading = Some((ticket, id));
    vec![Effect::LoadDetail(ticket, id)]
}

/// Another drift is shown from its start; how it is shown stays.
fn rewind(model: &mut Model) {
    let old = std::mem::take(&mut model.detail);
    model.detail = Detail {
        unified: old.unified,
        fold: old.fold,
        only_changed: old.only_changed,
        syntax: old.syntax,
        wrap: old.wrap,
        show_hidden: old.show_hidden,
        ..Detail::default()
    };
}

pub fn detail_came(model: &mut Model, ticket: Ticket, answer: Result<Box<Loaded>, ServiceError>) -> Vec<Effect> {
    let Some((_, id)) = model.detail.loading.filter(|(waiting, _)| *waiting == ticket) else { return vec![] };
    model.detail.loading = None;
    match answer {
        Ok(loaded) => {
            model.detail.error = None;
            model.timeline.absorb(loaded.detail.event.clone(), model.now);
            model.detail.loaded = Some(*loaded);
        }
        Err(why) => model.detail.error = Some((id, sanitise::line(&why.to_string()))),
    }
    // The cursor may have moved on while it was on its way.
    if model.timeline.selected_id() == Some(id) { vec![] } else { detail(model, false) }
}

/// Changes the filter and asks for what it lets through; what is on the screen stays until that comes.
pub fn filtered(model: &mut Model, change: impl FnOnce(&mut Filter)) -> Vec<Effect> {
    let before = model.timeline.filter.clone();
    change(&mut model.timeline.filter);
    if model.timeline.filter == before {
        return vec![];
    }
    page(model, Load::Newest)
}

/// The environment whose drift is shown; `None`: all. After a jump to one resource it is again what was asked before that: the
/// resource is not in the other environment. An incident may be in several: what is there of it is shown.
pub fn environment(model: &mut Model, slug: Option<Slug>) -> Vec<Effect> {
    model.environments.cursor = slug.clone();
    let before = super::jump::of_resource(model).map(|from| from.filter.clone());
    super::jump::go_on(model, |model| {
        filtered(model, |filter| {
            *filter = before.unwrap_or_else(|| filter.clone());
            filter.environment = slug;
        })
    })
}
