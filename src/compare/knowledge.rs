//! What the comparisons of one environment go by.

use std::sync::Arc;

use super::{Context, NeverHide, Packs, Settings};

/// Packs with the user's own among them, and the rules people switched off.
#[derive(Clone, PartialEq, Debug)]
pub struct Knowledge {
    pub packs: Arc<Packs>,
    pub never_hide: Vec<NeverHide>,
}

impl Default for Knowledge {
    /// What comes with the program.
    fn default() -> Self {
        Self { packs: Packs::shared(), never_hide: Vec::new() }
    }
}

impl Knowledge {
    /// For one comparison.
    pub fn settings<'a>(&'a self, context: Option<&'a Context>) -> Settings<'a> {
        Settings { packs: &self.packs, schema: None, context, never_hide: &self.never_hide }
    }
}
