//! What happened in the sample world in a span of time.

use crate::drift::{AuditEntry, DETECTED, DensityCounter, DriftEvent, Happening, Incident, IncidentRequest};
use crate::safety::Tainted;

/// As a store tells it.
pub fn of<'a>(
    drifts: &[&DriftEvent],
    audit: impl Iterator<Item = &'a AuditEntry>,
    request: &IncidentRequest,
) -> Incident {
    let within = |at: jiff::Timestamp| request.from <= at && at <= request.until;
    let mut density = DensityCounter::new(request);
    let mut happenings = Vec::new();
    for event in drifts.iter().filter(|event| within(event.detected_at)) {
        density.detected(event.detected_at, event.severity_class());
        happenings.push(Happening {
            at: event.detected_at,
            environment: Some(event.environment.clone()),
            drift: Some(event.id),
            action: DETECTED.to_owned(),
            actor: Tainted::from("system"),
            reason: None,
            seq: None,
            undone: false,
        });
    }
    for entry in audit.filter(|entry| within(entry.timestamp)) {
        density.other(entry.timestamp);
        happenings.push(Happening {
            at: entry.timestamp,
            environment: entry.environment.clone(),
            drift: entry.drift,
            action: entry.action.clone(),
            actor: entry.actor.clone(),
            reason: entry.reason.clone(),
            seq: Some(entry.seq),
            undone: entry.undone_by.is_some(),
        });
    }
    happenings.sort_by_key(|one| std::cmp::Reverse((one.at, one.seq)));
    let mut named: Vec<DriftEvent> = drifts.iter().map(|event| (*event).clone()).collect();
    named.sort_by_key(|event| event.id);
    let (from, until, density) = (request.from, request.until, density.counts());
    Incident { from, until, happenings, drifts: named, cut: false, density }
}
