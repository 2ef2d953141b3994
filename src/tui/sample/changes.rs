//! Decisions on single changes of the sample's drifts.

use super::now;
use crate::analysis::open_severity;
use crate::drift::{Decision, DriftEvent, SettledChange, TriageRequest, TriageVerb};

/// Whether every change that the verb names is a change of the drift; other verbs name none.
pub(super) fn are_there(event: &DriftEvent, verb: &TriageVerb) -> bool {
    let (TriageVerb::SettleChanges { paths, .. } | TriageVerb::ReopenChanges { paths }) = verb else { return true };
    paths.iter().all(|path| event.changes.iter().any(|change| change.path == *path))
}

/// Carries it out.
pub(super) fn decide(event: &mut DriftEvent, request: &TriageRequest, seq: u64) {
    let (TriageVerb::SettleChanges { paths, .. } | TriageVerb::ReopenChanges { paths }) = &request.verb else { return };
    event.settled.retain(|one| !paths.contains(&one.path));
    if let TriageVerb::SettleChanges { resolution_type, until, .. } = &request.verb {
        let decision = Decision {
            seq,
            by: request.actor.clone(),
            at: now(),
            reason: request.reason.clone(),
            resolution_type: Some(*resolution_type),
            until: *until,
        };
        let named = event.changes.iter().filter(|change| paths.contains(&change.path));
        let settled: Vec<_> = named.map(|change| SettledChange::new(change, decision.clone())).collect();
        event.settled.extend(settled);
    }
    event.settled.sort_by(|a, b| a.path.cmp(&b.path));
    event.open_severity = open_severity(event, now());
}
