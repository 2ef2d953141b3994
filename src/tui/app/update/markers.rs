//! Marks in incident mode: one is set at the moment that is looked at, ended, its link copied.

use super::incident;
use crate::drift::query::{Window, moment};
use crate::drift::{ContextData, ContextId, ContextSource, ContextType, OperationalContext, Slug, TimeWindow};
use crate::safety::{Tainted, sanitise};
use crate::service::ServiceError;
use crate::tui::app::incident::{Ask, IncidentView, SPANS, Span};
use crate::tui::app::input::Line;
use crate::tui::app::overlay::Overlay;
use crate::tui::app::{Effect, Model};

/// Asks what goes on; where incident mode was not opened yet, it opens on the last hours.
pub fn ask(model: &mut Model) -> Vec<Effect> {
    let chosen = model.environments.cursor.clone();
    let (now, zone) = (model.now, model.zone.clone());
    let view = model.incident.get_or_insert_with(|| IncidentView::of(chosen));
    if view.span.is_none()
        && let Ok(window) = Window::parse(SPANS[0], now, &zone)
    {
        let (from, until) = window.resolve(now);
        view.span = Some(Span { text: SPANS[0].to_owned(), from, until });
    }
    view.ask = Some(Ask::Marker { line: Line::new(""), kind: 0, problem: None, saving: false });
    model.overlay = Some(Overlay::Incident);
    vec![]
}

/// What stands in the field becomes a mark.
pub fn save(model: &mut Model, line: Line, kind: usize) -> Vec<Effect> {
    let built = build(model, line.text(), ContextType::ALL[kind % ContextType::ALL.len()]);
    let Some(view) = &mut model.incident else { return vec![] };
    let (problem, effect) = match built {
        Ok(context) => (None, Some(Effect::PutContext(Box::new(context), Tainted::from(model.actor.as_str())))),
        Err(why) => (Some(why), None),
    };
    view.ask = Some(Ask::Marker { line, kind, problem, saving: effect.is_some() });
    effect.into_iter().collect()
}

/// The words are its title; an address among them is its link, `@02:40..04:10` says when, and without that it is the moment that is
/// looked at.
fn build(model: &Model, text: &str, context_type: ContextType) -> Result<OperationalContext, String> {
    let (mut words, mut link, mut when) = (vec![], None, None);
    for word in text.split_whitespace() {
        if let Some(span) = word.strip_prefix('@').filter(|span| !span.is_empty() && when.is_none()) {
            when = Some(window(model, span)?);
        } else if link.is_none() && (word.starts_with("https://") || word.starts_with("http://")) {
            link = Some(Tainted::from(word));
        } else {
            words.push(word);
        }
    }
    let title = words.join(" ");
    if title.is_empty() {
        return Err("say in a few words what it is".into());
    }
    if title.chars().count() > OperationalContext::TITLE_MAX {
        return Err(format!("a mark has at most {} characters", OperationalContext::TITLE_MAX));
    }
    let view = model.incident.as_ref();
    let at = view.and_then(|view| view.moment).unwrap_or(model.now);
    let time_window = when.unwrap_or(TimeWindow { from: at, to: (!context_type.lasts()).then_some(at) });
    let to = if context_type.lasts() { time_window.to } else { time_window.to.or(Some(time_window.from)) };
    Ok(OperationalContext {
        id: ContextId::generate(),
        context_type,
        context_data: ContextData {
            title: title.into(),
            link,
            who: Some(model.actor.as_str().into()),
            ..ContextData::default()
        },
        incident_impact: None,
        time_window: TimeWindow { to, ..time_window },
        environments: view.and_then(|view| view.environment.clone()).into_iter().collect::<Vec<Slug>>(),
        source: ContextSource::Person,
    })
}

/// `02:40..04:10`, and `now..+2h` too: a mark may end in the future.
fn window(model: &Model, text: &str) -> Result<TimeWindow, String> {
    let short = || sanitise::cell(text, 40);
    let one = |text: &str| moment(text, model.now, &model.zone);
    let unknown = || format!("`@{}` is no time: @02:40, @02:40..04:10, @now..+2h", short());
    let (first, last) = text.split_once("..").map_or((text, None), |(first, last)| (first, Some(last)));
    let from = one(first).ok_or_else(unknown)?;
    let to = match last {
        None | Some("") => None,
        Some(last) => Some(one(last).ok_or_else(unknown)?),
    };
    if to.is_some_and(|to| to < from) {
        return Err(format!("`@{}` ends before it begins", short()));
    }
    Ok(TimeWindow { from, to })
}

/// It is kept, or why it is not: then the text can be changed.
pub fn saved(model: &mut Model, answer: Result<String, ServiceError>) -> Vec<Effect> {
    let asked = model.incident.as_mut().and_then(|view| view.ask.as_mut());
    let answer = match answer {
        Err(ServiceError::Kept(_)) => Ok("mark kept here, sent when the server is back".to_owned()),
        answer => answer,
    };
    match (answer, asked) {
        (Err(why), Some(Ask::Marker { problem, saving, .. })) => {
            (*problem, *saving) = (Some(sanitise::line(&why.to_string())), false);
        }
        (Err(why), _) => model.notice(true, sanitise::line(&why.to_string())),
        (Ok(words), _) => {
            let view = model.incident.as_mut().filter(|view| matches!(view.ask, Some(Ask::Marker { .. })));
            view.into_iter().for_each(|view| view.ask = None);
            // A span that is over is asked for again too: the mark is in it.
            model.incident.iter_mut().for_each(|view| view.stale = true);
            model.notice(false, words);
        }
    }
    vec![]
}

/// The mark under the cursor.
pub fn current(model: &Model) -> Option<&OperationalContext> {
    let view = model.incident.as_ref()?;
    view.found.as_ref()?.incident.marker(view.current()?)
}

pub fn end(model: &mut Model) -> Vec<Effect> {
    let Some(id) = current(model).map(|one| one.id) else { return vec![] };
    vec![Effect::EndContext(id, model.now, Tainted::from(model.actor.as_str()))]
}

pub fn copy_link(model: &mut Model) -> Vec<Effect> {
    let data = current(model).map(|one| &one.context_data);
    match data.and_then(|data| data.link.as_ref()) {
        Some(link) => vec![Effect::Copy("link", link.line())],
        None => incident::nothing(model, "the mark has no link"),
    }
}
