//! Addresses of servers, and the client that goes there.

use std::time::Duration;

use reqwest::Client;
use reqwest::header::HeaderValue;
use url::Url;

use crate::api::BASE;
use crate::service::ServiceError;

const CONNECT: Duration = Duration::from_secs(5);
/// Between two pieces of the feed: its pulse is more often.
const SILENCE: Duration = Duration::from_secs(40);

/// One server.
pub struct Base {
    /// What the paths are joined to.
    pub url: Url,
    /// For people.
    pub shown: String,
}

/// Whether a server can be there. To be asked before the address is shown to anybody.
///
/// # Errors
/// When it is no address of a server, or has credentials in it; neither is repeated.
pub fn check_address(url: &Url) -> Result<(), ServiceError> {
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(invalid("the address of a server is https://HOST, and nothing else"));
    }
    if url.path().trim_end_matches('/').ends_with(BASE) {
        return Err(invalid("name the server without the path of its API, which is found by itself: https://HOST"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid(
            "no credentials in the address: others can read it. Give the key in $DRIFTGUARD_TOKEN or --token-file",
        ));
    }
    Ok(())
}

impl Base {
    /// # Errors
    /// As [`check_address`].
    pub fn new(mut url: Url) -> Result<Self, ServiceError> {
        check_address(&url)?;
        let shown = url.as_str().trim_end_matches('/').to_owned();
        let path = format!("{}{BASE}/", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(Self { url, shown })
    }
}

/// # Errors
/// When the certificates are none.
pub fn client(ca: Option<&[u8]>) -> Result<Client, ServiceError> {
    // Fails when there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ours = reqwest::Certificate::from_pem_bundle(ca.unwrap_or_default());
    let ours = ours.map_err(|error| invalid(&format!("the certificates of the CA are no PEM: {error}")))?;
    Client::builder()
        .tls_certs_merge(ours)
        .user_agent(concat!("driftguard/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| ServiceError::Unavailable(format!("no way to any server: {error}")))
}

/// # Errors
/// When no header can hold it.
pub fn bearer(token: &str) -> Result<HeaderValue, ServiceError> {
    let value = HeaderValue::from_str(&format!("Bearer {token}"));
    let mut value = value.map_err(|_| invalid("the token has characters that no token has"))?;
    value.set_sensitive(true);
    Ok(value)
}

pub fn invalid(why: &str) -> ServiceError {
    ServiceError::Invalid(why.to_owned())
}
