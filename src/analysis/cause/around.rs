//! What went on at the time: incidents, alerts, maintenance, deployments, and whether somebody was on call.

use jiff::{SignedDuration, Timestamp};

use super::hand::{Hand, hand};
use super::nature::closes;
use super::vote::{Group, Vote};
use super::{Facts, Surroundings};
use crate::drift::{Cause, ContextType, IncidentImpact, OperationalContext};

/// Between two scans that lie further apart nobody knows what went on when it happened.
const BLURRED: SignedDuration = SignedDuration::from_hours(6);
/// An alert explains what somebody does soon after it.
const SOON: SignedDuration = SignedDuration::from_hours(1);

/// When it happened: the moment of the audit event, else between two scans that lie close enough together.
pub(super) fn when(around: &Surroundings<'_>) -> Option<(Timestamp, Timestamp)> {
    let span = around.attribution.map(|to| (to.at, to.at)).or(around.span)?;
    (span.1.duration_since(span.0) <= BLURRED).then_some(span)
}

pub(super) fn votes(facts: &Facts<'_>, around: &Surroundings<'_>) -> Vec<Vote> {
    let Some(span) = when(around) else { return vec![] };
    let hand = hand(around);
    let here = || around.contexts.iter().filter(|one| one.is_about(&facts.environment.slug));
    let mut votes: Vec<Vote> = here().filter_map(|one| of(facts, one, span, hand)).flatten().collect();
    votes.extend(clock(around, span.1, hand));
    votes
}

/// Whether something of a kind went on at the time.
pub(super) fn is_on(facts: &Facts<'_>, around: &Surroundings<'_>, kind: ContextType) -> bool {
    let Some(span) = when(around) else { return false };
    let is_here = |one: &OperationalContext| one.context_type == kind && one.is_about(&facts.environment.slug);
    around.contexts.iter().any(|one| is_here(one) && touches(one, span))
}

fn touches(one: &OperationalContext, (from, until): (Timestamp, Timestamp)) -> bool {
    let since = if one.context_type == ContextType::Alert { SOON } else { SignedDuration::ZERO };
    one.time_window.touches(from.checked_sub(since).unwrap_or(from), until)
}

/// Whether it went on the whole time in which the drift may have been made: what only overlaps may have come first, or after it.
pub(super) fn is_during(one: &OperationalContext, (from, until): (Timestamp, Timestamp)) -> bool {
    one.time_window.from <= from && one.time_window.to.is_none_or(|to| to >= until)
}

fn of(facts: &Facts<'_>, one: &OperationalContext, span: (Timestamp, Timestamp), hand: Hand) -> Option<Vec<Vote>> {
    if !touches(one, span) {
        return None;
    }
    let id = one.context_data.id.as_ref().map(|id| format!(" ({})", id.cell(40))).unwrap_or_default();
    let named = format!("{} \"{}\"{id}", one.context_type.words(), one.context_data.title.cell(80));
    let by_hand = if hand == Hand::Person { ", and a person did it" } else { "" };
    let is_during = is_during(one, span);
    let vote = |cause, alone, sentence| {
        let vote = Vote::guess(Group::Around, cause, alone, sentence);
        vec![if is_during { vote } else { vote.faint() }]
    };
    let went_on = match is_during {
        true => format!("It was done while the {named} went on{by_hand}."),
        false => format!("It may have been done while the {named} went on{by_hand}: when exactly is not known."),
    };
    // Machines do what they always do, incident or not.
    let by = |person, machine, nobody_known| match hand {
        Hand::Person => person,
        Hand::Machine => machine,
        Hand::Unknown => nobody_known,
    };
    let votes = match one.context_type {
        ContextType::Incident => {
            let person = match one.incident_impact {
                Some(IncidentImpact::High) => 0.75,
                Some(IncidentImpact::Low) => 0.55,
                _ => 0.70,
            };
            vote(Cause::EmergencyFix, by(person, 0.10, 0.40), went_on)
        }
        ContextType::SecurityEvent if closes(facts) => vote(Cause::SecurityResponse, by(0.75, 0.60, 0.60), went_on),
        ContextType::SecurityEvent => vote(Cause::SecurityResponse, by(0.55, 0.30, 0.40), went_on),
        ContextType::Alert => vec![alert(one, span, (&named, by_hand), by(0.45, 0.10, 0.20))],
        ContextType::Maintenance => {
            let done = if is_during { "was" } else { "may have been" };
            let planned = format!("It {done} done during the announced {named}: planned, so no emergency.");
            vote(Cause::EmergencyFix, 0.03, planned)
        }
        ContextType::Deployment => {
            let applied = format!("The code was applied at about that time ({named}): something may be missing in it.");
            vec![Vote::guess(Group::Around, Cause::ConfigurationError, by(0.15, 0.35, 0.30), applied)]
        }
        // That there is a ticket says nothing of what it is about.
        ContextType::Ticket => vec![],
    };
    Some(votes)
}

/// One that came after the drift may have come of it: it explains only what is known to be later.
fn alert(
    one: &OperationalContext,
    (from, until): (Timestamp, Timestamp),
    (named, by_hand): (&str, &str),
    alone: f64,
) -> Vote {
    let came = one.time_window.from;
    let vote = |sentence| Vote::guess(Group::Around, Cause::EmergencyFix, alone, sentence);
    if came > from {
        let order = "which came first is not known";
        return vote(format!("It may have been done before or after the {named}{by_hand}: {order}.")).faint();
    }
    let soon = if until.duration_since(came) <= SOON { "soon " } else { "" };
    vote(format!("It was done {soon}after the {named}{by_hand}."))
}

/// Whoever works by night has a reason for it. Says nothing where nobody has said who is on call when.
fn clock(around: &Surroundings<'_>, at: Timestamp, hand: Hand) -> Option<Vote> {
    if hand != Hand::Person {
        return None;
    }
    let on_call = around.on_call?;
    let (alone, sentence) = match on_call.holds(at)? {
        true => (0.20, "A person did it in the hours of those on call (`on_call` in the configuration)."),
        false => (0.05, "A person did it outside the hours of those on call (`on_call` in the configuration)."),
    };
    Some(Vote::guess(Group::Clock, Cause::EmergencyFix, alone, sentence))
}
