//! Notifications sent to others as signed HTTP requests, and the signatures of what others send to us.
//!
//! The store hands out what is due, to one process at a time ([`Notices::take_deliveries`]); [`postman`] sends it and says what came
//! of it. Whatever happens to the process, somebody tries again when the time for it has come, under the same name.
//!
//! [`Notices::take_deliveries`]: crate::store::Notices::take_deliveries

mod body;
mod judged;
mod postman;
mod signing;

pub use judged::Pace;
pub use postman::Postman;
pub use signing::{SIGNATURE_HEADER, SigningKey, TIMESTAMP_HEADER};

use std::net::IpAddr;

use url::{Host, Url};

use crate::drift::Slug;
use crate::store::Channel;
use crate::vault;

/// Names a delivery, however often it is tried.
pub const DELIVERY_HEADER: &str = "x-driftguard-delivery";

/// Characters of a secret at least: shorter ones are guessed.
pub const SECRET: usize = 16;

/// Where notifications are sent, as the configuration says it.
#[derive(Clone, PartialEq, Debug)]
pub struct WebhookSpec {
    /// `None`: of the organisation of this process.
    pub organization: Option<Slug>,
    pub channel: Channel,
    pub url: Url,
    /// Where the secret is: see [`secret`].
    pub secret: String,
}

/// Ready to be sent to.
#[derive(Clone, Debug)]
pub struct Webhook {
    pub channel: Slug,
    pub url: Url,
    pub key: SigningKey,
}

impl WebhookSpec {
    /// With its secret.
    ///
    /// # Errors
    /// Why it cannot be had, in a sentence.
    pub fn ready(&self) -> Result<Webhook, String> {
        let key = secret(&self.secret).map_err(|why| format!("webhooks.{}: secret: {why}", self.channel.name))?;
        Ok(Webhook { channel: self.channel.name.clone(), url: self.url.clone(), key })
    }
}

/// # Errors
/// Why nothing is sent there: others could read it on the way, or its address holds a secret.
pub fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.trim()).map_err(|_| "an address is needed: https://HOST/PATH".to_owned())?;
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("the address must hold no user, password or fragment".to_owned());
    }
    let is_local = match url.host() {
        None => return Err("the address names no host".to_owned()),
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_local => Ok(url),
        "http" => Err("over http:// only this machine is reached (127.0.0.1, localhost): use https://".to_owned()),
        other => Err(format!("{other}:// is no way to send anything: use https://")),
    }
}

/// Whether the text says where a secret is, and is none itself.
pub fn is_reference(text: &str) -> bool {
    ["env:", "file:", "vault:"].iter().any(|scheme| text.trim().starts_with(scheme))
}

/// The text at `env:NAME`, `file:PATH` or `vault:PATH#FIELD`. Blocks on the network.
///
/// # Errors
/// Why there is none; never what was found.
pub fn secret_text(reference: &str) -> Result<String, String> {
    let reference = reference.trim();
    let text = if let Some(name) = reference.strip_prefix("env:") {
        std::env::var(name).map_err(|_| format!("the environment variable {name} is not set"))?
    } else if let Some(path) = reference.strip_prefix("file:") {
        std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?
    } else if is_reference(reference) {
        vault::resolve(reference).map_err(|error| error.to_string())?
    } else {
        return Err("it does not stand in the configuration: write env:NAME, file:PATH or vault:PATH#FIELD".to_owned());
    };
    let text = text.trim();
    if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(text.to_owned()) }
}

/// The key there, for signatures.
///
/// # Errors
/// As those of [`secret_text`], or that it is too short.
pub fn secret(reference: &str) -> Result<SigningKey, String> {
    let text = secret_text(reference)?;
    if text.chars().count() < SECRET {
        return Err(format!("it has fewer than {SECRET} characters: `openssl rand -hex 32` makes a good one"));
    }
    Ok(SigningKey::new(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_reached_without_tls() {
        for good in ["https://hooks.example.com/a?b=c", "http://127.0.0.1:9/x", "http://localhost/", "http://[::1]:80/"]
        {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in ["http://hooks.example.com/", "ftp://example.com/", "https://u:p@example.com/", "x", "https://"] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_secret_is_read_from_where_it_lies_and_a_short_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        std::fs::write(&file, "0123456789abcdef0123\n").unwrap();
        let at = format!("file:{}", file.display());
        let signed = secret(&at).unwrap().sign(7, b"x");
        assert_eq!(signed, SigningKey::new("0123456789abcdef0123").sign(7, b"x"), "without the line's end");
        std::fs::write(&file, "short").unwrap();
        assert!(secret(&at).unwrap_err().contains("fewer than 16"));
        let plain = secret("0123456789abcdef0123").unwrap_err();
        assert!(plain.contains("env:NAME") && !plain.contains("0123456789"), "{plain}");
        assert!(secret("env:DRIFTGUARD_NO_SUCH_SECRET").unwrap_err().contains("is not set"));
    }
}
