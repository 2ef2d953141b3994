//! TLS 1.3 in front of the listener.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

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
