//! How much happened when, at the foot of the timeline: over the span that its query names, or the last day.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::incident::LEAD;
use super::msg::Ticket;
use super::span::{DAY, HOUR, MINUTE, Scale};
use crate::drift::query::Window;
use crate::drift::{Incident, IncidentRequest, Slug};

/// Without a query.
const SPAN: SignedDuration = SignedDuration::from_hours(24);
/// It is not asked for again before so long, however much happens.
const APART: SignedDuration = SignedDuration::from_secs(10);

/// What it is about.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct About {
    /// `None`: all.
    pub environment: Option<Slug>,
    pub window: Option<Window>,
    /// Of the pane.
    pub columns: usize,
}

impl About {
    /// The same happenings, however they lie.
    fn is_like(&self, other: &Self) -> bool {
        self.environment == other.environment && self.window == other.window
    }
}

/// What was found, and how it lies on the columns: its parts are those of the scale.
#[derive(Clone, PartialEq, Debug)]
pub struct Heat {
    pub incident: Incident,
    pub scale: Scale,
    about: About,
}

/// What is known of it.
#[derive(Default)]
pub struct HeatView {
    /// What was asked for last, and when.
    about: Option<(About, Timestamp)>,
    asked: Option<(Ticket, Scale)>,
    /// What came last stays until the next comes, or cannot come and is about something else.
    pub found: Option<Arc<Heat>>,
    pub error: Option<String>,
    is_stale: bool,
}

impl HeatView {
    /// Something happened since.
    pub fn is_old(&mut self) {
        self.is_stale = true;
    }

    /// What has to be asked for.
    pub fn wants(&self, about: &About, now: Timestamp, zone: &TimeZone) -> Option<(IncidentRequest, Scale)> {
        let is_known = self.about.as_ref().is_some_and(|(known, _)| known == about);
        // A clock that was put back is not waited for.
        let is_ahead = self.about.as_ref().is_some_and(|(_, asked)| *asked > now);
        let is_due = self.due().is_some_and(|at| at <= now || is_ahead);
        if self.asked.is_some() || is_known && !is_due {
            return None;
        }
        let (from, until) = match about.window {
            Some(window) => window.resolve(now),
            None => (now.checked_sub(SPAN).unwrap_or(now), None),
        };
        let until = until.unwrap_or(now).min(now).max(from);
        let scale = scale(from, until, about.columns, zone);
        // Whole parts, each counted by itself; nothing needs to be listed.
        let last = scale.start(scale.parts).checked_sub(SignedDuration::from_micros(1)).unwrap_or(until);
        let environments = about.environment.iter().cloned().collect();
        Some((IncidentRequest { from: scale.origin, until: last, environments, limit: 1, parts: scale.parts }, scale))
    }

    /// When it is to be asked for again; `None`: nothing happened since.
    pub fn due(&self) -> Option<Timestamp> {
        let (_, at) = self.about.as_ref().filter(|_| self.is_stale)?;
        at.checked_add(APART).ok()
    }

    pub fn ask(&mut self, (ticket, scale): (Ticket, Scale), about: About, now: Timestamp) {
        (self.about, self.asked, self.is_stale) = (Some((about, now)), Some((ticket, scale)), false);
    }

    pub fn came(&mut self, ticket: Ticket, answer: Result<Incident, String>) {
        let Some((_, scale)) = self.asked.take_if(|(asked, _)| *asked == ticket) else { return };
        let about = self.about.as_ref().map(|(about, _)| about.clone()).unwrap_or_default();
        match answer {
            Ok(incident) => (self.found, self.error) = (Some(Arc::new(Heat { incident, scale, about })), None),
            Err(why) => {
                self.found.take_if(|known| !known.about.is_like(&about));
                self.error = Some(why);
            }
        }
    }
}

