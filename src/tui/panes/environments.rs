//! The environments: open drift by severity, age of the last scan, what failed. Production cannot be overlooked.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Canvas, around, health, place, wrap};
use crate::drift::{Counts, ScanStage, SeverityClass, Slug};
use crate::report::trends;
use crate::service::EnvironmentSummary;
use crate::store::OpenCounts;
use crate::tui::app::Model;
use crate::tui::app::model::Pane;
use crate::tui::theme::Role;
use crate::tui::widgets::{bar, text};

pub fn draw(canvas: &mut Canvas<'_>, area: Rect) {
    if area.height == 1 {
        return strip(canvas, area);
    }
    let model = canvas.model;
    let info = match &model.environments.error {
        Some(_) => Line::from(canvas.span(Role::Error, "not loaded")),
        None => Line::from(canvas.span(Role::Dim, model.environments.list.len().to_string())),
    };
    let mut inner = canvas.frame(area, Pane::Environments, "environments", info);
    let list = &model.environments.list;
    let widths = count_widths(list);
    // Behind the names there is a column more where one of them is protected.
    let sign = usize::from(!model.protected.is_empty());
    let name_width = name_width(list).min(name_room(widths, inner.width, sign));
    let signed = name_width + sign;
    let mut lines = vec![whole(canvas, &total(list), signed, widths)];
    for summary in list {
        lines.push(environment(canvas, summary, (name_width, widths), inner.width));
    }
    let meter = meter(&lines, inner.width);
    if has_headings(inner.height, list) {
        headings(canvas, inner, signed, widths, meter);
        inner = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
    }
    let cursor = position(canvas.model);
    let height = usize::from(inner.height);
    let top = first_row(cursor, height);
    for (row, (at, line)) in lines.iter().enumerate().skip(top).enumerate().take(height) {
        canvas.line(inner, row, line);
        let fits = line.width() + usize::from(meter) + 2 <= usize::from(inner.width);
        let coverage = counted(list, at.checked_sub(1)).coverage;
        if let Some(meter) = bar::coverage(&coverage, meter, canvas.theme).filter(|_| fits) {
            canvas.line_right(Rect { width: inner.width - 1, ..inner }, row, &meter);
        }
        if at == cursor {
            canvas.tint(inner, row, Role::Selection);
        }
    }
    let used = (list.len() + 1).saturating_sub(top);
    let used = used + answers(canvas, inner, used, cursor);
    failures(canvas, inner, used);
}

/// Columns that marks, counts and the last scan leave to a name.
fn name_room(widths: Widths, width: u16, sign: usize) -> usize {
    usize::from(width).saturating_sub(MARKS + sign + open_width(widths) + AGE).max(LEAST_NAME)
}

fn open_width(widths: Widths) -> usize {
    widths.iter().map(|width| width + 2).sum()
}

fn has_headings(height: u16, list: &[EnvironmentSummary]) -> bool {
    usize::from(height) >= list.len() + 5
}

/// The row at the top, so that the cursor is in sight.
fn first_row(cursor: usize, height: usize) -> usize {
    (cursor + 1).saturating_sub(height.saturating_sub(1).max(1))
}

/// Which environment stands in a row of the pane, its title included; `Some(None)`: all of them.
pub fn row_at(model: &Model, area: Rect, row: usize) -> Option<Option<Slug>> {
    let list = &model.environments.list;
    let inner = area.height.saturating_sub(1);
    let names = usize::from(has_headings(inner, list));
    let row = row.checked_sub(1 + names)?;
    let at = row + first_row(position(model), usize::from(inner) - names);
    match at.checked_sub(1) {
        None => Some(None),
        Some(at) => list.get(at).map(|summary| Some(summary.environment.slug.clone())),
    }
}

fn headings(canvas: &mut Canvas<'_>, area: Rect, name_width: usize, widths: Widths, meter: u16) {
    let open = open_width(widths);
    let names = Line::from(canvas.span(Role::Dim, format!(" {:name_width$}      {:open$}last scan", "", "open")));
    let right = Line::from(canvas.span(Role::Dim, "verified "));
    if meter == METER && names.width() + 2 + right.width() <= usize::from(area.width) {
        canvas.line_right(area, 0, &right);
    }
    canvas.line(area, 0, &names);
}

