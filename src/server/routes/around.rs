//! What goes on around drift, who was there, and what was decided.

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};

use super::parameters::{Parameters, named};
use crate::api::{ContextBody, EndContextBody, Listed, PAGE};
use crate::drift::{AuditEntry, ContextId, ContextRequest, OperationalContext};
use crate::safety::Tainted;
use crate::server::Shared;
use crate::server::answer::{Answer, answered};
use crate::server::auth::Caller;
use crate::server::body::Body;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/contexts", get(contexts).post(put))
        .route("/contexts/{id}/end", post(end))
        .route("/audit", get(audit))
        .route("/people", get(people))
}

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

async fn put(caller: Caller, Body(body): Body<ContextBody>) -> Answer<OperationalContext> {
    let context = body.context.clone();
    answered(caller.service.put_context(body.context, caller.principal.name.clone()).await.map(|()| context))
}

async fn end(caller: Caller, Path(id): Path<String>, Body(body): Body<EndContextBody>) -> Answer<OperationalContext> {
    let id = named::<ContextId>(&id, "mark")?;
    answered(caller.service.end_context(id, body.at, caller.principal.name.clone()).await)
}

async fn audit(caller: Caller, mut parameters: Parameters) -> Answer<Listed<AuditEntry>> {
    let limit = parameters.take::<usize>("limit")?.unwrap_or(PAGE).clamp(1, 10_000);
    parameters.done()?;
    answered(caller.service.audit(limit).await.map(Listed::whole))
}

async fn people(caller: Caller) -> Answer<Listed<Tainted>> {
    answered(caller.service.people().await.map(Listed::whole))
}
