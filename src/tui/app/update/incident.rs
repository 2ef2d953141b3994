//! Incident mode: its span is asked for, what happened in it listed, a moment of it looked at, a review of it written.

use std::sync::Arc;

use super::{markers, sheet, silent};
use crate::drift::query::Window;
use crate::drift::{ContextType, DriftId, Slug};
use crate::safety::Tainted;
use crate::service::ServiceError;
use crate::tui::app::effect::Review;
use crate::tui::app::incident::{Ask, FORMATS, Found, IncidentView, SPANS, Span};
use crate::tui::app::input::Line;
use crate::tui::app::msg::Ticket;
use crate::tui::app::overlay::Overlay;
use crate::tui::app::{Effect, Model};
use crate::tui::panes::incident as pane;

/// Asks for the span; what was looked at before is still there.
pub fn open(model: &mut Model) -> Vec<Effect> {
    let chosen = model.environments.cursor.clone();
    let view = model.incident.get_or_insert_with(|| IncidentView::of(chosen));
    view.ask = Some(asking(view.span.as_ref().map_or(SPANS[0], |span| &span.text)));
    model.overlay = Some(Overlay::Incident);
    vec![]
}

fn asking(text: &str) -> Ask {
    Ask::Span { line: Line::new(text), offered: true, problem: None }
}

/// After every message: asks for what is missing, and keeps the cursor in sight.
pub fn follow(model: &mut Model) -> Option<Effect> {
    if model.overlay != Some(Overlay::Incident) {
        return None;
    }
    let rows = pane::rows(model);
    let (now, connected) = (model.now, model.connected());
    let view = model.incident.as_mut()?;
    view.settle(rows);
    let request = view.wants(now).filter(|_| connected)?;
    let ticket = model.ticket();
    model.incident.as_mut()?.ask(ticket);
    Some(Effect::LoadIncident(ticket, request))
}

pub fn came(model: &mut Model, ticket: Ticket, answer: Result<Box<Found>, ServiceError>) -> Vec<Effect> {
    if let Some(view) = &mut model.incident {
        view.came(ticket, answer.map(|found| *found).map_err(|why| crate::safety::sanitise::line(&why.to_string())));
    }
    vec![]
}

/// Something happened: what is live is asked for again, once at a time.
pub fn is_old(model: &mut Model) {
    let now = model.now;
    model.incident.iter_mut().filter(|view| view.is_live(now)).for_each(|view| view.stale = true);
    model.history.iter_mut().for_each(|view| view.stale = true);
    model.heat.is_old();
}

/// The happening under the cursor, as a drift with its name.
pub fn looked_at(model: &Model) -> Option<(DriftId, Tainted)> {
    let view = model.incident.as_ref()?;
    let id = view.current()?.drift?;
    let event = view.found.as_ref()?.incident.drift(id)?;
    Some((id, event.resource.resource_id.clone()))
}

pub fn turn(model: &mut Model) -> Vec<Effect> {
    if let Some(view) = &mut model.incident {
        view.turn();
    }
    vec![]
}

/// All environments, then each of them.
pub fn next_environment(model: &mut Model) -> Vec<Effect> {
    let slugs: Vec<Slug> = model.environments.list.iter().map(|one| one.environment.slug.clone()).collect();
    let Some(view) = &mut model.incident else { return vec![] };
    let next = match &view.environment {
        None => 0,
        Some(slug) => slugs.iter().position(|one| one == slug).map_or(usize::MAX, |at| at + 1),
    };
    view.environment = slugs.get(next).cloned();
    view.restart();
    vec![]
}

/// Through the parts of the span.
pub fn scrub(model: &mut Model, by: isize) -> Vec<Effect> {
    let (columns, now, zone) = (usize::from(model.size.0), model.now, model.zone.clone());
    if let Some(view) = &mut model.incident
        && let Some(scale) = view.scale(columns, now, &zone)
    {
        let before = view.moment;
        view.scrub(by, &scale, now);
        if view.moment == before {
            return silent::says(
                model,
                if by < 0 { "this is where the span begins" } else { "this is where the span ends" },
            );
        }
    }
    vec![]
}

/// Asks how and where the review is written.
pub fn export(model: &mut Model) -> Vec<Effect> {
    let zone = model.zone.clone();
    let Some(view) = &mut model.incident else { return vec![] };
    let Some(span) = view.span.as_ref().filter(|_| view.found.is_some()) else { return vec![] };
    let name = format!("incident-{}.{}", span.from.to_zoned(zone).strftime("%Y%m%d-%H%M"), FORMATS[0].1);
    view.ask = Some(Ask::Export { line: Line::new(name), format: 0, problem: None, writing: false });
    vec![]
}

/// Up and down in what is asked: the next span on offer, the next format.
pub fn step(ask: &mut Ask, by: isize) {
    let turn = |at: usize, len: usize| (at + len).saturating_add_signed(by) % len;
    match ask {
        Ask::Span { line, offered, problem } => {
            let next = SPANS.iter().position(|one| *one == line.text()).map_or(0, |at| turn(at, SPANS.len()));
            (*line, *offered, *problem) = (Line::new(SPANS[next]), true, None);
        }
        Ask::Export { line, format, problem, .. } => {
            let old = FORMATS[*format].1;
            *format = turn(*format, FORMATS.len());
            let stem = line.text().strip_suffix(old).map(str::to_owned);
            if let Some(stem) = stem {
                *line = Line::new(format!("{stem}{}", FORMATS[*format].1));
            }
            *problem = None;
        }
        Ask::Marker { kind, problem, .. } => (*kind, *problem) = (turn(*kind, ContextType::ALL.len()), None),
    }
}

