//! One request and its answer: JSON both ways, problems in the service's own words, and a second try where that is safe.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::Server;
use super::credentials::{Credentials, Fixed};
use crate::api::{BASE, Code, IDEMPOTENCY_HEADER, Parameter, Problem, VERSION_HEADER};
use crate::service::ServiceError;

const CONNECT: Duration = Duration::from_secs(5);
/// Of one answer, from the question to its last byte.
const WHOLE: Duration = Duration::from_secs(60);
/// Between two pieces of the feed: its pulse is four times as often.
const SILENCE: Duration = Duration::from_secs(60);
/// Waits before the second and the third try.
const AGAIN: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];

/// The way to a server.
pub(super) struct Line {
    client: Client,
    base: Url,
    shown: String,
    credentials: Arc<dyn Credentials>,
}

/// Why an answer is none.
enum Fault {
    /// The server says what is wrong.
    Told(Problem),
    /// It does not, or is none of ours.
    Other(ServiceError),
}

impl From<Fault> for ServiceError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Told(problem) => problem.into(),
            Fault::Other(error) => error,
        }
    }
}

impl Line {
    /// # Errors
    /// When the address or the token makes no sense.
    pub(super) fn new(server: Server) -> Result<Self, ServiceError> {
        let token = server.token.clone();
        token.as_deref().map(bearer).transpose()?;
        Self::with(server, Arc::new(Fixed(token)))
    }

    /// For who has no token yet.
    pub(super) fn of_nobody(server: Server) -> Result<Self, ServiceError> {
        Self::new(Server { token: None, ..server })
    }

