//! What is sent with each request, and what to do when it is over.

use async_trait::async_trait;

use crate::accounts::{Login, TokenPair};
use crate::api::{Done, RefreshBody};
use crate::service::ServiceError;

use super::Server;
use super::call::Line;

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
pub struct Fixed(pub Option<String>);

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

/// Name and password for tokens.
///
/// # Errors
/// When the server cannot be reached, or does not let in whoever this is.
pub async fn login(server: Server, login: &Login) -> Result<TokenPair, ServiceError> {
    Line::of_nobody(server)?.ask("auth/login", login).await
}

/// The next tokens, for a refresh token that is good for this once.
///
/// # Errors
/// [`ServiceError::Denied`]: log in again.
pub async fn refresh(server: Server, refresh_token: String) -> Result<TokenPair, ServiceError> {
    Line::of_nobody(server)?.ask("auth/refresh", &RefreshBody { refresh_token }).await
}

/// Ends the session that the server's token is of.
///
/// # Errors
/// When the server cannot be reached.
pub async fn logout(server: Server) -> Result<Done, ServiceError> {
    Line::new(server)?.ask("auth/logout", &()).await
}
