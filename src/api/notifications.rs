//! Notifications, and what others tell the server.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::drift::{ContextType, NotificationId, Slug};
use crate::safety::Tainted;

/// `POST notifications/read`: this one and all that are older.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadBody {
    pub until: NotificationId,
}

/// `POST hooks/{name}`: what whoever holds the hook's secret wants, or tells.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HookBody {
    /// Scans the environments.
    pub scan: bool,
    /// Says what goes on in them.
    pub mark: Option<HookMark>,
    /// Some of those the hook is for; all of them without it.
    pub environments: Vec<Slug>,
}

/// What goes on.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HookMark {
    pub context_type: ContextType,
    /// One line of at most 500 characters.
    #[schema(max_length = 500)]
    pub title: Tainted,
    /// Where to read on: https://…
    #[serde(default)]
    pub link: Option<Tainted>,
    /// What another system calls it.
    #[serde(default)]
    pub id: Option<Tainted>,
    /// Now without it.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// A moment, or open where its kind lasts, without it.
    #[serde(default)]
    pub to: Option<Timestamp>,
}

/// What was done of it.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
pub struct HookDone {
    /// Scans of these were asked for.
    pub scans: Vec<Slug>,
    /// What was marked, by its id.
    pub mark: Option<crate::drift::ContextId>,
    /// Why nothing was to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nothing: Option<String>,
}
