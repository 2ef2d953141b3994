//! Rows that a scan has seen again. That moves no drift, only when and how often it was seen, so nobody tells of each: what is
//! in sight is read again when the scan has ended, and the rest when it comes into sight.

use std::collections::{BTreeSet, HashSet};

use super::{PAGE, Timeline};
use crate::drift::{DriftEvent, DriftId, Slug};
use crate::store::{Direction, Page, PageRequest};
use crate::tui::app::Ticket;

/// Which rows were read before the last scan of their environment, and which are being read again.
#[derive(Default)]
pub struct Again {
    old: HashSet<DriftId>,
    reading: Option<(Ticket, Vec<DriftId>)>,
}

impl Timeline {
    /// A scan of the environment has ended.
    pub fn grow_old(&mut self, environment: &Slug) {
        let before = std::mem::take(&mut self.again.old);
        let is_old = |event: &&DriftEvent| event.environment == *environment || before.contains(&event.id);
        self.again.old = self.window.rows(0).filter(is_old).map(|event| event.id).collect();
    }

    /// All rows were read before what happened meanwhile.
    pub fn grow_all_old(&mut self) {
        self.again.old = self.window.rows(0).map(|event| event.id).collect();
    }

    /// Asks for the page of the first old row in sight, unless there is none or one is on its way.
    pub fn ask_again(&mut self, ticket: Ticket) -> Option<PageRequest> {
        if self.again.old.is_empty() || self.again.reading.is_some() {
            return None;
        }
        let in_sight = self.window.rows(self.top).take(self.height).map(|event| event.id);
        let row = self.window.position(in_sight.into_iter().find(|id| self.again.old.contains(id))?)?;
        let (cursor, rows) = self.window.page_of(row)?;
        let ids: Vec<DriftId> = rows.iter().map(|event| event.id).collect();
        let request = PageRequest {
            filter: self.filter.request(),
            cursor: cursor.cloned(),
            direction: Direction::Older,
            limit: ids.len().max(PAGE),
        };
        self.again.reading = Some((ticket, ids));
        Some(request)
    }

    /// Whether the answer with this ticket is about old rows.
    pub fn reads_again(&self, ticket: Ticket) -> bool {
        self.again.reading.as_ref().is_some_and(|(waiting, _)| *waiting == ticket)
    }

    /// What was asked for has come, or will not: then the rows stay as they were until the next scan. Rows that are not in the
    /// window have no place in it now either: they come with events and pages.
    pub fn read_again(&mut self, page: Option<Page>) -> Vec<DriftEvent> {
        let Some((_, ids)) = self.again.reading.take() else { return vec![] };
        self.again.old.retain(|id| !ids.contains(id));
        let Some(page) = page else { return vec![] };
        self.drop_gone(&ids, &page);
        let rows = page.data;
        rows.into_iter().filter(|event| self.window.find(event.id).is_some()).collect()
    }

    /// Rows that the filter lets through no more are not in the page where they would be. The one under the cursor stays.
    fn drop_gone(&mut self, ids: &[DriftId], page: &Page) {
        let last = page.data.iter().filter_map(|event| self.window.position(event.id)).max();
        let is_whole = page.next.is_none();
        let (there, selected): (BTreeSet<DriftId>, _) =
            (page.data.iter().map(|event| event.id).collect(), self.selected);
        let is_before =
            |id: &DriftId| self.window.position(*id).is_some_and(|at| is_whole || last.is_some_and(|last| at < last));
        let gone: BTreeSet<DriftId> =
            ids.iter().filter(|id| !there.contains(id) && Some(**id) != selected && is_before(id)).copied().collect();
        let above = self.window.retain(self.top, |event| !gone.contains(&event.id));
        self.top -= above;
    }
}
