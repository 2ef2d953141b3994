//! What a drift has to do with: found by itself, and said by people.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use jiff::Timestamp;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::listing::Slice;
use super::parameters::{Parameters, named};
use crate::api::{Code, Correlation, LinkBody, Listed, Part, Problem, Related};
use crate::drift::{ContextRequest, DriftId, OperationalContext, TriageRequest, TriageVerb, Unfit};
use crate::server::Shared;
use crate::server::answer::{Answer, Failure};
use crate::server::auth::Caller;
use crate::server::body::Decision;
use crate::server::once::Named;
use crate::store::Receipt;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(correlations, link)).routes(routes!(unlink))
}

/// What a drift may have to do with.
///
/// What somebody has said, the other drifts of its incident (`GET drifts/{id}/relations` says why), other drifts of its resource, what it hangs on, what went on when it was first seen.
#[utoipa::path(
    get,
    path = "/correlations",
    params(("drift" = DriftId, Query), Part),
    responses((status = 200, body = Listed<Correlation>), (status = 404))
)]
async fn correlations(caller: Caller, mut parameters: Parameters) -> Answer<Listed<Correlation>> {
    let drift: DriftId = parameters.need("drift")?;
    let slice = Slice::take(&mut parameters)?;
    parameters.done()?;
    let mut event = caller.service.drift(drift).await?.event;
    let events = std::mem::take(&mut event.analysis.cause.correlations);
    let relations = caller.service.relations(drift).await?;
    let around = ContextRequest { environments: vec![event.environment], ..ContextRequest::at(event.detected_at) };
    let contexts = caller.service.contexts(around).await?;
    let linked = relations.linked.into_iter().map(|one| Related::Linked(one.link));
    let others = relations.others.iter().map(|other| Related::SameResource(other.id));
    let needs = relations.depends_on.into_iter().map(Related::DependsOn);
    let needed = relations.dependants.into_iter().map(Related::Dependant);
    // What is told with a score and an offset is not told a second time.
    let is_told = |mark: &OperationalContext| events.iter().any(|event| event.is_of(mark));
    let contexts: Vec<OperationalContext> = contexts.into_iter().filter(|mark| !is_told(mark)).collect();
    let contexts = contexts.into_iter().map(|one| Related::Context(Box::new(one)));
    let events = events.into_iter().map(Related::Event);
    let together = relations.together.into_iter().flat_map(|incident| incident.others);
    let together = together.map(|other| Related::Together(other.id));
    let all = linked
        .chain(together)
        .chain(others)
        .chain(needs)
        .chain(needed)
        .chain(contexts)
        .chain(events)
        .map(|with| Correlation { drift, with });
    Ok(Json(slice.of(all.collect(), |one| one.with.key())))
}

/// Says that two drifts have to do with each other; it holds for both.
///
/// As the verb `link` of `POST drifts/{id}/triage`: taken back with `undo`, or with the verb `unlink`.
#[utoipa::path(
    post,
    path = "/correlations",
    request_body = LinkBody,
    responses((status = 201, body = Receipt), (status = 404))
)]
async fn link(caller: Caller, sent: Decision<LinkBody>) -> Result<(StatusCode, Json<Receipt>), Failure> {
    let (LinkBody { drift, with, note, expected_version }, once) = sent.of(&caller.principal);
    let (verb, actor) = (TriageVerb::Link { to: with, note }, caller.principal.name.clone());
    let request = TriageRequest { drift, verb, reason: None, actor, expected_version, once };
    let of_body = |Unfit { message, .. }| Problem::of_field("note", message);
    request.unfit(Timestamp::now()).map(of_body).map_or(Ok(()), Err)?;
    if drift == with {
        return Err(Problem::of_field("with", "a drift has to do with itself anyway: name another one").into());
    }
    Ok((StatusCode::CREATED, Json(caller.service.triage(request).await?)))
}

/// Removes a link that somebody made, at both ends: `id` is one drift and the other with `-` between them.
#[utoipa::path(
    delete,
    path = "/correlations/{id}",
    params(("id" = String, Path)),
    responses((status = 200, body = Receipt), (status = 409))
)]
async fn unlink(caller: Caller, Path(id): Path<String>, sent: Named) -> Answer<Receipt> {
    let once = sent.of(&caller.principal);
    let none = || Problem::new(Code::NotFound, "there is no such link");
    let (drift, with) = id.split_once('-').ok_or_else(none)?;
    let (drift, to) = (named::<DriftId>(drift, "link")?, named::<DriftId>(with, "link")?);
    // Its decision has a name of its own: what was removed is not there to be found again.
    let part = once.as_ref().map(|once| once.part(0));
    let remove = async {
        let detail = caller.service.drift(drift).await.map_err(|_| none())?;
        if !detail.links.iter().any(|link| link.to == to) {
            return Err(none().into());
        }
        let (verb, actor) = (TriageVerb::Unlink { to }, caller.principal.name.clone());
        let request = TriageRequest { drift, verb, reason: None, actor, expected_version: None, once: part };
        Ok(caller.service.triage(request).await?)
    };
    caller.once(once, remove).await.map(Json)
}
