//! What rules hide now, and would hide.

use jiff::Timestamp;

use super::TreeStore;
use super::tx::Tx;
use std::collections::BTreeMap;

use crate::drift::{
    Completeness, DriftId, Environment, IgnoreRule, Reached, RuleReach, RuleStatus, ScanStage, Slug, State,
};
use crate::store::record::EventRecord;
use crate::store::rules::{self, Rule, RuleRecord};
use crate::store::{Store, StoreError};

impl TreeStore {
    /// What would go out of sight if the rule were there, in place of the one with its id if there is one.
    pub(super) fn preview_rule_impl(&self, rule: &IgnoreRule) -> Result<RuleReach, StoreError> {
        self.wake_due();
        let compiled = Rule::compile(RuleRecord::new(rule.clone(), 0))?;
        let mut others = self.reader().rules.clone();
        others.retain(|r| r.record.rule.id != rule.id);
        let tx = Tx::new(self, self.now());
        let mut ids = self.touched_by(rule.id)?;
        ids.extend(self.attention_ids(rule)?);
        let mut reach = RuleReach { no_actor: self.without_actor(rule)?, ..RuleReach::default() };
        for id in ids {
            let Some(record) = readable(&tx, id)?.filter(|record| !record.exempt && is_there(record, tx.now)) else {
                continue;
            };
            if !compiled.covers(&record.event, tx.now) {
                continue;
            }
            let (mut shown, mut body) = (record, tx.body(id)?);
            let is_hidden = rules::apply(&others, &mut shown, &mut body, tx.now).is_some();
            let changes = compiled.hidden_of(&shown.event.changes);
            if !is_hidden && (changes > 0 || compiled.is_whole()) {
                reach.add(reached(&shown), changes);
            }
        }
        Ok(reach)
    }

    pub(super) fn rule_statuses_impl(&self) -> Result<Vec<RuleStatus>, StoreError> {
        self.wake_due();
        let rules = self.reader().rules.clone();
        rules.iter().map(|rule| self.status(rule)).collect()
    }

    fn status(&self, rule: &Rule) -> Result<RuleStatus, StoreError> {
        let tx = Tx::new(self, self.now());
        let no_actor = self.without_actor(&rule.record.rule)?;
        let (mut hides, mut last) = (RuleReach { no_actor, ..RuleReach::default() }, rule.record.since());
        for id in self.touched_by(rule.record.rule.id)? {
            let Some(record) = readable(&tx, id)? else { continue };
            if !is_there(&record, tx.now) {
                last = last.max(record.event.resolved_at.unwrap_or(last));
                continue;
            }
            let changes = match rule.is_whole() {
                true => record.event.changes.len(),
                false => tx.body(id)?.ignored.iter().filter(|(by, _)| *by == rule.record.rule.id).count(),
            };
            hides.add(reached(&record), changes);
        }
        let rule = &rule.record;
        let is_expired = rule.rule.expires_at.is_some_and(|at| at <= tx.now);
        let is_unused = hides.drifts == 0 && !is_expired && self.has_been_tried(&rule.rule, rule.since())?;
        Ok(RuleStatus { rule: rule.rule.clone(), hides, is_expired, unused_since: is_unused.then_some(last) })
    }

    /// Environments the rule is about in which nobody knows the actors it asks for.
    fn without_actor(&self, rule: &IgnoreRule) -> Result<BTreeMap<Slug, String>, StoreError> {
        if rule.actor.is_none() {
            return Ok(BTreeMap::new());
        }
        let about = |e: &Environment| e.is_active && rule.environment.as_ref().is_none_or(|slug| *slug == e.slug);
        let mute = |e: Environment| Some((e.slug, e.cloud_provider.knows_no_actor()?.to_owned()));
        Ok(self.environments()?.into_iter().filter(about).filter_map(mute).collect())
    }

    /// Whether the last scan of every environment the rule is about was complete, and began after the rule was there as it is.
    fn has_been_tried(&self, rule: &IgnoreRule, since: Timestamp) -> Result<bool, StoreError> {
        let environments: Vec<Slug> = match &rule.environment {
            Some(slug) => vec![slug.clone()],
            None => self.environments()?.into_iter().filter(|e| e.is_active).map(|e| e.slug).collect(),
        };
        for slug in &environments {
            let tried = self.last_scan_impl(slug)?.is_some_and(|scan| {
                scan.stage == ScanStage::Done && scan.completeness == Completeness::Complete && scan.started_at > since
            });
            if !tried {
                return Ok(false);
            }
        }
        Ok(!environments.is_empty())
    }
}

/// One bad record must not hide what all others say.
fn readable(tx: &Tx<'_>, id: DriftId) -> Result<Option<EventRecord>, StoreError> {
    match tx.event(id) {
        Err(StoreError::Damaged { .. }) => Ok(None),
        other => other,
    }
}

/// Still there, and not settled in another way.
fn is_there(record: &EventRecord, now: Timestamp) -> bool {
    !matches!(record.event.state_at(now), State::Resolved | State::Closed)
}

fn reached(record: &EventRecord) -> Reached {
    let event = &record.event;
    Reached {
        id: event.id,
        environment: event.environment.clone(),
        resource_id: event.resource.resource_id.clone(),
        severity: event.severity_class(),
    }
}
