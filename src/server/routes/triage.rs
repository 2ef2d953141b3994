//! Decisions.

use axum::Json;
use axum::extract::Path;
use jiff::Timestamp;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::drifts::drift;
use crate::api::{Answer as Made, BULK, BulkBody, Code, Listed, Problem, ResolveBody, Resolved, TriageBody, TriageOne};
use crate::drift::{DriftId, TriageRequest, Unfit};
use crate::server::Shared;
use crate::server::answer::{Answer, Failure, answered};
use crate::server::auth::Caller;
use crate::server::body::Decision;
use crate::store::Receipt;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(many))
        .routes(routes!(one))
        .routes(routes!(resolve))
        .routes(routes!(create))
        .routes(routes!(replace, change, delete))
}

/// Decides about a drift.
#[utoipa::path(
    post,
    path = "/drifts/{id}/triage",
    request_body = TriageBody,
    params(("id" = DriftId, Path)),
    responses((status = 200, body = Receipt))
)]
async fn one(caller: Caller, Path(id): Path<String>, sent: Decision<TriageBody>) -> Answer<Receipt> {
    let (body, once) = sent.of(&caller.principal);
    let request = TriageRequest { once, ..body.on(drift(&id)?).by(&caller.principal.name) };
    fits(&request)?;
    answered(caller.service.triage(request).await)
}

fn fits(request: &TriageRequest) -> Result<(), Problem> {
    match request.unfit(Timestamp::now()) {
        Some(Unfit { field, message }) => Err(Problem::of_field(field, message)),
        None => Ok(()),
    }
}

/// Settles a drift.
///
/// One that is settled already is settled anew; the audit trail has both.
#[utoipa::path(
    put,
    path = "/drifts/{id}/resolve",
    request_body = ResolveBody,
    params(("id" = DriftId, Path)),
    responses((status = 200, body = Resolved))
)]
async fn resolve(caller: Caller, Path(id): Path<String>, sent: Decision<ResolveBody>) -> Answer<Resolved> {
    let (body, once) = sent.of(&caller.principal);
    let request = TriageRequest { once, ..body.triage().on(drift(&id)?).by(&caller.principal.name) };
    // Here it stands without its verb.
    let of_body = |Unfit { field, message }| Problem::of_field(field.trim_start_matches("verb.resolve."), message);
    request.unfit(Timestamp::now()).map(of_body).map_or(Ok(()), Err)?;
    let receipt = caller.service.triage(request).await?;
    Ok(Json(Resolved { status: "resolved".to_owned(), receipt }))
}

/// Decides about several drifts, each by itself; answers in the order of the requests.
#[utoipa::path(
    post,
    path = "/drifts/triage",
    request_body = BulkBody,
    responses((status = 200, body = Listed<Made>))
)]
async fn many(caller: Caller, sent: Decision<BulkBody>) -> Answer<Listed<Made>> {
    let (body, once) = sent.of(&caller.principal);
    if body.requests.len() > BULK {
        return Err(Problem::of_field("requests", format!("at most {BULK} decisions at once")).into());
    }
    let named = |(at, request): (usize, TriageOne)| {
        let once = once.as_ref().map(|once| once.part(at));
        TriageRequest { once, ..request.by(&caller.principal.name) }
    };
    let requests: Vec<TriageRequest> = body.requests.into_iter().enumerate().map(named).collect();
    let unfit: Vec<Option<Problem>> = requests.iter().map(|request| fits(request).err()).collect();
    let answers = caller.service.triage_many(requests).await?;
    let made = |(answer, unfit): (Result<Receipt, _>, Option<Problem>)| match (answer, unfit) {
        (Ok(receipt), _) => Made::Done(receipt),
        (Err(_), Some(problem)) => Made::Problem(problem),
        (Err(error), None) => Made::Problem(Problem::from(error)),
    };
    Ok(Json(Listed::whole(answers.into_iter().zip(unfit).map(made).collect())))
}

/// A drift is decided about: the same as `POST …/triage`.
#[utoipa::path(
    patch,
    path = "/drifts/{id}",
    params(("id" = DriftId, Path)),
    request_body = TriageBody,
    responses((status = 200, body = Receipt))
)]
async fn change(caller: Caller, path: Path<String>, sent: Decision<TriageBody>) -> Answer<Receipt> {
    one(caller, path, sent).await
}

/// Not taken: drifts are found by scans, see `POST scans`.
#[utoipa::path(post, path = "/drifts", responses((status = 405)))]
async fn create(_: Caller) -> Failure {
    not_so("drifts are found by scans: POST scans starts one")
}

/// Not taken: what was seen is not written anew, see `PUT …/resolve` and `PATCH`.
#[utoipa::path(put, path = "/drifts/{id}", params(("id" = DriftId, Path)), responses((status = 405)))]
async fn replace(_: Caller) -> Failure {
    not_so("a drift is the record of what was seen: PUT …/resolve or PATCH with a verb to decide about it")
}

/// Not taken: what was seen and decided stays, until it is older than what the store keeps.
#[utoipa::path(delete, path = "/drifts/{id}", params(("id" = DriftId, Path)), responses((status = 405)))]
async fn delete(_: Caller) -> Failure {
    not_so("a drift is the record of what was seen: it closes by itself, and goes when the store's retention is over")
}

fn not_so(why: &str) -> Failure {
    Problem::new(Code::NotAllowed, why).into()
}
