//! What a client is told about itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Role;
use crate::drift::Slug;
use crate::safety::Tainted;

/// `GET session`.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Greeting {
    pub organisation: Slug,
    /// What decisions are signed with.
    pub name: Tainted,
    pub role: Role,
    /// Why nothing can be decided here, or `None`.
    pub read_only: Option<String>,
    /// Of a view: when it was taken.
    pub as_of: Option<Timestamp>,
    /// Which decisions need a reason, as the configuration says it.
    pub require_reason: String,
    /// The version of the program that serves.
    pub server: String,
    /// What it can be asked for, by the names of [`Capability`](super::Capability); `None`: it is from before there were any.
    #[serde(default)]
    pub capabilities: Option<Vec<String>>,
}
