//! Who I am here, and what holds for me.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::{Capability, Greeting, Role};
use crate::server::Shared;
use crate::server::answer::Answer;
use crate::server::auth::Caller;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(greeting))
}

/// Who I am here, and what holds for me.
#[utoipa::path(
    get,
    path = "/session",
    responses((status = 200, body = Greeting))
)]
async fn greeting(State(shared): State<Shared>, caller: Caller) -> Answer<Greeting> {
    let Caller { principal, service, .. } = caller;
    let offered = Capability::ALL.into_iter().filter(|one| *one != Capability::Presence || shared.limits.presence);
    Ok(Json(Greeting {
        organisation: principal.organisation,
        name: principal.name,
        role: principal.role,
        read_only: service.read_only().or_else(|| looks_only(principal.role)),
        as_of: service.as_of(),
        require_reason: service.require_reason().shown(),
        server: env!("CARGO_PKG_VERSION").to_owned(),
        capabilities: Some(offered.map(|one| one.as_str().to_owned()).collect()),
    }))
}

/// Why somebody of this role cannot decide anything: keys that decide are off, and say this, before anything is asked.
fn looks_only(role: Role) -> Option<String> {
    let why = || "your role is viewer: an admin of your organisation can make you an editor".to_owned();
    (role < Role::Editor).then(why)
}
