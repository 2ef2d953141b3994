//! What a change does, told from its two values: which way it goes matters more than that it goes.

use serde::Deserialize;
use serde_json::Value;

use crate::drift::path::{Step, parse};

/// A question about the declared and the live value. Absent counts as off, empty and nothing.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum Test {
    TurnsOn,
    TurnsOff,
    /// As `turns_off`, but not of one plain element: others stay in its list.
    TurnsOffWhole,
    /// An address range of everybody is live, and was not declared.
    OpensWorld,
    ClosesWorld,
    /// `*` for principals or actions, `allUsers`, `service:*`; resources and denials do not count.
    GainsWildcard,
    LosesWildcard,
    Grows,
    Shrinks,
    /// By more than four times.
    GrowsFourfold,
    ShrinksFourfold,
    /// Both sizes are known, and are not the same.
    DiffersInSize,
    /// One side is a masked secret.
    Secret,
    /// File modes, in octal.
    WorldWritable,
    Setuid,
    LosesPermission,
}

impl Test {
    /// Whether it is so. `path` as in the change.
    pub fn holds(self, path: &str, declared: Option<&Value>, actual: Option<&Value>) -> bool {
        let both = |question: fn(&Value) -> bool| (declared.is_some_and(question), actual.is_some_and(question));
        match self {
            Self::TurnsOn => is_off(declared) && !is_off(actual),
            Self::TurnsOff => !is_off(declared) && is_off(actual),
            Self::TurnsOffWhole => !is_off(declared) && is_off(actual) && !is_element(path, declared),
            Self::OpensWorld => both(is_world) == (false, true),
            Self::ClosesWorld => both(is_world) == (true, false),
            Self::GainsWildcard => gains_wildcard(path, declared, actual),
            Self::LosesWildcard => gains_wildcard(path, actual, declared) && !gains_wildcard(path, declared, actual),
            Self::Grows => sizes(declared, actual).is_some_and(|(d, a)| a > d),
            Self::Shrinks => sizes(declared, actual).is_some_and(|(d, a)| a < d),
            Self::GrowsFourfold => sizes(declared, actual).is_some_and(|(d, a)| a > 4.0 * d),
            Self::ShrinksFourfold => sizes(declared, actual).is_some_and(|(d, a)| 4.0 * a < d),
            Self::DiffersInSize => sizes(declared, actual).is_some_and(|(d, a)| a != d),
            Self::Secret => both(is_masked) != (false, false),
            Self::WorldWritable => modes(declared, actual).is_some_and(|(d, a)| a & 0o002 > d & 0o002),
            Self::Setuid => modes(declared, actual).is_some_and(|(d, a)| a & !d & 0o6000 != 0),
            Self::LosesPermission => modes(declared, actual).is_some_and(|(d, a)| a & !d == 0 && a != d),
        }
    }
}

/// `cidr_blocks[=10.0.0.0/8]`, and for plain values `resources[1]`. With its last element a list goes as a whole.
fn is_element(path: &str, value: Option<&Value>) -> bool {
    match parse(path).0.last() {
        Some(Step::SetValue(_)) => true,
        Some(Step::Index(_)) => value.is_some_and(|value| !value.is_object() && !value.is_array()),
        _ => false,
    }
}

fn is_off(value: Option<&Value>) -> bool {
    const OFF: &[&str] = &[
        "",
        "0",
        "false",
        "no",
        "off",
        "none",
        "disabled",
        "disable",
        "suspended",
        "optional",
        "plaintext",
        "unencrypted",
        "null",
    ];
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Bool(on)) => !on,
        Some(Value::Number(n)) => n.as_f64() == Some(0.0),
        Some(Value::String(text)) => OFF.iter().any(|word| text.eq_ignore_ascii_case(word)),
        Some(Value::Array(items)) => items.iter().all(|item| is_off(Some(item))),
        Some(Value::Object(map)) => match map.get("enabled").or(map.get("Enabled")) {
            Some(enabled) => is_off(Some(enabled)),
            None => map.values().all(|v| is_off(Some(v))),
        },
    }
}

/// Some text in the value, or in a JSON document it holds, satisfies the question.
fn any_text(value: &Value, question: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => question(text),
        Value::Array(items) => items.iter().any(|v| any_text(v, question)),
        Value::Object(map) => map.iter().any(|(k, v)| question(k) || any_text(v, question)),
        _ => false,
    }
}

fn is_world(value: &Value) -> bool {
    any_text(value, &|text| {
        let wide = || {
            text.split_once('/')
                .is_some_and(|(net, bits)| matches!(bits, "0" | "1") && net.parse::<std::net::IpAddr>().is_ok())
        };
        matches!(text, "*" | "Internet" | "Any" | "any") || wide()
    })
}

