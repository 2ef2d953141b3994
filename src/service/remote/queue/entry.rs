//! What waits, and how one change of it follows from another. No I/O.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::asked::{Asked, Part};
use crate::api::TriageOne;
use crate::drift::DriftId;
use crate::service::waiting::{Settle, Sight, Standing, Waiting};

/// Decisions that are sent as one.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct Entry {
    /// The key of idempotency: the same for every try.
    pub key: Ulid,
    pub at: Timestamp,
    /// It was sent, and no answer came.
    pub sent: bool,
    /// More than one go out as a bulk, and are about drifts. Those that ask, or were refused, are alone in their entry.
    pub parts: Vec<Part>,
}

/// One change; a line of the journal has those that belong together.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// New, or in place of the one with its key.
    Put(Entry),
    /// Before it is sent, and when it is certain that it did not arrive.
    Sent { key: Ulid, sent: bool },
    /// Answered or taken back.
    Gone { key: Ulid },
}

impl Entry {
    pub fn new(at: Timestamp, parts: impl IntoIterator<Item = (Asked, Option<Sight>)>) -> Self {
        let part = |(asked, sight)| Part { id: Ulid::generate(), asked, sight, stands: Standing::Unsent };
        Self { key: Ulid::generate(), at, sent: false, parts: parts.into_iter().map(part).collect() }
    }

    /// Alone, waiting for a person.
    pub fn of(part: Part, at: Timestamp, stands: Standing) -> Self {
        Self { key: Ulid::generate(), at, sent: false, parts: vec![Part { stands, ..part }] }
    }

    pub fn is_unsent(&self) -> bool {
        self.parts.iter().all(|part| part.stands == Standing::Unsent)
    }

    fn is_about(&self, drift: DriftId) -> bool {
        self.parts.iter().any(|part| part.drift() == Some(drift))
    }
}

/// Makes a change.
pub fn apply(entries: &mut Vec<Entry>, record: Record) {
    match record {
        Record::Put(entry) => match entries.iter_mut().find(|one| one.key == entry.key) {
            Some(one) => *one = entry,
            None => entries.push(entry),
        },
        Record::Sent { key, sent } => {
            entries.iter_mut().filter(|one| one.key == key).for_each(|one| one.sent = sent);
        }
        Record::Gone { key } => entries.retain(|one| one.key != key),
    }
    // What was made of an older one stays in its place.
    entries.sort_by_key(|one| one.at);
}

/// The one that is sent next: in their order, but none before what waits for a person on the same drift.
pub fn next(entries: &[Entry]) -> Option<&Entry> {
    let is_held = |at: usize, entry: &Entry| {
        let held = entries[..at].iter().filter(|one| matches!(one.parts.as_slice(), [part] if is_asking(part)));
        held.flat_map(|one| &one.parts).filter_map(Part::drift).any(|drift| entry.is_about(drift))
    };
    entries.iter().enumerate().find(|(at, entry)| entry.is_unsent() && !is_held(*at, entry)).map(|(_, entry)| entry)
}

fn is_asking(part: &Part) -> bool {
    matches!(part.stands, Standing::Asks(_))
}

/// What was decided on the same version of a drift after `done` was made in view of it: it goes on top.
pub fn rebased(entries: &[Entry], done: &TriageOne, version: u64) -> Vec<Record> {
    let follows = |part: &Part| {
        part.stands == Standing::Unsent
            && part.asked.triage().is_some_and(|request| {
                request.drift == done.drift
                    && request.expected_version.is_some()
                    && request.expected_version == done.expected_version
            })
    };
    let changed = |entry: &Entry| {
        let mut entry = entry.clone();
        entry.parts.iter_mut().filter(|part| follows(part)).for_each(|part| part.asked.expect(version));
        Record::Put(entry)
    };
    entries.iter().filter(|entry| !entry.sent && entry.parts.iter().any(follows)).map(changed).collect()
}

/// As [`settled`], of several; what one changes the next finds changed. `None`: none of them is there.
pub fn all_settled(entries: &[Entry], ids: &[Ulid], how: Settle) -> Option<Vec<Record>> {
    let mut now = entries.to_vec();
    let mut all = None;
    for id in ids {
        let Some(records) = settled(&now, *id, how) else { continue };
        records.iter().cloned().for_each(|record| apply(&mut now, record));
        all.get_or_insert_with(Vec::new).extend(records);
    }
    all
}

/// What a person's word about one changes; `None`: it is not there any more.
pub fn settled(entries: &[Entry], id: Ulid, how: Settle) -> Option<Vec<Record>> {
    let entry = entries.iter().find(|entry| entry.parts.iter().any(|part| part.id == id))?;
    let part = entry.parts.iter().find(|part| part.id == id)?;
    match (how, &part.stands) {
        (Settle::OnTop, Standing::Asks(newer)) => {
            let mut part = Part { stands: Standing::Unsent, ..part.clone() };
            let mut records = match part.asked.triage() {
                Some(request) => rebased(entries, request, newer.version),
                None => vec![],
            };
            part.asked.expect(newer.version);
            // Another request has another key.
            records.push(Record::Put(Entry { key: Ulid::generate(), at: entry.at, sent: false, parts: vec![part] }));
            records.push(Record::Gone { key: entry.key });
            Some(records)
        }
        (Settle::OnTop, _) => Some(vec![]),
        (Settle::TakeBack, Standing::Asks(_)) => {
            let drift = part.drift();
            Some(entries.iter().flat_map(|entry| without(entry, |part| part.drift() == drift)).collect())
        }
        (Settle::TakeBack, _) => Some(without(entry, |part| part.id == id)),
    }
}

/// The entry without some of its parts.
fn without(entry: &Entry, goes: impl Fn(&Part) -> bool) -> Vec<Record> {
    let (gone, left): (Vec<_>, Vec<_>) = entry.parts.iter().cloned().partition(&goes);
    match (gone.is_empty(), left.is_empty()) {
        (true, _) => vec![],
        (false, true) => vec![Record::Gone { key: entry.key }],
        // Under another key, for it is another request.
        (false, false) => {
            let renamed = Entry { key: Ulid::generate(), parts: left, ..entry.clone() };
            vec![Record::Put(renamed), Record::Gone { key: entry.key }]
        }
    }
}

/// As people look at them.
pub fn listed(entries: &[Entry]) -> Vec<Waiting> {
    let shown = |entry: &Entry, part: &Part| Waiting {
        id: part.id,
        about: part.asked.about(),
        reason: part.asked.triage().and_then(|request| request.reason.clone()),
        at: entry.at,
        sight: part.sight.clone(),
        may_be_done: entry.sent,
        stands: part.stands.clone(),
    };
    entries.iter().flat_map(|entry| entry.parts.iter().map(move |part| shown(entry, part))).collect()
}
