//! Which frameworks the organisation answers to.

use std::sync::OnceLock;

use crate::knowledge::Framework;

static SCOPE: OnceLock<Vec<Framework>> = OnceLock::new();

/// Set once, when the configuration is read; until then, and for an empty list, all are in scope.
pub fn set_scope(frameworks: Vec<Framework>) {
    // A second configuration in the same process would be a test's; the first one stays.
    let _ = SCOPE.set(frameworks);
}

/// Those in scope, in their order.
pub fn frameworks_in_scope() -> impl Iterator<Item = Framework> {
    Framework::ALL.into_iter().filter(|framework| is_in_scope(*framework))
}

pub(super) fn is_in_scope(framework: Framework) -> bool {
    SCOPE.get().is_none_or(|scope| scope.is_empty() || scope.contains(&framework))
}
