//! Live resources no state declares, those every account has excepted.

use std::sync::atomic::Ordering;

use super::item::{Item, Presence};
use super::mapping::Type;
use super::{AwsConfig, rules, standalone};
use crate::live::LiveResource;

impl AwsConfig {
    /// The item as an unmanaged resource, if it is one.
    pub(super) fn unmanaged_at(&self, n: usize) -> Option<LiveResource> {
        let managed = self.managed[n].load(Ordering::Relaxed);
        if managed || self.index.presence(n) != Presence::There {
            return None;
        }
        let spec = self.mapping.of_config(self.index.config_type(n))?;
        let item = self.index.item(n, spec.wanted()).ok().filter(|i| i.configuration.is_object())?;
        let left_out = comes_with_the_account(spec, &item) || spec.is_gone(&item, None);
        (!left_out).then(|| standalone(self.mapping, item))
    }
}

/// A default resource nobody touched.
fn comes_with_the_account(spec: &Type, item: &Item) -> bool {
    spec.defaults.iter().any(|condition| condition.holds(item, None, false)) && rules::untouched(item)
}
