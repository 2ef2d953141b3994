//! What `terraform init` left in `.terraform`: the backend as it was initialised, `-backend-config` included, and the workspace.

use std::path::Path;

use serde_json::Value;

use super::Block;
use super::hcl::settings_of_json;

/// The file is small; whatever is larger is none of Terraform's.
const MAX_BYTES: u64 = 1 << 20;

/// `.terraform/terraform.tfstate`, which is no state but the backend's configuration.
pub(super) fn backend(directory: &Path) -> Option<Block> {
    let path = directory.join(".terraform/terraform.tfstate");
    let text = super::walk::read(&path, MAX_BYTES).ok()?;
    let document: Value = serde_json::from_str(&text).ok()?;
    let backend = document.get("backend")?;
    let kind = backend.get("type")?.as_str()?.to_owned();
    let settings = settings_of_json(&path, backend.get("config")?);
    Some(Block { kind, place: path.display().to_string(), settings })
}

/// `.terraform/environment`.
pub(super) fn workspace(directory: &Path) -> Option<String> {
    let text = super::walk::read(&directory.join(".terraform/environment"), MAX_BYTES).ok()?;
    Some(text.trim().to_owned()).filter(|name| !name.is_empty() && name != "default")
}
