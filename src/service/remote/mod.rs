//! [`DriftService`] over a driftguard server's REST API.
//!
//! A little over 400 lines: one method for each of the interface, in one place.
//!
//! [`call`] sends and retries, [`feed`] listens; here each method is one path. What the server says is taken as the local
//! service's own word: the screens do not know which of the two they have.

mod call;
mod credentials;
mod feed;
mod link;
mod queue;
mod reading;
mod seen;
mod sender;
mod servers;
mod skew;

use std::path::PathBuf;
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

use super::{
    Contact, DriftService, EnvironmentSummary, Missing, Relations, RequireReason, ServiceError, ServiceEvent, Settle,
    Waiting,
};
use crate::api::{
    BULK, ContextBody, EndContextBody, Greeting, Listed, NeverHideBody, PAGE, Parameter, RuleBody, ScanBody, TriageOne,
    to_parameters,
};
use crate::drift::query::{Group, Groups};
use crate::drift::{
    AuditEntry, ContextId, ContextRequest, DriftDetail, DriftId, IgnoreRule, Incident, IncidentRequest, NeverHideReach,
    NeverHideRequest, NeverHideRule, OperationalContext, RuleReach, RuleRequest, RuleStatus, Slug, Stats,
    TriageRequest, UntoldPage, UntoldRequest, Who,
};
use crate::safety::Tainted;
use crate::store::{AuditRequest, Cursor, Direction, DriftFilter, Matching, Observation, Page, PageRequest, Receipt};

use call::{Failure, Line};
pub use credentials::{Credentials, Fixed, login, logout, refresh};
use link::Link;
pub use queue::count as waiting_below;
use queue::{Answers, Queue};
use seen::Sights;
pub use servers::check_address;
use servers::{Base, bearer};

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

/// Several servers that are one, for they have one database; and what is kept here for them.
pub struct Dial {
    /// Tried in this order; not empty.
    pub urls: Vec<Url>,
    pub ca: Option<Vec<u8>>,
    pub credentials: Arc<dyn Credentials>,
    /// Below it decisions wait for the server; `None`: they do not, and are refused when it is not there.
    pub queues: Option<PathBuf>,
}

/// A server that has greeted us.
pub struct RemoteService {
    line: Arc<Line>,
    greeting: Greeting,
    missing: Missing,
    queue: Option<Arc<Queue>>,
    sights: Sights,
    events: broadcast::Sender<ServiceEvent>,
    _listening: DropGuard,
}

impl RemoteService {
    /// Says hello, and listens to the feed on `handle`'s runtime from then on.
    ///
    /// # Errors
    /// When the server cannot be reached, is none of ours, or does not let us in.
    pub async fn connect(server: Server, handle: &Handle) -> Result<Arc<Self>, ServiceError> {
        let token = server.token.clone();
        token.as_deref().map(bearer).transpose()?;
        Self::connect_as(server, Arc::new(Fixed(token)), handle).await
    }

