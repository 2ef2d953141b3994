//! Every request: its name in every answer, one line in the log, one count in the metrics. Neither bodies nor what stands in a
//! query is written down.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::Json;
use axum::body::{Body, HttpBody};
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;
use ulid::Ulid;

use super::metrics::{Asked, Counted, Metrics};
use super::{Principal, Shared, hosts};
use crate::api::{self, Code, Problem};
use crate::drift::Origin;
use crate::telemetry::{TRACEPARENT, Trace};

/// Characters of a request's name at most.
const NAME: usize = 64;
/// The client has gone before there was an answer.
const GONE: u16 = 499;

/// Who asks, once that is known.
#[derive(Clone, Default)]
pub(super) struct Known(Arc<OnceLock<(String, String)>>);

impl Known {
    pub(super) fn is(&self, principal: &Principal) {
        let _ = self.0.set((principal.organisation.as_str().to_owned(), principal.name.line()));
    }
}

/// A line that is written when the request has ended, in whatever way.
struct Line {
    id: String,
    trace_id: String,
    method: String,
    route: String,
    address: Option<IpAddr>,
    known: Known,
    began: Instant,
    metrics: Metrics,
    status: u16,
    bytes: Option<u64>,
    _in_flight: Counted,
}

impl Drop for Line {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        let (method, route) = (self.method.clone(), self.route.clone());
        self.metrics.answered(Asked { method, route, status: self.status }, took);
        let (organization, principal) = self.known.0.get().cloned().unwrap_or_default();
        tracing::info!(
            target: "driftguard::request",
            id = self.id,
            trace_id = self.trace_id,
            organization,
            principal,
            address = self.address.map(tracing::field::display),
            method = self.method,
            route = self.route,
            status = self.status,
            ms = took.as_secs_f64() * 1000.0,
            bytes = self.bytes,
            "request"
        );
    }
}

/// Around everything else.
pub(super) async fn observed(State(shared): State<Shared>, mut request: Request, next: Next) -> Response {
    let id = named(request.headers()).unwrap_or_else(|| Ulid::generate().to_string());
    let address = located(&shared, &mut request);
    let known = Known::default();
    let trace = traced(request.headers());
    request.extensions_mut().insert(known.clone());
    let mut line = Line {
        id: id.clone(),
        trace_id: trace.trace_id.clone(),
        method: method_of(&request).to_owned(),
        route: request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned(),
        address,
        known,
        began: Instant::now(),
        metrics: shared.metrics.clone(),
        status: GONE,
        bytes: None,
        _in_flight: shared.metrics.in_flight.one_more(),
    };
    let span = tracing::info_span!(
        target: "driftguard::request",
        "request",
        request_id = id,
        trace_id = trace.trace_id,
        span_id = trace.span_id,
        parent_id = trace.parent_id,
        method = line.method,
        route = line.route,
    );
    let answered = Origin::asked(next.run(request)).instrument(span).await;
    let mut response = written(answered, &id, &trace);
    line.status = response.status().as_u16();
    line.bytes = response.body().size_hint().exact();
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static(api::REQUEST_ID_HEADER), id);
    }
    headers.insert(HeaderName::from_static(api::VERSION_HEADER), HeaderValue::from_static(api::VERSION));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// A part of the trace it came with, or the beginning of one.
fn traced(headers: &HeaderMap) -> Trace {
    let header = headers.get(TRACEPARENT).and_then(|value| value.to_str().ok());
    header.and_then(Trace::within).unwrap_or_else(Trace::begin)
}

/// The name it came with, where that is one.
fn named(headers: &HeaderMap) -> Option<String> {
    let name = headers.get(api::REQUEST_ID_HEADER)?.to_str().ok()?;
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    ((1..=NAME).contains(&name.len()) && name.bytes().all(fits)).then(|| name.to_owned())
}

/// Whom it comes from; from here on nobody sees the proxy between.
fn located(shared: &Shared, request: &mut Request) -> Option<IpAddr> {
    let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>().copied()?;
    let client = hosts::client(peer.ip(), request.headers(), &shared.limits.trusted_proxies);
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(client, peer.port())));
    Some(client)
}

/// Of the methods there are; others could be any word.
fn method_of(request: &Request) -> &str {
    match request.method().as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known,
        _ => "other",
    }
}

/// A problem as JSON that names the request. What others refuse in their own way is made one.
fn written(mut response: Response, id: &str, trace: &Trace) -> Response {
    let status = response.status();
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => Some(problem),
        None if (status.is_client_error() || status.is_server_error()) && !is_json(&response) => Some(plain(status)),
        None => None,
    };
    let Some(mut problem) = problem else { return response };
    problem.error.request_id = Some(id.to_owned());
    problem.error.trace_id = Some(trace.trace_id.clone());
    let (mut parts, body) = Json(problem).into_response().into_parts();
    let (old, _) = std::mem::replace(&mut response, Response::new(Body::empty())).into_parts();
    parts.status = old.status;
    let own = |name: &HeaderName| *name == header::CONTENT_TYPE || *name == header::CONTENT_LENGTH;
    let kept = old.headers.iter().filter(|(name, _)| !own(name));
    parts.headers.extend(kept.map(|(name, value)| (name.clone(), value.clone())));
    parts.extensions = old.extensions;
    Response::from_parts(parts, body)
}

fn is_json(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/json"))
}

fn plain(status: StatusCode) -> Problem {
    let (code, message) = match status.as_u16() {
        401 => (Code::Unauthenticated, "nobody is known by that"),
        403 => (Code::Forbidden, "this may not be done"),
        404 => (Code::NotFound, "there is nothing at this path"),
        405 => (Code::NotAllowed, "this path does not take this method"),
        408 => (Code::Timeout, "it did not come in time"),
        413 => (Code::TooLarge, "it is too large"),
        500 => (Code::Internal, "the server failed at this: tell whoever runs it the number of the request"),
        502..=599 => (Code::Unavailable, "the server cannot answer this now"),
        _ => (Code::Invalid, "the request makes no sense"),
    };
    Problem::new(code, message)
}
