//! A row of incident mode, and how wide its columns are: each as wide as what stands in it, before anything is left blank.

use ratatui::text::{Line, Span};

use super::Canvas;
use super::place::Marks;
use crate::drift::{DriftEvent, Happening, Incident, OperationalContext, SeverityClass};
use crate::tui::app::Model;
use crate::tui::app::incident::{Cells, IncidentView, Needs, RowKind};
use crate::tui::theme::Role;
use crate::tui::widgets::{bar, text};

/// What a column has before any other gets more than that.
const LEAST: Needs = Needs { environment: 16, what: 16, resource: 20, who: 7, why: 0 };
/// What was done in a few words: `accepted 50 drifts`, `some changes settled`.
const DONE: usize = 21;
/// A reason in fewer columns says nothing.
const WHY: usize = 12;

/// Columns of a row, from left to right.
pub(super) struct Columns {
    format: &'static str,
    pub time: usize,
    environment: usize,
    marks: Marks,
    what: usize,
    who: usize,
    why: usize,
    resource: usize,
}

impl Columns {
    pub fn of(width: usize, model: &Model, view: &IncidentView, incident: &Incident) -> Self {
        let days = incident.until.duration_since(incident.from).as_hours() >= 24;
        let (format, time) = match (days, width < 70) {
            (true, false) => ("%m-%d %H:%M:%S", 15),
            (true, true) => ("%m-%d %H:%M", 12),
            (false, _) => ("%H:%M:%S", 9),
        };
        let is_of_all = view.environment.is_none();
        let marks = if is_of_all { Marks::of(model, width) } else { Marks::default() };
        let most = if width < 70 { 9 } else { LEAST.environment };
        let environment = if is_of_all { view.needs.environment.max(3).min(most) + 1 } else { 0 };
        let rest = width.saturating_sub(2 + time + 2 + environment + marks.width());
        let Needs { what, resource, who, why, .. } = shared(view.needs, rest);
        Self { format, time, environment, marks, what, who, why, resource }
    }

    pub fn names(&self) -> String {
        let cells = [
            ("time", self.time),
            ("", 2),
            ("env", self.environment + self.marks.width()),
            ("what", self.what),
            ("resource", self.resource),
            ("who", self.who),
            ("why", self.why),
        ];
        cells.iter().fold("  ".to_owned(), |line, (name, width)| line + &text::fit(name, *width))
    }
}

/// Columns with the space behind them: first the least, then what is missing to what was done (where that is no sentence), to the
/// resource, to who did it, and the rest to why. What nobody needs is left blank at the edge.
fn shared(needs: Needs, room: usize) -> Needs {
    let with_space = |need: usize, name: usize| need.max(name) + 1;
    let full = Needs {
        what: with_space(needs.what, 4),
        resource: with_space(needs.resource, 8),
        who: with_space(needs.who, 3),
        why: if needs.why == 0 { 0 } else { with_space(needs.why, 3) },
        ..needs
    };
    let mut left = room;
    let mut take = |wanted: usize| {
        let got = wanted.min(left);
        left -= got;
        got
    };
    let mut what = take(full.what.min(LEAST.what));
    let mut who = take(full.who.min(LEAST.who));
    let mut resource = take(full.resource.min(LEAST.resource));
    what += take(full.what.min(DONE).saturating_sub(what));
    resource += take(full.resource - resource);
    what += take(full.what - what);
    who += take(full.who - who);
    let why = if left >= WHY.min(full.why) { left.min(full.why) } else { 0 };
    Needs { what, who, resource, why, ..full }
}

/// What a row is drawn from.
pub(super) struct Shown<'a> {
    pub kind: RowKind,
    pub run: &'a [Happening],
    pub event: Option<&'a DriftEvent>,
    pub marker: Option<&'a OperationalContext>,
    /// After the moment that is looked at.
    pub later: bool,
    /// In the part of the span that is looked at.
    pub now: bool,
}

pub(super) fn line(canvas: &Canvas<'_>, incident: &Incident, shown: &Shown<'_>, columns: &Columns) -> Line<'static> {
    let Some(cells) = Cells::of(incident, shown.kind, shown.run) else { return Line::default() };
    let one = &shown.run[0];
    let later = shown.later;
    let calm = if later { Role::Dim } else { Role::Text };
    let mark = match (shown.now, canvas.theme.is_ascii()) {
        (false, _) => "  ",
        (true, true) => "> ",
        (true, false) => "▸ ",
    };
    let time = one.at.to_zoned(canvas.model.zone.clone()).strftime(columns.format).to_string();
    let class = shown.event.map(DriftEvent::severity_class);
    let marker = shown.marker.map(|one| one.context_type.letter());
    let letter = class.map(SeverityClass::letter).or(marker).unwrap_or(' ').to_string();
    let letter_role = match (class, marker) {
        _ if later => Role::Dim,
        (Some(class), _) => bar::role(class),
        (None, Some(_)) => Role::Marked,
        (None, None) => Role::Dim,
    };
    let person = if one.is_of_a_person() && !later { Role::Key } else { calm };
    // The end of an address says most; of several names, and of a title, the beginning.
    let room = columns.resource.saturating_sub(1);
    let is_address = shown.event.is_some() && shown.kind != RowKind::Bulk;
    let resource = if is_address { text::tail(&cells.resource, room) } else { text::cut(&cells.resource, room) };
    let mut spans = vec![
        canvas.span(Role::Key, mark),
        canvas.span(calm, text::fit(&time, columns.time)),
        canvas.span(letter_role, letter),
        Span::raw(" "),
        canvas.span(Role::Dim, column(&cells.environment, columns.environment)),
    ];
    // Where one of several is production, that is said.
    let places = shown.run.iter().filter_map(|one| one.environment.as_ref());
    let place = places.max_by_key(|slug| canvas.model.is_production(slug));
    spans.extend(columns.marks.spans(canvas, place));
    spans.extend([
        canvas.span(person, column(&cells.what, columns.what)),
        canvas.span(calm, column(&resource, columns.resource)),
        canvas.span(Role::Dim, column(&cells.who, columns.who)),
        canvas.span(Role::Dim, column(&cells.why, columns.why)),
    ]);
    Line::from(spans)
}

/// Fits with a space behind it.
fn column(shown: &str, width: usize) -> String {
    text::fit(shown, width.saturating_sub(1)) + if width > 0 { " " } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widths(needs: (usize, usize, usize, usize), room: usize) -> (usize, usize, usize, usize) {
        let (what, resource, who, why) = needs;
        let shared = shared(Needs { environment: 0, what, resource, who, why }, room);
        (shared.what, shared.resource, shared.who, shared.why)
    }

    #[test]
    fn every_column_is_as_wide_as_its_text_before_anything_is_blank() {
        assert_eq!(widths((21, 60, 5, 30), 130), (22, 61, 6, 31), "all there is");
        assert_eq!(widths((21, 60, 5, 30), 115), (22, 61, 6, 26), "a reason is cut first");
        assert_eq!(widths((21, 60, 5, 30), 95), (22, 61, 6, 0), "of a few letters there is no use");
        assert_eq!(widths((21, 60, 5, 30), 50), (21, 23, 6, 0), "what was done in a few words is not cut");
    }

    #[test]
    fn columns_never_take_more_than_there_is() {
        for room in 0..140 {
            let (what, resource, who, why) = widths((21, 60, 14, 40), room);
            assert!(what + resource + who + why <= room, "{room}");
        }
    }
}
