//! A span of time cut into parts that fit on the screen: whole minutes, hours or days of the clock.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

pub const MINUTE: i64 = 60;
pub const HOUR: i64 = 3600;
pub const DAY: i64 = 86_400;

/// What one part may be, in seconds.
const UNITS: [i64; 16] = [
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    30 * DAY,
    365 * DAY,
];
/// A part is drawn this wide at most.
const WIDEST: usize = 4;

/// How a span lies on so many columns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scale {
    /// Where the first part begins; at or before the span.
    pub origin: Timestamp,
    /// Seconds of a part.
    pub unit: i64,
    pub parts: usize,
    /// Columns of a part.
    pub wide: usize,
}

impl Scale {
    /// The finest parts for which there is room.
    pub fn of(from: Timestamp, until: Timestamp, columns: usize, zone: &TimeZone) -> Self {
        Self::no_finer_than(MINUTE, (from, until), columns, zone)
    }

    /// As [`of`](Self::of), of parts that are no shorter than so many seconds.
    pub fn no_finer_than(least: i64, (from, until): (Timestamp, Timestamp), columns: usize, zone: &TimeZone) -> Self {
        let columns = columns.max(1);
        let fit = |unit: i64| {
            let origin = floor(from, unit, zone);
            let length = until.duration_since(origin).as_secs().max(0);
            let parts = usize::try_from(length / unit + 1).unwrap_or(usize::MAX);
            Self { origin, unit, parts, wide: (columns / parts).clamp(1, WIDEST) }
        };
        let widest = fit(UNITS[UNITS.len() - 1]);
        let mut all = UNITS.into_iter().filter(|unit| *unit >= least).map(fit);
        let found = all.find(|scale| scale.parts <= columns).unwrap_or(widest);
        Self { parts: found.parts.min(columns), ..found }
    }

    /// Which part a moment lies in; those outside lie at the ends.
    pub fn part(&self, at: Timestamp) -> usize {
        let part = at.duration_since(self.origin).as_secs().div_euclid(self.unit);
        usize::try_from(part).unwrap_or(0).min(self.parts - 1)
    }

    /// When a part begins.
    pub fn start(&self, part: usize) -> Timestamp {
        let seconds = self.unit.saturating_mul(i64::try_from(part).unwrap_or(i64::MAX));
        self.origin.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
    }

    /// `2 min`, `1 h`, `7 days`.
    pub fn words(&self) -> String {
        match self.unit {
            unit if unit < HOUR => format!("{} min", unit / MINUTE),
            unit if unit < DAY => format!("{} h", unit / HOUR),
            DAY => "1 day".into(),
            unit => format!("{} days", unit / DAY),
        }
    }

    /// Columns and labels of the axis, as dense as they read well.
    pub fn ticks(&self, zone: &TimeZone) -> Vec<(usize, String)> {
        let (format, width) = if self.unit < HOUR && self.parts as i64 * self.unit <= 2 * DAY {
            ("%H:%M", 5)
        } else if self.unit < DAY {
            ("%d %H:%M", 8)
        } else {
            ("%m-%d", 5)
        };
        let roomy = |unit: &i64| {
            unit % self.unit == 0 && usize::try_from(unit / self.unit).unwrap_or(0) * self.wide >= width + 4
        };
        // Weeks make no whole months: then every so many parts.
        let some = self.unit.saturating_mul(i64::try_from((width + 4).div_ceil(self.wide)).unwrap_or(1));
        let every = UNITS.into_iter().find(roomy).unwrap_or(some);
        let tick = |part: usize| {
            let start = self.start(part);
            let is_round = every >= 2 * DAY && part.is_multiple_of(usize::try_from(every / self.unit).unwrap_or(1))
                || every < 2 * DAY && floor(start, every, zone) == start;
            // Where clocks are changed a part of days begins an hour off midnight: it is named after its first noon.
            let named = SignedDuration::from_hours(if self.unit < DAY { 0 } else { 12 });
            let named = start.checked_add(named).unwrap_or(start).to_zoned(zone.clone());
            is_round.then(|| (part * self.wide, named.strftime(format).to_string()))
        };
        (0..self.parts).filter_map(tick).collect()
    }
}

