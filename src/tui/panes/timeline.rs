//! The drift timeline: one row a drift, newest first.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::place::Marks;
use super::{Canvas, crew, heat, layout, summary, wrap};
use crate::drift::query::Group;
use crate::drift::{DriftEvent, DriftType, SeverityClass, State};
use crate::store::OpenCounts;
use crate::tui::app::model::Pane;
use crate::tui::app::timeline::{Row, Shown};
use crate::tui::app::{Model, notice};
use crate::tui::theme::Role;
use crate::tui::widgets::{bar, text};

pub fn draw(canvas: &mut Canvas<'_>, area: Rect) {
    let info = info(canvas);
    let inner = canvas.frame(area, Pane::Timeline, "drift", info);
    let inner = heat::at_foot(canvas, inner, layout::plan(canvas.model).heat_rows());
    let timeline = &canvas.model.timeline;
    if timeline.is_empty() {
        return empty(canvas, inner);
    }
    if timeline.is_grouped() {
        return grouped(canvas, inner);
    }
    let columns = Columns::of(canvas.model, inner.width.into());
    let mut inner = inner;
    if layout::plan(canvas.model).names_columns() {
        let names = canvas.span(Role::Dim, columns.names());
        canvas.line(inner, 0, &Line::from(names));
        inner = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
    }
    let selected = timeline.selected_id();
    for (row, event) in timeline.window.rows(timeline.top).take(inner.height.into()).enumerate() {
        let line = line(canvas, event, &columns);
        canvas.line(inner, row, &line);
        if selected == Some(event.id) {
            canvas.select(columns.named(inner), row);
        }
    }
    let (before, total) = timeline.window.extent(counted(canvas.model));
    let shown = timeline.window.len().min(inner.height.into());
    let total = total.unwrap_or(before.unwrap_or(0) + timeline.window.len());
    canvas.scrollbar(inner, before.unwrap_or(0) + timeline.top, shown, total);
}

/// Groups, and below the open one its members, set in.
fn grouped(canvas: &mut Canvas<'_>, inner: Rect) {
    let timeline = &canvas.model.timeline;
    let members = Rect { x: inner.x + 2, width: inner.width.saturating_sub(2), ..inner };
    let columns = Columns::of(canvas.model, members.width.into());
    // As high as the list of single drifts, so that nothing moves from one to the other.
    let area = if layout::plan(canvas.model).names_columns() {
        let of = Group::ALL.iter().find(|(group, ..)| Some(*group) == timeline.filter.group());
        let names = format!("  sev count  one row for {}", of.map_or("", |(.., help)| help));
        let names = canvas.span(Role::Dim, text::cut(&names, inner.width.into()));
        canvas.line(inner, 0, &Line::from(names));
        Rect { y: inner.y + 1, height: inner.height - 1, ..inner }
    } else {
        inner
    };
    let members = Rect { y: area.y, height: area.height, ..members };
    for at in 0..usize::from(area.height) {
        let named = match timeline.row_at(timeline.top + at) {
            Some(Row::Group(group)) => {
                let line = super::groups::line(canvas, group, area.width.into());
                canvas.line(area, at, &line);
                super::groups::named(canvas, group, area)
            }
            Some(Row::Member(event)) => {
                let line = line(canvas, event, &columns);
                canvas.line(members, at, &line);
                columns.named(members)
            }
            None => break,
        };
        if timeline.row() == Some(timeline.top + at) {
            canvas.select(named, at);
        }
    }
    let shown = timeline.len().min(area.height.into());
    canvas.scrollbar(area, timeline.top, shown, timeline.len());
}

