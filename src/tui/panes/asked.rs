//! What is asked over incident mode, and its keys.

use ratatui::layout::Rect;
use ratatui::text::Line;

use super::Canvas;
use super::incident::moment;
use crate::drift::ContextType;
use crate::tui::app::Model;
use crate::tui::app::incident::{Ask, FORMATS, IncidentView};
use crate::tui::overlays::{frame, key};
use crate::tui::theme::Role;
use crate::tui::widgets::text;

/// The keys, where the status bar has nothing to say.
pub(super) fn keys(canvas: &mut Canvas<'_>, view: &IncidentView, area: Rect) {
    let model = canvas.model;
    if view.ask.is_some() || area.is_empty() || model.notices.current(model.now).is_some() || !model.typed.is_empty() {
        return;
    }
    let pairs = [
        ("earlier", "earlier"),
        ("later", "later"),
        ("enter", "as of then"),
        ("resource", "resource"),
        ("history", "history"),
        ("add-marker", "mark"),
        ("turn-order", "order"),
        ("next-environment", "env"),
        ("span", "span"),
        ("export", "export"),
        ("back", "leave"),
    ];
    let mut line = Line::raw(" ");
    for (action, word) in pairs {
        let key = key(canvas, "incident", action);
        if line.width() + text::width(&key) + word.len() + 3 > area.width.into() {
            break;
        }
        line.push_span(canvas.span(Role::Key, key));
        line.push_span(canvas.span(Role::Dim, format!(" {word}  ")));
    }
    canvas.line(area, 0, &line);
}

/// What is marked, and what else may be typed.
fn marking(model: &Model, kind: usize, saving: bool) -> (&'static str, String) {
    let kind = ContextType::ALL[kind % ContextType::ALL.len()];
    let title = match kind {
        ContextType::Incident => "mark an incident",
        ContextType::Deployment => "mark a deployment",
        ContextType::Maintenance => "mark maintenance",
        ContextType::SecurityEvent => "mark a security event",
        ContextType::Ticket => "mark a ticket",
        ContextType::Alert => "mark an alert",
    };
    if saving {
        return (title, "saving".into());
    }
    let view = model.incident.as_ref();
    let place = view.and_then(|view| view.environment.as_ref()).map_or("everywhere", |slug| slug.as_str());
    let at = view.and_then(|view| view.moment).unwrap_or(model.now);
    let until = if kind.lasts() { " until ended" } else { "" };
    let (day, now) = (at.to_zoned(model.zone.clone()), model.now.to_zoned(model.zone.clone()));
    let at = if day.date() == now.date() { day.strftime("%H:%M").to_string() } else { moment(model, at) };
    (title, format!("{place}, {at}{until}; or with @02:40..04:10, https://…"))
}

/// The field over the view.
pub(super) fn field(canvas: &mut Canvas<'_>, ask: &Ask) {
    let width = canvas.area().width.saturating_sub(4).min(76);
    let enter = key(canvas, "input", "enter");
    let back = key(canvas, "input", "back");
    let (title, keys, lead, line, hint, problem) = match ask {
        Ask::Span { line, problem, .. } => (
            "what happened in",
            format!("{enter} look  up/down offers  {back} leave"),
            "span  ",
            line,
            "-2h, 02:40..04:10, 2026-11-21T02:40..04:10, today, yesterday".to_owned(),
            problem,
        ),
        Ask::Export { line, format, problem, writing } => {
            let formats = FORMATS.iter().enumerate().map(|(at, (_, name))| match at == *format {
                true => format!("[{name}]"),
                false => format!(" {name} "),
            });
            let formats = formats.collect::<Vec<_>>().join(" ");
            let hint = if *writing { "writing".into() } else { format!("as {formats}  into this directory, redacted") };
            ("write the review", format!("{enter} write  up/down format  {back} leave"), "name  ", line, hint, problem)
        }
        Ask::Marker { line, kind, problem, saving } => {
            let (title, hint) = marking(canvas.model, *kind, *saving);
            (title, format!("{enter} mark  up/down kind  {back} leave"), "text  ", line, hint, problem)
        }
    };
    let inner = frame(canvas, width, 2, title, &keys);
    let (before, after) = line.halves();
    super::field(canvas, Rect { height: inner.height.min(1), ..inner }, lead, before, after);
    let below = match problem {
        Some(problem) => canvas.span(Role::Error, text::cut(problem, inner.width.into())),
        None => canvas.span(Role::Dim, text::cut(&hint, inner.width.into())),
    };
    canvas.line(inner, 1, &Line::from(below));
}
