//! Other spellings of the same live values: sets shuffled, JSON re-formatted, numbers, networks and ids written differently.

use fastrand::Rng;
use serde_json::{Value, json};

use super::case::Case;
use crate::compare::Dialect;

/// A live value, spelt differently.
pub(super) struct Respelling {
    /// JSON pointer into the live values.
    pub pointer: String,
    pub kind: &'static str,
    pub value: Value,
}

/// Where the walk stands.
#[derive(Clone, Default)]
struct Place {
    pointer: String,
    /// Dotted, `*` for list elements, as schemas write paths.
    pattern: String,
    key: String,
    /// In a map whose keys and values people choose: texts are taken literally there.
    free: bool,
}

/// All re-spellings of a case, one at a time.
pub(super) fn respellings(case: &Case, rng: &mut Rng) -> Vec<Respelling> {
    let mut out = Vec::new();
    walk(case, &case.live, &Place::default(), rng, &mut out);
    out
}

fn walk(case: &Case, value: &Value, place: &Place, rng: &mut Rng, out: &mut Vec<Respelling>) {
    let mut found = |kind, value| out.push(Respelling { pointer: place.pointer.clone(), kind, value });
    match value {
        Value::String(text) => {
            for (kind, other) in texts(case, text, place, rng) {
                found(kind, Value::from(other));
            }
        }
        Value::Number(n) => {
            found("number as text", Value::from(n.to_string()));
            let fraction = n.as_i64().and_then(|n| serde_json::from_str(&format!("{n}.0")).ok());
            fraction.into_iter().for_each(|fraction| found("number as fraction", fraction));
        }
        Value::Bool(b) => found("truth value as text", Value::from(b.to_string())),
        Value::Array(list) => {
            if is_set(case, list, place) && list.len() > 1 {
                let mut shuffled = list.clone();
                rng.shuffle(&mut shuffled);
                if shuffled == *list {
                    shuffled.reverse();
                }
                found("set shuffled", Value::Array(shuffled));
            }
            for (i, child) in list.iter().enumerate() {
                let inner = Place {
                    pointer: format!("{}/{i}", place.pointer),
                    pattern: format!("{}.*", place.pattern),
                    ..place.clone()
                };
                walk(case, child, &inner, rng, out);
            }
        }
        Value::Object(object) => {
            if !place.free && !place.pointer.is_empty() {
                let mut wider = object.clone();
                wider.entry("NullRespelling").or_insert(Value::Null);
                found("null for absent", Value::Object(wider));
            }
            for (key, child) in object {
                let pattern = if place.pattern.is_empty() { key.clone() } else { format!("{}.{key}", place.pattern) };
                let inner = Place {
                    pointer: format!("{}/{}", place.pointer, key.replace('~', "~0").replace('/', "~1")),
                    free: place.free || case.free_form.contains(&pattern) || key.eq_ignore_ascii_case("tags"),
                    pattern,
                    key: key.clone(),
                };
                walk(case, child, &inner, rng, out);
            }
        }
        Value::Null => {}
    }
}

/// Lists the schema calls unordered, tags, and lists of nothing but networks or cloud ids.
fn is_set(case: &Case, list: &[Value], place: &Place) -> bool {
    let networks = || list.iter().all(|v| v.as_str().is_some_and(|s| s.parse::<ipnet::IpNet>().is_ok()));
    case.unordered.contains(&place.pattern) || place.key == "Tags" || (!place.free && networks())
}

fn texts(case: &Case, text: &str, place: &Place, rng: &mut Rng) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    if let Ok(document) = serde_json::from_str::<Value>(text)
        && (document.is_object() || document.is_array())
    {
        out.extend(serde_json::to_string_pretty(&document).map(|pretty| ("JSON re-formatted", pretty)));
        out.extend(policy_lists(&document).map(|policy| ("policy lists", policy.to_string())));
    }
    if place.free {
        return out;
    }
    // Elsewhere such a text may be an address with its prefix.
    let aws = matches!(case.dialect, Dialect::Cloudformation | Dialect::AwsConfig);
    if let Ok(network) = text.parse::<ipnet::Ipv4Net>()
        && aws
        && network.prefix_len() < 31
    {
        let host = u32::from(network.network()) + rng.u32(1..1 << (32 - network.prefix_len()).min(16));
        out.push(("network with host bits", format!("{}/{}", std::net::Ipv4Addr::from(host), network.prefix_len())));
    }
    if let Ok(network) = text.parse::<ipnet::Ipv6Net>() {
        let long: Vec<String> = network.addr().segments().iter().map(|s| format!("{s:04X}")).collect();
        out.push(("IPv6 in full", format!("{}/{}", long.join(":"), network.prefix_len())));
    }
    if let Some(rest) = text.strip_prefix("/subscriptions/") {
        out.push(("Azure id in capitals", format!("/subscriptions/{}", rest.to_uppercase())));
    }
    out
}

/// A policy with single actions and resources as lists and the other way round.
fn policy_lists(document: &Value) -> Option<Value> {
    let mut policy = document.clone();
    for statement in policy.get_mut("Statement")?.as_array_mut()? {
        for name in ["Action", "Resource", "NotAction", "NotResource"] {
            let Some(value) = statement.get_mut(name) else { continue };
            *value = match value.take() {
                Value::Array(list) if list.len() == 1 => list.into_iter().next().unwrap_or_default(),
                Value::Array(list) => Value::Array(list.into_iter().rev().collect()),
                single => json!([single]),
            };
        }
    }
    Some(policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_has_its_respelling() {
        let policy =
            json!({"Statement": [{"Effect": "Allow", "Action": "s3:Get", "Resource": ["a", "b"]}]}).to_string();
        let live = json!({
            "n": 5, "b": true, "net": "10.0.0.0/8", "six": "2001:db8::/32", "id": "/subscriptions/a/rg", "p": policy,
            "Tags": [{"Key": "a", "Value": "10.0.0.0/8"}, {"Key": "b", "Value": "2"}]
        });
        let line = json!({"id": "c", "dialect": "cloudformation", "resource_type": "x", "declared": {}, "live": live});
        let case = Case::parse(&line.to_string()).unwrap();
        let all = respellings(&case, &mut Rng::with_seed(3));
        let mut kinds: Vec<_> = all.iter().map(|r| r.kind).collect();
        kinds.sort_unstable();
        assert_eq!(
            kinds,
            [
                "Azure id in capitals",
                "IPv6 in full",
                "JSON re-formatted",
                "network with host bits",
                "number as fraction",
                "number as text",
                "policy lists",
                "set shuffled",
                "truth value as text"
            ]
        );
    }
}
