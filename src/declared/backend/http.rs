//! The http backend: one GET.
//!
//! 200 is the state, 204 and 404 say that there is none yet. Credentials come from `TF_HTTP_USERNAME` and `TF_HTTP_PASSWORD`, as
//! Terraform takes them, or stand in the address, which is never shown with them. TLS is as its other variables say.

use std::sync::OnceLock;
use std::time::Duration;

use jiff::fmt::rfc2822;
use reqwest::header::LAST_MODIFIED;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use url::Url;

use super::body::Body;
use super::fetched::Fetched;
use super::lock::LockInfo;
use super::{shown, tls};
use crate::declared::DeclaredSource;
use crate::declared::input::source_error;
use crate::drift::SourceError;
use crate::safety::Tainted;

const CONNECT: Duration = Duration::from_secs(5);
/// Between two pieces of the answer.
const SILENCE: Duration = Duration::from_secs(20);
const WHOLE: Duration = Duration::from_secs(300);
/// A server's own words for a refusal, as many of them as are shown.
const SAID_BYTES: usize = 4096;

pub(super) async fn open(url: &Url) -> Result<Box<dyn DeclaredSource>, SourceError> {
    let name = shown(url.as_str());
    let fetched = fetch(url).await.map_err(|(message, help)| source_error(&name, message, help))?;
    fetched.source(&name)
}

pub(super) type Refusal = (String, String);

async fn fetch(url: &Url) -> Result<Fetched, Refusal> {
    let mut plain = url.clone();
    // Both work for an address with a host, which those of http have.
    let _ = plain.set_username("");
    let _ = plain.set_password(None);
    let mut request = client()?.get(plain);
    if let Some((user, password)) = credentials(url) {
        request = request.basic_auth(user, Some(password));
    }
    let answer = request.send().await.map_err(|error| unreachable(&error))?;
    match answer.status() {
        StatusCode::OK => read(answer).await,
        StatusCode::NO_CONTENT | StatusCode::NOT_FOUND => Err((
            "there is no state at this address yet".into(),
            "Apply once, or check the address; nothing is concluded from a state that is not there.".into(),
        )),
        status => Err(refused(status, answer).await),
    }
}

async fn read(mut answer: Response) -> Result<Fetched, Refusal> {
    let written = answer.headers().get(LAST_MODIFIED).and_then(|value| value.to_str().ok());
    let written_at = written.and_then(|text| rfc2822::parse(text).ok()).map(|at| at.timestamp());
    let too_large = |error: super::body::TooLarge| (error.to_string(), "Split the state, or pull it to a file.".into());
    let mut body = Body::new(answer.content_length()).map_err(too_large)?;
    while let Some(piece) = answer.chunk().await.map_err(|error| unreachable(&error))? {
        body.push(&piece).map_err(too_large)?;
    }
    let unverified = answer.url().scheme() == "https" && tls::is_skipped();
    let notices = unverified.then(|| Tainted::from(tls::UNVERIFIED)).into_iter().collect();
    Ok(Fetched { bytes: body.into_bytes(), written_at, notices })
}

/// A server that refuses because of a lock tells whose it is, with 423 or 409, as it tells Terraform.
async fn refused(status: StatusCode, mut answer: Response) -> Refusal {
    let mut said = vec![];
    while let Ok(Some(piece)) = answer.chunk().await {
        said.extend_from_slice(&piece);
        if said.len() > SAID_BYTES {
            break;
        }
    }
    if let Some(lock) = LockInfo::read(&said).filter(|_| matches!(status.as_u16(), 409 | 423)) {
        return (
            format!("the server gives no state while it is {}", lock.words()),
            "Scan again when that is done.".into(),
        );
    }
    let help = match status.as_u16() {
        401 | 403 => "Set TF_HTTP_USERNAME and TF_HTTP_PASSWORD to what Terraform's http backend uses.",
        423 | 409 => "It is locked, and the server does not say by whom: scan again later.",
        300..=399 => "It leads on too often, or nowhere: give the address it ends at.",
        429 | 500.. => "Scan again later; if it stays, the server's own log says more.",
        _ => "Check the address.",
    };
    (format!("the server answered {status}"), help.into())
}

/// Terraform's variables stand in front of what the address holds.
fn credentials(url: &Url) -> Option<(String, String)> {
    let variable = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let user = variable("TF_HTTP_USERNAME").or_else(|| Some(decoded(url.username())).filter(|t| !t.is_empty()))?;
    let password = variable("TF_HTTP_PASSWORD").or_else(|| url.password().map(decoded));
    Some((user, password.unwrap_or_default()))
}

/// The address is left out of the words: it may hold credentials.
fn unreachable(error: &reqwest::Error) -> Refusal {
    let what = if error.is_timeout() { "did not answer in time" } else { "could not be reached" };
    let mut why = String::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        why = format!(": {cause}");
        next = cause.source();
    }
    let help =
        tls::help(&why).unwrap_or_else(|| "Check the address, the network and the proxy, then scan again.".into());
    (format!("the server {what}{why}"), help)
}

fn client() -> Result<&'static Client, Refusal> {
    static CLIENT: OnceLock<Result<Client, Refusal>> = OnceLock::new();
    let build = || {
        // Fails when there is one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .user_agent(concat!("driftguard/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .timeout(WHOLE)
            .redirect(Policy::limited(5));
        let wrong = |error: reqwest::Error| (error.to_string(), "Check this machine's certificates.".to_owned());
        tls::configure(client)?.build().map_err(wrong)
    };
    CLIENT.get_or_init(build).as_ref().map_err(Clone::clone)
}
