//! Sessions: one's own, and for admins those of the organisation.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::parameters::{Parameters, named};
use super::{Clerk, Own};
use crate::accounts::{Session, SessionId};
use crate::api::{Done, Listed, Part};
use crate::drift::Slug;
use crate::server::Shared;
use crate::server::answer::{Answer, Failure};
use crate::server::once::Named;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(end))
}

/// Sessions.
#[utoipa::path(
    get,
    path = "/sessions",
    params(("organization" = Option<Slug>, Query, description = "Another one than your own, of which you are admin."), Part),
    responses((status = 200, body = Listed<Session>), (status = 404))
)]
async fn list(clerk: Clerk, parameters: Parameters) -> Answer<Listed<Session>> {
    let (of, slice) = clerk.listed(parameters)?;
    let sessions = clerk.ask(move |registry, by| registry.sessions(by, &of)).await?;
    Ok(Json(slice.of(sessions, |session| session.id.to_string())))
}

/// Ends a session.
#[utoipa::path(
    delete,
    path = "/sessions/{id}",
    params(("id" = SessionId, Path), ("organization" = Option<Slug>, Query, description = "Another one than your own, of which you are admin.")),
    responses((status = 200, body = Done), (status = 409))
)]
async fn end(own: Own, Path(id): Path<String>, parameters: Parameters, sent: Named) -> Result<Response, Failure> {
    let once = sent.of(&own.principal);
    let (of, id) = (own.organization(parameters)?, named::<SessionId>(&id, "session")?);
    let end = own.write(once, StatusCode::OK, move |registry, by| {
        registry.end_session(by, &of, id)?;
        Ok(Done::new("ended"))
    });
    end.await
}
