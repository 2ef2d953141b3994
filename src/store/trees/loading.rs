//! See [`loading`](crate::store::loading): each drift is written once, as it ended up, and the audit trail in the order of the scans.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use jiff::Timestamp;

use super::ending::Turn;
use super::engine::{Engine, Tree, Writes};
use super::open::Doors;
use super::tx::Tx;
use super::{TreeStore, Writer, import, keys, later, open_shared, scan};
use crate::drift::{Closure, Completeness, DriftId, Environment, ScanId, ScanSummary, Slug};
use crate::store::identity::Identity;
use crate::store::journal::Frame;
use crate::store::loading::{Past, PastScan};
use crate::store::postgres::PgEngine;
use crate::store::record::{AuditRecord, BodyRecord};
use crate::store::{OpenMode, Store, StoreError, life};

/// What one scan writes, and tells.
type Step = (Writes, Vec<Frame>);
/// What ends with a scan, in the order in which it would be looked for.
type Endings = BTreeMap<(Timestamp, Slug), BTreeMap<Vec<u8>, Turn>>;

pub(in crate::store) fn load(
    engine: PgEngine,
    identity: Identity,
    environments: &[Environment],
    scans: impl Iterator<Item = PastScan>,
) -> Result<u64, StoreError> {
    let now = Arc::new(AtomicI64::new(Timestamp::now().as_microsecond()));
    let time = Arc::clone(&now);
    let clock = move || Timestamp::from_microsecond(time.load(Ordering::SeqCst)).unwrap_or_default();
    let doors = Doors { clock: Box::new(clock), ..Doors::default() };
    let (store, _) = open_shared(engine, identity, OpenMode::ReadWrite, doors)?;
    let mut scans = scans.peekable();
    if let Some(first) = scans.peek() {
        now.store(first.at.as_microsecond(), Ordering::SeqCst);
    }
    environments.iter().try_for_each(|environment| store.put_environment(environment))?;
    let mut writer = store.writer();
    let (mut endings, mut count) = (Endings::new(), 0);
    // One scan is made while the one before it is written.
    let written = std::thread::scope(|threads| {
        let (send, steps) = sync_channel(1);
        let engine = &store.engine;
        let writing = threads.spawn(move || write(engine, steps));
        let made = scans.try_for_each(|scan| {
            now.store(scan.at.as_microsecond(), Ordering::SeqCst);
            count += scan.found.len() as u64;
            store.make(&mut writer, &mut endings, scan, &send)
        });
        drop(send);
        let written = writing.join().unwrap_or_else(|_| Err(StoreError::Invalid("the writing thread fell".into())));
        written.and(made)
    });
    written.map(|()| count)
}

fn write(engine: &Engine, steps: Receiver<Step>) -> Result<(), StoreError> {
    let Some(postgres) = engine.as_postgres() else { return Ok(()) };
    postgres.fill(true);
    let written = steps.into_iter().try_for_each(|(writes, told)| postgres.write(writes, told, false));
    postgres.fill(false);
    written.and_then(|()| postgres.count_days_again())
}

impl TreeStore {
    fn make(
        &self,
        writer: &mut Writer,
        endings: &mut Endings,
        scan: PastScan,
        send: &SyncSender<Step>,
    ) -> Result<(), StoreError> {
        let PastScan { environment, at, found } = scan;
        let mut summary = ScanSummary::of_nothing(ScanId::generate(), environment.clone(), at);
        (summary.completeness, summary.new) = (Completeness::Complete, found.len() as u64);
        let mut tx = Tx::new(self, at);
        for past in found {
            lived(&mut tx, writer, endings, at, past)?;
        }
        let mut deeds = Vec::new();
        let ended = endings.remove(&(at, environment.clone())).unwrap_or_default();
        summary.closed = ended.len() as u64;
        let mut turns = ended.into_values().peekable();
        while turns.peek().is_some() {
            let step = turns.by_ref().take(scan::BATCH).collect();
            let seq = scan::next_seq(writer)? + deeds.len() as u64;
            deeds.extend(self.deeds_of(writer, &environment, step, seq));
        }
        for deed in &deeds {
            import::take_audit(&mut tx, &AuditRecord { deed: deed.clone(), undone_by: None }, deed.audit.seq)?;
        }
        tx.write(Tree::Scans, scan::summary_key(&summary), &summary)?;
        let told = self.tell(writer, &deeds)?;
        writer.told(told.last().map(|frame| frame.tip));
        let gone = |_| StoreError::Unavailable("what was made could not be written".into());
        send.send((tx.into_writes()?, told)).map_err(gone)
    }
}

/// Writes a drift as it ended up.
fn lived(
    tx: &mut Tx<'_>,
    writer: &mut Writer,
    endings: &mut Endings,
    at: Timestamp,
    past: Past,
) -> Result<(), StoreError> {
    let Past { mut finding, again, healed } = past;
    let environment = finding.environment.clone();
    let last = writer.last_detected.entry(environment.clone()).or_insert(Timestamp::UNIX_EPOCH);
    *last = later(at, *last);
    let body = BodyRecord {
        declared_state: finding.declared_state.take(),
        actual_state: finding.actual_state.take(),
        hidden: std::mem::take(&mut finding.hidden),
        unverified: finding.unverified.clone(),
        ignored: Vec::new(),
    };
    let mut record = life::fresh(&finding, finding.fingerprint(), DriftId::generate(), *last);
    for at in &again {
        life::refresh(&mut record.event, finding.clone(), *at);
    }
    // Its sightings are counted whatever their order; the last is the latest.
    life::refresh(&mut record.event, finding, at);
    tx.write(Tree::Bodies, record.event.id.0.to_bytes().to_vec(), &body)?;
    if let Some(end) = healed {
        let (before, place) = (record.standing(), keys::class(&record));
        let after = before.closed(Closure::Healed, end, None);
        record.set_standing(after.clone());
        let turn = Turn { action: "closed", before, after: record.placed(after), heir: None, why: None };
        endings.entry((end, environment)).or_default().insert(place, turn);
    }
    tx.save(None, &mut record)
}
