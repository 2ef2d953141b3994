//! The routes, one file a resource; each handler is one call of the service. All of them are described: see [`super::openapi`].

mod accounts;
mod around;
mod drifts;
mod environments;
mod parameters;
mod rules;
mod session;
mod triage;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Shared, follow, health, openapi};
use crate::api::{BASE, Problem};

/// Everything there is.
pub(super) fn all() -> OpenApiRouter<Shared> {
    // Every answer may be one, and no handler names it.
    #[derive(utoipa::OpenApi)]
    #[openapi(components(schemas(Problem, crate::api::FeedEvent)))]
    struct Common;
    OpenApiRouter::with_openapi(<Common as utoipa::OpenApi>::openapi())
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
        .nest(BASE, versioned())
}

/// Everything under [`BASE`].
fn versioned() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(openapi::openapi))
        .merge(environments::routes())
        .merge(drifts::routes())
        .merge(triage::routes())
        .merge(rules::routes())
        .merge(around::routes())
        .merge(session::routes())
        .merge(accounts::routes())
        .routes(routes!(follow::follow))
}
