//! Which types the declared side has, before anything is asked of a cloud: one quick pass that keeps nothing but their names.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::reading::read_all;
use crate::declared::{Declared, DeclaredSource};
use crate::live::aws::Asks;
use crate::live::aws_config;

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

/// The declared resources that are read from these AWS Config types, for a cloud that has to be asked for each by name.
pub(super) fn declared_asks(
    sources: &[Box<dyn DeclaredSource>],
    config_types: &BTreeSet<String>,
    cancel: &AtomicBool,
) -> Asks {
    let mut asks = Asks::default();
    let _ = read_all(sources, cancel, &mut |chunk| {
        for declared in chunk.raw.parse().unwrap_or_default() {
            let Declared::Resource(resource) = &declared else { continue };
            let config_type = aws_config::config_type(&resource.resource_type).map(|(name, _)| name);
            if let Some(config_type) = config_type.filter(|t| config_types.contains(*t)) {
                asks.add(resource, config_type);
            }
        }
        ControlFlow::Continue(())
    });
    asks
}
