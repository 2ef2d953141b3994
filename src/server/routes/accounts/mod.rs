//! Who may come in, and what they may do. Every handler is one call of the [registry](crate::accounts::Registry): that says who may,
//! and records it.

mod export;
mod keys;
mod login;
mod organizations;
mod reference;
mod sessions;
mod trail;
mod users;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;

use super::listing::Slice;
use super::parameters::Parameters;
use crate::accounts::{self, AccountsError, By, Desk, Registry};
use crate::api::{Code, Problem};
use crate::drift::{Once, Slug};
use crate::server::answer::{Answer, Failure};
use crate::server::auth::{Guest, Principal};
use crate::server::once::Written;
use crate::server::{Shared, asked};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(login::routes())
        .merge(organizations::routes())
        .merge(users::routes())
        .merge(keys::routes())
        .merge(sessions::routes())
        .merge(trail::routes())
        .merge(reference::routes())
}

/// The desk, of a server that has accounts.
pub(super) fn desk(shared: &Shared) -> Result<Desk, Failure> {
    let none = || Problem::new(Code::NotFound, "this server has no accounts, only tokens of its own");
    Ok(shared.gatekeeper.desk().cloned().ok_or_else(none)?)
}

/// Somebody who wants what is his own: whatever the role, the registry says what that is.
#[derive(Clone)]
pub(super) struct Own {
    pub(super) principal: Principal,
    by: By,
    desk: Desk,
}

/// Somebody whose role is enough for the method; the registry may ask for more.
#[derive(Clone)]
pub(super) struct Clerk(Own);

impl FromRequestParts<Shared> for Own {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Failure> {
        let guest = Guest::from_request_parts(parts, shared).await?;
        asked::query(parts)?;
        Self::of(guest, shared)
    }
}

impl FromRequestParts<Shared> for Clerk {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Failure> {
        let guest = Guest::from_request_parts(parts, shared).await?;
        guest.hold_to_role(&parts.method).await?;
        asked::query(parts)?;
        Own::of(guest, shared).map(Self)
    }
}

impl Own {
    fn of(guest: Guest, shared: &Shared) -> Result<Self, Failure> {
        let desk = desk(shared)?;
        let by = By::principal(&guest.principal, guest.address);
        Ok(Self { principal: guest.principal, by, desk })
    }

    /// The registry may wait for a disk or a network: not on a thread that answers others.
    pub(super) async fn ask<T: Send + 'static>(
        self,
        ask: impl FnOnce(&Registry, &By) -> accounts::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let Self { by, desk, .. } = self;
        in_background(move || ask(desk.registry(), &by)).await
    }

    /// As [`Own::ask`], of a write: what was done under this name is answered again.
    pub(super) async fn write<T: Serialize + Send + 'static>(
        self,
        once: Option<Once>,
        status: StatusCode,
        ask: impl FnOnce(&Registry, &By) -> accounts::Result<T> + Send + 'static,
    ) -> Result<Response, Failure> {
        let Self { by, desk, .. } = self;
        let by = by.under(once);
        let done = in_background(move || {
            let registry = desk.registry();
            if let Some(answer) = registry.answered(&by)? {
                return Ok(Written::Before(answer));
            }
            match ask(registry, &by) {
                // By another request, meanwhile.
                Err(AccountsError::Repeated) => {
                    registry.answered(&by)?.map(Written::Before).ok_or(AccountsError::Repeated)
                }
                done => done.map(Written::Now),
            }
        });
        Ok(done.await?.response(status))
    }

    /// The organisation a parameter names, and what part of a list is wanted.
    pub(super) fn listed(&self, mut parameters: Parameters) -> Result<(Slug, Slice), Failure> {
        let slice = Slice::take(&mut parameters)?;
        Ok((self.organization(parameters)?, slice))
    }

    /// The organisation a parameter names; one's own without it.
    pub(super) fn organization(&self, mut parameters: Parameters) -> Result<Slug, Failure> {
        let own = self.principal.organisation.clone();
        let named = parameters.take::<String>("organization")?;
        parameters.done()?;
        named.map_or(Ok(own), |text| organization(&text))
    }
}

impl Clerk {
    pub(super) async fn ask<T: Send + 'static>(
        self,
        ask: impl FnOnce(&Registry, &By) -> accounts::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        self.0.ask(ask).await
    }

    pub(super) async fn write<T: Serialize + Send + 'static>(
        self,
        once: Option<Once>,
        status: StatusCode,
        ask: impl FnOnce(&Registry, &By) -> accounts::Result<T> + Send + 'static,
    ) -> Result<Response, Failure> {
        self.0.write(once, status, ask).await
    }

    pub(super) fn organization(&self, parameters: Parameters) -> Result<Slug, Failure> {
        self.0.organization(parameters)
    }

    pub(super) fn listed(&self, parameters: Parameters) -> Result<(Slug, Slice), Failure> {
        self.0.listed(parameters)
    }
}

pub(super) async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> accounts::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    let lost = || Problem::new(Code::Unavailable, "the server could not look at this now");
    let done = tokio::task::spawn_blocking(work).await.map_err(|_| lost())?;
    Ok(done.map_err(Problem::from)?)
}

/// What is no slug names nothing.
pub(super) fn organization(text: &str) -> Result<Slug, Failure> {
    let missing = || Problem::new(Code::NotFound, format!("no organization '{}'", crate::safety::sanitise::line(text)));
    Ok(Slug::new(text).map_err(|_| missing())?)
}

pub(super) fn json<T>(answer: Result<T, Failure>) -> Answer<T> {
    answer.map(Json)
}
