//! The service as somebody with grants has it: nothing that is not granted is in any answer, and nothing else can be done.
//!
//! What is limited by environment is asked for that way; what is limited by type is picked out of what comes, with bounded work,
//! and counted anew, so that no number tells of what is not shown. Whatever cannot be told apart by environment and type (what
//! happened to rules that hold everywhere, notices) is left out.

mod approving;
mod around;
mod counting;
mod deciding;
mod feed;
mod notices;
mod reading;
mod rules;
mod scope;
#[cfg(test)]
mod tests;
mod trail;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::broadcast;
use ulid::Ulid;

use super::{Access, Denied, Grant};
use crate::api::Role;
use crate::drift::query::{Group, Groups};
use crate::drift::{
    AuditEntry, Business, ContextId, ContextRequest, DailyMetrics, DriftDetail, DriftEvent, DriftId, IgnoreRule,
    Incident, IncidentRequest, NeverHideReach, NeverHideRequest, NeverHideRule, Notification, NotificationId,
    NotificationRequest, OperationalContext, Remediation, RemediationDecision, RemediationId, RemediationRequest,
    RuleReach, RuleRequest, RuleStatus, ScanSummary, Slug, Stats, TriageRequest, UntoldPage, UntoldRequest, Who,
};
use crate::safety::Tainted;
use crate::service::{
    DriftService, EnvironmentSummary, IacResource, Looker, Looking, Relations, RequireReason, ResourcesRequest,
    ServiceError, ServiceEvent,
};
use crate::store::{
    AnalysisJob, Answers, AuditRequest, DriftFilter, Matching, Observation, Page, PageRequest, Receipt,
    RemediationQuery,
};
use scope::Scope;

/// Records that somebody was refused, with what he wanted; done before he is told.
pub type Record = Arc<dyn Fn(String) -> BoxFuture<'static, ()> + Send + Sync>;

/// [`DriftService`] within grants. Cheap to make, for one request.
#[derive(Clone)]
pub struct Limited {
    service: Arc<dyn DriftService>,
    role: Role,
    grants: Vec<Grant>,
    record: Record,
}

impl Limited {
    /// `grants` are not empty, or nothing is limited.
    pub fn new(service: Arc<dyn DriftService>, role: Role, grants: Vec<Grant>, record: Record) -> Self {
        Self { service, role, grants, record }
    }

    async fn scope(&self) -> Result<Scope<'_>, ServiceError> {
        let environments = self.service.environments().await?;
        Ok(Scope::new(self.role, &self.grants, &environments))
    }

    async fn may_act_on(&self, id: DriftId) -> Result<(), ServiceError> {
        let scope = self.scope().await?;
        let detail = self.readable(&scope, id).await?;
        self.allowed(scope.acts_on(&detail.event)).await
    }

    async fn refused(&self, denied: Denied) -> ServiceError {
        let why = denied.to_string();
        (self.record)(why.clone()).await;
        ServiceError::Denied(why)
    }

    async fn allowed(&self, answer: Result<(), Denied>) -> Result<(), ServiceError> {
        match answer {
            Ok(()) => Ok(()),
            Err(denied) => Err(self.refused(denied).await),
        }
    }
}

#[async_trait]
impl DriftService for Limited {
    async fn environments(&self) -> Result<Vec<EnvironmentSummary>, ServiceError> {
        self.environments_seen().await
    }

    async fn drifts(&self, request: PageRequest) -> Result<Page, ServiceError> {
        self.page(request).await
    }

    async fn groups(&self, filter: DriftFilter, by: Group, limit: usize) -> Result<Groups, ServiceError> {
        self.groups_seen(filter, by, limit).await
    }

    async fn drift(&self, id: DriftId) -> Result<DriftDetail, ServiceError> {
        self.readable(&self.scope().await?, id).await
    }

    async fn incident(&self, request: IncidentRequest) -> Result<Incident, ServiceError> {
        self.incident_seen(request).await
    }

    async fn stats(&self, environments: Vec<Slug>, days: u32) -> Result<Stats, ServiceError> {
        self.stats_seen(environments, days).await
    }

    async fn daily(&self, environments: Vec<Slug>, days: u32) -> Result<Vec<DailyMetrics>, ServiceError> {
        self.daily_seen(environments, days).await
    }