/// Columns of the meters: with a bar only when there is room for it in every row.
fn meter(lines: &[Line<'_>], width: u16) -> u16 {
    let widest = lines.iter().map(Line::width).max().unwrap_or(0);
    if widest + usize::from(METER) + 2 <= usize::from(width) { METER } else { NUMBER }
}

/// Columns around a name: a blank before it, ` PROD ` behind it.
const MARKS: usize = 7;
/// Columns of `last scan`, and more than an age takes.
const AGE: usize = 9;
/// Columns of a name, however little room there is.
const LEAST_NAME: usize = 8;

/// Columns of a coverage meter, and of its number alone.
const METER: u16 = 12;
const NUMBER: u16 = 5;

/// Of the last scan of one environment by its position, or of all.
fn counted(list: &[EnvironmentSummary], at: Option<usize>) -> Counts {
    let mut sum = Counts::default();
    for (index, summary) in list.iter().enumerate() {
        if let (true, Some(scan)) = (at.is_none_or(|at| at == index), &summary.last_scan) {
            sum += scan.counts;
        }
    }
    sum
}

/// Below the list: the four answers, how much of what the code states was compared, and why not all. Returns the rows it took.
fn answers(canvas: &mut Canvas<'_>, inner: Rect, from: usize, cursor: usize) -> usize {
    let model = canvas.model;
    let one = cursor.checked_sub(1).and_then(|at| model.environments.list.get(at));
    let health = one.map(|summary| health::sentence(canvas, summary));
    let going_on = one.map(|summary| around::sentences(canvas, summary)).unwrap_or_default();
    let counts = counted(&canvas.model.environments.list, cursor.checked_sub(1));
    let Some(coverage) = counts.coverage.sentence() else { return 0 };
    let [in_sync, drifted, unverified, hidden] =
        [counts.in_sync, counts.drifted, counts.unverified, counts.hidden_changes].map(text::count);
    let changes = if counts.hidden_changes == 1 { "change" } else { "changes" };
    let key = canvas.model.keymap().keys_for("global", "hidden-list").into_iter().next().unwrap_or_default();
    let lists = if counts.hidden_changes > 0 { format!(" ({key} lists)") } else { String::new() };
    let resources =
        format!("{in_sync} in sync, {drifted} drifted, {unverified} unverified; {hidden} {changes} hidden{lists}");
    let width = usize::from(inner.width).saturating_sub(2).max(1);
    let stages = one.and_then(|summary| summary.last_scan.as_ref()?.stages());
    let stages = stages.map(|stages| format!("last scan: {stages}"));
    let (role, pulse) = one.map(|summary| pulse(canvas, summary)).unwrap_or((Role::Dim, None));
    // What is not as usual comes first, what is comes last.
    let is_unusual = one.is_some_and(|summary| summary.pulse.as_ref().is_some_and(|pulse| pulse.is_unusual));
    let pulse = pulse.iter().map(|words| (role, words));
    let (first, last): (Vec<_>, Vec<_>) =
        if is_unusual { (pulse.collect(), vec![]) } else { (vec![], pulse.collect()) };
    let said = first.into_iter().chain(going_on.iter().chain(&health).map(|words| (Role::Dim, words)));
    let said = said.chain([&coverage, &resources].into_iter().chain(&stages).map(|words| (Role::Dim, words)));
    let said = said.chain(last);
    let lines: Vec<(Role, String)> =
        said.flat_map(|(role, words)| wrap(words, width).into_iter().map(move |words| (role, words))).collect();
    // Where there is no row to spare, none is left empty.
    let first = from + usize::from(from + lines.len() < usize::from(inner.height));
    for (row, (role, words)) in lines.iter().enumerate() {
        let line = Line::from(canvas.span(*role, format!(" {words}")));
        canvas.line(inner, first + row, &line);
    }
    first + lines.len() - from
}

/// How much happens there beside what is usual, and how it went in the last days.
fn pulse(canvas: &Canvas<'_>, summary: &EnvironmentSummary) -> (Role, Option<String>) {
    let Some(pulse) = &summary.pulse else { return (Role::Dim, None) };
    let role = if pulse.is_unusual { Role::Warning } else { Role::Dim };
    let trend = trends::weeks(&pulse.trend, canvas.theme.is_ascii());
    let trend = trend.map(|words| format!("; {words}")).unwrap_or_default();
    (role, Some(format!("{}{trend}", pulse.says.line())))
}

/// Row of the cursor; 0 is all environments.
fn position(model: &Model) -> usize {
    let environments = &model.environments;
    let cursor = environments.cursor.as_ref();
    cursor.and_then(|slug| environments.list.iter().position(|e| e.environment.slug == *slug)).map_or(0, |at| at + 1)
}

fn name_width(list: &[EnvironmentSummary]) -> usize {
    list.iter().map(|e| e.environment.slug.as_str().len()).max().unwrap_or(0).max(3)
}

fn total(list: &[EnvironmentSummary]) -> OpenCounts {
    list.iter().fold(OpenCounts::default(), |sum, e| OpenCounts {
        critical: sum.critical + e.open.critical,
        high: sum.high + e.open.high,
        medium: sum.medium + e.open.medium,
        low: sum.low + e.open.low,
        in_any_state: sum.in_any_state + e.open.in_any_state,
    })
}

/// Columns of the widest number of each severity class.
type Widths = [usize; 4];

fn by_class(open: &OpenCounts) -> [u64; 4] {
    [open.critical, open.high, open.medium, open.low]
}

fn count_widths(list: &[EnvironmentSummary]) -> Widths {
    let mut widths = by_class(&total(list)).map(|number| text::count(number).len());
    for numbers in list.iter().map(|e| by_class(&e.open)) {
        for (width, number) in widths.iter_mut().zip(numbers) {
            *width = (*width).max(text::count(number).len());
        }
    }
    widths
}

/// `C2  H1  M0  L4`, each class below the same one of the row above; zeros are dim.
fn counts(canvas: &Canvas<'_>, open: &OpenCounts, widths: Widths) -> Vec<Span<'static>> {
    let classes = SeverityClass::WORST_FIRST.into_iter().zip(by_class(open)).zip(widths);
    let span = |((class, number), width): ((SeverityClass, u64), usize)| {
        let role = if number == 0 { Role::Dim } else { bar::role(class) };
        let shown = format!("{}{}", class.letter(), text::count(number));
        let gap = " ".repeat((width + 2).saturating_sub(shown.len()));
        [canvas.span(role, shown), Span::raw(gap)]
    };
    classes.flat_map(span).collect()
}

fn whole(canvas: &Canvas<'_>, open: &OpenCounts, name_width: usize, widths: Widths) -> Line<'static> {
    let mut spans = vec![canvas.span(Role::Text, format!(" {:name_width$}      ", "all"))];
    spans.extend(counts(canvas, open, widths));
    Line::from(spans)
}

fn environment(
    canvas: &mut Canvas<'_>,
    summary: &EnvironmentSummary,
    (name_width, widths): (usize, Widths),
    width: u16,
) -> Line<'static> {
    let environment = &summary.environment;
    let role = if environment.is_active { Role::Text } else { Role::Dim };
    let mut spans = vec![
        canvas.span(role, format!(" {} ", text::fit(&text::waist(environment.slug.as_str(), name_width), name_width))),
    ];
    spans.push(match (environment.is_active, summary.is_production) {
        (false, _) => canvas.span(Role::Dim, "off "),
        (true, true) => canvas.span(Role::Production, "PROD"),
        (true, false) => canvas.span(Role::Dim, "    "),
    });
    spans.push(place::protection(canvas, &environment.slug));
    spans.push(Span::raw(" "));
    spans.extend(counts(canvas, &summary.open, widths));
    let (role, scan) = scan(canvas, summary);
    spans.push(canvas.span(role, scan));
    let failed = summary.sources.iter().filter(|source| source.error.is_some()).count();
    if failed > 0 {
        spans.push(canvas.span(Role::Error, format!(" {failed} failed")));
    }
    if summary.pulse.as_ref().is_some_and(|pulse| pulse.is_unusual) {
        spans.push(canvas.span(Role::Warning, " unusual"));
    }
    if let Some(words) = around::short(canvas, summary) {
        spans.push(canvas.span(Role::Warning, format!(" {words}")));
    }
    if width >= 50 {
        spans.push(canvas.span(Role::Dim, format!(" {}", environment.cloud_provider.as_str())));
    }
    Line::from(spans)
}

/// The running scan's stage and count, else how long ago the last one ended.
fn scan(canvas: &mut Canvas<'_>, summary: &EnvironmentSummary) -> (Role, String) {
    if summary.is_detection_off && summary.running.is_none() {
        return (Role::Warning, "detection off".to_owned());
    }
    if let Some(running) = &summary.running {
        let stage = match running.stage {
            ScanStage::Queued => "queued",
            ScanStage::Live => "live",
            ScanStage::Compare => "compare",
            ScanStage::Store => "store",
            ScanStage::Done => "done",
            ScanStage::Cancelled => "cancelled",
            ScanStage::Failed => "failed",
        };
        return (Role::Key, format!("{stage} {}", text::count(running.resources)));
    }
    if let Some(words) = health::removed(canvas, summary) {
        return (Role::Warning, words.into());
    }
    if !summary.environment.is_active {
        return (Role::Dim, "inactive".into());
    }
    if let Some(since) = health::overdue(canvas, summary) {
        return (Role::Error, format!("OVERDUE {}", canvas.age(since)));
    }
    match &summary.last_scan {
        None => (Role::Dim, "not scanned".into()),
        Some(scan) => {
            let age = canvas.age(scan.finished_at);
            match scan.stage {
                ScanStage::Failed => (Role::Error, format!("failed {age}")),
                ScanStage::Cancelled => (Role::Warning, format!("cancelled {age}")),
                _ => (Role::Dim, age),
            }
        }
    }
}

/// Below the list: which sources failed, how old what is shown instead is, and what to do.
fn failures(canvas: &mut Canvas<'_>, inner: Rect, from: usize) {
    let model = canvas.model;
    let cursor = model.environments.cursor.as_ref();
    let shown = model.environments.list.iter().filter(|e| cursor.is_none_or(|slug| e.environment.slug == *slug));
    let mut row = from + 1;
    for source in shown.flat_map(|e| &e.sources) {
        for words in &source.notices {
            let words =
                format!("{}: {}", text::tail(&source.source.line(), usize::from(inner.width) / 2), words.line());
            for piece in wrap(&words, usize::from(inner.width).saturating_sub(4).max(1)) {
                canvas.line(inner, row, &Line::from(canvas.span(Role::Warning, format!(" ~ {piece}"))));
                row += 1;
            }
        }
        let Some(error) = &source.error else { continue };
        if row >= usize::from(inner.height) {
            return;
        }
        let age = source.last_good.map_or("never read".into(), |at| format!("data {} old", canvas.age(at)));
        let name = text::tail(&error.source.line(), usize::from(inner.width).saturating_sub(age.len() + 6));
        let line = Line::from(vec![
            canvas.span(Role::Error, format!(" ! {name}")),
            canvas.span(Role::Dim, format!("  {age}")),
        ]);
        canvas.line(inner, row, &line);
        row += 1;
        let words = error.sentences();
        for piece in wrap(&words, usize::from(inner.width).saturating_sub(4).max(1)) {
            canvas.line(inner, row, &Line::from(canvas.span(Role::Dim, format!("   {piece}"))));
            row += 1;
        }
    }
}

/// All environments in one row, moved so that the cursor is in it.
fn strip(canvas: &mut Canvas<'_>, area: Rect) {
    let model = canvas.model;
    let cursor = position(model);
    let mut cells = vec![strip_cell(canvas, "all", None, true, &total(&model.environments.list))];
    for summary in &model.environments.list {
        let environment = &summary.environment;
        let mut cell = strip_cell(
            canvas,
            environment.slug.as_str(),
            Some(&environment.slug),
            environment.is_active,
            &summary.open,
        );
        if summary.sources.iter().any(|source| source.error.is_some()) {
            cell.spans.insert(1, canvas.span(Role::Error, " !"));
        }
        if let Some(words) = around::short(canvas, summary) {
            cell.push_span(canvas.span(Role::Warning, format!("{words} ")));
        }
        let is_overdue = health::overdue(canvas, summary).is_some();
        match &summary.last_scan {
            _ if is_overdue => cell.push_span(canvas.span(Role::Error, "OVERDUE ")),
            _ if summary.running.is_some() => cell.push_span(canvas.span(Role::Key, "… ")),
            _ if summary.is_removed => {
                let words = health::removed(canvas, summary).unwrap_or_default();
                cell.push_span(canvas.span(Role::Warning, format!("{words} ")));
            }
            Some(scan) => {
                let age = canvas.age(scan.finished_at);
                cell.push_span(canvas.span(Role::Dim, format!("{age} ")));
            }
            None => cell.push_span(canvas.span(Role::Dim, "? ")),
        }
        cells.push(cell);
    }
    let width = usize::from(area.width);
    let mut first = 0;
    while first < cursor && cells[first..=cursor].iter().map(Line::width).sum::<usize>() > width {
        first += 1;
    }
    let mut x = area.x;
    for (at, cell) in cells.iter().enumerate().skip(first) {
        let rest = Rect { x, width: area.right().saturating_sub(x), ..area };
        canvas.line(rest, 0, cell);
        let taken = u16::try_from(cell.width()).unwrap_or(u16::MAX).min(rest.width);
        if at == cursor {
            canvas.tint(Rect { width: taken, ..rest }, 0, Role::Selection);
        }
        x = x.saturating_add(taken).min(area.right());
    }
    if cells[first..].iter().map(Line::width).sum::<usize>() > width + 1 {
        let more = Line::from(canvas.span(Role::Key, "…"));
        canvas.line_right(area, 0, &more);
    }
}

fn strip_cell(canvas: &Canvas<'_>, name: &str, slug: Option<&Slug>, active: bool, open: &OpenCounts) -> Line<'static> {
    let mut spans = vec![canvas.span(if active { Role::Text } else { Role::Dim }, format!(" {name}"))];
    spans.extend(slug.into_iter().flat_map(|slug| place::behind(canvas, slug)));
    spans.push(Span::raw(" "));
    for (class, number) in SeverityClass::WORST_FIRST.into_iter().zip(by_class(open)).filter(|(_, number)| *number > 0)
    {
        spans.push(canvas.span(bar::role(class), format!("{}{}", class.letter(), text::count(number))));
        spans.push(Span::raw(" "));
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use crate::drift::Slug;
    use crate::tui::Options;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::sample::Sample;

    #[test]
    fn a_long_name_takes_no_room_from_counts_and_age() {
        for size in [(120, 40), (160, 45), (250, 80)] {
            let mut screens = Screens::open(Sample::shared(), options(Options::default()), size).unwrap();
            let short = screens.screen();
            let counts = "C1 H1 M1 L2";
            let age = |screen: &str| {
                let row = screen.lines().find(|line| line.contains(counts) && line.contains("PROD"));
                let row = row.unwrap_or_else(|| panic!("no counts beside PROD:\n{screen}")).to_owned();
                let behind = row.split(counts).nth(1).unwrap_or_default().to_owned();
                (behind.split_whitespace().next().unwrap_or_default().to_owned(), row)
            };
            let long = "prod-eu-west-1-payments-and-settlement-cluster-number-seventeen";
            screens.model.environments.list[0].environment.slug = Slug::from_text(long);
            let screen = screens.screen();
            let ((before, _), (after, row)) = (age(&short), age(&screen));
            assert_eq!(before, after, "{screen}");
            assert!(row.contains("prod-") && row.contains('…'), "{row}");
            assert!(!screen.contains("scanverified") && !screen.contains("scanerified"), "{screen}");
        }
    }

    #[test]
    fn one_hidden_change_is_one() {
        let mut screens = Screens::open(Sample::shared(), options(Options::default()), (160, 45)).unwrap();
        for summary in &mut screens.model.environments.list {
            summary.last_scan.iter_mut().for_each(|scan| scan.counts.hidden_changes = 0);
        }
        let first = screens.model.environments.list.iter_mut().find_map(|summary| summary.last_scan.as_mut());
        first.unwrap().counts.hidden_changes = 1;
        let shown = screens.screen().replace(['\n', '│'], " ");
        let words: Vec<&str> = shown.split_whitespace().collect();
        assert!(words.windows(2).any(|pair| pair == ["1", "change"]), "{}", screens.screen());
    }
}
