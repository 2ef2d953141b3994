//! Values as AWS spells them, which is in several ways: strings holding JSON, encoded twice, policies URL-encoded, and time
//! stamps as epoch, RFC 3339 or a dictionary.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// More layers of JSON in strings than AWS makes.
const MAX_LAYERS: usize = 4;

/// Takes strings that hold JSON apart; whatever does not parse stays what it is.
pub(super) fn unfold(value: Value) -> Value {
    let mut value = value;
    for _ in 0..MAX_LAYERS {
        let Value::String(text) = &value else { break };
        match serde_json::from_str::<Value>(text) {
            Ok(inner) => value = inner,
            Err(_) => break,
        }
    }
    value
}

/// An IAM policy document: URL-encoded, JSON text, an object, or a list with one object. `None` when it is none of these.
pub(super) fn policy(value: &Value) -> Option<Value> {
    match value {
        Value::Object(_) => Some(value.clone()),
        Value::Array(list) if list.len() == 1 => policy(&list[0]),
        Value::String(text) if text.trim_start().starts_with('%') => {
            let decoded = percent_decode_str(text.trim()).decode_utf8().ok()?;
            // Text that decodes to itself would never end.
            let unfolded = unfold(Value::String(decoded.into_owned()));
            if unfolded.is_string() { None } else { policy(&unfolded) }
        }
        Value::String(text) => match unfold(Value::String(text.clone())) {
            Value::String(_) => None,
            unfolded => policy(&unfolded),
        },
        _ => None,
    }
}

/// A time stamp in any of the spellings; times without a zone are UTC.
pub(super) fn timestamp(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(n) => epoch(n.as_f64()?),
        Value::String(s) => from_text(s.trim()),
        Value::Object(parts) => {
            let part = |k: &str| parts.get(k).and_then(Value::as_i64);
            let small = |k: &str| i8::try_from(part(k).unwrap_or(0)).ok();
            let nanos = i32::try_from(part("microsecond").unwrap_or(0)).ok()?.checked_mul(1000)?;
            let year = i16::try_from(part("year")?).ok()?;
            let day = DateTime::new(
                year,
                small("month")?,
                small("day")?,
                small("hour")?,
                small("minute")?,
                small("second")?,
                nanos,
            );
            day.ok()?.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp())
        }
        _ => None,
    }
}

fn from_text(text: &str) -> Option<Timestamp> {
    let civil = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp());
    text.parse().ok().or_else(civil).or_else(|| epoch(text.parse().ok()?))
}

/// Seconds, or milliseconds when seconds would lie far in the future.
fn epoch(number: f64) -> Option<Timestamp> {
    let seconds = if number.abs() > 1e11 { number / 1e3 } else { number };
    let micros = (seconds * 1e6).round();
    // The cast saturates; jiff refuses what lies outside its calendar.
    Timestamp::from_microsecond(micros as i64).ok().filter(|_| number.is_finite())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn all_spellings_of_a_time_mean_the_same_moment() {
        let dictionary = json!({"__class__": "datetime", "year": 2016, "month": 12, "day": 11, "hour": 6, "minute": 4, "second": 3, "microsecond": 800000});
        let spellings = [
            dictionary,
            json!("2016-12-11T06:04:03.800Z"),
            json!("2016-12-11 06:04:03.800000"),
            json!("2016-12-11 06:04:03.800000+00:00"),
            json!("2016-12-11T07:04:03.8000+0100"),
            json!(1481436243.8),
            json!("1481436243800"),
        ];
        for spelling in spellings {
            assert_eq!(timestamp(&spelling).map(|t| t.as_millisecond()), Some(1481436243800), "{spelling}");
        }
    }

    #[test]
    fn a_policy_is_read_in_every_spelling() {
        let document = json!({"Version": "2012-10-17", "Statement": []});
        let text = document.to_string();
        let url = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let twice = serde_json::to_string(&text).unwrap();
        for spelling in [document.clone(), json!([document]), json!(text), json!(url), json!(twice)] {
            assert_eq!(policy(&spelling), Some(document.clone()), "{spelling}");
        }
        for other in [json!(null), json!("no policy"), json!([]), json!(7), json!("%zz")] {
            assert_eq!(policy(&other), None, "{other}");
        }
    }

    #[test]
    fn json_in_strings_unfolds_and_plain_text_stays() {
        assert_eq!(unfold(json!("\"{\\\"a\\\": null}\"")), json!({"a": null}));
        assert_eq!(unfold(json!("false")), json!(false));
        assert_eq!(unfold(json!("plain text")), json!("plain text"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,80}", number in any::<f64>()) {
            let value = Value::String(text);
            let _ = (unfold(value.clone()), policy(&value), timestamp(&value), timestamp(&json!(number)));
        }
    }
}
