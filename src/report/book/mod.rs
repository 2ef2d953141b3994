//! All there is on one page, as HTML: an index, the environments, every drift that has not ended, the advice for them, and the
//! settings in force. For somebody who has no terminal here, and for the records.

mod advice;
mod html;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::drift::{ContextRequest, DriftEvent, Environment, OperationalContext, ScanSummary, Slug, State, Stats};
use crate::store::{Direction, DriftFilter, OpenCounts, PageRequest, Store, StoreError};

/// Drifts that are shown; a page of more would not open.
const MOST: usize = 2_000;
/// Drifts read at once.
const PAGE: usize = 500;
/// Days the figures of the index are about.
const DAYS: u32 = 30;

/// What the page is about.
pub struct Book {
    pub environments: Vec<Chapter>,
    /// Not ended, worst first.
    pub drifts: Vec<DriftEvent>,
    /// There are more than are shown.
    pub cut: bool,
    pub stats: Stats,
    /// Key, value and origin, without secrets.
    pub settings: Vec<[String; 3]>,
}

/// One environment.
pub struct Chapter {
    pub environment: Environment,
    pub open: OpenCounts,
    pub last_scan: Option<ScanSummary>,
    /// What goes on there.
    pub contexts: Vec<OperationalContext>,
}

impl Book {
    /// Reads the store. `only`: these environments, or all.
    ///
    /// # Errors
    /// As the store's.
    pub fn read(store: &dyn Store, only: &[Slug], now: Timestamp) -> Result<Self, StoreError> {
        let known = store.environments()?;
        let wanted = known.into_iter().filter(|one| only.is_empty() || only.contains(&one.slug));
        let environments = wanted.map(|environment| chapter(store, environment, now)).collect::<Result<Vec<_>, _>>()?;
        let (drifts, cut) = drifts(store, only)?;
        let stats = store.stats(only, DAYS)?;
        Ok(Self { environments, drifts, cut, stats, settings: vec![] })
    }

    /// Writes the page as it reads at `now`; times are those of the zone.
    ///
    /// # Errors
    /// As the writer's.
    pub fn write(&self, now: Timestamp, zone: &TimeZone, out: &mut dyn Write) -> io::Result<()> {
        html::write(self, now, zone, out)
    }
}

fn chapter(store: &dyn Store, environment: Environment, now: Timestamp) -> Result<Chapter, StoreError> {
    let slug = &environment.slug;
    let (open, last_scan) = (store.open_counts(slug)?, store.last_scan(slug)?);
    let request = ContextRequest { environments: vec![slug.clone()], ..ContextRequest::at(now) };
    let contexts = store.contexts(&request)?;
    Ok(Chapter { environment, open, last_scan, contexts })
}

/// Those that have not ended, and whether there are more.
fn drifts(store: &dyn Store, only: &[Slug]) -> Result<(Vec<DriftEvent>, bool), StoreError> {
    let states = State::ALL.into_iter().filter(|state| *state != State::Closed).collect();
    let filter = DriftFilter { environments: only.to_vec(), states, ..DriftFilter::default() };
    let mut request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: PAGE };
    let mut found = vec![];
    loop {
        let page = store.page(&request)?;
        found.extend(page.data);
        request.cursor = page.next;
        if request.cursor.is_none() || found.len() > MOST {
            break;
        }
    }
    let cut = request.cursor.is_some() || found.len() > MOST;
    found.sort_by_key(|event| (Reverse(event.severity_class()), Reverse(event.detected_at), event.id));
    found.truncate(MOST);
    Ok((found, cut))
}
