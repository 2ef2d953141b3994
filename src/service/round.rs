//! Many drifts that are thought about one after another: what they have in common is read once, not once for each.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use jiff::Timestamp;

use super::commits::Commits;
use super::evidence::{Beforehand, Scene, appeared};
use crate::drift::{DriftDetail, Environment, Slug};
use crate::store::{Store, StoreError};

/// Scenes that are kept for each environment; what one scan found has one.
const SCENES: usize = 8;
/// Seconds. Who made a change is known to the second, and drifts of one scan are told apart by less: what lies around them is the same.
const HOUR: i64 = 3_600;
const MINUTE: i64 = 60;

/// Lives as long as one call, so what it read stays as good as it was.
pub(super) struct Round<'a> {
    pub store: &'a dyn Store,
    known: Box<dyn Fn(&Slug) -> Beforehand + 'a>,
    places: HashMap<Slug, Place>,
    commits: Arc<Commits>,
    /// Scenes that were read.
    pub read: usize,
}

struct Place {
    before: Arc<Beforehand>,
    environment: Arc<Environment>,
    scenes: HashMap<(Timestamp, Timestamp), Arc<Scene>>,
}

/// What one drift shares with others.
pub(super) struct Shared {
    pub before: Arc<Beforehand>,
    pub environment: Arc<Environment>,
    pub scene: Arc<Scene>,
}

impl<'a> Round<'a> {
    /// `known`: what the configuration says of an environment, asked once for each.
    pub fn new(store: &'a dyn Store, known: impl Fn(&Slug) -> Beforehand + 'a) -> Self {
        Self { store, known: Box::new(known), places: HashMap::new(), commits: Arc::default(), read: 0 }
    }

    /// Of one environment.
    pub fn within(store: &'a dyn Store, before: &'a Beforehand) -> Self {
        Self::new(store, |_| before.clone())
    }

    pub fn around(&mut self, detail: &DriftDetail) -> Result<Shared, StoreError> {
        let slug = &detail.event.environment;
        let place = match self.places.entry(slug.clone()) {
            Entry::Occupied(place) => place.into_mut(),
            Entry::Vacant(place) => {
                let (before, environment) = ((self.known)(slug), environment_of(self.store, slug)?);
                place.insert(Place {
                    before: Arc::new(before),
                    environment: Arc::new(environment),
                    scenes: HashMap::new(),
                })
            }
        };
        let span = span(detail);
        if place.scenes.len() >= SCENES && !place.scenes.contains_key(&span) {
            place.scenes.clear();
        }
        let scene = match place.scenes.entry(span) {
            Entry::Occupied(scene) => scene.into_mut(),
            Entry::Vacant(scene) => {
                self.read += 1;
                let commits = Arc::clone(&self.commits);
                scene.insert(Arc::new(Scene::of(self.store, &place.before, slug, span.0, span.1, commits)?))
            }
        };
        let (before, environment) = (Arc::clone(&place.before), Arc::clone(&place.environment));
        Ok(Shared { before, environment, scene: Arc::clone(scene) })
    }
}

/// From when it was made, as far as that is known, until a scan saw it; to the whole hour before and the whole minute after.
fn span(detail: &DriftDetail) -> (Timestamp, Timestamp) {
    let event = &detail.event;
    let made = event.attribution.as_ref().map_or(event.detected_at, |to| to.at.min(event.detected_at));
    let until = appeared(detail).max(event.detected_at);
    let whole = |second, or| Timestamp::from_second(second).unwrap_or(or);
    let from = whole(made.as_second().div_euclid(HOUR) * HOUR, made);
    (from, whole((until.as_second().div_euclid(MINUTE) + 1) * MINUTE, until))
}

pub(super) fn environment_of(store: &dyn Store, slug: &Slug) -> Result<Environment, StoreError> {
    let found = store.environments()?.into_iter().find(|one| one.slug == *slug);
    found.ok_or_else(|| StoreError::NotFound("its environment is gone".into()))
}
