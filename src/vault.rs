//! Secrets that HashiCorp Vault (or OpenBao) keeps: wherever a secret may stand, `vault:PATH#FIELD` may stand in its place.
//!
//! Version 2 of the key/value engine: `vault:secret/driftguard#signing` is what `vault kv get -field=signing secret/driftguard`
//! prints. The engine's mount is the first part of the path; of a longer one write the whole: `vault:team/kv/data/driftguard#signing`.
//! `VAULT_ADDR`, `VAULT_TOKEN` (or `~/.vault-token`), `VAULT_NAMESPACE` and `VAULT_CACERT` count, as for Vault's own command.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderValue;
use url::Url;

const SCHEME: &str = "vault:";
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer; secrets are small.
const MOST: usize = 1 << 20;

/// Why there is no secret. Never says what was found.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("{0:?} names no secret: write vault:PATH#FIELD, such as vault:secret/driftguard#signing")]
    Reference(String),
    #[error("no Vault: set VAULT_ADDR to its address, https://vault.example.com:8200")]
    NoAddress,
    #[error("VAULT_ADDR is no address of a Vault: it begins with https://, or http:// on this machine")]
    Address,
    #[error("nobody is logged in to Vault: set VAULT_TOKEN, or run `vault login`")]
    NoToken,
    #[error("the token for Vault has characters that no token has")]
    Token,
    #[error("VAULT_CACERT: {0}")]
    Certificates(String),
    #[error("Vault at {0} cannot be reached: {1}")]
    Away(String, String),
    #[error("Vault at {0} does not let this token read {1}: its policy needs `read` on that path")]
    Denied(String, String),
    #[error("Vault at {0} has nothing at {1}")]
    Nothing(String, String),
    #[error("Vault at {0} is sealed, or not ready: status {1}")]
    NotReady(String, u16),
    #[error("Vault at {0} answered {1} with status {2}")]
    Odd(String, String, u16),
    #[error("Vault at {0} has {1}, but no text in its field {2:?}")]
    NoField(String, String, String),
}

/// The secret a text names, or the text itself. Blocks on the network, on any thread.
///
/// # Errors
/// [`VaultError`], when it names one that cannot be had.
pub fn resolve(text: &str) -> Result<String, VaultError> {
    let Some(reference) = text.trim().strip_prefix(SCHEME) else { return Ok(text.to_owned()) };
    let reference = Reference::parse(reference).ok_or_else(|| VaultError::Reference(shown(text)))?;
    let server = Server::of_environment(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))?;
    // A thread of its own: whoever asks may stand on a runtime, where nothing may block.
    let asked = std::thread::scope(|threads| threads.spawn(|| ask(&server, &reference)).join());
    asked.unwrap_or_else(|_| Err(VaultError::Away(server.shown(), "the question broke down".to_owned())))
}

/// A secret that somebody put after the word by mistake is not repeated.
fn shown(text: &str) -> String {
    if text.contains('/') { text.trim().to_owned() } else { format!("{SCHEME}…") }
}

/// What is asked for.
struct Reference {
    /// Below `/v1/`.
    path: String,
    field: String,
}

impl Reference {
    fn parse(text: &str) -> Option<Self> {
        let (path, field) = text.split_once('#')?;
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let fits = |part: &&str| !part.is_empty() && !matches!(*part, "." | "..") && !part.contains(['?', '%', '\\']);
        if parts.len() < 2 || field.is_empty() || !parts.iter().all(fits) {
            return None;
        }
        let path = if parts[1..].contains(&"data") {
            parts.join("/")
        } else {
            format!("{}/data/{}", parts[0], parts[1..].join("/"))
        };
        Some(Self { path, field: field.to_owned() })
    }
}

struct Server {
    url: Url,
    token: HeaderValue,
    namespace: Option<HeaderValue>,
    ca: Vec<u8>,
}

impl Server {
    fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Self, VaultError> {
        let address = variable("VAULT_ADDR").ok_or(VaultError::NoAddress)?;
        let url = Url::parse(&address).map_err(|_| VaultError::Address)?;
        let is_local = match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        if !(url.scheme() == "https" || url.scheme() == "http" && is_local) || !url.username().is_empty() {
            return Err(VaultError::Address);
        }
        let file = || std::fs::read_to_string(PathBuf::from(variable("HOME")?).join(".vault-token")).ok();
        let token = variable("VAULT_TOKEN").or_else(file).map(|token| token.trim().to_owned());
        let token = token.filter(|token| !token.is_empty()).ok_or(VaultError::NoToken)?;
        let mut token = HeaderValue::from_str(&token).map_err(|_| VaultError::Token)?;
        token.set_sensitive(true);
        let namespace = variable("VAULT_NAMESPACE").map(|name| HeaderValue::from_str(&name)).transpose();
        let namespace = namespace.map_err(|_| VaultError::Token)?;
        let ca =
            variable("VAULT_CACERT").map(|path| std::fs::read(&path).map_err(|e| format!("{path}: {e}"))).transpose();
        Ok(Self { url, token, namespace, ca: ca.map_err(VaultError::Certificates)?.unwrap_or_default() })
    }

