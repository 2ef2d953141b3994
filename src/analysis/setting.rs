//! Settings that are resources of their own, a name and a value: what the value means, the name tells.

use crate::drift::{Change, ResourceRef};

/// What such resource types are called.
const SETTINGS: [&str; 5] = ["configuration", "parameter", "setting", "metadata", "flag"];

/// The changes with the name of the setting in the path of its value: `value[name=require_secure_transport]`. `None`: it is none.
/// The name is the last part of what the provider calls it (Resource Manager: `…/configurations/require_secure_transport`).
pub(super) fn named(resource: &ResourceRef, changes: &[Change]) -> Option<Vec<Change>> {
    let kind = resource.resource_type.raw().to_lowercase();
    if !SETTINGS.iter().any(|word| kind.contains(word)) {
        return None;
    }
    let name = resource.provider_id.as_ref()?.raw().rsplit('/').next()?;
    let is_plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    let is_value = |change: &Change| change.path.raw().eq_ignore_ascii_case("value");
    if !is_plain || !changes.iter().any(is_value) {
        return None;
    }
    let under = |change: &Change| match is_value(change) {
        true => Change { path: format!("{}[name={name}]", change.path.raw()).as_str().into(), ..change.clone() },
        false => change.clone(),
    };
    Some(changes.iter().map(under).collect())
}
