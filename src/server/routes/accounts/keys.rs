//! API keys. Whoever has logged in lists, makes and ends his own, whatever his role; those of others are for admins. A key makes none.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::parameters::{Parameters, named};
use super::{Clerk, Own, json};
use crate::accounts::{ApiKey, KeyId};
use crate::api::{KeyBody, KeyMade, Listed, Part};
use crate::drift::Slug;
use crate::server::Shared;
use crate::server::answer::{Answer, Failure};
use crate::server::body::Body;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// API keys, without what is secret of them.
#[utoipa::path(
    get,
    path = "/api-keys",
    params(("organization" = Option<Slug>, Query, description = "Another one than your own, of which you are admin."), Part),
    responses((status = 200, body = Listed<ApiKey>), (status = 404))
)]
async fn list(clerk: Clerk, parameters: Parameters) -> Answer<Listed<ApiKey>> {
    let (of, slice) = clerk.listed(parameters)?;
    let keys = clerk.ask(move |registry, by| registry.api_keys(by, &of)).await?;
    Ok(Json(slice.of(keys, |key| key.id.to_string())))
}

/// Makes an API key. Its secret is in this answer and nowhere else.
#[utoipa::path(
    post,
    path = "/api-keys",
    request_body = KeyBody,
    params(("organization" = Option<Slug>, Query, description = "Another one than your own, of which you are admin.")),
    responses((status = 201, body = KeyMade), (status = 404))
)]
async fn create(
    own: Own,
    parameters: Parameters,
    Body(body): Body<KeyBody>,
) -> Result<(StatusCode, Json<KeyMade>), Failure> {
    let of = own.organization(parameters)?;
    let username = body.username.clone().unwrap_or_else(|| own.principal.name.raw().to_owned());
    let made = own.ask(move |registry, by| registry.create_key(by, &of, &username, &body.new_key()));
    let (key, secret) = made.await?;
    Ok((StatusCode::CREATED, Json(KeyMade { key, secret: secret.reveal().to_owned() })))
}

/// Ends an API key.
#[utoipa::path(
    delete,
    path = "/api-keys/{id}",
    params(("id" = KeyId, Path), ("organization" = Option<Slug>, Query, description = "Another one than your own, of which you are admin.")),
    responses((status = 200, body = ApiKey), (status = 409))
)]
async fn revoke(own: Own, Path(id): Path<String>, parameters: Parameters) -> Answer<ApiKey> {
    let (of, id) = (own.organization(parameters)?, named::<KeyId>(&id, "API key")?);
    json(own.ask(move |registry, by| registry.revoke_key(by, &of, id)).await)
}
