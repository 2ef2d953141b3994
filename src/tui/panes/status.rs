//! The title line says where one is; the status bar what happened, or what can be done.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Canvas, health, place};
use crate::drift::SeverityClass;
use crate::service::Contact;
use crate::tui::app::action::{Scope, TABLE};
use crate::tui::app::model::{Link, Pane};
use crate::tui::app::{Model, notice};
use crate::tui::theme::Role;
use crate::tui::widgets::text;

/// Columns from which the title line says everything.
const ROOMY: usize = 80;

/// Columns of what a server says of why it lets nobody in.
const REASON: usize = 90;

pub fn title(canvas: &mut Canvas<'_>, area: Rect) {
    if area.is_empty() {
        return;
    }
    let model = canvas.model;
    let link = match &model.link {
        Link::Connecting => "connecting".to_owned(),
        Link::Up { mode, .. } => text::cut(&crate::safety::sanitise::line(mode), 40),
    };
    let mut spans = vec![canvas.span(Role::Title, "driftguard"), Span::raw("  ")];
    // Where there is little room, that nothing is far away need not be said.
    if usize::from(area.width) >= ROOMY || link != "local" {
        spans.push(canvas.span(Role::Dim, format!("{link}  ")));
    }
    spans.extend(contact(canvas));
    spans.extend(waiting(canvas));
    if model.gemini.failing.is_some() {
        spans.push(canvas.span(Role::Warning, "GEMINI FAILS  "));
    }
    if model.read_only().is_some() {
        spans.push(canvas.span(Role::Warning, "READ-ONLY"));
        if let Link::Up { as_of: Some(at), .. } = model.link {
            let age = canvas.age(at);
            spans.push(canvas.span(Role::Warning, if age == "now" { String::new() } else { format!(" {age} old") }));
        }
        spans.push(Span::raw("  "));
    }
    spans.extend(filters(canvas));
    let line = Line::from(spans);
    canvas.line(area, 0, &line);
    news(canvas, area, line.width());
}

