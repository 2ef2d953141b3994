//! What a rule about hiding is made from.

use crate::drift::{DriftId, Slug};
use crate::safety::Tainted;

/// A hidden difference, wherever it was selected.
#[derive(Clone, PartialEq, Debug)]
pub struct About {
    pub environment: Slug,
    pub resource_type: Tainted,
    pub resource_id: Tainted,
    pub path: String,
    /// Of the comparer.
    pub rule: String,
    /// The drift it was shown with.
    pub drift: Option<DriftId>,
}

impl About {
    /// The same for the same difference: names what is typed about it, and makes ids without chance.
    pub fn id(&self) -> ulid::Ulid {
        let mut hasher = blake3::Hasher::new();
        for part in
            [self.environment.as_str(), self.resource_type.raw(), self.resource_id.raw(), &self.path, &self.rule]
        {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
        let bytes = hasher.finalize();
        ulid::Ulid::from_bytes(bytes.as_bytes().first_chunk::<16>().copied().unwrap_or_default())
    }
}
