//! Decisions.

use axum::extract::Path;
use axum::routing::{post, put};
use axum::{Json, Router};

use super::drifts::drift;
use crate::api::{Answer as Made, BULK, BulkBody, Listed, Problem, ResolveBody, Resolved, TriageBody, TriageOne};
use crate::drift::TriageRequest;
use crate::server::Shared;
use crate::server::answer::{Answer, answered};
use crate::server::auth::Caller;
use crate::server::body::Decision;
use crate::store::Receipt;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/drifts/triage", post(many))
        .route("/drifts/{id}/triage", post(one))
        .route("/drifts/{id}/resolve", put(resolve))
}

async fn one(caller: Caller, Path(id): Path<String>, sent: Decision<TriageBody>) -> Answer<Receipt> {
    let (body, once) = sent.of(&caller.principal);
    let request = TriageRequest { once, ..body.on(drift(&id)?).by(&caller.principal.name) };
    answered(caller.service.triage(request).await)
}

async fn resolve(caller: Caller, Path(id): Path<String>, sent: Decision<ResolveBody>) -> Answer<Resolved> {
    let (body, once) = sent.of(&caller.principal);
    let request = TriageRequest { once, ..body.triage().on(drift(&id)?).by(&caller.principal.name) };
    let receipt = caller.service.triage(request).await?;
    Ok(Json(Resolved { status: "resolved".to_owned(), receipt }))
}

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
    let answers = caller.service.triage_many(requests).await?;
    let made = |answer: Result<Receipt, _>| match answer {
        Ok(receipt) => Made::Done(receipt),
        Err(error) => Made::Problem(Problem::from(error)),
    };
    Ok(Json(Listed::whole(answers.into_iter().map(made).collect())))
}
