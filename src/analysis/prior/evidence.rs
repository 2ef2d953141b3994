//! Everything the severity of a drift is judged by, found once.

use crate::analysis::direction::{Course, of_drift};
use crate::drift::{Change, DriftType, Severity};
use crate::knowledge::{self, Grader, Known};

/// Of one drift.
pub struct Evidence<'a> {
    pub resource_type: &'a str,
    pub changes: &'a [Change],
    /// What the tables know of each change, in their order.
    pub known: Vec<Known>,
    pub course: Course,
    /// What the rules of the packs score.
    pub rules: Severity,
}

impl<'a> Evidence<'a> {
    pub fn of(resource_type: &'a str, drift_type: DriftType, changes: &'a [Change], rules: Severity) -> Self {
        let known = changes.iter().map(|change| knowledge::of(resource_type, change.path.raw())).collect();
        Self { resource_type, changes, known, course: of_drift(resource_type, drift_type, changes), rules }
    }

    /// Whether any policy tool looks at what changed. That tools want everything to have a tag or a description says nothing of
    /// one that differs.
    pub fn is_watched(&self) -> bool {
        self.changes.iter().zip(&self.known).any(|(change, known)| known.is_watched() && !is_label(change.path.raw()))
    }

    /// As if this tool had never graded: for measuring how well the rest does.
    pub fn without(mut self, grader: Grader) -> Self {
        self.known = self.known.into_iter().map(|known| known.without(grader)).collect();
        self
    }
}

/// What only names or describes: nothing is guarded by it, whatever it is called.
pub fn is_label(path: &str) -> bool {
    const LABELS: [&str; 8] = ["tag", "tags", "tagsall", "label", "labels", "resourcelabels", "description", "comment"];
    // Kubernetes has labels that steer.
    let steers = ["pod-security.kubernetes.io", "istio-injection"].iter().any(|label| path.contains(label));
    !steers && knowledge::normal(path).split('.').any(|name| LABELS.contains(&name))
}