/// How many groups there are, and whether that is all.
fn grouped_info(canvas: &Canvas<'_>) -> Line<'static> {
    let timeline = &canvas.model.timeline;
    let list = &timeline.grouped.list;
    let mut words = String::new();
    if timeline.is_grouping() {
        words += "counting  ";
    }
    let count = |n: u64| text::grouped(usize::try_from(n).unwrap_or(usize::MAX));
    let least = if list.is_cut { "at least " } else { "" };
    let s = if list.total == 1 { "" } else { "s" };
    words += &format!("{least}{} in {} group{s}", count(list.drifts), count(list.total));
    let listed = list.rows.len() as u64;
    if listed < list.total {
        words += &format!(", {} listed", count(listed));
    }
    let error = timeline.error.as_ref().map(|_| canvas.span(Role::Error, "not loaded  "));
    Line::from(error.into_iter().chain([canvas.span(Role::Dim, words)]).collect::<Vec<_>>())
}

/// What is in the list, and what lies above it.
fn info(canvas: &Canvas<'_>) -> Line<'static> {
    let timeline = &canvas.model.timeline;
    if timeline.is_grouped() {
        return grouped_info(canvas);
    }
    let mut spans = vec![];
    if timeline.unseen > 0 {
        let arrow = if canvas.theme.is_ascii() { "^" } else { "↑" };
        spans.push(canvas.span(Role::Key, format!("{} new {arrow}  ", timeline.unseen)));
    }
    if timeline.error.is_some() {
        spans.push(canvas.span(Role::Error, "not loaded  "));
    } else if timeline.is_loading() {
        let asked = !timeline.filter.text().is_empty() && timeline.window.older().is_some();
        spans.push(canvas.span(Role::Dim, if asked { "searching  " } else { "loading  " }));
    }
    let (before, total) = timeline.window.extent(counted(canvas.model));
    let total = match total {
        Some(total) => text::grouped(total),
        None => format!("{}+", text::grouped(before.unwrap_or(0) + timeline.window.len())),
    };
    let total = if timeline.window.is_cut() { format!("at least {total}") } else { total };
    let number = timeline.position().zip(before).map(|(at, before)| text::grouped(before + at + 1));
    spans.push(canvas.span(Role::Dim, number.map_or(total.clone(), |number| format!("{number}/{total}"))));
    Line::from(spans)
}

/// How many drifts pass the filter, where the counts of the environments tell.
fn counted(model: &Model) -> Option<usize> {
    let filter = &model.timeline.filter;
    let environments = &model.environments;
    if !filter.text().is_empty() || environments.list.is_empty() || environments.error.is_some() {
        return None;
    }
    let here =
        environments.list.iter().filter(|e| filter.environment.as_ref().is_none_or(|s| *s == e.environment.slug));
    let of = |open: &OpenCounts| match (filter.shown, filter.floor) {
        (Shown::All, None) => Some(open.in_any_state),
        (Shown::Open, floor) => {
            let counts = [open.critical, open.high, open.medium, open.low];
            let classes = SeverityClass::WORST_FIRST.into_iter().zip(counts);
            Some(classes.filter(|(class, _)| floor.is_none_or(|floor| *class >= floor)).map(|(_, n)| n).sum())
        }
        _ => None,
    };
    here.map(|e| of(&e.open)).sum::<Option<u64>>().and_then(|sum| usize::try_from(sum).ok())
}

fn empty(canvas: &mut Canvas<'_>, inner: Rect) {
    let model = canvas.model;
    let (role, sentence) = match (&model.timeline.error, model.connected()) {
        (Some(why), _) => (Role::Error, why.clone()),
        (None, false) => match &model.trying {
            Some(why) => (Role::Warning, format!("{why}; it is tried again, and nothing is lost meanwhile")),
            None => (Role::Dim, "connecting".into()),
        },
        (None, true) if model.timeline.is_grouping() => (Role::Dim, "counting".into()),
        (None, true) if model.timeline.window.is_blank() && !model.timeline.is_grouped() => {
            (Role::Dim, "loading".into())
        }
        (None, true) if model.timeline.window.older().is_some() && !model.timeline.is_grouped() => {
            (Role::Dim, "searching".into())
        }
        (None, true) if model.timeline.filter.is_narrowed() => (Role::Dim, filtered_out(canvas)),
        (None, true) if model.has_no_environment() => (Role::Warning, notice::NOTHING_TO_SCAN.into()),
        (None, true) if model.environments.list.iter().all(|e| e.last_scan.is_none()) => {
            (Role::Dim, "no scan has ended yet".into())
        }
        (None, true) => in_sync(model),
    };
    let width = usize::from(inner.width).saturating_sub(2);
    for (row, words) in wrap(&sentence, width).into_iter().enumerate().take(inner.height.into()) {
        canvas.line(inner, row, &Line::from(canvas.span(role, format!(" {words}"))));
    }
}

/// Which filter leaves nothing, and how it is taken away.
fn filtered_out(canvas: &Canvas<'_>) -> String {
    let filter = &canvas.model.timeline.filter;
    let what = match (filter.shown, filter.floor.is_some() || !filter.text().is_empty()) {
        (Shown::Aside, false) => "nothing is snoozed or ignored",
        (Shown::Ended, false) => "nothing is resolved or closed",
        (Shown::All, false) => "no drift was ever found",
        _ => "no drift passes the filter",
    };
    let key = canvas.model.keymap().keys_for("timeline", "clear-filter").into_iter().next().unwrap_or_default();
    format!("{what}; {key} shows all that is open")
}

/// "No open drift" is said only with what could not be verified.
fn in_sync(model: &Model) -> (Role, String) {
    let slug = model.timeline.filter.environment.as_ref();
    let scans = model.environments.list.iter().filter(|e| slug.is_none_or(|s| e.environment.slug == *s));
    let scans: Vec<_> = scans.collect();
    let failed = scans.iter().flat_map(|e| &e.sources).filter_map(|source| source.error.as_ref());
    let failed: Vec<_> = failed.collect();
    if let Some(first) = failed.first() {
        let sources = notice::count(failed.len(), "source");
        let words = format!(
            "no drift to show, but {sources} could not be read: {}: {}. {}",
            first.source.line(),
            first.message.line(),
            first.help.line()
        );
        return (Role::Unverified, words);
    }
    let unverified: u64 = scans.iter().filter_map(|e| e.last_scan.as_ref()).map(|scan| scan.counts.unverified).sum();
    match unverified {
        0 => (Role::Success, "no open drift".into()),
        n => {
            let resources = notice::count(usize::try_from(n).unwrap_or(usize::MAX), "resource");
            (Role::Unverified, format!("no open drift, but {resources} could not be verified"))
        }
    }
}

/// Columns of a row: signs, environment with its marks, resource, what changed, age, count.
struct Columns {
    environment: usize,
    marks: Marks,
    resource: usize,
    changed: usize,
    seen: usize,
}

/// `*Cma~R `
const SIGNS: usize = 7;
const AGE: usize = 5;

impl Columns {
    fn of(model: &Model, width: usize) -> Self {
        let every_environment = model.timeline.filter.environment.is_none();
        let environment = if every_environment && width >= 60 { (width / 8).clamp(8, 16) } else { 0 };
        let marks = if environment > 0 { Marks::of(model, width) } else { Marks::default() };
        let seen = if width >= 70 { 6 } else { 0 };
        let rest = width.saturating_sub(SIGNS + AGE + environment + marks.width() + seen);
        let changed = if rest >= 30 { rest * 2 / 5 } else { 0 };
        Self { environment, marks, resource: rest - changed, changed, seen }
    }

    /// The columns that say which resource, and the space before them.
    fn named(&self, area: Rect) -> Rect {
        super::from_column(area, SIGNS + self.environment + self.marks.width() - 1, self.resource)
    }

    fn names(&self) -> String {
        let seen = if self.seen > 0 { " seen " } else { "" };
        let [environment, resource, changed] = [
            (if self.environment > 11 { "environment" } else { "env" }, self.environment + self.marks.width()),
            ("resource", self.resource),
            ("what changed", self.changed),
        ]
        .map(|(name, width)| column(name, width));
        format!("{:SIGNS$}{environment}{resource}{changed} age {seen}", " sev")
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
    let pending = model.pending.contains_key(&event.id).then_some('…').or(model.waiting.sign(event.id));
    let class = event.severity_class();
    let (sign, sign_role) = type_sign(event.drift_type);
    let mut spans = vec![
        crew::sign(canvas, event),
        canvas.span(bar::role(class), class.letter().to_string()),
        canvas.span(Role::Dim, if event.in_maintenance { "m" } else { " " }),
        canvas.span(Role::Key, pending.unwrap_or(state_sign(state)).to_string()),
        canvas.span(sign_role, sign.to_string()),
        canvas.span(Role::Warning, if event.is_regressed() { "R" } else { " " }),
        Span::raw(" "),
    ];
    if columns.environment > 0 {
        spans.push(canvas.span(Role::Dim, column(event.environment.as_str(), columns.environment)));
        spans.extend(columns.marks.spans(canvas, Some(&event.environment)));
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
        let kind = resource.resource_type.cell(width / 2);
        let left = width.saturating_sub(text::width(&kind) + 2);
        return format!("{kind} {}", text::address(&resource.resource_id, left));
    }
    text::address(&resource.resource_id, width.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use crate::service::ServiceEvent;
    use crate::tui::Options;
    use crate::tui::app::Msg;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::sample::Sample;

    #[test]
    fn what_was_first_seen_in_maintenance_has_a_calm_sign_that_help_explains() {
        for size in [(60, 24), (80, 24), (120, 40)] {
            let mut screens = Screens::open(Sample::shared(), options(Options::default()), size).unwrap();
            let mut event = screens.model.timeline.window.get(4).unwrap().clone();
            let row = |screens: &Screens| {
                let screen = screens.screen();
                screen.lines().find(|line| line.contains("invoices")).unwrap().to_owned()
            };
            assert!(row(&screens).contains("H  ~ "), "{}", row(&screens));
            (event.in_maintenance, event.version) = (true, event.version + 1);
            screens.send(Msg::Service(ServiceEvent::Updated(Box::new(event))));
            assert!(row(&screens).contains("Hm ~ "), "{}", row(&screens));
            screens.act("help");
            screens.keys("end");
            assert!(screens.screen().contains("First seen while maintenance"), "{}", screens.screen());
        }
    }
}
