//! The drift timeline: one row a drift, newest first.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Canvas, summary};
use crate::drift::{DriftEvent, DriftType, State};
use crate::tui::app::model::Pane;
use crate::tui::theme::Role;
use crate::tui::widgets::{bar, text};

pub fn draw(canvas: &mut Canvas<'_>, area: Rect) {
    let info = info(canvas);
    let inner = canvas.frame(area, Pane::Timeline, "drift", info);
    let timeline = &canvas.model.timeline;
    if timeline.window.is_empty() {
        return empty(canvas, inner);
    }
    let columns = Columns::of(inner.width, canvas.model.timeline.filter.environment.is_none());
    let selected = timeline.selected_id();
    for (row, event) in timeline.window.rows(timeline.top).take(inner.height.into()).enumerate() {
        let line = line(canvas, event, &columns);
        canvas.line(inner, row, &line);
        if selected == Some(event.id) {
            canvas.tint(inner, row, Role::Selection);
            // How bad it is stays visible under the cursor.
            let letter = Rect { x: inner.x + 1, width: inner.width.saturating_sub(1).min(1), ..inner };
            canvas.tint(letter, row, bar::role(event.severity_class()));
        }
    }
}

/// What is in the list, and what lies above it.
fn info(canvas: &Canvas<'_>) -> Line<'static> {
    let timeline = &canvas.model.timeline;
    let mut spans = vec![];
    if timeline.unseen > 0 {
        let arrow = if canvas.theme.is_ascii() { "^" } else { "↑" };
        spans.push(canvas.span(Role::Key, format!("{} new {arrow}  ", timeline.unseen)));
    }
    if timeline.error.is_some() {
        spans.push(canvas.span(Role::Error, "not loaded  "));
    } else if timeline.is_loading() {
        spans.push(canvas.span(Role::Dim, "loading  "));
    }
    let (older, newer) = (timeline.window.older().is_some(), timeline.window.newer().is_some());
    let number = match timeline.position() {
        Some(at) if !newer => format!("{}/{}{}", at + 1, timeline.window.len(), if older { "+" } else { "" }),
        _ => timeline.window.len().to_string(),
    };
    spans.push(canvas.span(Role::Dim, number));
    Line::from(spans)
}

fn empty(canvas: &mut Canvas<'_>, inner: Rect) {
    let model = canvas.model;
    let (role, sentence) = match (&model.timeline.error, model.connected()) {
        (Some(why), _) => (Role::Error, why.clone()),
        (None, false) => (Role::Dim, "connecting".into()),
        (None, true) if model.timeline.window.is_blank() => (Role::Dim, "loading".into()),
        (None, true) if model.timeline.window.older().is_some() => (Role::Dim, "searching".into()),
        (None, true) if model.timeline.filter.is_narrowed() => (Role::Dim, "no drift passes the filter".into()),
        (None, true) if model.environments.list.iter().all(|e| e.last_scan.is_none()) => {
            (Role::Dim, "no scan has ended yet".into())
        }
        (None, true) => in_sync(model),
    };
    let line = Line::from(canvas.span(role, format!(" {sentence}")));
    canvas.line(inner, 0, &line);
}

/// "No open drift" is said only with what could not be verified.
fn in_sync(model: &crate::tui::app::Model) -> (Role, String) {
    let slug = model.timeline.filter.environment.as_ref();
    let scans = model.environments.list.iter().filter(|e| slug.is_none_or(|s| e.environment.slug == *s));
    let unverified: u64 = scans.filter_map(|e| e.last_scan.as_ref()).map(|scan| scan.counts.unverified).sum();
    match unverified {
        0 => (Role::Success, "no open drift".into()),
        n => (Role::Unverified, format!("no open drift, but {n} resources could not be verified")),
    }
}

/// Columns of a row: signs, environment, resource, what changed, age, count.
struct Columns {
    environment: usize,
    resource: usize,
    changed: usize,
    seen: usize,
}

/// `*C a~R `
const SIGNS: usize = 7;
const AGE: usize = 5;

impl Columns {
    fn of(width: u16, every_environment: bool) -> Self {
        let width = usize::from(width);
        let environment = if every_environment && width >= 60 { (width / 8).clamp(8, 16) } else { 0 };
        let seen = if width >= 70 { 6 } else { 0 };
        let rest = width.saturating_sub(SIGNS + AGE + environment + seen);
        let changed = if rest >= 30 { rest * 2 / 5 } else { 0 };
        Self { environment, resource: rest - changed, changed, seen }
    }
}

fn state_sign(state: State) -> char {
    match state {
        State::Open => ' ',
        State::Acknowledged => 'a',
        State::Snoozed => 'z',
        State::Ignored => 'i',
        State::Resolved => 'r',
        State::Closed => 'c',
    }
}

/// The sign of a drift type, as in the diff.
pub fn type_sign(kind: DriftType) -> (char, Role) {
    match kind {
        DriftType::Modified => ('~', Role::Modified),
        DriftType::Deleted => ('-', Role::Removed),
        DriftType::Added => ('+', Role::Added),
        DriftType::Moved => ('>', Role::Modified),
    }
}

fn line(canvas: &mut Canvas<'_>, event: &DriftEvent, columns: &Columns) -> Line<'static> {
    let model = canvas.model;
    let state = event.state_at(model.now);
    let calm = if state.needs_attention() { Role::Text } else { Role::Dim };
    let pending = model.pending.contains_key(&event.id);
    let class = event.severity_class();
    let (sign, sign_role) = type_sign(event.drift_type);
    let mut spans = vec![
        canvas.span(Role::Marked, if model.marks.contains_key(&event.id) { "*" } else { " " }),
        canvas.span(bar::role(class), class.letter().to_string()),
        Span::raw(" "),
        canvas.span(Role::Key, if pending { '…' } else { state_sign(state) }.to_string()),
        canvas.span(sign_role, sign.to_string()),
        canvas.span(Role::Warning, if event.is_regressed() { "R" } else { " " }),
        Span::raw(" "),
    ];
    if columns.environment > 0 {
        spans.push(canvas.span(Role::Dim, column(event.environment.as_str(), columns.environment)));
    }
    spans.push(canvas.span(calm, column(&name(event, columns.resource), columns.resource)));
    if columns.changed > 0 {
        let changed = summary::what_changed(event, columns.changed - 1);
        spans.push(canvas.span(Role::Dim, column(&changed, columns.changed)));
    }
    let age = canvas.age(event.detected_at);
    spans.push(canvas.span(Role::Dim, format!("{age:>4} ")));
    if columns.seen > 0 {
        let times = if canvas.theme.is_ascii() { 'x' } else { '×' };
        spans.push(canvas.span(Role::Dim, format!("{:>5} ", format!("{times}{}", text::count(event.seen_count)))));
    }
    Line::from(spans)
}

/// Fits with a space behind it.
fn column(shown: &str, width: usize) -> String {
    text::fit(shown, width.saturating_sub(1)) + if width > 0 { " " } else { "" }
}

/// The address; what no code declares has only an id of the cloud, so its type stands before it.
fn name(event: &DriftEvent, width: usize) -> String {
    let resource = &event.resource;
    if event.drift_type == DriftType::Added {
        return format!("{} {}", resource.resource_type.cell(width / 2), resource.resource_id.cell(width));
    }
    let address = resource.resource_id.line();
    let columns = text::width(&address);
    if columns < width {
        return address;
    }
    // The end of an address says more than the modules before it.
    let tail: String = address.chars().skip(columns.saturating_sub(width.saturating_sub(2))).collect();
    format!("…{tail}")
}
