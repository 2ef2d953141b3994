//! Environments, their scans, and what the last scan set aside.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::listing::{Slice, newest_first};
use super::parameters::Parameters;
use crate::api::{Code, Listed, PAGE, Part, Problem, ScanBody};
use crate::drift::{ScanSummary, Slug, UntoldPage, UntoldRequest};
use crate::server::Shared;
use crate::server::answer::{Answer, Failure, answered};
use crate::server::auth::Caller;
use crate::server::body::Decision;
use crate::service::EnvironmentSummary;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(untold))
        .routes(routes!(scans, scan))
        .routes(routes!(cancel))
}

/// Environments, with what is open in them and how their last scan went.
#[utoipa::path(
    get,
    path = "/environments",
    params(Part),
    responses((status = 200, body = Listed<EnvironmentSummary>))
)]
async fn list(caller: Caller, slice: Slice) -> Answer<Listed<EnvironmentSummary>> {
    let all = caller.service.environments().await?;
    Ok(Json(slice.of(all, |one| one.environment.slug.to_string())))
}

/// A window of what the last scan hid and could not verify.
#[utoipa::path(
    get,
    path = "/environments/{slug}/untold",
    params(("slug" = Slug, Path), ("text" = Option<String>, Query, description = "Words that must all be there."), ("from" = Option<usize>, Query, description = "Rows before the first."), ("limit" = Option<usize>, Query, description = "So many; more than 500 is taken as 500.", minimum = 1)),
    responses((status = 200, body = UntoldPage))
)]
async fn untold(caller: Caller, Path(slug): Path<String>, mut parameters: Parameters) -> Answer<UntoldPage> {
    let request = UntoldRequest {
        environment: slug_of(&slug)?,
        text: parameters.take("text")?.unwrap_or_default(),
        from: parameters.take("from")?.unwrap_or(0),
        limit: parameters.limit(PAGE, PAGE)?,
    };
    parameters.done()?;
    answered(caller.service.untold(request).await)
}

/// Scans that ended, newest first: two hundred of each environment are kept.
#[utoipa::path(
    get,
    path = "/scans",
    params(("environment" = Option<Vec<Slug>>, Query, explode = false), Part),
    responses((status = 200, body = Listed<ScanSummary>))
)]
async fn scans(caller: Caller, mut parameters: Parameters) -> Answer<Listed<ScanSummary>> {
    let environments = parameters.environments()?;
    let slice = Slice::take(&mut parameters)?;
    parameters.done()?;
    let all = caller.service.scans(environments).await?;
    Ok(Json(slice.of(all, |scan| format!("{}{}", newest_first(scan.finished_at), scan.id))))
}

/// Scans now.
#[utoipa::path(
    post,
    path = "/scans",
    request_body = ScanBody,
    responses((status = 202, body = ScanBody), (status = 404))
)]
async fn scan(caller: Caller, sent: Decision<ScanBody>) -> Result<(StatusCode, Json<ScanBody>), Failure> {
    let (body, once) = sent.of(&caller.principal);
    let scan = async {
        caller.service.scan(body.environment.clone()).await?;
        Ok(body)
    };
    Ok((StatusCode::ACCEPTED, Json(caller.once(once, scan).await?)))
}

/// Ends scans that run.
#[utoipa::path(
    post,
    path = "/scans/cancel",
    request_body = ScanBody,
    responses((status = 200, body = ScanBody), (status = 404))
)]
async fn cancel(caller: Caller, sent: Decision<ScanBody>) -> Answer<ScanBody> {
    let (body, once) = sent.of(&caller.principal);
    let cancel = async {
        caller.service.cancel_scan(body.environment.clone()).await?;
        Ok(body)
    };
    caller.once(once, cancel).await.map(Json)
}

/// What is no slug names nothing.
fn slug_of(text: &str) -> Result<Slug, Failure> {
    Slug::new(text).map_err(|_| Problem::new(Code::NotFound, "no such environment").into())
}
