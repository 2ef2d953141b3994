//! Where findings go: into the store, or into the report of one command.

use jiff::Timestamp;

use super::{Sightings, deploys};
use crate::drift::{DriftEvent, Finding, ScanId, ScanSummary, Sighting, Slug, Untold};
use crate::store::{Observation, Recorded, Store, StoreError};

/// Takes what a scan finds, in batches of at most 500.
pub trait Sink {
    /// The scan begins.
    fn begin(&mut self, environment: &Slug, at: Timestamp) -> Result<ScanId, StoreError>;
    fn findings(&mut self, batch: Vec<Finding>) -> Result<(), StoreError>;
    fn observations(&mut self, batch: Vec<Observation>) -> Result<(), StoreError>;
    /// What a scan that came to its end hid and could not verify, before it is over.
    fn untold(&mut self, _rows: &[Untold]) -> Result<(), StoreError> {
        Ok(())
    }
    /// The scan is over, complete or not.
    fn finish(&mut self, summary: ScanSummary) -> Result<ScanSummary, StoreError>;
}

/// Keeps the findings for a report; nothing is remembered.
#[derive(Default)]
pub struct CollectSink {
    /// Without bodies.
    pub drifts: Sightings,
}

impl Sink for CollectSink {
    fn begin(&mut self, _environment: &Slug, _at: Timestamp) -> Result<ScanId, StoreError> {
        Ok(ScanId::generate())
    }

    fn findings(&mut self, batch: Vec<Finding>) -> Result<(), StoreError> {
        for finding in batch {
            // No report shows whole bodies.
            let bare = Finding { declared_state: None, actual_state: None, ..finding };
            self.drifts.push(&Sighting::from(bare))?;
        }
        Ok(())
    }

    fn observations(&mut self, _batch: Vec<Observation>) -> Result<(), StoreError> {
        Ok(())
    }

    fn finish(&mut self, summary: ScanSummary) -> Result<ScanSummary, StoreError> {
        Ok(summary)
    }
}

/// Writes to the store and tells what is new.
pub struct StoreSink<'a> {
    store: &'a dyn Store,
    on_drift: &'a mut dyn FnMut(Told),
    scan: Option<(ScanId, Slug)>,
}

/// What the store made of a finding, as far as somebody wants to hear it.
pub enum Told {
    /// First seen, or come back.
    New(DriftEvent),
    /// No news, but not as it was.
    Changed(DriftEvent),
    /// Ended by this scan.
    Closed(DriftEvent),
    /// The same as before, as another drift: the one it goes on from comes after it, as closed.
    Continued(DriftEvent),
}

impl<'a> StoreSink<'a> {
    /// `on_drift` hears of every drift that is new, regressed or closed; a drift seen again is not told.
    pub fn new(store: &'a dyn Store, on_drift: &'a mut dyn FnMut(Told)) -> Self {
        Self { store, on_drift, scan: None }
    }

    fn scan(&self) -> Result<(ScanId, Slug), StoreError> {
        self.scan.clone().ok_or_else(|| StoreError::Invalid("the scan has not begun".into()))
    }
}

impl Sink for StoreSink<'_> {
    fn begin(&mut self, environment: &Slug, at: Timestamp) -> Result<ScanId, StoreError> {
        let id = self.store.begin_scan(environment, at)?;
        self.scan = Some((id, environment.clone()));
        Ok(id)
    }

    fn findings(&mut self, batch: Vec<Finding>) -> Result<(), StoreError> {
        for recorded in self.store.record(self.scan()?.0, batch)? {
            match recorded {
                // Settled before it was met: what was decided about its changes went over to it.
                Recorded::New(event) | Recorded::Regressed(event) if event.is_resolved_by_changes(event.last_seen) => {
                    (self.on_drift)(Told::Changed(event));
                }
                Recorded::New(event) | Recorded::Regressed(event) => (self.on_drift)(Told::New(event)),
                Recorded::Reopened(event) => (self.on_drift)(Told::Changed(event)),
                Recorded::SeenAgain(_) => {}
                Recorded::Continued { event, instead_of } => {
                    (self.on_drift)(Told::Continued(*event));
                    (self.on_drift)(Told::Closed(*instead_of));
                }
            }
        }
        Ok(())
    }

    fn observations(&mut self, batch: Vec<Observation>) -> Result<(), StoreError> {
        let (id, environment) = self.scan()?;
        self.store.observe(id, &environment, batch)
    }

    fn untold(&mut self, rows: &[Untold]) -> Result<(), StoreError> {
        self.store.keep_untold(self.scan()?.0, rows)
    }

    fn finish(&mut self, summary: ScanSummary) -> Result<ScanSummary, StoreError> {
        deploys::record(self.store, &summary)?;
        let (summary, closed) = self.store.finish_scan(self.scan()?.0, summary)?;
        closed.into_iter().for_each(|event| (self.on_drift)(Told::Closed(event)));
        Ok(summary)
    }
}