/// The last whole unit of the day in the zone at or before a moment; for units of days the beginning of its day.
fn floor(at: Timestamp, unit: i64, zone: &TimeZone) -> Timestamp {
    let Ok(midnight) = at.to_zoned(zone.clone()).start_of_day() else { return at };
    let midnight = midnight.timestamp();
    let since = at.duration_since(midnight).as_secs();
    let whole = if unit >= DAY { 0 } else { since - since % unit };
    midnight.checked_add(SignedDuration::from_secs(whole)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn scale(from: &str, until: &str, columns: usize) -> Scale {
        Scale::of(at(from), at(until), columns, &TimeZone::UTC)
    }

    #[test]
    fn parts_are_whole_units_of_the_clock_that_fit() {
        let two_hours = scale("2026-11-21T08:07:30Z", "2026-11-21T10:07:30Z", 70);
        assert_eq!((two_hours.unit, two_hours.wide, two_hours.words().as_str()), (120, 1, "2 min"));
        assert_eq!(two_hours.origin, at("2026-11-21T08:06:00Z"));
        let quarter = scale("2026-11-21T08:00:00Z", "2026-11-21T08:15:00Z", 70);
        assert_eq!((quarter.unit, quarter.parts, quarter.wide), (60, 16, 4));
        let week = scale("2026-11-14T08:00:00Z", "2026-11-21T08:00:00Z", 70);
        assert_eq!((week.unit, week.origin), (3 * 3600, at("2026-11-14T06:00:00Z")));
        let years = scale("1990-01-01T00:00:00Z", "2026-11-21T08:00:00Z", 10);
        assert!(years.parts <= 10);
    }

    #[test]
    fn every_moment_of_the_span_has_its_part() {
        let scale = scale("2026-11-21T08:07:30Z", "2026-11-21T10:07:30Z", 70);
        assert_eq!(scale.part(at("2026-11-21T08:07:30Z")), 0);
        assert_eq!(scale.part(at("2026-11-21T08:08:00Z")), 1);
        assert_eq!(scale.part(at("2026-11-21T10:07:30Z")), scale.parts - 1);
        assert_eq!(scale.part(at("2027-01-01T00:00:00Z")), scale.parts - 1);
        assert_eq!(scale.part(at("2020-01-01T00:00:00Z")), 0);
        assert_eq!(scale.start(1), at("2026-11-21T08:08:00Z"));
    }

    #[test]
    fn days_are_named_after_themselves_when_clocks_are_changed_between_them() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let named = |from: &str, until: &str| {
            let scale = Scale::no_finer_than(DAY, (at(from), at(until)), 40, &berlin);
            let days = scale.ticks(&berlin).into_iter().map(|(column, label)| (column / scale.wide, label));
            days.collect::<Vec<_>>()
        };
        let autumn = named("2026-10-20T08:00:00Z", "2026-10-29T08:00:00Z");
        assert!(
            autumn.iter().all(|(day, label)| *label == format!("10-{}", 20 + day)) && autumn.len() > 1,
            "{autumn:?}"
        );
        let spring = named("2026-03-22T08:00:00Z", "2026-03-31T08:00:00Z");
        assert!(
            spring.iter().all(|(day, label)| *label == format!("03-{}", 22 + day)) && spring.len() > 1,
            "{spring:?}"
        );
    }

    #[test]
    fn the_axis_names_round_times_that_do_not_touch() {
        for (from, until, columns) in [
            ("2026-11-21T08:07:30Z", "2026-11-21T10:07:30Z", 70),
            ("2026-11-21T08:00:00Z", "2026-11-21T08:15:00Z", 70),
            ("2026-11-20T08:00:00Z", "2026-11-21T08:15:00Z", 70),
            ("2026-11-01T08:00:00Z", "2026-11-21T08:15:00Z", 140),
            ("2024-11-01T08:00:00Z", "2026-11-21T08:15:00Z", 140),
        ] {
            let ticks = scale(from, until, columns).ticks(&TimeZone::UTC);
            assert!(ticks.len() > 1, "{from}: {ticks:?}");
            assert!(ticks.windows(2).all(|two| two[1].0 > two[0].0 + two[0].1.len()), "{from}: {ticks:?}");
        }
        let ticks = scale("2026-11-21T08:07:30Z", "2026-11-21T10:07:30Z", 70).ticks(&TimeZone::UTC);
        assert_eq!(ticks[0].1, "08:30");
    }
}
