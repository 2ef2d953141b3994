//! Rules about single values: two spellings are the same when their canonical forms are equal.
//!
//! A rule gives a value's canonical form, or `None` where it does not apply. Adding one: a function, and a line in [`RULES`].

use serde_json::Value;

use super::Dialect;
use super::facts::Kind;

mod names;
mod network;
mod number;
mod quantity;
mod text;
pub(super) mod time;

pub(super) use network::protocol;

/// Where a value stands, as far as spelling depends on it.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub dialect: Dialect,
    pub resource_type: &'p str,
    /// The nearest property name; the list's own for its elements.
    pub key: &'p str,
    pub kind: Option<Kind>,
    /// In a map whose keys people choose: nothing follows from names, and texts are taken literally.
    pub free: bool,
}

struct Rule {
    id: &'static str,
    /// Only between values of different JSON types.
    mixed: bool,
    canonical: fn(&Place<'_>, &Value) -> Option<String>,
}

const fn rule(id: &'static str, canonical: fn(&Place<'_>, &Value) -> Option<String>) -> Rule {
    Rule { id, mixed: false, canonical }
}

const fn mixed(id: &'static str, canonical: fn(&Place<'_>, &Value) -> Option<String>) -> Rule {
    Rule { id, mixed: true, canonical }
}

/// From the cheapest and most certain on.
static RULES: [Rule; 18] = [
    rule(super::rules::QUANTITY, quantity::quantity),
    rule(super::rules::NUMBER_PRECISION, number::precise),
    mixed(super::rules::NUMBER_STRING, number::number_or_text),
    mixed(super::rules::BOOL_STRING, number::bool_or_text),
    rule(super::rules::CIDR, network::cidr),
    rule(super::rules::PROTOCOL, network::protocol_name),
    rule(super::rules::DNS_NAME, network::dns_name),
    rule(super::rules::ID_CASE, names::azure_id),
    rule(super::rules::FOLD_CASE, names::folded),
    rule(super::rules::LOCATION, names::location),
    rule(super::rules::FILE_MODE, text::file_mode),
    rule(super::rules::USER_DATA, text::user_data),
    rule(super::rules::TIMESTAMP, time::timestamp),
    mixed(super::rules::TIMESTAMP, time::timestamp_or_epoch),
    rule(super::rules::DURATION, time::duration),
    rule(super::rules::PEM, text::pem),
    rule(super::rules::PEM, text::ssh_key),
    rule(super::rules::MULTILINE, text::multiline),
];

/// The rule by which two scalars mean the same, if any.
pub(super) fn same(place: &Place<'_>, a: &Value, b: &Value) -> Option<&'static str> {
    if place.kind == Some(Kind::Exact) {
        return None;
    }
    let types_differ = std::mem::discriminant(a) != std::mem::discriminant(b);
    let holds = |rule: &&Rule| {
        (!rule.mixed || types_differ)
            && (rule.canonical)(place, a).is_some_and(|x| (rule.canonical)(place, b).is_some_and(|y| x == y))
    };
    RULES.iter().find(holds).map(|rule| rule.id)
}

/// One text per meaning, for comparing many values at once: equal exactly when [`same`] finds a rule, but for values of
/// different JSON types, which are equal when they read the same.
pub(super) fn canonical(place: &Place<'_>, value: &Value) -> String {
    if place.kind != Some(Kind::Exact) {
        let form = RULES.iter().filter(|r| !r.mixed).find_map(|r| (r.canonical)(place, value));
        if let Some(form) = form {
            return form;
        }
    }
    match value {
        Value::String(s) => s.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// A place in an ordinary Terraform property called `key`.
    pub fn at(key: &str) -> Place<'_> {
        Place { dialect: Dialect::Terraform, resource_type: "aws_thing", key, kind: None, free: false }
    }

    /// A place of a known kind.
    pub fn of(kind: Kind) -> Place<'static> {
        Place { kind: Some(kind), ..at("x") }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::testing::*;
    use super::*;

    #[test]
    fn an_exact_path_knows_no_spelling() {
        assert_eq!(same(&of(Kind::Exact), &json!("a\n"), &json!("a\r\n")), None);
        assert_eq!(same(&at("x"), &json!("a\n"), &json!("a\r\n")), Some("multiline"));
    }
}
