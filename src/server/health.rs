//! Whether the process lives, whether it can serve, and how it does.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use futures_util::future::join_all;
use serde::Serialize;

use super::answer::Failure;
use super::houses::House;
use super::{Shared, facts, hosts};
use crate::api::{Code, Problem};

/// A store that has not answered by then does not answer.
const PATIENCE: Duration = Duration::from_millis(800);
/// A busy machine is no reason to start anew. Of a database that is gone it is known at once.
const PATIENCE_TO_LIVE: Duration = Duration::from_secs(5);
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How it is.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Health {
    /// `ok`, `ready` or `unavailable`.
    status: &'static str,
    /// What is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<&'static str>,
}

impl Health {
    fn new(status: &'static str, what: Option<&'static str>) -> Self {
        Self { status, what }
    }
}

/// It lives as long as its stores can be read: one that answers nothing is unusable. Leaving, opening a store again and a full disk
/// are no reason to start it anew; whether it is to be asked for anything, readiness says.
#[utoipa::path(
    get,
    path = "/health/",
    security(()),
    responses((status = 200, body = Health), (status = 503, body = Health))
)]
pub(super) async fn live(State(shared): State<Shared>) -> (StatusCode, Json<Health>) {
    if shared.leaving.is_cancelled() || shared.houses.resting() {
        return (StatusCode::OK, Json(Health::new("ok", None)));
    }
    let answers = shared.houses.all().into_iter().map(|house| async move { answers(&house, PATIENCE_TO_LIVE).await });
    match join_all(answers).await.into_iter().flatten().next() {
        Some(what) => (StatusCode::SERVICE_UNAVAILABLE, Json(Health::new("unavailable", Some(what)))),
        None => (StatusCode::OK, Json(Health::new("ok", None))),
    }
}

/// Why nothing can be had of a store.
async fn answers(house: &House, patience: Duration) -> Option<&'static str> {
    let answer = tokio::time::timeout(patience, house.service.environments()).await;
    (!matches!(answer, Ok(Ok(_)))).then_some("the store does not answer")
}

/// Ready when every organisation's store answers.
#[utoipa::path(
    get,
    path = "/health/ready",
    security(()),
    responses((status = 200, body = Health), (status = 503, body = Health))
)]
pub(super) async fn ready(State(shared): State<Shared>) -> (StatusCode, Json<Health>) {
    if shared.leaving.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(Health::new("unavailable", Some("leaving"))));
    }
    if shared.houses.resting() {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(Health::new("unavailable", Some("a store is opened again"))));
    }
    let answers = shared.houses.all().into_iter().map(|house| async move {
        if let Some(trouble) = house.service.store_gauges().trouble {
            return Some(trouble);
        }
        answers(&house, PATIENCE).await
    });
    if let Some(what) = join_all(answers).await.into_iter().flatten().next() {
        // Whose it is and where is for the log: who asks here is nobody in particular.
        return (StatusCode::SERVICE_UNAVAILABLE, Json(Health::new("unavailable", Some(what))));
    }
    (StatusCode::OK, Json(Health::new("ready", None)))
}

/// What the server counts, as OpenMetrics.
///
/// For whoever asks from this machine, or brings the token that is configured for it.
#[utoipa::path(
    get,
    path = "/metrics",
    security((), ("bearer" = [])),
    responses((status = 200, content_type = "application/openmetrics-text", body = String), (status = 400), (status = 403), (status = 500))
)]
pub(super) async fn metrics(
    State(shared): State<Shared>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Failure> {
    let brought = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    // Compared by hash: how long it takes says nothing about the token.
    let same = |token: &str| brought.is_some_and(|it| blake3::hash(it.as_bytes()) == blake3::hash(token.as_bytes()));
    if !hosts::is_local(from.ip(), &headers) && !shared.limits.metrics_token.as_deref().is_some_and(same) {
        let message =
            "metrics are for this machine, or for the bearer token in $DRIFTGUARD_METRICS_TOKEN of the server";
        return Err(Problem::new(Code::Forbidden, message).into());
    }
    let facts = facts::gather(&shared.houses, shared.jobs.waiting()).await;
    let text = shared.metrics.text(&facts).map_err(|_| Problem::new(Code::Internal, "it cannot be written"))?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text))
}
