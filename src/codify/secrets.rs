//! Secrets that were taken out of values: no edit is made of what stands in their place.

use serde_json::Value;

use super::edit::Refusal;
use super::splice::Splice;

pub(super) const SECRET: &str = "it is a secret: no code should say it; keep it where secrets are kept";
/// What stands in place of a secret begins so.
pub(super) const MARK: &str = "«secret #";

/// What is written beside a change, because a block or a map cannot go without it, may have had a secret in it.
pub(super) fn without_secrets(splices: Vec<Splice>) -> Result<Vec<Splice>, Refusal> {
    if splices.iter().any(|one| one.with.contains(MARK)) {
        return Err(Refusal::new(format!("what has to be said with it was taken out: {SECRET}")));
    }
    Ok(splices)
}

/// Whether anything in it was taken out.
pub(super) fn has_secret(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(MARK),
        Value::Array(list) => list.iter().any(has_secret),
        Value::Object(map) => map.iter().any(|(name, value)| name.contains(MARK) || has_secret(value)),
        _ => false,
    }
}
