//! Drifts: pages, groups, and one of them from all sides.

use axum::Json;
use axum::extract::Path;
use jiff::Timestamp;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::listing::{Slice, newest_first};
use super::parameters::{Parameters, named};
use crate::analysis::narrative::Narrative;
use crate::api::{Listed, PAGE, Pagination, Part, Problem, Which, from_parameters};
use crate::drift::query::{Group, Groups};
use crate::drift::{Change, DriftDetail, DriftEvent, DriftId, Incident, IncidentRequest, Slug, Stats, Who};
use crate::server::Shared;
use crate::server::answer::{Answer, answered};
use crate::server::auth::Caller;
use crate::server::once::Named;
use crate::service::{self, Relations};
use crate::store::{Matching, Observation};

/// Values of one resource that are looked through.
const OBSERVATIONS: usize = 10_000;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(page))
        .routes(routes!(groups))
        .routes(routes!(matching))
        .routes(routes!(one))
        .routes(routes!(changes))
        .routes(routes!(relations))
        .routes(routes!(observations))
        .routes(routes!(narrative))
        .routes(routes!(who))
        .routes(routes!(incident))
        .routes(routes!(stats))
}

/// Drifts, newest first.
#[utoipa::path(
    get,
    path = "/drifts",
    params(Which, Part),
    responses((status = 200, body = Listed<DriftEvent>))
)]
async fn page(caller: Caller, Parameters(parameters): Parameters) -> Answer<Listed<DriftEvent>> {
    let request = from_parameters(&parameters, caller.principal.name.raw())?;
    let limit = request.limit;
    let page = caller.service.drifts(request).await?;
    let pagination = Pagination { next: page.next, previous: page.previous, limit, is_cut: page.is_cut };
    Ok(Json(Listed { data: page.data, pagination }))
}

/// Drifts as groups of what they have in common.
#[utoipa::path(
    get,
    path = "/drifts/groups",
    params(Which, ("by" = Group, Query), ("limit" = Option<usize>, Query, description = "So many; more than 500 is taken as 500.", minimum = 1)),
    responses((status = 200, body = Groups))
)]
async fn groups(caller: Caller, mut parameters: Parameters) -> Answer<Groups> {
    let by: String = parameters.need("by")?;
    let by = Group::named(&by)
        .ok_or_else(|| Problem::of_field("by", "no such group: resource, actor, change, module or incident"))?;
    let limit = parameters.limit(PAGE, PAGE)?;
    let request = from_parameters(&parameters.0, caller.principal.name.raw())?;
    answered(caller.service.groups(request.filter, by, limit).await)
}

/// What a decision on all of them would touch.
#[utoipa::path(
    get,
    path = "/drifts/matching",
    params(Which, ("limit" = Option<usize>, Query, description = "So many; more than 10,000 is taken as 10,000.", minimum = 1)),
    responses((status = 200, body = Matching))
)]
async fn matching(caller: Caller, mut parameters: Parameters) -> Answer<Matching> {
    let limit = parameters.limit(PAGE, Matching::MOST)?;
    let request = from_parameters(&parameters.0, caller.principal.name.raw())?;
    answered(caller.service.matching(request.filter, limit).await)
}

/// All that is known of a drift.
#[utoipa::path(
    get,
    path = "/drifts/{id}",
    params(("id" = DriftId, Path)),
    responses((status = 200, body = DriftDetail))
)]
async fn one(caller: Caller, Path(id): Path<String>) -> Answer<DriftDetail> {
    answered(caller.service.drift(drift(&id)?).await)
}

/// What differs.
#[utoipa::path(
    get,
    path = "/drifts/{id}/changes",
    params(("id" = DriftId, Path), Part),
    responses((status = 200, body = Listed<Change>))
)]
async fn changes(caller: Caller, Path(id): Path<String>, slice: Slice) -> Answer<Listed<Change>> {
    let changes = caller.service.drift(drift(&id)?).await?.event.changes;
    Ok(Json(slice.of(changes, |change| change.path.0.raw().to_owned())))
}

