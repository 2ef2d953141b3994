//! A span of time: `@-2h`, `@02:40..04:10`, `@2026-11-21T02:40..04:10`, `@yesterday`.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// One end of a window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Edge {
    At(Timestamp),
    /// So long before now; moves with the clock.
    Ago(SignedDuration),
}

impl Edge {
    pub fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(length) => now.checked_sub(length).unwrap_or(Timestamp::MIN),
        }
    }
}

/// From one moment until another; without an end, until now and on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    pub from: Edge,
    pub until: Option<Edge>,
}

const EXAMPLES: &str = "-2h, -2h..-30m, 02:40..04:10, 2026-11-21T02:40..04:10, 2026-11-21, today, yesterday";

impl Window {
    /// Reads what follows the `@`.
    ///
    /// # Errors
    /// A sentence that names what would be understood.
    pub fn parse(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Self, String> {
        let today = now.to_zoned(zone.clone()).date();
        let short = || crate::safety::sanitise::cell(text, 40);
        let unknown = || format!("`@{}` is no time: {EXAMPLES}", short());
        let (first, last) = match text.split_once("..") {
            Some((first, last)) => (first, Some(last)),
            None => (text, None),
        };
        let (from, whole_day) = last_start(first, now, zone).ok_or_else(unknown)?;
        let until = match last {
            None => whole_day.and_then(|day| day.tomorrow().ok()).and_then(|next| midnight(next, zone)),
            Some("") => None,
            Some(last) => Some(first_end(last, from, whole_day, today, zone).ok_or_else(unknown)?),
        };
        let window = Self { from, until };
        let (from, until) = window.resolve(now);
        // An exact moment is what queries are written down as, and is read back whatever the clock says.
        if from > now && Timestamp::from_str(first).is_err() {
            return Err(format!(
                "`@{}` has not begun yet: it is {}",
                short(),
                now.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z")
            ));
        }
        if until.is_some_and(|until| until < from) {
            return Err(format!("`@{}` ends before it begins", short()));
        }
        Ok(window)
    }

    /// Its ends as moments.
    pub fn resolve(&self, now: Timestamp) -> (Timestamp, Option<Timestamp>) {
        (self.from.resolve(now), self.until.map(|until| until.resolve(now)))
    }

    /// Whether a moment lies in it; both ends do.
    pub fn holds(&self, at: Timestamp, now: Timestamp) -> bool {
        let (from, until) = self.resolve(now);
        from <= at && until.is_none_or(|until| at <= until)
    }
}

/// The beginning. A time without a date is the last such time there was: in the small hours `23:30` is yesterday's.
fn last_start(text: &str, now: Timestamp, zone: &TimeZone) -> Option<(Edge, Option<Date>)> {
    let today = now.to_zoned(zone.clone()).date();
    let (edge, day) = start(text, today, zone)?;
    if time(text).is_some() && edge.resolve(now) > now {
        return start(text, today.yesterday().ok()?, zone);
    }
    Some((edge, day))
}

/// The end. A time without a date is the first such time after a beginning that is a time of day: it may be past midnight.
fn first_end(text: &str, from: Edge, whole_day: Option<Date>, today: Date, zone: &TimeZone) -> Option<Edge> {
    let day = whole_day.or(date_of(from, zone));
    let until = end(text, day, today, zone)?;
    match (from, until) {
        (Edge::At(from), Edge::At(at)) if time(text).is_some() && at < from => {
            end(text, day?.tomorrow().ok(), today, zone)
        }
        _ => Some(until),
    }
}

/// The beginning, and the day when a whole day was named.
fn start(text: &str, today: Date, zone: &TimeZone) -> Option<(Edge, Option<Date>)> {
    let of_day = |day: Date| Some((midnight(day, zone)?, Some(day)));
    match text {
        "today" => of_day(today),
        "yesterday" => of_day(today.yesterday().ok()?),
        _ => match Date::from_str(text).ok().filter(|_| text.len() == 10) {
            Some(day) => of_day(day),
            None => edge(text, today, zone).map(|edge| (edge, None)),
        },
    }
}

/// A time without a date is on the day of the beginning.
fn end(text: &str, day: Option<Date>, today: Date, zone: &TimeZone) -> Option<Edge> {
    match Date::from_str(text).ok().filter(|_| text.len() == 10) {
        Some(day) => midnight(day.tomorrow().ok()?, zone),
        None if text == "now" => Some(Edge::Ago(SignedDuration::ZERO)),
        None => edge(text, day.unwrap_or(today), zone),
    }
}

fn edge(text: &str, day: Date, zone: &TimeZone) -> Option<Edge> {
    if let Some(length) = text.strip_prefix('-') {
        return length_of(length).map(Edge::Ago);
    }
    if let Ok(at) = Timestamp::from_str(text) {
        return Some(Edge::At(at));
    }
    let local = match time(text) {
        Some(time) => day.to_datetime(time),
        None => DateTime::from_str(text).ok()?,
    };
    Some(Edge::At(local.to_zoned(zone.clone()).ok()?.timestamp()))
}

/// One moment: `now`, `-2h`, `+2h`, `02:40` of today, `2026-11-21T02:40`, with or without an offset.
pub fn moment(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let ahead = text.strip_prefix('+').and_then(length_of).and_then(|length| now.checked_add(length).ok());
    if ahead.is_some() || text == "now" {
        return ahead.or(Some(now));
    }
    edge(text, now.to_zoned(zone.clone()).date(), zone).map(|edge| edge.resolve(now))
}

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    match minute.split_once(':') {
        Some((minute, second)) => Time::new(hour.parse().ok()?, minute.parse().ok()?, second.parse().ok()?, 0).ok(),
        None => Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok(),
    }
}

