//! Bodies: JSON of a bounded size, and what is wrong with it by its place.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use serde::de::DeserializeOwned;

use super::answer::Failure;
use crate::api::{BODY, Code, Problem};

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let is_json =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|kind| {
                let kind = kind.split(';').next().unwrap_or_default().trim();
                kind.eq_ignore_ascii_case("application/json")
            });
        if !is_json {
            return Err(Problem::of_field("content-type", "the body must be application/json").into());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|_| {
            Problem::new(Code::TooLarge, format!("the body did not arrive whole, or is larger than {BODY} bytes"))
        })?;
        read(&bytes).map(Self).map_err(Failure)
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let message = error.into_inner().to_string();
        // Where it cannot be read at all, no path leads.
        let is_path = path.chars().any(char::is_alphanumeric);
        Problem::of_field(if is_path { path } else { "body".to_owned() }, message)
    })?;
    json.end().map_err(|error| Problem::of_field("body", error.to_string()))?;
    Ok(value)
}