    async fn business(&self, environments: Vec<Slug>, days: u32) -> Result<Business, ServiceError> {
        self.business_seen(environments, days).await
    }

    async fn relations(&self, id: DriftId) -> Result<Relations, ServiceError> {
        self.relations_seen(id).await
    }

    async fn who(&self, id: DriftId) -> Result<Who, ServiceError> {
        // The answer is kept with the drift.
        self.may_act_on(id).await?;
        self.service.who(id).await
    }

    async fn analyse(&self, id: DriftId, said: Option<Tainted>) -> Result<DriftEvent, ServiceError> {
        self.may_act_on(id).await?;
        self.service.analyse(id, said).await
    }

    async fn notifications(&self, request: NotificationRequest) -> Result<Vec<Notification>, ServiceError> {
        self.notifications_seen(request).await
    }

    async fn notification(&self, id: NotificationId) -> Result<Notification, ServiceError> {
        self.notification_seen(id).await
    }

    async fn read_notification(&self, id: NotificationId, who: Tainted) -> Result<Notification, ServiceError> {
        self.notification_seen(id).await?;
        self.service.read_notification(id, who).await
    }

    async fn read_notifications(&self, until: NotificationId, who: Tainted) -> Result<(), ServiceError> {
        self.notification_seen(until).await?;
        self.service.read_notifications(until, who).await
    }

    async fn resend_notification(&self, id: NotificationId) -> Result<Notification, ServiceError> {
        self.may_resend(id).await?;
        self.service.resend_notification(id).await
    }

    async fn keep_analysis(&self, job: AnalysisJob) -> Result<(), ServiceError> {
        self.service.keep_analysis(job).await
    }

    async fn analysis(&self, id: Ulid) -> Result<Option<AnalysisJob>, ServiceError> {
        let Some(job) = self.service.analysis(id).await? else { return Ok(None) };
        self.readable(&self.scope().await?, job.drift).await?;
        Ok(Some(job))
    }

    async fn answer_advice(
        &self,
        id: DriftId,
        advice: String,
        followed: bool,
        result: Tainted,
    ) -> Result<DriftEvent, ServiceError> {
        self.may_act_on(id).await?;
        self.service.answer_advice(id, advice, followed, result).await
    }

    async fn resources(&self, request: ResourcesRequest) -> Result<Vec<IacResource>, ServiceError> {
        self.resources_seen(request).await
    }

    async fn request_remediation(&self, asked: RemediationRequest) -> Result<Remediation, ServiceError> {
        self.request_remediation_seen(asked).await
    }

    async fn decide_remediation(&self, asked: RemediationDecision) -> Result<Remediation, ServiceError> {
        self.decide_remediation_seen(asked).await
    }

    async fn remediation(&self, id: RemediationId) -> Result<Remediation, ServiceError> {
        self.remediation_seen(id).await
    }

    async fn remediations(&self, query: RemediationQuery) -> Result<Vec<Remediation>, ServiceError> {
        self.remediations_seen(query).await
    }

    async fn observations(&self, id: DriftId, limit: usize) -> Result<Vec<Observation>, ServiceError> {
        self.readable(&self.scope().await?, id).await?;
        self.service.observations(id, limit).await
    }

    async fn triage(&self, request: TriageRequest) -> Result<Receipt, ServiceError> {
        let only = self.triage_many(vec![request]).await?.pop();
        only.unwrap_or_else(|| Err(ServiceError::Invalid("nothing was asked for".into())))
    }

    async fn triage_many(
        &self,
        requests: Vec<TriageRequest>,
    ) -> Result<Vec<Result<Receipt, ServiceError>>, ServiceError> {
        self.decide(requests).await
    }

    async fn matching(&self, filter: DriftFilter, limit: usize) -> Result<Matching, ServiceError> {
        self.matching_seen(filter, limit).await
    }

    async fn ignore_rules(&self) -> Result<Vec<IgnoreRule>, ServiceError> {
        self.rules_seen().await
    }

    async fn rules(&self) -> Result<Vec<RuleStatus>, ServiceError> {
        self.statuses_seen().await
    }

    async fn preview_rule(&self, rule: IgnoreRule) -> Result<RuleReach, ServiceError> {
        self.may_preview((&rule).into()).await?;
        self.may_replace_rule(&self.scope().await?, rule.id).await?;
        self.service.preview_rule(rule).await
    }

