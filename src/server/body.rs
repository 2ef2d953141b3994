//! Bodies: JSON of a bounded size and depth, and what is wrong with it by its place; with the key under which a write is done once.

use axum::body::{Bytes, HttpBody};
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, OriginalUri, Request};
use axum::http::{Extensions, HeaderMap, Method, header};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::answer::Failure;
use super::once::Key;
use super::{Principal, Shared, asked};
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
        let route = Route::of(&request);
        read(&arrived(request, shared).await?, &route).map(Self).map_err(Failure)
    }
}

impl<T: DeserializeOwned> FromRequest<Shared> for Decision<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Failure> {
        let key = key(request.headers())?;
        let uri = request.extensions().get::<OriginalUri>().map_or(request.uri(), |uri| &uri.0).clone();
        let route = Route::of(&request);
        let bytes = arrived(request, shared).await?;
        let key = key.map(|key| Key::new(key, &route.method, &uri, &bytes));
        Ok(Self { body: read(&bytes, &route)?, key })
    }
}

/// Where a body was sent: the document says what belongs there.
pub(super) struct Route {
    method: Method,
    extensions: Extensions,
}

impl Route {
    pub(super) fn of(request: &Request) -> Self {
        Self { method: request.method().clone(), extensions: request.extensions().clone() }
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
    let is_empty = request.body().size_hint().exact() == Some(0);
    if is_empty && asked::is_body_optional(request.method(), request.extensions()) {
        return Ok(Bytes::from_static(b"{}"));
    }
    readable(request.headers())?;
    raw(request, shared).await
}

/// Whatever it is, as it came.
pub(super) async fn raw(request: Request, shared: &Shared) -> Result<Bytes, Problem> {
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

/// JSON in UTF-8, as it is.
pub(super) fn readable(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut kind = text(header::CONTENT_TYPE).split(';').map(str::trim);
    if !kind.next().unwrap_or_default().eq_ignore_ascii_case("application/json") {
        return Err(Problem::of_field("content-type", "the body must be application/json"));
    }
    let charset = kind.find_map(|part| part.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("charset")));
    if charset.is_some_and(|(_, name)| !name.trim_matches('"').eq_ignore_ascii_case("utf-8")) {
        return Err(Problem::of_field("content-type", "the body must be in UTF-8: JSON has no other charset"));
    }
    let encoding = text(header::CONTENT_ENCODING);
    if headers.contains_key(header::CONTENT_ENCODING) && !encoding.eq_ignore_ascii_case("identity") {
        let mut problem = Problem::new(Code::Unsupported, "the body must come as it is, not compressed");
        problem.error.field = Some("content-encoding".to_owned());
        return Err(problem);
    }
    Ok(())
}

fn too_large() -> Problem {
    Problem::new(Code::TooLarge, format!("the body is larger than {BODY} bytes"))
}

pub(super) fn read<T: DeserializeOwned>(bytes: &[u8], route: &Route) -> Result<T, Problem> {
    let no_json = |error| Problem::of_field("body", asked::no_json(bytes, &error));
    // Shallow enough, and no text is longer than it may be: before anything is made of it.
    let value: Value = serde_json::from_slice(bytes).map_err(no_json)?;
    bounded(&value, &mut vec![])?;
    asked::body(&route.method, &route.extensions, &value)?;
    let mut json = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let message = asked::unread(&error.into_inner().to_string());
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
        let route = Route { method: Method::POST, extensions: Extensions::new() };
        read::<TriageBody>(body.as_bytes(), &route).err().and_then(|problem| problem.error.field).unwrap_or_default()
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
        assert_eq!(field(r#"{"verb":"acknowledge"}"#), "");
    }
}
