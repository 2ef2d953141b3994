//! Decisions.

use axum::extract::Path;
use axum::routing::{post, put};
use axum::{Json, Router};

use super::drifts::drift;
use crate::api::{Answer as Made, BULK, BulkBody, Listed, Problem, ResolveBody, Resolved, TriageBody};
use crate::drift::TriageRequest;
use crate::server::Shared;
use crate::server::answer::{Answer, answered};
use crate::server::auth::Caller;
use crate::server::body::Body;
use crate::store::Receipt;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/drifts/triage", post(many))
        .route("/drifts/{id}/triage", post(one))
        .route("/drifts/{id}/resolve", put(resolve))
}

async fn one(caller: Caller, Path(id): Path<String>, Body(body): Body<TriageBody>) -> Answer<Receipt> {
    let request = body.on(drift(&id)?).by(&caller.principal.name);
    answered(caller.service.triage(request).await)
}

async fn resolve(caller: Caller, Path(id): Path<String>, Body(body): Body<ResolveBody>) -> Answer<Resolved> {
    let request = body.triage().on(drift(&id)?).by(&caller.principal.name);
    let receipt = caller.service.triage(request).await?;
    Ok(Json(Resolved { status: "resolved".to_owned(), receipt }))
}

async fn many(caller: Caller, Body(body): Body<BulkBody>) -> Answer<Listed<Made>> {
    if body.requests.len() > BULK {
        return Err(Problem::of_field("requests", format!("at most {BULK} decisions at once")).into());
    }
    let requests: Vec<TriageRequest> =
        body.requests.into_iter().map(|request| request.by(&caller.principal.name)).collect();
    let answers = caller.service.triage_many(requests).await?;
    let made = |answer: Result<Receipt, _>| match answer {
        Ok(receipt) => Made::Done(receipt),
        Err(error) => Made::Problem(Problem::from(error)),
    };
    Ok(Json(Listed::whole(answers.into_iter().map(made).collect())))
}