    async fn change_rule(&self, request: RuleRequest) -> Result<Receipt, ServiceError> {
        self.change_rule_seen(request).await
    }

    async fn never_hidden(&self) -> Result<Vec<NeverHideRule>, ServiceError> {
        self.never_hidden_seen().await
    }

    async fn preview_never_hide(&self, rule: NeverHideRule) -> Result<NeverHideReach, ServiceError> {
        self.may_preview((&rule).into()).await?;
        self.service.preview_never_hide(rule).await
    }

    async fn change_never_hide(&self, request: NeverHideRequest) -> Result<Receipt, ServiceError> {
        self.change_never_hide_seen(request).await
    }

    async fn untold(&self, request: UntoldRequest) -> Result<UntoldPage, ServiceError> {
        self.untold_seen(request).await
    }

    async fn contexts(&self, request: ContextRequest) -> Result<Vec<OperationalContext>, ServiceError> {
        self.contexts_seen(request).await
    }

    async fn put_context(&self, context: OperationalContext, actor: Tainted) -> Result<(), ServiceError> {
        let scope = self.scope().await?;
        self.allowed(around::may_mark(&scope, &context)).await?;
        self.service.put_context(context, actor).await
    }

    async fn end_context(
        &self,
        id: ContextId,
        at: Timestamp,
        actor: Tainted,
    ) -> Result<OperationalContext, ServiceError> {
        self.end_context_seen(id, at, actor).await
    }

    async fn looking(&self) -> Result<Vec<Looking>, ServiceError> {
        let (scope, all) = (self.scope().await?, self.service.looking().await?);
        Ok(all.into_iter().filter_map(|one| one.within(|spot| scope.reads_spot(spot))).collect())
    }

    async fn look(&self, looker: Looker, drift: Option<DriftId>) -> Result<(), ServiceError> {
        if let Some(id) = drift {
            self.readable(&self.scope().await?, id).await?;
        }
        self.service.look(looker, drift).await
    }

    fn is_shared(&self) -> bool {
        self.service.is_shared()
    }

    async fn audit(&self, limit: usize) -> Result<Vec<AuditEntry>, ServiceError> {
        self.trail(limit).await
    }

    async fn audit_between(&self, request: AuditRequest) -> Result<Vec<AuditEntry>, ServiceError> {
        self.trail_between(request).await
    }

    /// What a scan counted tells of everything there: it is for who sees that.
    async fn scans(&self, environments: Vec<Slug>) -> Result<Vec<ScanSummary>, ServiceError> {
        let scope = self.scope().await?;
        let mut seen = self.service.scans(environments).await?;
        seen.retain(|scan| scope.sees_whole(std::slice::from_ref(&scan.environment)));
        Ok(seen)
    }

    async fn scan(&self, environment: Option<Slug>) -> Result<(), ServiceError> {
        for slug in self.actable(environment).await? {
            self.service.scan(Some(slug)).await?;
        }
        Ok(())
    }

    async fn cancel_scan(&self, environment: Option<Slug>) -> Result<(), ServiceError> {
        for slug in self.actable(environment).await? {
            self.service.cancel_scan(Some(slug)).await?;
        }
        Ok(())
    }

    /// Needs a tokio runtime.
    fn subscribe(&self) -> broadcast::Receiver<ServiceEvent> {
        self.listen()
    }

    fn answers(&self) -> Option<Arc<dyn Answers>> {
        self.service.answers()
    }

    fn mode(&self) -> String {
        self.service.mode()
    }

    fn read_only(&self) -> Option<String> {
        let acts = self.grants.iter().any(|grant| grant.access == Access::Act);
        self.service.read_only().or_else(|| (!acts).then(|| "your grants let you look, and no more".to_owned()))
    }

    fn protected(&self) -> BTreeSet<Slug> {
        let scope = Scope::new(self.role, &self.grants, &[]);
        self.service.protected().into_iter().filter(|slug| scope.sees_any(slug)).collect()
    }

    fn as_of(&self) -> Option<Timestamp> {
        self.service.as_of()
    }

    fn require_reason(&self) -> RequireReason {
        self.service.require_reason()
    }
}
