//! What a verb makes of a drift of the sample world.

use super::{changes, now};
use crate::drift::{Decision, DriftDetail, DriftEvent, Link, State, TriageRequest, TriageVerb};

/// Carries a verb out on an event.
pub(super) fn carry_out(event: &mut DriftEvent, request: &TriageRequest, seq: u64) {
    use TriageVerb as V;
    let mut until_of = None;
    let mut resolution = None;
    match &request.verb {
        TriageVerb::Acknowledge => event.state = State::Acknowledged,
        TriageVerb::Snooze { until } => {
            event.state = State::Snoozed;
            until_of = Some(*until);
        }
        TriageVerb::Resolve { resolution_type, until } => {
            event.state = State::Resolved;
            event.resolved_at = Some(now());
            (resolution, until_of) = (Some(*resolution_type), *until);
        }
        TriageVerb::Ignore { rule } => {
            event.state = State::Ignored;
            until_of = rule.expires_at;
        }
        TriageVerb::SettleChanges { .. } | TriageVerb::ReopenChanges { .. } => changes::decide(event, request, seq),
        TriageVerb::Reopen => {
            event.state = State::Open;
            event.settled.clear();
            event.open_severity = None;
        }
        TriageVerb::Assign { to } => event.assignee = to.clone(),
        TriageVerb::Note { .. } => event.note_count += 1,
        V::Split | V::Rejoin => event.is_split = request.verb == V::Split,
        V::NeverHide { .. } | V::Link { .. } | V::Unlink { .. } | V::Undo { .. } => {}
    }
    let reopens = matches!(request.verb, V::Reopen | V::SettleChanges { .. } | V::ReopenChanges { .. });
    let says = matches!(
        request.verb,
        V::Assign { .. } | V::Note { .. } | V::Link { .. } | V::Unlink { .. } | V::Split | V::Rejoin
    );
    if !reopens && !says && !matches!(request.verb, V::NeverHide { .. }) {
        event.decision = Some(Decision {
            seq,
            by: request.actor.clone(),
            at: now(),
            reason: request.reason.clone(),
            resolution_type: resolution,
            until: until_of,
        });
    }
}

/// What belongs together, at both ends.
pub(super) fn link(drifts: &mut [DriftDetail], request: &TriageRequest, seq: u64) {
    let (to, note) = match &request.verb {
        TriageVerb::Link { to, note } => (*to, Some(note.clone())),
        TriageVerb::Unlink { to } => (*to, None),
        _ => return,
    };
    for (here, there) in [(request.drift, to), (to, request.drift)] {
        let Some(detail) = drifts.iter_mut().find(|detail| detail.event.id == here) else { continue };
        detail.links.retain(|link| link.to != there);
        let new = note.clone().map(|note| Link { to: there, note, by: request.actor.clone(), at: now(), seq });
        detail.links.extend(new);
    }
}
