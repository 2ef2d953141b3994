//! What goes on around drift, who was there, and what was decided.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::Path;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::listing::{Slice, oldest_first};
use super::parameters::{Parameters, named};
use crate::api::{ContextBody, EndContextBody, Listed, Part, Problem};
use crate::drift::{AuditEntry, ContextId, ContextRequest, OperationalContext, Slug};
use crate::safety::{Tainted, is_seen};
use crate::server::Shared;
use crate::server::answer::Answer;
use crate::server::auth::Caller;
use crate::server::body::Decision;
use crate::service::ServiceError;

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
    params(("from" = Timestamp, Query), ("until" = Timestamp, Query), ("environment" = Option<Vec<Slug>>, Query, explode = false), Part),
    responses((status = 200, body = Listed<OperationalContext>))
)]
async fn contexts(caller: Caller, mut parameters: Parameters) -> Answer<Listed<OperationalContext>> {
    let slice = Slice::take(&mut parameters)?;
    let request = ContextRequest {
        from: parameters.need("from")?,
        until: parameters.need("until")?,
        environments: parameters.environments()?,
        limit: ContextRequest::MOST,
    };
    parameters.done()?;
    let all = all_of(&caller, request).await?;
    Ok(Json(slice.of(all, |one| format!("{}{}", oldest_first(one.time_window.from), one.id))))
}

/// However many there are: they are told the newest first, so many at once.
async fn all_of(caller: &Caller, mut request: ContextRequest) -> Result<Vec<OperationalContext>, ServiceError> {
    let mut all: BTreeMap<ContextId, OperationalContext> = BTreeMap::new();
    loop {
        let known = all.len();
        let found = caller.service.contexts(request.clone()).await?;
        let is_last = found.len() < ContextRequest::MOST;
        let oldest = found.iter().map(|one| one.time_window.from).min();
        all.extend(found.into_iter().map(|one| (one.id, one)));
        match oldest.filter(|oldest| !is_last && all.len() > known && *oldest > request.from) {
            Some(oldest) => request.until = oldest,
            None => return Ok(all.into_values().collect()),
        }
    }
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
    fits(&context)?;
    let put = async {
        caller.service.put_context(context.clone(), caller.principal.name.clone()).await?;
        Ok(context)
    };
    caller.once(once, put).await.map(Json)
}

fn fits(context: &OperationalContext) -> Result<(), Problem> {
    let window = &context.time_window;
    if let Some(to) = window.to.filter(|to| *to < window.from) {
        let message = format!("{to} is before it begins, at {}", window.from);
        return Err(Problem::of_field("context.time_window.to", message));
    }
    if !is_seen(context.context_data.title.raw()) {
        return Err(Problem::of_field("context.context_data.title", "a mark needs a text that is seen"));
    }
    Ok(())
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
    params(("from" = Option<Timestamp>, Query), ("until" = Option<Timestamp>, Query), Part),
    responses((status = 200, body = Listed<AuditEntry>))
)]
async fn audit(caller: Caller, mut parameters: Parameters) -> Answer<Listed<AuditEntry>> {
    let slice = Slice::take(&mut parameters)?;
    let request = slice.of_trail(&mut parameters)?;
    parameters.done()?;
    let found = caller.service.audit_between(request).await?;
    Ok(Json(slice.found(found, |entry| entry.seq.to_string())))
}

/// Who decided and who was assigned, by name.
#[utoipa::path(
    get,
    path = "/people",
    params(Part),
    responses((status = 200, body = Listed<Tainted>))
)]
async fn people(caller: Caller, slice: Slice) -> Answer<Listed<Tainted>> {
    // Not the most recent first, which no cursor could hold on to: each decision moves somebody.
    let people = caller.service.people().await?;
    Ok(Json(slice.of(people, |name| format!("{}\n{}", name.raw().to_lowercase(), name.raw()))))
}
