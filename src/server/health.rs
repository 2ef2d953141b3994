//! Whether the process lives, and whether it can serve.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Shared;

/// It answers, so it lives.
pub(super) async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Ready when every organisation's store answers.
pub(super) async fn ready(State(shared): State<Shared>) -> (StatusCode, Json<Value>) {
    for house in shared.houses.all() {
        if house.service.environments().await.is_err() {
            // Why is for the log: who asks here is nobody in particular.
            return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "unavailable", "what": "store" })));
        }
    }
    (StatusCode::OK, Json(json!({ "status": "ready" })))
}
