//! What tests do to the sample world from outside.

use super::{Sample, drifts, now};
use crate::drift::{DriftDetail, DriftEvent, DriftId, Slug};
use crate::service::ServiceEvent;

impl Sample {
    /// A scan found `number` more drifts, a second apart.
    pub fn appear(&self, number: u64) {
        for one in 0..number {
            let after = jiff::SignedDuration::from_secs(i64::try_from(one).unwrap_or(0));
            let event = drifts::fresh(one, now().checked_add(after).unwrap_or_default());
            let detail = DriftDetail { event: event.clone(), ..drifts::all().swap_remove(4) };
            self.world().drifts.insert(0, detail);
            let _ = self.events.send(ServiceEvent::Drift(Box::new(event)));
        }
    }

    /// Somebody else changes a drift; `quietly`: the screens are not told.
    pub fn change(&self, id: DriftId, quietly: bool, change: impl FnOnce(&mut DriftEvent)) {
        let mut world = self.world();
        let Some(detail) = world.drifts.iter_mut().find(|detail| detail.event.id == id) else { return };
        change(&mut detail.event);
        detail.event.version += 1;
        if !quietly {
            let _ = self.events.send(ServiceEvent::Updated(Box::new(detail.event.clone())));
        }
    }

    /// Ids, newest first.
    pub fn ids(&self) -> Vec<DriftId> {
        self.world().drifts.iter().map(|detail| detail.event.id).collect()
    }

    /// All there is, newest first.
    pub fn details(&self) -> Vec<DriftDetail> {
        self.world().drifts.clone()
    }

    /// A drift as it is now.
    pub fn event(&self, id: DriftId) -> Option<DriftEvent> {
        self.world().drifts.iter().find(|detail| detail.event.id == id).map(|detail| detail.event.clone())
    }

    /// The scans that were asked for.
    pub fn scans(&self) -> Vec<Option<Slug>> {
        self.world().scans.clone()
    }

    /// Says something to the screens.
    pub fn say(&self, event: ServiceEvent) {
        let _ = self.events.send(event);
    }
}
