//! Ignore rules at work: which drift they hide, wholly or change by change.

use globset::{GlobBuilder, GlobMatcher};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::life;
use super::record::{BodyRecord, EventRecord};
use crate::drift::{Change, Decision, DriftEvent, DriftId, Finding, Hidden, IgnoreRule, RuleChange, RuleId, State};
use crate::safety::{Masked, Tainted};

/// What every mask begins with.
const SECRET: &str = "«secret #";

/// A rule with the number of the decision that made it.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub(super) struct RuleRecord {
    pub(super) rule: IgnoreRule,
    pub(super) seq: u64,
    /// When it was last changed, or came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) changed_at: Option<Timestamp>,
}

/// A rule ready to match.
#[derive(Clone)]
pub(super) struct Rule {
    pub(super) record: RuleRecord,
    resource_type: Option<GlobMatcher>,
    resource_id: Option<GlobMatcher>,
    path: Option<GlobMatcher>,
    value: Option<GlobMatcher>,
    actor: Option<GlobMatcher>,
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
        Self(rules.into_iter().filter_map(|rule| Rule::compile(RuleRecord::new(rule, 0)).ok()).collect())
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

impl RuleRecord {
    pub(super) fn new(rule: IgnoreRule, seq: u64) -> Self {
        Self { rule, seq, changed_at: None }
    }

    /// Since when it is as it is.
    pub(super) fn since(&self) -> Timestamp {
        self.changed_at.unwrap_or(self.rule.created_at)
    }
}

/// `rules` after a change of one of them, in order. Refuses what [`Rule::compile`] refuses.
pub(super) fn with_change(rules: &[Rule], change: &RuleChange, at: Timestamp) -> Result<Vec<Rule>, StoreError> {
    let id = change.before.as_ref().or(change.after.as_ref()).map(|rule| rule.id);
    let mut rules: Vec<Rule> = rules.iter().filter(|r| Some(r.record.rule.id) != id).cloned().collect();
    if let Some(rule) = &change.after {
        rules.push(Rule::compile(RuleRecord { changed_at: Some(at), ..RuleRecord::new(rule.clone(), change.made) })?);
        in_order(&mut rules);
    }
    Ok(rules)
}

/// As [`apply`] wants them: those that have long been as they are first. What a rule hides stays with it then, whatever comes later.
pub(super) fn in_order(rules: &mut [Rule]) {
    rules.sort_by_key(|rule| (rule.record.since(), rule.record.seq));
}

/// As it is stored: a rule by value or actor alone gets the type `*`, because a driftguard that knows neither wants one pattern
/// that it does know.
pub(super) fn completed(mut rule: IgnoreRule) -> IgnoreRule {
    let is_bare = rule.resource_type.is_none() && rule.resource_id.is_none() && rule.path.is_none();
    if is_bare && (rule.value.is_some() || rule.actor.is_some()) {
        rule.resource_type = Some("*".into());
    }
    rule
}

impl Rule {
    /// Refuses what cannot work: no pattern, a bad pattern, no reason.
    pub(super) fn compile(record: RuleRecord) -> Result<Self, StoreError> {
        let rule = &record.rule;
        if rule.reason.raw().trim().is_empty() {
            return Err(StoreError::Invalid("an ignore rule needs a reason".into()));
        }
        if rule.patterns().next().is_none() {
            let why = "an ignore rule needs at least one pattern: type, id, path, value or who changed it";
            return Err(StoreError::Invalid(why.into()));
        }
        let (resource_type, resource_id) = (matcher(&rule.resource_type)?, matcher(&rule.resource_id)?);
        let (path, value, actor) = (matcher(&rule.path)?, matcher(&rule.value)?, matcher(&rule.actor)?);
        Ok(Self { record, resource_type, resource_id, path, value, actor })
    }

    /// Whether it is about this drift at this time.
    pub(super) fn covers(&self, event: &DriftEvent, now: Timestamp) -> bool {
        let (rule, resource) = (&self.record.rule, &event.resource);
        let changed_by = |g: &GlobMatcher| event.analysis.changed_by.iter().any(|actor| g.is_match(actor.raw()));
        rule.expires_at.is_none_or(|at| at > now)
            && rule.environment.as_ref().is_none_or(|e| *e == event.environment)
            && self.resource_type.as_ref().is_none_or(|g| g.is_match(resource.resource_type.raw()))
            && self.resource_id.as_ref().is_none_or(|g| g.is_match(resource.resource_id.raw()))
            && self.actor.as_ref().is_none_or(changed_by)
    }

    /// How many changes of a drift that it covers it hides.
    pub(super) fn hidden_of(&self, changes: &[Change]) -> usize {
        if self.is_whole() { changes.len() } else { changes.iter().filter(|change| self.hides(change)).count() }
    }

    fn hides(&self, change: &Change) -> bool {
        let value = |g: &GlobMatcher| change.actual.as_ref().and_then(shown_value).is_some_and(|text| g.is_match(text));
        self.path.as_ref().is_none_or(|g| g.is_match(change.path.raw())) && self.value.as_ref().is_none_or(value)
    }

    pub(super) fn is_whole(&self) -> bool {
        self.path.is_none() && self.value.is_none()
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

/// What a pattern over values is held against; `None` for a secret, or what holds one: its mask must not be matched.
pub fn shown_value(value: &Masked) -> Option<String> {
    let text = value.value().as_str().map_or_else(|| value.value().to_string(), str::to_owned);
    (!text.contains(SECRET)).then_some(text)
}

fn matcher(pattern: &Option<Tainted>) -> Result<Option<GlobMatcher>, StoreError> {
    let Some(pattern) = pattern else { return Ok(None) };
    let glob = GlobBuilder::new(pattern.raw()).literal_separator(false).backslash_escape(true).build();
    match glob {
        Ok(glob) => Ok(Some(glob.compile_matcher())),
        Err(e) => Err(StoreError::Invalid(format!("the pattern {} does not work: {}", pattern.line(), e.kind()))),
    }
}

/// Sorts the changes of a drift anew into shown and ignored ones. `Some`: nothing is left to show, and why. `rules` come in
/// [order](in_order): one that comes after others have hidden everything has no say.
pub(super) fn apply(
    rules: &[Rule],
    record: &mut EventRecord,
    body: &mut BodyRecord,
    now: Timestamp,
) -> Option<Decision> {
    gather(&mut record.event, body);
    record.hidden_by.clear();
    record.hidden_until = None;
    // What is settled change by change is settled: there is nothing to hide.
    if record.exempt || record.event.is_resolved_by_changes(now) {
        return finish(record, body, None);
    }
    let covering: Vec<&Rule> = rules.iter().filter(|r| r.covers(&record.event, now)).collect();
    let whole = covering.iter().position(|r| r.is_whole());
    let (earlier, rest) = covering.split_at(whole.unwrap_or(covering.len()));
    let had_changes = !record.event.changes.is_empty();
    let is_hidden = |change: &Change| earlier.iter().any(|r| r.hides(change));
    if let Some(whole) = rest.first().filter(|_| !had_changes || !record.event.changes.iter().all(is_hidden)) {
        record.hidden_by.push(whole.record.rule.id);
        return finish(record, body, Some(whole.decision()));
    }
    let mut last = None;
    for change in std::mem::take(&mut record.event.changes) {
        match earlier.iter().find(|r| r.hides(&change)) {
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
#[path = "rules_tests.rs"]
mod tests;
