//! The timeline in groups: a row for each, and under the open one its members, which are the timeline's window. What is
//! selected is a group's key or a member's id, so that neither moves when counts change around it.

use super::{Filter, Load, Timeline, Window};
use crate::drift::query::{GroupKey, GroupRow, Groups};
use crate::drift::{DriftEvent, DriftId};
use crate::store::DriftFilter;
use crate::tui::app::Ticket;

/// Rows asked for.
pub const GROUPS: usize = 500;

/// What is known of the groups.
#[derive(Default)]
pub struct Grouped {
    pub list: Groups,
    /// Where the cursor is, and on a member where it goes when that leaves.
    cursor: Option<GroupKey>,
    loading: Option<Ticket>,
    /// What the list was asked for, and what it is of.
    asked: Option<Filter>,
    of: Option<Filter>,
    /// Something happened since they were asked for.
    stale: bool,
    /// They have come at least once for this grouping.
    pub is_loaded: bool,
}

/// One row of the pane.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Row<'a> {
    Group(&'a GroupRow),
    Member(&'a DriftEvent),
}

impl Timeline {
    pub fn is_grouped(&self) -> bool {
        self.filter.group().is_some()
    }

    /// Row of the open group among the groups.
    fn open(&self) -> Option<usize> {
        let open = self.filter.member?;
        self.grouped.list.rows.iter().position(|group| group.key == open)
    }

    /// The group under the cursor, by its row among the groups: where the cursor is on no member, it is on some group.
    fn group_at(&self) -> Option<usize> {
        if !self.is_grouped() || (self.open().is_some() && self.position().is_some()) {
            return None;
        }
        let rows = &self.grouped.list.rows;
        let of = |key: Option<GroupKey>| rows.iter().position(|group| Some(group.key) == key);
        of(self.grouped.cursor).or_else(|| of(self.filter.member)).or_else(|| (!rows.is_empty()).then_some(0))
    }

    /// The group under the cursor.
    pub fn group(&self) -> Option<&GroupRow> {
        self.grouped.list.rows.get(self.group_at()?)
    }

    /// Rows of the pane: drifts, or groups and the members of the open one.
    pub fn len(&self) -> usize {
        if !self.is_grouped() {
            return self.window.len();
        }
        self.grouped.list.rows.len() + self.open().map_or(0, |_| self.window.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row under the cursor.
    pub fn row(&self) -> Option<usize> {
        if !self.is_grouped() {
            return self.position();
        }
        let open = self.open();
        match self.group_at() {
            Some(at) => Some(at + open.filter(|open| at > *open).map_or(0, |_| self.window.len())),
            None => Some(open? + 1 + self.position()?),
        }
    }

    /// The row of the pane with this number.
    pub fn row_at(&self, row: usize) -> Option<Row<'_>> {
        let group = |at: usize| self.grouped.list.rows.get(at).map(Row::Group);
        match self.open() {
            Some(open) if row > open && row <= open + self.window.len() => {
                self.window.get(row - open - 1).map(Row::Member)
            }
            Some(open) if row > open => group(row - self.window.len()),
            _ if self.is_grouped() => group(row),
            _ => self.window.get(row).map(Row::Member),
        }
    }

    /// Puts the cursor on a row, or the last one.
    pub fn select_row(&mut self, row: usize) {
        if !self.is_grouped() {
            return self.select_at(row);
        }
        let chosen: Option<Result<GroupKey, DriftId>> =
            self.row_at(row.min(self.len().saturating_sub(1))).map(|row| match row {
                Row::Group(group) => Ok(group.key),
                Row::Member(event) => Err(event.id),
            });
        match chosen {
            Some(Ok(key)) => (self.grouped.cursor, self.selected) = (Some(key), None),
            Some(Err(id)) => (self.grouped.cursor, self.selected) = (self.filter.member, Some(id)),
            None => {}
        }
        self.scroll();
    }

    /// Opens the group under the cursor, or closes it; `true` when its members are to be loaded.
    pub fn toggle(&mut self) -> bool {
        let Some(key) = self.group().map(|group| group.key) else { return false };
        if self.filter.member == Some(key) {
            self.close();
            return false;
        }
        // The row stays where it is while members above it go away.
        self.steady(|timeline| {
            (timeline.filter.member, timeline.window, timeline.selected) = (Some(key), Window::default(), None);
            timeline.grouped.cursor = Some(key);
            timeline.forget_empty();
        });
        true
    }

    /// Closes the open group; the cursor is on it. `false`: there is none.
    pub fn close(&mut self) -> bool {
        let Some(key) = self.filter.member.filter(|_| self.is_grouped()) else { return false };
        self.steady(|timeline| {
            (timeline.filter.member, timeline.selected, timeline.grouped.cursor) = (None, None, Some(key));
            timeline.forget_empty();
        });
        true
    }

    /// Whatever goes on around the cursor, it stays in its row of the screen.
    pub(super) fn steady(&mut self, work: impl FnOnce(&mut Self)) {
        let offset = self.row().unwrap_or(0).saturating_sub(self.top);
        work(self);
        self.top = self.row().unwrap_or(0).saturating_sub(offset);
        self.scroll();
    }

    /// A group that was kept because it was open, and of which nothing is left, goes when it is closed; the cursor goes to what is
    /// in its place then.
    fn forget_empty(&mut self) {
        let open = self.filter.member;
        let at = self.group_at();
        self.grouped.list.rows.retain(|group| group.count > 0 || Some(group.key) == open);
        self.keep_cursor(at);
    }

    /// Where the group under the cursor has gone: the next one, which is in its place.
    fn keep_cursor(&mut self, at: Option<usize>) {
        let (rows, cursor) = (&self.grouped.list.rows, self.grouped.cursor);
        let is_there = rows.iter().any(|group| Some(group.key) == cursor);
        if let Some(at) = at.filter(|_| !is_there) {
            self.grouped.cursor = rows.get(at.min(rows.len().saturating_sub(1))).map(|group| group.key);
        }
    }

    /// Asks for the groups. `later`: something happened and they are there already; then one question at a time is enough.
    pub fn ask_groups(&mut self, ticket: Ticket, later: bool) -> Option<DriftFilter> {
        if later && self.grouped.loading.is_some() {
            self.grouped.stale = true;
            return None;
        }
        (self.grouped.loading, self.grouped.stale) = (Some(ticket), false);
        self.grouped.asked = Some(self.filter.of_any_group());
        Some(DriftFilter { member: None, ..self.filter.request() })
    }

    pub fn is_grouping(&self) -> bool {
        self.is_grouped() && self.grouped.loading.is_some()
    }

    /// Takes an answer; `Some` when somebody waited for it: whether to ask again.
    pub fn take_groups(&mut self, ticket: Ticket, answer: Result<Groups, String>) -> Option<bool> {
        self.grouped.loading.take_if(|waiting| *waiting == ticket)?;
        match answer {
            Err(why) => self.error = Some(why),
            Ok(groups) => {
                self.error = None;
                let first = !std::mem::replace(&mut self.grouped.is_loaded, true);
                self.steady(|timeline| timeline.replace_groups(groups));
                if first {
                    self.top = 0;
                    self.scroll();
                }
            }
        }
        Some(std::mem::take(&mut self.grouped.stale))
    }

    /// What is open stays open, and in its place, when nothing is left of it: whoever looks into it closes it. With another
    /// question it closes.
    fn replace_groups(&mut self, groups: Groups) {
        let open = self.open().and_then(|at| Some((at, self.grouped.list.rows.get(at)?.clone())));
        let at = self.group_at();
        self.grouped.list = groups;
        let before = std::mem::replace(&mut self.grouped.of, self.grouped.asked.take());
        let is_same = before == self.grouped.of;
        match open.filter(|_| self.open().is_none()) {
            Some((at, group)) if is_same => {
                let list = &mut self.grouped.list;
                // There may be some of it among those that are not listed.
                let count = if list.total > list.rows.len() as u64 { group.count } else { 0 };
                list.rows.insert(at.min(list.rows.len()), GroupRow { count, ..group });
            }
            Some(_) => {
                self.close();
            }
            None => {}
        }
        self.keep_cursor(at);
    }

    /// Which page of the open group's members to fetch before the cursor gets to it.
    pub(super) fn wants_members(&self) -> Option<Load> {
        let open = self.open()?;
        let margin = self.height.max(20);
        let row = self.row()?;
        let (first, last) = (open + 1, open + self.window.len());
        if self.window.older().is_some() && row + margin >= last && row <= last + margin {
            return Some(Load::Older);
        }
        (self.window.newer().is_some() && row < first + margin && row + margin >= first).then_some(Load::Newer)
    }
}

#[cfg(test)]
#[path = "grouped_tests.rs"]
mod tests;
