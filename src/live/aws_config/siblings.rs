//! What another resource declares is that resource's to answer for: the parent's copy of it is left as the parent states it.
//!
//! Terraform keeps in a parent (`aws_iam_role.managed_policy_arns`, `aws_s3_bucket.versioning`) a copy of what its sub-resources
//! set, taken at the last refresh. That copy lags behind, so comparing it would raise alarms the sub-resource answers anyway.

use serde_json::Value;

use super::evaluate::Context;
use super::mapping::{Attribute, Siblings};
use super::path::spelling;

/// The value to compare the parent's attribute `target` with.
pub(super) fn settle(attribute: &Attribute, target: &str, live: Value, context: Context<'_>) -> Value {
    let Some(siblings) = &attribute.siblings else { return live };
    let is_owner = |values: &&Value| siblings.r#where.as_ref().is_none_or(|(key, v)| values.get(key) == Some(v));
    let relatives = context.family.iter().filter(|r| r.resource_type.as_ref() == siblings.r#type);
    let owners: Vec<&Value> = relatives.map(|r| &r.values).filter(is_owner).collect();
    if owners.is_empty() {
        return live;
    }
    let stated = context.declared.and_then(|d| stated(d, target));
    match (&siblings.attribute, live) {
        (None, live) => stated.cloned().unwrap_or(live),
        (Some(attribute), Value::Array(elements)) => {
            let owned: Vec<String> = owners.iter().filter_map(|o| o.get(attribute)).map(spelling).collect();
            let is_owned = |e: &Value| identity(siblings, e).is_some_and(|id| owned.contains(&id));
            let copies = stated.and_then(Value::as_array).into_iter().flatten().filter(|e| is_owned(e)).cloned();
            elements.into_iter().filter(|e| !is_owned(e)).chain(copies).collect()
        }
        (Some(_), live) => live,
    }
}

fn identity(siblings: &Siblings, element: &Value) -> Option<String> {
    match &siblings.key {
        Some(key) => element.get(key).map(spelling),
        None => Some(spelling(element)),
    }
}

/// Whether the declared side knows the attribute and states nothing at the target.
pub(super) fn left_unset(declared: &Value, target: &str) -> bool {
    let attribute = target.split(['.', '[']).next().unwrap_or(target);
    declared.get(attribute).is_some() && stated(declared, target).is_none()
}

/// The declared value at a target such as `versioning[0].enabled`; null is none.
fn stated<'a>(declared: &'a Value, target: &str) -> Option<&'a Value> {
    let found = target.split('.').try_fold(declared, |value, step| match step.strip_suffix("[0]") {
        Some(key) => value.get(key)?.get(0),
        None => value.get(step),
    });
    found.filter(|v| !v.is_null())
}
