//! What a verb makes of a drift of the sample world.

use super::{changes, now};
use crate::drift::{Decision, DriftDetail, DriftEvent, Link, Recommendation, State, Tick, TriageRequest, TriageVerb};

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
        TriageVerb::JudgeCause { cause, .. } => event.judged_cause = Some(*cause),
        TriageVerb::Advise { advice } => {
            let like = event.recommendations.first().cloned();
            event.recommendations.extend(like.map(|like| Recommendation {
                recommendation_type: advice.recommendation_type,
                priority: advice.priority,
                rationale: advice.rationale.clone(),
                implementation_steps: advice.steps.clone(),
                added_by: Some(request.actor.clone()),
                ..like
            }));
        }
        TriageVerb::Tick { advice, step, done } => {
            event.ticked.retain(|tick| tick.advice != *advice || tick.step != *step);
            let at = usize::try_from(*step).unwrap_or(0).saturating_sub(1);
            let text = event.recommendations.iter().find(|one| one.key() == *advice);
            let text = text.and_then(|one| one.implementation_steps.get(at)).cloned();
            let (advice, step, by) = (advice.clone(), *step, request.actor.clone());
            event.ticked.extend(text.filter(|_| *done).map(|text| Tick { advice, step, text, by, at: now() }));
        }
        V::NeverHide { .. } | V::Link { .. } | V::Unlink { .. } | V::Undo { .. } => {}
    }
    let reopens = matches!(request.verb, V::Reopen | V::SettleChanges { .. } | V::ReopenChanges { .. });
    let is_of_advice = matches!(request.verb, V::Advise { .. } | V::Tick { .. });
    let is_linking = matches!(request.verb, V::Link { .. } | V::Unlink { .. } | V::Split | V::Rejoin);
    let says =
        is_of_advice || is_linking || matches!(request.verb, V::Assign { .. } | V::Note { .. } | V::JudgeCause { .. });
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
    event.mark_settled(now());
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
