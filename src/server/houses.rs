//! Each organisation lives in a house of its own: its service, and its feed. Whoever is in one cannot name what is in another.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::feed::Feed;
use crate::drift::Slug;
use crate::service::DriftService;

/// An organisation, as the server has it.
pub struct House {
    pub service: Arc<dyn DriftService>,
    pub(super) feed: Arc<Feed>,
}

/// All of them, by the organisation's slug.
#[derive(Default)]
pub struct Houses(BTreeMap<Slug, House>);

impl Houses {
    /// Opens a house. Needs a tokio runtime: its feed listens from now on.
    pub fn open(&mut self, organisation: Slug, service: Arc<dyn DriftService>) {
        let feed = Feed::listen(service.as_ref());
        self.0.insert(organisation, House { service, feed });
    }

    pub(super) fn of(&self, organisation: &Slug) -> Option<&House> {
        self.0.get(organisation)
    }

    pub(super) fn named(&self) -> impl Iterator<Item = (&Slug, &House)> {
        self.0.iter()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &House> {
        self.0.values()
    }
}
