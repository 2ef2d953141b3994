//! Which types the declared side has, before anything is asked of a cloud: one quick pass that keeps nothing but their names.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::reading::read_all;
use crate::aws::Access;
use crate::declared::{Declared, DeclaredResource, DeclaredSource};
use crate::live::aws::{Asks, Wanted};
use crate::live::aws_config;

/// Types of what is declared.
#[derive(Default)]
pub(super) struct DeclaredTypes {
    pub all: BTreeSet<Arc<str>>,
    /// Those of which something can have tags.
    pub tagged: BTreeSet<Arc<str>>,
}

impl DeclaredTypes {
    fn add(&mut self, resource: &DeclaredResource) {
        let kind = &resource.resource_type;
        let is_tagged = || ["tags", "tags_all"].iter().any(|key| resource.values.get(*key).is_some());
        if !self.all.contains(kind) {
            self.all.insert(Arc::clone(kind));
        }
        if !self.tagged.contains(kind) && is_tagged() {
            self.tagged.insert(Arc::clone(kind));
        }
    }

    /// What of AWS they need.
    pub fn wanted(&self, access: &Access) -> Wanted {
        let names = |types: &BTreeSet<Arc<str>>| types.iter().map(|t| t.to_string()).collect::<Vec<_>>();
        let (all, tagged) = (names(&self.all), names(&self.tagged));
        Wanted::of(all.iter().map(String::as_str), access).with_tags(tagged.iter().map(String::as_str))
    }
}

/// The types of everything declared. What cannot be read is told by the scan itself.
pub(super) fn declared_types(sources: &[Box<dyn DeclaredSource>], cancel: &AtomicBool) -> DeclaredTypes {
    let mut types = DeclaredTypes::default();
    let _ = read_all(sources, cancel, &mut |chunk| {
        for declared in chunk.raw.parse().unwrap_or_default() {
            // A plan carries its own live side.
            if let Declared::Resource(resource) = &declared {
                types.add(resource);
            }
        }
        ControlFlow::Continue(())
    });
    types
}

/// The declared resources that are read from these AWS Config types, for a cloud that has to be asked for each by name.
pub(super) fn declared_asks(
    sources: &[Box<dyn DeclaredSource>],
    config_types: &BTreeSet<String>,
    passes: &dyn Fn(&DeclaredResource) -> bool,
    cancel: &AtomicBool,
) -> Asks {
    let mut asks = Asks::default();
    let _ = read_all(sources, cancel, &mut |chunk| {
        for declared in chunk.raw.parse().unwrap_or_default() {
            let Declared::Resource(resource) = &declared else { continue };
            let config_type = aws_config::config_type(&resource.resource_type).map(|(name, _)| name);
            if let Some(config_type) = config_type.filter(|t| config_types.contains(*t) && passes(resource)) {
                asks.add(resource, config_type);
            }
        }
        ControlFlow::Continue(())
    });
    asks
}