fn is_masked(value: &Value) -> bool {
    any_text(value, &|text| text.contains("«secret #"))
}

fn gains_wildcard(path: &str, before: Option<&Value>, after: Option<&Value>) -> bool {
    let last = parse(path).0.into_iter().rev().find_map(|step| match step {
        Step::Key(key) => Some(key),
        _ => None,
    });
    let names_resource = last.is_some_and(|key| key.to_ascii_lowercase().contains("resource"));
    let collect = |value: Option<&Value>| {
        let mut found = vec![];
        if let Some(value) = value {
            wildcards(value, &mut found);
        }
        found
    };
    let known = collect(before);
    !names_resource && collect(after).iter().any(|wildcard| !known.contains(wildcard))
}

fn wildcards(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with(['{', '[']) => {
            if let Ok(document) = serde_json::from_str::<Value>(text) {
                wildcards(&document, found);
            }
        }
        Value::String(text) => {
            let service =
                text.strip_suffix(":*").is_some_and(|s| s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
            if matches!(text.as_str(), "*" | "*:*" | "allUsers" | "allAuthenticatedUsers" | "system:anonymous")
                || service
            {
                found.push(text.clone());
            }
        }
        Value::Array(items) => items.iter().for_each(|v| wildcards(v, found)),
        Value::Object(map) if map.get("Effect").and_then(Value::as_str) == Some("Deny") => {}
        Value::Object(map) => map
            .iter()
            .filter(|(key, _)| !key.to_ascii_lowercase().contains("resource") || *key == "resourceNames")
            .for_each(|(_, v)| wildcards(v, found)),
        _ => {}
    }
}

fn sizes(declared: Option<&Value>, actual: Option<&Value>) -> Option<(f64, f64)> {
    Some((size(declared?)?, size(actual?)?))
}

/// Numbers, Kubernetes quantities (`500m`, `2Gi`), and cloud sizes (`m5.2xlarge`, `Standard_D4s_v3`).
fn size(value: &Value) -> Option<f64> {
    let text = match value {
        Value::Number(n) => return n.as_f64(),
        Value::String(text) => text.as_str(),
        _ => return None,
    };
    if let Ok(number) = text.parse::<f64>() {
        return Some(number);
    }
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &text[digits.len()..];
    let scale = match unit {
        "m" => 1e-3,
        "k" | "K" | "Ki" => 1024.0,
        "M" | "Mi" | "MB" => 1024f64.powi(2),
        "G" | "Gi" | "GB" => 1024f64.powi(3),
        "T" | "Ti" | "TB" => 1024f64.powi(4),
        _ => return named_size(text),
    };
    digits.parse::<f64>().ok().map(|n| n * scale)
}

fn named_size(text: &str) -> Option<f64> {
    const NAMES: &[(&str, f64)] = &[
        ("nano", 0.1),
        ("micro", 0.25),
        ("small", 0.5),
        ("medium", 1.0),
        ("large", 2.0),
        ("xlarge", 4.0),
        ("metal", 96.0),
    ];
    let last =
        text.rsplit(['.', '-']).find(|piece| piece.ends_with("large") || NAMES.iter().any(|(n, _)| n == piece))?;
    let times = last.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let (_, base) = NAMES.iter().find(|(name, _)| *name == &last[times.len()..])?;
    Some(base * times.parse::<f64>().unwrap_or(1.0))
}

fn modes(declared: Option<&Value>, actual: Option<&Value>) -> Option<(u32, u32)> {
    let mode = |value: Option<&Value>| u32::from_str_radix(value?.as_str()?.trim_start_matches("0o"), 8).ok();
    Some((mode(declared)?, mode(actual)?))
}

/// The port ranges a change is about, as far as its path and its live value tell.
pub(super) fn ports(path: &str, actual: Option<&Value>) -> Vec<(u16, u16)> {
    let mut found = vec![];
    for step in parse(path).0 {
        if let Step::Identity(pairs) = step {
            let map = pairs.into_iter().map(|(k, v)| (k, Value::from(v))).collect();
            ports_in(&Value::Object(map), &mut found);
        }
    }
    if let Some(actual) = actual {
        ports_in(actual, &mut found);
    }
    found
}

