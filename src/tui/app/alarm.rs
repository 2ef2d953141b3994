//! New critical drift, for whoever looks elsewhere: the bell, and the title of the terminal's window.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::Effect;
use crate::drift::{DriftEvent, SeverityClass, Slug};

/// What comes within so many seconds of a ring is of the same burst.
const BURST: SignedDuration = SignedDuration::from_secs(10);
/// The title while there is nothing new.
const QUIET: &str = "driftguard";

/// What was heard and not yet answered with a key.
#[derive(Default, Debug)]
pub struct Alarm {
    pub bell: bool,
    pub title: bool,
    /// Environments that are never loud.
    pub muted: BTreeSet<Slug>,
    /// Heard since the last key.
    pub waiting: usize,
    /// Not rung for because of maintenance.
    pub suppressed: BTreeMap<Slug, usize>,
    /// When the last one came.
    pub last: Option<Timestamp>,
}

impl Alarm {
    /// A drift that is new, or has come back.
    pub fn hear(&mut self, event: &DriftEvent, now: Timestamp) -> Vec<Effect> {
        if !self.is_loud(event, now) {
            return vec![];
        }
        self.waiting += 1;
        let again = self.last.is_some_and(|last| now.duration_since(last) < BURST);
        self.last = Some(now);
        let bell = (self.bell && !again).then_some(Effect::Bell);
        let words = format!("({}) new CRITICAL - {QUIET}", self.waiting);
        let title = self.title.then_some(Effect::Title(words));
        bell.into_iter().chain(title).collect()
    }

    /// A drift that is new while maintenance goes on in its environment: how many would have been rung for there since driftguard
    /// was opened, when this is one of them.
    pub fn keep_quiet(&mut self, event: &DriftEvent, now: Timestamp) -> Option<usize> {
        if !self.is_loud(event, now) {
            return None;
        }
        let count = self.suppressed.entry(event.environment.clone()).or_default();
        *count += 1;
        Some(*count)
    }

    fn is_loud(&self, event: &DriftEvent, now: Timestamp) -> bool {
        event.severity_class() == SeverityClass::Critical
            && event.state_at(now).needs_attention()
            && !self.muted.contains(&event.environment)
    }

    /// A key was pressed: somebody is there.
    pub fn answer(&mut self) -> Option<Effect> {
        let waiting = std::mem::take(&mut self.waiting);
        (self.title && waiting > 0).then(|| Effect::Title(QUIET.into()))
    }
}
