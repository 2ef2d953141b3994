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

#[cfg(test)]
mod tests {
    use crate::drift::{ResolutionType, State, TriageRequest, TriageVerb};
    use crate::service::{DriftService, ServiceError};
    use crate::tui::sample::{Sample, now};

    #[tokio::test]
    async fn the_sample_settles_changes_as_a_store_does() {
        let sample = Sample::default();
        let drift = sample
            .ids()
            .into_iter()
            .filter_map(|id| sample.event(id))
            .find(|event| event.changes.len() > 1 && event.state == State::Open);
        let drift = drift.unwrap();
        let all: Vec<_> = drift.changes.iter().map(|change| change.path.clone()).collect();
        let ask = |verb| TriageRequest {
            drift: drift.id,
            verb,
            reason: None,
            actor: "a".into(),
            expected_version: None,
            once: None,
        };
        let accept =
            |paths| TriageVerb::SettleChanges { paths, resolution_type: ResolutionType::Accepted, until: None };
        sample.triage(ask(accept(all[..1].to_vec()))).await.unwrap();
        let now = now();
        let state = || sample.event(drift.id).unwrap().state_at(now);
        assert_eq!((state(), sample.event(drift.id).unwrap().open_changes(now).count()), (State::Open, all.len() - 1));
        let seq = sample.triage(ask(accept(all.clone()))).await.unwrap().seq;
        assert_eq!(state(), State::Resolved);
        sample.triage(ask(TriageVerb::Undo { seq })).await.unwrap();
        assert_eq!(state(), State::Open);
        let gone = sample.triage(ask(accept(vec!["no.such".into()]))).await;
        assert!(matches!(gone, Err(ServiceError::Conflict(_))));
    }
}
