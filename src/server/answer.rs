//! Answers: JSON, or a problem with its status.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::api::{Code, Problem};
use crate::service::ServiceError;

/// Seconds after which something that is not there may be back.
const RETRY: u64 = 2;

/// What a handler gives.
pub(super) type Answer<T> = Result<Json<T>, Failure>;

/// A problem on its way out.
#[derive(Debug)]
pub(super) struct Failure(pub(super) Problem);

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self(mut problem) = self;
        if problem.error.code == Code::Unavailable {
            problem.error.retry_after.get_or_insert(RETRY);
        }
        let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = problem.error.retry_after;
        let wants_login = matches!(problem.error.code, Code::Unauthenticated | Code::TokenExpired);
        // Written out on the way, where it is known which request it answers.
        let mut response = status.into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if wants_login {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(problem);
        response
    }
}

/// A result of the service as an answer.
pub(super) fn answered<T: Serialize>(result: Result<T, ServiceError>) -> Answer<T> {
    Ok(Json(result?))
}
