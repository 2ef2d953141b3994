//! Does everything the store says about itself hold? Checksums, both directions of every index, counts, the journal's chain.

use std::collections::{BTreeMap, HashSet};

use super::engine::Tree;
use super::tx::{self, by_rule_key, class_count};
use super::{SledStore, apply, keys, scan};
use crate::drift::{Environment, ScanSummary, Slug};
use crate::store::record::{AuditRecord, BodyRecord, Deed, EventRecord, Placed};
use crate::store::rules::RuleRecord;
use crate::store::{Observation, OpenCounts, StoreError, VerifyReport, codec, journal};

/// More faults than this are only counted.
const FAULTS_TOLD: usize = 1000;

struct Check<'a> {
    store: &'a SledStore,
    report: VerifyReport,
    untold: u64,
}

impl SledStore {
    /// Holds up writers while it runs: only a store at rest can be compared with itself.
    pub(super) fn verify_impl(&self) -> Result<VerifyReport, StoreError> {
        let _writer = self.writer();
        let mut check = Check { store: self, report: VerifyReport::default(), untold: 0 };
        check.drifts()?;
        check.indexes()?;
        check.audit()?;
        check.rest()?;
        check.objects();
        if check.untold > 0 {
            check.report.faults.push(format!("and {} more", check.untold));
        }
        Ok(check.report)
    }
}

