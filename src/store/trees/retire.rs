//! What is over is thrown away in the end: drifts that ended long ago, values observed long ago, environments nobody scans any
//! more. Decisions stay in the journal and in the audit trail. Every step leaves a whole store, so it may stop anywhere.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::archiving::Leaving;
use super::engine::Tree;
use super::tx::{self, Tx, by_rule_key};
use super::{TreeStore, Writer, apply, baselines, keys, remediations, scan, untold};
use crate::drift::{NeverHideRule, SeverityClass, Slug};
use crate::safety::Tainted;
use crate::store::archive::Archive;
use crate::store::record::{Deed, EventRecord, Placed};
use crate::store::{Observation, Pruned, ScanJobs, StoreError, codec, life};

/// Of an environment that is being forgotten: what begins with it is still to be erased.
const FORGETTING: &[u8] = b"forget/";
pub(super) const FORGOTTEN: &str = "environment_forgotten";

impl TreeStore {
    pub(super) fn prune_impl(&self) -> Result<Pruned, StoreError> {
        self.writable()?;
        let days = i64::from(self.options.retention_days);
        let before = self.now().checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MIN);
        let mut archive = self.archive();
        let mut pruned = Pruned { drifts: self.prune_drifts(before, archive.as_mut())?, ..Pruned::default() };
        pruned.observations = self.prune_observations(before, archive.as_mut())?;
        self.prune_once()?;
        self.prune_analyses()?;
        self.erase_notifications(|one| one.created_at < before)?;
        self.erase_remediations(|one| remediations::ended_before(one, before))?;
        self.barrier()?;
        pruned.objects = self.collect_garbage()?;
        Ok(pruned)
    }

    fn prune_drifts(&self, before: Timestamp, mut archive: Option<&mut Archive>) -> Result<u64, StoreError> {
        let mut pruned = 0;
        for (shelf, class) in keys::ENDED.iter().flat_map(|s| SeverityClass::WORST_FIRST.map(|c| (*s, c))) {
            self.slices(Tree::ByClass, &[shelf, class as u8], |writer, slice| {
                let (mut tx, mut leaving) = (Tx::new(self, self.now()), Leaving::default());
                let mut leave = 0;
                for key in slice.iter().filter_map(|(key, _)| key.get(2..)) {
                    if let Ok(Some(record)) = tx.read::<EventRecord>(Tree::Events, key)
                        && ended_before(&record, before)
                    {
                        leaving.drift(&tx, &record)?;
                        tx.erase(&record);
                        leave += 1;
                    }
                }
                leaving.put(archive.as_deref_mut(), self.now())?;
                writer.commits += 1;
                tx.commit(false)?;
                pruned += leave;
                Ok(())
            })?;
        }
        Ok(pruned)
    }

    /// The last value of a resource, and the last accepted one, stay whatever their age: they are what it is compared with.
    fn prune_observations(&self, before: Timestamp, mut archive: Option<&mut Archive>) -> Result<u64, StoreError> {
        let (mut pruned, mut group) = (0, Vec::new());
        self.slices(Tree::Observations, &[], |_, slice| {
            let mut over = Vec::new();
            for (key, _) in slice {
                if group.last().is_some_and(|last: &sled::IVec| resource_of(last) != resource_of(&key)) {
                    over.extend(self.values_over(&std::mem::take(&mut group), before));
                }
                group.push(key);
            }
            pruned += self.drop_values(&over, archive.as_deref_mut())?;
            Ok(())
        })?;
        let _writer = self.writer();
        pruned += self.drop_values(&self.values_over(&group, before), archive)?;
        Ok(pruned)
    }

    fn drop_values(&self, over: &[sled::IVec], archive: Option<&mut Archive>) -> Result<u64, StoreError> {
        let (mut tx, mut leaving) = (Tx::new(self, self.now()), Leaving::default());
        for key in over {
            let value = self.engine.get(Tree::Observations, key)?.unwrap_or_default();
            leaving.observation(self, key, &value)?;
            tx.delete(Tree::Observations, key.to_vec());
        }
        leaving.put(archive, self.now())?;
        tx.commit(false)?;
        Ok(over.len() as u64)
    }

    /// Which of the values of one resource, oldest first, nobody needs any more.
    fn values_over(&self, group: &[sled::IVec], before: Timestamp) -> Vec<sled::IVec> {
        let end = keys::micros(before);
        let is_old = |key: &&sled::IVec| key.last_chunk::<8>().is_some_and(|at| *at < end);
        let Some((_, older)) = group.split_last() else { return Vec::new() };
        if !older.iter().any(|key| is_old(&key)) {
            return Vec::new();
        }
        let is_accepted = |key: &&sled::IVec| {
            let value = self.engine.get(Tree::Observations, key).ok().flatten().unwrap_or_default();
            let value = value.get(16..).unwrap_or_default();
            codec::decode::<Observation>(Tree::Observations.name(), value, &self.objects).is_ok_and(|o| o.accepted)
        };
        let remembered = group.iter().rev().find(is_accepted);
        older.iter().filter(is_old).filter(|key| Some(*key) != remembered).cloned().collect()
    }

    /// Journal first; from then on it is as good as done, whatever happens to the process.
    pub(super) fn forget_impl(&self, environment: &Slug, actor: &Tainted) -> Result<Pruned, StoreError> {
        self.writable()?;
        {
            let mut guard = self.writer();
            let writer = &mut *guard;
            if writer.scans.values().any(|scan| scan.environment == *environment) {
                return Err(StoreError::Invalid(format!("{environment} is being scanned; cancel that first")));
            }
            let known = self.read::<crate::drift::Environment>(Tree::Environments, environment.as_str().as_bytes())?;
            if known.is_none() && !self.counts().contains_key(environment) {
                return Err(StoreError::NotFound(format!("the store has no environment {environment}")));
            }
            let seq = scan::next_seq(writer)?;
            let mut audit = self.system_entry(writer, FORGOTTEN, environment, seq);
            audit.actor = actor.clone();
            let deed =
                Deed { audit, before: Vec::new(), after: Vec::new(), environment: None, context: None, once: None };
            let mut tx = Tx::new(self, self.now());
            let mut rules = writer.rules.clone();
            apply::apply(&mut tx, &mut rules, &deed)?;
            self.keep(writer, &[deed], tx, true)?;
        }
        if let Some(engine) = self.engine.as_postgres() {
            ScanJobs::forget(engine.as_ref(), environment)?;
        }
        self.erase_environment(environment)
    }

    /// Goes on where a process stopped.
    pub(super) fn finish_forgetting(&self) -> Result<(), StoreError> {
        being_forgotten(self)?.iter().try_for_each(|slug| self.erase_environment(slug).map(|_| ()))
    }

    fn erase_environment(&self, slug: &Slug) -> Result<Pruned, StoreError> {
        let mut pruned = Pruned::default();
        let prefix = keys::environment(slug);
        self.slices(Tree::Events, &prefix, |writer, slice| {
            let mut tx = Tx::new(self, self.now());
            for (key, value) in slice {
                pruned.drifts += 1;
                match codec::decode::<EventRecord>(Tree::Events.name(), &value, &self.objects) {
                    Ok(record) => tx.erase(&record),
                    Err(_) => erase_unreadable(&mut tx, &key),
                }
            }
            writer.commits += 1;
            tx.commit(false)
        })?;
        pruned.observations = self.erase_prefix(Tree::Observations, &prefix)?;
        self.erase_prefix(Tree::Scans, &prefix)?;
        self.erase_prefix(Tree::Untold, &prefix)?;
        self.erase_contexts_of(slug)?;
        self.erase_rules_of(slug)?;
        self.prune_analyses()?;
        self.erase_notifications(|one| one.environment == *slug)?;
        self.erase_remediations(|one| remediations::is_of(one, slug))?;
        // What was left by drifts that could not be read.
        self.erase_prefix(Tree::ByFingerprint, &prefix)?;
        for (shelf, class) in (0..=6).flat_map(|s| SeverityClass::WORST_FIRST.map(|c| (s, c))) {
            self.erase_prefix(Tree::ByClass, &keys::class_prefix(shelf, class, slug))?;
        }
        self.forgotten(&mut self.writer(), slug)?;
        pruned.objects = self.collect_garbage()?;
        Ok(pruned)
    }

    /// Those that are about nothing else.
    fn erase_rules_of(&self, slug: &Slug) -> Result<(), StoreError> {
        let never_hidden: Vec<NeverHideRule> = self.read_all(Tree::NeverHide)?;
        let mut writer = self.writer();
        let mut tx = Tx::new(self, self.now());
        let is_of = |environment: &Option<Slug>| environment.as_ref() == Some(slug);
        for rule in writer.rules.iter().map(|rule| &rule.record.rule).filter(|rule| is_of(&rule.environment)) {
            tx.delete(Tree::Rules, rule.id.0.to_bytes().to_vec());
        }
        for rule in never_hidden.iter().filter(|rule| is_of(&rule.environment)) {
            tx.delete(Tree::NeverHide, rule.id.0.to_bytes().to_vec());
        }
        writer.commits += 1;
        tx.commit(false)?;
        writer.rules.retain(|rule| !is_of(&rule.record.rule.environment));
        Ok(())
    }

    fn forgotten(&self, writer: &mut Writer, slug: &Slug) -> Result<(), StoreError> {
        let mut tx = Tx::new(self, self.now());
        for placed in self.read_all::<Placed>(Tree::Lost)?.iter().filter(|placed| placed.environment == *slug) {
            tx.delete(Tree::Lost, placed.fingerprint.0.to_vec());
        }
        tx.delete(Tree::Meta, [b"counts/", slug.as_str().as_bytes()].concat());
        tx.delete(Tree::Meta, [FORGETTING, slug.as_str().as_bytes()].concat());
        tx.delete(Tree::Meta, untold::hash_key(slug));
        tx.delete(Tree::Meta, baselines::key(slug));
        tx.forget_days(slug);
        writer.last_detected.remove(slug);
        writer.commits += 1;
        tx.commit(true)?;
        self.counts_mut().remove(slug);
        Ok(())
    }

    fn erase_prefix(&self, tree: Tree, prefix: &[u8]) -> Result<u64, StoreError> {
        let mut erased = 0;
        self.slices(tree, prefix, |writer, slice| {
            let mut tx = Tx::new(self, self.now());
            erased += slice.len() as u64;
            slice.into_iter().for_each(|(key, _)| tx.delete(tree, key.to_vec()));
            writer.commits += 1;
            tx.commit(false)
        })?;
        Ok(erased)
    }
}