/// How it stands with the server.
fn contact(canvas: &mut Canvas<'_>) -> Vec<Span<'static>> {
    let Some(contact) = canvas.model.contact.clone() else { return vec![] };
    match contact {
        Contact::Live => vec![canvas.span(Role::Success, "LIVE  ")],
        Contact::Denied { why } => {
            let why = text::cut(&crate::safety::sanitise::line(&why), REASON);
            vec![canvas.span(Role::Error, format!("DENIED {why}  "))]
        }
        Contact::Busy { again_at } => vec![retry(canvas, again_at)],
        Contact::Lost { since, again_at } => {
            let stale = match canvas.age(since).as_str() {
                "now" => "STALE".to_owned(),
                age => format!("STALE {age}"),
            };
            vec![canvas.span(Role::Warning, format!("{stale}  ")), retry(canvas, again_at)]
        }
    }
}

/// `RETRY 8s`, drawn again every second.
fn retry(canvas: &mut Canvas<'_>, again_at: jiff::Timestamp) -> Span<'static> {
    let left = again_at.duration_since(canvas.model.now).as_secs().max(0);
    if left > 0 {
        let next = again_at.checked_sub(jiff::SignedDuration::from_secs(left - 1));
        canvas.wake_at(next.unwrap_or(again_at));
    }
    let when = if left > 0 { format!("{left}s") } else { "now".to_owned() };
    canvas.span(Role::Warning, format!("RETRY {when}  "))
}

/// Decisions that are not with the server yet.
fn waiting(canvas: &Canvas<'_>) -> Vec<Span<'static>> {
    let waiting = &canvas.model.waiting;
    let (all, asking) = (waiting.all().len(), waiting.asking().count());
    let mut spans = vec![];
    if all > asking {
        spans.push(canvas.span(Role::Warning, format!("{} pending  ", all - asking)));
    }
    if asking > 0 {
        spans.push(canvas.span(Role::Error, format!("{asking} to decide  ")));
    }
    spans
}

/// At the right: environments that nobody scans any more, and notices that nobody read.
fn news(canvas: &mut Canvas<'_>, area: Rect, taken: usize) {
    let model = canvas.model;
    let overdue = model.environments.list.iter().filter(|summary| health::overdue(canvas, summary).is_some()).count();
    let unread = model.notices.unread(model.now);
    let mut line = Line::default();
    if overdue > 0 {
        line.push_span(canvas.span(Role::Error, format!("{} overdue ", notice::count(overdue, "scan"))));
    }
    if unread > 0 {
        let key = first_key(model, "global", "notices");
        line.push_span(canvas.span(Role::Warning, format!(" {unread} unread")));
        line.push_span(canvas.span(Role::Key, format!(" {key} ")));
    }
    if line.width() > 0 && taken + line.width() < usize::from(area.width) {
        canvas.line_right(area, 0, &line);
    }
}

/// What the timeline is narrowed to.
fn filters(canvas: &Canvas<'_>) -> Vec<Span<'static>> {
    let filter = &canvas.model.timeline.filter;
    let mut spans = vec![];
    // First, for every decision is about them.
    if !canvas.model.marks.is_empty() {
        spans.push(canvas.span(Role::Marked, format!("{} marked", canvas.model.marks.len())));
        spans.push(Span::raw("  "));
    }
    match &filter.environment {
        None => spans.push(canvas.span(Role::Text, "all environments")),
        Some(slug) => {
            spans.push(canvas.span(Role::Text, slug.to_string()));
            spans.extend(place::behind(canvas, slug));
            if canvas.model.is_protected(slug) {
                spans.push(canvas.span(Role::Warning, " protected"));
            }
        }
    }
    match &filter.rule {
        Some((_, says)) => spans.push(canvas.span(Role::Key, format!("  hidden by {}", text::cut(says, 40)))),
        None if filter.query().names_states() => {}
        None => spans.push(canvas.span(Role::Dim, format!("  {}", filter.shown.as_str()))),
    }
    if let Some(floor) = filter.floor {
        spans.push(canvas.span(
            Role::Key,
            match floor {
                SeverityClass::Critical => "  CRITICAL only".to_owned(),
                floor => format!("  {} and worse", floor.as_str()),
            },
        ));
    }
    if !filter.text().is_empty() {
        let taken: usize = spans.iter().map(Span::width).sum();
        // Beside the program's name and what is news.
        let room = usize::from(canvas.area().width).saturating_sub(taken + 20).max(12);
        spans.push(canvas.span(Role::Key, format!("  /{}", crate::safety::sanitise::cell(filter.text(), room))));
    }
    spans
}

pub fn bar(canvas: &mut Canvas<'_>, area: Rect) {
    if area.is_empty() {
        return;
    }
    canvas.tint(area, 0, Role::StatusBar);
    if let Some((notice, until)) =
        canvas.model.notices.current(canvas.model.now).filter(|_| canvas.model.typed.is_empty())
    {
        canvas.wake_at(until);
        let role = if notice.error { Role::Error } else { Role::Text };
        let tail = notice.takes_back_until.map(|until| takes_back(canvas, until)).unwrap_or_default();
        let room = usize::from(area.width).saturating_sub(tail.width());
        let mut line = Line::from(canvas.span(role, text::cut(&format!(" {}", notice.text), room)));
        line.extend(tail.spans);
        return canvas.line(area, 0, &line);
    }
    if canvas.model.overlay.is_some() {
        return;
    }
    let line = if canvas.model.typed.is_empty() { hints(canvas, area.width) } else { chord(canvas) };
    canvas.line(area, 0, &line);
}

/// ` · u takes it back (9s)`; drawn again every second as long as it stands there.
fn takes_back(canvas: &mut Canvas<'_>, until: jiff::Timestamp) -> Line<'static> {
    let left = until.duration_since(canvas.model.now);
    let left = left.as_secs() + i64::from(left.subsec_nanos() > 0);
    let next = until.checked_sub(jiff::SignedDuration::from_secs(left - 1));
    canvas.wake_at(next.unwrap_or(until));
    let key = first_key(canvas.model, "global", "undo");
    Line::from(vec![
        canvas.span(Role::Key, format!(" · {key}")),
        canvas.span(Role::Dim, format!(" takes it back ({left}s)")),
    ])
}

/// A field in one row; what is left of the cursor stays in sight.
pub fn field(canvas: &mut Canvas<'_>, area: Rect, lead: &str, before: &str, after: &str) {
    let room = usize::from(area.width).saturating_sub(lead.len() + 1);
    let mut before = crate::safety::sanitise::line(before);
    while text::width(&before) > room {
        let first = before.chars().next().map_or(1, char::len_utf8);
        before.drain(..first);
    }
    let x = area.x.saturating_add(u16::try_from(lead.len() + text::width(&before)).unwrap_or(u16::MAX));
    let line = Line::from(vec![
        canvas.span(Role::Key, lead),
        canvas.span(Role::Text, before),
        canvas.span(Role::Text, crate::safety::sanitise::line(after)),
    ]);
    canvas.line(area, 0, &line);
    canvas.cursor(x.min(area.right().saturating_sub(1)), area.y);
}

/// The first key of an action.
fn first_key(model: &Model, scope: &str, action: &str) -> String {
    model.keymap().keys_for(scope, action).into_iter().next().unwrap_or_default()
}

/// The keys of a chord so far; the box above says which may follow.
fn chord(canvas: &Canvas<'_>) -> Line<'static> {
    let keys: Vec<String> = canvas.model.typed.iter().map(ToString::to_string).collect();
    Line::from(canvas.span(Role::Key, format!(" {} …", keys.join(" "))))
}

/// Keys of what can be done here and now, from the action table.
fn hints(canvas: &Canvas<'_>, width: u16) -> Line<'static> {
    let model = canvas.model;
    let mut line = Line::raw(" ");
    for (key, word) in hint_words(model) {
        let pair = [canvas.span(Role::Key, key), canvas.span(Role::Dim, format!(" {word}  "))];
        if line.width() + pair[0].width() + word.len() + 1 > usize::from(width) {
            break;
        }
        pair.into_iter().for_each(|span| line.push_span(span));
    }
    line
}

/// `help` and `quit` come first: they are the way out when there is no room for more.
fn hint_words(model: &Model) -> Vec<(String, &'static str)> {
    let on_drift = model.focus != Pane::Environments;
    let shown = TABLE.iter().filter(|entry| !entry.hint.is_empty() && (entry.scope == Scope::Global || on_drift));
    let mut words: Vec<_> = shown
        .filter(|entry| entry.action.disabled(model).is_none())
        .filter_map(|entry| {
            let key = model.keymap().keys_for(entry.scope.as_str(), entry.name).into_iter().next()?;
            Some((key, entry.hint))
        })
        .collect();
    words.sort_by_key(|(_, word)| !matches!(*word, "help" | "quit"));
    words
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::tui::Options;
    use crate::tui::app::model::Link;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::sample::Sample;

    #[test]
    fn a_store_that_becomes_read_only_is_named_so_from_the_first_refusal_on() {
        let why = "the disk is full: make room, then start driftguard again (a server goes on by itself)";
        let sample = Arc::new(Sample::read_only(why));
        let mut screens = Screens::open(sample, options(Options::default()), (80, 24)).unwrap();
        // When it was opened there was room.
        let Link::Up { read_only, .. } = &mut screens.model.link else { panic!("it is not connected") };
        *read_only = None;
        assert!(!screens.screen().contains("READ-ONLY"), "{}", screens.screen());
        screens.act("acknowledge");
        let screen = screens.screen();
        assert!(screen.lines().next().unwrap().contains("READ-ONLY"), "{screen}");
        assert!(
            screen.lines().last().unwrap().contains("the disk is full: make room, then start driftguard"),
            "{screen}"
        );
    }
}
