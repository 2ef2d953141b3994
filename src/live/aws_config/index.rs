//! All recordings of one environment, searchable by identity, at about the memory of their own text.
//!
//! An item costs its text plus about a hundred bytes: it is kept as a range of the recording's text, found through sorted hashes
//! of its keys, and parsed when it is asked for. The hashes are 64 bits under a random key, so two different keys do not meet.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::path::PathBuf;

use jiff::Timestamp;

use super::item::{Item, Presence};
use super::mapping::Key;
use super::split::Kind;
use crate::live::Recording;

/// What is wrong with a recording, and which Config types it leaves incomplete (none named: all).
pub(super) struct Fault {
    pub file: PathBuf,
    pub message: String,
    pub help: &'static str,
    pub types: Vec<String>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Index {
    pub(super) hasher: RandomState,
    pub(super) files: Vec<Recording>,
    pub(super) entries: Vec<Entry>,
    /// Hash of (type, key, text) and the entry, sorted.
    pub(super) keys: Vec<(u64, u32)>,
    pub(super) types: Interner<String>,
    pub(super) scopes: Interner<(String, String)>,
    /// Types and scopes that a snapshot lists completely, and since when.
    pub(super) covered: HashMap<(u32, u32), Coverage>,
    pub(super) unprocessed: HashSet<(String, String)>,
    pub faults: Vec<Fault>,
}

pub(super) struct Entry {
    pub(super) file: u32,
    pub(super) kind: Kind,
    pub(super) presence: Presence,
    pub(super) text: Range<usize>,
    pub(super) config_type: u32,
    pub(super) scope: u32,
    pub(super) captured_at: Option<Timestamp>,
    pub(super) state_id: u64,
    /// Hash of type, scope and id.
    pub(super) identity: u64,
    pub(super) keys: [u64; 3],
}

/// The newest snapshot of a type in an account and region.
pub(super) struct Coverage {
    pub(super) file: u32,
    /// No later than the snapshot was made.
    pub(super) as_of: Option<Timestamp>,
}

impl Index {
    /// The items with this key, whatever their account.
    pub fn find(&self, config_type: &str, key: Key, text: &str) -> Vec<usize> {
        let config_type = config_type.to_ascii_lowercase();
        let hash = self.hasher.hash_one((config_type.as_str(), key, text));
        let from = self.keys.partition_point(|(h, _)| *h < hash);
        self.keys[from..].iter().take_while(|(h, _)| *h == hash).map(|(_, n)| *n as usize).collect()
    }

    /// Whether any item is of this type.
    pub fn holds(&self, config_type: &str) -> bool {
        self.types.numbers.contains_key(&config_type.to_ascii_lowercase())
    }

    /// Number of resources, deleted ones included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Lower-case Config type of an item.
    pub fn config_type(&self, n: usize) -> &str {
        self.types.of(self.entries[n].config_type)
    }

    /// Account and region of an item.
    pub fn scope(&self, n: usize) -> &(String, String) {
        self.scopes.of(self.entries[n].scope)
    }

    pub fn presence(&self, n: usize) -> Presence {
        self.entries[n].presence
    }

    /// Parses an item; of its configuration only the `wanted` keys, or all.
    pub fn item(&self, n: usize, wanted: Option<&HashSet<String>>) -> Result<Item, serde_json::Error> {
        let entry = &self.entries[n];
        Item::read(entry.kind, self.text(entry), entry.captured_at, wanted)
    }

    fn text(&self, entry: &Entry) -> &str {
        &self.files[entry.file as usize].text[entry.text.clone()]
    }

    /// Whether a snapshot lists the type completely in a scope that `fits`.
    pub fn covers(&self, config_type: &str, fits: impl Fn(&(String, String)) -> bool) -> bool {
        let is_type = |t: u32| self.types.of(t).eq_ignore_ascii_case(config_type);
        self.covered.keys().any(|(t, scope)| is_type(*t) && fits(self.scopes.of(*scope)))
    }

    /// When the newest snapshot that lists the type was made.
    pub fn covered_at(&self, config_type: &str) -> Option<Timestamp> {
        let is_type = |t: u32| self.types.of(t).eq_ignore_ascii_case(config_type);
        self.covered.iter().filter(|((t, _), _)| is_type(*t)).filter_map(|(_, coverage)| coverage.as_of).max()
    }

    /// When the item was recorded.
    pub fn captured_at(&self, n: usize) -> Option<Timestamp> {
        self.entries[n].captured_at
    }

    /// AWS gave no answer for it.
    pub fn is_unprocessed(&self, config_type: &str, id: &str) -> bool {
        !self.unprocessed.is_empty() && self.unprocessed.contains(&(config_type.to_ascii_lowercase(), id.to_owned()))
    }

    /// Types and ids AWS gave no answer for.
    pub fn unprocessed(&self) -> impl Iterator<Item = &(String, String)> {
        self.unprocessed.iter()
    }

    pub fn files(&self) -> &[Recording] {
        &self.files
    }
}

/// Numbers instead of repeated strings.
#[derive(Default)]
pub(super) struct Interner<T> {
    all: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T: Clone + Eq + std::hash::Hash> Interner<T> {
    pub fn number(&mut self, value: T) -> u32 {
        if let Some(known) = self.numbers.get(&value) {
            return *known;
        }
        let number = self.all.len() as u32;
        self.all.push(value.clone());
        self.numbers.insert(value, number);
        number
    }

    pub fn of(&self, number: u32) -> &T {
        &self.all[number as usize]
    }
}
