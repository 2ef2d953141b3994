//! The models that were learned from operators: versions, and what is known of the one under the cursor.

use super::msg::Ticket;
use crate::drift::{Lessons, MlModel};

/// What the registry has.
#[derive(Clone, PartialEq, Debug)]
pub struct Registry {
    /// By name, the newest version first.
    pub models: Vec<MlModel>,
    pub lessons: Lessons,
}

/// The list, on its way or there; the cursor goes over versions.
#[derive(Default)]
pub struct ModelsView {
    pub asked: Option<Ticket>,
    pub answer: Option<Result<Box<Registry>, String>>,
    pub at: usize,
    /// Another version is being taken into use.
    pub pending: Option<Ticket>,
}

impl ModelsView {
    pub fn models(&self) -> &[MlModel] {
        self.answer.as_ref().and_then(|answer| answer.as_ref().ok()).map_or(&[], |registry| &registry.models)
    }

    pub fn current(&self) -> Option<&MlModel> {
        self.models().get(self.at)
    }
}
