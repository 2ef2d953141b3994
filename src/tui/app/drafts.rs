//! What was typed and is not decided yet. It is kept while it is typed, so that a dropped connection costs no words; offered
//! again when the same form opens next; gone once it is saved or discarded.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::overlay::FormKind;
use crate::drift::DriftId;

/// The oldest go first.
const KEPT: usize = 50;

/// What the words were meant for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct DraftKey {
    /// `None`: the filter.
    pub form: Option<FormKind>,
    /// The drifts the form is about, sorted.
    pub targets: Vec<DriftId>,
}

impl DraftKey {
    pub const FILTER: Self = Self { form: None, targets: vec![] };

    /// The same form on one of the same drifts: marks are gone in the next session.
    fn is_near(&self, other: &Self) -> bool {
        self.form == other.form && self.targets.iter().any(|id| other.targets.contains(id))
    }
}

/// The fields of one form as they stand.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Draft {
    pub key: DraftKey,
    /// When it was last changed.
    pub at: Timestamp,
    pub fields: Vec<String>,
}

impl Draft {
    /// `draft of 02:41`, with its day when that is not today.
    pub fn name(&self, now: Timestamp, zone: &TimeZone) -> String {
        let [at, today] = [self.at, now].map(|time| time.to_zoned(zone.clone()));
        let form = if at.date() == today.date() { "%H:%M" } else { "%b %-d %H:%M" };
        format!("draft of {}", at.strftime(form))
    }
}

/// All drafts of this person.
#[derive(Default)]
pub struct Drafts {
    list: Vec<Draft>,
    changed: bool,
}

impl Drafts {
    /// Takes what earlier sessions left; what this one has typed since counts more.
    pub fn load(&mut self, earlier: Vec<Draft>) {
        for draft in earlier {
            if self.list.iter().all(|known| known.key != draft.key) {
                self.list.push(draft);
            }
        }
    }

    /// What the form holds now.
    pub fn keep(&mut self, key: DraftKey, fields: Vec<String>, now: Timestamp) {
        if self.list.iter().any(|known| known.key == key && known.fields == fields) {
            return;
        }
        self.list.retain(|known| known.key != key);
        self.list.push(Draft { key, at: now, fields });
        if self.list.len() > KEPT {
            self.list.remove(0);
        }
        self.changed = true;
    }

    /// Saved or discarded.
    pub fn forget(&mut self, key: &DraftKey) {
        let before = self.list.len();
        self.list.retain(|known| known.key != *key);
        self.changed |= self.list.len() != before;
    }

    /// What was typed into this form, if anything; from now on it is this form's own.
    pub fn offer(&mut self, key: &DraftKey) -> Option<Draft> {
        let exact = self.list.iter().position(|known| known.key == *key);
        let at = exact.or_else(|| self.list.iter().rposition(|known| known.key.is_near(key)))?;
        let mut draft = self.list.remove(at);
        self.changed |= draft.key != *key;
        draft.key = key.clone();
        self.list.push(draft.clone());
        Some(draft)
    }

    /// All of them, if anything has changed since this was last asked.
    pub fn take_changed(&mut self) -> Option<Vec<Draft>> {
        std::mem::take(&mut self.changed).then(|| self.list.clone())
    }
}
