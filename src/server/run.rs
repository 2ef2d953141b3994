//! Listening, and leaving in order.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Uri;
use axum::middleware::from_fn_with_state;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use super::answer::Failure;
use super::hosts::Hosts;
use super::listen::Door;
use super::metrics::Metrics;
use super::rate::Rates;
use super::tls::{self, TlsError};
use super::{Gatekeeper, Houses, Options, Shared, guards, log, routes};
use crate::api::{self, Code, Problem};

/// Why it does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(
        "{0} can be reached from other machines: passwords and tokens would cross the network in clear. Give a certificate \
         (--tls-cert, --tls-key), or listen on 127.0.0.1 behind a proxy that has one"
    )]
    Clear(SocketAddr),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("cannot listen on {0}: {1}. Choose another address with --listen, or end what holds it")]
    Listen(SocketAddr, std::io::Error),
}

/// A server that listens; it answers while [`run`](Self::run) runs.
pub struct Serving {
    listener: TcpListener,
    door: Door,
    pub address: SocketAddr,
}

/// Takes the address, so that whoever is told of it can connect.
///
/// # Errors
/// When the address cannot be had.
pub async fn serve(options: &Options, gatekeeper: Arc<dyn Gatekeeper>, houses: Houses) -> Result<Serving, ServeError> {
    let is_local = options.listen.ip().is_loopback();
    if options.certificate.is_none() && !is_local {
        return Err(ServeError::Clear(options.listen));
    }
    let acceptor = options.certificate.as_ref().map(tls::acceptor).transpose()?;
    let failed = |error| ServeError::Listen(options.listen, error);
    let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let (leaving, metrics) = (CancellationToken::new(), Metrics::new());
    let limits = Arc::new(options.limits.clone());
    let shared = Shared {
        gatekeeper,
        houses: Arc::new(houses),
        leaving: leaving.clone(),
        rates: Arc::new(Rates::new(&limits)),
        hosts: Arc::new(Hosts::new(&limits.hosts, is_local)),
        metrics: metrics.clone(),
        limits: Arc::clone(&limits),
        followers: Arc::default(),
        jobs: Arc::default(),
        hooks: options.hooks.clone(),
    };
    let (router, connections, closing) = (router(shared), metrics.connections, CancellationToken::new());
    let door = Door { acceptor, router, limits, connections, leaving, closing };
    Ok(Serving { listener, door, address })
}

impl Serving {
    /// Answers until `ended` is ready. What was begun by then is finished, within the time there is for it.
    ///
    /// # Errors
    /// None so far.
    pub async fn run(self, ended: impl Future<Output = ()> + Send + 'static) -> Result<(), ServeError> {
        let leaving = self.door.leaving.clone();
        let ending = tokio::spawn(async move {
            ended.await;
            leaving.cancel();
        });
        self.door.open(self.listener).await;
        ending.abort();
        Ok(())
    }
}

fn router(shared: Shared) -> Router {
    let (described, _) = routes::all().split_for_parts();
    let router = described
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_so)
        .layer(DefaultBodyLimit::max(api::BODY))
        .layer(from_fn_with_state(shared.clone(), guards::timely))
        .layer(from_fn_with_state(shared.clone(), guards::admitted));
    let router = match guards::pages(&shared.limits) {
        Some(pages) => router.layer(pages),
        None => router,
    };
    router
        .layer(CatchPanicLayer::custom(guards::fell))
        .layer(from_fn_with_state(shared.clone(), log::observed))
        .with_state(shared)
}

async fn nothing_here(uri: Uri) -> Failure {
    let path = uri.path();
    let message = match path.strip_prefix("/api/").and_then(|rest| rest.split('/').next()) {
        Some(version) if !path.starts_with(api::BASE) => {
            format!("there is no version {version:?} of the API here, only {}", api::BASE)
        }
        _ => "there is nothing at this path".to_owned(),
    };
    Problem::new(Code::NotFound, message).into()
}

async fn not_so() -> Failure {
    Problem::new(Code::NotAllowed, "this path does not take this method").into()
}
