//! What a person should read: shown in the status bar for a while, kept in a list.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// How many are kept.
pub const KEPT: usize = 200;

/// What to do where no environment is known. Nothing found there is no news, and no good news.
pub const NOTHING_TO_SCAN: &str = "nothing to scan here, so nothing is known: start driftguard where a terraform.tfstate is, name \
     one with --state, or write [[environment]] into the configuration (`driftguard info` says where); `driftguard demo` shows \
     a small world";

/// One sentence.
#[derive(Clone, PartialEq, Debug)]
pub struct Notice {
    pub at: Timestamp,
    pub error: bool,
    /// Sanitised.
    pub text: String,
    /// A key was pressed while it stood there, or the list was opened.
    pub read: bool,
    /// It says what was decided, and how to take that back, until then: keys do not take it away.
    pub takes_back_until: Option<Timestamp>,
}

/// How long it is said how a decision is taken back; it can be afterwards as well.
const WINDOW: SignedDuration = SignedDuration::from_secs(10);

impl Notice {
    /// Errors stay longer.
    fn expires(&self) -> Timestamp {
        if let Some(until) = self.takes_back_until {
            return until;
        }
        let seconds = if self.error { 15 } else { 5 };
        self.at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
    }
}

/// Newest first.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Notices {
    pub list: VecDeque<Notice>,
    /// Set by a key press: what was there has been seen.
    seen_until: Option<Timestamp>,
    /// The oldest that was unread when the list was last opened.
    fresh: Option<Timestamp>,
}

impl Notices {
    /// Adds one; it is shown at once.
    pub fn add(&mut self, at: Timestamp, error: bool, text: String) {
        self.list.push_front(Notice { at, error, text, read: false, takes_back_until: None });
        self.list.truncate(KEPT);
    }

    /// Adds one that only answers a key: it is read as soon as it is there, and stands in the list once, however often the key is
    /// pressed.
    pub fn answer(&mut self, at: Timestamp, text: String) {
        self.list.retain(|notice| !(notice.read && notice.text == text && notice.takes_back_until.is_none()));
        self.list.push_front(Notice { at, error: false, text, read: true, takes_back_until: None });
        self.list.truncate(KEPT);
    }

    /// Adds one in place of the newest, when that begins the same: of what is counted only the last count matters.
    pub fn again(&mut self, at: Timestamp, lead: &str, text: String) {
        if self.list.front().is_some_and(|newest| newest.text.starts_with(lead)) {
            self.list.pop_front();
        }
        self.add(at, false, text);
    }

    /// Adds one about what was decided; only the last decision is one key away.
    pub fn decided(&mut self, at: Timestamp, text: String) {
        self.withdraw();
        let until = at.checked_add(WINDOW).unwrap_or(Timestamp::MAX);
        self.list.push_front(Notice { at, error: false, text, read: false, takes_back_until: Some(until) });
        self.list.truncate(KEPT);
    }

    /// What was decided last is being taken back.
    pub fn withdraw(&mut self) {
        self.list.iter_mut().for_each(|notice| notice.takes_back_until = None);
    }

    /// What the status bar shows now, and until when.
    pub fn current(&self, now: Timestamp) -> Option<(&Notice, Timestamp)> {
        let newest = self.list.front()?;
        let seen = self.seen_until.is_some_and(|seen| newest.at < seen);
        if !seen && newest.expires() > now {
            return Some((newest, newest.expires()));
        }
        let decided = self.list.iter().find(|notice| notice.takes_back_until.is_some());
        decided.filter(|notice| notice.expires() > now).map(|notice| (notice, notice.expires()))
    }

    /// How many nobody has seen: they went by while nobody was there.
    pub fn unread(&self, now: Timestamp) -> usize {
        let shown = usize::from(self.current(now).is_some_and(|(notice, _)| !notice.read));
        self.list.iter().filter(|notice| !notice.read).count() - shown
    }

    /// The list is opened: what is in it is read, but is marked until it is closed.
    pub fn open(&mut self) {
        self.fresh = self.list.iter().filter(|notice| !notice.read).map(|notice| notice.at).min();
        self.list.iter_mut().for_each(|notice| notice.read = true);
    }

    /// Whether it was unread when the list was opened.
    pub fn is_fresh(&self, notice: &Notice) -> bool {
        self.fresh.is_some_and(|fresh| notice.at >= fresh)
    }

    /// A key was pressed a moment after it came up: enough.
    pub fn dismiss(&mut self, now: Timestamp) {
        if self.current(now).is_some() {
            self.list.front_mut().into_iter().for_each(|notice| notice.read = true);
        }
        self.seen_until = Some(now);
    }
}

/// `1 decision`, `2 decisions`.
pub fn count(number: usize, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}
