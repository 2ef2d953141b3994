//! An export becomes the store of an earlier time. The trail tells, with its time, what people decided and what scans ended, so all
//! of that is done again up to then; drifts and observed values have the time when they were first seen. What only the export's own
//! time knows (values, analyses, counts of sightings) is taken from there, and said so.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::BufRead;
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};

use super::engine::Tree;
use super::export::Line;
use super::import::{Reader, take_observation};
use super::tx::Tx;
use super::{TreeStore, apply, models, notices, retire, scan, sight};
use crate::drift::{DriftId, RuleId, ScanSummary, Slug, State};
use crate::store::life;
use crate::store::record::{AuditRecord, BodyRecord, Deed, EventRecord, Placed, Standing};
use crate::store::rules::Rule;
use crate::store::{Restored, StoreError};

/// Deeds kept at hand: drifts that one deed is about lie together.
const AT_HAND: usize = 256;

struct Restore<'a> {
    store: &'a TreeStore,
    until: Timestamp,
    /// See [`Header`](super::export::Header).
    settled: Option<u64>,
    /// The ignore rules of that time.
    rules: Vec<Rule>,
    /// Of what is later.
    newest: Option<Timestamp>,
    /// Drifts that came to be later, in place of older ones.
    unborn: HashSet<DriftId>,
    /// Environments, and the number of the entry by which they were forgotten.
    forgotten: BTreeMap<Slug, u64>,
    last_detected: HashMap<Slug, Timestamp>,
    scans: BTreeMap<Slug, usize>,
    scanned_then: BTreeSet<Slug>,
    deeds: HashMap<u64, Rc<Deed>>,
    drifts: u64,
    seen_again: u64,
    report: Restored,
}

impl TreeStore {
    /// The store must be empty; after an error it holds a part and should be thrown away.
    pub(super) fn restore_impl(&self, input: &mut dyn BufRead, until: Timestamp) -> Result<Restored, StoreError> {
        self.writable()?;
        self.look_around();
        self.refuse_unless_empty()?;
        let mut reader = Reader::new(input)?;
        self.take_key(reader.header.redaction_key)?;
        let mut restore = Restore::new(self, until, reader.header.settled);
        loop {
            let batch = reader.batch()?;
            if batch.is_empty() {
                break;
            }
            restore.take_batch(batch)?;
        }
        reader.finish()?;
        restore.finish()
    }
}

impl<'a> Restore<'a> {
    fn new(store: &'a TreeStore, until: Timestamp, settled: Option<u64>) -> Self {
        Self {
            store,
            until,
            settled,
            rules: Vec::new(),
            newest: None,
            unborn: HashSet::new(),
            forgotten: BTreeMap::new(),
            last_detected: HashMap::new(),
            scans: BTreeMap::new(),
            scanned_then: BTreeSet::new(),
            deeds: HashMap::new(),
            drifts: 0,
            seen_again: 0,
            report: Restored::default(),
        }
    }

    fn take_batch(&mut self, batch: Vec<Line>) -> Result<(), StoreError> {
        let (mut tx, mut deeds) = (Tx::new(self.store, self.until), Vec::new());
        for line in batch {
            // Where a drift stands is looked up among what is written.
            if matches!(line, Line::Drift { .. }) && !deeds.is_empty() {
                tx = self.keep(tx, &mut deeds)?;
            }
            let forgets = self.take(&mut tx, &mut deeds, line)?;
            if forgets {
                tx = self.keep(tx, &mut deeds)?;
                self.store.finish_forgetting()?;
            }
        }
        self.keep(tx, &mut deeds).map(|_| ())
    }

