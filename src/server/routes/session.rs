//! Who I am here, and what holds for me.

use axum::routing::get;
use axum::{Json, Router};

use crate::api::{Capability, Greeting};
use crate::server::Shared;
use crate::server::answer::Answer;
use crate::server::auth::Caller;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/session", get(greeting))
}

async fn greeting(caller: Caller) -> Answer<Greeting> {
    let Caller { principal, service } = caller;
    Ok(Json(Greeting {
        organisation: principal.organisation,
        name: principal.name,
        role: principal.role,
        read_only: service.read_only(),
        as_of: service.as_of(),
        require_reason: service.require_reason().shown(),
        server: env!("CARGO_PKG_VERSION").to_owned(),
        capabilities: Some(Capability::ALL.map(|one| one.as_str().to_owned()).to_vec()),
    }))
}
