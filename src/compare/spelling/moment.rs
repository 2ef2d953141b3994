//! Moments and schedules that two services write differently: without a zone, as a day, as seconds in a text, as cron.

use super::Place;
use crate::compare::Dialect;

/// Two texts that mean the same moment. Without a zone it is UTC, and a day is its midnight: so AWS documents it for
/// schedules, budgets and lifecycle rules; elsewhere nothing is assumed.
pub(super) fn same_moment(place: &Place<'_>, a: &str, b: &str) -> bool {
    let aws = place.resource_type.starts_with("aws_")
        || matches!(place.dialect, Dialect::Cloudformation | Dialect::AwsConfig);
    let shaped =
        |text: &str| text.len() >= 10 && text.is_ascii() && text.as_bytes()[..4].iter().all(u8::is_ascii_digit);
    if place.free || !aws || !shaped(a) || !shaped(b) {
        return false;
    }
    let both = |a: &str, b: &str| moment(a).is_some_and(|x| moment(b) == Some(x));
    let epoch = |n: &str, text: &str| moment(text).is_some_and(|t| n.parse() == Ok(t.as_second()));
    both(a, b) || epoch(a, b) || epoch(b, a)
}

fn moment(text: &str) -> Option<jiff::Timestamp> {
    if text.as_bytes().get(4) != Some(&b'-') {
        return None;
    }
    // Budgets write `2024-05-01_00:00`, and some services the offset as `+0000`.
    let text = text.replacen('_', "T", 1);
    let text = text.strip_suffix("+0000").map_or(text.clone(), |t| format!("{t}Z"));
    text.parse().ok().or_else(|| {
        text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|z| z.timestamp())
    })
}

/// `cron(0 12 ? * mon *)`: spaces, leading zeros and case of names mean nothing.
pub(super) fn same_cron(place: &Place<'_>, a: &str, b: &str) -> bool {
    let fields = |text: &str| -> Option<Vec<String>> {
        let inside = text.trim().strip_prefix("cron(")?.strip_suffix(')')?;
        Some(inside.split_whitespace().map(field).collect())
    };
    !place.free && fields(a).is_some_and(|x| fields(b) == Some(x))
}

fn field(text: &str) -> String {
    text.parse::<u32>().map_or_else(|_| text.to_ascii_uppercase(), |n| n.to_string())
}

/// Weekly and daily windows, `Sun:05:00-Sun:06:00`: names of days know no case.
pub(super) fn same_window(place: &Place<'_>, a: &str, b: &str) -> bool {
    let shaped =
        |text: &str| text.contains(':') && text.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b':' | b'-'));
    !place.free
        && a.eq_ignore_ascii_case(b)
        && shaped(a)
        && ["window", "starttime", "starttimes"].iter().any(|end| super::name_ends_with(place.key, end))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::same;
    use super::super::testing::at;

    #[test]
    fn a_moment_without_a_zone_is_in_utc_and_a_day_is_its_midnight() {
        for (a, b) in [
            ("2030-02-01", "2030-02-01T00:00:00Z"),
            ("2030-02-01T08:00:00", "2030-02-01T08:00:00.000Z"),
            ("2030-02-01_00:00", "2030-02-01T00:00:00Z"),
            ("1896134400", "2030-02-01T00:00:00Z"),
        ] {
            for (a, b) in [(a, b), (b, a)] {
                assert_eq!(same(&at("start"), &json!(a), &json!(b)), Some("timestamp"), "{a} {b}");
            }
        }
        for (a, b) in
            [("2030-02-01", "2030-02-01T00:00:01Z"), ("2030-02-01", "2030-02-02"), ("1896134401", "2030-02-01")]
        {
            assert_eq!(same(&at("start"), &json!(a), &json!(b)), None, "{a} {b}");
        }
    }

    #[test]
    fn a_schedule_is_when_it_fires() {
        assert_eq!(same(&at("x"), &json!("cron(0  06 ? * mon *)"), &json!("cron(0 6 ? * MON *)")), Some("schedule"));
        assert_eq!(same(&at("x"), &json!("cron(0 6 ? * MON *)"), &json!("cron(0 7 ? * MON *)")), None);
        let window = at("preferred_maintenance_window");
        assert_eq!(same(&window, &json!("Sun:05:00-Sun:06:00"), &json!("sun:05:00-sun:06:00")), Some("fold-case"));
        assert_eq!(same(&window, &json!("Sun:05:00-Sun:06:00"), &json!("mon:05:00-mon:06:00")), None);
        assert_eq!(same(&at("name"), &json!("A:b"), &json!("a:b")), None);
    }
}
