//! Kubernetes quantities: `1000m` is `1`, `0.1` is `100m`; `1Gi` is not `1G`.
//! Suffixes as documented for `k8s.io/apimachinery/pkg/api/resource.Quantity`.

use serde_json::Value;

use super::Place;
use crate::compare::facts::Kind;

const SUFFIXES: [(&str, i128, i32); 15] = [
    ("Ki", 1 << 10, 0),
    ("Mi", 1 << 20, 0),
    ("Gi", 1 << 30, 0),
    ("Ti", 1 << 40, 0),
    ("Pi", 1 << 50, 0),
    ("Ei", 1 << 60, 0),
    ("n", 1, -9),
    ("u", 1, -6),
    ("m", 1, -3),
    ("k", 1, 3),
    ("M", 1, 6),
    ("G", 1, 9),
    ("T", 1, 12),
    ("P", 1, 15),
    ("E", 1, 18),
];

pub(super) fn quantity(place: &Place<'_>, value: &Value) -> Option<String> {
    if place.kind != Some(Kind::Quantity) {
        return None;
    }
    match value {
        Value::String(s) => nano(s),
        Value::Number(n) => nano(n.as_str()),
        _ => None,
    }
    .map(|n| n.to_string())
}

/// In billionths; `None` when it is no quantity or finer than that.
fn nano(text: &str) -> Option<i128> {
    let suffix = SUFFIXES.iter().find(|(s, _, _)| text.len() > s.len() && text.ends_with(s));
    let (number, factor, mut power) = suffix.map_or((text, 1, 0), |(s, f, p)| (&text[..text.len() - s.len()], *f, *p));
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    power = power.checked_add(exponent.parse().ok()?)?.checked_add(9)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    power = power.checked_sub(fraction.len() as i32)?;
    let product = digits.checked_mul(factor)?;
    let scale = 10i128.checked_pow(power.unsigned_abs())?;
    match power {
        0.. => product.checked_mul(scale),
        _ => (product % scale == 0).then(|| product / scale),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::same;
    use super::super::testing::{at, of};
    use super::*;

    #[test]
    fn a_quantity_is_the_same_with_another_unit() {
        for (a, b) in [
            (json!("1000m"), json!("1")),
            (json!("1000M"), json!("1G")),
            (json!(0.1), json!("100m")),
            (json!("1024Mi"), json!("1Gi")),
            (json!(2), json!("2")),
        ] {
            assert_eq!(same(&of(Kind::Quantity), &a, &b), Some("quantity"), "{a} {b}");
        }
    }

    #[test]
    fn another_quantity_is_reported() {
        assert_eq!(same(&of(Kind::Quantity), &json!("1Gi"), &json!("1G")), None);
        assert_eq!(same(&of(Kind::Quantity), &json!("500m"), &json!("501m")), None);
        assert_eq!(same(&at("x"), &json!("1000m"), &json!("1")), None);
    }
}
