//! Builds the index: reads each recording once, keeps the newest item of each resource, and drops what a later snapshot no
//! longer lists.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::ops::Range;
use std::sync::mpsc::sync_channel;

use jiff::Timestamp;

use super::index::{Coverage, Entry, Index, ListingFault};
use super::item::{Head, Presence};
use super::mapping::Key;
use super::split::{Fact, Kind, split};
use crate::drift::UnverifiedReason;
use crate::live::Recording;

/// Facts travel between threads in batches of this many,
const BATCH_FACTS: usize = 256;
/// and so many batches may wait.
const BATCHES: usize = 16;

/// What a file says about itself while it is read.
#[derive(Default)]
struct Pass {
    entries: Vec<Entry>,
    snapshot: bool,
    next_page: bool,
    broken_items: u64,
    embedded: Option<String>,
}

impl Index {
    /// Reads every recording once.
    pub fn build(recordings: Vec<Recording>) -> Self {
        let mut index = Self::default();
        let mut passes: Vec<(Option<Timestamp>, Pass, u32)> = vec![];
        for recording in recordings {
            let (recording, pass) = index.read(recording);
            let newest = pass.entries.iter().filter_map(|e| e.captured_at).max();
            let file = index.files.len() as u32;
            passes.push((delivered_at(&recording).or(newest), pass, file));
            index.files.push(recording);
        }
        // Oldest first, so that of two equal items the one in the newer file is kept.
        passes.sort_by_key(|(as_of, _, file)| (*as_of, *file));
        index.merge(passes);
        index
    }

    fn read(&mut self, mut recording: Recording) -> (Recording, Pass) {
        let (mut pass, mut error) = self.pass(&recording);
        if let Some(text) = pass.embedded.take() {
            recording.text = text;
            (pass, error) = self.pass(&recording);
        }
        let error = error.or_else(|| recording.broken.clone());
        let mut fault = |message: String, help: &str, types| {
            let source = recording.path.display().to_string();
            let reason = UnverifiedReason::SourceFailed;
            self.faults.push(ListingFault { source, message, help: help.to_owned(), types, reason });
        };
        if let Some(error) = error {
            let found = pass.entries.len();
            let help = "deliver or download the file again; what it holds up to there is used";
            fault(format!("is damaged or cut off after {found} items: {error}"), help, vec![]);
            pass.snapshot = false;
        }
        if pass.broken_items > 0 {
            let help = "deliver or download the file again; the other items are used";
            fault(format!("holds {} items that are no configuration items", pass.broken_items), help, vec![]);
            pass.snapshot = false;
        }
        let types: HashSet<u32> = pass.entries.iter().map(|e| e.config_type).collect();
        if pass.next_page && !newest_of_one(&pass.entries) {
            let types = types.iter().map(|t| self.types.of(*t).clone()).collect();
            let help = "record all pages: the AWS CLI does without --max-items and --no-paginate";
            fault("is one page of several (nextToken is set)".to_owned(), help, types);
            pass.snapshot = false;
        }
        (recording, pass)
    }

    /// One pass over the text; the error in words. One thread finds the items, this one reads their heads.
    fn pass(&mut self, recording: &Recording) -> (Pass, Option<String>) {
        let mut pass = Pass::default();
        let (outbox, inbox) = sync_channel::<Vec<Fact<'_>>>(BATCHES);
        let result = std::thread::scope(|scope| {
            let splitter = scope.spawn(move || {
                let mut batch = Vec::with_capacity(BATCH_FACTS);
                let result = split(&recording.text, &mut |fact| {
                    batch.push(fact);
                    batch.len() < BATCH_FACTS || {
                        let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH_FACTS));
                        outbox.send(full).is_ok()
                    }
                });
                // Whoever listens does so until the end.
                let _ = outbox.send(batch);
                result
            });
            inbox.into_iter().flatten().for_each(|fact| self.take(recording, fact, &mut pass));
            splitter.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        (pass, result.err().map(|e| e.to_string()))
    }

    fn take(&mut self, recording: &Recording, fact: Fact<'_>, pass: &mut Pass) {
        match fact {
            Fact::Marker => {}
            Fact::Snapshot => pass.snapshot = true,
            Fact::NextPage => pass.next_page = true,
            Fact::Embedded(text) => pass.embedded = Some(text),
            Fact::Unprocessed(config_type, id) => {
                self.unprocessed.insert((config_type.to_ascii_lowercase(), id));
            }
            Fact::Item(kind, raw) => match Head::read(kind, raw.get(), recording.modified) {
                Ok(head) if !head.config_type.is_empty() && !head.id.is_empty() => {
                    let start = raw.get().as_ptr() as usize - recording.text.as_ptr() as usize;
                    pass.entries.push(self.entry(kind, &head, start..start + raw.get().len()));
                }
                _ => pass.broken_items += 1,
            },
        }
    }

