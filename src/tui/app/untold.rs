//! The list of what the last scan of an environment hid and could not verify: a window of it, and where the cursor is.

use super::input::Line;
use super::msg::Ticket;
use crate::drift::{Slug, Untold, UntoldPage, UntoldRequest};

/// Rows that are held.
pub const WINDOW: usize = 200;
/// Rows the cursor keeps from the window's edge.
const MARGIN: usize = 50;

/// The list as it is looked at.
pub struct UntoldList {
    pub environment: Slug,
    /// Words that a row must have.
    pub line: Line,
    /// They are being typed.
    pub typing: bool,
    /// Row under the cursor, among those with the words.
    pub at: usize,
    pub page: UntoldPage,
    pub is_loaded: bool,
    pub error: Option<String>,
    /// On its way.
    asked: Option<Ticket>,
    /// What was asked for last; `None`: ask again.
    about: Option<UntoldRequest>,
}

impl UntoldList {
    pub fn new(environment: Slug) -> Self {
        Self {
            environment,
            line: Line::new(""),
            typing: false,
            at: 0,
            page: UntoldPage::default(),
            is_loaded: false,
            error: None,
            asked: None,
            about: None,
        }
    }

    /// The row under the cursor.
    pub fn current(&self) -> Option<&Untold> {
        self.row(self.at)
    }

    /// A row, if it is held.
    pub fn row(&self, at: usize) -> Option<&Untold> {
        self.page.rows.get(at.checked_sub(self.page.from)?)
    }

    /// A scan may have changed it.
    pub fn is_old(&mut self) {
        self.about = None;
    }

    /// What has to be asked for now.
    pub fn wants(&self) -> Option<UntoldRequest> {
        let text = self.line.text().trim().to_owned();
        let held = &self.page;
        let near = |row: usize| row >= held.from && row < held.from + held.rows.len();
        let enough =
            near(self.at.saturating_sub(MARGIN)) && near((self.at + MARGIN).min(held.matching.saturating_sub(1)));
        let same_words = self.about.as_ref().is_some_and(|asked| asked.text == text);
        let from = match &self.about {
            Some(asked) if same_words && (enough || self.asked.is_some() || held.matching == 0) => asked.from,
            _ => self.at.saturating_sub(WINDOW / 2),
        };
        let request = UntoldRequest { environment: self.environment.clone(), text, from, limit: WINDOW };
        (self.about.as_ref() != Some(&request)).then_some(request)
    }

    pub fn ask(&mut self, ticket: Ticket, request: UntoldRequest) {
        (self.asked, self.about) = (Some(ticket), Some(request));
    }

    /// Takes an answer that somebody waits for.
    pub fn came(&mut self, ticket: Ticket, answer: Result<UntoldPage, String>) {
        if self.asked != Some(ticket) {
            return;
        }
        self.asked = None;
        match answer {
            Ok(page) => {
                (self.page, self.is_loaded, self.error) = (page, true, None);
                self.at = self.at.min(self.page.matching.saturating_sub(1));
            }
            Err(why) => self.error = Some(why),
        }
    }
}
