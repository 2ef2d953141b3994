//! One step of change: reads see its own writes, and all of it is written at once.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;

use super::engine::{Tree, Writes};
use super::{TreeStore, days, keys};
use crate::drift::{DayCounts, DriftEvent, DriftId, ResourceRef, SeverityClass, Slug};
use crate::store::codec;
use crate::store::journal::Frame;
use crate::store::record::{BodyRecord, EventRecord};
use crate::store::{OpenCounts, StoreError, settling};

/// Changes not yet written.
pub(super) struct Tx<'a> {
    pub(super) store: &'a TreeStore,
    pub(super) now: Timestamp,
    writes: Writes,
    counts: BTreeMap<Slug, OpenCounts>,
    /// Rows of days, and from which day on they are whole once this is written; see [`days`].
    pub(super) days: BTreeMap<(Slug, Date), DayCounts>,
    pub(super) whole_from: Option<Date>,
    /// What was read together, before it was asked for: see [`ahead`](super::ahead).
    pub(super) known: HashMap<(Tree, Vec<u8>), Option<Vec<u8>>>,
    /// Of the same kind: the entries of [`Tree::ByFingerprint`] under what those of a resource begin with, all of them.
    pub(super) of_resource: HashMap<Vec<u8>, BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl<'a> Tx<'a> {
    pub(super) fn new(store: &'a TreeStore, now: Timestamp) -> Self {
        let (known, of_resource) = (HashMap::new(), HashMap::new());
        let (counts, days) = (BTreeMap::new(), BTreeMap::new());
        Self { store, now, writes: Writes::new(), counts, days, whole_from: None, known, of_resource }
    }

    /// What this will write there; the inner `None` deletes.
    pub(super) fn written(&self, tree: Tree, key: &[u8]) -> Option<&Option<Vec<u8>>> {
        self.writes.get(&tree)?.get(key)
    }

    pub(super) fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.written(tree, key) {
            Some(written) => Ok(written.clone()),
            None => match self.known_at(tree, key) {
                Some(known) => Ok(known),
                None => self.store.engine.get(tree, key),
            },
        }
    }

    pub(super) fn read<T: serde::de::DeserializeOwned>(&self, tree: Tree, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.get(tree, key)?.map(|bytes| codec::decode(tree.name(), &bytes, &self.store.objects)).transpose()
    }

    pub(super) fn put(&mut self, tree: Tree, key: Vec<u8>, value: Vec<u8>) {
        self.writes.entry(tree).or_default().insert(key, Some(value));
    }

    pub(super) fn write<T: serde::Serialize>(&mut self, tree: Tree, key: Vec<u8>, value: &T) -> Result<(), StoreError> {
        let bytes = codec::encode(value, &self.store.objects)?;
        self.put(tree, key, bytes);
        Ok(())
    }

    pub(super) fn delete(&mut self, tree: Tree, key: Vec<u8>) {
        self.writes.entry(tree).or_default().insert(key, None);
    }

    pub(super) fn event(&self, id: DriftId) -> Result<Option<EventRecord>, StoreError> {
        match self.get(Tree::Ids, &id.0.to_bytes())? {
            Some(key) => self.read(Tree::Events, &key),
            None => Ok(None),
        }
    }

    pub(super) fn body(&self, id: DriftId) -> Result<BodyRecord, StoreError> {
        Ok(self.read(Tree::Bodies, &id.0.to_bytes())?.unwrap_or_default())
    }

    /// Writes the body unless it is what lies there already.
    pub(super) fn save_body(&mut self, id: DriftId, body: &BodyRecord) -> Result<(), StoreError> {
        let key = id.0.to_bytes().to_vec();
        let bytes = codec::encode(body, &self.store.objects)?;
        if self.get(Tree::Bodies, &key)?.as_ref() != Some(&bytes) {
            self.put(Tree::Bodies, key, bytes);
        }
        Ok(())
    }

    /// Writes a drift with all its index entries and counts; `old` is what the tree has.
    pub(super) fn save(&mut self, old: Option<&EventRecord>, new: &mut EventRecord) -> Result<(), StoreError> {
        settling::settle_index(new, self.now);
        let key = event_key(&new.event);
        match old {
            None => self.index_new(&key, &new.event),
            Some(old) => self.unindex(&key, old, new),
        }
        let class = keys::class(new);
        self.put(Tree::ByClass, class, keys::class_value(&new.event));
        if let Some(timer) = timer_key(&key, new) {
            self.put(Tree::Timers, timer, Vec::new());
        }
        for rule in &new.hidden_by {
            self.put(Tree::ByRule, by_rule_key(*rule, new.event.id), Vec::new());
        }
        self.count(old, new);
        self.write(Tree::Events, key, new)
    }

    fn index_new(&mut self, key: &[u8], event: &DriftEvent) {
        self.put(Tree::Ids, event.id.0.to_bytes().to_vec(), key.to_vec());
        self.put(Tree::ByFingerprint, fingerprint_key(event), key.to_vec());
    }

    fn unindex(&mut self, key: &[u8], old: &EventRecord, new: &EventRecord) {
        let class = keys::class(old);
        if class != keys::class(new) {
            self.delete(Tree::ByClass, class);
        }
        if let Some(timer) = timer_key(key, old) {
            self.delete(Tree::Timers, timer);
        }
        for rule in old.hidden_by.iter().filter(|rule| !new.hidden_by.contains(rule)) {
            self.delete(Tree::ByRule, by_rule_key(*rule, old.event.id));
        }
    }

    fn count(&mut self, old: Option<&EventRecord>, new: &EventRecord) {
        self.count_in_day(old, Some(new));
        let slug = &new.event.environment;
        if !self.counts.contains_key(slug) {
            self.counts.insert(slug.clone(), self.store.counts().get(slug).copied().unwrap_or_default());
        }
        let Some(counts) = self.counts.get_mut(slug) else { return };
        match old {
            None => counts.in_any_state += 1,
            Some(old) if old.shown_state().needs_attention() => {
                let n = class_count(counts, old.event.severity_class());
                *n = n.saturating_sub(1);
            }
            Some(_) => {}
        }
        if new.shown_state().needs_attention() {
            *class_count(counts, new.event.severity_class()) += 1;
        }
    }

    /// One drift less.
    pub(super) fn discount(&mut self, old: &EventRecord) {
        self.count_in_day(Some(old), None);
        let slug = &old.event.environment;
        let known = self.store.counts().get(slug).copied().unwrap_or_default();
        let counts = self.counts.entry(slug.clone()).or_insert(known);
        counts.in_any_state = counts.in_any_state.saturating_sub(1);
        if old.shown_state().needs_attention() {
            let n = class_count(counts, old.event.severity_class());
            *n = n.saturating_sub(1);
        }
    }

    /// Writes it all in one step.
    pub(super) fn commit(self, durable: bool) -> Result<(), StoreError> {
        self.commit_with(Vec::new(), durable)
    }

    /// With the entries of the audit trail that tell of it, where they are not told yet.
    pub(super) fn commit_with(mut self, told: Vec<Frame>, durable: bool) -> Result<(), StoreError> {
        self.write_counts()?;
        self.store.engine.write(self.writes, told, durable).map_err(|e| self.store.writes_failed(e))?;
        self.store.counts_mut().extend(self.counts);
        days::keep(self.store, self.days, self.whole_from);
        Ok(())
    }

    /// Writes it all in one step, later: see [`Engine::write_behind`](super::engine::Engine::write_behind).
    pub(super) fn commit_behind(mut self, durable: bool) -> Result<(), StoreError> {
        self.write_counts()?;
        self.store.engine.write_behind(self.writes, durable).map_err(|e| self.store.writes_failed(e))?;
        self.store.counts_mut().extend(self.counts);
        days::keep(self.store, self.days, self.whole_from);
        Ok(())
    }

    /// Hands over what it would write; the counts are taken for written.
    pub(super) fn into_writes(mut self) -> Result<Writes, StoreError> {
        self.write_counts()?;
        self.store.counts_mut().extend(self.counts);
        Ok(self.writes)
    }

    fn write_counts(&mut self) -> Result<(), StoreError> {
        let changed = std::mem::take(&mut self.counts);
        for (slug, counts) in &changed {
            let key = [b"counts/", slug.as_str().as_bytes()].concat();
            self.write(Tree::Meta, key, counts)?;
        }
        self.write_days(&changed)?;
        self.counts = changed;
        Ok(())
    }
}