    /// As [`new`](Self::new), with tokens from elsewhere.
    pub(super) fn with(server: Server, credentials: Arc<dyn Credentials>) -> Result<Self, ServiceError> {
        let Server { mut url, ca, .. } = server;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(invalid("the address of a server is https://HOST, and nothing else"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid(
                "no credentials in the address: others can read it. Give the key in $DRIFTGUARD_TOKEN or --token-file",
            ));
        }
        let shown = url.as_str().trim_end_matches('/').to_owned();
        let path = format!("{}{BASE}/", url.path().trim_end_matches('/'));
        url.set_path(&path);
        // Fails when there is one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let ours = reqwest::Certificate::from_pem_bundle(ca.as_deref().unwrap_or_default());
        let ours = ours.map_err(|error| invalid(&format!("the certificates of the CA are no PEM: {error}")))?;
        let client = Client::builder()
            .tls_certs_merge(ours)
            .user_agent(concat!("driftguard/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| ServiceError::Unavailable(format!("no way to any server: {error}")))?;
        Ok(Self { client, base: url, shown, credentials })
    }

    /// For people.
    pub(super) fn shown(&self) -> String {
        self.shown.clone()
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str, asked: &[Parameter]) -> Result<T, ServiceError> {
        let request = self.request(Method::GET, path, asked)?.timeout(WHOLE);
        self.read(self.answered(request).await?).await
    }

    /// A write that is not done again, whatever becomes of it.
    pub(super) async fn ask<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> Result<T, ServiceError> {
        let body = serde_json::to_vec(body).map_err(|error| invalid(&error.to_string()))?;
        let request = self.request(Method::POST, path, &[])?.timeout(WHOLE);
        let request = request.header(CONTENT_TYPE, "application/json").body(body);
        let token = self.credentials.token().await?;
        let response = authorized(request, token.as_deref())?.send().await.map_err(|error| self.unreachable(&error))?;
        self.read(self.checked(response).await?).await
    }

    /// `key`: the same for the same decision, so that it is made once however often it is sent.
    pub(super) async fn write<B: Serialize, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &B,
        key: &str,
    ) -> Result<T, ServiceError> {
        let body = serde_json::to_vec(body).map_err(|error| invalid(&error.to_string()))?;
        let request = self.request(method, path, &[])?.timeout(WHOLE);
        let request = request.header(CONTENT_TYPE, "application/json").header(IDEMPOTENCY_HEADER, key).body(body);
        let again = request.try_clone();
        match (self.wrote(request).await, again) {
            // Whether it was done nobody knows; under the same key it is done once.
            (Err(ServiceError::Unavailable(_)), Some(again)) => {
                tokio::time::sleep(AGAIN[1]).await;
                self.wrote(again).await
            }
            (answer, _) => answer,
        }
    }

    async fn wrote<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ServiceError> {
        self.read(self.answered(request).await?).await
    }

    /// The feed, from its beginning or after `seen`.
    pub(super) async fn feed(&self, seen: Option<&str>) -> Result<Response, ServiceError> {
        let mut request = self.request(Method::GET, "feed", &[])?;
        if let Some(seen) = seen {
            request = request.header("last-event-id", seen);
        }
        self.answered(request).await
    }

    fn request(&self, method: Method, path: &str, asked: &[Parameter]) -> Result<RequestBuilder, ServiceError> {
        let mut url = self.base.join(path).map_err(|error| invalid(&error.to_string()))?;
        if !asked.is_empty() {
            url.query_pairs_mut().extend_pairs(asked);
        }
        Ok(self.client.request(method, url))
    }

    /// With the token there is, and once more with another when that one is over.
    async fn answered(&self, request: RequestBuilder) -> Result<Response, ServiceError> {
        let again = request.try_clone();
        let token = self.credentials.token().await?;
        let response = self.patiently(authorized(request, token.as_deref())?).await?;
        let expired = match self.checked(response).await {
            Err(Fault::Told(problem)) if problem.error.code == Code::TokenExpired => true,
            Err(Fault::Told(problem)) if problem.error.code == Code::Unauthenticated => false,
            answer => return Ok(answer?),
        };
        let (Some(again), Some(token)) = (again, token) else {
            return Err(ServiceError::Denied("nobody is logged in: `driftguard login` first".to_owned()));
        };
        let token = self.credentials.renewed(&token, expired).await?;
        Ok(self.checked(self.patiently(authorized(again, Some(&token))?).await?).await?)
    }

    /// Tries again what did not arrive: a connection that was refused or broken off before an answer.
    async fn patiently(&self, request: RequestBuilder) -> Result<Response, ServiceError> {
        for wait in AGAIN {
            let Some(one) = request.try_clone() else { break };
            match one.send().await {
                Ok(response) => return Ok(response),
                Err(error) if error.is_connect() || error.is_request() && !error.is_timeout() => {
                    tokio::time::sleep(wait).await;
                }
                Err(error) => return Err(self.unreachable(&error)),
            }
        }
        request.send().await.map_err(|error| self.unreachable(&error))
    }

    async fn read<T: DeserializeOwned>(&self, response: Response) -> Result<T, ServiceError> {
        let bytes = response.bytes().await.map_err(|error| self.unreachable(&error))?;
        serde_json::from_slice(&bytes).map_err(|error| {
            ServiceError::Unavailable(format!(
                "{} answered in words this driftguard does not know: {error}",
                self.shown
            ))
        })
    }

    async fn checked(&self, response: Response) -> Result<Response, Fault> {
        let other = |why| Fault::Other(ServiceError::Unavailable(why));
        if !response.headers().contains_key(VERSION_HEADER) {
            let what = response.status();
            return Err(other(format!("{} is no driftguard server: it answered {what}", self.shown)));
        }
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let bytes = response.bytes().await.unwrap_or_default();
        Err(match serde_json::from_slice::<Problem>(&bytes) {
            Ok(problem) => Fault::Told(problem),
            Err(_) => other(format!("{} answered {status}", self.shown)),
        })
    }

    /// The address is said by us, without what may stand in its query.
    fn unreachable(&self, error: &reqwest::Error) -> ServiceError {
        let what = if error.is_timeout() { "did not answer in time" } else { "cannot be reached" };
        let mut why = String::new();
        let mut next = std::error::Error::source(error);
        while let Some(cause) = next {
            why = format!(": {cause}");
            next = cause.source();
        }
        ServiceError::Unavailable(format!("{} {what}{why}", self.shown))
    }
}

fn authorized(request: RequestBuilder, token: Option<&str>) -> Result<RequestBuilder, ServiceError> {
    Ok(match token.map(bearer).transpose()? {
        Some(value) => request.header(AUTHORIZATION, value),
        None => request,
    })
}

fn bearer(token: &str) -> Result<HeaderValue, ServiceError> {
    let value = HeaderValue::from_str(&format!("Bearer {token}"));
    let mut value = value.map_err(|_| invalid("the token has characters that no token has"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn invalid(why: &str) -> ServiceError {
    ServiceError::Invalid(why.to_owned())
}
