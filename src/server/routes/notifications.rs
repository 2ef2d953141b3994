//! What somebody should know, who knows it, and what became of telling it elsewhere.

use axum::Json;
use axum::extract::Path;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::listing::Slice;
use super::parameters::{Parameters, named};
use crate::api::{Code, Done, Listed, Part, Problem, ReadBody};
use crate::drift::{Notification, NotificationId, NotificationRequest};
use crate::server::Shared;
use crate::server::answer::{Answer, Failure, answered};
use crate::server::auth::{Caller, Reader};
use crate::server::body::Decision;
use crate::server::once::Named;
use crate::service::ServiceError;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(one))
        .routes(routes!(read))
        .routes(routes!(read_all))
        .routes(routes!(resend))
}

/// Notifications, newest first: a drift of enough severity opened, or opened again.
///
/// What was read is kept for each who reads.
#[utoipa::path(
    get,
    path = "/notifications",
    params(("unread" = Option<bool>, Query, description = "Only what whoever asks has not read."), Part),
    responses((status = 200, body = Listed<Notification>))
)]
async fn list(caller: Caller, mut parameters: Parameters) -> Answer<Listed<Notification>> {
    let unread = parameters.take::<bool>("unread")?.unwrap_or(false);
    let slice = Slice::take(&mut parameters)?;
    parameters.done()?;
    let unread_by = unread.then(|| caller.principal.name.clone());
    let request = NotificationRequest { unread_by, ..slice.of_notifications()? };
    let found = caller.service.notifications(request).await?;
    Ok(Json(slice.found(found, |one| one.id.to_string())))
}

/// One notification.
#[utoipa::path(
    get,
    path = "/notifications/{id}",
    params(("id" = NotificationId, Path)),
    responses((status = 200, body = Notification))
)]
async fn one(caller: Caller, Path(id): Path<String>) -> Answer<Notification> {
    answered(caller.service.notification(named(&id, "notification")?).await)
}

/// I have read it. For every role: it is one's own.
#[utoipa::path(
    post,
    path = "/notifications/{id}/read",
    params(("id" = NotificationId, Path)),
    responses((status = 200, body = Notification))
)]
async fn read(Reader(caller): Reader, Path(id): Path<String>, sent: Named) -> Answer<Notification> {
    let (id, once) = (named(&id, "notification")?, sent.of(&caller.principal));
    let read = async { Ok(caller.service.read_notification(id, caller.principal.name.clone()).await?) };
    caller.once(once, read).await.map(Json)
}

/// I have read this one and all that are older. For every role: it is one's own.
#[utoipa::path(
    post,
    path = "/notifications/read",
    request_body = ReadBody,
    responses((status = 200, body = Done), (status = 404))
)]
async fn read_all(Reader(caller): Reader, sent: Decision<ReadBody>) -> Answer<Done> {
    let (ReadBody { until }, once) = sent.of(&caller.principal);
    let read = async {
        caller.service.read_notifications(until, caller.principal.name.clone()).await?;
        Ok(Done::new("read"))
    };
    caller.once(once, read).await.map(Json)
}

/// Sends it once more, to every channel that is configured for its environment.
#[utoipa::path(
    post,
    path = "/notifications/{id}/resend",
    params(("id" = NotificationId, Path)),
    responses((status = 200, body = Notification), (status = 409, description = "No channel is configured."))
)]
async fn resend(caller: Caller, Path(id): Path<String>, sent: Named) -> Answer<Notification> {
    let (id, once) = (named::<NotificationId>(&id, "notification")?, sent.of(&caller.principal));
    let resend = async {
        let resent = caller.service.resend_notification(id).await;
        resent.map_err(|error| match error {
            ServiceError::Invalid(why) => Failure(Problem::new(Code::Conflict, why)),
            other => other.into(),
        })
    };
    caller.once(once, resend).await.map(Json)
}
