//! Users and service accounts; for admins, and everybody for what is his own.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::parameters::Parameters;
use super::{Clerk, Own, in_background, json};
use crate::accounts::{LockedOut, User, UserEdit};
use crate::api::{Done, Listed, NewUser, Part, PasswordBody};
use crate::drift::Slug;
use crate::server::Shared;
use crate::server::answer::{Answer, Failure};
use crate::server::body::Decision;
use crate::server::once::Named;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(one, edit, deactivate))
        .routes(routes!(password))
        .routes(routes!(lockouts))
}

/// Users and service accounts.
#[utoipa::path(
    get,
    path = "/users",
    params(("organization" = Option<Slug>, Query, description = "Another one than your own, of which you are admin."), Part),
    responses((status = 200, body = Listed<User>), (status = 404))
)]
async fn list(clerk: Clerk, parameters: Parameters) -> Answer<Listed<User>> {
    let (of, slice) = clerk.listed(parameters)?;
    let users = clerk.ask(move |registry, by| registry.users(by, &of)).await?;
    Ok(Json(slice.of(users, |user| user.username.raw().to_lowercase())))
}

/// Makes a user, or a service account when `kind` says so.
#[utoipa::path(
    post,
    path = "/users",
    request_body = NewUser,
    params(("organization" = Option<Slug>, Query, description = "Another one than your own, of which you are admin.")),
    responses((status = 201, body = User), (status = 404))
)]
async fn create(clerk: Clerk, parameters: Parameters, sent: Decision<NewUser>) -> Result<Response, Failure> {
    let ((body, once), of) = (sent.of(&clerk.0.principal), clerk.organization(parameters)?);
    body.is_whole()?;
    let made = clerk.write(once, StatusCode::CREATED, move |registry, by| {
        let (username, password) = (body.username.clone(), body.password.clone());
        registry.create_user(by, &of, &username, &body.edit(), password.as_deref())
    });
    made.await
}

/// A user.
#[utoipa::path(
    get,
    path = "/users/{username}",
    params(("username" = String, Path), ("organization" = Option<Slug>, Query, description = "Another one than your own, of which you are admin.")),
    responses((status = 200, body = User))
)]
async fn one(clerk: Clerk, Path(username): Path<String>, parameters: Parameters) -> Answer<User> {
    let of = clerk.organization(parameters)?;
    json(clerk.ask(move |registry, by| registry.user(by, &of, &username)).await)
}

/// Changes what is named, and leaves the rest.
#[utoipa::path(
    method(put, patch),
    path = "/users/{username}",
    request_body = UserEdit,
    params(("username" = String, Path), ("organization" = Option<Slug>, Query, description = "Another one than your own, of which you are admin.")),
    responses((status = 200, body = User))
)]
async fn edit(
    clerk: Clerk,
    Path(username): Path<String>,
    parameters: Parameters,
    sent: Decision<UserEdit>,
) -> Result<Response, Failure> {
    let ((body, once), of) = (sent.of(&clerk.0.principal), clerk.organization(parameters)?);
    clerk.write(once, StatusCode::OK, move |registry, by| registry.edit_user(by, &of, &username, &body)).await
}

/// Puts a user out.
///
/// What was done by him stays done by him: he is out, and is not deleted.
#[utoipa::path(
    delete,
    path = "/users/{username}",
    params(("username" = String, Path), ("organization" = Option<Slug>, Query, description = "Another one than your own, of which you are admin."), ("expected_version" = Option<u64>, Query, description = "The version that was looked at.")),
    responses((status = 200, body = User), (status = 409))
)]
async fn deactivate(
    clerk: Clerk,
    Path(username): Path<String>,
    mut parameters: Parameters,
    sent: Named,
) -> Result<Response, Failure> {
    let expected_version = parameters.take("expected_version")?;
    let (once, of) = (sent.of(&clerk.0.principal), clerk.organization(parameters)?);
    let edit = UserEdit { is_active: Some(false), expected_version, ..UserEdit::default() };
    clerk.write(once, StatusCode::OK, move |registry, by| registry.edit_user(by, &of, &username, &edit)).await
}

/// Sets a password.
///
/// Ends all sessions of the user.
#[utoipa::path(
    post,
    path = "/users/{username}/password",
    request_body = PasswordBody,
    params(("username" = String, Path), ("organization" = Option<Slug>, Query, description = "Another one than your own, of which you are admin.")),
    responses((status = 200, body = Done))
)]
async fn password(
    own: Own,
    Path(username): Path<String>,
    parameters: Parameters,
    sent: Decision<PasswordBody>,
) -> Result<Response, Failure> {
    let ((body, once), of) = (sent.of(&own.principal), own.organization(parameters)?);
    let set = own.write(once, StatusCode::OK, move |registry, by| {
        registry.set_password(by, &of, &username, &body.password, body.current_password.as_deref())?;
        Ok(Done::new("password_set"))
    });
    set.await
}

/// Who must wait before the next try, because somebody guessed.
#[utoipa::path(
    get,
    path = "/lockouts",
    params(("organization" = Option<Slug>, Query, description = "Another one than your own, of which you are admin."), Part),
    responses((status = 200, body = Listed<LockedOut>), (status = 404))
)]
async fn lockouts(clerk: Clerk, parameters: Parameters) -> Answer<Listed<LockedOut>> {
    let (of, slice) = clerk.listed(parameters)?;
    let Own { by, desk, .. } = clerk.0;
    let all = in_background(move || desk.locked_out(&by, &of)).await?;
    Ok(Json(slice.of(all, |one| one.username.raw().to_lowercase())))
}
