//! The server: [`service`](crate::service) over HTTP, for those who may.
//!
//! A request is admitted first ([`auth`]): who it is decides which organisation's service answers ([`houses`]), so that there is
//! no way to name what belongs to another one. Handlers are thin: parameters in, one call, the vocabulary's JSON out.

mod answer;
mod auth;
mod body;
mod feed;
mod health;
mod houses;
mod routes;
mod run;
mod tls;

pub use auth::{Admission, Gatekeeper, Principal, Tokens};
pub use houses::{House, Houses};
pub use run::{Options, ServeError, Serving, serve};
pub use tls::{Certificate, TlsError};

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

/// What every handler has.
#[derive(Clone)]
struct Shared {
    gatekeeper: Arc<dyn Gatekeeper>,
    houses: Arc<Houses>,
    /// The server is leaving: who listens is sent home.
    leaving: CancellationToken,
}
