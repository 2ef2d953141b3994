//! Does everything the store says about itself hold? Checksums, both directions of every index, counts, the journal's chain.

use std::collections::BTreeMap;

use super::engine::Tree;
use super::tx::{self, by_rule_key, class_count};
use super::{TreeStore, apply, contexts, keys, models, notices, remediations, scan};
use crate::drift::Slug;
use crate::store::record::{AuditRecord, BodyRecord, Deed, EventRecord, Placed};
use crate::store::{Observation, OpenCounts, StoreError, VerifyReport, codec};

/// More faults than this are only counted.
const FAULTS_TOLD: usize = 1000;

/// Without the advice to run what runs already.
fn in_words(error: StoreError) -> String {
    match error {
        StoreError::Damaged { tree, detail } => format!("damaged record in {tree}: {detail}"),
        other => other.to_string(),
    }
}

pub(super) struct Check<'a> {
    pub(super) store: &'a TreeStore,
    report: VerifyReport,
    untold: u64,
}

impl TreeStore {
    /// Slice by slice, with decisions in between: within a slice the store stands still, and every promise is about one record
    /// and its neighbours. Only the sums are about all of them, see [`Check::counts`].
    pub(super) fn verify_impl(&self) -> Result<VerifyReport, StoreError> {
        let mut check = Check { store: self, report: VerifyReport::default(), untold: 0 };
        check.drifts()?;
        check.indexes()?;
        check.counts()?;
        self.wrong_days()?.into_iter().for_each(|fault| check.fault(fault));
        check.audit()?;
        check.rest()?;
        check.references()?;
        check.objects();
        if check.untold > 0 {
            check.report.faults.push(format!("and {} more", check.untold));
        }
        Ok(check.report)
    }
}

