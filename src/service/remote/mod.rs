//! [`DriftService`] over a driftguard server's REST API.
//!
//! [`call`] sends and retries, [`feed`] listens; here each method is one path. What the server says is taken as the local
//! service's own word: the screens do not know which of the two they have.

mod call;
mod credentials;
mod feed;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::Method;
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::sync::broadcast;
use tokio_util::sync::{CancellationToken, DropGuard};
use ulid::Ulid;
use url::Url;

use super::{DriftService, EnvironmentSummary, Relations, RequireReason, ServiceError, ServiceEvent};
use crate::api::{
    Answer, BulkBody, ContextBody, EndContextBody, Greeting, Listed, NeverHideBody, Parameter, Problem, RuleBody,
    ScanBody, TriageBody, TriageOne, to_parameters,
};
use crate::drift::query::{Group, Groups};
use crate::drift::{
    AuditEntry, ContextId, ContextRequest, DriftDetail, DriftId, IgnoreRule, Incident, IncidentRequest, NeverHideReach,
    NeverHideRequest, NeverHideRule, OperationalContext, RuleReach, RuleRequest, RuleStatus, Slug, Stats,
    TriageRequest, UntoldPage, UntoldRequest, Who,
};
use crate::safety::Tainted;
use crate::store::{Direction, DriftFilter, Matching, Observation, Page, PageRequest, Receipt};

use call::Line;
pub use credentials::{Credentials, login, logout, refresh};

/// Events a slow reader may be behind before it has to load again.
const EVENTS: usize = 1024;

/// Where a server is, and how to come in.
#[derive(Clone)]
pub struct Server {
    pub url: Url,
    /// Sent with each request; never shown.
    pub token: Option<String>,
    /// Certificates, as PEM, of who vouches for the server beside those this machine trusts.
    pub ca: Option<Vec<u8>>,
}

/// A server that has greeted us.
pub struct RemoteService {
    line: Arc<Line>,
    greeting: Greeting,
    events: broadcast::Sender<ServiceEvent>,
    _listening: DropGuard,
}

impl RemoteService {
    /// Says hello, and listens to the feed on `handle`'s runtime from then on.
    ///
    /// # Errors
    /// When the server cannot be reached, is none of ours, or does not let us in.
    pub async fn connect(server: Server, handle: &Handle) -> Result<Arc<Self>, ServiceError> {
        Self::on(Line::new(server)?, handle).await
    }

    /// As [`connect`](Self::connect), with tokens that are renewed when they are over; that of `server` does not matter.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn connect_as(
        server: Server,
        credentials: Arc<dyn Credentials>,
        handle: &Handle,
    ) -> Result<Arc<Self>, ServiceError> {
        Self::on(Line::with(server, credentials)?, handle).await
    }

    async fn on(line: Line, handle: &Handle) -> Result<Arc<Self>, ServiceError> {
        let line = Arc::new(line);
        let greeting: Greeting = line.get("session", &[]).await?;
        let (events, _) = broadcast::channel(EVENTS);
        let ended = CancellationToken::new();
        // Before anything is loaded, so that nothing falls between.
        let first = line.feed(None).await?;
        handle.spawn(feed::listen(Arc::clone(&line), first, events.clone(), ended.clone()));
        Ok(Arc::new(Self { line, greeting, events, _listening: ended.drop_guard() }))
    }

    /// Who we are there.
    pub fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    async fn whole<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        asked: &[Parameter],
    ) -> Result<Vec<T>, ServiceError> {
        Ok(self.line.get::<Listed<T>>(path, asked).await?.data)
    }

    async fn post<B: Serialize, T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, ServiceError> {
        self.line.write(Method::POST, path, body, &Ulid::generate().to_string()).await
    }
}

