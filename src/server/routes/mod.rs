//! The routes, one file a resource; each handler is one call of the service.

mod accounts;
mod around;
mod drifts;
mod environments;
mod parameters;
mod rules;
mod session;
mod triage;

use axum::Router;

use super::{Shared, follow};

/// Everything under [`BASE`](crate::api::BASE).
pub(super) fn all() -> Router<Shared> {
    Router::new()
        .merge(environments::routes())
        .merge(drifts::routes())
        .merge(triage::routes())
        .merge(rules::routes())
        .merge(around::routes())
        .merge(session::routes())
        .merge(accounts::routes())
        .route("/feed", axum::routing::get(follow::follow))
}
