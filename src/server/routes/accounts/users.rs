//! Users and service accounts; for admins, and everybody for what is his own.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::parameters::Parameters;
use super::{Clerk, Own, in_background, json};
use crate::accounts::{LockedOut, User, UserEdit};
use crate::api::{Done, Listed, NewUser, Part, PasswordBody};
use crate::drift::Slug;
use crate::server::Shared;
use crate::server::answer::{Answer, Failure};
use crate::server::body::Body;

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
async fn create(
    clerk: Clerk,
    parameters: Parameters,
    Body(body): Body<NewUser>,
) -> Result<(StatusCode, axum::Json<User>), Failure> {
    let of = clerk.organization(parameters)?;
    body.is_whole()?;
    let made = clerk.ask(move |registry, by| {
        let (username, password) = (body.username.clone(), body.password.clone());
        registry.create_user(by, &of, &username, &body.edit(), password.as_deref())
    });
    Ok((StatusCode::CREATED, axum::Json(made.await?)))
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
    Body(body): Body<UserEdit>,
) -> Answer<User> {
    let of = clerk.organization(parameters)?;
    json(clerk.ask(move |registry, by| registry.edit_user(by, &of, &username, &body)).await)
}

/// Puts a user out.
///
/// What was done by him stays done by him: he is out, and is not deleted.
#[utoipa::path(
    delete,
    path = "/users/{username}",
    params(("username" = String, Path), ("organization" = Option<Slug>, Query, description = "Another one than your own, of which you are admin.")),
    responses((status = 200, body = User), (status = 409))
)]
async fn deactivate(clerk: Clerk, Path(username): Path<String>, parameters: Parameters) -> Answer<User> {
    let of = clerk.organization(parameters)?;
    let edit = UserEdit { is_active: Some(false), ..UserEdit::default() };
    json(clerk.ask(move |registry, by| registry.edit_user(by, &of, &username, &edit)).await)
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
    Body(body): Body<PasswordBody>,
) -> Answer<Done> {
    let of = own.organization(parameters)?;
    let set = own.ask(move |registry, by| {
        registry.set_password(by, &of, &username, &body.password, body.current_password.as_deref())
    });
    json(set.await.map(|()| Done::new("password_set")))
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
