//! The drift timeline: a window of pages over a list of any length, in the order that was asked for. What is selected is a
//! drift's id; rows that come and go around it do not move it. A query may make it a list of [groups](Grouped).

mod again;
mod filter;
pub mod grouped;
mod window;

pub use filter::{Filter, Shown};
pub use grouped::{GROUPS, Grouped, Row};
pub use window::{PAGE, Window};

use jiff::Timestamp;

use super::Ticket;
use crate::drift::{DriftEvent, DriftId};
use crate::store::{Direction, Page, PageRequest};

/// Which page was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Load {
    /// The newest, in place of everything.
    Newest,
    /// The oldest, in place of everything.
    Oldest,
    /// After the last row.
    Older,
    /// Before the first row.
    Newer,
}

/// The pane's state.
#[derive(Default)]
pub struct Timeline {
    pub filter: Filter,
    pub window: Window,
    pub grouped: Grouped,
    selected: Option<DriftId>,
    /// Row of the window at the top of the pane.
    pub top: usize,
    /// Rows the pane shows.
    pub height: usize,
    /// New ones above the pane that nobody has seen.
    pub unseen: u64,
    loading: Option<(Ticket, Load)>,
    /// The filter changed while the newest page was on its way: what comes is not what is wanted.
    outdated: bool,
    again: again::Again,
    /// Why the last page did not come.
    pub error: Option<String>,
}

impl Timeline {
    /// The drift under the cursor; on a group, the newest of it.
    pub fn selected(&self) -> Option<&DriftEvent> {
        match self.group() {
            Some(group) => Some(&group.sample),
            None => self.window.get(self.position()?),
        }
    }

    /// Its id.
    pub fn selected_id(&self) -> Option<DriftId> {
        self.group().map(|group| group.sample.id).or(self.selected)
    }

    /// Its row in the window, unless it stands for a group.
    pub fn position(&self) -> Option<usize> {
        self.window.position(self.selected?)
    }

    pub fn is_loading(&self) -> bool {
        self.loading.is_some()
    }

    /// Asks for a page, unless that is under way or there is none. `ticket` is used when the answer is `Some`.
    pub fn ask(&mut self, load: Load, ticket: Ticket) -> Option<PageRequest> {
        if self.is_grouped() && self.filter.member.is_none() {
            return None;
        }
        match (self.loading, load) {
            (Some((_, Load::Newest)), Load::Newest) => {
                self.outdated = true;
                return None;
            }
            (Some(_), Load::Older | Load::Newer) => return None,
            _ => {}
        }
        let (cursor, direction) = match load {
            Load::Newest => (None, Direction::Older),
            Load::Oldest => (None, Direction::Newer),
            Load::Older => (Some(self.window.older()?.clone()), Direction::Older),
            Load::Newer => (Some(self.window.newer()?.clone()), Direction::Newer),
        };
        self.loading = Some((ticket, load));
        self.outdated = false;
        Some(PageRequest { filter: self.filter.request(), cursor, direction, limit: PAGE })
    }

    /// Takes an answer; `false` when nobody waits for it.
    pub fn answer(&mut self, ticket: Ticket, page: Result<Page, String>) -> bool {
        let Some((_, load)) = self.loading.filter(|(waiting, _)| *waiting == ticket) else { return false };
        self.loading = None;
        match page {
            Err(why) => self.error = Some(why),
            Ok(page) => {
                self.error = None;
                if !self.outdated {
                    self.place(load, page);
                }
            }
        }
        true
    }

    /// Whether the filter has moved on since the page was asked for.
    pub fn take_outdated(&mut self) -> bool {
        std::mem::take(&mut self.outdated)
    }

    fn place(&mut self, load: Load, page: Page) {
        match self.is_grouped() {
            true => self.steady(|timeline| timeline.put(load, page)),
            false => self.put(load, page),
        }
    }

    fn put(&mut self, load: Load, page: Page) {
        match load {
            Load::Newest | Load::Oldest => {
                self.window.replace(page, self.filter.query().sort);
                let last = load == Load::Oldest;
                if !self.is_grouped() {
                    self.top = 0;
                    if last || self.position().is_none() {
                        self.select_at(if last { usize::MAX } else { 0 });
                    }
                }
            }
            Load::Older => {
                self.top = self.top.saturating_sub(self.window.push_older(page));
                if self.selected.is_none() && !self.is_grouped() {
                    self.select_at(0);
                }
            }
            Load::Newer => self.top += self.window.push_newer(page),
        }
        self.scroll();
    }

