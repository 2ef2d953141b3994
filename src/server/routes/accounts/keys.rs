//! API keys: one's own, and for admins those of service accounts.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{delete, get};
use axum::{Json, Router};

use super::super::parameters::{Parameters, named};
use super::{Clerk, Own, json};
use crate::accounts::{ApiKey, KeyId};
use crate::api::{KeyBody, KeyMade, Listed};
use crate::server::Shared;
use crate::server::answer::{Answer, Failure};
use crate::server::body::Body;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/api-keys", get(list).post(create)).route("/api-keys/{id}", delete(revoke))
}

async fn list(clerk: Clerk, parameters: Parameters) -> Answer<Listed<ApiKey>> {
    let of = clerk.organization(parameters)?;
    json(clerk.ask(move |registry, by| registry.api_keys(by, &of)).await.map(Listed::whole))
}

async fn create(
    clerk: Clerk,
    parameters: Parameters,
    Body(body): Body<KeyBody>,
) -> Result<(StatusCode, Json<KeyMade>), Failure> {
    let of = clerk.organization(parameters)?;
    let own = clerk.0.principal.name.clone();
    let username = body.username.clone().unwrap_or_else(|| own.raw().to_owned());
    let made = clerk.ask(move |registry, by| registry.create_key(by, &of, &username, &body.new_key()));
    let (key, secret) = made.await?;
    Ok((StatusCode::CREATED, Json(KeyMade { key, secret: secret.reveal().to_owned() })))
}

async fn revoke(own: Own, Path(id): Path<String>, parameters: Parameters) -> Answer<ApiKey> {
    let (of, id) = (own.organization(parameters)?, named::<KeyId>(&id, "API key")?);
    json(own.ask(move |registry, by| registry.revoke_key(by, &of, id)).await)
}
