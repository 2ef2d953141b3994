//! Durations (Go, ISO 8601, `rate(…)`) and moments.

use serde_json::Value;

use super::Place;
use crate::compare::facts::Kind;

pub(super) fn duration(place: &Place<'_>, value: &Value) -> Option<String> {
    // `1m` is a thousandth where quantities stand, and a text is a text in a user's map.
    if place.kind == Some(Kind::Quantity) || (place.free && place.kind != Some(Kind::Duration)) {
        return None;
    }
    let text = value.as_str()?;
    let nanos = if let Some(inside) = text.strip_prefix("rate(").and_then(|t| t.strip_suffix(')')) {
        rate(inside)?
    } else if let Some(iso) = text.strip_prefix('P') {
        iso_8601(iso)?
    } else {
        units(
            text,
            &[
                ("ns", 1),
                ("us", 1_000),
                ("µs", 1_000),
                ("ms", 1_000_000),
                ("s", S),
                ("m", 60 * S),
                ("h", 3600 * S),
                ("d", DAY),
            ],
        )?
    };
    Some(format!("duration {nanos}"))
}

/// In nanoseconds.
const S: i128 = 1_000_000_000;
const DAY: i128 = 86_400 * S;

fn rate(text: &str) -> Option<i128> {
    let (count, unit) = text.trim().split_once(' ')?;
    let seconds = match unit.trim_end_matches('s') {
        "minute" => 60,
        "hour" => 3600,
        "day" => 86_400,
        _ => return None,
    };
    count.parse::<u32>().ok().map(|n| i128::from(n) * seconds * S)
}

/// After the `P`. Years and months have no length unless there are none of them.
fn iso_8601(text: &str) -> Option<i128> {
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    let date = strip_zero(strip_zero(date, 'Y'), 'M');
    if date.is_empty() && time.is_empty() {
        return (text != date).then_some(0);
    }
    let days = if date.is_empty() { 0 } else { units(date, &[("W", 7 * DAY), ("D", DAY)])? };
    let rest = if time.is_empty() { 0 } else { units(time, &[("H", 3600 * S), ("M", 60 * S), ("S", S)])? };
    days.checked_add(rest)
}

fn strip_zero(text: &str, unit: char) -> &str {
    text.strip_prefix('0').and_then(|t| t.strip_prefix(unit)).unwrap_or(text)
}

/// The sum of numbers with units, `1h30m`; every number needs one.
fn units(text: &str, known: &[(&str, i128)]) -> Option<i128> {
    let mut rest = text;
    let mut total = 0i128;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(number_end);
        let unit_end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let (_, size) = known.iter().find(|(name, _)| *name == unit)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let scale = 10i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let product = format!("{whole}{fraction}").parse::<i128>().ok()?.checked_mul(*size)?;
        if product % scale != 0 {
            return None;
        }
        total = total.checked_add(product / scale)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(total)
}

/// Seconds since 1970, at properties the service rounds down to the hour.
pub(super) fn hour(place: &Place<'_>, value: &Value) -> Option<String> {
    if place.kind != Some(super::Kind::Hour) {
        return None;
    }
    let seconds = value.as_f64().or_else(|| value.as_str()?.parse().ok())? as i64;
    Some((seconds / 3600).to_string())
}

pub(super) fn timestamp(place: &Place<'_>, value: &Value) -> Option<String> {
    let text = value.as_str().filter(|_| !place.free || place.kind == Some(Kind::Timestamp))?;
    if text.len() < 16 || text.as_bytes()[4] != b'-' {
        return None;
    }
    text.parse::<jiff::Timestamp>().ok().map(|t| t.to_string())
}

/// The seconds or milliseconds since 1970 beside the same moment as text.
pub(super) fn timestamp_or_epoch(place: &Place<'_>, value: &Value) -> Option<String> {
    let Value::Number(number) = value else { return timestamp(place, value) };
    let n = number.as_i64()?;
    let moment =
        if n.abs() < 100_000_000_000 { jiff::Timestamp::from_second(n) } else { jiff::Timestamp::from_millisecond(n) };
    moment.ok().map(|t| t.to_string())
}

/// Whether a value looks like a moment: for judging names such as `last_modified`.
pub(in crate::compare) fn is_moment(value: &Value) -> bool {
    match value {
        Value::String(s) => {
            s.len() >= 10 && s.as_bytes()[4] == b'-' && s.as_bytes()[..4].iter().all(u8::is_ascii_digit)
        }
        Value::Number(n) => n.as_f64().is_some_and(|n| n >= 1e9),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::same;
    use super::super::testing::at;
    use super::*;

    #[test]
    fn a_duration_is_the_same_in_another_unit() {
        for (a, b) in [
            ("24h", "24h0m0s"),
            ("60s", "1m"),
            ("PT1M", "P0Y0M0DT0H1M0S"),
            ("rate(60 minutes)", "rate(1 hour)"),
            ("1.5h", "90m"),
        ] {
            assert_eq!(same(&at("timeout"), &json!(a), &json!(b)), Some("duration"), "{a} {b}");
        }
    }

    #[test]
    fn another_duration_is_reported() {
        for (a, b) in [("1h", "2h"), ("P1M", "P30D"), ("rate(1 hour)", "rate(2 hours)"), ("60", "60s")] {
            assert_eq!(same(&at("timeout"), &json!(a), &json!(b)), None, "{a} {b}");
        }
        let tag = Place { free: true, ..at("ttl") };
        assert_eq!(same(&tag, &json!("60s"), &json!("1m")), None);
        assert_eq!(same(&Place { kind: Some(Kind::Quantity), ..at("cpu") }, &json!("1m"), &json!("60s")), None);
    }

    #[test]
    fn a_moment_is_rounded_only_where_the_service_does() {
        let hour = super::super::testing::of(super::super::Kind::Hour);
        assert_eq!(same(&hour, &json!(1_784_632_175), &json!(1_784_631_600)), Some("timestamp"));
        assert_eq!(same(&hour, &json!(1_784_632_175), &json!(1_784_635_200)), None);
        assert_eq!(same(&at("x"), &json!(1_784_632_175), &json!(1_784_631_600)), None);
    }

    #[test]
    fn a_moment_is_the_same_in_another_notation() {
        let moment = json!("2024-05-01T10:00:00Z");
        for other in [json!("2024-05-01T12:00:00.000+02:00"), json!(1_714_557_600), json!(1_714_557_600_000i64)] {
            assert_eq!(same(&at("start"), &moment, &other), Some("timestamp"), "{other}");
        }
        assert_eq!(same(&at("start"), &moment, &json!("2024-05-01T10:00:01Z")), None);
        assert_eq!(same(&at("start"), &moment, &json!(1_714_557_601)), None);
    }
}
