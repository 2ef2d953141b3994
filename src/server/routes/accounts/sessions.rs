//! Sessions: one's own, and for admins those of the organisation.

use axum::Router;
use axum::extract::Path;
use axum::routing::{delete, get};

use super::super::parameters::{Parameters, named};
use super::{Clerk, Own, json};
use crate::accounts::{Session, SessionId};
use crate::api::{Done, Listed};
use crate::server::Shared;
use crate::server::answer::Answer;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/sessions", get(list)).route("/sessions/{id}", delete(end))
}

async fn list(clerk: Clerk, parameters: Parameters) -> Answer<Listed<Session>> {
    let of = clerk.organization(parameters)?;
    json(clerk.ask(move |registry, by| registry.sessions(by, &of)).await.map(Listed::whole))
}

async fn end(own: Own, Path(id): Path<String>, parameters: Parameters) -> Answer<Done> {
    let (of, id) = (own.organization(parameters)?, named::<SessionId>(&id, "session")?);
    json(own.ask(move |registry, by| registry.end_session(by, &of, id)).await.map(|()| Done::new("ended")))
}