/// The line in which is typed.
pub fn line(view: &mut IncidentView) -> Option<&mut Line> {
    match view.ask.as_mut()? {
        Ask::Span { line, .. } | Ask::Export { line, .. } | Ask::Marker { line, .. } => Some(line),
    }
}

/// What was only offered makes room for what is typed.
pub fn replace_offer(model: &mut Model) {
    if let Some(Ask::Span { line, offered: true, .. }) = model.incident.as_mut().and_then(|view| view.ask.as_mut()) {
        *line = Line::new("");
    }
}

/// The text may have changed.
pub fn typed(model: &mut Model) {
    match model.incident.as_mut().and_then(|view| view.ask.as_mut()) {
        Some(Ask::Span { offered, problem, .. }) => (*offered, *problem) = (false, None),
        Some(Ask::Export { problem, .. } | Ask::Marker { problem, .. }) => *problem = None,
        None => {}
    }
}

/// Takes what was asked for, or shows the resource as it stood.
pub fn enter(model: &mut Model) -> Vec<Effect> {
    let ask = model.incident.as_mut().and_then(|view| view.ask.take());
    match ask {
        Some(Ask::Span { line, .. }) => take_span(model, line),
        Some(Ask::Export { writing: true, .. } | Ask::Marker { saving: true, .. }) => vec![],
        Some(Ask::Marker { line, kind, .. }) => markers::save(model, line, kind),
        Some(Ask::Export { line, format, .. }) => write(model, line, format),
        None if model.incident.as_mut().is_some_and(IncidentView::toggle) => vec![],
        None => stood(model),
    }
}

fn take_span(model: &mut Model, line: Line) -> Vec<Effect> {
    let text = line.text().trim().trim_start_matches('@').to_owned();
    let parsed = Window::parse(&text, model.now, &model.zone);
    let now = model.now;
    let Some(view) = &mut model.incident else { return vec![] };
    match parsed {
        Ok(window) if window.resolve(now).0 <= now => {
            let (from, until) = window.resolve(now);
            view.restart();
            view.span = Some(Span { text, from, until });
        }
        Ok(_) => refuse(view, line, "that has not begun yet".into()),
        Err(why) => refuse(view, line, why),
    }
    vec![]
}

fn refuse(view: &mut IncidentView, line: Line, why: String) {
    view.ask = Some(Ask::Span { line, offered: false, problem: Some(why) });
}

/// A name in the current directory, and nothing beyond it.
fn write(model: &mut Model, line: Line, format: usize) -> Vec<Effect> {
    let (now, zone) = (model.now, model.zone.clone());
    let Some(view) = &mut model.incident else { return vec![] };
    let name = line.text().trim().to_owned();
    let problem = match name.as_str() {
        "" => Some("it needs a name"),
        name if name.contains(['/', '\\']) || name.starts_with('.') => Some("a name in this directory, without a path"),
        _ => None,
    };
    let writing = problem.is_none();
    view.ask = Some(Ask::Export { line, format, problem: problem.map(str::to_owned), writing });
    let Some(found) = view.found.clone().filter(|_| writing) else { return vec![] };
    vec![Effect::Export(Box::new(Review { found: Arc::clone(&found), now, zone, format: FORMATS[format].0, name }))]
}

/// The review is there, or why it is not: then the name can be changed.
pub fn exported(model: &mut Model, answer: Result<String, String>) -> Vec<Effect> {
    let ask = model.incident.as_mut().and_then(|view| view.ask.as_mut());
    match (answer, ask) {
        (Ok(path), _) => {
            model.notice(false, format!("written: {path}"));
            let view = model.incident.as_mut();
            view.into_iter()
                .filter(|view| matches!(view.ask, Some(Ask::Export { .. })))
                .for_each(|view| view.ask = None);
        }
        (Err(why), Some(Ask::Export { problem, writing, .. })) => (*problem, *writing) = (Some(why), false),
        (Err(why), _) => model.notice(true, why),
    }
    vec![]
}

/// The resource under the cursor as it stood at the moment.
fn stood(model: &mut Model) -> Vec<Effect> {
    let moment = model.incident.as_ref().and_then(|view| view.moment);
    match (looked_at(model), moment) {
        (Some((id, label)), Some(moment)) => sheet::as_of(model, id, label, moment, Overlay::Incident),
        _ if markers::current(model).is_some() => nothing(model, "this is a mark, and about no drift"),
        _ => nothing(model, "this is about no drift that is still kept"),
    }
}

/// Says why nothing happens.
pub fn nothing(model: &mut Model, why: &str) -> Vec<Effect> {
    model.notice(false, why);
    vec![]
}

/// The nearest thing to leave: what is asked, then the view.
pub fn back(model: &mut Model) -> Vec<Effect> {
    let Some(view) = &mut model.incident else { return vec![] };
    let is_empty = view.span.is_none();
    model.overlay = (view.ask.take().is_some() && !is_empty).then_some(Overlay::Incident);
    if model.overlay.is_none() && is_empty {
        model.incident = None;
    }
    vec![]
}
