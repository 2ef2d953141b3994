//! Any number of drifts, made when asked for: shows that the screens never load more than their window.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::sync::broadcast;

use super::{Sample, drifts, id, now};
use crate::drift::query::{Group, Groups};
use crate::drift::{
    AuditEntry, Business, ContextId, ContextRequest, DriftDetail, DriftEvent, DriftId, IgnoreRule, Incident,
    IncidentRequest, NeverHideReach, NeverHideRequest, NeverHideRule, OperationalContext, RuleReach, RuleRequest,
    RuleStatus, Slug, Stats, TriageRequest, UntoldPage, UntoldRequest,
};
use crate::safety::{Masked, Tainted};
use crate::service::{DriftService, EnvironmentSummary, Relations, ServiceError, ServiceEvent};
use crate::store::{Cursor, Direction, DriftFilter, Observation, Page, PageRequest, Receipt};

/// Drifts 0 to `count`, newest first, a second apart. Filters are not looked at; decisions are refused.
pub struct Synthetic {
    count: u64,
    /// For environments and events.
    sample: Sample,
    served: AtomicU64,
}

impl Synthetic {
    pub fn new(count: u64) -> Self {
        Self { count, sample: Sample::empty(), served: AtomicU64::new(0) }
    }

    /// How many rows were handed out so far.
    pub fn served(&self) -> u64 {
        self.served.load(Ordering::Relaxed)
    }

    /// The drift with this number, 0 the newest.
    pub fn event(number: u64) -> DriftEvent {
        let seconds = i64::try_from(number).unwrap_or(i64::MAX);
        let at = now().checked_sub(SignedDuration::from_secs(seconds)).unwrap_or_default();
        DriftEvent { id: Self::id(number), ..drifts::fresh(number, at) }
    }

    fn id(number: u64) -> DriftId {
        let seconds = i64::try_from(number).unwrap_or(i64::MAX);
        DriftId(id(now().checked_sub(SignedDuration::from_secs(seconds)).unwrap_or_default(), number))
    }
}

#[async_trait]
impl DriftService for Synthetic {
    async fn environments(&self) -> Result<Vec<EnvironmentSummary>, ServiceError> {
        self.sample.environments().await
    }

    async fn drifts(&self, request: PageRequest) -> Result<Page, ServiceError> {
        let limit = request.limit as u64;
        let at = request.cursor.and_then(|cursor| cursor.0.parse::<u64>().ok());
        let (from, to) = match request.direction {
            Direction::Older => {
                let from = at.map_or(0, |at| at + 1);
                (from, (from + limit).min(self.count))
            }
            Direction::Newer => {
                let to = at.unwrap_or(self.count);
                (to.saturating_sub(limit), to)
            }
        };
        self.served.fetch_add(to - from, Ordering::Relaxed);
        Ok(Page {
            data: (from..to).map(Self::event).collect(),
            next: (to < self.count && to > 0).then(|| Cursor((to - 1).to_string())),
            previous: (from > 0).then(|| Cursor(from.to_string())),
            is_cut: false,
        })
    }

    async fn groups(&self, filter: DriftFilter, by: Group, limit: usize) -> Result<Groups, ServiceError> {
        self.sample.groups(filter, by, limit).await
    }

    async fn incident(&self, request: IncidentRequest) -> Result<Incident, ServiceError> {
        self.sample.incident(request).await
    }

    async fn drift(&self, id: DriftId) -> Result<DriftDetail, ServiceError> {
        let number = u64::try_from(id.0.random()).unwrap_or(0);
        let body = |seconds: u64| {
            let statements: Vec<_> =
                (0..40).map(|n| json!({"Sid": format!("s{n}"), "Action": ["s3:GetObject"]})).collect();
            Some(Masked::trusted(json!({"max_session_duration": seconds, "policy": statements})))
        };
        Ok(DriftDetail {
            event: Self::event(number),
            declared_state: body(3600),
            actual_state: body(43200),
            hidden: vec![],
            unverified: vec![],
            history: vec![],
            links: vec![],
            remediation: None,
            cause_analysis: None,
            risk: None,
        })
    }

    async fn stats(&self, environments: Vec<Slug>, days: u32) -> Result<Stats, ServiceError> {
        self.sample.stats(environments, days).await
    }

    async fn business(&self, environments: Vec<Slug>, days: u32) -> Result<Business, ServiceError> {
        self.sample.business(environments, days).await
    }

    async fn relations(&self, _id: DriftId) -> Result<Relations, ServiceError> {
        Ok(Relations::default())
    }

    async fn observations(&self, _id: DriftId, _limit: usize) -> Result<Vec<Observation>, ServiceError> {
        Ok(vec![])
    }

    async fn triage(&self, _request: TriageRequest) -> Result<Receipt, ServiceError> {
        Err(ServiceError::ReadOnly("these drifts are made up".into()))
    }

    async fn ignore_rules(&self) -> Result<Vec<IgnoreRule>, ServiceError> {
        Ok(vec![])
    }

    async fn rules(&self) -> Result<Vec<RuleStatus>, ServiceError> {
        Ok(vec![])
    }

    async fn preview_rule(&self, _rule: IgnoreRule) -> Result<RuleReach, ServiceError> {
        Ok(RuleReach::default())
    }

    async fn change_rule(&self, _request: RuleRequest) -> Result<Receipt, ServiceError> {
        Err(ServiceError::ReadOnly("these drifts are made up".into()))
    }

    async fn never_hidden(&self) -> Result<Vec<NeverHideRule>, ServiceError> {
        Ok(vec![])
    }

    async fn preview_never_hide(&self, _rule: NeverHideRule) -> Result<NeverHideReach, ServiceError> {
        Ok(NeverHideReach::default())
    }

    async fn change_never_hide(&self, _request: NeverHideRequest) -> Result<Receipt, ServiceError> {
        Err(ServiceError::Invalid("nothing is decided here".into()))
    }

    async fn untold(&self, _request: UntoldRequest) -> Result<UntoldPage, ServiceError> {
        Ok(UntoldPage::default())
    }

    async fn contexts(&self, request: ContextRequest) -> Result<Vec<OperationalContext>, ServiceError> {
        self.sample.contexts(request).await
    }

    async fn put_context(&self, context: OperationalContext, actor: Tainted) -> Result<(), ServiceError> {
        self.sample.put_context(context, actor).await
    }

    async fn end_context(
        &self,
        id: ContextId,
        at: Timestamp,
        actor: Tainted,
    ) -> Result<OperationalContext, ServiceError> {
        self.sample.end_context(id, at, actor).await
    }

    async fn audit(&self, _limit: usize) -> Result<Vec<AuditEntry>, ServiceError> {
        Ok(vec![])
    }

    async fn scan(&self, _environment: Option<Slug>) -> Result<(), ServiceError> {
        Ok(())
    }

    async fn cancel_scan(&self, _environment: Option<Slug>) -> Result<(), ServiceError> {
        Ok(())
    }

    fn subscribe(&self) -> broadcast::Receiver<ServiceEvent> {
        self.sample.subscribe()
    }

    fn mode(&self) -> String {
        "local".into()
    }

    fn read_only(&self) -> Option<String> {
        Some("these drifts are made up".into())
    }
}
