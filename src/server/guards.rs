//! What stands before every route: the name the server is asked by, how often an address asks, how long an answer may take, and a
//! net under handlers that fall.

use std::any::Any;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::answer::Failure;
use super::hosts::Hosts;
use super::{Limits, Shared};
use crate::api::{self, Code, Problem};

/// How long a browser remembers what it may.
const REMEMBERED: std::time::Duration = std::time::Duration::from_secs(600);

/// Before anything of a request is looked at but its head.
pub(super) async fn admitted(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    match allowed(&shared, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => Failure(problem).into_response(),
    }
}

fn allowed(shared: &Shared, request: &Request) -> Result<(), Problem> {
    // Whoever asks whether this lives asks by whatever address it found, and as often as it likes.
    if matches!(request.uri().path(), "/health/" | "/health/ready") {
        return Hosts::one(request.headers()).map(drop);
    }
    shared.hosts.check(request.uri(), request.headers())?;
    let from = request.extensions().get::<ConnectInfo<SocketAddr>>();
    from.map_or(Ok(()), |ConnectInfo(from)| shared.rates.of_address(from.ip()))
}

/// Gives up on what takes too long. What was decided by then is kept: the same request is answered alike when it comes again.
pub(super) async fn timely(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let lasts = request.extensions().get::<MatchedPath>().is_some_and(|path| path.as_str().ends_with("/feed"));
    if lasts {
        return next.run(request).await;
    }
    match tokio::time::timeout(shared.limits.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let mut problem =
                Problem::new(Code::Unavailable, "this took longer than the server waits: ask again later");
            problem.error.retry_after = Some(1);
            Failure(problem).into_response()
        }
    }
}

/// What a handler says as it falls is for the log alone.
pub(super) fn fell(why: Box<dyn Any + Send + 'static>) -> Response {
    let why = why.downcast_ref::<String>().map(String::as_str).or_else(|| why.downcast_ref::<&str>().copied());
    tracing::error!(why = why.unwrap_or("no words"), "a handler failed");
    let message = "the server failed at this: tell whoever runs it the number of the request";
    Failure(Problem::new(Code::Internal, message)).into_response()
}

/// `None`: no page of others may read what the server answers.
pub(super) fn pages(limits: &Limits) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = limits.origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    if origins.is_empty() {
        return None;
    }
    let ours = |name: &'static str| HeaderName::from_static(name);
    let asked = [header::AUTHORIZATION, header::CONTENT_TYPE, ours("last-event-id"), ours(api::IDEMPOTENCY_HEADER)];
    let told = [header::RETRY_AFTER, ours(api::REQUEST_ID_HEADER), ours(api::VERSION_HEADER)];
    let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let layer = CorsLayer::new().allow_origin(AllowOrigin::list(origins)).allow_methods(methods);
    Some(layer.allow_headers(asked).expose_headers(told).max_age(REMEMBERED))
}