impl Check<'_> {
    pub(super) fn fault(&mut self, text: String) {
        if self.report.faults.len() < FAULTS_TOLD {
            self.report.faults.push(text);
        } else {
            self.untold += 1;
        }
    }

    pub(super) fn decode<T: serde::de::DeserializeOwned>(&mut self, tree: Tree, key: &[u8], value: &[u8]) -> Option<T> {
        match codec::decode(tree.name(), value, &self.store.objects) {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(format!("{} (key {})", in_words(error), key.escape_ascii()));
                None
            }
        }
    }

    pub(super) fn each(
        &mut self,
        tree: Tree,
        mut check: impl FnMut(&mut Self, &[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let store = self.store;
        store.each_entry(tree, |key, value| check(self, key, value))
    }

    /// From each drift to its index entries.
    fn drifts(&mut self) -> Result<(), StoreError> {
        self.each(Tree::Events, |check, key, value| {
            check.report.drifts += 1;
            match check.decode::<EventRecord>(Tree::Events, key, value) {
                Some(record) => check.forward(key, &record),
                None => Ok(()),
            }
        })
    }

    /// Each drift has one entry in the class index (checked before), so the sums can be had from its keys alone. When somebody
    /// decided meanwhile they are taken again, at last with everybody waiting: a second for a million.
    fn counts(&mut self) -> Result<(), StoreError> {
        for attempt in 0..4 {
            let before = self.store.writer().commits;
            let held = (attempt == 3).then(|| self.store.writer());
            let counted = self.counted()?;
            let writer = held.unwrap_or_else(|| self.store.writer());
            if attempt < 3 && writer.commits != before {
                continue;
            }
            let kept: BTreeMap<Slug, OpenCounts> = self.store.counts().clone();
            let kept: BTreeMap<_, _> = kept.into_iter().filter(|(_, counts)| counts.in_any_state > 0).collect();
            if kept != counted {
                self.fault(format!("the counts do not add up: kept {kept:?}, counted {counted:?}"));
            }
            break;
        }
        Ok(())
    }

    fn counted(&self) -> Result<BTreeMap<Slug, OpenCounts>, StoreError> {
        let mut counted: BTreeMap<Slug, OpenCounts> = BTreeMap::new();
        for key in self.store.engine.tree(Tree::ByClass).iter().keys() {
            let key = key?;
            let Some((shelf, class, slug)) = keys::class_parts(&key) else { continue };
            let of = counted.entry(slug).or_default();
            of.in_any_state += 1;
            if keys::NEEDS_ATTENTION.contains(&shelf) {
                *class_count(of, class) += 1;
            }
        }
        Ok(counted)
    }

    fn forward(&mut self, key: &[u8], record: &EventRecord) -> Result<(), StoreError> {
        let e = &record.event;
        let mut expected = vec![
            (Tree::Ids, e.id.0.to_bytes().to_vec(), key.to_vec()),
            (Tree::ByFingerprint, tx::fingerprint_key(e), key.to_vec()),
            (Tree::ByClass, keys::class(record), keys::class_value(e)),
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

    /// The journal's chain, and the tree's copy of it. What is decided meanwhile is left for the next time.
    fn audit(&mut self) -> Result<(), StoreError> {
        let store = self.store;
        let (shown, written) = {
            let writer = store.writer();
            let shown = store.applied_seq()?;
            (shown, writer.journal.as_ref().map_or(shown, |journal| journal.next_seq() - 1))
        };
        let mut differing = Vec::new();
        let walked = store.walk_trail(&mut |seq, payload| {
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
                self.report.is_trail_broken |= matches!(error, StoreError::Damaged { .. });
                self.fault(format!("journal: {}", in_words(error)));
                0
            }
        };
        let torn = store.torn_trail().unwrap_or_default();
        if torn > 0 {
            self.fault(format!("the journal ends in {torn} bytes of an unfinished write, of which nothing counts"));
        }
        self.report.is_trail_broken |= !differing.is_empty();
        for seq in differing {
            self.fault(format!("audit entry {seq} is not what the journal says"));
        }
        if written != shown {
            self.fault(format!("the journal has {written} entries, the tree took {shown} of them over"));
        }
        self.trail(shown)?;
        if self.report.audit_entries != last {
            let entries = self.report.audit_entries;
            self.fault(format!("the tree has {entries} audit entries, the journal {last}"));
        }
        self.each(Tree::ByDrift, |check, key, _| {
            if check.store.engine.get(Tree::Audit, key.get(16..).unwrap_or_default())?.is_none() {
                check.fault("an entry of by_drift leads to no audit entry".into());
            }
            Ok(())
        })
    }

    /// From each audit entry up to `shown` to the histories it belongs to.
    fn trail(&mut self, shown: u64) -> Result<(), StoreError> {
        self.each(Tree::Audit, |check, key, value| {
            if *key > shown.to_be_bytes()[..] {
                return Ok(());
            }
            check.report.audit_entries += 1;
            let Some(record) = check.decode::<AuditRecord>(Tree::Audit, key, value) else { return Ok(()) };
            let ids = record
                .deed
                .after
                .iter()
                .map(|p| p.id)
                .chain(record.deed.audit.drift.filter(|_| record.deed.audit.success));
            for id in ids {
                let entry = apply::by_drift_key(id, record.deed.audit.seq);
                if check.store.engine.get(Tree::ByDrift, &entry)?.is_none() {
                    check.fault(format!("audit entry {} is missing from {id}", record.deed.audit.seq));
                }
            }
            Ok(())
        })
    }

    /// Whether the values of the other trees read back; of those that name others see [`references`](super::references).
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
        self.each(Tree::Contexts, |check, key, value| {
            if let Some(fault) = contexts::fault(check.store, key, value) {
                check.fault(fault);
            }
            Ok(())
        })?;
        self.each(Tree::Notifications, |check, key, value| {
            if let Some(fault) = notices::fault(check.store, key, value) {
                check.fault(fault);
            }
            Ok(())
        })?;
        self.each(Tree::Remediations, |check, key, value| {
            if let Some(fault) = remediations::fault(check.store, key, value) {
                check.fault(fault);
            }
            Ok(())
        })?;
        self.each(Tree::Models, |check, key, value| {
            if let Some(fault) = models::fault(check.store, key, value) {
                check.fault(fault);
            }
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
