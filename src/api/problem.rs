//! The one shape of an error.

use serde::{Deserialize, Serialize};

use super::IDEMPOTENCY_HEADER;
use crate::drift::{DriftEvent, Overtaken, Remediation};
use crate::service::{Refusal, ServiceError};

/// `{"error": {"code", "message", …}}`.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Problem {
    pub error: Box<Detail>,
}

/// What went wrong, for people and for programs.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Detail {
    pub code: Code,
    /// A sentence for a person: what happened, and what to do.
    pub message: String,
    /// What of the request is wrong: a parameter, a header, or a path into the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What to name when asking whoever runs the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The same in the log, and wherever else traces are collected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// Seconds after which it may work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// The drift as it is now, when somebody else was faster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Box<DriftEvent>>,
    /// What was to be approved, as it stands now, when it does not wait any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_remediation: Option<Box<Remediation>>,
    /// The organisation, user, settings or API key as it is now, when somebody else was faster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub current_account: Option<Box<serde_json::Value>>,
    /// Which rule stands in the way, when one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
}

/// What kind of thing went wrong; each has one HTTP status.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    Invalid,
    Unauthenticated,
    TokenExpired,
    Forbidden,
    Refused,
    ReadOnly,
    NotFound,
    NotAllowed,
    Conflict,
    /// What was sent did not come in time.
    Timeout,
    TooLarge,
    /// The body is in a form that is not taken.
    Unsupported,
    /// The key of idempotency stands for another request.
    Reused,
    RateLimited,
    /// A fault of the server's own.
    Internal,
    Unavailable,
}

impl Code {
    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Unauthenticated | Self::TokenExpired => 401,
            Self::Forbidden | Self::Refused | Self::ReadOnly => 403,
            Self::NotFound => 404,
            Self::NotAllowed => 405,
            Self::Timeout => 408,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::Unsupported => 415,
            Self::Reused => 422,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }
}

impl Problem {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let detail = Detail {
            code,
            message: message.into(),
            field: None,
            request_id: None,
            trace_id: None,
            retry_after: None,
            current: None,
            current_remediation: None,
            current_account: None,
            refusal: None,
        };
        Self { error: Box::new(detail) }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.error.code.status()
    }

    /// About one part of the request.
    pub fn of_field(field: impl Into<String>, message: impl Into<String>) -> Self {
        let mut problem = Self::new(Code::Invalid, message);
        problem.error.field = Some(field.into());
        problem
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        let message = error.to_string();
        let (code, current, refusal) = match error {
            ServiceError::NotFound(_) => (Code::NotFound, None, None),
            ServiceError::Conflict(current) => (Code::Conflict, Some(current), None),
            ServiceError::Invalid(_) => (Code::Invalid, None, None),
            ServiceError::Reused(message) => {
                let mut problem = Self::new(Code::Reused, message);
                problem.error.field = Some(IDEMPOTENCY_HEADER.to_owned());
                return problem;
            }
            ServiceError::Overtaken(overtaken) => {
                let Overtaken { why, drift, remediation } = *overtaken;
                let mut problem = Self::new(Code::Conflict, why);
                problem.error.current = drift.map(Box::new);
                problem.error.current_remediation = Some(Box::new(remediation));
                return problem;
            }
            ServiceError::ReadOnly(_) => (Code::ReadOnly, None, None),
            ServiceError::Refused(refusal) => (Code::Refused, None, Some(refusal)),
            ServiceError::Denied(_) => (Code::Forbidden, None, None),
            ServiceError::Kept(_) | ServiceError::Unavailable(_) => (Code::Unavailable, None, None),
        };
        let mut problem = Self::new(code, message);
        (problem.error.current, problem.error.refusal) = (current, refusal);
        problem
    }
}

impl From<Problem> for ServiceError {
    fn from(problem: Problem) -> Self {
        let Detail { code, message, field, current, current_remediation, refusal, .. } = *problem.error;
        if code == Code::Reused {
            return Self::Reused(message);
        }
        if let (Code::Conflict, Some(remediation)) = (code, current_remediation) {
            let drift = current.map(|current| *current);
            return Self::Overtaken(Box::new(Overtaken { why: message, drift, remediation: *remediation }));
        }
        let message = match field {
            Some(field) => format!("{message} ({field})"),
            None => message,
        };
        match (code, current, refusal) {
            (Code::Conflict, Some(current), _) => Self::Conflict(current),
            (Code::Refused, _, Some(refusal)) => Self::Refused(refusal),
            (Code::ReadOnly, ..) => {
                // It says so itself when it is shown.
                Self::ReadOnly(message.strip_prefix("read-only: ").map_or(message.clone(), str::to_owned))
            }
            (Code::NotFound, ..) => Self::NotFound(message),
            (Code::Unauthenticated | Code::TokenExpired | Code::Forbidden, ..) => Self::Denied(message),
            (Code::Unavailable | Code::RateLimited | Code::Internal | Code::Timeout, ..) => Self::Unavailable(message),
            _ => Self::Invalid(message),
        }
    }
}
