//! Drifts: pages, groups, and one of them from all sides.

use axum::extract::Path;
use axum::routing::{get, post};
use axum::{Json, Router};

use super::parameters::{Parameters, named};
use crate::api::{Listed, PAGE, Pagination, Problem, from_parameters};
use crate::drift::query::{Group, Groups};
use crate::drift::{Change, DriftDetail, DriftEvent, DriftId, Incident, IncidentRequest, Stats, Who};
use crate::server::Shared;
use crate::server::answer::{Answer, answered};
use crate::server::auth::Caller;
use crate::service::Relations;
use crate::store::{Matching, Observation};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/drifts", get(page))
        .route("/drifts/groups", get(groups))
        .route("/drifts/matching", get(matching))
        .route("/drifts/{id}", get(one))
        .route("/drifts/{id}/changes", get(changes))
        .route("/drifts/{id}/relations", get(relations))
        .route("/drifts/{id}/observations", get(observations))
        .route("/drifts/{id}/who", post(who))
        .route("/incident", get(incident))
        .route("/stats", get(stats))
}

async fn page(caller: Caller, Parameters(parameters): Parameters) -> Answer<Listed<DriftEvent>> {
    let request = from_parameters(&parameters, caller.principal.name.raw())?;
    let limit = request.limit;
    let page = caller.service.drifts(request).await?;
    let pagination = Pagination { next: page.next, previous: page.previous, limit };
    Ok(Json(Listed { data: page.data, pagination }))
}

async fn groups(caller: Caller, mut parameters: Parameters) -> Answer<Groups> {
    let by: String = parameters.need("by")?;
    let by =
        Group::named(&by).ok_or_else(|| Problem::of_field("by", "no such group: resource, actor, change or module"))?;
    let limit = parameters.take::<usize>("limit")?.unwrap_or(PAGE).clamp(1, PAGE);
    let request = from_parameters(&parameters.0, caller.principal.name.raw())?;
    answered(caller.service.groups(request.filter, by, limit).await)
}

async fn matching(caller: Caller, mut parameters: Parameters) -> Answer<Matching> {
    let limit = parameters.take::<usize>("limit")?.unwrap_or(PAGE).clamp(1, Matching::MOST);
    let request = from_parameters(&parameters.0, caller.principal.name.raw())?;
    answered(caller.service.matching(request.filter, limit).await)
}

async fn one(caller: Caller, Path(id): Path<String>) -> Answer<DriftDetail> {
    answered(caller.service.drift(drift(&id)?).await)
}

async fn changes(caller: Caller, Path(id): Path<String>) -> Answer<Listed<Change>> {
    answered(caller.service.drift(drift(&id)?).await.map(|detail| Listed::whole(detail.event.changes)))
}

async fn relations(caller: Caller, Path(id): Path<String>) -> Answer<Relations> {
    answered(caller.service.relations(drift(&id)?).await)
}

async fn observations(
    caller: Caller,
    Path(id): Path<String>,
    mut parameters: Parameters,
) -> Answer<Listed<Observation>> {
    let limit = parameters.take::<usize>("limit")?.unwrap_or(100).clamp(1, PAGE);
    parameters.done()?;
    answered(caller.service.observations(drift(&id)?, limit).await.map(Listed::whole))
}

/// Asks the cloud's audit trail, and keeps the answer: not what a `GET` does.
async fn who(caller: Caller, Path(id): Path<String>) -> Answer<Who> {
    answered(caller.service.who(drift(&id)?).await)
}

async fn incident(caller: Caller, mut parameters: Parameters) -> Answer<Incident> {
    let request = IncidentRequest {
        from: parameters.need("from")?,
        until: parameters.need("until")?,
        environments: parameters.environments()?,
        limit: parameters.take::<usize>("limit")?.unwrap_or(PAGE).clamp(1, 10_000),
        parts: parameters.take::<usize>("parts")?.unwrap_or(60).clamp(1, 1_000),
    };
    parameters.done()?;
    answered(caller.service.incident(request).await)
}

async fn stats(caller: Caller, mut parameters: Parameters) -> Answer<Stats> {
    let environments = parameters.environments()?;
    let days = parameters.take::<u32>("days")?.unwrap_or(30).clamp(1, 3_660);
    parameters.done()?;
    answered(caller.service.stats(environments, days).await)
}

pub(super) fn drift(id: &str) -> Result<DriftId, crate::server::answer::Failure> {
    named(id, "drift")
}
