//! Each organisation lives in a house of its own: its service, and its feed. Whoever is in one cannot name what is in another.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::business::Counted;
use super::feed::Feed;
use crate::api::{Code, Problem};
use crate::drift::Slug;
use crate::service::DriftService;

/// An organisation, as the server has it.
pub struct House {
    pub service: Arc<dyn DriftService>,
    pub(super) feed: Arc<Feed>,
    pub(super) counted: Arc<Counted>,
}

/// All of them, by the organisation's slug. A clone is the same houses: they are opened and closed while they are served.
#[derive(Clone, Default)]
pub struct Houses(Arc<RwLock<Known>>);

#[derive(Default)]
struct Known {
    open: BTreeMap<Slug, Arc<House>>,
    /// Closed, and soon to be opened again; why.
    resting: BTreeMap<Slug, String>,
}

impl Houses {
    /// Opens a house. Needs a tokio runtime: its feed listens from now on.
    pub fn open(&mut self, organisation: Slug, service: Arc<dyn DriftService>) {
        let feed = Feed::listen(service.as_ref());
        let house = Arc::new(House { service, feed, counted: Arc::default() });
        let mut known = self.known_mut();
        known.resting.remove(&organisation);
        known.open.insert(organisation, house);
    }

    /// Nobody comes in any more. Whoever is in the middle of something finishes it.
    pub fn close(&mut self, organisation: &Slug) {
        let mut known = self.known_mut();
        known.resting.remove(organisation);
        known.open.remove(organisation);
    }

    /// As [`close`](Self::close), for a while: whoever comes is told why, and to come again.
    pub fn rest(&mut self, organisation: &Slug, why: &str) {
        let mut known = self.known_mut();
        known.open.remove(organisation);
        known.resting.insert(organisation.clone(), why.to_owned());
    }

    pub(super) fn of(&self, organisation: &Slug) -> Option<Arc<House>> {
        self.known().open.get(organisation).cloned()
    }

    /// # Errors
    /// Why somebody of this organisation does not come in now.
    pub(super) fn enter(&self, organisation: &Slug) -> Result<Arc<House>, Problem> {
        let known = self.known();
        match (known.open.get(organisation), known.resting.get(organisation)) {
            (Some(house), _) => Ok(Arc::clone(house)),
            (None, Some(why)) => Err(Problem::new(Code::Unavailable, format!("{why}: try again in a moment"))),
            (None, None) => Err(Problem::new(Code::Forbidden, "your organisation is not active on this server")),
        }
    }

    /// Whether one of them is to be opened again.
    pub(super) fn resting(&self) -> bool {
        !self.known().resting.is_empty()
    }

    pub(super) fn named(&self) -> Vec<(Slug, Arc<House>)> {
        self.known().open.iter().map(|(slug, house)| (slug.clone(), Arc::clone(house))).collect()
    }

    pub(super) fn all(&self) -> Vec<Arc<House>> {
        self.known().open.values().cloned().collect()
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn known_mut(&self) -> RwLockWriteGuard<'_, Known> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