fn asked<const N: usize>(parameters: [(&str, String); N]) -> Vec<Parameter> {
    parameters
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn listed(environments: &[Slug]) -> String {
    environments.iter().map(Slug::as_str).collect::<Vec<_>>().join(",")
}

/// A filter alone, as parameters.
fn filtered(filter: DriftFilter, limit: usize) -> Vec<Parameter> {
    to_parameters(&PageRequest { filter, cursor: None, direction: Direction::Older, limit })
}

#[async_trait]
impl DriftService for RemoteService {
    async fn environments(&self) -> Result<Vec<EnvironmentSummary>, ServiceError> {
        self.whole("environments", &[]).await
    }

    async fn drifts(&self, request: PageRequest) -> Result<Page, ServiceError> {
        let Listed { data, pagination } = self.line.get("drifts", &to_parameters(&request)).await?;
        Ok(Page { data, next: pagination.next, previous: pagination.previous })
    }

    async fn groups(&self, filter: DriftFilter, by: Group, limit: usize) -> Result<Groups, ServiceError> {
        let mut parameters = filtered(filter, limit);
        parameters.extend(asked([("by", by.as_str().to_owned())]));
        self.line.get("drifts/groups", &parameters).await
    }

    async fn drift(&self, id: DriftId) -> Result<DriftDetail, ServiceError> {
        self.line.get(&format!("drifts/{id}"), &[]).await
    }

    async fn incident(&self, request: IncidentRequest) -> Result<Incident, ServiceError> {
        let parameters = asked([
            ("from", request.from.to_string()),
            ("until", request.until.to_string()),
            ("environment", listed(&request.environments)),
            ("limit", request.limit.to_string()),
            ("parts", request.parts.to_string()),
        ]);
        self.line.get("incident", &parameters).await
    }

    async fn stats(&self, environments: Vec<Slug>, days: u32) -> Result<Stats, ServiceError> {
        self.line.get("stats", &asked([("environment", listed(&environments)), ("days", days.to_string())])).await
    }

    async fn relations(&self, id: DriftId) -> Result<Relations, ServiceError> {
        self.line.get(&format!("drifts/{id}/relations"), &[]).await
    }

    async fn who(&self, id: DriftId) -> Result<Who, ServiceError> {
        self.post(&format!("drifts/{id}/who"), &()).await
    }

    async fn observations(&self, id: DriftId, limit: usize) -> Result<Vec<Observation>, ServiceError> {
        self.whole(&format!("drifts/{id}/observations"), &asked([("limit", limit.to_string())])).await
    }

    async fn triage(&self, request: TriageRequest) -> Result<Receipt, ServiceError> {
        let TriageOne { drift, verb, reason, expected_version } = request.into();
        self.post(&format!("drifts/{drift}/triage"), &TriageBody { verb, reason, expected_version }).await
    }

    async fn triage_many(
        &self,
        requests: Vec<TriageRequest>,
    ) -> Result<Vec<Result<Receipt, ServiceError>>, ServiceError> {
        let mut answers = Vec::with_capacity(requests.len());
        let mut requests = requests.into_iter().map(TriageOne::from).peekable();
        while requests.peek().is_some() {
            let body = BulkBody { requests: requests.by_ref().take(crate::api::BULK).collect() };
            let made: Listed<Answer> = self.post("drifts/triage", &body).await?;
            answers.extend(made.data.into_iter().map(|answer| match answer {
                Answer::Done(receipt) => Ok(receipt),
                Answer::Problem(problem) => Err(Problem::into(problem)),
            }));
        }
        Ok(answers)
    }

    async fn matching(&self, filter: DriftFilter, limit: usize) -> Result<Matching, ServiceError> {
        self.line.get("drifts/matching", &filtered(filter, limit)).await
    }

    async fn people(&self) -> Result<Vec<Tainted>, ServiceError> {
        self.whole("people", &[]).await
    }

    async fn ignore_rules(&self) -> Result<Vec<IgnoreRule>, ServiceError> {
        self.whole("ignore-rules", &[]).await
    }

    async fn rules(&self) -> Result<Vec<RuleStatus>, ServiceError> {
        self.whole("ignore-rules/status", &[]).await
    }

    async fn preview_rule(&self, rule: IgnoreRule) -> Result<RuleReach, ServiceError> {
        self.post("ignore-rules/preview", &rule).await
    }

    async fn change_rule(&self, request: RuleRequest) -> Result<Receipt, ServiceError> {
        let RuleRequest { rule, verb, reason, expected, .. } = request;
        self.post(&format!("ignore-rules/{rule}"), &RuleBody { verb, reason, expected }).await
    }

    async fn never_hidden(&self) -> Result<Vec<NeverHideRule>, ServiceError> {
        self.whole("never-hide-rules", &[]).await
    }

    async fn preview_never_hide(&self, rule: NeverHideRule) -> Result<NeverHideReach, ServiceError> {
        self.post("never-hide-rules/preview", &rule).await
    }

    async fn change_never_hide(&self, request: NeverHideRequest) -> Result<Receipt, ServiceError> {
        let NeverHideRequest { rule, verb, reason, drift, expected, .. } = request;
        self.post(&format!("never-hide-rules/{rule}"), &NeverHideBody { verb, reason, drift, expected }).await
    }

    async fn untold(&self, request: UntoldRequest) -> Result<UntoldPage, ServiceError> {
        let parameters =
            asked([("text", request.text), ("from", request.from.to_string()), ("limit", request.limit.to_string())]);
        self.line.get(&format!("environments/{}/untold", request.environment), &parameters).await
    }

    async fn contexts(&self, request: ContextRequest) -> Result<Vec<OperationalContext>, ServiceError> {
        let parameters = asked([
            ("from", request.from.to_string()),
            ("until", request.until.to_string()),
            ("environment", listed(&request.environments)),
            ("limit", request.limit.to_string()),
        ]);
        self.whole("contexts", &parameters).await
    }

    async fn put_context(&self, context: OperationalContext, _: Tainted) -> Result<(), ServiceError> {
        self.post::<_, OperationalContext>("contexts", &ContextBody { context }).await.map(drop)
    }

    async fn end_context(&self, id: ContextId, at: Timestamp, _: Tainted) -> Result<OperationalContext, ServiceError> {
        self.post(&format!("contexts/{id}/end"), &EndContextBody { at }).await
    }

    async fn audit(&self, limit: usize) -> Result<Vec<AuditEntry>, ServiceError> {
        self.whole("audit", &asked([("limit", limit.to_string())])).await
    }

    async fn scan(&self, environment: Option<Slug>) -> Result<(), ServiceError> {
        self.post::<_, ScanBody>("scans", &ScanBody { environment }).await.map(drop)
    }

    async fn cancel_scan(&self, environment: Option<Slug>) -> Result<(), ServiceError> {
        self.post::<_, ScanBody>("scans/cancel", &ScanBody { environment }).await.map(drop)
    }

    fn subscribe(&self) -> broadcast::Receiver<ServiceEvent> {
        self.events.subscribe()
    }

    fn mode(&self) -> String {
        let Greeting { name, role, .. } = &self.greeting;
        format!("{} ({}) at {}", name.line(), role.as_str(), self.line.shown())
    }

    fn read_only(&self) -> Option<String> {
        self.greeting.read_only.clone()
    }

    fn as_of(&self) -> Option<Timestamp> {
        self.greeting.as_of
    }

    fn require_reason(&self) -> RequireReason {
        RequireReason::parse(&self.greeting.require_reason).unwrap_or_default()
    }
}
