//! Times to come, as people type them: `2h`, `1d12h`, `1M`, `18:30`, `friday`, `tomorrow 14:00`, `2026-12-01 14:30`.

use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::drift::query::length_of;

/// What a field offers, nearest first.
pub const PRESETS: &[&str] = &["1h", "4h", "tomorrow", "friday", "monday", "1w", "1M"];

/// Mornings begin work: a day without a time means nine o'clock.
const MORNING: Time = Time::constant(9, 0, 0, 0);

/// The time meant by `text`, always after `now`; the error says what would be understood.
pub fn parse(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
    let text = text.trim();
    let words = text.to_ascii_lowercase();
    let found = months(text, now, zone)
        .or_else(|| now.checked_add(length_of(&words.replace(' ', ""))?).ok())
        .or_else(|| day(&words, now, zone))
        .or_else(|| Timestamp::from_str(&text.to_ascii_uppercase()).ok());
    match found {
        Some(at) if at > now => Ok(at),
        Some(_) => Err(format!("`{}` is over already", short(text))),
        None => {
            Err(format!("`{}` is no time: 2h, 1d12h, 1w, 1M, 18:30, friday, tomorrow, 2026-12-01 14:30", short(text)))
        }
    }
}

/// The moment in words: `Mon 2026-11-23 09:00 UTC`.
pub fn says(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M %Z").to_string()
}

fn short(text: &str) -> String {
    crate::safety::sanitise::cell(text, 30)
}

/// `1M`, `3mo`: the same day and time so many months on.
fn months(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let number = text.strip_suffix('M').or_else(|| text.strip_suffix("mo"))?;
    let number: i32 = number.trim().parse().ok().filter(|n| (1..=1200).contains(n))?;
    Some(now.to_zoned(zone.clone()).checked_add(number.months()).ok()?.timestamp())
}

/// A day, a time of day, or both.
fn day(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let today = now.to_zoned(zone.clone()).date();
    let at = |moment: DateTime| moment.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp());
    let of_day = |date: Date, time: Option<Time>| at(date.to_datetime(time.unwrap_or(MORNING)));
    if let Some(time) = clock(text) {
        // The next time the clock shows that.
        return of_day(today, Some(time)).filter(|at| *at > now).or_else(|| of_day(today.tomorrow().ok()?, Some(time)));
    }
    let (name, time) = match text.rsplit_once(' ') {
        Some((name, time)) => (name.trim_end(), Some(clock(time)?)),
        None => (text, None),
    };
    let named = match name {
        "today" => time.is_some().then_some(today),
        "tomorrow" => today.checked_add(1.day()).ok(),
        _ => weekday(name).and_then(|weekday| today.nth_weekday(1, weekday).ok()),
    };
    match named.or_else(|| Date::from_str(name).ok().filter(|_| name.len() == 10)) {
        Some(date) => of_day(date, time),
        None => at(DateTime::from_str(text).ok()?),
    }
}

/// `9:00`, `18:30`, `18:30:15`.
fn clock(text: &str) -> Option<Time> {
    let padded = if text.find(':') == Some(1) { format!("0{text}") } else { text.to_owned() };
    Time::from_str(&padded).ok().filter(|_| padded.contains(':'))
}

fn weekday(text: &str) -> Option<Weekday> {
    const NAMES: [(&str, Weekday); 7] = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    NAMES.into_iter().find(|(name, _)| text.len() >= 3 && name.starts_with(text)).map(|(_, day)| day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &str) -> String {
        // A Saturday.
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        parse(text, now, &TimeZone::UTC).map_or_else(|why| why, |at| at.to_string())
    }

    #[test]
    fn lengths_days_and_dates_are_understood() {
        assert_eq!(says("2h"), "2026-11-21T12:00:00Z");
        assert_eq!(says("1d 12h"), "2026-11-22T22:00:00Z");
        assert_eq!(says("1w"), "2026-11-28T10:00:00Z");
        assert_eq!(says("friday"), "2026-11-27T09:00:00Z");
        assert_eq!(says("sat"), "2026-11-28T09:00:00Z");
        assert_eq!(says("tomorrow"), "2026-11-22T09:00:00Z");
        assert_eq!(says("2026-12-01"), "2026-12-01T09:00:00Z");
        assert_eq!(says("2026-12-01 14:30"), "2026-12-01T14:30:00Z");
        assert_eq!(says("2026-12-01T14:30"), "2026-12-01T14:30:00Z");
        assert_eq!(says("2026-12-01T14:30Z"), "2026-12-01T14:30:00Z");
    }

    #[test]
    fn a_month_is_a_month_and_a_minute_is_not() {
        assert_eq!(says("1M"), "2026-12-21T10:00:00Z");
        assert_eq!(says("3mo"), "2027-02-21T10:00:00Z");
        assert_eq!(says("1m"), "2026-11-21T10:01:00Z");
    }

    #[test]
    fn a_time_of_day_is_the_next_one_and_may_follow_a_day() {
        assert_eq!(says("18:30"), "2026-11-21T18:30:00Z");
        assert_eq!(says("9:00"), "2026-11-22T09:00:00Z");
        assert_eq!(says("tomorrow 14:00"), "2026-11-22T14:00:00Z");
        assert_eq!(says("Friday 17:00"), "2026-11-27T17:00:00Z");
        assert!(says("today 09:00").contains("over already"));
    }

    #[test]
    fn every_preset_is_understood() {
        for preset in PRESETS {
            assert!(says(preset).starts_with("202"), "{preset}: {}", says(preset));
        }
    }

    #[test]
    fn the_past_and_nonsense_are_refused_with_words() {
        assert!(says("2020-01-01").contains("over already"));
        for text in ["", "soon", "5", "h", "-2h", "99999999999999999999d", "9999999999999d", "0M", "today", "25:00"] {
            assert!(says(text).contains("is no time"), "{text}: {}", says(text));
        }
    }
}