fn ports_in(value: &Value, found: &mut Vec<(u16, u16)>) {
    let number = |value: &Value| match value {
        Value::Number(n) => n.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    match value {
        Value::Object(map) => {
            let get = |names: &[&str]| names.iter().find_map(|n| map.get(*n));
            let protocol = get(&["protocol", "ip_protocol", "ipProtocol", "IpProtocol"]).and_then(Value::as_str);
            let from = get(&["from_port", "fromPort", "FromPort", "port"]).and_then(number);
            let to = get(&["to_port", "toPort", "ToPort", "port"]).and_then(number);
            match (from, to) {
                _ if matches!(protocol, Some("-1" | "all")) => found.push((0, u16::MAX)),
                (Some(from), Some(to)) => found.push((clamped(from), clamped(to))),
                (Some(one), None) | (None, Some(one)) => found.push((clamped(one), clamped(one))),
                (None, None) => {}
            }
            map.iter().filter(|(k, _)| *k == "ports").for_each(|(_, v)| listed_ports(v, found));
            map.values().filter(|v| v.is_array() || v.is_object()).for_each(|v| ports_in(v, found));
        }
        Value::Array(items) => items.iter().for_each(|v| ports_in(v, found)),
        _ => {}
    }
}

/// `["22", "8000-8080"]`
fn listed_ports(value: &Value, found: &mut Vec<(u16, u16)>) {
    for text in value.as_array().into_iter().flatten().filter_map(Value::as_str) {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        if let (Ok(from), Ok(to)) = (from.parse(), to.parse()) {
            found.push((from, to));
        }
    }
}

fn clamped(port: i64) -> u16 {
    u16::try_from(port.max(0)).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(test: Test, declared: Value, actual: Value) -> bool {
        test.holds("policy.statement", Some(&declared), Some(&actual))
    }

    #[test]
    fn direction_is_told_from_the_values() {
        assert!(holds(Test::TurnsOff, json!(true), json!(false)) && !holds(Test::TurnsOff, json!(false), json!(true)));
        assert!(
            holds(Test::TurnsOff, json!("Enabled"), json!("Suspended"))
                && holds(Test::TurnsOn, json!([]), json!(["x"]))
        );
        assert!(Test::TurnsOff.holds("x", Some(&json!([{"enabled": true}])), None));
        assert!(holds(Test::OpensWorld, json!(["10.0.0.0/8"]), json!(["10.0.0.0/8", "::/0"])));
        assert!(!holds(Test::OpensWorld, json!(["0.0.0.0/0"]), json!(["0.0.0.0/0"])));
        assert!(holds(Test::ClosesWorld, json!("0.0.0.0/0"), json!("10.0.0.0/8")));
        assert!(
            holds(Test::Grows, json!("t3.medium"), json!("m5.2xlarge"))
                && holds(Test::Shrinks, json!("2Gi"), json!("512Mi"))
        );
        assert!(
            holds(Test::WorldWritable, json!("0644"), json!("0666"))
                && !holds(Test::WorldWritable, json!("0666"), json!("0666"))
        );
        assert!(
            holds(Test::Setuid, json!("0755"), json!("4755"))
                && holds(Test::LosesPermission, json!("0644"), json!("0600"))
        );
    }

    #[test]
    fn wildcards_count_for_who_and_what_not_for_resources_and_denials() {
        let policy = |action: &str, resource: &str, effect: &str| {
            json!(json!({"Statement": [{"Effect": effect, "Action": action, "Resource": resource}]}).to_string())
        };
        let narrow = policy("s3:GetObject", "*", "Allow");
        assert!(holds(Test::GainsWildcard, narrow.clone(), policy("s3:*", "*", "Allow")));
        assert!(holds(Test::GainsWildcard, narrow.clone(), policy("*", "*", "Allow")));
        assert!(!holds(Test::GainsWildcard, policy("s3:GetObject", "arn:x", "Allow"), narrow.clone()));
        assert!(!holds(Test::GainsWildcard, narrow.clone(), policy("*", "*", "Deny")));
        assert!(holds(Test::LosesWildcard, policy("*", "*", "Allow"), narrow));
        assert!(!Test::GainsWildcard.holds("policy.Statement[0].Resource", Some(&json!("arn:x")), Some(&json!("*"))));
    }

    #[test]
    fn ports_are_found_in_values_and_in_paths() {
        assert_eq!(ports("ingress[from_port=22,to_port=22].cidr_blocks", Some(&json!("0.0.0.0/0"))), [(22, 22)]);
        assert_eq!(ports("ingress", Some(&json!([{"from_port": 0, "to_port": 0, "protocol": "-1"}]))), [(0, 65535)]);
        assert_eq!(ports("allow", Some(&json!([{"ports": ["22", "80-90"]}]))), [(22, 22), (80, 90)]);
        assert_eq!(ports("cidr_blocks", Some(&json!(["0.0.0.0/0"]))), []);
    }
}
