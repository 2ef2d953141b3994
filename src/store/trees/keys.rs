//! Keys: big-endian, so that byte order is time order and a page is a range.
//!
//! A drift's own key is `environment | 0 | detected µs [8] | id [16]`; the class index puts `shelf [1] | severity [1]` before it.

use jiff::Timestamp;
use ulid::Ulid;

use crate::drift::{DriftEvent, DriftId, DriftType, SeverityClass, Slug, State};
use crate::store::record::EventRecord;

/// Time and id: the order of a page, and its cursor.
pub(in crate::store) type Place = [u8; 24];

/// `environment | 0`, what all keys of an environment begin with.
pub(super) fn environment(slug: &Slug) -> Vec<u8> {
    [slug.as_str().as_bytes(), &[0]].concat()
}

pub(super) fn micros(at: Timestamp) -> [u8; 8] {
    u64::try_from(at.as_microsecond()).unwrap_or(0).to_be_bytes()
}

/// The time as keys have it.
pub(in crate::store) fn rounded(at: Timestamp) -> i64 {
    at.as_microsecond().max(0)
}

/// The time in a place, in microseconds.
pub(in crate::store) fn micros_of(place: &Place) -> i64 {
    place.first_chunk::<8>().map_or(0, |micros| i64::from_be_bytes(*micros))
}

pub(super) fn place(at: Timestamp, id: DriftId) -> Place {
    let mut place = [0; 24];
    place[..8].copy_from_slice(&micros(at));
    place[8..].copy_from_slice(&id.0.to_bytes());
    place
}

/// The key of a drift.
pub(super) fn event(slug: &Slug, at: Timestamp, id: DriftId) -> Vec<u8> {
    [&environment(slug)[..], &place(at, id)].concat()
}

/// The place at the end of a drift's key or of an index entry over it.
pub(in crate::store) fn place_of(key: &[u8]) -> Option<Place> {
    key.last_chunk::<24>().copied()
}

pub(super) fn id_of(place: &Place) -> DriftId {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&place[8..]);
    DriftId(Ulid::from_bytes(bytes))
}

/// Whose key, or index entry, it is.
pub(super) fn drift_of(key: &[u8]) -> Option<DriftId> {
    place_of(key).map(|place| id_of(&place))
}

pub(in crate::store) fn time_of(key: &[u8]) -> Option<Timestamp> {
    let bytes = key.first_chunk::<8>()?;
    Timestamp::from_microsecond(i64::try_from(u64::from_be_bytes(*bytes)).ok()?).ok()
}

/// Where the class index keeps a drift: its state, with decided drifts that are gone apart from those still seen.
pub(super) fn shelf(record: &EventRecord) -> u8 {
    match record.shown_state() {
        State::Resolved if record.gone => 6,
        state => shelves(state)[0],
    }
}

/// The shelves a state is spread over.
pub(super) fn shelves(state: State) -> &'static [u8] {
    match state {
        State::Open => &[0],
        State::Acknowledged => &[1],
        State::Snoozed => &[2],
        State::Ignored => &[3],
        State::Resolved => &[4, 6],
        State::Closed => &[5],
    }
}

/// Shelves of drifts that a scan may find gone.
pub(super) const STILL_SEEN: [u8; 5] = [0, 1, 2, 3, 4];

/// Shelves of drifts that may have ended.
pub(super) const ENDED: [u8; 2] = [5, 6];

/// Shelves of drifts that wait for somebody.
pub(super) const NEEDS_ATTENTION: [u8; 2] = [0, 1];

/// Shelf, class and environment of an entry of the class index.
pub(super) fn class_parts(key: &[u8]) -> Option<(u8, SeverityClass, Slug)> {
    let class = SeverityClass::WORST_FIRST.into_iter().find(|class| Some(&(*class as u8)) == key.get(1))?;
    let slug = key.get(2..)?.split(|byte| *byte == 0).next()?;
    Some((*key.first()?, class, Slug::new(std::str::from_utf8(slug).ok()?).ok()?))
}

/// What the entries of one shelf, class and environment begin with.
pub(super) fn class_prefix(shelf: u8, class: SeverityClass, slug: &Slug) -> Vec<u8> {
    [&[shelf, class as u8][..], &environment(slug)].concat()
}

/// The entry of a drift in the class index.
pub(super) fn class(record: &EventRecord) -> Vec<u8> {
    let e = &record.event;
    [&class_prefix(shelf(record), e.severity_class(), &e.environment)[..], &place(e.detected_at, e.id)].concat()
}

pub(super) fn drift_type(kind: DriftType) -> u8 {
    kind as u8
}

/// What an entry of the class index says without the drift being read: `type [1]`, and `dependants [4]` where there are any.
pub(super) fn class_value(event: &DriftEvent) -> Vec<u8> {
    let dependants = event.dependants.to_be_bytes();
    [&[drift_type(event.drift_type)][..], if event.dependants > 0 { &dependants } else { &[] }].concat()
}

/// The dependants of a [`class_value`].
pub(super) fn dependants(value: &[u8]) -> u32 {
    value.get(1..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// `environment | 0 | start of the id [32] | hash of type and id [16]`, what all entries about a resource begin with. A scan goes
/// from address to address: with the start of the id in the key it finds neighbours together and not one page for each.
pub(super) fn resource(slug: &Slug, resource_type: &str, resource_id: &str) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(resource_type.len() as u64).to_be_bytes());
    hasher.update(resource_type.as_bytes());
    hasher.update(resource_id.as_bytes());
    let mut start = [0; 32];
    let length = resource_id.len().min(start.len());
    start[..length].copy_from_slice(&resource_id.as_bytes()[..length]);
    [&environment(slug)[..], &start, &hasher.finalize().as_bytes()[..16]].concat()
}

/// The first key after all that begin with `prefix`; prefixes of ours never end in 0xff bytes only.
pub(super) fn after(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return end;
        }
    }
    end
}
