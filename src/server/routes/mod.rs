//! The routes, one file a resource; each handler is one call of the service. All of them are described: see [`super::openapi`].

mod accounts;
mod analysis;
mod analytics;
mod around;
mod correlations;
mod drifts;
mod environments;
mod hooks;
mod listing;
mod models;
mod notifications;
mod outcome;
mod parameters;
mod presence;
mod remediations;
mod rules;
mod session;
mod triage;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Shared, follow, health, openapi};
use crate::accounts::{KeyId, SessionId};
use crate::api::{BASE, Problem};
use crate::drift::query::{Group, GroupKey};
use crate::drift::{ContextId, DriftId, DriftType, RemediationId, RuleId, SeverityClass, Slug, State};
use crate::service::ServiceEvent;
use crate::store::{Cursor, Direction};

/// Everything there is.
pub(super) fn all() -> OpenApiRouter<Shared> {
    // What any answer may be, and the words of parameters: no handler's body or answer brings them along.
    #[derive(utoipa::OpenApi)]
    #[openapi(components(schemas(
        Problem,
        ServiceEvent,
        Cursor,
        Direction,
        Group,
        GroupKey,
        DriftType,
        SeverityClass,
        State,
        Slug,
        DriftId,
        RuleId,
        ContextId,
        RemediationId,
        KeyId,
        SessionId
    )))]
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
        .merge(analysis::routes())
        .merge(analytics::routes())
        .merge(models::routes())
        .merge(correlations::routes())
        .merge(rules::routes())
        .merge(around::routes())
        .merge(session::routes())
        .merge(presence::routes())
        .merge(outcome::routes())
        .merge(notifications::routes())
        .merge(hooks::routes())
        .merge(remediations::routes())
        .merge(accounts::routes())
        .routes(routes!(follow::follow))
}
