//! Environments, their scans, and what the last scan set aside.

use axum::Json;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};

use super::parameters::Parameters;
use crate::api::{Code, Listed, PAGE, Problem, ScanBody};
use crate::drift::{Slug, UntoldPage, UntoldRequest};
use crate::server::Shared;
use crate::server::answer::{Answer, Failure, answered};
use crate::server::auth::Caller;
use crate::server::body::Body;
use crate::service::EnvironmentSummary;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/environments", get(list))
        .route("/environments/{slug}/untold", get(untold))
        .route("/scans", post(scan))
        .route("/scans/cancel", post(cancel))
}

async fn list(caller: Caller) -> Answer<Listed<EnvironmentSummary>> {
    answered(caller.service.environments().await.map(Listed::whole))
}

async fn untold(caller: Caller, Path(slug): Path<String>, mut parameters: Parameters) -> Answer<UntoldPage> {
    let request = UntoldRequest {
        environment: slug_of(&slug)?,
        text: parameters.take("text")?.unwrap_or_default(),
        from: parameters.take("from")?.unwrap_or(0),
        limit: parameters.take::<usize>("limit")?.unwrap_or(PAGE).clamp(1, PAGE),
    };
    parameters.done()?;
    answered(caller.service.untold(request).await)
}

async fn scan(caller: Caller, Body(body): Body<ScanBody>) -> Result<(StatusCode, Json<ScanBody>), Failure> {
    caller.service.scan(body.environment.clone()).await?;
    Ok((StatusCode::ACCEPTED, Json(body)))
}

async fn cancel(caller: Caller, Body(body): Body<ScanBody>) -> Answer<ScanBody> {
    answered(caller.service.cancel_scan(body.environment.clone()).await.map(|()| body))
}

/// What is no slug names nothing.
fn slug_of(text: &str) -> Result<Slug, Failure> {
    Slug::new(text).map_err(|_| Problem::new(Code::NotFound, "no such environment").into())
}
