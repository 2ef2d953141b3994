//! What a person should read: shown in the status bar for a while, kept in a list.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// How many are kept.
pub const KEPT: usize = 200;

/// What to do where no environment is known. Nothing found there is no news, and no good news.
pub const NOTHING_TO_SCAN: &str = "nothing to scan here, so nothing is known: start driftguard where a terraform.tfstate is, name \
     one with --state, or write [[environment]] into the configuration (`driftguard info` says where; find-environments adds what the code \
     here keeps); `driftguard demo` shows a small world";

/// One sentence.
#[derive(Clone, PartialEq, Debug)]
pub struct Notice {
    pub at: Timestamp,
    /// Something is wrong, or urgent.
    pub error: bool,
    /// It only answers a key.
    pub is_answer: bool,
    /// Sanitised.
    pub text: String,
    /// A key was pressed while it stood there, or the list was opened.
    pub read: bool,
    /// Nobody had seen it when the list was opened, or it came while that is open.
    pub fresh: bool,
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
}

impl Notices {
    /// Adds one; it is shown at once.
    pub fn add(&mut self, at: Timestamp, error: bool, text: String) {
        self.put(Notice { at, error, is_answer: false, text, read: false, fresh: false, takes_back_until: None });
    }

    /// As many as are kept; answers go first.
    fn put(&mut self, notice: Notice) {
        self.list.push_front(notice);
        if self.list.len() > KEPT {
            let oldest = self.list.iter().rposition(|one| one.is_answer).unwrap_or(KEPT);
            self.list.remove(oldest);
        }
    }

    /// What a person did went wrong, or is answered.
    pub fn reply(&mut self, at: Timestamp, error: bool, text: String) {
        if error { self.add(at, true, text) } else { self.answer(at, text) }
    }

    /// Adds one that only answers a key: it is read as soon as it is there, and stands in the list once, however often the key is
    /// pressed.
    pub fn answer(&mut self, at: Timestamp, text: String) {
        self.list.retain(|notice| !(notice.is_answer && notice.text == text));
        self.put(Notice { at, error: false, is_answer: true, text, read: true, fresh: false, takes_back_until: None });
    }

    /// Adds one in place of an older one that begins the same: of what is counted only the last count matters.
    pub fn again(&mut self, at: Timestamp, error: bool, lead: &str, text: String) {
        let before = self.list.iter().position(|one| !one.is_answer && one.text.starts_with(lead));
        before.map(|before| self.list.remove(before));
        self.add(at, error, text);
    }

    /// Adds what went wrong without anybody's doing. What goes wrong the same way at every scan is told anew, and is news once.
    pub fn failed(&mut self, at: Timestamp, text: String) {
        let was_read = self.list.iter().any(|one| one.error && one.read && one.text == text);
        self.again(at, true, &text.clone(), text);
        self.list.front_mut().into_iter().for_each(|one| one.read = was_read);
    }

    /// Adds one about what was decided; only the last decision is one key away.
    pub fn decided(&mut self, at: Timestamp, text: String) {
        self.withdraw();
        let takes_back_until = Some(at.checked_add(WINDOW).unwrap_or(Timestamp::MAX));
        // Whoever decides knows it already.
        self.put(Notice { at, error: false, is_answer: false, text, read: true, fresh: false, takes_back_until });
    }

    /// What was decided last is being taken back.
    pub fn withdraw(&mut self) {
        self.list.iter_mut().for_each(|notice| notice.takes_back_until = None);
    }

    /// What the status bar shows now, and until when.
    pub fn current(&self, now: Timestamp) -> Option<(&Notice, Timestamp)> {
        self.list.get(self.current_at(now)?).map(|notice| (notice, notice.expires()))
    }

    fn current_at(&self, now: Timestamp) -> Option<usize> {
        let newest = self.list.front()?;
        let seen = self.seen_until.is_some_and(|seen| newest.at < seen);
        if !seen && newest.expires() > now {
            return Some(0);
        }
        let is_open = |notice: &Notice| notice.takes_back_until.is_some() && notice.expires() > now;
        self.list.iter().position(is_open)
    }

    /// What the list is for: what happened and what was decided. Of answers to keys only the newest, which may have been cut.
    pub fn inbox(&self) -> impl Iterator<Item = &Notice> {
        self.list.iter().enumerate().filter(|(at, one)| *at == 0 || !one.is_answer).map(|(_, one)| one)
    }

    /// How many nobody has seen: they went by while nobody was there.
    pub fn unread(&self, now: Timestamp) -> usize {
        let shown = usize::from(self.current(now).is_some_and(|(notice, _)| !notice.read));
        self.list.iter().filter(|notice| !notice.read).count() - shown
    }

    /// The list is opened: what is in it is read, but is marked until it is closed.
    pub fn open(&mut self) {
        for notice in &mut self.list {
            notice.fresh = !std::mem::replace(&mut notice.read, true);
        }
    }

    /// A key was pressed a moment after it came up: enough.
    pub fn dismiss(&mut self, now: Timestamp) {
        if let Some(shown) = self.current_at(now).and_then(|at| self.list.get_mut(at)) {
            shown.read = true;
        }
        self.seen_until = Some(now);
    }
}

/// `1 decision`, `2 decisions`.
pub fn count(number: usize, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}
