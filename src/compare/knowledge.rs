//! What the comparisons of one environment go by.

use std::borrow::Cow;
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
    /// The switched-off rules that may be about a resource with these names, which are asked for only where it matters.
    pub fn never_hide_of(&self, resource_type: &str, names: impl FnOnce() -> Vec<String>) -> Cow<'_, [NeverHide]> {
        if !self.never_hide.iter().any(NeverHide::is_of_some) {
            return Cow::Borrowed(&self.never_hide);
        }
        let names = names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.never_hide.iter().filter(|rule| rule.is_about(resource_type, &names)).cloned().collect()
    }

    /// For one comparison.
    pub fn settings<'a>(&'a self, context: Option<&'a Context>) -> Settings<'a> {
        Settings { packs: &self.packs, schema: None, context, never_hide: &self.never_hide }
    }
}
