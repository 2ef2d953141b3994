//! API keys. Whoever has logged in lists, makes and ends his own, whatever his role; those of others are for admins. A key makes none.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::parameters::{Parameters, named};
use super::{Clerk, Own};
use crate::accounts::{ApiKey, By, KeyId, Registry};
use crate::api::{KeyBody, KeyMade, Listed, Part};
use crate::drift::Slug;
use crate::server::Shared;
use crate::server::answer::{Answer, Failure};
use crate::server::body::Decision;
use crate::server::once::Named;

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
///
/// Sent again under the same key of idempotency, the answer is the key that was made, without its secret.
#[utoipa::path(
    post,
    path = "/api-keys",
    request_body = KeyBody,
    params(("organization" = Option<Slug>, Query, description = "Another one than your own, of which you are admin.")),
    responses((status = 201, body = KeyMade), (status = 404))
)]
async fn create(own: Own, parameters: Parameters, sent: Decision<KeyBody>) -> Result<Response, Failure> {
    let ((body, once), of) = (sent.of(&own.principal), own.organization(parameters)?);
    let username = body.username.clone().unwrap_or_else(|| own.principal.name.raw().to_owned());
    let make = move |registry: &Registry, by: &By| {
        let (key, secret) = registry.create_key(by, &of, &username, &body.new_key())?;
        Ok(KeyMade::new(key, secret.reveal()))
    };
    own.write(once, StatusCode::CREATED, make).await
}

/// Ends an API key.
#[utoipa::path(
    delete,
    path = "/api-keys/{id}",
    params(("id" = KeyId, Path), ("organization" = Option<Slug>, Query, description = "Another one than your own, of which you are admin."), ("expected_version" = Option<u64>, Query, description = "The version that was looked at.")),
    responses((status = 200, body = ApiKey), (status = 409))
)]
async fn revoke(
    own: Own,
    Path(id): Path<String>,
    mut parameters: Parameters,
    sent: Named,
) -> Result<Response, Failure> {
    let expected: Option<u64> = parameters.take("expected_version")?;
    let once = sent.of(&own.principal);
    let (of, id) = (own.organization(parameters)?, named::<KeyId>(&id, "API key")?);
    own.write(once, StatusCode::OK, move |registry, by| registry.revoke_key(by, &of, id, expected)).await
}
