//! The pages in memory: at most [`PAGES`], dropped at the far end, so that a key press costs the same however long the list.

use std::collections::VecDeque;

use crate::drift::query::Sort;
use crate::drift::{DriftEvent, DriftId};
use crate::store::{Cursor, Page};

/// Rows asked for at once.
pub const PAGE: usize = 100;
/// Pages kept.
const PAGES: usize = 6;

/// Where a new row went.
pub enum Inserted {
    At(usize),
    /// Newer than what is loaded.
    Above,
    /// Older than what is loaded; it comes with its page.
    Below,
}

/// Consecutive pages in one order, by default newest first.
#[derive(Default)]
pub struct Window {
    pages: VecDeque<Page>,
    /// More new rows came than the first page takes: the top must be loaded again to see them.
    detached: bool,
    /// Rows above and below the pages, where they could be counted.
    before: Option<usize>,
    after: Option<usize>,
    /// The order of the pages.
    sort: Sort,
}

/// Lower comes first, as the store sorts.
fn order(sort: Sort, event: &DriftEvent) -> (u32, i64, u128) {
    let (at, id) = (event.detected_at.as_microsecond(), event.id.0.0);
    match sort {
        Sort::Newest => (0, -at, !id),
        Sort::Oldest => (0, at, id),
        Sort::Severity => (u32::MAX - event.severity_class() as u32, -at, !id),
        Sort::Blast => (u32::MAX - event.dependants, -at, !id),
    }
}

