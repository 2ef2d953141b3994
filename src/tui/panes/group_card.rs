//! The incident under the cursor, where a drift's two sides stand otherwise: what is in it, since when, and why it is one.

use jiff::Timestamp;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Canvas, wrap};
use crate::drift::query::{GroupRow, IncidentRow};
use crate::tui::app::model::Pane;
use crate::tui::app::notice::count;
use crate::tui::theme::Role;

/// `false`: no incident of several drifts is under the cursor.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect) -> bool {
    let Some(group) = canvas.model.timeline.group() else { return false };
    let Some(incident) = group.incident.as_ref().filter(|incident| incident.members > 1) else { return false };
    let inner = canvas.frame(area, Pane::Diff, "incident", Line::default());
    let lines = lines(canvas, group, incident, inner.width.into());
    for (row, line) in lines.iter().take(inner.height.into()).enumerate() {
        canvas.line(inner, row, line);
    }
    true
}

fn lines(canvas: &Canvas<'_>, group: &GroupRow, incident: &IncidentRow, width: usize) -> Vec<Line<'static>> {
    let drifts = |number: u64| count(usize::try_from(number).unwrap_or(usize::MAX), "drift");
    let open = incident.members.saturating_sub(incident.settled);
    let states = match (incident.settled, open) {
        (0, _) => "none of them settled".to_owned(),
        (_, 0) => "all of them settled".to_owned(),
        (settled, open) => format!("{settled} settled, {open} not"),
    };
    let shown = if group.count < incident.members { format!("; {} in this list", group.count) } else { String::new() };
    let places: Vec<&str> = incident.environments.iter().map(|slug| slug.as_str()).collect();
    let mut told = vec![
        (Role::Title, format!("incident {}", incident.id)),
        (
            Role::Text,
            format!("{}, {states}{shown}; the worst listed is {}", drifts(incident.members), group.worst.as_str()),
        ),
        (Role::Text, format!("in {}, {}", places.join(", "), span(canvas, incident.oldest, incident.newest))),
    ];
    if !incident.why.is_empty() {
        told.push((Role::Title, "why they are one".into()));
        told.extend(incident.why.iter().map(|why| (Role::Text, why.line())));
    }
    told.push((Role::Dim, "enter opens it; a decision here is about all of it that is listed".into()));
    let rows = told
        .into_iter()
        .flat_map(|(role, words)| wrap(&words, width).into_iter().map(move |words| (role, words)).collect::<Vec<_>>());
    rows.map(|(role, words)| Line::from(canvas.span(role, words))).collect()
}

/// `first seen 2026-11-21 02:00` and how long until the last of them.
fn span(canvas: &Canvas<'_>, oldest: Timestamp, newest: Timestamp) -> String {
    let clock = |at: Timestamp| at.to_zoned(canvas.model.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    match newest.duration_since(oldest).as_secs() {
        0..60 => format!("first seen {}", clock(oldest)),
        _ => format!("first seen {} to {}", clock(oldest), clock(newest)),
    }
}

#[cfg(test)]
mod tests {
    use crate::tui::Options;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::sample::Sample;

    /// Somebody has put two drifts of the sample together, which now belong to one incident.
    fn open() -> Screens {
        let mut screens = Screens::open(Sample::shared(), options(Options::default()), (120, 40)).unwrap();
        screens.keys("space , l enter");
        assert!(screens.screen().contains("saved: link"), "{}", screens.screen());
        screens.keys("- g g");
        screens
    }

    fn group(screens: &mut Screens) {
        screens.keys("/");
        screens.text("group:incident sort:oldest is:open");
        screens.keys("enter g g");
        while screens.model.timeline.group().is_some_and(|group| group.count < 2) {
            screens.keys("j");
        }
    }

    #[test]
    fn the_row_of_an_incident_tells_why_it_is_one_and_a_decision_on_it_is_about_its_members() {
        let mut screens = open();
        group(&mut screens);
        let id = screens.model.timeline.group().unwrap().incident.as_ref().unwrap().id.clone();
        let shown = screens.screen();
        assert!(
            shown.contains(&format!("incident {id}")) && shown.contains("2 drifts, none of them settled"),
            "{shown}"
        );
        assert!(shown.contains("somebody put two of them together"), "{shown}");
        screens.keys("enter j D tab");
        screens.text("over");
        screens.keys("enter enter k");
        let shown = screens.screen();
        assert!(shown.contains("2 drifts, 1 settled, 1 not; 1 in this list"), "{shown}");
        assert!(shown.contains("1 of 2 settled"), "{shown}");
    }

    #[test]
    fn one_key_shows_all_of_a_drifts_incident_and_another_goes_back() {
        let mut screens = open();
        let (before, drift) = (screens.model.timeline.window.len(), screens.model.timeline.selected_id().unwrap());
        screens.act("whole-incident");
        let shown = screens.screen();
        assert!(shown.contains(&format!("/incident:{drift}")), "{shown}");
        assert_eq!((screens.model.timeline.window.len(), screens.model.timeline.selected_id()), (2, Some(drift)));
        screens.keys("esc");
        assert_eq!((screens.model.timeline.window.len(), screens.model.timeline.selected_id()), (before, Some(drift)));
    }
}
