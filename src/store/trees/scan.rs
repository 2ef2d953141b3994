//! A scan: what it saw, what it remembers, what it did not see any more.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::engine::{Range, Tree};
use super::tx::Tx;
use super::{RunningScan, TreeStore, Writer, apply, keys, later, lineage, sight};
use crate::drift::{AuditEntry, DriftEvent, Environment, Finding, ScanId, ScanStage, ScanSummary, Slug, State};
use crate::store::record::Deed;
use crate::store::{Observation, Recorded, StoreError, codec};

/// One step and one barrier for so many.
pub(super) const BATCH: usize = 1000;
/// Smaller ones are not worth a thread.
const BEHIND: usize = 250;
/// Summaries kept per environment.
pub(super) const SCANS_KEPT: usize = 200;

/// The hash of an observation, and when it was made.
type Seen = ([u8; 16], Timestamp);

impl TreeStore {
    pub(super) fn put_environment_impl(&self, environment: &Environment) -> Result<(), StoreError> {
        self.writable()?;
        environment.check().map_err(|why| StoreError::Invalid(format!("{}: {why}", environment.slug)))?;
        let mut writer = self.writer();
        let known: Option<Environment> = self.read(Tree::Environments, environment.slug.as_str().as_bytes())?;
        // Read from the same configuration at another time, it is still the same.
        let times = (environment.created_at, environment.updated_at);
        let timeless = |e: Environment| Environment { created_at: times.0, updated_at: times.1, ..e };
        if known.clone().map(timeless).as_ref() == Some(environment) {
            return Ok(());
        }
        let action = if known.is_some() { "environment_changed" } else { "environment_added" };
        let audit = self.system_entry(&mut writer, action, &environment.slug, 0);
        let deed = Deed {
            audit,
            before: Vec::new(),
            after: Vec::new(),
            environment: Some(environment.clone()),
            context: None,
            once: None,
        };
        let mut tx = Tx::new(self, self.now());
        let mut rules = writer.rules.clone();
        apply::apply(&mut tx, &mut rules, &deed)?;
        self.keep(&mut writer, &[deed], tx, true)
    }

    pub(super) fn begin_scan_impl(&self, environment: &Slug, at: Timestamp) -> Result<ScanId, StoreError> {
        self.writable()?;
        let id = ScanId::generate();
        let scan = RunningScan {
            environment: environment.clone(),
            at,
            seen: HashSet::new(),
            moved: HashMap::new(),
            new: 0,
            regressed: 0,
            alerts: Default::default(),
        };
        self.reader().scans.insert(id, scan);
        Ok(id)
    }

    pub(super) fn record_impl(&self, scan: ScanId, findings: Vec<Finding>) -> Result<Vec<Recorded>, StoreError> {
        self.writable()?;
        let mut all = Vec::with_capacity(findings.len());
        let mut findings = findings.into_iter().peekable();
        while findings.peek().is_some() {
            let chunk: Vec<Finding> = findings.by_ref().take(BATCH).collect();
            all.extend(self.record_chunk(scan, chunk)?);
        }
        Ok(all)
    }

    fn record_chunk(&self, scan: ScanId, findings: Vec<Finding>) -> Result<Vec<Recorded>, StoreError> {
        let mut guard = self.writer();
        let writer = &mut *guard;
        let (environment, at) = running(writer, scan)?;
        self.engine.fence(&environment);
        let is_full = findings.len() == BATCH;
        let mut tx = Tx::new(self, self.now());
        let (mut recorded, mut turns, mut moved) = (Vec::with_capacity(findings.len()), Vec::new(), Vec::new());
        // Of one that began in it and ends after it, too: what it finds was there when it began.
        let in_maintenance = self.is_silenced(&environment, at)?;
        tx.know_about(&findings)?;
        for finding in findings {
            if finding.environment != environment {
                let (found, of) = (finding.environment, environment);
                return Err(StoreError::Invalid(format!("a finding in {found} cannot belong to a scan of {of}")));
            }
            let before = lineage::prefix_before(&environment, finding.drift_type, &finding.resource);
            let (one, more) = sight::sight(&mut tx, writer, (at, in_maintenance), finding)?;
            moved.extend(before.map(|before| (before, one.event().id)));
            turns.extend(more);
            recorded.push(one);
        }
        self.tell_of(&mut tx, writer, scan, &recorded)?;
        let deeds = self.deeds_of(writer, &environment, turns, next_seq(writer)?);
        let mut rules = writer.rules.clone();
        deeds.iter().try_for_each(|deed| apply::apply(&mut tx, &mut rules, deed))?;
        if deeds.is_empty() && recorded.len() >= BEHIND {
            self.keep_behind(writer, tx, is_full)?;
        } else {
            self.keep(writer, &deeds, tx, is_full)?;
        }
        if let Some(running) = writer.scans.get_mut(&scan) {
            running.note(&recorded);
            running.moved.extend(moved);
        }
        Ok(recorded)
    }

