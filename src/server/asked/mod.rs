//! Whether a request is what the [document](super::openapi) says, before anything is made of it: every query parameter and every
//! field of a body, at every depth. What the document does not name is refused: a mistyped filter must not find everything, and a
//! mistyped field must not be left out in silence.

mod query;
mod schema;
mod words;

pub(super) use query::query;
pub(super) use words::{no_json, unread};

use axum::extract::MatchedPath;
use axum::http::{Extensions, Method};
use serde_json::Value;

use super::openapi;
use crate::api::Problem;

/// What the document says of a route.
fn operation(method: &Method, extensions: &Extensions) -> Option<&'static Value> {
    let path = extensions.get::<MatchedPath>()?;
    // What answers GET answers HEAD.
    let method = if method == Method::HEAD { "get".to_owned() } else { method.as_str().to_lowercase() };
    openapi::document()["paths"].get(path.as_str())?.get(method)
}

/// The document says that nothing need be sent.
pub(super) fn is_body_optional(method: &Method, extensions: &Extensions) -> bool {
    operation(method, extensions).is_some_and(|operation| operation["requestBody"]["required"] != true)
}

/// # Errors
/// `invalid`, with the path of what is wrong.
pub(super) fn body(method: &Method, extensions: &Extensions, value: &Value) -> Result<(), Problem> {
    let Some(operation) = operation(method, extensions) else { return Ok(()) };
    match operation["requestBody"]["content"]["application/json"].get("schema") {
        Some(schema) => schema::check(openapi::document(), schema, value)
            .map_err(|fault| Problem::of_field(fault.at("body"), fault.message)),
        None => Ok(()),
    }
}
