//! What goes on around drift, who was there, and what was decided.

use axum::Json;
use axum::extract::Path;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::parameters::{Parameters, named};
use crate::api::{ContextBody, EndContextBody, Listed, PAGE};
use crate::drift::{AuditEntry, ContextId, ContextRequest, OperationalContext, Slug};
use crate::safety::Tainted;
use crate::server::Shared;
use crate::server::answer::{Answer, answered};
use crate::server::auth::Caller;
use crate::server::body::Decision;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(contexts, put))
        .routes(routes!(end))
        .routes(routes!(audit))
        .routes(routes!(people))
}

/// What goes on, or went on, around drift, oldest first.
#[utoipa::path(
    get,
    path = "/contexts",
    params(("from" = Timestamp, Query), ("until" = Timestamp, Query), ("environment" = Option<Vec<Slug>>, Query, explode = false), ("limit" = Option<usize>, Query, minimum = 1, maximum = 1_000)),
    responses((status = 200, body = Listed<OperationalContext>))
)]
async fn contexts(caller: Caller, mut parameters: Parameters) -> Answer<Listed<OperationalContext>> {
    let request = ContextRequest {
        from: parameters.need("from")?,
        until: parameters.need("until")?,
        environments: parameters.environments()?,
        limit: parameters.take::<usize>("limit")?.unwrap_or(PAGE).clamp(1, 10_000),
    };
    parameters.done()?;
    answered(caller.service.contexts(request).await.map(Listed::whole))
}

/// Says that something goes on; what has the same id already stays as it is.
#[utoipa::path(
    post,
    path = "/contexts",
    request_body = ContextBody,
    responses((status = 200, body = OperationalContext))
)]
async fn put(caller: Caller, sent: Decision<ContextBody>) -> Answer<OperationalContext> {
    let (ContextBody { context }, once) = sent.of(&caller.principal);
    let put = async {
        caller.service.put_context(context.clone(), caller.principal.name.clone()).await?;
        Ok(context)
    };
    caller.once(once, put).await.map(Json)
}

/// Ends what goes on.
#[utoipa::path(
    post,
    path = "/contexts/{id}/end",
    request_body = EndContextBody,
    params(("id" = ContextId, Path)),
    responses((status = 200, body = OperationalContext))
)]
async fn end(caller: Caller, Path(id): Path<String>, sent: Decision<EndContextBody>) -> Answer<OperationalContext> {
    let (id, (body, once)) = (named::<ContextId>(&id, "mark")?, sent.of(&caller.principal));
    let end = async { Ok(caller.service.end_context(id, body.at, caller.principal.name.clone()).await?) };
    caller.once(once, end).await.map(Json)
}

/// The audit trail of decisions, newest first.
#[utoipa::path(
    get,
    path = "/audit",
    params(("limit" = Option<usize>, Query, minimum = 1, maximum = 10_000)),
    responses((status = 200, body = Listed<AuditEntry>))
)]
async fn audit(caller: Caller, mut parameters: Parameters) -> Answer<Listed<AuditEntry>> {
    let limit = parameters.take::<usize>("limit")?.unwrap_or(PAGE).clamp(1, 10_000);
    parameters.done()?;
    answered(caller.service.audit(limit).await.map(Listed::whole))
}

/// Who decided and who was assigned, the most recent first.
#[utoipa::path(
    get,
    path = "/people",
    responses((status = 200, body = Listed<Tainted>))
)]
async fn people(caller: Caller) -> Answer<Listed<Tainted>> {
    answered(caller.service.people().await.map(Listed::whole))
}
