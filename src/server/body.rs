//! Bodies: JSON of a bounded size and depth, and what is wrong with it by its place; with the key under which a write is done once.

use axum::body::{Bytes, HttpBody};
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, OriginalUri, Request};
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::answer::Failure;
use super::once::Key;
use super::{Principal, Shared};
use crate::api::{BODY, Code, DEPTH, IDEMPOTENCY_HEADER, KEY, Problem, TEXT};
use crate::drift::Once;

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

/// A JSON body that is a decision: sent again under the same key it is made once.
pub(super) struct Decision<T> {
    pub(super) body: T,
    key: Option<Key>,
}

impl<T> Decision<T> {
    /// The body, and the name of the write for the store. Keys of others are none of theirs.
    pub(super) fn of(self, principal: &Principal) -> (T, Option<Once>) {
        (self.body, self.key.map(|key| key.of(principal)))
    }
}

impl<T: DeserializeOwned> FromRequest<Shared> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Failure> {
        key(request.headers())?;
        read(&arrived(request, shared).await?).map(Self).map_err(Failure)
    }
}

impl<T: DeserializeOwned> FromRequest<Shared> for Decision<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Failure> {
        let key = key(request.headers())?;
        let uri = request.extensions().get::<OriginalUri>().map_or(request.uri(), |uri| &uri.0).clone();
        let method = request.method().clone();
        let bytes = arrived(request, shared).await?;
        let key = key.map(|key| Key::new(key, &method, &uri, &bytes));
        Ok(Self { body: read(&bytes)?, key })
    }
}

/// # Errors
/// When it is none.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut all = headers.get_all(IDEMPOTENCY_HEADER).iter();
    let Some(key) = all.next() else { return Ok(None) };
    let text = key.to_str().unwrap_or_default();
    let fits = (1..=KEY).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if !fits || all.next().is_some() {
        let message = format!("a key is 1 to {KEY} visible characters of ASCII, and there is one of it");
        return Err(Problem::of_field(IDEMPOTENCY_HEADER, message));
    }
    Ok(Some(text.to_owned()))
}

async fn arrived(request: Request, shared: &Shared) -> Result<Bytes, Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(Problem::of_field("content-type", "the body must be application/json"));
    }
    // One that says so itself is not waited for.
    if request.body().size_hint().lower() > BODY as u64 {
        return Err(too_large());
    }
    match tokio::time::timeout(shared.limits.body_timeout, Bytes::from_request(request, shared)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)))) => Err(too_large()),
        Ok(Err(_)) => Err(Problem::of_field("body", "it did not arrive whole")),
        Err(_) => Err(Problem::new(Code::Timeout, "the body did not arrive in time")),
    }
}

fn too_large() -> Problem {
    Problem::new(Code::TooLarge, format!("the body is larger than {BODY} bytes"))
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // Shallow enough, and no text is longer than it may be: before anything is made of it.
    let value: Value = serde_json::from_slice(bytes).map_err(|error| Problem::of_field("body", error.to_string()))?;
    bounded(&value, &mut vec![])?;
    let mut json = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let message = error.into_inner().to_string();
        // Where it cannot be read at all, no path leads.
        let is_path = path.chars().any(char::is_alphanumeric);
        Problem::of_field(if is_path { path } else { "body".to_owned() }, message)
    })
}

fn bounded(value: &Value, path: &mut Vec<String>) -> Result<(), Problem> {
    let wrong = |path: &[String], what: String| {
        let field = path.concat();
        let field = field.trim_start_matches('.');
        Err(Problem::of_field(if field.is_empty() { "body" } else { field }, what))
    };
    if path.len() > DEPTH {
        return wrong(&path[..2], format!("it goes deeper than {DEPTH} levels"));
    }
    let mut within = |name: String, inner: &Value| {
        path.push(name);
        let fits = bounded(inner, path);
        path.pop();
        fits
    };
    match value {
        Value::Array(items) => items.iter().enumerate().try_for_each(|(at, item)| within(format!("[{at}]"), item)),
        Value::Object(fields) => fields.iter().try_for_each(|(name, field)| {
            let name: String = name.chars().take(64).collect();
            within(format!(".{name}"), field)
        }),
        Value::String(text) if text.len() > TEXT => wrong(path, format!("it is longer than {TEXT} bytes")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::TriageBody;

    fn field(body: &str) -> String {
        read::<TriageBody>(body.as_bytes()).unwrap_err().error.field.unwrap_or_default()
    }

    #[test]
    fn what_is_wrong_is_named_by_its_place() {
        assert_eq!(field(r#"{"verb":"explode"}"#), "verb");
        assert_eq!(field(r#"{"verb":"acknowledge","expected_version":-1}"#), "expected_version");
        assert_eq!(field(&format!(r#"{{"verb":"acknowledge","reason":"{}"}}"#, "x".repeat(TEXT + 1))), "reason");
        assert_eq!(field(r#"{"verb":"acknowledge"} trailing"#), "body");
        let deep = |n: usize| format!(r#"{{"verb":{}1{}}}"#, "[".repeat(n), "]".repeat(n));
        assert_eq!(field(&deep(100)), "verb[0]");
        assert_eq!(field(&deep(100_000)), "body", "refused before it is built");
        assert!(read::<TriageBody>(br#"{"verb":"acknowledge"}"#).is_ok());
    }
}
