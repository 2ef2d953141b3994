//! Whether the process lives, whether it can serve, and how it does.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::answer::Failure;
use super::{Shared, facts, hosts};
use crate::api::{Code, Problem};

/// A store that has not answered by then does not answer.
const PATIENCE: Duration = Duration::from_secs(5);
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// It answers, so it lives.
pub(super) async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Ready when every organisation's store answers.
pub(super) async fn ready(State(shared): State<Shared>) -> (StatusCode, Json<Value>) {
    if shared.leaving.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "unavailable", "what": "leaving" })));
    }
    for house in shared.houses.all() {
        let answer = tokio::time::timeout(PATIENCE, house.service.environments()).await;
        if !matches!(answer, Ok(Ok(_))) {
            // Why is for the log: who asks here is nobody in particular.
            return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "unavailable", "what": "store" })));
        }
    }
    (StatusCode::OK, Json(json!({ "status": "ready" })))
}

/// For whoever asks from this machine, or brings the token that is configured for it.
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
    let facts = facts::gather(&shared.houses).await;
    let text = shared.metrics.text(&facts).map_err(|_| Problem::new(Code::Internal, "it cannot be written"))?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text))
}