/// Environments of which something may still be there.
pub(super) fn being_forgotten(store: &TreeStore) -> Result<BTreeSet<Slug>, StoreError> {
    let marks = store.engine.tree(Tree::Meta).scan_prefix(FORGETTING).keys();
    let slug = |key: &[u8]| std::str::from_utf8(&key[FORGETTING.len()..]).ok().and_then(|slug| Slug::new(slug).ok());
    marks.filter_map(|key| key.map(|key| slug(&key)).transpose()).collect()
}

/// The deed's part in the tree: no environment any more, and a mark until all that belongs to it is gone.
pub(super) fn begin_forgetting(tx: &mut Tx<'_>, slug: &Slug) {
    tx.delete(Tree::Environments, slug.as_str().as_bytes().to_vec());
    tx.put(Tree::Meta, [FORGETTING, slug.as_str().as_bytes()].concat(), Vec::new());
}

fn ended_before(record: &EventRecord, before: Timestamp) -> bool {
    let ended_at = record.event.resolved_at.unwrap_or(record.event.last_seen).max(record.event.last_seen);
    life::has_ended(&record.standing()) && ended_at < before
}

/// Its index entries are swept up with the environment's.
fn erase_unreadable(tx: &mut Tx<'_>, key: &[u8]) {
    tx.delete(Tree::Events, key.to_vec());
    if let Some(place) = keys::place_of(key) {
        let id = keys::id_of(&place).0.to_bytes().to_vec();
        tx.delete(Tree::Ids, id.clone());
        tx.delete(Tree::Bodies, id);
    }
}

/// The key of an observation without its time.
fn resource_of(key: &[u8]) -> &[u8] {
    &key[..key.len().saturating_sub(8)]
}

impl Tx<'_> {
    /// Takes a drift out of the trees. What was decided about it stays in the trail.
    pub(super) fn erase(&mut self, record: &EventRecord) {
        let event = &record.event;
        let key = tx::event_key(event);
        let id = event.id.0.to_bytes().to_vec();
        self.delete(Tree::Ids, id.clone());
        self.delete(Tree::Bodies, id);
        self.delete(Tree::ByFingerprint, tx::fingerprint_key(event));
        self.delete(Tree::ByClass, keys::class(record));
        if let Some(timer) = tx::timer_key(&key, record) {
            self.delete(Tree::Timers, timer);
        }
        for rule in &record.hidden_by {
            self.delete(Tree::ByRule, by_rule_key(*rule, event.id));
        }
        self.discount(record);
        self.delete(Tree::Events, key);
    }
}
