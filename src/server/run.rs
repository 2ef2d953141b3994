//! Listening, and leaving in order.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, Request, Uri};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use ulid::Ulid;

use super::answer::Failure;
use super::tls::{self, Certificate, Greeted, TlsError};
use super::{Gatekeeper, Houses, Shared, health, routes};
use crate::api::{self, Code, Problem};

/// Where and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Loopback unless somebody says otherwise.
    pub listen: SocketAddr,
    /// Without one only this machine is listened to.
    pub certificate: Option<Certificate>,
}

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
    #[error("the server stopped: {0}")]
    Stopped(std::io::Error),
}

/// A server that listens; it answers while [`run`](Self::run) runs.
pub struct Serving {
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    router: Router,
    leaving: CancellationToken,
    pub address: SocketAddr,
}

/// Takes the address, so that whoever is told of it can connect.
///
/// # Errors
/// When the address cannot be had.
pub async fn serve(options: &Options, gatekeeper: Arc<dyn Gatekeeper>, houses: Houses) -> Result<Serving, ServeError> {
    if options.certificate.is_none() && !options.listen.ip().is_loopback() {
        return Err(ServeError::Clear(options.listen));
    }
    let acceptor = options.certificate.as_ref().map(tls::acceptor).transpose()?;
    let failed = |error| ServeError::Listen(options.listen, error);
    let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let leaving = CancellationToken::new();
    let shared = Shared { gatekeeper, houses: Arc::new(houses), leaving: leaving.clone() };
    Ok(Serving { listener, acceptor, router: router(shared), leaving, address })
}

impl Serving {
    /// Answers until `ended` is ready; what was begun by then is finished.
    ///
    /// # Errors
    /// When the listener breaks.
    pub async fn run(self, ended: impl Future<Output = ()> + Send + 'static) -> Result<(), ServeError> {
        let Self { listener, acceptor, router, leaving, address } = self;
        let ended = async move {
            ended.await;
            leaving.cancel();
        };
        let served = match acceptor {
            None => axum::serve(listener, router).with_graceful_shutdown(ended).await,
            Some(acceptor) => {
                let greeted = Greeted::start(listener, acceptor, address);
                axum::serve(greeted, router).with_graceful_shutdown(ended).await
            }
        };
        served.map_err(ServeError::Stopped)
    }
}

fn router(shared: Shared) -> Router {
    Router::new()
        .route("/health/", get(health::live))
        .route("/health/ready", get(health::ready))
        .nest(api::BASE, routes::all())
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_so)
        .layer(middleware::from_fn(marked))
        .layer(DefaultBodyLimit::max(api::BODY))
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

/// Every answer says which request it answers, in which version.
async fn marked(request: Request<axum::body::Body>, next: Next) -> Response {
    let id = Ulid::generate().to_string();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static(api::REQUEST_ID_HEADER), id);
    }
    headers.insert(HeaderName::from_static(api::VERSION_HEADER), HeaderValue::from_static(api::VERSION));
    response
}
