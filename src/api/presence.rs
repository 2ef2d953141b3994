//! Who looks at what.

use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::drift::DriftId;

/// `POST presence`: what whoever asks looks at now.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PresenceBody {
    /// At none without it.
    #[serde(default)]
    pub drift: Option<DriftId>,
    /// One of their screens, by a name of its own choice.
    #[schema(value_type = String, pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
    pub screen: Ulid,
}

/// `POST recommendations/{id}/outcome`: what became of a piece of advice.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutcomeBody {
    pub followed: bool,
    /// What came of it, or why not.
    pub result: crate::safety::Tainted,
}
