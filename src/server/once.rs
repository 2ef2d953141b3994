//! Writes that are done once: what was done under a name is answered again, and not done again.
//!
//! A decision is kept with its name by the store, and a change of accounts by the accounts, each in the transaction that does it.
//! What is left, such as asking for a scan, does no harm when a crash has it done again: there the answer is kept after it.

use std::future::Future;

use axum::Json;
use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::answer::Failure;
use super::auth::{Caller, Principal};
use super::body;
use crate::drift::Once;
use crate::service::ServiceError;
use crate::store::StoreError;

/// Says of an answer that it is one from before.
const REPLAYED: &str = "idempotency-replayed";

/// A key, and what was asked under it.
pub(super) struct Key {
    key: String,
    request: String,
}

impl Key {
    /// Of a request to this path with this body.
    pub(super) fn new(key: String, method: &Method, uri: &Uri, body: &[u8]) -> Self {
        let path = uri.path_and_query().map_or(uri.path(), |whole| whole.as_str());
        let mut hash = blake3::Hasher::new();
        hash.update(format!("{method} {path}\n").as_bytes());
        hash.update(body);
        Self { key, request: hash.finalize().to_hex().to_string() }
    }

    /// The name of the write. Keys of others are none of theirs.
    pub(super) fn of(self, principal: &Principal) -> Once {
        Once::new(format!("{}\n{}", principal.account(), self.key), self.request)
    }
}

/// The name of a write that has no body.
pub(super) struct Named(Option<Key>);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
        let key = body::key(&parts.headers)?;
        Ok(Self(key.map(|key| Key::new(key, &parts.method, uri, &[]))))
    }
}

impl Named {
    pub(super) fn of(self, principal: &Principal) -> Option<Once> {
        self.0.map(|key| key.of(principal))
    }
}

/// What was done, or was done before.
pub(super) enum Written<T> {
    Now(T),
    Before(Value),
}

impl<T: Serialize> Written<T> {
    pub(super) fn response(self, status: StatusCode) -> Response {
        match self {
            Self::Now(answer) => (status, Json(answer)).into_response(),
            Self::Before(answer) => {
                let mut response = (status, Json(answer)).into_response();
                response.headers_mut().insert(HeaderName::from_static(REPLAYED), HeaderValue::from_static("true"));
                response
            }
        }
    }
}

impl Caller {
    /// Does what does no harm when it is done again, unless it was done under this name: then gives what was answered.
    pub(super) async fn once<T: Serialize + DeserializeOwned>(
        &self,
        once: Option<Once>,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let Some((once, answers)) = once.zip(self.service.answers()) else { return work.await };
        let (name, kept) = (once.clone(), std::sync::Arc::clone(&answers));
        let known = in_background(move || kept.answer(&name)).await?;
        if let Some(answer) = known.and_then(|text| serde_json::from_str(&text).ok()) {
            return Ok(answer);
        }
        let answer = work.await?;
        let text = serde_json::to_string(&answer).map_err(|error| unavailable(&error.to_string()))?;
        in_background(move || answers.keep_answer(&once, &text)).await?;
        Ok(answer)
    }
}

/// The store may wait for a disk or a network: not on a thread that answers others.
async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| unavailable(&error.to_string()))?;
    Ok(done.map_err(crate::service::told)?)
}

fn unavailable(error: &str) -> Failure {
    tracing::error!(error, "an answer could not be kept");
    ServiceError::Unavailable("the server could not keep the answer: ask for it again".to_owned()).into()
}
