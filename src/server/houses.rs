//! Each organisation lives in a house of its own: its service, and its feed. Whoever is in one cannot name what is in another.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::feed::Feed;
use crate::drift::Slug;
use crate::service::DriftService;

/// An organisation, as the server has it.
pub struct House {
    pub service: Arc<dyn DriftService>,
    pub(super) feed: Arc<Feed>,
}

/// All of them, by the organisation's slug. A clone is the same houses: they are opened and closed while they are served.
#[derive(Clone, Default)]
pub struct Houses(Arc<RwLock<BTreeMap<Slug, Arc<House>>>>);

impl Houses {
    /// Opens a house. Needs a tokio runtime: its feed listens from now on.
    pub fn open(&mut self, organisation: Slug, service: Arc<dyn DriftService>) {
        let feed = Feed::listen(service.as_ref());
        let house = Arc::new(House { service, feed });
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(organisation, house);
    }

    /// Nobody comes in any more. Whoever is in the middle of something finishes it.
    pub fn close(&mut self, organisation: &Slug) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(organisation);
    }

    pub(super) fn of(&self, organisation: &Slug) -> Option<Arc<House>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(organisation).cloned()
    }

    pub(super) fn named(&self) -> Vec<(Slug, Arc<House>)> {
        let houses = self.0.read().unwrap_or_else(PoisonError::into_inner);
        houses.iter().map(|(slug, house)| (slug.clone(), Arc::clone(house))).collect()
    }

    pub(super) fn all(&self) -> Vec<Arc<House>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}
