//! Rules about single values: two spellings are the same when their canonical forms are equal.
//!
//! A rule gives a value's canonical form, or `None` where it does not apply. Adding one: a function, and a line in [`RULES`].

use serde_json::Value;

use super::facts::Kind;
use super::{Context, Dialect, rules};

mod aws;
mod choice;
mod moment;
mod names;
mod network;
mod number;
mod quantity;
pub(super) mod reference;
mod text;
pub(super) mod time;
mod web;

pub(crate) use network::protocol;

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
    /// Set once when the resource is made: the service may spell it its own way, but nobody can change it.
    pub create_only: bool,
    /// Account and region of the resource, where known; never inside an access policy, whose principals are judged there.
    pub account: Option<&'p str>,
    pub region: Option<&'p str>,
    pub context: Option<&'p Context>,
}

type Canonical = fn(&Place<'_>, &Value) -> Option<String>;

/// How a rule finds that two values are the same.
enum How {
    /// Equal canonical forms.
    Canonical(Canonical),
    /// Equal canonical forms, between values of different JSON types only.
    Mixed(Canonical),
    /// Two texts, looked at together: what is no equivalence among three (a name and two ARNs) has no canonical form.
    Pair(fn(&Place<'_>, &str, &str) -> bool),
}

use How::{Canonical as Form, Mixed, Pair};

/// From the cheapest and most certain on.
static RULES: [(&str, How); 37] = [
    (rules::QUANTITY, Form(quantity::quantity)),
    (rules::NUMBER_PRECISION, Form(number::precise)),
    (rules::NUMBER_STRING, Mixed(number::number_or_text)),
    (rules::BOOL_STRING, Mixed(number::bool_or_text)),
    (rules::CIDR, Form(network::cidr)),
    (rules::CIDR, Pair(network::same_network)),
    (rules::PROTOCOL, Form(network::protocol_name)),
    (rules::DNS_NAME, Form(network::dns_name)),
    (rules::ID_CASE, Form(names::azure_id)),
    (rules::FOLD_CASE, Form(names::folded)),
    (rules::FOLD_CASE, Form(choice::choice)),
    (rules::FOLD_CASE, Pair(web::same_header)),
    (rules::FOLD_CASE, Pair(moment::same_window)),
    (rules::LOWER_NAME, Pair(names::lowered)),
    (rules::LOCATION, Form(names::location)),
    (rules::FILE_MODE, Form(text::file_mode)),
    (rules::USER_DATA, Form(text::user_data)),
    (rules::REDIS_ACL, Form(text::redis_acl)),
    (rules::TIMESTAMP, Form(time::hour)),
    (rules::TIMESTAMP, Form(time::timestamp)),
    (rules::TIMESTAMP, Mixed(time::timestamp_or_epoch)),
    (rules::DURATION, Form(time::duration)),
    (rules::REFERENCE, Pair(reference::same_thing)),
    (rules::VERSION_TRACK, Pair(reference::same_track)),
    (rules::REFERENCE, Pair(aws::same_resource)),
    (rules::DNS_NAME, Pair(web::same_domain)),
    (rules::URL, Pair(web::same_url)),
    (rules::PORT_RANGE, Pair(web::same_ports)),
    (rules::TASK_SIZE, Pair(aws::task_size)),
    (rules::TIMESTAMP, Pair(moment::same_moment)),
    (rules::SCHEDULE, Pair(moment::same_cron)),
    (rules::FILE_MODE, Pair(text::same_mode)),
    (rules::USER_DATA, Pair(text::same_user_data)),
    (rules::TRAILING_SLASH, Pair(names::same_path)),
    (rules::PEM, Form(text::pem)),
    (rules::PEM, Form(text::ssh_key)),
    (rules::MULTILINE, Form(text::multiline)),
];

/// The rule by which two scalars mean the same, if any.
pub(super) fn same(place: &Place<'_>, a: &Value, b: &Value) -> Option<&'static str> {
    if place.kind == Some(Kind::Exact) {
        return None;
    }
    let types_differ = std::mem::discriminant(a) != std::mem::discriminant(b);
    let equal = |form: Canonical| form(place, a).is_some_and(|x| form(place, b).is_some_and(|y| x == y));
    let holds = |how: &How| match how {
        Form(form) => equal(*form),
        Mixed(form) => types_differ && equal(*form),
        Pair(same) => a.as_str().zip(b.as_str()).is_some_and(|(a, b)| same(place, a, b)),
    };
    RULES.iter().find(|(_, how)| holds(how)).map(|(id, _)| *id)
}

/// Whether a property's name ends with `end`, whatever its case and separators: `security_group_ids` and `SecurityGroupIds`
/// end with `groupids`. Looked at for every list and every differing text, so it allocates nothing.
pub(super) fn name_ends_with(key: &str, end: &str) -> bool {
    let mut letters = letters(key).rev();
    end.bytes().rev().all(|c| letters.next() == Some(c))
}

/// Whether a property's name is `name`, whatever its case and separators.
pub(super) fn is_named(key: &str, name: &str) -> bool {
    letters(key).eq(name.bytes())
}

fn letters(key: &str) -> impl DoubleEndedIterator<Item = u8> {
    key.bytes().filter(|c| !matches!(c, b'_' | b'-')).map(|c| c.to_ascii_lowercase())
}

/// One text per meaning, for comparing many values at once: equal exactly when [`same`] finds a rule, but for values of
/// different JSON types, which are equal when they read the same.
pub(super) fn canonical(place: &Place<'_>, value: &Value) -> String {
    if place.kind != Some(Kind::Exact) {
        let form = |how: &How| match how {
            Form(form) => form(place, value),
            Mixed(_) | Pair(_) => None,
        };
        if let Some(form) = RULES.iter().find_map(|(_, how)| form(how)) {
            return form;
        }
    }
    match value {
        Value::String(s) => s.clone(),
        // Where only the same is the same, a number is no text.
        other if place.kind == Some(Kind::Exact) => format!("\0{other}"),
        other => other.to_string(),
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// A place in an ordinary Terraform property called `key`.
    pub fn at(key: &str) -> Place<'_> {
        Place {
            dialect: Dialect::Terraform,
            resource_type: "aws_thing",
            key,
            kind: None,
            free: false,
            create_only: false,
            account: None,
            region: None,
            context: None,
        }
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
        assert_eq!(same(&of(Kind::Exact), &json!("a\nb"), &json!("a\r\nb")), None);
        assert_eq!(same(&at("x"), &json!("a\nb"), &json!("a\r\nb")), Some("multiline"));
    }
}
