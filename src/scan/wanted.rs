//! Which types the declared side has, before anything is asked of a cloud: one quick pass that keeps nothing but their names.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::reading::read_all;
use crate::declared::{Declared, DeclaredSource};

/// The types of everything declared. What cannot be read is told by the scan itself.
pub(super) fn declared_types(sources: &[Box<dyn DeclaredSource>], cancel: &AtomicBool) -> BTreeSet<Arc<str>> {
    let mut types: BTreeSet<Arc<str>> = BTreeSet::new();
    let _ = read_all(sources, cancel, &mut |chunk| {
        for declared in chunk.raw.parse().unwrap_or_default() {
            let resource = match &declared {
                Declared::Resource(resource) => resource,
                // A plan carries its own live side.
                Declared::Drift(_) => continue,
            };
            if !types.contains(&resource.resource_type) {
                types.insert(Arc::clone(&resource.resource_type));
            }
        }
        ControlFlow::Continue(())
    });
    types
}
