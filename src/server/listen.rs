//! Connections: so many at once, each with its address, none that dawdles, and all of them ended in order.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::metrics::Gauge;
use super::stall::Prompt;
use super::{Limits, slash};

/// For a whole handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Bytes of a request's head at most.
const HEAD: usize = 32 << 10;
const HEADERS: usize = 64;

/// What every connection is given.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) acceptor: Option<TlsAcceptor>,
    pub(super) router: Router,
    pub(super) limits: Arc<Limits>,
    pub(super) connections: Gauge,
    /// Ends what waits; what is under way goes on.
    pub(super) leaving: CancellationToken,
    /// Ends everything.
    pub(super) closing: CancellationToken,
}

impl Door {
    /// Lets in who comes until the server leaves; returns when the last of them is gone, or their time is over.
    pub(super) async fn open(self, mut listener: TcpListener) {
        let places = Arc::new(Semaphore::new(self.limits.connections));
        let coming = async {
            loop {
                // Whoever is one too many waits before the door.
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                let (stream, from) = Listener::accept(&mut listener).await;
                tokio::spawn(self.clone().greet(stream, from, place));
            }
        };
        self.leaving.run_until_cancelled(coming).await;
        drop(listener);
        let all = u32::try_from(self.limits.connections).unwrap_or(u32::MAX);
        if tokio::time::timeout(self.limits.drain, places.acquire_many(all)).await.is_err() {
            tracing::warn!("some requests were not answered before the server left");
        }
        self.closing.cancel();
    }

    async fn greet(self, stream: TcpStream, from: SocketAddr, place: OwnedSemaphorePermit) {
        let _place = place;
        let _counted = self.connections.one_more();
        // Small answers, and events of the feed, are sent as they come.
        let _ = stream.set_nodelay(true);
        match self.acceptor.clone() {
            None => self.talk(stream, from).await,
            Some(acceptor) => {
                if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                    self.talk(stream, from).await;
                }
            }
        }
    }

    async fn talk(self, stream: impl AsyncRead + AsyncWrite + Unpin, from: SocketAddr) {
        let Self { router, limits, leaving, closing, .. } = self;
        let answer = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(from));
            slash::without(request.uri_mut());
            router.clone().oneshot(request)
        });
        let stream = TokioIo::new(Prompt::new(stream, limits.stall_timeout));
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(limits.header_timeout);
        builder.max_buf_size(HEAD).max_headers(HEADERS);
        let mut talking = pin!(builder.serve_connection(stream, answer));
        let ended = tokio::select! {
            ended = talking.as_mut() => ended,
            () = leaving.cancelled() => {
                talking.as_mut().graceful_shutdown();
                closing.run_until_cancelled(talking).await.unwrap_or(Ok(()))
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, %from, "a connection broke off");
        }
    }
}
