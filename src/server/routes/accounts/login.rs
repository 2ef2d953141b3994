//! Coming in, staying, and leaving.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::header;
use axum::http::request::Parts;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Own, desk};
use crate::accounts::{Login, Peer, TokenPair};
use crate::api::{Done, RefreshBody};
use crate::server::answer::{Answer, Failure};
use crate::server::auth::address;
use crate::server::body::Body;
use crate::server::{Shared, asked};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(login)).routes(routes!(refresh)).routes(routes!(logout))
}

/// From where somebody comes who is nobody yet.
struct Stranger {
    address: Option<std::net::IpAddr>,
    user_agent: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Stranger {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        asked::query(parts)?;
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self { address: address(parts), user_agent: agent.map(str::to_owned) })
    }
}

impl Stranger {
    fn peer(&self) -> Peer<'_> {
        Peer { address: self.address, user_agent: self.user_agent.as_deref() }
    }
}

/// Name and password for tokens.
#[utoipa::path(
    post,
    path = "/auth/login",
    security(()),
    request_body = Login,
    responses((status = 200, body = TokenPair), (status = 401), (status = 404))
)]
async fn login(State(shared): State<Shared>, stranger: Stranger, Body(body): Body<Login>) -> Answer<TokenPair> {
    Ok(Json(desk(&shared)?.login(body, stranger.peer()).await?))
}

/// A refresh token for the next pair. One that was used before ends the session.
#[utoipa::path(
    post,
    path = "/auth/refresh",
    security(()),
    request_body = RefreshBody,
    responses((status = 200, body = TokenPair), (status = 401), (status = 404))
)]
async fn refresh(State(shared): State<Shared>, stranger: Stranger, Body(body): Body<RefreshBody>) -> Answer<TokenPair> {
    Ok(Json(desk(&shared)?.refresh(body.refresh_token, stranger.peer()).await?))
}

/// Ends the session.
#[utoipa::path(
    post,
    path = "/auth/logout",
    responses((status = 200, body = Done), (status = 404))
)]
async fn logout(own: Own, stranger: Stranger) -> Answer<Done> {
    own.desk.logout(own.principal, stranger.peer()).await?;
    Ok(Json(Done::new("logged_out")))
}
