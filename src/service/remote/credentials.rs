//! What is sent with each request, and what to do when it is over.

use async_trait::async_trait;

use crate::service::ServiceError;

/// Tokens for a server. Never shown, never logged.
#[async_trait]
pub trait Credentials: Send + Sync {
    /// To be sent now; `None` sends nothing.
    ///
    /// # Errors
    /// [`ServiceError::Denied`] says what the person has to do.
    async fn token(&self) -> Result<Option<String>, ServiceError>;

    /// Another one, for the server does not take this one any more. `expired`: it was good once.
    ///
    /// # Errors
    /// [`ServiceError::Denied`] says what the person has to do.
    async fn renewed(&self, over: &str, expired: bool) -> Result<String, ServiceError>;
}

/// One that is what it is.
pub(super) struct Fixed(pub(super) Option<String>);

#[async_trait]
impl Credentials for Fixed {
    async fn token(&self) -> Result<Option<String>, ServiceError> {
        Ok(self.0.clone())
    }

    async fn renewed(&self, _: &str, expired: bool) -> Result<String, ServiceError> {
        let why = if expired {
            "the token is over: bring another one"
        } else {
            "the server does not take this key: ask its admins for another one"
        };
        Err(ServiceError::Denied(why.to_owned()))
    }
}