    pub(super) fn observe_impl(
        &self,
        scan: ScanId,
        environment: &Slug,
        seen: Vec<Observation>,
    ) -> Result<(), StoreError> {
        self.writable()?;
        let mut writer = self.writer();
        running(&mut writer, scan)?;
        self.engine.fence(environment);
        for chunk in seen.chunks(BATCH) {
            let mut tx = Tx::new(self, self.now());
            let mut latest = self.last_observations(environment, chunk)?;
            for one in chunk {
                self.observe_one(&mut tx, &mut latest, environment, one)?;
            }
            tx.commit(chunk.len() == BATCH)?;
        }
        Ok(())
    }

    fn observe_one(
        &self,
        tx: &mut Tx<'_>,
        latest: &mut HashMap<Vec<u8>, Option<Seen>>,
        environment: &Slug,
        one: &Observation,
    ) -> Result<(), StoreError> {
        let prefix = keys::resource(environment, one.resource_type.raw(), one.resource_id.raw());
        let last = match latest.get(&prefix) {
            Some(last) => *last,
            None => self.last_observation(&prefix, self.engine.tree(Tree::Observations).scan_prefix(&prefix))?,
        };
        let hash = observation_hash(one);
        if last.is_some_and(|(known, _)| known == hash) {
            return Ok(());
        }
        let at = later(one.observed_at, last.map_or(Timestamp::UNIX_EPOCH, |(_, at)| at));
        latest.insert(prefix.clone(), Some((hash, at)));
        let value = [&hash[..], &codec::encode(one, &self.objects)?].concat();
        tx.put(Tree::Observations, [&prefix[..], &keys::micros(at)].concat(), value);
        Ok(())
    }

    /// What is better asked for together.
    fn last_observations(
        &self,
        environment: &Slug,
        chunk: &[Observation],
    ) -> Result<HashMap<Vec<u8>, Option<Seen>>, StoreError> {
        if self.engine.together() == 1 {
            return Ok(HashMap::new());
        }
        let prefix = |one: &Observation| keys::resource(environment, one.resource_type.raw(), one.resource_id.raw());
        let all = self.engine.tree(Tree::Observations);
        let mut ranges: HashMap<Vec<u8>, Range> =
            chunk.iter().map(prefix).map(|prefix| (prefix.clone(), all.scan_prefix(prefix))).collect();
        self.engine.read_ahead(ranges.values_mut().collect(), true, 1);
        ranges.into_iter().map(|(prefix, range)| Ok((prefix.clone(), self.last_observation(&prefix, range)?))).collect()
    }

    /// The last of all that begin with the prefix.
    fn last_observation(&self, prefix: &[u8], mut of: Range) -> Result<Option<Seen>, StoreError> {
        let Some(entry) = of.next_back() else { return Ok(None) };
        let (key, value) = entry?;
        Ok(value.first_chunk::<16>().copied().zip(keys::time_of(&key[prefix.len()..])))
    }

    pub(super) fn finish_scan_impl(
        &self,
        scan: ScanId,
        mut summary: ScanSummary,
    ) -> Result<(ScanSummary, Vec<DriftEvent>), StoreError> {
        self.writable()?;
        let mut guard = self.writer();
        let writer = &mut *guard;
        let (environment, _) = running(writer, scan)?;
        self.engine.fence(&environment);
        // Nothing may end because of what was then not written.
        self.engine.settle().map_err(|e| self.writes_failed(e))?;
        self.wake_all(writer)?;
        let Some(running) = writer.scans.remove(&scan) else { return Err(unknown_scan()) };
        let mut closed = Vec::new();
        if summary.stage == ScanStage::Done {
            for chunk in self.unseen(&running)?.chunks(BATCH) {
                closed.extend(self.end_unseen(writer, &running, chunk, &summary.completeness)?);
            }
        }
        summary.id = scan;
        summary.environment = running.environment.clone();
        (summary.new, summary.regressed, summary.closed) = (running.new, running.regressed, closed.len() as u64);
        self.keep_summary(&summary)?;
        Ok((summary, closed))
    }

    fn keep_summary(&self, summary: &ScanSummary) -> Result<(), StoreError> {
        let mut tx = Tx::new(self, self.now());
        let prefix = keys::environment(&summary.environment);
        tx.write(Tree::Scans, summary_key(summary), summary)?;
        for old in self.engine.tree(Tree::Scans).scan_prefix(&prefix).keys().rev().skip(SCANS_KEPT - 1) {
            tx.delete(Tree::Scans, old?.to_vec());
        }
        tx.commit(true)
    }

