//! Ignore rules at work: which drift they hide, wholly or change by change.

use globset::{GlobBuilder, GlobMatcher};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::life;
use super::record::{BodyRecord, EventRecord};
use crate::drift::{
    Change, Decision, DriftEvent, DriftId, Finding, Hidden, IgnoreRule, ResourceRef, RuleId, Slug, State,
};
use crate::safety::Tainted;

/// A rule with the number of the decision that made it.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub(super) struct RuleRecord {
    pub(super) rule: IgnoreRule,
    pub(super) seq: u64,
}

/// A rule ready to match.
#[derive(Clone)]
pub(super) struct Rule {
    pub(super) record: RuleRecord,
    resource_type: Option<GlobMatcher>,
    resource_id: Option<GlobMatcher>,
    path: Option<GlobMatcher>,
}

/// `text` as a pattern that matches just it: addresses hold brackets, which patterns give a meaning.
pub fn literal_pattern(text: &str) -> String {
    globset::escape(text)
}

/// Ignore rules for a scan that cannot write to the store.
pub struct IgnoreRules(Vec<Rule>);

impl IgnoreRules {
    /// A rule that does not work hides nothing.
    pub fn new(rules: Vec<IgnoreRule>) -> Self {
        Self(rules.into_iter().filter_map(|rule| Rule::compile(RuleRecord { rule, seq: 0 }).ok()).collect())
    }

    /// What they make of a drift that the store has never met: the event as it would be, and what is hidden of it. `None`: they
    /// say nothing about it.
    pub fn preview(&self, finding: &Finding, now: Timestamp) -> Option<(DriftEvent, Vec<Hidden>)> {
        let mut record = life::fresh(finding, finding.fingerprint(), DriftId::generate(), now);
        let mut body = BodyRecord::default();
        let decision = apply(&self.0, &mut record, &mut body, now);
        if decision.is_some() {
            record.event.state = State::Ignored;
            record.event.decision = decision;
        }
        (!record.hidden_by.is_empty()).then(|| (record.event, body.all_hidden()))
    }
}

impl Rule {
    /// Refuses what cannot work: no pattern, a bad pattern, no reason.
    pub(super) fn compile(record: RuleRecord) -> Result<Self, StoreError> {
        let rule = &record.rule;
        if rule.reason.raw().trim().is_empty() {
            return Err(StoreError::Invalid("an ignore rule needs a reason".into()));
        }
        if rule.resource_type.is_none() && rule.resource_id.is_none() && rule.path.is_none() {
            return Err(StoreError::Invalid("an ignore rule needs at least one pattern: type, id or path".into()));
        }
        let (resource_type, resource_id) = (matcher(&rule.resource_type)?, matcher(&rule.resource_id)?);
        let path = matcher(&rule.path)?;
        Ok(Self { record, resource_type, resource_id, path })
    }

    /// Whether it is about this resource at this time.
    pub(super) fn covers(&self, environment: &Slug, resource: &ResourceRef, now: Timestamp) -> bool {
        let rule = &self.record.rule;
        rule.expires_at.is_none_or(|at| at > now)
            && rule.environment.as_ref().is_none_or(|e| e == environment)
            && self.resource_type.as_ref().is_none_or(|g| g.is_match(resource.resource_type.raw()))
            && self.resource_id.as_ref().is_none_or(|g| g.is_match(resource.resource_id.raw()))
    }

    fn hides(&self, change: &Change) -> bool {
        self.path.as_ref().is_some_and(|g| g.is_match(change.path.raw()))
    }

    pub(super) fn is_whole(&self) -> bool {
        self.path.is_none()
    }

    /// What a drift that it hides stands on.
    fn decision(&self) -> Decision {
        let rule = &self.record.rule;
        Decision {
            seq: self.record.seq,
            by: rule.owner.clone(),
            at: rule.created_at,
            reason: Some(rule.reason.clone()),
            resolution_type: None,
            until: rule.expires_at,
        }
    }
}