impl Check<'_> {
    fn fault(&mut self, text: String) {
        if self.report.faults.len() < FAULTS_TOLD {
            self.report.faults.push(text);
        } else {
            self.untold += 1;
        }
    }

    fn decode<T: serde::de::DeserializeOwned>(&mut self, tree: Tree, key: &[u8], value: &[u8]) -> Option<T> {
        match codec::decode(tree.name(), value, &self.store.objects) {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(format!("{error} (key {})", key.escape_ascii()));
                None
            }
        }
    }

    fn each(
        &mut self,
        tree: Tree,
        mut check: impl FnMut(&mut Self, &[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let store = self.store;
        for entry in store.engine.tree(tree).iter() {
            let (key, value) = entry.map_err(|e| store.engine.error(e))?;
            check(self, &key, &value)?;
        }
        Ok(())
    }

    /// From each drift to its index entries.
    fn drifts(&mut self) -> Result<(), StoreError> {
        let mut counts: BTreeMap<Slug, OpenCounts> = BTreeMap::new();
        self.each(Tree::Events, |check, key, value| {
            check.report.drifts += 1;
            let Some(record) = check.decode::<EventRecord>(Tree::Events, key, value) else { return Ok(()) };
            let of = counts.entry(record.event.environment.clone()).or_default();
            of.in_any_state += 1;
            if record.shown_state().needs_attention() {
                *class_count(of, record.event.severity_class()) += 1;
            }
            check.forward(key, &record)
        })?;
        let kept = self.store.counts().clone();
        if kept != counts {
            self.fault(format!("the counts do not add up: kept {kept:?}, counted {counts:?}"));
        }
        Ok(())
    }

    fn forward(&mut self, key: &[u8], record: &EventRecord) -> Result<(), StoreError> {
        let e = &record.event;
        let mut expected = vec![
            (Tree::Ids, e.id.0.to_bytes().to_vec(), key.to_vec()),
            (Tree::ByFingerprint, tx::fingerprint_key(e), key.to_vec()),
            (Tree::ByClass, keys::class(record), vec![keys::drift_type(e.drift_type)]),
        ];
        let timer = tx::timer_key(key, record);
        expected.extend(timer.map(|timer| (Tree::Timers, timer, Vec::new())));
        expected.extend(record.hidden_by.iter().map(|rule| (Tree::ByRule, by_rule_key(*rule, e.id), Vec::new())));
        for (tree, index_key, value) in expected {
            if self.store.engine.get(tree, &index_key)? != Some(value) {
                self.fault(format!("drift {} is missing from {}", e.id, tree.name()));
            }
        }
        if key != tx::event_key(e) {
            self.fault(format!("drift {} lies under another one's key", e.id));
        }
        Ok(())
    }

    /// From each index entry back to a drift that has it.
    fn indexes(&mut self) -> Result<(), StoreError> {
        self.back(Tree::Ids, |_, value| Some(value.to_vec()), |key, r| r.event.id.0.to_bytes()[..] == *key)?;
        self.back(Tree::ByFingerprint, |_, value| Some(value.to_vec()), |key, r| tx::fingerprint_key(&r.event) == key)?;
        self.back(Tree::ByClass, |key, _| key.get(2..).map(<[u8]>::to_vec), |key, r| keys::class(r) == key)?;
        self.back(
            Tree::Timers,
            |key, _| key.get(8..).map(<[u8]>::to_vec),
            |key, r| tx::timer_key(&tx::event_key(&r.event), r).as_deref() == Some(key),
        )?;
        let store = self.store;
        let by_id = |key: &[u8]| store.engine.get(Tree::Ids, key.last_chunk::<16>()?).ok().flatten();
        self.back(
            Tree::ByRule,
            |key, _| by_id(key),
            |key, r| r.hidden_by.iter().any(|rule| by_rule_key(*rule, r.event.id) == key),
        )?;
        self.back(Tree::Bodies, |key, _| by_id(key), |_, _| true)
    }

    fn back(
        &mut self,
        tree: Tree,
        target: impl Fn(&[u8], &[u8]) -> Option<Vec<u8>>,
        fits: impl Fn(&[u8], &EventRecord) -> bool,
    ) -> Result<(), StoreError> {
        self.each(tree, |check, key, value| {
            let bytes = match target(key, value) {
                Some(target) => check.store.engine.get(Tree::Events, &target)?,
                None => None,
            };
            // A drift that does not read back was reported with the drifts.
            let record = bytes.map(|b| codec::decode::<EventRecord>(tree.name(), &b, &check.store.objects));
            match record {
                Some(Ok(record)) if !fits(key, &record) => {
                    check.fault(format!("an entry of {} does not fit drift {}", tree.name(), record.event.id));
                }
                None => check.fault(format!("an entry of {} leads to no drift", tree.name())),
                Some(_) => {}
            }
            Ok(())
        })
    }

    /// The journal's chain, and the tree's copy of it.
    fn audit(&mut self) -> Result<(), StoreError> {
        let store = self.store;
        let mut differing = Vec::new();
        // Beside a writer, the journal goes on while the view stands still.
        let shown = if store.copy.is_some() { store.applied_seq()? } else { u64::MAX };
        let walked = journal::read(&store.root, &mut |seq, payload| {
            if seq > shown {
                return Ok(());
            }
            let deed = serde_json::from_slice::<Deed>(payload).ok();
            let kept: Option<AuditRecord> = store.read(Tree::Audit, &seq.to_be_bytes()).unwrap_or_default();
            if deed.is_none() || kept.map(|k| k.deed) != deed {
                differing.push(seq);
            }
            Ok(())
        });
        let last = match walked {
            Ok(last) => last.min(shown),
            Err(error) => {
                self.fault(format!("journal: {error}"));
                0
            }
        };
        for seq in differing {
            self.fault(format!("audit entry {seq} is not what the journal says"));
        }
        self.report.audit_entries = store.engine.tree(Tree::Audit).len() as u64;
        if self.report.audit_entries != last {
            let entries = self.report.audit_entries;
            self.fault(format!("the tree has {entries} audit entries, the journal {last}"));
        }
        let mut seqs = HashSet::new();
        self.each(Tree::Audit, |check, key, value| {
            if let Some(record) = check.decode::<AuditRecord>(Tree::Audit, key, value) {
                seqs.insert(record.deed.audit.seq.to_be_bytes().to_vec());
                let ids = record.deed.after.iter().map(|p| p.id).chain(record.deed.audit.drift);
                for id in ids {
                    let entry = apply::by_drift_key(id, record.deed.audit.seq);
                    if check.store.engine.get(Tree::ByDrift, &entry)?.is_none() {
                        check.fault(format!("audit entry {} is missing from {id}", record.deed.audit.seq));
                    }
                }
            }
            Ok(())
        })?;
        self.each(Tree::ByDrift, |check, key, _| {
            if !seqs.contains(key.get(16..).unwrap_or_default()) {
                check.fault("an entry of by_drift leads to no audit entry".into());
            }
            Ok(())
        })
    }

    /// Whether the values of the other trees read back.
    fn rest(&mut self) -> Result<(), StoreError> {
        self.each(Tree::Bodies, |check, key, value| {
            check.decode::<BodyRecord>(Tree::Bodies, key, value);
            Ok(())
        })?;
        self.each(Tree::Observations, |check, key, value| {
            check.report.observations += 1;
            let (hash, value) = value.split_at(16.min(value.len()));
            let seen = check.decode::<Observation>(Tree::Observations, key, value);
            if seen.is_some_and(|seen| scan::observation_hash(&seen) != hash) {
                check.fault("an observation is not what its hash says".into());
            }
            Ok(())
        })?;
        self.each(Tree::Environments, |check, key, value| {
            check.decode::<Environment>(Tree::Environments, key, value);
            Ok(())
        })?;
        self.each(Tree::Scans, |check, key, value| {
            check.decode::<ScanSummary>(Tree::Scans, key, value);
            Ok(())
        })?;
        self.each(Tree::Rules, |check, key, value| {
            check.decode::<RuleRecord>(Tree::Rules, key, value);
            Ok(())
        })?;
        self.each(Tree::Lost, |check, key, value| {
            check.decode::<Placed>(Tree::Lost, key, value);
            Ok(())
        })
    }

    /// Objects that a value refers to were read with the value; this counts them and finds bad ones nobody refers to.
    fn objects(&mut self) {
        let outcome = self.store.objects.check_all();
        self.report.objects = outcome.0;
        outcome.1.into_iter().for_each(|fault| self.fault(fault));
    }
}
