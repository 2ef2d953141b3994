//! One request and its answer: JSON both ways, problems in the service's own words, a second try where that is safe, and another
//! server where there is one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::credentials::{Credentials, Fixed};
use super::link::Link;
use super::patience::Budget;
use super::reading::Trouble;
use super::servers::{Base, bearer, invalid};
use super::{Server, patience, reading, skew};
use crate::api::{IDEMPOTENCY_HEADER, Parameter, VERSION_HEADER};
use crate::service::ServiceError;
use crate::telemetry::{TRACEPARENT, Trace};

/// Of one answer, from the question to its last byte.
const READ: Duration = Duration::from_secs(30);
/// A decision that takes longer waits in the queue: nobody watches it for so long.
const WRITE: Duration = Duration::from_secs(10);
/// The way to a server, or to several that are one.
pub struct Line {
    client: Client,
    servers: Vec<Base>,
    /// The one that is asked.
    at: AtomicUsize,
    credentials: Arc<dyn Credentials>,
    budget: Budget,
    pub link: Arc<Link>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// Nobody answered, or nobody who can do it now.
    Away(Away),
    /// Not let in.
    Denied(String),
    /// The server's own word.
    Said(Box<ServiceError>),
}

/// Nobody is there.
#[derive(Debug)]
pub struct Away {
    pub why: String,
    /// What was asked for may have been done.
    pub may_be_done: bool,
    /// As the server said.
    pub after: Option<Duration>,
    /// It makes sense to ask again at once.
    at_once: bool,
}

impl Failure {
    /// The server could not, and nobody knows how far it came.
    pub fn maybe(why: String) -> Self {
        Self::Away(Away { why, may_be_done: true, after: None, at_once: false })
    }

    /// As a reason to try later.
    pub fn away(self) -> Away {
        match self {
            Self::Away(away) => away,
            // Somebody may let us in again, but there is no hurry.
            Self::Denied(why) => Away { why, may_be_done: false, after: Some(Duration::from_secs(30)), at_once: false },
            Self::Said(error) => Away { why: error.to_string(), may_be_done: true, after: None, at_once: false },
        }
    }
}

/// An answer, looked at from outside.
enum Checked {
    Good(Response),
    /// The server does not know who asks.
    Unknown {
        why: String,
        is_expired: bool,
    },
}

/// What was asked for.
enum Got {
    Whole(Vec<u8>),
    /// It goes on.
    Open(Response),
}

/// Why there is no token.
fn denied(error: ServiceError) -> Failure {
    match error {
        ServiceError::Denied(why) => Failure::Denied(why),
        other => Failure::Away(Away { why: other.to_string(), may_be_done: false, after: None, at_once: false }),
    }
}

impl From<Failure> for ServiceError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Away(away) => Self::Unavailable(away.why),
            Failure::Denied(why) => Self::Denied(why),
            Failure::Said(error) => *error,
        }
    }
}

/// What is asked.
struct Ask<'a> {
    method: Method,
    path: &'a str,
    parameters: &'a [Parameter],
    /// Body and key of a write.
    write: Option<(Vec<u8>, Option<&'a str>)>,
    /// The last event that was seen, for the feed.
    seen: Option<&'a str>,
    timeout: Option<Duration>,
    /// The same however often it is sent, so that both sides' logs tell of one thing.
    trace: Trace,
}

impl Line {
    /// To one server, with the token that is given.
    ///
    /// # Errors
    /// When the address or the token makes no sense.
    pub fn new(server: Server) -> Result<Self, ServiceError> {
        let Server { url, token, ca } = server;
        token.as_deref().map(bearer).transpose()?;
        let (base, nobody) = (Base::new(url)?, tokio::sync::broadcast::channel(1).0);
        let link = Arc::new(Link::new(base.shown.clone(), nobody));
        Self::with(vec![base], ca.as_deref(), Arc::new(Fixed(token)), link)
    }

