//! Coming in, staying, and leaving.

use axum::extract::{FromRequestParts, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::routing::post;
use axum::{Json, Router};

use super::{Own, desk};
use crate::accounts::{Login, Peer, TokenPair};
use crate::api::{Done, RefreshBody};
use crate::server::Shared;
use crate::server::answer::{Answer, Failure};
use crate::server::auth::address;
use crate::server::body::Body;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/auth/login", post(login))
        .route("/auth/refresh", post(refresh))
        .route("/auth/logout", post(logout))
}

/// From where somebody comes who is nobody yet.
struct Stranger {
    address: Option<std::net::IpAddr>,
    user_agent: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Stranger {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self { address: address(parts), user_agent: agent.map(str::to_owned) })
    }
}

impl Stranger {
    fn peer(&self) -> Peer<'_> {
        Peer { address: self.address, user_agent: self.user_agent.as_deref() }
    }
}

async fn login(State(shared): State<Shared>, stranger: Stranger, Body(body): Body<Login>) -> Answer<TokenPair> {
    Ok(Json(desk(&shared)?.login(body, stranger.peer()).await?))
}

async fn refresh(State(shared): State<Shared>, stranger: Stranger, Body(body): Body<RefreshBody>) -> Answer<TokenPair> {
    Ok(Json(desk(&shared)?.refresh(body.refresh_token, stranger.peer()).await?))
}

async fn logout(own: Own, stranger: Stranger) -> Answer<Done> {
    own.desk.logout(own.principal, stranger.peer()).await?;
    Ok(Json(Done::new("logged_out")))
}
