//! Maintenance that is announced in the configuration: once, or every week.

use jiff::civil::{DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{ContextData, ContextId, ContextSource, ContextType, IncidentImpact, OperationalContext, Slug, TimeWindow};
use crate::safety::Tainted;

/// When it is.
#[derive(Clone, PartialEq, Debug)]
pub enum When {
    Once {
        from: Timestamp,
        to: Timestamp,
    },
    /// On these days, by the clock of `zone`; ends on the next day where `to` is not after `from`.
    Weekly {
        days: Vec<Weekday>,
        from: Time,
        to: Time,
        zone: TimeZone,
    },
}

/// One announcement.
#[derive(Clone, PartialEq, Debug)]
pub struct Maintenance {
    pub title: Tainted,
    pub link: Option<Tainted>,
    pub incident_impact: Option<IncidentImpact>,
    /// Empty: all.
    pub environments: Vec<Slug>,
    pub when: When,
}

impl Maintenance {
    /// Days that are looked through at most, the newest.
    const DAYS_MAX: i64 = 366;

    /// Every time it is that touches a span, oldest first.
    pub fn within(&self, from: Timestamp, until: Timestamp) -> Vec<OperationalContext> {
        let windows = match &self.when {
            When::Once { from, to } => vec![TimeWindow { from: *from, to: Some(*to) }],
            When::Weekly { days, from: start, to: end, zone } => {
                let earliest = until.checked_sub(SignedDuration::from_hours(24 * Self::DAYS_MAX)).unwrap_or(from);
                let mut day = from.max(earliest).to_zoned(zone.clone()).date();
                // One that began the evening before may still go on.
                day = day.yesterday().unwrap_or(day);
                let last = until.to_zoned(zone.clone()).date();
                let mut windows = vec![];
                while day <= last {
                    let next = day.tomorrow().ok();
                    if days.contains(&day.weekday()) {
                        let end_day = if end > start { Some(day) } else { next };
                        let begins = moment(day.to_datetime(*start), zone);
                        let ends = end_day.and_then(|day| moment(day.to_datetime(*end), zone));
                        windows.extend(begins.zip(ends).map(|(from, to)| TimeWindow { from, to: Some(to.max(from)) }));
                    }
                    let Some(next) = next else { break };
                    day = next;
                }
                windows
            }
        };
        windows.into_iter().filter(|one| one.touches(from, until)).map(|one| self.during(one)).collect()
    }

    fn during(&self, time_window: TimeWindow) -> OperationalContext {
        let end = time_window.to.map_or_else(String::new, |to| to.to_string());
        let slugs = self.environments.iter().map(Slug::as_str);
        let facts: Vec<&str> = [self.title.raw(), &end].into_iter().chain(slugs).collect();
        OperationalContext {
            id: ContextId::of(time_window.from, &facts),
            context_type: ContextType::Maintenance,
            context_data: ContextData { title: self.title.clone(), link: self.link.clone(), ..ContextData::default() },
            incident_impact: self.incident_impact,
            time_window,
            environments: self.environments.clone(),
            source: ContextSource::Configuration,
        }
    }
}

/// A time that the clock skips in spring is the one after it.
fn moment(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    local.to_zoned(zone.clone()).ok().map(|at| at.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weekly(days: &[Weekday], from: i8, to: i8) -> Maintenance {
        let at = |hour| Time::new(hour, 0, 0, 0).unwrap();
        let when = When::Weekly {
            days: days.to_vec(),
            from: at(from),
            to: at(to),
            zone: TimeZone::fixed(jiff::tz::offset(1)),
        };
        Maintenance { title: "patching".into(), link: None, incident_impact: None, environments: vec![], when }
    }

    fn within(of: &Maintenance, from: &str, until: &str) -> Vec<String> {
        let found = of.within(from.parse().unwrap(), until.parse().unwrap());
        found.iter().map(|one| format!("{} {}", one.time_window.from, one.time_window.to.unwrap())).collect()
    }

    #[test]
    fn a_weekly_window_is_there_on_its_days_by_its_own_clock() {
        // 2026-11-21 is a Saturday.
        let saturdays = weekly(&[Weekday::Saturday], 2, 4);
        let expected = ["2026-11-14T01:00:00Z 2026-11-14T03:00:00Z", "2026-11-21T01:00:00Z 2026-11-21T03:00:00Z"];
        assert_eq!(within(&saturdays, "2026-11-10T00:00:00Z", "2026-11-22T00:00:00Z"), expected);
        assert_eq!(within(&saturdays, "2026-11-21T03:00:01Z", "2026-11-22T00:00:00Z"), [""; 0]);
    }

    #[test]
    fn one_that_goes_over_midnight_began_the_day_before() {
        let night = weekly(&[Weekday::Friday], 23, 4);
        let found = within(&night, "2026-11-21T02:00:00Z", "2026-11-21T02:00:00Z");
        assert_eq!(found, ["2026-11-20T22:00:00Z 2026-11-21T03:00:00Z"]);
    }

    #[test]
    fn each_time_has_an_id_of_its_own_that_does_not_move() {
        let of = weekly(&[Weekday::Saturday], 2, 4);
        let ids = |until: &str| {
            let found = of.within("2026-11-10T00:00:00Z".parse().unwrap(), until.parse().unwrap());
            found.iter().map(|one| one.id).collect::<Vec<_>>()
        };
        let (few, more) = (ids("2026-11-15T00:00:00Z"), ids("2026-11-22T00:00:00Z"));
        assert_eq!((few.len(), more.len()), (1, 2));
        assert_eq!(few[0], more[0]);
        assert_ne!(more[0], more[1]);
    }

    #[test]
    fn the_whole_of_time_is_looked_through_within_reason() {
        let daily = weekly(&[Weekday::Saturday], 2, 4);
        let all = daily.within(Timestamp::UNIX_EPOCH, "2026-11-22T00:00:00Z".parse().unwrap());
        assert!((50..60).contains(&all.len()), "{}", all.len());
    }
}