    pub(super) fn last_scan_impl(&self, environment: &Slug) -> Result<Option<ScanSummary>, StoreError> {
        let last = self.engine.tree(Tree::Scans).scan_prefix(keys::environment(environment)).next_back();
        let Some(entry) = last else { return Ok(None) };
        let (_, value) = entry?;
        codec::decode(Tree::Scans.name(), &value, &self.objects).map(Some)
    }

    /// An audit entry for what no person did; `seq` 0 takes the next number.
    pub(super) fn system_entry(&self, writer: &mut Writer, action: &str, environment: &Slug, seq: u64) -> AuditEntry {
        let next = writer.journal.as_ref().map_or(0, |j| j.next_seq());
        AuditEntry {
            seq: if seq == 0 { next } else { seq },
            timestamp: writer.tick(&self.clock),
            actor: "system".into(),
            action: action.into(),
            environment: Some(environment.clone()),
            drift: None,
            reason: None,
            old_state: None,
            new_state: None,
            verb: None,
            undone_by: None,
            rule: None,
            never_hide: None,
            remediation: None,
            batch: None,
            origin: None,
            success: true,
            error_message: None,
        }
    }

    pub(super) fn remembered_impl(
        &self,
        environment: &Slug,
        kind: &str,
        id: &str,
    ) -> Result<Option<Observation>, StoreError> {
        let mut values = self.values_of(environment, kind, id).enumerate();
        let found = values.find(|(_, one)| one.as_ref().map_or(true, |one| one.accepted));
        found.map(|(at, one)| one.map(|one| Observation { followed: at > 0, ..one })).transpose()
    }

    pub(super) fn observations_impl(
        &self,
        environment: &Slug,
        kind: &str,
        id: &str,
        limit: usize,
    ) -> Result<Vec<Observation>, StoreError> {
        self.values_of(environment, kind, id).take(limit).collect()
    }

    /// What a resource was seen to have, newest first.
    fn values_of(
        &self,
        environment: &Slug,
        kind: &str,
        id: &str,
    ) -> impl Iterator<Item = Result<Observation, StoreError>> + '_ {
        let prefix = keys::resource(environment, kind, id);
        self.engine.tree(Tree::Observations).scan_prefix(prefix).values().rev().map(|value| {
            let value = value?;
            codec::decode(Tree::Observations.name(), value.get(16..).unwrap_or_default(), &self.objects)
        })
    }
}

impl RunningScan {
    fn note(&mut self, recorded: &[Recorded]) {
        for one in recorded {
            let (event, count) = match one {
                Recorded::New(event) => (event, Some(&mut self.new)),
                Recorded::Regressed(event) => (event, Some(&mut self.regressed)),
                Recorded::SeenAgain(event) | Recorded::Reopened(event) => (event, None),
                Recorded::Continued { event, .. } => (&**event, None),
            };
            self.seen.insert(event.id);
            // What an ignore rule hides is no news, nor is a drift of which every change was settled before.
            let is_settled = event.state == State::Ignored || event.is_resolved_by_changes(self.at);
            if let (Some(count), false) = (count, is_settled) {
                *count += 1;
            }
        }
    }
}

/// In the order in which they ended.
pub(super) fn summary_key(summary: &ScanSummary) -> Vec<u8> {
    let prefix = keys::environment(&summary.environment);
    [&prefix[..], &keys::micros(summary.finished_at), &summary.id.0.to_bytes()].concat()
}

/// Equal values with the same verdict have equal hashes; the order of keys does not matter.
pub(super) fn observation_hash(one: &Observation) -> [u8; 16] {
    let json = serde_json::to_vec(&(&one.value, one.accepted)).unwrap_or_default();
    blake3::hash(&json).as_bytes().first_chunk().copied().unwrap_or_default()
}

pub(super) fn running(writer: &mut Writer, scan: ScanId) -> Result<(Slug, Timestamp), StoreError> {
    let scan = writer.scans.get(&scan).ok_or_else(unknown_scan)?;
    Ok((scan.environment.clone(), scan.at))
}

fn unknown_scan() -> StoreError {
    StoreError::NotFound("no such scan is running; begin it again".into())
}

pub(super) fn next_seq(writer: &Writer) -> Result<u64, StoreError> {
    let journal = writer.journal.as_ref();
    journal.map(|j| j.next_seq()).ok_or_else(|| StoreError::ReadOnly("this is a read-only view".into()))
}
