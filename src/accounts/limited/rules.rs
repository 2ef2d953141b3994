//! Ignore rules, and what must never be hidden.

use std::ops::ControlFlow;

use super::Limited;
use super::deciding::seen;
use super::scope::{RuleScope, Scope};
use super::trail::rules_allow;
use crate::accounts::Action;
use crate::drift::{
    AuditEntry, DriftEvent, IgnoreRule, NeverHideRequest, NeverHideRule, NeverHideVerb, Reached, RuleId, RuleReach,
    RuleRequest, RuleStatus, RuleVerb, State,
};
use crate::service::ServiceError;
use crate::store::{DriftFilter, Receipt};

/// Entries looked through for the one that is to be taken back.
const TRAIL: usize = 10_000;
/// Drifts of which the hidden changes are counted for one rule.
const COUNTED: usize = 200;

impl Limited {
    pub(super) async fn rules_seen(&self) -> Result<Vec<IgnoreRule>, ServiceError> {
        let scope = self.scope().await?;
        let mut rules = self.service.ignore_rules().await?;
        rules.retain(|rule| scope.shows(&rule.into()));
        Ok(rules)
    }

    pub(super) async fn statuses_seen(&self) -> Result<Vec<RuleStatus>, ServiceError> {
        let scope = self.scope().await?;
        let mut statuses = self.service.rules().await?;
        statuses.retain(|status| scope.shows(&(&status.rule).into()));
        for status in &mut statuses {
            status.hides.no_actor.retain(|slug, _| scope.sees_any(slug));
            if scope.covers(Action::Read, &(&status.rule).into()).is_ok() {
                continue;
            }
            let no_actor = std::mem::take(&mut status.hides.no_actor);
            status.hides = RuleReach { no_actor, ..self.reach(&scope, &status.rule).await? };
            status.unused_since = None;
        }
        Ok(statuses)
    }

    /// What a rule hides of what is seen.
    async fn reach(&self, scope: &Scope<'_>, rule: &IgnoreRule) -> Result<RuleReach, ServiceError> {
        let (now, mut hidden): (_, Vec<DriftEvent>) = (jiff::Timestamp::now(), vec![]);
        let filter = DriftFilter { rule: Some(rule.id), ..DriftFilter::default() };
        self.each(scope, filter, |event| {
            if !matches!(event.state_at(now), State::Resolved | State::Closed) {
                hidden.push(event);
            }
            ControlFlow::Continue(())
        })
        .await?;
        let (mut reach, is_whole) = (RuleReach::default(), rule.path.is_none() && rule.value.is_none());
        let by = format!("ignore:{}", rule.id);
        for (n, event) in hidden.into_iter().enumerate() {
            let changes = match is_whole {
                true => event.changes.len(),
                // Beyond that: one at least.
                false if n >= COUNTED => 1,
                false => {
                    let detail = self.service.drift(event.id).await?;
                    detail.hidden.iter().filter(|hidden| hidden.rule == by).count()
                }
            };
            let severity = event.severity_class();
            let DriftEvent { id, environment, resource, .. } = event;
            reach.add(Reached { id, environment, resource_id: resource.resource_id, severity }, changes);
        }
        Ok(reach)
    }

    pub(super) async fn may_preview(&self, rule: RuleScope<'_>) -> Result<(), ServiceError> {
        let scope = self.scope().await?;
        self.allowed(scope.covers(Action::Read, &rule)).await
    }

    /// A rule that takes the place of another must not be the end of one that is out of reach.
    pub(super) async fn may_replace_rule(&self, scope: &Scope<'_>, id: RuleId) -> Result<(), ServiceError> {
        let known = self.service.ignore_rules().await?.into_iter().find(|rule| rule.id == id);
        match known {
            Some(rule) => self.allowed(scope.covers(Action::Act, &(&rule).into())).await,
            None => Ok(()),
        }
    }

    pub(super) async fn may_replace_never_hide(&self, scope: &Scope<'_>, id: RuleId) -> Result<(), ServiceError> {
        let known = self.service.never_hidden().await?.into_iter().find(|rule| rule.id == id);
        match known {
            Some(rule) => self.allowed(scope.covers(Action::Act, &(&rule).into())).await,
            None => Ok(()),
        }
    }

    pub(super) async fn change_rule_seen(&self, request: RuleRequest) -> Result<Receipt, ServiceError> {
        let scope = self.scope().await?;
        match &request.verb {
            RuleVerb::Undo { seq } => {
                let missing =
                    || ServiceError::NotFound(format!("entry {seq} did nothing to the ignore rule {}", request.rule));
                let entry = self.entry(*seq).await?.ok_or_else(missing)?;
                self.allowed(rules_allow(&scope, Action::Act, &entry)).await?;
            }
            verb => {
                let rule = self.service.ignore_rules().await?.into_iter().find(|rule| rule.id == request.rule);
                let missing = || ServiceError::NotFound(format!("there is no ignore rule {}", request.rule));
                let rule = rule.filter(|rule| scope.shows(&rule.into())).ok_or_else(missing)?;
                self.allowed(scope.covers(Action::Act, &(&rule).into())).await?;
                if let RuleVerb::Change { to } = verb {
                    self.allowed(scope.covers(Action::Act, &to.into())).await?;
                }
            }
        }
        Ok(seen(&scope, self.service.change_rule(request).await?))
    }

    pub(super) async fn never_hidden_seen(&self) -> Result<Vec<NeverHideRule>, ServiceError> {
        let scope = self.scope().await?;
        let mut rules = self.service.never_hidden().await?;
        rules.retain(|rule| scope.shows(&rule.into()));
        Ok(rules)
    }

    pub(super) async fn change_never_hide_seen(&self, request: NeverHideRequest) -> Result<Receipt, ServiceError> {
        let scope = self.scope().await?;
        if let Some(drift) = request.drift {
            self.readable(&scope, drift).await?;
        }
        let rule = self.service.never_hidden().await?.into_iter().find(|rule| rule.id == request.rule);
        match &request.verb {
            NeverHideVerb::Undo { seq } => {
                let missing =
                    || ServiceError::NotFound(format!("entry {seq} did nothing to the rule {}", request.rule));
                let entry = self.entry(*seq).await?.ok_or_else(missing)?;
                self.allowed(rules_allow(&scope, Action::Act, &entry)).await?;
            }
            NeverHideVerb::Put { rule: to } => self.allowed(scope.covers(Action::Act, &to.into())).await?,
            NeverHideVerb::Delete => {
                let is_shown = rule.as_ref().is_some_and(|rule| scope.shows(&rule.into()));
                if !is_shown {
                    return Err(ServiceError::NotFound(format!("there is no rule {}", request.rule)));
                }
            }
        }
        if let Some(rule) = &rule {
            self.allowed(scope.covers(Action::Act, &rule.into())).await?;
        }
        Ok(seen(&scope, self.service.change_never_hide(request).await?))
    }

    async fn entry(&self, seq: u64) -> Result<Option<AuditEntry>, ServiceError> {
        Ok(self.service.audit(TRAIL).await?.into_iter().find(|entry| entry.seq == seq))
    }
}