fn midnight(day: Date, zone: &TimeZone) -> Option<Edge> {
    day.to_zoned(zone.clone()).ok().map(|at| Edge::At(at.timestamp()))
}

fn date_of(edge: Edge, zone: &TimeZone) -> Option<Date> {
    match edge {
        Edge::At(at) => Some(at.to_zoned(zone.clone()).date()),
        Edge::Ago(_) => None,
    }
}

/// `90s`, `5m`, `2h30m`, `1d`, `2w`.
pub fn length_of(text: &str) -> Option<SignedDuration> {
    let mut seconds = 0_i64;
    let mut digits = String::new();
    for c in text.chars() {
        let unit = match c {
            '0'..='9' => {
                digits.push(c);
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        seconds = seconds.checked_add(digits.parse::<i64>().ok()?.checked_mul(unit)?)?;
        digits.clear();
    }
    let sensible = digits.is_empty() && seconds > 0 && seconds <= 100 * 365 * 86_400;
    sensible.then(|| SignedDuration::from_secs(seconds))
}

/// The largest unit that spells it exactly: `90m`, `2h`, `1d`.
pub(super) fn spelled(length: SignedDuration) -> String {
    let seconds = length.as_secs();
    let (unit, name) = [(604_800, "w"), (86_400, "d"), (3600, "h"), (60, "m")]
        .into_iter()
        .find(|(unit, _)| seconds % unit == 0 && seconds > 0)
        .unwrap_or((1, "s"));
    format!("{}{name}", seconds / unit)
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(at) => write!(f, "{at}"),
            Self::Ago(SignedDuration::ZERO) => f.write_str("now"),
            Self::Ago(length) => write!(f, "-{}", spelled(*length)),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.from)?;
        match &self.until {
            Some(until) => write!(f, "..{until}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Saturday, 10:30 in Berlin.
    fn says(text: &str) -> String {
        let now: Timestamp = "2026-11-21T09:30:00Z".parse().unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let window = match Window::parse(text, now, &zone) {
            Ok(window) => window,
            Err(why) => return why,
        };
        let again = Window::parse(&window.to_string()[1..], now, &TimeZone::UTC);
        assert_eq!(again, Ok(window), "{text} reads back from {window}");
        let (from, until) = window.resolve(now);
        format!("{from} {}", until.map_or_else(|| "on".to_owned(), |at| at.to_string()))
    }

    #[test]
    fn lengths_move_with_the_clock() {
        assert_eq!(says("-2h"), "2026-11-21T07:30:00Z on");
        assert_eq!(says("-2h30m..-30m"), "2026-11-21T07:00:00Z 2026-11-21T09:00:00Z");
        assert_eq!(says("-1d..now"), "2026-11-20T09:30:00Z 2026-11-21T09:30:00Z");
    }

    #[test]
    fn times_and_days_are_those_of_the_zone() {
        assert_eq!(says("02:40..04:10"), "2026-11-21T01:40:00Z 2026-11-21T03:10:00Z");
        assert_eq!(says("2026-11-20T02:40..04:10"), "2026-11-20T01:40:00Z 2026-11-20T03:10:00Z");
        assert_eq!(says("2026-11-20T02:40:30Z..2026-11-20T03:00Z"), "2026-11-20T02:40:30Z 2026-11-20T03:00:00Z");
        assert_eq!(says("2026-11-20"), "2026-11-19T23:00:00Z 2026-11-20T23:00:00Z");
        assert_eq!(says("yesterday..today"), "`@yesterday..today` is no time: ".to_owned() + EXAMPLES);
        assert_eq!(says("2026-11-18..2026-11-20"), "2026-11-17T23:00:00Z 2026-11-20T23:00:00Z");
        assert_eq!(says("today"), "2026-11-20T23:00:00Z 2026-11-21T23:00:00Z");
        assert_eq!(says("02:40.."), "2026-11-21T01:40:00Z on");
    }

    #[test]
    fn nonsense_is_refused_with_what_would_be_understood() {
        for text in ["", "-", "-0h", "soon", "25:00", "-2h..x", "-99999999999999999999h", "2026-13-01"] {
            assert!(says(text).contains("is no time"), "{text}: {}", says(text));
        }
        assert!(says("2026-11-20..2026-11-18").contains("ends before it begins"));
        assert!(says("-30m..-2h").contains("ends before it begins"));
    }

    #[test]
    fn a_window_over_midnight_is_the_last_one_that_has_begun() {
        assert_eq!(says("23:30..01:10"), "2026-11-20T22:30:00Z 2026-11-21T00:10:00Z");
        assert_eq!(says("2026-11-18T23:30..01:10"), "2026-11-18T22:30:00Z 2026-11-19T00:10:00Z");
        assert_eq!(says("09:00..02:00"), "2026-11-21T08:00:00Z 2026-11-22T01:00:00Z", "it is not over yet");
    }

    #[test]
    fn a_time_that_has_not_come_today_was_yesterday_and_a_date_to_come_is_refused() {
        assert_eq!(says("23:00..23:30"), "2026-11-20T22:00:00Z 2026-11-20T22:30:00Z");
        assert_eq!(says("23:00"), "2026-11-20T22:00:00Z on");
        assert_eq!(says("10:00..11:00"), "2026-11-21T09:00:00Z 2026-11-21T10:00:00Z", "it has begun");
        for text in ["2026-11-21T23:00..23:30", "2026-12-01"] {
            assert!(says(text).contains("has not begun yet: it is 2026-11-21 10:30"), "{text}: {}", says(text));
        }
    }
}
