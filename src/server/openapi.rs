//! The document that describes the API. What a route is, takes and gives stands beside its handler; what holds for all of them is
//! added here, so that no route can forget it.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};

use super::routes;
use crate::api::{self, BASE, BODY, DEPTH, KEY, TEXT};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let (_, described) = routes::all().split_for_parts();
    let mut document = serde_json::to_value(described).unwrap_or_default();
    complete(&mut document);
    document
});

/// OpenAPI 3.1. The same for everybody: it says what there is to ask, and nothing of what is answered.
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", security(()), responses((status = 200, body = serde_json::Value)))]
pub(super) async fn openapi() -> impl IntoResponse {
    static TEXT: LazyLock<String> = LazyLock::new(|| DOCUMENT.to_string());
    ([(header::CONTENT_TYPE, "application/json")], TEXT.as_str())
}

/// Adds what holds for all.
fn complete(document: &mut Value) {
    document["info"] = json!({
        "title": "driftguard",
        "version": api::VERSION,
        "description": about(),
        "license": { "name": "MIT", "identifier": "MIT" },
    });
    document["servers"] = json!([{ "url": "/" }]);
    let components = &mut document["components"];
    components["securitySchemes"] = json!({
        "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "An access token, as a login gives it, or an API key." },
        "api_key": { "type": "apiKey", "in": "header", "name": "Authorization", "description": "`ApiKey dgk_…`" },
    });
    components["headers"] = json!({
        "RequestId": { "description": "Names the request in the server's log: the one it came with, or a new one.", "schema": { "type": "string" } },
        "Version": { "description": "The version of this API.", "schema": { "type": "string" } },
        "RetryAfter": { "description": "Seconds.", "schema": { "type": "integer", "minimum": 0 } },
    });
    components["parameters"] = json!({ "IdempotencyKey": {
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "A name for this write. Sent again under the same name within seven days it is done once and answered alike, but for secrets that are shown once: those are kept nowhere.",
        "schema": { "type": "string", "minLength": 1, "maxLength": KEY, "pattern": "^[!-~]+$" },
    }});
    let Some(paths) = document["paths"].as_object_mut() else { return };
    for (path, item) in paths {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            complete_one(path, method, operation);
        }
    }
}

fn about() -> String {
    format!(
        "One server for a team that triages infrastructure drift.\n\nA principal reaches its own organisation and nothing else: what \
         belongs to another one is not there (404). `GET` is for the roles viewer, editor and admin, `POST`, `PUT` and `PATCH` for \
         editor and admin, `DELETE` for admin. Times are RFC 3339 in UTC. What is not described here is refused by its name (400): \
         a parameter or a field that is unknown, there twice, or of another form. Whatever goes wrong is a `Problem`. A body has at \
         most {BODY} bytes, {DEPTH} levels and {TEXT} bytes in one text."
    )
}

fn complete_one(path: &str, method: &str, operation: &mut Value) {
    let name = path.strip_prefix(BASE).unwrap_or(path);
    let words = name.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter(|word| !word.is_empty());
    let id: Vec<&str> = std::iter::once(method).chain(words.clone()).collect();
    operation["operationId"] = json!(id.join("_").replace('-', "_"));
    operation["tags"] = json!([words.clone().next().unwrap_or("health")]);
    let is_api = path.starts_with(BASE);
    let is_open = operation.get("security").is_some();
    if is_api && !is_open {
        operation["security"] = json!([{ "bearer": [] }, { "api_key": [] }]);
    }
    let takes_body = operation.get("requestBody").is_some();
    let is_named = is_api && !is_open && changes(method, name, operation);
    if is_named {
        let parameter = json!({ "$ref": "#/components/parameters/IdempotencyKey" });
        match operation["parameters"].as_array_mut() {
            Some(parameters) => parameters.push(parameter),
            None => operation["parameters"] = json!([parameter]),
        }
    }
    let mut expected = vec![("429", "Asked too often.")];
    if is_api {
        expected.extend([("400", "Something about the request is wrong; `field` says what."), ("503", "Not now.")]);
        expected.push(("500", "A fault of the server's own."));
    }
    if is_api && !is_open {
        expected.push(("401", "Nobody is known by what the request came with, or no more."));
        expected.push(("403", "The role, the grants or the configuration do not allow it."));
    }
    if is_api && path.contains('{') {
        expected.push(("404", "There is no such thing, or it belongs to another organisation."));
    }
    if is_named {
        expected.push(("422", "The key of idempotency stands for another request."));
    }
    if takes_body {
        expected.push(("408", "The body did not arrive in time."));
        expected.push(("409", "Somebody else was faster; where it is about a drift, `current` is how it is now."));
        expected.push(("413", "The body is too large."));
        expected.push(("415", "The body came compressed."));
    }
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    for (status, description) in expected {
        responses.entry(status).or_insert_with(|| json!({ "description": description }));
    }
    responses.iter_mut().for_each(|(status, response)| complete_response(status, response));
}

/// Whether it changes something, and so may be named. What is not taken is not done; who leaves twice has left, and who looks looks.
fn changes(method: &str, path: &str, operation: &Value) -> bool {
    let only_looks = method == "get" || path.ends_with("/preview") || matches!(path, "/auth/logout" | "/presence");
    !only_looks && operation["responses"].get("405").is_none()
}

fn complete_response(status: &str, response: &mut Value) {
    let is_problem = status >= "400" && response.get("content").is_none();
    if is_problem {
        response["content"] = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
    }
    if response["description"].as_str().is_none_or(str::is_empty) {
        response["description"] = json!(if status < "400" { "What was asked for." } else { "See `error`." });
    }
    let mut headers = Map::new();
    let mut header = |name: &str, as_: &str| {
        headers.insert(name.to_owned(), json!({ "$ref": format!("#/components/headers/{as_}") }));
    };
    header("X-Request-Id", "RequestId");
    header("X-Driftguard-Api", "Version");
    if matches!(status, "429" | "503") {
        header("Retry-After", "RetryAfter");
    }
    response["headers"] = Value::Object(headers);
}
