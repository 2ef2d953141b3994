//! What recorded things are called: KMS aliases and their keys, unique ids of IAM users and roles.

use std::collections::HashSet;

use serde_json::Value;

use super::index::Index;
use super::item::{Item, Presence};
use crate::compare::Context;

/// By Config type, in lower case; the keys of its configuration that tell. AWS Config writes newer types in PascalCase.
const TELLING: [(&str, &[&str]); 3] = [
    ("aws::kms::alias", &["AliasName", "aliasName", "TargetKeyId", "targetKeyId"]),
    ("aws::iam::role", &["roleId", "RoleId"]),
    ("aws::iam::user", &["userId", "UserId"]),
];

/// Reads the items that name something; one that does not parse says nothing, and is told of when it is looked up.
pub(super) fn names(index: &Index) -> Context {
    let wanted: HashSet<String> = TELLING.iter().flat_map(|(_, keys)| *keys).map(|key| (*key).to_owned()).collect();
    let mut out = Context::default();
    for n in 0..index.len() {
        let telling = TELLING.iter().any(|(config_type, _)| *config_type == index.config_type(n));
        if telling
            && index.presence(n) == Presence::There
            && let Ok(item) = index.item(n, Some(&wanted))
        {
            add(&mut out, &item);
        }
    }
    out
}

fn add(out: &mut Context, item: &Item) {
    let text = |keys: [&str; 2]| keys.iter().find_map(|key| item.configuration.get(key).and_then(Value::as_str));
    let head = &item.head;
    if let Some(key) = text(["TargetKeyId", "targetKeyId"]) {
        let name = text(["AliasName", "aliasName"]).unwrap_or(&head.id);
        match head.arn.as_str() {
            "" if !head.account.is_empty() && !head.region.is_empty() => {
                out.add_alias(&format!("arn:aws:kms:{}:{}:{name}", head.region, head.account), key);
            }
            "" => out.add_alias(name, key),
            arn => out.add_alias(arn, key),
        }
    }
    for id in [text(["roleId", "RoleId"]), text(["userId", "UserId"])].into_iter().flatten() {
        out.add_principal(id, &head.arn);
    }
}
