//! Users and service accounts; for admins, and everybody for what is his own.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};

use super::super::parameters::Parameters;
use super::{Clerk, Own, in_background, json};
use crate::accounts::{LockedOut, User, UserEdit};
use crate::api::{Done, Listed, NewUser, PasswordBody};
use crate::server::Shared;
use crate::server::answer::{Answer, Failure};
use crate::server::body::Body;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/users", get(list).post(create))
        .route("/users/{username}", get(one).put(edit).patch(edit).delete(deactivate))
        .route("/users/{username}/password", post(password))
        .route("/lockouts", get(lockouts))
}

async fn list(clerk: Clerk, parameters: Parameters) -> Answer<Listed<User>> {
    let of = clerk.organization(parameters)?;
    json(clerk.ask(move |registry, by| registry.users(by, &of)).await.map(Listed::whole))
}

async fn create(
    clerk: Clerk,
    parameters: Parameters,
    Body(body): Body<NewUser>,
) -> Result<(StatusCode, axum::Json<User>), Failure> {
    let of = clerk.organization(parameters)?;
    let made = clerk.ask(move |registry, by| {
        let (username, password) = (body.username.clone(), body.password.clone());
        registry.create_user(by, &of, &username, &body.edit(), password.as_deref())
    });
    Ok((StatusCode::CREATED, axum::Json(made.await?)))
}

async fn one(clerk: Clerk, Path(username): Path<String>, parameters: Parameters) -> Answer<User> {
    let of = clerk.organization(parameters)?;
    json(clerk.ask(move |registry, by| registry.user(by, &of, &username)).await)
}

async fn edit(
    clerk: Clerk,
    Path(username): Path<String>,
    parameters: Parameters,
    Body(body): Body<UserEdit>,
) -> Answer<User> {
    let of = clerk.organization(parameters)?;
    json(clerk.ask(move |registry, by| registry.edit_user(by, &of, &username, &body)).await)
}

/// What was done by him stays done by him: he is out, and is not deleted.
async fn deactivate(clerk: Clerk, Path(username): Path<String>, parameters: Parameters) -> Answer<User> {
    let of = clerk.organization(parameters)?;
    let edit = UserEdit { is_active: Some(false), ..UserEdit::default() };
    json(clerk.ask(move |registry, by| registry.edit_user(by, &of, &username, &edit)).await)
}

/// Ends all sessions of the user.
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

async fn lockouts(clerk: Clerk, parameters: Parameters) -> Answer<Listed<LockedOut>> {
    let of = clerk.organization(parameters)?;
    let Own { by, desk, .. } = clerk.0;
    json(in_background(move || desk.locked_out(&by, &of)).await.map(Listed::whole))
}
