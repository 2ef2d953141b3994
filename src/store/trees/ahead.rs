//! What a scan will ask for, read together before it is asked for: each question to a database is a journey, and one a drift would
//! make it wait for most of its time. Only for who has the turn to write: others might change it meanwhile.

use std::collections::{BTreeSet, HashSet};

use super::engine::{Range, Tree};
use super::lineage::prefix_before;
use super::tx::{Tx, resource_prefix};
use super::{RunningScan, keys};
use crate::drift::{DriftId, Finding, Fingerprint, State};
use crate::store::record::EventRecord;
use crate::store::{StoreError, codec, life};

/// Drifts of one resource that are read with the first question. Few have more.
const OF_RESOURCE: i64 = 16;

impl Tx<'_> {
    /// Reads what the sighting of these findings will ask for.
    pub(super) fn know_about(&mut self, findings: &[Finding]) -> Result<(), StoreError> {
        if self.store.engine.together() == 1 {
            return Ok(());
        }
        let prefixes: Vec<Vec<u8>> = findings.iter().map(|f| resource_prefix(&f.environment, &f.resource)).collect();
        let before = findings.iter().filter_map(|f| prefix_before(&f.environment, f.drift_type, &f.resource));
        self.know_resources(&before.collect::<Vec<_>>())?;
        let fingerprints: Vec<Vec<u8>> = findings.iter().map(|finding| finding.fingerprint().0.to_vec()).collect();
        self.know_resources(&prefixes)?;
        let by_fingerprint = prefixes.iter().zip(&fingerprints).map(|(prefix, own)| [&prefix[..], own].concat());
        let own: Vec<Option<Vec<u8>>> =
            by_fingerprint.map(|key| self.get(Tree::ByFingerprint, &key)).collect::<Result<_, _>>()?;
        self.know_drifts(own.iter().flatten().cloned().collect())?;
        self.know(Tree::Lost, fingerprints)?;
        self.know_kin(&prefixes, &own)
    }

    /// As whom a finding may go on: the others of its resource, unless its own drift goes on anyway.
    fn know_kin(&mut self, prefixes: &[Vec<u8>], own: &[Option<Vec<u8>>]) -> Result<(), StoreError> {
        let mut kin = BTreeSet::new();
        for (prefix, own) in prefixes.iter().zip(own) {
            let record: Option<EventRecord> = own.as_ref().and_then(|key| self.read(Tree::Events, key).ok().flatten());
            if record.is_none_or(|record| life::has_ended(&record.standing())) {
                kin.extend(self.drifts_of(prefix)?.into_iter().filter(|key| Some(key) != own.as_ref()));
            }
        }
        let kin: Vec<Vec<u8>> = kin.into_iter().collect();
        let records = self.know_events(kin.clone())?;
        let may_go_on = kin.iter().zip(records).filter(|(_, record)| {
            record.as_ref().is_some_and(|record| record.event.state != State::Closed && !record.gone)
        });
        let ids = may_go_on.filter_map(|(key, _)| id_bytes(key)).collect();
        self.know(Tree::Bodies, ids).map(|_| ())
    }

    /// Reads what ending these drifts will ask for: themselves, and who takes their place.
    pub(super) fn know_ending(&mut self, unseen: &[DriftId], running: &RunningScan) -> Result<(), StoreError> {
        if self.store.engine.together() == 1 {
            return Ok(());
        }
        let keys = self.know(Tree::Ids, unseen.iter().map(|id| id.0.to_bytes().to_vec()).collect())?;
        let records = self.know_events(keys.into_iter().flatten().collect())?;
        let prefixes: BTreeSet<Vec<u8>> =
            records.iter().flatten().map(|r| resource_prefix(&r.event.environment, &r.event.resource)).collect();
        let prefixes: Vec<Vec<u8>> = prefixes.into_iter().collect();
        self.know_resources(&prefixes)?;
        let mut heirs = Vec::new();
        for prefix in &prefixes {
            let seen = |key: &Vec<u8>| keys::drift_of(key).is_some_and(|id| running.seen.contains(&id));
            heirs.extend(self.drifts_of(prefix)?.into_iter().find(seen));
        }
        self.know_events(heirs).map(|_| ())
    }

    /// Reads drifts and their bodies, by the keys of the drifts.
    pub(super) fn know_drifts(&mut self, keys: Vec<Vec<u8>>) -> Result<(), StoreError> {
        if self.store.engine.together() == 1 {
            return Ok(());
        }
        let ids = keys.iter().filter_map(|key| id_bytes(key)).collect();
        self.know(Tree::Bodies, ids)?;
        self.know_keys(&keys);
        self.know(Tree::Events, keys).map(|_| ())
    }

    /// Reads drifts by their keys; those that can be read, in the order of the keys.
    fn know_events(&mut self, keys: Vec<Vec<u8>>) -> Result<Vec<Option<EventRecord>>, StoreError> {
        self.know_keys(&keys);
        let values = self.know(Tree::Events, keys)?;
        let read = |bytes: Vec<u8>| codec::decode(Tree::Events.name(), &bytes, &self.store.objects).ok();
        Ok(values.into_iter().map(|value| value.and_then(read)).collect())
    }

    /// The key of a drift says its id.
    fn know_keys(&mut self, keys: &[Vec<u8>]) {
        let ids = keys.iter().filter_map(|key| Some(((Tree::Ids, id_bytes(key)?), Some(key.clone()))));
        self.known.extend(ids);
    }

    /// Reads the index of the drifts of these resources.
    fn know_resources(&mut self, prefixes: &[Vec<u8>]) -> Result<(), StoreError> {
        let all = self.store.engine.tree(Tree::ByFingerprint);
        let distinct: HashSet<&Vec<u8>> = prefixes.iter().filter(|one| !self.of_resource.contains_key(*one)).collect();
        let mut ranges: Vec<(&Vec<u8>, Range)> =
            distinct.into_iter().map(|prefix| (prefix, all.scan_prefix(prefix))).collect();
        self.store.engine.read_ahead(ranges.iter_mut().map(|(_, range)| range).collect(), false, OF_RESOURCE);
        for (prefix, range) in ranges {
            let entries = range.map(|entry| entry.map(|(key, value)| (key.to_vec(), value.to_vec())));
            self.of_resource.insert(prefix.clone(), entries.collect::<Result<_, _>>()?);
        }
        Ok(())
    }

    /// The keys of the drifts of a resource, by what their fingerprints begin with; as it was before this step.
    pub(super) fn drifts_of(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, StoreError> {
        if let Some(known) = self.of_resource.get(prefix) {
            return Ok(known.values().cloned().collect());
        }
        let entries = self.store.engine.tree(Tree::ByFingerprint).scan_prefix(prefix);
        entries.values().map(|key| key.map(|key| key.to_vec())).collect()
    }

    /// What was read ahead under a key, and that there was nothing; `None` when nobody looked.
    pub(super) fn known_at(&self, tree: Tree, key: &[u8]) -> Option<Option<Vec<u8>>> {
        // Nothing is read ahead where a look costs less than this one.
        if self.known.is_empty() && self.of_resource.is_empty() {
            return None;
        }
        let of_resource = || {
            // The prefix is followed by a fingerprint.
            let (prefix, _) = key.split_at_checked(key.len().checked_sub(size_of::<Fingerprint>())?)?;
            self.of_resource.get(prefix).map(|entries| entries.get(key).cloned())
        };
        match tree {
            Tree::ByFingerprint => of_resource(),
            _ => self.known.get(&(tree, key.to_vec())).cloned(),
        }
    }

    /// Gives back the values, in the order of the keys.
    fn know(&mut self, tree: Tree, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let values = self.store.engine.get_many(tree, keys.clone())?;
        self.known.extend(keys.into_iter().map(|key| (tree, key)).zip(values.iter().cloned()));
        Ok(values)
    }
}

/// The id in the key of a drift.
fn id_bytes(key: &[u8]) -> Option<Vec<u8>> {
    keys::drift_of(key).map(|id| id.0.to_bytes().to_vec())
}