/// How a span lies on so many columns of a pane: by hours, more than four days by days, a few hours as fine as there is room.
fn scale(from: Timestamp, until: Timestamp, columns: usize, zone: &TimeZone) -> Scale {
    let least = match until.duration_since(from).as_secs() / HOUR {
        ..6 => MINUTE,
        6..96 => HOUR,
        _ => DAY,
    };
    Scale::no_finer_than(least, (from, until), columns.saturating_sub(LEAD + 1), zone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::DensityCounter;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_last_day_is_asked_for_by_whole_hours_and_again_when_something_happened() {
        let (mut heat, now) = (HeatView::default(), at("2026-11-21T08:07:30Z"));
        let about = About { columns: 100, ..About::default() };
        let wants = |heat: &HeatView, about: &About, now| heat.wants(about, now, &TimeZone::UTC);
        let (asked, scale) = wants(&heat, &about, now).unwrap();
        assert_eq!((asked.from, asked.until), (at("2026-11-20T08:00:00Z"), at("2026-11-21T08:59:59.999999Z")));
        assert_eq!((asked.parts, asked.limit), (25, 1), "by the hour");
        heat.ask((Ticket(1), scale), about.clone(), now);
        let later = now + SignedDuration::from_secs(60);
        assert_eq!(wants(&heat, &about, later), None, "it is on its way");
        heat.came(Ticket(2), Err("late".into()));
        assert_eq!(heat.error, None, "an answer to another question");
        heat.came(Ticket(1), Err("away".into()));
        assert_eq!((heat.error.as_deref(), wants(&heat, &about, later)), (Some("away"), None));
        heat.is_old();
        assert_eq!(wants(&heat, &about, now + SignedDuration::from_secs(3)), None, "too soon");
        assert!(wants(&heat, &about, later).is_some());
        let elsewhere = About { environment: Some(Slug::from_text("prod")), ..about.clone() };
        assert_eq!(wants(&heat, &elsewhere, now).unwrap().0.environments.len(), 1, "at once");
        assert!(wants(&heat, &About { columns: 80, ..about }, now).is_some(), "it lies otherwise on fewer columns");
    }

    #[test]
    fn what_was_found_of_another_environment_does_not_stay_when_this_one_cannot_be_had() {
        let (mut heat, now) = (HeatView::default(), at("2026-11-21T08:07:30Z"));
        let incident = |asked: &IncidentRequest| Incident {
            from: asked.from,
            until: asked.until,
            happenings: vec![],
            drifts: vec![],
            cut: false,
            density: vec![],
            markers: vec![],
            together: vec![],
        };
        let mut asks = |name: &str, columns, comes: bool| {
            let about = About { environment: Some(Slug::from_text(name)), columns, ..About::default() };
            let (asked, scale) = heat.wants(&about, now, &TimeZone::UTC).unwrap();
            heat.ask((Ticket(1), scale), about, now);
            heat.came(Ticket(1), if comes { Ok(incident(&asked)) } else { Err("away".into()) });
            (heat.found.is_some(), heat.error.is_some())
        };
        assert_eq!(asks("prod", 100, true), (true, false));
        assert_eq!(asks("prod", 80, false), (true, true), "what is old is still true of it");
        assert_eq!(asks("staging", 80, false), (false, true));
    }

    #[test]
    fn a_clock_that_was_put_back_is_not_waited_for() {
        let (mut heat, now) = (HeatView::default(), at("2026-11-21T08:07:30Z"));
        let about = About { columns: 100, ..About::default() };
        let (_, scale) = heat.wants(&about, now, &TimeZone::UTC).unwrap();
        heat.ask((Ticket(1), scale), about.clone(), now);
        heat.came(Ticket(1), Err("away".into()));
        heat.is_old();
        let earlier = now - SignedDuration::from_hours(1);
        assert!(heat.wants(&about, earlier, &TimeZone::UTC).is_some());
    }

    #[test]
    fn the_span_of_a_query_is_cut_into_hours_or_days_and_each_part_is_counted_by_itself() {
        let (heat, now) = (HeatView::default(), at("2026-11-21T08:07:30Z"));
        for (text, unit) in [("-2h", "2 min"), ("-12h", "1 h"), ("-90h", "1 h"), ("-96h", "1 day"), ("-30d", "1 day")] {
            let window = Some(Window::parse(text, now, &TimeZone::UTC).unwrap());
            let about = About { window, columns: 110, ..About::default() };
            let (asked, scale) = heat.wants(&about, now, &TimeZone::UTC).unwrap();
            assert_eq!(scale.words(), unit, "{text}");
            let (first, width) = DensityCounter::new(&asked).parts();
            assert_eq!((first, width), (scale.origin.as_microsecond(), scale.unit * 1_000_000), "{text}");
        }
    }
}