    /// As [`connect`](Self::connect), with tokens from elsewhere.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn connect_as(
        server: Server,
        credentials: Arc<dyn Credentials>,
        handle: &Handle,
    ) -> Result<Arc<Self>, ServiceError> {
        let Server { url, ca, .. } = server;
        Self::dial(Dial { urls: vec![url], ca, credentials, queues: None }, handle).await
    }

    /// As [`connect_as`](Self::connect_as), to the first of several servers that answers; decisions wait where one cannot be
    /// reached later.
    ///
    /// # Errors
    /// As [`connect`](Self::connect); and when decisions could not be kept here.
    pub async fn dial(dial: Dial, handle: &Handle) -> Result<Arc<Self>, ServiceError> {
        let Dial { urls, ca, credentials, queues } = dial;
        let servers = urls.iter().cloned().map(Base::new).collect::<Result<Vec<_>, _>>()?;
        let first = servers.first().map(|one| one.shown.clone());
        let first = first.ok_or_else(|| servers::invalid("no server is named"))?;
        let (events, _) = broadcast::channel(EVENTS);
        let link = Arc::new(Link::new(first.clone(), events.clone()));
        let line = Arc::new(Line::with(servers, ca.as_deref(), credentials, link)?);
        let greeting: Greeting = line.get("session", &[]).await?;
        line.link.greeted(format!("{} ({})", greeting.name.line(), greeting.role.as_str()));
        let queue = queues.map(|queues| {
            let dir = queues.join(queue::name(&first, greeting.organisation.as_str(), greeting.name.raw()));
            let unfit =
                |error| ServiceError::Invalid(format!("{}: decisions cannot be kept there: {error}", dir.display()));
            Queue::open(dir.clone(), events.clone()).map_err(unfit)
        });
        let queue = queue.transpose()?;
        let ended = CancellationToken::new();
        // Before anything is loaded, so that nothing falls between.
        let first = line.feed(None).await?;
        handle.spawn(feed::listen(Arc::clone(&line), first, events.clone(), ended.clone()));
        if let Some(queue) = &queue {
            handle.spawn(sender::run(Arc::clone(queue), Arc::clone(&line), ended.clone()));
        }
        let missing = skew::missing(&greeting);
        let (sights, _listening) = (Sights::default(), ended.drop_guard());
        Ok(Arc::new(Self { line, greeting, missing, queue, sights, events, _listening }))
    }

    /// Who we are there.
    pub fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    /// A list; what a newer server has in it that we do not know is left out, and that is said.
    async fn listed<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        asked: &[Parameter],
    ) -> Result<Listed<T>, ServiceError> {
        let bytes = self.line.bytes(path, asked).await?;
        let (listed, left_out) = reading::list(&bytes).map_err(|error| self.line.unknown_words(&error))?;
        if let Some(text) = self.sights.left_out(path, left_out) {
            // Nobody listening is no fault.
            let _ = self.events.send(ServiceEvent::Notice { error: false, text: text.into() });
        }
        Ok(listed)
    }

    async fn whole<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        asked: &[Parameter],
    ) -> Result<Vec<T>, ServiceError> {
        self.up_to(path, asked, usize::MAX).await
    }

    /// The first `most` of a list, however many pages that takes.
    async fn up_to<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        asked: &[Parameter],
        most: usize,
    ) -> Result<Vec<T>, ServiceError> {
        let mut all: Vec<T> = vec![];
        let mut cursor: Option<Cursor> = None;
        loop {
            let mut parameters = asked.to_vec();
            parameters.push(("limit".to_owned(), (most - all.len()).clamp(1, PAGE).to_string()));
            parameters.extend(cursor.take().map(|cursor| ("cursor".to_owned(), cursor.0)));
            let Listed { data, pagination } = self.listed::<T>(path, &parameters).await?;
            all.extend(data);
            match pagination.next.filter(|_| all.len() < most) {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        all.truncate(most);
        Ok(all)
    }

    async fn post<B: Serialize, T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, ServiceError> {
        Ok(self.line.write(Method::POST, path, body, &Ulid::generate().to_string()).await?)
    }

    /// Durable here before it is sent; what is not answered soon waits, and says so.
    async fn decide(&self, requests: Vec<TriageOne>) -> Answers {
        let many = requests.len();
        let for_all = |error: ServiceError| (0..many).map(|_| Err(error.clone())).collect();
        let unkept = match &self.queue {
            None => None,
            Some(queue) => {
                let with_sights = requests.iter().map(|one| (one.clone(), self.sights.of(one.drift))).collect();
                match queue.put(with_sights).await {
                    Ok(answered) => {
                        return match answered.await {
                            Ok(answers) if answers.len() == many => answers,
                            Ok(answers) => match answers.into_iter().next() {
                                Some(Err(error)) => for_all(error),
                                _ => for_all(ServiceError::Kept("the answer was lost".into())),
                            },
                            Err(_) => for_all(ServiceError::Kept("driftguard ends".into())),
                        };
                    }
                    Err(error) => Some(queue::unwritable(&error)),
                }
            }
        };
        // With no place to wait it is now or not at all.
        match sender::one_or_many(&self.line, requests, &Ulid::generate().to_string()).await {
            Ok(answers) => answers,
            Err(Failure::Away(away)) => for_all(unkept.unwrap_or(ServiceError::Unavailable(away.why))),
            Err(failure) => for_all(failure.into()),
        }
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
        let Listed { data, pagination } = self.listed("drifts", &to_parameters(&request)).await?;
        self.sights.remember(&data);
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
        self.up_to(&format!("drifts/{id}/observations"), &[], limit).await
    }

    async fn triage(&self, request: TriageRequest) -> Result<Receipt, ServiceError> {
        let none = || Err(ServiceError::Unavailable("the server answered nothing".into()));
        self.decide(vec![request.into()]).await.into_iter().next().unwrap_or_else(none)
    }

    async fn triage_many(
        &self,
        requests: Vec<TriageRequest>,
    ) -> Result<Vec<Result<Receipt, ServiceError>>, ServiceError> {
        let mut answers = Vec::with_capacity(requests.len());
        let mut requests = requests.into_iter().map(TriageOne::from).peekable();
        while requests.peek().is_some() {
            answers.extend(self.decide(requests.by_ref().take(BULK).collect()).await);
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
        ]);
        let mut contexts = self.whole("contexts", &parameters).await?;
        let older = contexts.len().saturating_sub(request.limit);
        drop(contexts.drain(..older));
        Ok(contexts)
    }

    async fn put_context(&self, context: OperationalContext, _: Tainted) -> Result<(), ServiceError> {
        self.post::<_, OperationalContext>("contexts", &ContextBody { context }).await.map(drop)
    }

    async fn end_context(&self, id: ContextId, at: Timestamp, _: Tainted) -> Result<OperationalContext, ServiceError> {
        self.post(&format!("contexts/{id}/end"), &EndContextBody { at }).await
    }

    async fn audit(&self, limit: usize) -> Result<Vec<AuditEntry>, ServiceError> {
        self.up_to("audit", &[], limit).await
    }

    async fn audit_between(&self, request: AuditRequest) -> Result<Vec<AuditEntry>, ServiceError> {
        let span = asked([("from", request.from.to_string()), ("until", request.until.to_string())]);
        let mut entries: Vec<AuditEntry> = match (request.cursor, request.direction) {
            (None, _) => self.up_to("audit", &span, request.limit).await?,
            // Another server's cursors are its own: numbers are picked out of what comes.
            _ => self.whole("audit", &span).await?,
        };
        entries.retain(|entry| request.holds(entry.seq, entry.timestamp));
        let cut = entries.len().saturating_sub(request.limit);
        match request.direction {
            Direction::Older => entries.truncate(request.limit),
            Direction::Newer => drop(entries.drain(..cut)),
        }
        Ok(entries)
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

    fn contact(&self) -> Option<Contact> {
        Some(self.line.link.contact())
    }

    fn waiting(&self) -> Vec<Waiting> {
        self.queue.as_ref().map(|queue| queue.waiting()).unwrap_or_default()
    }

    async fn settle_waiting(&self, id: Ulid, how: Settle) -> Result<(), ServiceError> {
        match &self.queue {
            Some(queue) => queue.settle(id, how).await,
            None => Err(ServiceError::NotFound("nothing waits here".into())),
        }
    }

    fn missing(&self) -> Missing {
        self.missing.clone()
    }

    fn mode(&self) -> String {
        self.line.link.at()
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
