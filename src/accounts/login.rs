//! What a login brings, and what it gives.

use serde::{Deserialize, Serialize};

use crate::safety::Tainted;

/// Somebody who has guessed too often, or for whom somebody else has.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct LockedOut {
    pub username: Tainted,
    /// Until the next try.
    pub seconds: u64,
}

/// What a login brings. Not `Debug`.
#[derive(Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The slug.
    pub organization: String,
    pub username: String,
    pub password: String,
}

/// What a login and a refresh give. Not `Debug`.
#[derive(Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TokenPair {
    pub access_token: String,
    /// Good for one use: the next pair comes with another.
    pub refresh_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// Seconds the access token lasts.
    pub expires_in: u64,
}
