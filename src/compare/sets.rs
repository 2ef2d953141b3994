//! What the order of a list means: known facts first, then names, then what the list holds.
//!
//! - Kubernetes: every list is ordered, but for those of `packs/order-kubernetes.toml` (its API calls a list atomic unless its
//!   `listType` is `set` or `map`).
//! - Terraform: a state does not tell lists from sets. Blocks are taken for a set unless a pack or their name says otherwise,
//!   lists of scalars for a list unless they are named like a set or hold nothing but ids.
//! - CloudFormation, AWS Config, Azure, Google: what neither the schema nor a pack describes may be either; blocks of which only
//!   the order differs are not judged.
//! - Inside JSON documents a list of objects is ordered, as JSON says.

use serde_json::Value;

use super::Dialect;
use super::facts::Fact;
use super::spelling::{is_named, name_ends_with};
use super::walk::At;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    Matters,
    Nothing,
    /// Nobody describes it.
    Unknown,
}

/// Lists whose order is known to matter.
pub(super) fn is_ordered(at: At<'_>) -> bool {
    at.cursor.has(Fact::Ordered) || (!at.cursor.has(Fact::Unordered) && !at.cursor.free && named_ordered(at.key))
}

/// Of a list of objects that nothing tells apart.
pub(super) fn order_of_objects(dialect: Dialect, at: At<'_>) -> Order {
    let described = at.cursor.has(Fact::Unordered) || at.policy;
    match dialect {
        _ if is_ordered(at) => Order::Matters,
        Dialect::Terraform if at.documents == 0 => Order::Nothing,
        _ if described || super::tags::named_so(at.key) => Order::Nothing,
        _ if at.documents > 0 && at.exact => Order::Matters,
        _ if at.documents > 0 => Order::Nothing,
        Dialect::Kubernetes => Order::Matters,
        _ => Order::Unknown,
    }
}

/// Of a list of objects that have names: elsewhere than in Kubernetes they are found by it.
pub(super) fn order_of_named(dialect: Dialect, at: At<'_>, d: &[Value], l: &[Value]) -> Order {
    match dialect {
        _ if is_ordered(at) => Order::Matters,
        Dialect::Kubernetes if at.documents == 0 && at.key == "env" => {
            if d.iter().chain(l).any(refers_back) {
                Order::Matters
            } else {
                Order::Nothing
            }
        }
        Dialect::Kubernetes if at.documents == 0 => order_of_objects(dialect, at),
        // Whoever reads a document may go through it in order.
        _ if at.documents > 0 && !at.policy => order_of_objects(dialect, at),
        _ => Order::Nothing,
    }
}

/// A variable may name those before it: `$(HOST):80` (Kubernetes documentation, "Define Dependent Environment Variables").
fn refers_back(variable: &Value) -> bool {
    variable.get("value").and_then(Value::as_str).is_some_and(|text| text.contains("$("))
}

/// Whether the order of a list of scalars means nothing. Both sides are looked at, so that the answer is symmetric.
pub(super) fn is_unordered(dialect: Dialect, at: At<'_>, a: &[Value], b: &[Value]) -> bool {
    if at.cursor.has(Fact::Ordered) {
        return false;
    }
    // In patterns, `numeric` lists comparisons with their numbers.
    if at.cursor.has(Fact::Unordered) || (at.policy && at.key != "numeric") {
        return true;
    }
    let in_document = at.documents > 0;
    if dialect == Dialect::Kubernetes || ((in_document || !at.cursor.free) && named_ordered(at.key)) {
        return false;
    }
    if in_document && at.exact {
        return false;
    }
    (!at.cursor.free && named_set(at.key)) || hold_ids(a, b)
}

fn named_ordered(key: &str) -> bool {
    const NAMES: [&str; 18] = [
        "layers",
        "command",
        "commands",
        "cmd",
        "args",
        "arguments",
        "entrypoint",
        "nameservers",
        "domainnameservers",
        "dnsservers",
        "searchdomains",
        "searches",
        "stages",
        "steps",
        "behaviors",
        "orderedcachebehavior",
        "terminationpolicies",
        "instancetypes",
    ];
    NAMES.iter().any(|name| is_named(key, name))
}

fn named_set(key: &str) -> bool {
    const ENDS: [&str; 37] = [
        "ids",
        "arns",
        "subnets",
        "securitygroups",
        "cidrblocks",
        "cidrs",
        "zones",
        "principals",
        "identifiers",
        "members",
        "methods",
        "groups",
        "users",
        "roles",
        "scopes",
        "ranges",
        "tags",
        "policies",
        "regions",
        "addresses",
        "ports",
        "aliases",
        "events",
        "actions",
        "accounts",
        "metrics",
        "logtypes",
        "logsexports",
        "subjectalternativenames",
        "compatibilities",
        "capabilities",
        "architectures",
        "thumbprintlist",
        "types",
        "providers",
        "records",
        "nonkeyattributes",
    ];
    const NAMES: [&str; 3] = ["operations", "notresources", "notprincipal"];
    NAMES.iter().any(|name| is_named(key, name)) || ENDS.iter().any(|end| name_ends_with(key, end))
}

/// Nothing but ids, ARNs, networks or HTTP verbs: no provider gives such lists an order unless their name says so.
fn hold_ids(a: &[Value], b: &[Value]) -> bool {
    let mut all = a.iter().chain(b).peekable();
    all.peek().is_some() && all.all(|v| v.as_str().is_some_and(is_id))
}

fn is_id(text: &str) -> bool {
    const VERBS: [&str; 7] = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"];
    text.starts_with("arn:") || VERBS.contains(&text) || is_aws_id(text) || text.parse::<ipnet::IpNet>().is_ok()
}

/// `sg-0a1b2c3d` and the like: a short word, a dash, 8 or 17 hexadecimal digits.
fn is_aws_id(text: &str) -> bool {
    text.rsplit_once('-').is_some_and(|(word, hex)| {
        matches!(hex.len(), 8 | 17)
            && hex.bytes().all(|c| c.is_ascii_hexdigit())
            && (1..=8).contains(&word.len())
            && word.bytes().all(|c| c.is_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::facts::{Cursor, Names};
    use super::*;

    fn unordered(key: &str, list: Value) -> bool {
        let names = Names::default();
        let at = At::root(Cursor::root([None; super::super::facts::LEVELS], &names)).child(key, false);
        is_unordered(Dialect::Terraform, at, list.as_array().unwrap(), &[])
    }

    #[test]
    fn ids_and_known_names_make_a_set_and_nothing_else_does() {
        assert!(unordered("x", json!(["sg-0a1b2c3d", "sg-0a1b2c3e"])));
        assert!(unordered("cidr_blocks", json!(["b", "a"])) && unordered("SubnetIds", json!(["b"])));
        assert!(!unordered("x", json!(["b", "a"])) && !unordered("x", json!([])));
        assert!(!unordered("layers", json!(["arn:aws:lambda:eu-west-1:1:layer:a:1"])));
    }
}
