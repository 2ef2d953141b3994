//! TLS 1.3 in front of the listener. A handshake is done beside the others and is given up after a while: a slow client keeps
//! nobody waiting.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// For a whole handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Connections that are greeted and not yet taken.
const WAITING: usize = 64;

/// Where certificate chain and private key lie, as PEM.
#[derive(Clone, Debug)]
pub struct Certificate {
    pub chain: PathBuf,
    pub key: PathBuf,
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{0}: cannot be read: {1}")]
    Unreadable(PathBuf, io::Error),
    #[error("{0}: {1}: it must hold a certificate chain as PEM, the server's own first")]
    Chain(PathBuf, String),
    #[error("{0}: {1}: it must hold one private key as PEM")]
    Key(PathBuf, String),
    #[error("the certificate and the key do not go together: {0}")]
    Pair(rustls::Error),
}

pub(super) fn acceptor(certificate: &Certificate) -> Result<TlsAcceptor, TlsError> {
    let Certificate { chain, key } = certificate;
    let wrong = |error: &dyn std::fmt::Display| TlsError::Chain(chain.clone(), error.to_string());
    let pem = read(chain)?;
    let certificates: Vec<_> =
        CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|error| wrong(&error))?;
    if certificates.is_empty() {
        return Err(wrong(&"there is no certificate in it"));
    }
    let private = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|e| TlsError::Key(key.clone(), e.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13]);
    let config = config.map_err(TlsError::Pair)?.with_no_client_auth().with_single_cert(certificates, private);
    Ok(TlsAcceptor::from(Arc::new(config.map_err(TlsError::Pair)?)))
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| TlsError::Unreadable(path.to_owned(), error))
}

/// Connections whose handshake is done.
pub(super) struct Greeted {
    connections: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl Greeted {
    /// Greets whoever comes to `listener`, until this is dropped.
    pub(super) fn start(mut listener: TcpListener, acceptor: TlsAcceptor, address: SocketAddr) -> Self {
        let (greeted, connections) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            loop {
                let (stream, from) = tokio::select! {
                    connection = Listener::accept(&mut listener) => connection,
                    () = greeted.closed() => return,
                };
                let (acceptor, greeted) = (acceptor.clone(), greeted.clone());
                tokio::spawn(async move {
                    if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                        let _ = greeted.send((stream, from)).await;
                    }
                });
            }
        });
        Self { connections, address }
    }
}

impl Listener for Greeted {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        match self.connections.recv().await {
            Some(connection) => connection,
            // Whoever greets never ends before this does.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
