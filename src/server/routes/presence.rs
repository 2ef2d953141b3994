//! Who looks at what now.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::listing::Slice;
use crate::api::{Code, Done, Listed, Part, PresenceBody, Problem};
use crate::server::Shared;
use crate::server::answer::{Answer, Failure, answered};
use crate::server::auth::Caller;
use crate::server::body::Body;
use crate::service::{Looker, Looking};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(looking, look))
}

/// Who looks at which drift now, as far as it was told within the last minute.
#[utoipa::path(
    get,
    path = "/presence",
    params(Part),
    responses((status = 200, body = Listed<Looking>), (status = 404))
)]
async fn looking(State(shared): State<Shared>, caller: Caller, slice: Slice) -> Answer<Listed<Looking>> {
    is_on(&shared)?;
    let all = caller.service.looking().await;
    answered(all.map(|all| slice.of(all, |looking| looking.screen.to_string())))
}

/// Tells the others of the organisation, as far as they may see the drift, that I look at it; forgotten after a minute.
#[utoipa::path(post, path = "/presence", request_body = PresenceBody, responses((status = 200, body = Done), (status = 404)))]
async fn look(State(shared): State<Shared>, caller: Caller, Body(body): Body<PresenceBody>) -> Answer<Done> {
    is_on(&shared)?;
    let looker = Looker { who: caller.principal.name.clone(), screen: body.screen };
    answered(caller.service.look(looker, body.drift).await.map(|()| Done::new("told")))
}

fn is_on(shared: &Shared) -> Result<(), Failure> {
    match shared.limits.presence {
        true => Ok(()),
        false => Err(Problem::new(
            Code::NotFound,
            "this server does not tell who looks at what: `presence` is off in the [server] table of its configuration",
        )
        .into()),
    }
}
