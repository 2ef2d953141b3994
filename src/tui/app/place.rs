//! What an environment is to whoever decides there: production, protected.

use std::collections::BTreeMap;

use super::Model;
use super::overlay::Target;
use crate::drift::{Slug, names_production};

impl Model {
    /// Of an environment that is not loaded its name says so: what is unknown is not harmless.
    pub fn is_production(&self, slug: &Slug) -> bool {
        let known = self.environments.list.iter().find(|e| e.environment.slug == *slug);
        known.map_or_else(|| names_production(slug.as_str()), |e| e.is_production)
    }

    /// It is known that there is none: nothing was scanned, and nothing will be.
    pub fn has_no_environment(&self) -> bool {
        let environments = &self.environments;
        let is_known = self.connected() && environments.loading.is_none() && environments.error.is_none();
        is_known && environments.list.is_empty()
    }

    /// Its drift may not be settled here.
    pub fn is_protected(&self, slug: &Slug) -> bool {
        self.protected.contains(slug)
    }

    /// Where the targets are and how many there; production first.
    pub fn places<'a>(&self, targets: impl Iterator<Item = &'a Target>) -> Vec<(Slug, usize)> {
        let mut counts: BTreeMap<&Slug, usize> = BTreeMap::new();
        targets.for_each(|target| *counts.entry(&target.environment).or_default() += 1);
        let mut places: Vec<_> = counts.into_iter().map(|(slug, number)| (slug.clone(), number)).collect();
        places.sort_by_key(|(slug, _)| !self.is_production(slug));
        places
    }
}
