//! Numbers and truth values, also when written as text. Exact at any size: digits are compared, never floats.

use serde_json::Value;

use super::Place;

/// Digits a double can always keep apart; a longer fraction is an artefact of binary floats.
const DOUBLE_DIGITS: usize = 15;

pub(super) fn precise(_: &Place<'_>, value: &Value) -> Option<String> {
    value.as_number().and_then(|n| decimal(n.as_str()))
}

/// A number, or a text that can be nothing else: leading zeros, signs, exponents and `1.10` are spelling of ids and versions.
pub(super) fn number_or_text(_: &Place<'_>, value: &Value) -> Option<String> {
    match value {
        Value::Number(n) => decimal(n.as_str()),
        Value::String(s) if plain(s) => decimal(s),
        _ => None,
    }
}

pub(super) fn bool_or_text(_: &Place<'_>, value: &Value) -> Option<String> {
    match value {
        Value::Bool(b) => Some(b.to_string()),
        Value::String(s) if matches!(s.as_str(), "true" | "false" | "True" | "False") => Some(s.to_ascii_lowercase()),
        _ => None,
    }
}

fn plain(s: &str) -> bool {
    let unsigned = s.strip_prefix('-').unwrap_or(s);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let fraction_means_number = fraction.bytes().all(|b| b == b'0') || !fraction.ends_with('0');
    digits(whole) && digits(fraction) && (whole == "0" || !whole.starts_with('0')) && fraction_means_number && s != "-0"
}

/// Sign, significant digits and power of ten: `-12.50` is `-125e-1`.
fn decimal(text: &str) -> Option<String> {
    let (sign, unsigned) = text.strip_prefix('-').map_or(("", text), |t| ("-", t));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    // Zeros at the end of a fraction are no digits of it: `9007199254740993.0` is a whole number.
    let fraction = fraction.trim_end_matches('0');
    let exponent = exponent.parse::<i64>().ok()?.checked_sub(fraction.len() as i64)?;
    let digits = format!("{whole}{fraction}");
    let trimmed = digits.trim_start_matches('0');
    if trimmed.is_empty() {
        return Some("0".to_owned());
    }
    if exponent < 0 && trimmed.len() > DOUBLE_DIGITS {
        let cut = trimmed.len() - DOUBLE_DIGITS;
        // At most 15 digits: fits.
        let kept: u64 = trimmed[..DOUBLE_DIGITS].parse().ok()?;
        let up = u64::from(trimmed.as_bytes()[DOUBLE_DIGITS] >= b'5');
        return scaled(sign, &(kept + up).to_string(), exponent.checked_add(cut as i64)?);
    }
    scaled(sign, trimmed, exponent)
}

fn scaled(sign: &str, digits: &str, exponent: i64) -> Option<String> {
    let significant = digits.trim_end_matches('0');
    let exponent = exponent.checked_add((digits.len() - significant.len()) as i64)?;
    Some(format!("{sign}{significant}e{exponent}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::same;
    use super::super::testing::at;
    use super::*;

    fn number(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_number_is_the_same_in_any_notation() {
        for (a, b) in [("1", "1.0"), ("1e3", "1000"), ("0.30000000000000004", "0.3"), ("-0.50", "-5e-1"), ("0", "-0.0")]
        {
            assert_eq!(same(&at("x"), &number(a), &number(b)), Some("number-precision"), "{a} {b}");
        }
    }

    #[test]
    fn another_number_is_reported_at_any_size() {
        for (a, b) in
            [("9007199254740993", "9007199254740992"), ("0.1", "0.2"), ("1", "-1"), ("10", "100"), ("1.5", "1.50001")]
        {
            assert_eq!(same(&at("x"), &number(a), &number(b)), None, "{a} {b}");
        }
    }

    #[test]
    fn a_number_in_quotes_is_the_number() {
        for (a, b) in
            [(json!(5), json!("5")), (json!(40), json!("40.0")), (json!("-1"), json!(-1)), (json!(0.5), json!("0.5"))]
        {
            assert_eq!(same(&at("port"), &a, &b), Some("number-string"), "{a} {b}");
        }
    }

    #[test]
    fn an_opaque_id_or_another_number_in_quotes_is_reported() {
        for (a, b) in [
            (json!("007"), json!(7)),
            (json!("5"), json!(6)),
            (json!("1.10"), json!(1.1)),
            (json!("40"), json!("40.0")),
        ] {
            assert_eq!(same(&at("port"), &a, &b), None, "{a} {b}");
        }
    }

    #[test]
    fn a_truth_value_in_quotes_is_the_truth_value() {
        assert_eq!(same(&at("x"), &json!("true"), &json!(true)), Some("bool-string"));
        assert_eq!(same(&at("x"), &json!("true"), &json!(false)), None);
        assert_eq!(same(&at("x"), &json!("yes"), &json!(true)), None);
    }
}
