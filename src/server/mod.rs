//! The server: [`service`](crate::service) over HTTP, for those who may.
//!
//! A connection is let in ([`listen`]), its request counted and named ([`log`]) and held to the limits ([`guards`]); then it is
//! admitted ([`auth`]): who it is decides which organisation's service answers ([`houses`]), so that there is no way to name what
//! belongs to another one. Handlers are thin: parameters in, one call, the vocabulary's JSON out.

mod answer;
mod asked;
mod auth;
mod body;
mod business;
mod facts;
mod feed;
mod follow;
mod guards;
mod health;
mod hooks;
mod hosts;
mod houses;
mod jobs;
mod listen;
mod log;
mod metrics;
mod once;
mod openapi;
mod options;
mod queues;
mod rate;
mod routes;
mod run;
mod slash;
mod stall;
mod tls;

pub use auth::{Admission, Gatekeeper, Principal, Tokens};
pub use hooks::{HookSpec, Hooks};
pub use houses::{House, Houses};
pub use openapi::document;
pub use options::{Limits, Options};
pub use run::{ServeError, Serving, serve};
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
    limits: Arc<Limits>,
    rates: Arc<rate::Rates>,
    hosts: Arc<hosts::Hosts>,
    metrics: metrics::Metrics,
    followers: Arc<follow::Followers>,
    jobs: Arc<jobs::Jobs>,
    hooks: Hooks,
}