    /// Moves the cursor by rows; it stops at the ends of the window.
    pub fn move_by(&mut self, rows: isize) {
        let at = self.row().unwrap_or(0);
        self.select_row(at.saturating_add_signed(rows));
    }

    /// Puts the cursor on a row, or the last one.
    pub fn select_at(&mut self, row: usize) {
        let row = row.min(self.window.len().saturating_sub(1));
        self.selected = self.window.get(row).map(|event| event.id);
        self.scroll();
    }

    /// Which page to fetch before the cursor gets to the window's edge.
    pub fn wants(&self) -> Option<Load> {
        if self.is_grouped() {
            return self.wants_members();
        }
        if self.window.is_empty() {
            return self.window.older().is_some().then_some(Load::Older);
        }
        let at = self.position()?;
        let margin = self.height.max(20);
        if at + margin >= self.window.len() && self.window.older().is_some() {
            return Some(Load::Older);
        }
        (at < margin && self.window.newer().is_some()).then_some(Load::Newer)
    }

    /// Rows that no longer belong here leave, except the one under the cursor.
    pub fn settle(&mut self, now: Timestamp) {
        if self.is_grouped() {
            return self.steady(|timeline| timeline.leave_out(now));
        }
        self.leave_out(now);
        self.scroll();
    }

    fn leave_out(&mut self, now: Timestamp) {
        let (selected, filter, top) = (self.selected, &self.filter, self.top);
        let above = self.window.retain(top, |event| Some(event.id) == selected || filter.matches(event, now));
        self.top -= above;
    }

    /// After a decision of ours: a drift that left the list hands the cursor to the next one.
    pub fn advance_from(&mut self, id: DriftId, now: Timestamp) {
        let Some(at) = self.position().filter(|_| self.selected == Some(id)) else { return };
        if self.window.get(at).is_some_and(|event| self.filter.matches(event, now)) {
            return;
        }
        let next = if at + 1 < self.window.len() { at + 1 } else { at.saturating_sub(1) };
        self.select_at(next);
        self.settle(now);
        if self.window.get(0).is_some_and(|only| self.window.len() == 1 && only.id == id) {
            self.window.retain(0, |event| event.id != id);
            self.selected = None;
        }
    }

    /// The cursor follows a drift that goes on as another one, which is there already.
    pub fn go_on(&mut self, id: DriftId, heir: DriftId) {
        if self.selected == Some(id) && self.window.position(heir).is_some() {
            self.selected = Some(heir);
        }
    }

    /// Takes in a drift that appeared or changed.
    pub fn absorb(&mut self, event: DriftEvent, now: Timestamp) {
        match (self.is_grouped(), self.filter.member) {
            (true, None) => {}
            (true, Some(_)) => self.steady(|timeline| timeline.take_in(event, now)),
            (false, _) => self.take_in(event, now),
        }
    }

    fn take_in(&mut self, event: DriftEvent, now: Timestamp) {
        if self.window.replace_row(&event) {
            return self.settle(now);
        }
        // Whether a new one is in an incident is asked after the scan that found it.
        if !self.filter.matches(&event, now) || self.filter.asks_of_incidents() {
            return;
        }
        match self.window.insert(event) {
            window::Inserted::At(row) => {
                let above = row < self.top || self.position().is_some_and(|at| row < at && self.overflows());
                if above {
                    self.top += 1;
                    self.unseen += u64::from(row < self.top);
                }
            }
            window::Inserted::Above => self.unseen += 1,
            window::Inserted::Below => {}
        }
        if self.selected.is_none() && !self.is_grouped() {
            self.select_at(0);
        }
        self.scroll();
    }

    fn overflows(&self) -> bool {
        self.window.len() > self.height
    }

    /// Brings the cursor into the pane with the least movement, and fills the pane.
    pub fn scroll(&mut self) {
        let height = self.height.max(1);
        self.top = self.top.min(self.len().saturating_sub(height));
        if let Some(at) = self.row() {
            self.top = self.top.min(at).max((at + 1).saturating_sub(height));
        }
        if self.top == 0 && self.window.newer().is_none() && !self.window.is_detached() {
            self.unseen = 0;
        }
    }
}
