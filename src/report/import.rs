//! What takes an unmanaged resource into the code.

use serde::Serialize;

use crate::drift::{DriftType, Finding};
use crate::recommend::import;

/// The `import` block of what no code declares, or why there is none; `None` for other drifts and other tools than Terraform.
pub(super) fn of(finding: &Finding) -> Option<Result<String, String>> {
    let concerns = finding.drift_type == DriftType::Added && import::is_terraform(finding.resource.resource_type.raw());
    concerns.then(|| import::block(&finding.resource, &finding.tags, finding.actual_state.as_ref()))
}

/// One of the two.
#[derive(Serialize)]
pub(super) struct ImportRow {
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<String>,
    /// Why there is no block.
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<String>,
}

impl ImportRow {
    pub fn of(finding: &Finding) -> Option<Self> {
        let found = of(finding)?;
        let unknown = found.as_ref().err().cloned();
        Some(Self { block: found.ok(), unknown })
    }
}