    /// Host and port.
    fn shown(&self) -> String {
        self.url.origin().ascii_serialization()
    }
}

fn ask(server: &Server, reference: &Reference) -> Result<String, VaultError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| VaultError::Away(server.shown(), error.to_string()))?;
    let (status, body) = runtime.block_on(get(server, reference))?;
    let (at, path) = (server.shown(), reference.path.clone());
    match status {
        StatusCode::OK => {}
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => return Err(VaultError::Denied(at, path)),
        StatusCode::NOT_FOUND => return Err(VaultError::Nothing(at, path)),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY => {
            return Err(VaultError::NotReady(at, status.as_u16()));
        }
        other => return Err(VaultError::Odd(at, path, other.as_u16())),
    }
    let answer: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let value = answer["data"]["data"][&reference.field].as_str().filter(|value| !value.is_empty());
    value.map(str::to_owned).ok_or_else(|| VaultError::NoField(at, path, reference.field.clone()))
}

async fn get(server: &Server, reference: &Reference) -> Result<(StatusCode, Vec<u8>), VaultError> {
    // Fails when there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // The innermost cause says most.
    let away = |error: reqwest::Error| {
        let error = error.without_url();
        let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
        VaultError::Away(server.shown(), causes.last().map(ToString::to_string).unwrap_or_default())
    };
    let ours = reqwest::Certificate::from_pem_bundle(&server.ca);
    let ours = ours.map_err(|_| VaultError::Certificates("it holds no certificate in PEM".to_owned()))?;
    let client = reqwest::Client::builder()
        .tls_certs_merge(ours)
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(away)?;
    let mut url = server.url.clone();
    url.set_path(&format!("{}/v1/{}", server.url.path().trim_end_matches('/'), reference.path));
    let mut request = client.get(url).header("x-vault-token", server.token.clone()).header("x-vault-request", "true");
    if let Some(namespace) = &server.namespace {
        request = request.header("x-vault-namespace", namespace.clone());
    }
    let mut response = request.send().await.map_err(away)?;
    let (status, mut body) = (response.status(), vec![]);
    while let Some(piece) = response.chunk().await.map_err(away)? {
        body.extend_from_slice(&piece);
        if body.len() > MOST {
            return Err(VaultError::Odd(server.shown(), reference.path.clone(), status.as_u16()));
        }
    }
    Ok((status, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Option<String> {
        Reference::parse(text).map(|found| format!("{} {}", found.path, found.field))
    }

    #[test]
    fn a_reference_is_a_path_and_a_field() {
        assert_eq!(path("secret/driftguard#signing").unwrap(), "secret/data/driftguard signing");
        assert_eq!(path("/team/kv/data/app/db#password").unwrap(), "team/kv/data/app/db password");
        for bad in ["secret#x", "secret/a", "secret/a#", "#x", "secret/../sys#x", "a/b?c#x", "a//b#x", "a/%2e%2e/b#x"] {
            assert_eq!(path(bad), None, "{bad}");
        }
        assert_eq!(resolve("just a secret").unwrap(), "just a secret");
        let refused = resolve("vault:hunter2").unwrap_err().to_string();
        assert!(refused.contains("vault:PATH#FIELD") && !refused.contains("hunter2"), "{refused}");
    }

    #[test]
    fn a_token_is_sent_in_clear_to_nobody_else() {
        let server = |address: &str| {
            let address = address.to_owned();
            Server::of_environment(|name| match name {
                "VAULT_ADDR" => Some(address.clone()),
                "VAULT_TOKEN" => Some("t".to_owned()),
                _ => None,
            })
        };
        for good in
            ["https://vault.example.com:8200", "http://127.0.0.1:8200", "http://localhost:8200", "http://[::1]:8200"]
        {
            assert!(server(good).is_ok(), "{good}");
        }
        for bad in [
            "http://vault.example.com:8200",
            "http://localhost.example.com",
            "ftp://localhost",
            "vault",
            "https://u:p@v",
        ] {
            let why = server(bad).err().unwrap().to_string();
            assert!(why.contains("https://"), "{why}");
        }
    }
}