fn matcher(pattern: &Option<Tainted>) -> Result<Option<GlobMatcher>, StoreError> {
    let Some(pattern) = pattern else { return Ok(None) };
    let glob = GlobBuilder::new(pattern.raw()).literal_separator(false).backslash_escape(true).build();
    match glob {
        Ok(glob) => Ok(Some(glob.compile_matcher())),
        Err(e) => Err(StoreError::Invalid(format!("the pattern {} does not work: {}", pattern.line(), e.kind()))),
    }
}

/// Sorts the changes of a drift anew into shown and ignored ones. `Some`: nothing is left to show, and why.
pub(super) fn apply(
    rules: &[Rule],
    record: &mut EventRecord,
    body: &mut BodyRecord,
    now: Timestamp,
) -> Option<Decision> {
    gather(&mut record.event, body);
    record.hidden_by.clear();
    record.hidden_until = None;
    if record.exempt {
        return finish(record, body, None);
    }
    let covering: Vec<&Rule> =
        rules.iter().filter(|r| r.covers(&record.event.environment, &record.event.resource, now)).collect();
    if let Some(whole) = covering.iter().find(|r| r.is_whole()) {
        record.hidden_by.push(whole.record.rule.id);
        return finish(record, body, Some(whole.decision()));
    }
    let had_changes = !record.event.changes.is_empty();
    let mut last = None;
    for change in std::mem::take(&mut record.event.changes) {
        match covering.iter().find(|r| r.hides(&change)) {
            Some(rule) => {
                let id: RuleId = rule.record.rule.id;
                if !record.hidden_by.contains(&id) {
                    record.hidden_by.push(id);
                }
                let end = rule.record.rule.expires_at;
                record.hidden_until = record.hidden_until.into_iter().chain(end).min();
                // The one that ends first brings the drift back.
                last = sooner(last, rule.decision());
                body.ignored.push((id, change));
            }
            None => record.event.changes.push(change),
        }
    }
    let decision = if had_changes && record.event.changes.is_empty() { last } else { None };
    finish(record, body, decision)
}

fn sooner(a: Option<Decision>, b: Decision) -> Option<Decision> {
    match a {
        Some(a) if b.until.is_none() || a.until.is_some_and(|at| b.until.is_some_and(|bt| at <= bt)) => Some(a),
        _ => Some(b),
    }
}

fn finish(record: &mut EventRecord, body: &BodyRecord, decision: Option<Decision>) -> Option<Decision> {
    record.event.hidden_count = u32::try_from(body.hidden.len() + body.ignored.len()).unwrap_or(u32::MAX);
    decision
}

/// Puts ignored changes back among the others, in the order findings have.
fn gather(event: &mut DriftEvent, body: &mut BodyRecord) {
    if body.ignored.is_empty() {
        return;
    }
    event.changes.extend(std::mem::take(&mut body.ignored).into_iter().map(|(_, change)| change));
    event.changes.sort_by(|a, b| b.is_security_critical.cmp(&a.is_security_critical).then_with(|| a.path.cmp(&b.path)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(resource_id: &str) -> Rule {
        let rule = IgnoreRule {
            id: RuleId::generate(),
            environment: None,
            resource_type: None,
            resource_id: Some(resource_id.into()),
            path: None,
            reason: "known".into(),
            owner: "alice".into(),
            created_at: Timestamp::UNIX_EPOCH,
            expires_at: None,
        };
        Rule::compile(RuleRecord { rule, seq: 1 }).unwrap()
    }

    fn resource(id: &str) -> ResourceRef {
        ResourceRef {
            resource_type: "aws_vpc".into(),
            resource_id: id.into(),
            previous_address: None,
            provider_id: None,
            declared_in: None,
        }
    }

    #[test]
    fn a_star_crosses_dots_and_slashes_and_a_literal_matches_itself() {
        let (env, now) = (Slug::from_text("prod"), Timestamp::UNIX_EPOCH);
        let covers = |pattern: &str, id: &str| rule(pattern).covers(&env, &resource(id), now);
        assert!(covers("module.*", "module.a.aws_vpc.x/y"));
        assert!(!covers("module.?", "module.ab"));
        let address = "module.net[\"eu*\"].aws_vpc.main[0]";
        assert!(covers(&literal_pattern(address), address));
        assert!(!covers(&literal_pattern(address), "module.net[\"eux\"].aws_vpc.main[0]"));
    }
}
