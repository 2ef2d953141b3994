//! The name of a write: who asks again, because no answer came, must not have it done twice.

use serde::{Deserialize, Serialize};

/// Names a write. The store keeps the name with what was done under it, and answers a write that comes again with the same receipt.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Debug)]
pub struct Once {
    /// Who asks, and the name they gave it.
    pub key: String,
    /// What tells this request from another one under the same name, which is refused: as a rule a hash of it.
    #[serde(default)]
    pub request: String,
}

impl Once {
    pub fn new(key: impl Into<String>, request: impl Into<String>) -> Self {
        Self { key: key.into(), request: request.into() }
    }

    /// Of several writes that came under one name the one in this place.
    pub fn part(&self, place: usize) -> Self {
        // No name that somebody gives has a line break in it.
        Self { key: format!("{}\n{place}", self.key), request: self.request.clone() }
    }
}
