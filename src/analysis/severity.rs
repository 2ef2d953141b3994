//! From rules and changes to scores; every score has its reason.

use std::cmp::Reverse;

use super::pack::{PACK, Rule, normal};
use super::value::{Test, ports};
use super::within::parts;
use crate::drift::{Axis, Change, DriftType, ResourceRef, Score, Severity, SeverityReason};

/// Reasons kept beyond the deciding one of each axis.
const MAX_REASONS: usize = 12;

/// What every drift costs, however small: the code no longer tells the truth.
const ANY_DRIFT: (Score, &str) = (Score::percent(10), "The live resource differs from its code.");

/// What severity depends on.
pub(super) struct Subject<'a> {
    pub resource: &'a ResourceRef,
    pub drift_type: DriftType,
    pub changes: &'a [Change],
}

/// The scores, and the reasons from the worst down.
pub(super) fn assess(facts: &Subject<'_>) -> (Severity, Vec<SeverityReason>) {
    let mut reasons = whole_resource(facts);
    for change in facts.changes {
        reasons.extend(reasons_of(facts, change, change));
        // A rule of a security group is judged as one: its peer without its ports says too much.
        if !rules_for(facts, change).iter().any(|rule| rule.is_about_ports()) {
            parts(change).iter().for_each(|part| reasons.extend(reasons_of(facts, part, change)));
        }
    }
    let (score, text) = ANY_DRIFT;
    if !reasons.iter().any(|r| r.axis == Axis::Compliance) {
        reasons.push(SeverityReason { axis: Axis::Compliance, score, path: None, text: text.into() });
    }
    reasons.sort_by(|a, b| {
        (Reverse(a.score), a.axis, &a.path, &a.text).cmp(&(Reverse(b.score), b.axis, &b.path, &b.text))
    });
    let severity = severity_of(&reasons);
    (severity, worth_telling(reasons))
}

/// Of one change or a part of it; `shown` is where the reason stands. What is said of a part is said by a rule that knows it.
/// Of what went as a whole it counts what was on and is off now.
fn reasons_of(facts: &Subject<'_>, change: &Change, shown: &Change) -> Vec<SeverityReason> {
    let is_part = change.path != shown.path;
    let went = is_part && shown.actual.is_none();
    let rules = rules_for(facts, change).into_iter();
    let rules = rules.filter(|rule| !(is_part && (rule.fallback || rule.hardening)));
    let rules = rules.filter(|rule| !went || matches!(rule.test, Some(Test::TurnsOff | Test::TurnsOffWhole)));
    let reason = |rule: &Rule, axis, score| {
        let text = sentence(rule, change).into();
        SeverityReason { axis, score, path: Some(shown.path.clone()), text }
    };
    rules.flat_map(|rule| rule.scores.iter().map(move |&(axis, score)| reason(rule, axis, score))).collect()
}

pub(super) fn severity_of(reasons: &[SeverityReason]) -> Severity {
    let worst = |axis| reasons.iter().filter(|r| r.axis == axis).map(|r| r.score).max().unwrap_or_default();
    Severity {
        security: worst(Axis::Security),
        performance: worst(Axis::Performance),
        cost: worst(Axis::Cost),
        compliance: worst(Axis::Compliance),
    }
}

/// One reason per axis and sentence, the deciding one of every axis in any case. `reasons` come sorted, the worst first.
fn worth_telling(reasons: Vec<SeverityReason>) -> Vec<SeverityReason> {
    let mut told: Vec<SeverityReason> = vec![];
    for reason in reasons {
        let decides = !told.iter().any(|t| t.axis == reason.axis);
        let repeats = told.iter().any(|t| t.axis == reason.axis && t.text == reason.text);
        if decides || (!repeats && told.len() < MAX_REASONS) {
            told.push(reason);
        }
    }
    told
}

fn whole_resource(facts: &Subject<'_>) -> Vec<SeverityReason> {
    let resource_type = facts.resource.resource_type.raw();
    PACK.resources
        .iter()
        .filter(|rule| rule.drift == Some(facts.drift_type))
        .filter(|rule| rule.is_of(resource_type))
        .flat_map(|rule| rule.scores.iter().map(move |&(axis, score)| (rule, axis, score)))
        .map(|(rule, axis, score)| SeverityReason { axis, score, path: None, text: rule.text.as_str().into() })
        .collect()
}

/// The rules that hold for a change: the hardening ones alone when there are any, fallbacks only when there is nothing else.
fn rules_for(facts: &Subject<'_>, change: &Change) -> Vec<&'static Rule> {
    let path = normal(change.path.raw());
    let resource_type = facts.resource.resource_type.raw();
    let mut rules: Vec<&Rule> =
        PACK.changes.iter().filter(|rule| rule.is_about(resource_type, &path) && holds(rule, facts, change)).collect();
    if rules.iter().any(|rule| !rule.fallback) {
        rules.retain(|rule| !rule.fallback);
    }
    if rules.iter().any(|rule| rule.hardening) {
        rules.retain(|rule| rule.hardening);
    }
    rules
}

/// Everything a rule says about values, ports and the resource.
fn holds(rule: &Rule, facts: &Subject<'_>, change: &Change) -> bool {
    let path = change.path.raw();
    let declared = change.declared.as_ref().map(|m| m.value());
    let actual = change.actual.as_ref().map(|m| m.value());
    let resource = || {
        let ids = [Some(&facts.resource.resource_id), facts.resource.provider_id.as_ref()];
        rule.resources.as_ref().is_none_or(|globs| ids.into_iter().flatten().any(|id| globs.is_match(id.raw())))
    };
    let is_one_of = |globs: &Option<globset::GlobSet>, side: Option<&serde_json::Value>| {
        let text = || side.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        globs.as_ref().is_none_or(|globs| text().is_some_and(|text| globs.is_match(text)))
    };
    let value = || is_one_of(&rule.declared, declared) && is_one_of(&rule.actual, actual);
    rule.test.is_none_or(|test| test.holds(path, declared, actual))
        && !rule.not_test.is_some_and(|test| test.holds(path, declared, actual))
        && value()
        && resource()
        && about_ports(rule, &ports(path, actual))
}

fn about_ports(rule: &Rule, found: &[(u16, u16)]) -> bool {
    let within = |list: &[u16]| !found.is_empty() && found.iter().all(|(from, to)| from == to && list.contains(from));
    (rule.ports.is_empty() || rule.ports.iter().any(|p| found.iter().any(|(from, to)| (from..=to).contains(&p))))
        && (rule.only_ports.is_empty() || within(&rule.only_ports))
        && (rule.not_ports.is_empty() || !within(&rule.not_ports))
}

fn sentence(rule: &Rule, change: &Change) -> String {
    let shown = |value: &Option<crate::safety::Masked>| value.as_ref().map_or("nothing".to_owned(), |m| m.inline(40));
    rule.text.replace("{declared}", &shown(&change.declared)).replace("{actual}", &shown(&change.actual))
}

/// See [`super::is_security_critical`].
pub(super) fn touches_security(resource_type: &str, path: &str) -> bool {
    let normal = normal(path);
    PACK.changes.iter().any(|rule| {
        let weighty = rule.scores.iter().any(|(axis, score)| *axis == Axis::Security && *score >= Score::percent(50));
        let by_path = rule.resources.is_none() && rule.ports.is_empty() && rule.only_ports.is_empty();
        weighty && by_path && rule.id != "secret-value-changed" && rule.is_about(resource_type, &normal)
    })
}
