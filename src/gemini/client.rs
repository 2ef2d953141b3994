//! Asks once, and waits for so long and no longer.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, redirect};
use url::Url;

use super::{Answer, GeminiSpec, Prompt, wire};
use crate::safety::{Redactor, sanitise};
use crate::webhooks;

/// Bytes of an answer at most.
const ANSWER: usize = 1 << 20;

/// Why there is no answer. None of them says anything of the key.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Failure {
    #[error("Gemini does not take the key: {0}; look at [gemini] key in the configuration")]
    Key(String),
    #[error("Gemini does not know the model: {0}; look at [gemini] model in the configuration")]
    Model(String),
    #[error("Gemini has had enough for now: {0}; ask again later")]
    Busy(String),
    #[error("Gemini cannot be reached: {0}; ask again later")]
    Away(String),
    #[error("Gemini did not answer within {0} s; ask again, or give it longer by [gemini] timeout")]
    Slow(u64),
    #[error("Gemini withholds its answer: {0}")]
    Withheld(String),
    #[error("Gemini answered what nobody can use: {0}")]
    Unreadable(String),
    #[error("the evidence does not say: nothing that Gemini answered rests on it")]
    NoData,
}

/// Ready to be asked.
pub struct Gemini {
    client: Client,
    url: Url,
    key: HeaderValue,
    timeout: Duration,
}

impl Gemini {
    /// # Errors
    /// Why it cannot be asked, in a sentence; blocks where the key is in a vault.
    pub fn new(spec: &GeminiSpec) -> Result<Self, String> {
        // Fails when there is one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let key = webhooks::secret_text(&spec.key).map_err(|why| format!("gemini: key: {why}"))?;
        let mut key = HeaderValue::from_str(&key).map_err(|_| "gemini: key: it holds what no header may hold")?;
        key.set_sensitive(true);
        let client = Client::builder().redirect(redirect::Policy::none()).timeout(spec.timeout);
        let client = client.user_agent(concat!("driftguard/", env!("CARGO_PKG_VERSION")));
        let client = if spec.url.scheme() == "http" { client.no_proxy() } else { client };
        let client = client.build().map_err(|error| format!("gemini: {error}"))?;
        let mut url = spec.url.clone();
        let method = format!("{}:generateContent", spec.model);
        match url.path_segments_mut() {
            Ok(mut path) => drop(path.pop_if_empty().extend(["models", &method])),
            Err(()) => return Err("gemini: url: an address like https://HOST/v1beta is needed".into()),
        }
        Ok(Self { client, url, key, timeout: spec.timeout })
    }

    /// One try.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn ask(&self, prompt: &Prompt) -> Result<Answer, Failure> {
        let text = self.send(prompt).await?;
        Answer::read(&text, prompt.evidence()).ok_or(Failure::NoData)
    }

    async fn send(&self, prompt: &Prompt) -> Result<String, Failure> {
        let body = serde_json::to_vec(&wire::Request::new(prompt.text()))
            .map_err(|error| Failure::Unreadable(error.to_string()))?;
        let request = self.client.post(self.url.clone()).header("x-goog-api-key", self.key.clone());
        let mut answer = request
            .header(CONTENT_TYPE, "application/json")
            .body(body)
            .send()
            .await
            .map_err(|error| self.failed(&error))?;
        let status = answer.status().as_u16();
        let mut bytes = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(|error| self.failed(&error))? {
            bytes.extend_from_slice(&piece);
            if bytes.len() > ANSWER {
                return Err(Failure::Unreadable("its answer is larger than a megabyte".into()));
            }
        }
        wire::read(status, &bytes).map_err(|failure| self.discreet(failure))
    }

    /// What the other side says of a failure may name the key, or another one.
    fn discreet(&self, failure: Failure) -> Failure {
        let redactor = Redactor::new(*blake3::hash(&ulid::Ulid::generate().to_bytes()).as_bytes());
        let own = self.key.to_str().unwrap_or_default();
        let told = |said: String| redactor.mask_text(&said.replace(own, "«the key»")).raw().to_owned();
        match failure {
            Failure::Key(said) => Failure::Key(told(said)),
            Failure::Model(said) => Failure::Model(told(said)),
            Failure::Busy(said) => Failure::Busy(told(said)),
            Failure::Away(said) => Failure::Away(told(said)),
            Failure::Withheld(said) => Failure::Withheld(told(said)),
            Failure::Unreadable(said) => Failure::Unreadable(told(said)),
            other => other,
        }
    }

    fn failed(&self, error: &reqwest::Error) -> Failure {
        if error.is_timeout() {
            return Failure::Slow(self.timeout.as_secs());
        }
        // The innermost one says what it was; addresses are not repeated.
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        Failure::Away(sanitise::cell(&cause.to_string(), 200))
    }
}