    fn entry(&mut self, kind: Kind, head: &Head, text: Range<usize>) -> Entry {
        let config_type = self.types.number(head.config_type.to_ascii_lowercase());
        let scope = self.scopes.number((head.account.clone(), head.region.clone()));
        let kind_of = self.types.of(config_type).as_str();
        let key = |key: Key, text: &str| self.hasher.hash_one((kind_of, key, text));
        Entry {
            file: 0,
            kind,
            presence: head.presence,
            text,
            config_type,
            scope,
            captured_at: head.captured_at,
            state_id: head.state_id,
            identity: self.hasher.hash_one((config_type, scope, &head.id)),
            keys: [key(Key::Id, &head.id), key(Key::Name, &head.name), key(Key::Arn, &head.arn)],
        }
    }

    fn merge(&mut self, passes: Vec<(Option<Timestamp>, Pass, u32)>) {
        let mut newest: HashMap<u64, Entry> = HashMap::new();
        for (as_of, pass, file) in passes {
            let scoped: HashSet<(u32, u32)> = pass.entries.iter().map(|e| (e.config_type, e.scope)).collect();
            let mut own: HashMap<u64, Entry> = HashMap::with_capacity(pass.entries.len());
            for mut entry in pass.entries {
                entry.file = file;
                // Within a file the first of two equals stands: histories have the newest first.
                if own.get(&entry.identity).is_none_or(|known| entry.age() > known.age()) {
                    own.insert(entry.identity, entry);
                }
            }
            if newest.is_empty() {
                newest = own;
            } else {
                for (identity, entry) in own {
                    if newest.get(&identity).is_none_or(|known| entry.age() >= known.age()) {
                        newest.insert(identity, entry);
                    }
                }
            }
            if pass.snapshot {
                self.covered.extend(scoped.into_iter().map(|key| (key, Coverage { file, as_of })));
            }
        }
        self.join_regionless(&mut newest);
        let mut entries: Vec<Entry> = newest.into_values().filter(|e| !self.outdated(e)).collect();
        entries.sort_unstable_by_key(|e| (e.file, e.text.start));
        entries.shrink_to_fit();
        self.keys = Vec::with_capacity(entries.len() * 3);
        for (n, entry) in entries.iter().enumerate() {
            self.keys.extend(entry.keys.map(|hash| (hash, n as u32)));
        }
        self.keys.sort_unstable();
        self.entries = entries;
    }

    /// EC2's own answers name no region, so a described group and a recorded one are the same if account and id are: the newer
    /// stands.
    fn join_regionless(&self, newest: &mut HashMap<u64, Entry>) {
        let scope = |e: &Entry| self.scopes.of(e.scope);
        let loose = newest.values().filter(|e| scope(e).1.is_empty());
        let loose: HashMap<u64, u64> = loose.map(|e| (e.keys[0], e.identity)).collect();
        let mut older = HashSet::new();
        for entry in newest.values().filter(|e| !loose.is_empty() && !scope(e).1.is_empty()) {
            let Some(other) = loose.get(&entry.keys[0]).and_then(|identity| newest.get(identity)) else { continue };
            if scope(other).0.is_empty() || scope(other).0 == scope(entry).0 {
                older.insert(if other.age() > entry.age() { entry.identity } else { other.identity });
            }
        }
        newest.retain(|identity, _| !older.contains(identity));
    }

    /// A snapshot made later does not list it any more, so it went away in between.
    fn outdated(&self, entry: &Entry) -> bool {
        let Some(coverage) = self.covered.get(&(entry.config_type, entry.scope)) else { return false };
        let seen_last = entry.captured_at.max(self.snapshot_time(entry));
        let older = matches!((seen_last, coverage.as_of), (Some(seen), Some(as_of)) if seen < as_of);
        entry.file != coverage.file && entry.presence == Presence::There && older
    }

    fn snapshot_time(&self, entry: &Entry) -> Option<Timestamp> {
        self.files.get(entry.file as usize).and_then(delivered_at)
    }
}

impl Entry {
    fn age(&self) -> (Option<Timestamp>, u64) {
        (self.captured_at, self.state_id)
    }
}

/// A page of one resource's history that begins with the newest item: older pages add nothing.
fn newest_of_one(entries: &[Entry]) -> bool {
    entries.windows(2).all(|w| w[0].identity == w[1].identity && w[0].age() >= w[1].age()) && !entries.is_empty()
}

/// When AWS made a snapshot, from the name it delivers it under
/// (`123456789012_Config_eu-west-1_ConfigSnapshot_20261121T100000Z_….json.gz`).
fn delivered_at(recording: &Recording) -> Option<Timestamp> {
    let name = recording.path.file_name()?.to_str()?;
    let (_, rest) = name.split_once("_ConfigSnapshot_")?;
    jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", rest.get(..16)?)
        .ok()?
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()
        .map(|z| z.timestamp())
}
