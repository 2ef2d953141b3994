//! Leave to do something about a drift: asked for by one person, given by another.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use jiff::Timestamp;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::drifts::drift;
use super::listing::Slice;
use super::parameters::{Parameters, named};
use crate::api::{Listed, Part, Problem, RemediateBody, Remediated, RemediationBody};
use crate::drift::{
    DriftId, Remediation, RemediationDecision, RemediationId, RemediationRequest, RemediationState, RemediationVerb,
    Slug, Unfit,
};
use crate::server::Shared;
use crate::server::answer::{Answer, Failure};
use crate::server::auth::Caller;
use crate::server::body::Decision;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(request))
        .routes(routes!(list))
        .routes(routes!(one))
        .routes(routes!(approve))
        .routes(routes!(reject))
        .routes(routes!(cancel))
}

/// Asks leave to do what a recommendation of the drift says.
///
/// The steps of the recommendation, as they are now, are what is approved or not: by an admin who did not ask for it, within a day.
/// Of a drift one request waits at a time. Whatever is approved is carried out by hand.
#[utoipa::path(
    post,
    path = "/drifts/{id}/remediate",
    params(("id" = DriftId, Path)),
    request_body = RemediateBody,
    responses((status = 202, body = Remediated), (status = 409))
)]
async fn request(
    caller: Caller,
    Path(id): Path<String>,
    sent: Decision<RemediateBody>,
) -> Result<(StatusCode, Json<Remediated>), Failure> {
    let (RemediateBody { kind, reason, expected_version }, once) = sent.of(&caller.principal);
    let by = caller.principal.party();
    let asked = RemediationRequest { drift: drift(&id)?, kind, reason, expected_version, by, once };
    fits(asked.unfit())?;
    let made = caller.service.request_remediation(asked).await?;
    Ok((StatusCode::ACCEPTED, Json(Remediated::of(made, Timestamp::now()))))
}

fn fits(unfit: Option<Unfit>) -> Result<(), Problem> {
    unfit.map_or(Ok(()), |Unfit { field, message }| Err(Problem::of_field(field, message)))
}

/// What was asked for, newest first, as it stands now.
#[utoipa::path(
    get,
    path = "/remediations",
    params(
        ("state" = Option<Vec<RemediationState>>, Query, explode = false),
        ("drift" = Option<DriftId>, Query),
        ("environment" = Option<Vec<Slug>>, Query, explode = false),
        Part
    ),
    responses((status = 200, body = Listed<Remediation>))
)]
async fn list(caller: Caller, mut parameters: Parameters) -> Answer<Listed<Remediation>> {
    let slice = Slice::take(&mut parameters)?;
    let mut query = slice.of_remediations()?;
    query.drift = parameters.take("drift")?;
    query.environments = parameters.environments()?;
    query.states = states(parameters.take("state")?)?;
    parameters.done()?;
    let found = caller.service.remediations(query).await?;
    Ok(Json(slice.found(found, |one| one.id.to_string())))
}

/// Words with commas between them.
fn states(text: Option<String>) -> Result<Vec<RemediationState>, Problem> {
    let text = text.unwrap_or_default();
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    words.map(|word| word.parse().map_err(|error: String| Problem::of_field("state", error))).collect()
}

/// What was asked for, as it stands now.
#[utoipa::path(
    get,
    path = "/remediations/{id}",
    params(("id" = RemediationId, Path)),
    responses((status = 200, body = Remediated))
)]
async fn one(caller: Caller, Path(id): Path<String>) -> Answer<Remediated> {
    let found = caller.service.remediation(named(&id, "remediation")?).await?;
    Ok(Json(Remediated::of(found, Timestamp::now())))
}

/// Approves it: an admin does who did not ask for it, and no service account.
///
/// One whose drift has moved on since it was asked for is stale and cannot be approved: the answer has the drift as it is now.
#[utoipa::path(
    post,
    path = "/remediations/{id}/approve",
    params(("id" = RemediationId, Path)),
    request_body = RemediationBody,
    responses((status = 200, body = Remediated), (status = 409))
)]
async fn approve(caller: Caller, path: Path<String>, sent: Decision<RemediationBody>) -> Answer<Remediated> {
    answer(RemediationVerb::Approve, caller, path, sent).await
}

/// Rejects it: an admin does who did not ask for it, and no service account.
#[utoipa::path(
    post,
    path = "/remediations/{id}/reject",
    params(("id" = RemediationId, Path)),
    request_body = RemediationBody,
    responses((status = 200, body = Remediated), (status = 409))
)]
async fn reject(caller: Caller, path: Path<String>, sent: Decision<RemediationBody>) -> Answer<Remediated> {
    answer(RemediationVerb::Reject, caller, path, sent).await
}

/// Takes it back: whoever asked for it does, or an admin.
#[utoipa::path(
    post,
    path = "/remediations/{id}/cancel",
    params(("id" = RemediationId, Path)),
    request_body = RemediationBody,
    responses((status = 200, body = Remediated), (status = 409))
)]
async fn cancel(caller: Caller, path: Path<String>, sent: Decision<RemediationBody>) -> Answer<Remediated> {
    answer(RemediationVerb::Cancel, caller, path, sent).await
}

async fn answer(
    verb: RemediationVerb,
    caller: Caller,
    Path(id): Path<String>,
    sent: Decision<RemediationBody>,
) -> Answer<Remediated> {
    let (RemediationBody { reason, expected_version }, once) = sent.of(&caller.principal);
    let (id, by) = (named::<RemediationId>(&id, "remediation")?, caller.principal.party());
    let asked = RemediationDecision { id, verb, reason, expected_version, by, once };
    fits(asked.unfit())?;
    let decided = caller.service.decide_remediation(asked).await?;
    Ok(Json(Remediated::of(decided, Timestamp::now())))
}
