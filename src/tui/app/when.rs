//! Times as people type them: `2h`, `1d12h`, `friday`, `tomorrow`, `2026-12-01`, `2026-12-01 14:30`.

use std::str::FromStr;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// What the field offers.
pub const PRESETS: &[&str] = &["1h", "4h", "1d", "1w"];

/// Mornings begin work: a day without a time means nine o'clock.
const MORNING: i8 = 9;

/// The time meant by `text`, always after `now`; the error says what would be understood.
pub fn parse(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
    let text = text.trim().to_ascii_lowercase();
    let found = span(&text)
        .and_then(|length| now.checked_add(length).ok())
        .or_else(|| day(&text, now, zone))
        .or_else(|| Timestamp::from_str(&text.to_ascii_uppercase()).ok());
    match found {
        Some(at) if at > now => Ok(at),
        Some(_) => Err(format!("`{}` is over already", short(&text))),
        None => Err(format!("`{}` is no time: 2h, 1d12h, friday, tomorrow, 2026-12-01 14:30", short(&text))),
    }
}

fn short(text: &str) -> String {
    crate::safety::sanitise::cell(text, 30)
}

/// `90m`, `2h30m`, `1w`.
fn span(text: &str) -> Option<SignedDuration> {
    let mut seconds = 0i64;
    let mut digits = String::new();
    for c in text.chars().filter(|c| *c != ' ') {
        let unit = match c {
            '0'..='9' => {
                digits.push(c);
                continue;
            }
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        seconds = seconds.checked_add(digits.parse::<i64>().ok()?.checked_mul(unit)?)?;
        digits.clear();
    }
    (digits.is_empty() && seconds > 0).then(|| SignedDuration::from_secs(seconds))
}

fn day(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let today = now.to_zoned(zone.clone()).date();
    let at = |date: Date| date.at(MORNING, 0, 0, 0).to_zoned(zone.clone()).ok().map(|z| z.timestamp());
    if text == "tomorrow" {
        return at(today.checked_add(1.day()).ok()?);
    }
    if let Some(weekday) = weekday(text) {
        return at(today.nth_weekday(1, weekday).ok()?);
    }
    if let Ok(moment) = DateTime::from_str(&text.replace(' ', "t")) {
        if text.len() > 10 {
            return moment.to_zoned(zone.clone()).ok().map(|z| z.timestamp());
        }
        return at(moment.date());
    }
    None
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
    }

    #[test]
    fn the_past_and_nonsense_are_refused_with_words() {
        assert!(says("2020-01-01").contains("over already"));
        for text in ["", "soon", "5", "h", "-2h", "99999999999999999999d", "9999999999999d"] {
            assert!(says(text).contains("is no time"), "{text}: {}", says(text));
        }
    }
}