/// The counter of a class.
pub(super) fn class_count(counts: &mut OpenCounts, class: SeverityClass) -> &mut u64 {
    match class {
        SeverityClass::Critical => &mut counts.critical,
        SeverityClass::High => &mut counts.high,
        SeverityClass::Medium => &mut counts.medium,
        SeverityClass::Low => &mut counts.low,
    }
}

pub(super) fn event_key(event: &DriftEvent) -> Vec<u8> {
    keys::event(&event.environment, event.detected_at, event.id)
}

/// What the fingerprints of a resource begin with.
pub(super) fn resource_prefix(environment: &Slug, resource: &ResourceRef) -> Vec<u8> {
    keys::resource(environment, resource.resource_type.raw(), resource.resource_id.raw())
}

pub(super) fn fingerprint_key(event: &DriftEvent) -> Vec<u8> {
    [&resource_prefix(&event.environment, &event.resource)[..], &event.fingerprint.0].concat()
}

pub(super) fn by_rule_key(rule: crate::drift::RuleId, drift: DriftId) -> Vec<u8> {
    [rule.0.to_bytes(), drift.0.to_bytes()].concat()
}

/// When something about it ends: a snooze, an exception of the whole or of a change, a rule that hides some of its changes. None
/// for what does not end.
pub(super) fn timer_key(key: &[u8], record: &EventRecord) -> Option<Vec<u8>> {
    // Asked one moment before the end of time: only the state decides whether time matters.
    let timed = !record.woken && record.event.state_of_whole(Timestamp::MAX) != record.event.state;
    let state = record.event.decision.as_ref().and_then(|d| d.until).filter(|_| timed);
    let next = state.into_iter().chain(record.hidden_until).chain(record.settled_until).min()?;
    Some([&keys::micros(next)[..], key].concat())
}