/// Where its resource is declared, what it hangs on, and its other drifts.
#[utoipa::path(
    get,
    path = "/drifts/{id}/relations",
    params(("id" = DriftId, Path)),
    responses((status = 200, body = Relations))
)]
async fn relations(caller: Caller, Path(id): Path<String>) -> Answer<Relations> {
    answered(caller.service.relations(drift(&id)?).await)
}

/// Which values the resource was seen to have, newest first.
#[utoipa::path(
    get,
    path = "/drifts/{id}/observations",
    params(("id" = DriftId, Path), Part),
    responses((status = 200, body = Listed<Observation>))
)]
async fn observations(caller: Caller, Path(id): Path<String>, slice: Slice) -> Answer<Listed<Observation>> {
    // As many as the store gives at once: of one resource there are no more.
    let all = caller.service.observations(drift(&id)?, OBSERVATIONS).await?;
    Ok(Json(slice.of(all, |one| newest_first(one.observed_at))))
}

/// What happened to it.
///
/// Three to six sentences; each names what it rests on. Times are UTC.
#[utoipa::path(
    get,
    path = "/drifts/{id}/narrative",
    params(("id" = DriftId, Path)),
    responses((status = 200, body = Narrative))
)]
async fn narrative(caller: Caller, Path(id): Path<String>) -> Answer<Narrative> {
    let clock = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    answered(service::narrative(caller.service.as_ref(), drift(&id)?, &clock).await)
}

/// Who made it.
///
/// Asks the cloud's audit trail, and keeps the answer: not what a `GET` does.
#[utoipa::path(
    post,
    path = "/drifts/{id}/who",
    params(("id" = DriftId, Path)),
    responses((status = 200, body = Who))
)]
async fn who(caller: Caller, Path(id): Path<String>, sent: Named) -> Answer<Who> {
    let (id, once) = (drift(&id)?, sent.of(&caller.principal));
    let ask = async { Ok(caller.service.who(id).await?) };
    caller.once(once, ask).await.map(Json)
}

/// What happened in a span of time, newest first.
#[utoipa::path(
    get,
    path = "/incident",
    params(("from" = Timestamp, Query), ("until" = Timestamp, Query), ("environment" = Option<Vec<Slug>>, Query, explode = false), ("limit" = Option<usize>, Query, description = "So many; more than 10,000 is taken as 10,000.", minimum = 1), ("parts" = Option<usize>, Query, description = "Parts of the span that are counted.", minimum = 1, maximum = 1_000)),
    responses((status = 200, body = Incident))
)]
async fn incident(caller: Caller, mut parameters: Parameters) -> Answer<Incident> {
    let request = IncidentRequest {
        from: parameters.need("from")?,
        until: parameters.need("until")?,
        environments: parameters.environments()?,
        limit: parameters.limit(PAGE, IncidentRequest::MOST)?,
        parts: parameters.take::<usize>("parts")?.unwrap_or(60),
    };
    parameters.done()?;
    answered(caller.service.incident(request).await)
}

/// How the drifts first seen in the last days went.
#[utoipa::path(
    get,
    path = "/stats",
    params(("environment" = Option<Vec<Slug>>, Query, explode = false), ("days" = Option<u32>, Query, minimum = 1, maximum = 3_660)),
    responses((status = 200, body = Stats))
)]
async fn stats(caller: Caller, mut parameters: Parameters) -> Answer<Stats> {
    let environments = parameters.environments()?;
    let days = parameters.take::<u32>("days")?.unwrap_or(30);
    parameters.done()?;
    answered(caller.service.stats(environments, days).await)
}

pub(super) fn drift(id: &str) -> Result<DriftId, crate::server::answer::Failure> {
    named(id, "drift")
}