    /// Writes what there is, and begins anew.
    fn keep(&mut self, tx: Tx<'a>, deeds: &mut Vec<Deed>) -> Result<Tx<'a>, StoreError> {
        let mut guard = self.store.writer();
        let writer = &mut *guard;
        writer.rules.clone_from(&self.rules);
        writer.last_detected.extend(self.last_detected.drain());
        if let Some((_, at)) = self.report.last {
            writer.last_time = at;
        }
        self.store.keep(writer, &std::mem::take(deeds), tx, false)?;
        Ok(Tx::new(self.store, self.until))
    }

    /// Whether an environment is to be forgotten before anything else.
    fn take(&mut self, tx: &mut Tx<'_>, deeds: &mut Vec<Deed>, line: Line) -> Result<bool, StoreError> {
        let (at, is_unborn) = match &line {
            Line::Audit(record) => (record.deed.audit.timestamp, false),
            Line::Drift { record, .. } => (record.event.detected_at, self.unborn.contains(&record.event.id)),
            Line::Observation { at, .. } => (*at, false),
            Line::Scan(summary) => (self.note_scan(summary), false),
            Line::Notification(one) => (one.created_at, false),
            Line::Read(mark) => (mark.at, false),
            Line::Model { model, .. } => (model.trained_at, false),
            // What the trail tells of them makes them anew.
            _ => return Ok(false),
        };
        if at > self.until || is_unborn {
            self.report.later += 1;
            self.newest = self.newest.max(Some(at));
            if let Line::Audit(record) = &line {
                self.note_later(&record.deed);
            }
            return Ok(false);
        }
        self.report.records += 1;
        match line {
            Line::Audit(record) => return self.take_deed(tx, deeds, record.deed),
            Line::Drift { record, body } => self.take_drift(tx, *record, body)?,
            Line::Observation { environment, at, observation } => {
                take_observation(tx, &environment, at, &observation)?;
            }
            Line::Scan(summary) => tx.write(Tree::Scans, scan::summary_key(&summary), &summary)?,
            Line::Notification(mut one) => {
                one.read_by.retain(|reading| reading.at <= self.until);
                notices::save(tx, None, &one)?;
            }
            Line::Read(mark) => notices::save_mark(tx, &mark)?,
            Line::Model { mut model, artifact } => {
                model.is_active &= model.deployed_at.is_some_and(|at| at <= self.until);
                models::put(tx, &model, &artifact)?;
            }
            _ => {}
        }
        Ok(false)
    }

    fn take_deed(&mut self, tx: &mut Tx<'_>, deeds: &mut Vec<Deed>, deed: Deed) -> Result<bool, StoreError> {
        let seq = deed.audit.seq;
        let next = self.report.last.map_or(1, |(last, _)| last + 1);
        if seq != next {
            return Err(StoreError::Invalid(format!("the export has audit entry {seq} where {next} must stand")));
        }
        self.report.last = Some((seq, deed.audit.timestamp));
        // The drifts of an entry that is not settled came before it, and may lack what it did.
        if self.settled.is_some_and(|settled| seq > settled) {
            apply::apply(tx, &mut self.rules, &deed)?;
        } else {
            apply::apply_around(tx, &mut self.rules, &deed)?;
        }
        let forgets = deed.audit.environment.clone().filter(|_| deed.audit.action == retire::FORGOTTEN);
        deeds.push(deed);
        let Some(slug) = forgets else { return Ok(false) };
        self.rules.retain(|rule| rule.record.rule.environment.as_ref() != Some(&slug));
        self.forgotten.insert(slug, seq);
        Ok(true)
    }

    fn note_later(&mut self, deed: &Deed) {
        if life::goes_on(&deed.audit.action) {
            // One that was known before had ended, and was not made then.
            let made = deed.before.iter().filter(|(_, standing)| standing.state == State::Open);
            self.unborn.extend(made.map(|(id, _)| *id));
        }
    }

    /// When it ended.
    fn note_scan(&mut self, summary: &ScanSummary) -> Timestamp {
        *self.scans.entry(summary.environment.clone()).or_default() += 1;
        if summary.started_at <= self.until && summary.finished_at > self.until {
            self.scanned_then.insert(summary.environment.clone());
        }
        summary.finished_at
    }

    fn take_drift(&mut self, tx: &mut Tx<'_>, mut record: EventRecord, mut body: BodyRecord) -> Result<(), StoreError> {
        let id = record.event.id;
        let told = self.told(id)?;
        let told_at = told.as_ref().map(|(_, at)| *at);
        let mut standing = told.map_or_else(|| untouched(&record), |(placed, _)| placed.standing);
        let event = &mut record.event;
        if event.last_seen > self.until {
            self.seen_again += 1;
            event.last_seen = standing.resolved_at.map_or(self.until, |at| at.min(self.until)).max(event.detected_at);
        } else if told_at.is_some_and(|at| event.last_seen > at) {
            // That it was seen again is no entry of the trail.
            standing.gone = false;
        }
        record.set_standing(standing);
        // What has ended was not sorted anew by rules that came after it.
        let is_rule = |id: &RuleId| self.rules.iter().any(|rule| rule.record.rule.id == *id);
        if !life::has_ended(&record.standing()) || !record.hidden_by.iter().all(is_rule) {
            sight::hide(&self.rules, self.until, record.standing(), &mut record, &mut body);
        }
        self.drifts += 1;
        let event = &record.event;
        self.last_detected.insert(event.environment.clone(), event.detected_at);
        tx.save_body(id, &body)?;
        tx.save(None, &mut record)
    }

    /// Where a drift stood last, and since when.
    fn told(&mut self, id: DriftId) -> Result<Option<(Placed, Timestamp)>, StoreError> {
        for key in self.store.engine.tree(Tree::ByDrift).scan_prefix(id.0.to_bytes()).keys().rev() {
            let key = key?;
            let Some(seq) = key.last_chunk::<8>().map(|seq| u64::from_be_bytes(*seq)) else { continue };
            let deed = self.deed(seq)?;
            if let Some(placed) = deed.after.iter().rfind(|placed| placed.id == id) {
                return Ok(Some((placed.clone(), deed.audit.timestamp)));
            }
        }
        Ok(None)
    }

    fn deed(&mut self, seq: u64) -> Result<Rc<Deed>, StoreError> {
        if let Some(deed) = self.deeds.get(&seq) {
            return Ok(Rc::clone(deed));
        }
        let record: Option<AuditRecord> = self.store.read(Tree::Audit, &seq.to_be_bytes())?;
        let missing = || StoreError::Invalid(format!("entry {seq} of the trail is not in the export"));
        let deed = Rc::new(record.ok_or_else(missing)?.deed);
        if self.deeds.len() >= AT_HAND {
            self.deeds.clear();
        }
        self.deeds.insert(seq, Rc::clone(&deed));
        Ok(deed)
    }

    fn finish(mut self) -> Result<Restored, StoreError> {
        if self.report.records == 0 {
            let first = self.newest.map_or_else(String::new, |at| format!("; its newest record is of {at}"));
            return Err(StoreError::Invalid(format!("the export has nothing from {} or before{first}", self.until)));
        }
        self.erase_unborn()?;
        let missing = self.miss()?;
        self.store.barrier()?;
        self.say(missing);
        Ok(self.report)
    }

    /// Those whose making stands among the last entries were taken in before that was known.
    fn erase_unborn(&mut self) -> Result<(), StoreError> {
        let _writer = self.store.writer();
        let mut tx = Tx::new(self.store, self.until);
        for id in std::mem::take(&mut self.unborn) {
            if let Some(record) = tx.event(id)? {
                tx.erase(&record);
                self.drifts -= 1;
            }
        }
        tx.commit(false)
    }

    /// Drifts of that time that the export has no more. What was decided about those that were not over waits until they are seen
    /// again. Returns how many there are, and how many wait.
    fn miss(&mut self) -> Result<(u64, u64), StoreError> {
        let (store, mut missing, mut waiting) = (self.store, 0, 0);
        let mut last = None;
        store.slices(Tree::ByDrift, &[], |_, slice| {
            let ids: Vec<Vec<u8>> = slice.iter().filter_map(|(key, _)| Some(key.get(..16)?.to_vec())).collect();
            let mut ids: Vec<Vec<u8>> =
                ids.into_iter().filter(|id| last.replace(id.clone()).as_ref() != Some(id)).collect();
            let there = store.engine.get_many(Tree::Ids, ids.clone())?;
            let mut is_there = there.iter().map(Option::is_some);
            ids.retain(|_| !is_there.next().unwrap_or(false));
            let mut tx = Tx::new(store, self.until);
            for id in ids.iter().filter_map(|id| id.first_chunk::<16>()) {
                let Some((placed, _)) = self.told(DriftId(ulid::Ulid::from_bytes(*id)))? else { continue };
                if self.is_forgotten(&placed)? {
                    continue;
                }
                missing += 1;
                if !life::has_ended(&placed.standing) {
                    waiting += 1;
                    tx.write(Tree::Lost, placed.fingerprint.0.to_vec(), &placed)?;
                }
            }
            tx.commit(false)
        })?;
        Ok((missing, waiting))
    }

    /// Whether its environment was forgotten after it was last told of.
    fn is_forgotten(&mut self, placed: &Placed) -> Result<bool, StoreError> {
        let Some(forgotten) = self.forgotten.get(&placed.environment).copied() else { return Ok(false) };
        let prefix = placed.id.0.to_bytes();
        let last = self.store.engine.tree(Tree::ByDrift).scan_prefix(prefix).keys().next_back().transpose()?;
        let seq = last.and_then(|key| key.last_chunk::<8>().map(|seq| u64::from_be_bytes(*seq)));
        Ok(seq.is_some_and(|seq| seq < forgotten))
    }

    fn say(&mut self, (missing, waiting): (u64, u64)) {
        let (until, newest) = (self.until, self.newest);
        let mut say = |sentence: String| self.report.unknown.push(sentence);
        if newest.is_none()
            && let Some((_, at)) = self.report.last
        {
            say(format!("the last entry of the export is of {at}; what happened after it is not in it"));
        }
        if self.drifts > 0 {
            say(format!(
                "of drifts the trail tells what was decided and what ended; the values of their changes, analyses, advice, who \
                 made them and how often they were seen are those of the export ({} of {} were seen again since)",
                self.seen_again, self.drifts
            ));
        }
        if missing > 0 {
            say(format!(
                "{missing} drifts of that time are no longer in the export, thrown away since or forgotten with their \
                 environment; {waiting} of them were not over: what was decided about them waits until they are seen again"
            ));
        }
        for slug in &self.scanned_then {
            say(format!("{slug} was being scanned: what that scan saw stands as of its beginning"));
        }
        if self.scans.values().any(|count| *count >= scan::SCANS_KEPT) {
            say(format!("the last {} scans of an environment are kept; older ones are not there", scan::SCANS_KEPT));
        }
        let days = SignedDuration::from_hours(24 * i64::from(self.store.options.retention_days));
        if newest.is_some_and(|newest| newest.duration_since(until) > days) {
            say("values that were observed then may have been thrown away since".to_owned());
        }
    }
}

/// As nobody had decided anything about it, and no scan had ended it.
fn untouched(record: &EventRecord) -> Standing {
    Standing {
        assignee: None,
        note_count: 0,
        judged_cause: None,
        regressions: 0,
        settled: Vec::new(),
        links: Vec::new(),
        is_split: false,
        advised: Vec::new(),
        ticked: Vec::new(),
        ..record.standing().reopened()
    }
}
