//! Advice in sentences: what to do, how sure that is, what it risks; and of advice that nobody can follow why not.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::say::{ago, clock};
use crate::drift::{DriftEvent, Prediction, Recommendation};
use crate::safety::Tainted;
use crate::tui::app::age;

/// Line by line.
pub(super) fn lines(event: &DriftEvent, one: &Recommendation, now: Timestamp, zone: &TimeZone) -> Vec<String> {
    let kind = one.recommendation_type.as_str();
    if let Some(veto) = &one.vetoed {
        let (policy, reason) = (veto.policy.line(), veto.reason.line());
        return vec![format!("   advice: {kind}, vetoed: the policy {policy} forbids it: {reason}")];
    }
    // Its steps are nobody's to follow.
    if let Some(dismissed) = one.dismissal() {
        let said = format!("   advice: {kind}, {dismissed}");
        return vec![said, format!("     it said: {}", one.rationale.line())];
    }
    let stale = if one.is_stale(now) { ", stale" } else { "" };
    let mut lines =
        vec![format!("   advice: {kind}, confidence {}{stale}: {}", one.confidence_score, one.rationale.line())];
    lines.extend(one.implemented_at.map(|at| format!("     {}", done(one, at, now))));
    lines.push(format!("     {}", facts(one, now)));
    lines.push(format!("     {}", origin(one, now)));
    lines.extend(one.accept_until.map(|at| format!("     accept until {}", clock(at, zone))));
    lines.extend(one.objection.as_ref().map(|veto| format!("     {}", veto.objection())));
    lines.extend((1..).zip(&one.implementation_steps).map(|(number, step)| {
        let done = event.tick(one, number).map(|tick| format!(" (done by {})", tick.by.line())).unwrap_or_default();
        format!("     {number}. {}{done}", step.line())
    }));
    lines.extend(one.predicted.iter().flat_map(Prediction::lines).map(|line| format!("     {line}")));
    lines.extend(one.patch.iter().flat_map(Tainted::multiline).map(|line| format!("     {line}")));
    lines.extend(one.risk_assessment.potential_impacts.iter().map(|risk| format!("     risk: {}", risk.line())));
    lines
}

/// `medium priority, takes minutes, expires in 23h`
fn facts(one: &Recommendation, now: Timestamp) -> String {
    let (priority, effort) = (one.priority.as_str(), one.estimated_effort.as_str());
    let end = one.expires_at.filter(|at| *at > now).map(|at| format!(", expires {}", age::until(at, now)));
    format!("{priority} priority, takes {effort}{}", end.unwrap_or_default())
}

/// `given by ml_model 3m ago, success 0.90`
fn origin(one: &Recommendation, now: Timestamp) -> String {
    let success = one.success().map(|score| format!(", success {score}")).unwrap_or_default();
    format!("given by {} {}{success}", one.giver(), just(one.created_at, now))
}

/// `done 3m ago by bob: settled as codify_iac: agreed`
fn done(advice: &Recommendation, at: Timestamp, now: Timestamp) -> String {
    let by = advice.settled_by.as_ref().map(|one| format!(" by {}", one.by.line())).unwrap_or_default();
    let result = advice.implementation_result.as_ref().map(|text| format!(": {}", text.line())).unwrap_or_default();
    format!("done {}{by}{result}", just(at, now))
}

/// `just now`, `3m ago`
fn just(at: Timestamp, now: Timestamp) -> String {
    match ago(at, now) {
        now if now == "now" => "just now".to_owned(),
        ago => ago,
    }
}