impl Window {
    pub fn len(&self) -> usize {
        self.pages.iter().map(|page| page.data.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Not all that may belong to what was asked for was looked at.
    pub fn is_cut(&self) -> bool {
        self.pages.iter().any(|page| page.is_cut)
    }

    /// No page has come yet.
    pub fn is_blank(&self) -> bool {
        self.pages.is_empty()
    }

    pub fn get(&self, mut row: usize) -> Option<&DriftEvent> {
        for page in &self.pages {
            match page.data.get(row) {
                Some(event) => return Some(event),
                None => row -= page.data.len(),
            }
        }
        None
    }

    /// From a row on.
    pub fn rows(&self, from: usize) -> impl Iterator<Item = &DriftEvent> {
        self.pages.iter().flat_map(|page| &page.data).skip(from)
    }

    pub fn position(&self, id: DriftId) -> Option<usize> {
        self.rows(0).position(|event| event.id == id)
    }

    pub fn find(&self, id: DriftId) -> Option<&DriftEvent> {
        self.rows(0).find(|event| event.id == id)
    }

    /// The page a row is on, and where it starts: the cursor names the row before it, except on a first page with others before
    /// it that are not in memory, where it names the first row itself.
    pub fn page_of(&self, row: usize) -> Option<(Option<&Cursor>, &[DriftEvent])> {
        let mut first = 0;
        let mut start = self.newer();
        for page in &self.pages {
            first += page.data.len();
            if row < first {
                return Some((start, &page.data));
            }
            start = page.next.as_ref();
        }
        None
    }

    /// Where older rows start.
    pub fn older(&self) -> Option<&Cursor> {
        self.pages.back()?.next.as_ref()
    }

    /// Where newer rows start.
    pub fn newer(&self) -> Option<&Cursor> {
        self.pages.front()?.previous.as_ref()
    }

    pub fn is_detached(&self) -> bool {
        self.detached
    }

    /// How many rows stand above the pages, and how many there are in all; `counted` is what somebody else knows of that.
    pub fn extent(&self, counted: Option<usize>) -> (Option<usize>, Option<usize>) {
        let least = self.before.unwrap_or(0) + self.len() + self.after.unwrap_or(0);
        let total = match (self.before, self.after) {
            (Some(_), Some(_)) => Some(least),
            _ => counted.map(|counted| counted.max(least)),
        };
        let from_the_end = || Some(total? - self.len() - self.after?);
        (self.before.or_else(from_the_end), total)
    }

    pub fn replace(&mut self, page: Page, sort: Sort) {
        (self.detached, self.sort) = (false, sort);
        self.before = page.previous.is_none().then_some(0);
        self.after = page.next.is_none().then_some(0);
        self.pages = VecDeque::from([page]);
    }

    /// Adds a page at the end; returns how many rows left at the start. A search may hand out short or empty pages: they
    /// are joined, so that they push nothing out.
    pub fn push_older(&mut self, page: Page) -> usize {
        let page = self.without_known(page);
        self.after = match page.next {
            None => Some(0),
            Some(_) => self.after.map(|after| after.saturating_sub(page.data.len())),
        };
        match self.pages.back_mut().filter(|last| last.data.len() + page.data.len() <= PAGE) {
            Some(last) => {
                last.data.extend(page.data);
                last.next = page.next;
            }
            None => self.pages.push_back(page),
        }
        let surplus = self.pages.len() > PAGES;
        let gone = surplus.then(|| self.pages.pop_front()).flatten().map_or(0, |gone| gone.data.len());
        self.before = self.before.map(|before| before + gone);
        gone
    }

    /// Adds a page at the start; returns how many rows came.
    pub fn push_newer(&mut self, page: Page) -> usize {
        let mut page = self.without_known(page);
        let came = page.data.len();
        self.detached &= page.previous.is_some();
        self.before = match page.previous {
            None => Some(0),
            Some(_) => self.before.map(|before| before.saturating_sub(came)),
        };
        match self.pages.front_mut().filter(|first| first.data.len() + came <= PAGE) {
            Some(first) => {
                page.data.append(&mut first.data);
                (first.data, first.previous) = (page.data, page.previous);
            }
            None => self.pages.push_front(page),
        }
        let gone: usize = self.pages.iter().skip(PAGES).map(|page| page.data.len()).sum();
        self.after = self.after.map(|after| after + gone);
        self.pages.truncate(PAGES);
        came
    }

    /// A row that came by event may come again with its page.
    fn without_known(&self, mut page: Page) -> Page {
        page.data.retain(|event| self.find(event.id).is_none());
        page
    }

    /// Puts a newer version in the place of a row; an older one is left out. `false`: no such row.
    pub fn replace_row(&mut self, event: &DriftEvent) -> bool {
        let row = self.pages.iter_mut().flat_map(|page| &mut page.data).find(|row| row.id == event.id);
        let Some(row) = row else { return false };
        if event.version >= row.version {
            *row = event.clone();
        }
        true
    }

    pub fn insert(&mut self, event: DriftEvent) -> Inserted {
        let place = order(self.sort, &event);
        let row = self.rows(0).take_while(|row| order(self.sort, row) < place).count();
        if row == self.len() && (self.older().is_some() || self.is_blank()) {
            return Inserted::Below;
        }
        let full = self.pages.front().is_none_or(|page| page.data.len() >= 3 * PAGE);
        if row == 0 && (self.newer().is_some() || self.detached || full) {
            self.detached |= full;
            self.before = self.before.map(|before| before + 1);
            return Inserted::Above;
        }
        let mut at = row;
        for page in &mut self.pages {
            if at <= page.data.len() {
                page.data.insert(at, event);
                return Inserted::At(row);
            }
            at -= page.data.len();
        }
        Inserted::Below
    }

    /// Keeps what `keep` says; returns how many of the first `top` rows left.
    pub fn retain(&mut self, top: usize, keep: impl Fn(&DriftEvent) -> bool) -> usize {
        let mut row = 0;
        let mut above = 0;
        for page in &mut self.pages {
            page.data.retain(|event| {
                let stays = keep(event);
                above += usize::from(!stays && row < top);
                row += 1;
                stays
            });
        }
        above
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::sample::Synthetic;

    fn page(numbers: std::ops::Range<u64>, next: Option<u64>) -> Page {
        let data = numbers.map(Synthetic::event).collect();
        Page { data, next: next.map(|n| Cursor(n.to_string())), previous: None, is_cut: false }
    }

    #[test]
    fn empty_pages_of_a_long_search_push_nothing_out() {
        let mut window = Window::default();
        window.replace(page(0..3, Some(100)), Sort::Newest);
        for searched in 2..40 {
            assert_eq!(window.push_older(page(0..0, Some(searched * 100))), 0);
        }
        assert_eq!(window.older(), Some(&Cursor("3900".into())));
        window.push_older(page(3950..3952, None));
        assert_eq!((window.len(), window.older()), (5, None));
    }

    #[test]
    fn rows_are_counted_from_either_end() {
        let mut window = Window::default();
        window.replace(page(0..100, Some(99)), Sort::Newest);
        assert_eq!(window.extent(None), (Some(0), None));
        assert_eq!(window.extent(Some(3_401)), (Some(0), Some(3_401)));
        for start in (100..1_000).step_by(100) {
            window.push_older(page(start..start + 100, Some(start + 99)));
        }
        assert_eq!(window.extent(Some(3_401)), (Some(400), Some(3_401)));
        // From the oldest on.
        window.replace(Page { previous: Some(Cursor("900".into())), ..page(900..1_000, None) }, Sort::Newest);
        assert_eq!(window.extent(None), (None, None));
        assert_eq!(window.extent(Some(1_000)), (Some(900), Some(1_000)));
        window.push_newer(Page { previous: Some(Cursor("800".into())), ..page(800..900, Some(899)) });
        assert_eq!(window.extent(Some(1_000)), (Some(800), Some(1_000)));
    }

    #[test]
    fn a_row_that_came_by_event_does_not_come_twice_with_its_page() {
        let mut window = Window::default();
        window.replace(page(1..50, Some(49)), Sort::Newest);
        assert!(matches!(window.insert(Synthetic::event(0)), Inserted::At(0)));
        assert!(matches!(window.insert(Synthetic::event(60)), Inserted::Below));
        window.push_older(page(48..150, None));
        assert_eq!(window.len(), 150);
    }

    #[test]
    fn a_flood_of_new_rows_is_counted_and_not_kept() {
        let mut window = Window::default();
        window.replace(page(5_000..5_100, Some(5_099)), Sort::Newest);
        let above = (0..5_000).rev().filter(|n| matches!(window.insert(Synthetic::event(*n)), Inserted::Above)).count();
        assert!(window.is_detached() && window.len() == 3 * PAGE, "{}", window.len());
        assert_eq!(above, 5_000 - 2 * PAGE);
    }
}
