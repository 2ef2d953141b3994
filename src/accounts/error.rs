//! Why the accounts did not do it.

use std::path::PathBuf;

use serde_json::Value;

use crate::api::{Code, IDEMPOTENCY_HEADER, Problem};

/// Why the accounts did not do it. None of these says anything a stranger could use.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// A field is not as it must be.
    #[error("{field}: {message}")]
    Invalid { field: &'static str, message: String },
    /// A field is unique, and somebody has that value.
    #[error("{field}: '{value}' is taken; choose another")]
    Taken { field: &'static str, value: String },
    #[error("{0}")]
    NotFound(String),
    /// Changed since it was read; `current` is how it is now, without what is secret of it.
    #[error("{what} was changed by somebody else meanwhile: look at it again, then decide")]
    Conflict { what: String, current: Option<Box<Value>> },
    /// Done already, under the same name.
    #[error("this was done already")]
    Repeated,
    /// The name of a write stands for another one already.
    #[error("this key was used for another request within the last seven days: make a new one for each write")]
    Reused,
    /// Not allowed; names what is missing.
    #[error("{0}")]
    Forbidden(String),
    /// Somebody else has the files.
    #[error("the accounts {path} are open in another process, such as a server: stop it, or use its API")]
    Held { path: PathBuf },
    /// Nobody has begun them.
    #[error("there are no accounts at {path}: run `driftguard accounts init`")]
    Missing { path: PathBuf },
    /// A record does not read back.
    #[error("damaged accounts, {place}: {detail}")]
    Damaged { place: String, detail: String },
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    /// The system gave no random numbers, or no thread.
    #[error("{0}")]
    Unavailable(String),
}

impl AccountsError {
    pub(super) fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { field, message: message.into() }
    }
}

impl From<AccountsError> for Problem {
    fn from(error: AccountsError) -> Self {
        let message = error.to_string();
        match error {
            AccountsError::Invalid { field, message } => Self::of_field(field, message),
            AccountsError::Taken { field, .. } => {
                let mut problem = Self::new(Code::Conflict, message);
                problem.error.field = Some(field.to_owned());
                problem
            }
            AccountsError::NotFound(_) => Self::new(Code::NotFound, message),
            AccountsError::Conflict { current, .. } => {
                let mut problem = Self::new(Code::Conflict, message);
                problem.error.current_account = current;
                problem
            }
            AccountsError::Repeated => Self::new(Code::Conflict, message),
            AccountsError::Reused => {
                let mut problem = Self::new(Code::Reused, message);
                problem.error.field = Some(IDEMPOTENCY_HEADER.to_owned());
                problem
            }
            AccountsError::Forbidden(_) => Self::new(Code::Forbidden, message),
            AccountsError::Io { source, .. } if crate::store::is_full(&source) => {
                tracing::error!(error = %message, "accounts");
                Self::new(
                    Code::Unavailable,
                    "the disk with the server's accounts is full: nothing was changed, make room there",
                )
            }
            AccountsError::Unavailable(_) => {
                tracing::warn!(error = %message, "accounts");
                Self::new(Code::Unavailable, "the accounts cannot be read now: try again in a moment")
            }
            // Paths and details are for the log of whoever runs the server.
            other => {
                tracing::error!(error = %other, "accounts");
                Self::new(Code::Unavailable, "the accounts cannot be read now: tell whoever runs this server")
            }
        }
    }
}
