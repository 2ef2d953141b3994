//! Ignore rules of the sample world. They match their patterns as plain names; the store has the real ones.

use super::now;
use crate::drift::{
    AuditEntry, DriftDetail, DriftEvent, IgnoreRule, NeverHideChange, NeverHideRequest, NeverHideRule, NeverHideVerb,
    Reached, RuleChange, RuleReach, RuleRequest, RuleStatus, RuleVerb, State, TriageVerb,
};
use crate::safety::Tainted;
use crate::service::ServiceError;

type Audit = [(AuditEntry, DriftEvent)];

/// Those that were made and not taken back, as they were last changed.
pub fn active(audit: &Audit) -> Vec<IgnoreRule> {
    let mut rules: Vec<IgnoreRule> = vec![];
    for (entry, _) in audit {
        if let Some(change) = entry.rule.as_deref() {
            let id = change.before.iter().chain(&change.after).map(|rule| rule.id).next();
            rules.retain(|rule| Some(rule.id) != id);
            rules.extend(change.after.clone());
        }
        match &entry.verb {
            Some(TriageVerb::Ignore { rule }) => rules.push(rule.clone()),
            Some(TriageVerb::Undo { seq }) => {
                let made = audit.iter().find(|(entry, _)| entry.seq == *seq).and_then(|(entry, _)| entry.verb.as_ref());
                rules.retain(|one| !matches!(made, Some(TriageVerb::Ignore { rule }) if rule.id == one.id));
            }
            _ => {}
        }
    }
    rules
}

fn names(pattern: Option<&Tainted>, text: &str) -> bool {
    pattern.is_none_or(|pattern| {
        pattern.raw() == "*" || pattern.raw().replace(['[', ']'], "") == text.replace(['[', ']'], "")
    })
}

pub fn covers(rule: &IgnoreRule, event: &DriftEvent) -> bool {
    rule.environment.as_ref().is_none_or(|slug| *slug == event.environment)
        && names(rule.resource_type.as_ref(), event.resource.resource_type.raw())
        && names(rule.resource_id.as_ref(), event.resource.resource_id.raw())
}

/// What it hides (`hidden`), or would hide of what is shown.
pub fn reach(rule: &IgnoreRule, drifts: &[DriftDetail], hidden: bool) -> RuleReach {
    let mut reach = RuleReach::default();
    for event in drifts.iter().map(|detail| &detail.event).filter(|event| covers(rule, event)) {
        let is_meant = if hidden { event.state == State::Ignored } else { event.state.needs_attention() };
        let of = event.changes.iter().filter(|change| names(rule.path.as_ref(), change.path.raw())).count();
        if is_meant && (of > 0 || rule.path.is_none()) {
            let drift = Reached {
                id: event.id,
                environment: event.environment.clone(),
                resource_id: event.resource.resource_id.clone(),
                severity: event.severity_class(),
            };
            reach.add(drift, of);
        }
    }
    reach
}

pub fn status(rule: IgnoreRule, drifts: &[DriftDetail]) -> RuleStatus {
    let hides = reach(&rule, drifts, true);
    let is_expired = rule.expires_at.is_some_and(|at| at <= now());
    // Where something it was about has ended, a scan has been by since it was made.
    let has_ended = |detail: &DriftDetail| detail.event.state == State::Closed && covers(&rule, &detail.event);
    let was_tried = rule.created_at < now() || drifts.iter().any(has_ended);
    let unused_since = (hides.drifts == 0 && !is_expired && was_tried).then_some(rule.created_at);
    RuleStatus { rule, hides, is_expired, unused_since }
}

/// Carries it out; the entry, and the drifts that moved.
pub fn change(
    request: &RuleRequest,
    audit: &Audit,
    drifts: &mut [DriftDetail],
) -> Result<(AuditEntry, Vec<DriftEvent>), ServiceError> {
    let before = active(audit).into_iter().find(|rule| rule.id == request.rule);
    let change = match &request.verb {
        RuleVerb::Change { to } => RuleChange { before, after: Some(to.clone()), made: 0, undoes: None },
        RuleVerb::Delete => RuleChange { before, after: None, made: 0, undoes: None },
        RuleVerb::Undo { seq } => {
            let undone = audit.iter().find(|(entry, _)| entry.seq == *seq).and_then(|(entry, _)| entry.rule.clone());
            let undone = undone.ok_or_else(|| ServiceError::NotFound("no such decision".into()))?;
            RuleChange { before, after: undone.before, made: 0, undoes: Some(*seq) }
        }
    };
    let mut changed = vec![];
    for event in drifts.iter_mut().map(|detail| &mut detail.event) {
        let hides = |rule: &Option<IgnoreRule>| rule.as_ref().is_some_and(|rule| covers(rule, event));
        let state = match (hides(&change.before), hides(&change.after)) {
            (true, false) if event.state == State::Ignored => State::Open,
            (_, true) if event.state.needs_attention() => State::Ignored,
            _ => continue,
        };
        event.state = state;
        event.version += 1;
        changed.push(event.clone());
    }
    let entry = AuditEntry {
        seq: audit.len() as u64 + 1,
        timestamp: now(),
        actor: request.actor.clone(),
        action: request.verb.as_str().into(),
        environment: None,
        drift: None,
        reason: request.reason.clone(),
        old_state: None,
        new_state: None,
        verb: None,
        undone_by: None,
        rule: Some(Box::new(change)),
        never_hide: None,
        remediation: None,
        batch: None,
        origin: None,
        success: true,
        error_message: None,
    };
    Ok((entry, changed))
}

/// What must not be hidden, as it was last changed.
pub fn never_hidden(audit: &Audit) -> Vec<NeverHideRule> {
    let mut rules: Vec<NeverHideRule> = vec![];
    for change in audit.iter().filter_map(|(entry, _)| entry.never_hide.as_deref()) {
        let id = change.before.iter().chain(&change.after).map(|rule| rule.id).next();
        rules.retain(|rule| Some(rule.id) != id);
        rules.extend(change.after.clone());
    }
    rules
}

/// The entry of a request.
pub fn never_hide(request: &NeverHideRequest, audit: &Audit) -> Result<AuditEntry, ServiceError> {
    let before = never_hidden(audit).into_iter().find(|rule| rule.id == request.rule);
    let (after, undoes) = match &request.verb {
        NeverHideVerb::Put { rule } => (Some(rule.clone()), None),
        NeverHideVerb::Delete => (None, None),
        NeverHideVerb::Undo { seq } => {
            let undone =
                audit.iter().find(|(entry, _)| entry.seq == *seq).and_then(|(entry, _)| entry.never_hide.clone());
            (undone.ok_or_else(|| ServiceError::NotFound("no such decision".into()))?.before, Some(*seq))
        }
    };
    Ok(AuditEntry {
        seq: audit.len() as u64 + 1,
        timestamp: now(),
        actor: request.actor.clone(),
        action: request.verb.as_str().into(),
        environment: None,
        drift: request.drift,
        reason: request.reason.clone(),
        old_state: None,
        new_state: None,
        verb: None,
        undone_by: None,
        rule: None,
        never_hide: Some(Box::new(NeverHideChange { before, after, undoes })),
        remediation: None,
        batch: None,
        origin: None,
        success: true,
        error_message: None,
    })
}