    /// For who has no token yet.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_nobody(server: Server) -> Result<Self, ServiceError> {
        Self::new(Server { token: None, ..server })
    }

    /// To several servers that are one, the first of which is asked first.
    ///
    /// # Errors
    /// When the certificates make no sense.
    pub fn with(
        servers: Vec<Base>,
        ca: Option<&[u8]>,
        credentials: Arc<dyn Credentials>,
        link: Arc<Link>,
    ) -> Result<Self, ServiceError> {
        Ok(Self {
            client: super::servers::client(ca)?,
            servers,
            at: AtomicUsize::new(0),
            credentials,
            budget: Budget::default(),
            link,
        })
    }

    /// A write that is not done again, whatever becomes of it.
    ///
    /// # Errors
    /// As the server says.
    pub async fn ask<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> Result<T, ServiceError> {
        let body = serde_json::to_vec(body).map_err(|error| invalid(&error.to_string()))?;
        let (method, write, timeout) = (Method::POST, Some((body, None)), Some(READ));
        let trace = Trace::begin();
        let ask = Ask { method, path, parameters: &[], write, seen: None, timeout, trace };
        let (token, server) = (self.credentials.token().await?, self.server());
        let sent = self.request(server, &ask, token.as_deref())?.send().await;
        let response = sent.map_err(|error| self.unreachable(server, &error))?;
        let response = match self.checked(server, response).await? {
            Checked::Good(response) => response,
            Checked::Unknown { why, .. } => return Err(ServiceError::Denied(why)),
        };
        let bytes = response.bytes().await.map_err(|error| self.unreachable(server, &error))?;
        reading::read(&bytes).map_err(|error| self.unknown_words(&error))
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str, parameters: &[Parameter]) -> Result<T, ServiceError> {
        let bytes = self.bytes(path, parameters).await?;
        reading::read(&bytes).map_err(|error| self.unknown_words(&error))
    }

    /// An answer as it came.
    pub async fn bytes(&self, path: &str, parameters: &[Parameter]) -> Result<Vec<u8>, ServiceError> {
        let trace = Trace::begin();
        let ask = Ask { method: Method::GET, path, parameters, write: None, seen: None, timeout: Some(READ), trace };
        Ok(self.whole(&ask).await?)
    }

    /// `key`: the same for the same decision, so that it is made once however often it is sent.
    pub async fn write<B: Serialize, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &B,
        key: &str,
    ) -> Result<T, Failure> {
        let body = serde_json::to_vec(body).map_err(|error| Failure::Said(Box::new(invalid(&error.to_string()))))?;
        let write = Some((body, Some(key)));
        let trace = Trace::begin();
        let ask = Ask { method, path, parameters: &[], write, seen: None, timeout: Some(WRITE), trace };
        let bytes = self.whole(&ask).await?;
        reading::read(&bytes).map_err(|error| Failure::Said(Box::new(self.unknown_words(&error))))
    }

    /// The feed, from its beginning or after `seen`.
    pub async fn feed(&self, seen: Option<&str>) -> Result<Response, Failure> {
        let trace = Trace::begin();
        let ask = Ask { method: Method::GET, path: "feed", parameters: &[], write: None, seen, timeout: None, trace };
        match self.patiently(&ask).await? {
            Got::Open(response) => Ok(response),
            Got::Whole(_) => Err(Failure::maybe("the feed ended before it began".into())),
        }
    }

    async fn whole(&self, ask: &Ask<'_>) -> Result<Vec<u8>, Failure> {
        match self.patiently(ask).await? {
            Got::Whole(bytes) => Ok(bytes),
            Got::Open(_) => Err(Failure::maybe("the answer has no end".into())),
        }
    }

    /// Tries again what did not arrive or broke off, at the next server if there is one; a write under its key is done once.
    async fn patiently(&self, ask: &Ask<'_>) -> Result<Got, Failure> {
        // Each server has its turn.
        let most = patience::AGAIN.max(self.servers.len() - 1);
        self.budget.earn();
        let mut tries = 0;
        loop {
            let at = self.at.load(Ordering::Relaxed);
            let server = &self.servers[at];
            let away = match self.once(server, ask).await {
                Err(Failure::Away(away)) => away,
                Err(Failure::Denied(why)) => {
                    self.link.denied(&why);
                    return Err(Failure::Denied(why));
                }
                answer => {
                    self.link.answered(&server.shown);
                    return answer;
                }
            };
            let next = (at + 1) % self.servers.len();
            // Another call may have gone on meanwhile.
            let _ = self.at.compare_exchange(at, next, Ordering::Relaxed, Ordering::Relaxed);
            let is_other = tries + 1 < self.servers.len();
            // The other servers are asked whatever this one cost.
            if tries == most || !(is_other || away.at_once && self.budget.spend()) {
                let (trace_id, path, why) = (&ask.trace.trace_id, ask.path, &away.why);
                tracing::warn!(trace_id, method = %ask.method, path, why, "a request was not answered");
                return Err(Failure::Away(away));
            }
            if !is_other {
                tokio::time::sleep(patience::pause(tries, fastrand::f64())).await;
            }
            tries += 1;
        }
    }

    /// With the token there is, and once more with another when that one is over.
    async fn once(&self, server: &Base, ask: &Ask<'_>) -> Result<Got, Failure> {
        let token = self.credentials.token().await.map_err(denied)?;
        let sent = self.request(server, ask, token.as_deref())?.send().await;
        let response = sent.map_err(|error| self.unreachable(server, &error))?;
        let (why, is_expired) = match self.checked(server, response).await? {
            Checked::Good(response) => return self.got(server, ask, response).await,
            Checked::Unknown { why, is_expired } => (why, is_expired),
        };
        let Some(token) = token else { return Err(Failure::Denied(format!("{why}: `driftguard login` first"))) };
        let token = self.credentials.renewed(&token, is_expired).await.map_err(denied)?;
        let sent = self.request(server, ask, Some(&token))?.send().await;
        let response = sent.map_err(|error| self.unreachable(server, &error))?;
        match self.checked(server, response).await? {
            Checked::Good(response) => self.got(server, ask, response).await,
            Checked::Unknown { why, .. } => Err(Failure::Denied(why)),
        }
    }

    /// All of it, unless it is one that goes on.
    async fn got(&self, server: &Base, ask: &Ask<'_>, response: Response) -> Result<Got, Failure> {
        if ask.timeout.is_none() {
            return Ok(Got::Open(response));
        }
        let bytes = response.bytes().await.map_err(|error| self.unreachable(server, &error))?;
        Ok(Got::Whole(bytes.to_vec()))
    }

    fn server(&self) -> &Base {
        &self.servers[self.at.load(Ordering::Relaxed)]
    }

    fn request(&self, server: &Base, ask: &Ask<'_>, token: Option<&str>) -> Result<RequestBuilder, Failure> {
        let said = |error: ServiceError| Failure::Said(Box::new(error));
        let mut url = server.url.join(ask.path).map_err(|error| said(invalid(&error.to_string())))?;
        if !ask.parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(ask.parameters);
        }
        let mut request = self.client.request(ask.method.clone(), url).header(TRACEPARENT, ask.trace.header());
        if let Some((body, key)) = &ask.write {
            request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
            request = key.iter().fold(request, |request, key| request.header(IDEMPOTENCY_HEADER, *key));
        }
        if let Some(seen) = ask.seen {
            request = request.header("last-event-id", seen);
        }
        if let Some(timeout) = ask.timeout {
            request = request.timeout(timeout);
        }
        match token {
            Some(token) => Ok(request.header(AUTHORIZATION, bearer(token).map_err(said)?)),
            None => Ok(request),
        }
    }

    async fn checked(&self, server: &Base, response: Response) -> Result<Checked, Failure> {
        let (status, headers) = (response.status(), response.headers());
        let is_busy = status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
        match headers.get(VERSION_HEADER).and_then(|value| value.to_str().ok()) {
            Some(version) => skew::check(version, &server.shown).map_err(|error| Failure::Said(Box::new(error)))?,
            // Whatever stands before the server may say that it is not there.
            None if is_busy => {}
            None => {
                return Err(Failure::maybe(format!("{} is no driftguard server: it answered {status}", server.shown)));
            }
        }
        if status.is_success() {
            return Ok(Checked::Good(response));
        }
        let after = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let bytes = response.bytes().await.unwrap_or_default();
        let Trouble { error, is_expired, retry_after } = reading::problem(status, &bytes, &server.shown);
        let why = error.to_string();
        if is_busy {
            let after = after.or(retry_after).map(Duration::from_secs);
            // Whoever is turned away at the door has not been heard.
            let may_be_done = status != StatusCode::TOO_MANY_REQUESTS;
            return Err(Failure::Away(Away { why, may_be_done, after, at_once: false }));
        }
        match status {
            StatusCode::UNAUTHORIZED => Ok(Checked::Unknown { why, is_expired }),
            _ => Err(Failure::Said(Box::new(error))),
        }
    }

    pub fn unknown_words(&self, error: &serde_json::Error) -> ServiceError {
        let server = &self.server().shown;
        ServiceError::Unavailable(format!("{server} answered in words this driftguard does not know: {error}"))
    }

    /// The address is said by us, without what may stand in its query.
    fn unreachable(&self, server: &Base, error: &reqwest::Error) -> Failure {
        let what = if error.is_timeout() { "did not answer in time" } else { "cannot be reached" };
        let mut why = format!("{} {what}", server.shown);
        let mut next = std::error::Error::source(error);
        while let Some(cause) = next {
            why = format!("{} {what}: {cause}", server.shown);
            next = cause.source();
        }
        why += other_scheme(server.url.scheme(), &why);
        Failure::Away(Away { why, may_be_done: !error.is_connect(), after: None, at_once: !error.is_timeout() })
    }
}

/// What an answer in another language than was spoken points to.
fn other_scheme(scheme: &str, why: &str) -> &'static str {
    let says = |words: &[&str]| words.iter().any(|word| why.contains(word));
    match scheme {
        "https" if says(&["InvalidContentType", "corrupt message", "wrong version number"]) => {
            ": it speaks no TLS there; if it is on this machine, its address begins with http://"
        }
        "http"
            if says(&["invalid HTTP version", "invalid HTTP", "closed before message completed", "unexpected EOF"]) =>
        {
            ": it speaks no plain HTTP there; its address may begin with https://"
        }
        _ => "",
    }
}
