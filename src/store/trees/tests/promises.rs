//! Durable before it is said, and what happens when the disk does not play along.

use std::io;
use std::sync::Mutex;

use super::*;
use crate::store::probe::Step;

/// Records every step; fails those of the kind it is told to.
#[derive(Clone, Default)]
struct Disk {
    steps: Arc<Mutex<Vec<Step>>>,
    failing: Arc<Mutex<Option<(Step, io::ErrorKind)>>>,
}

impl Disk {
    fn world(&self) -> World {
        let disk = self.clone();
        World::with_probe(Probe::new(move |step| {
            disk.steps.lock().unwrap().push(step);
            match *disk.failing.lock().unwrap() {
                Some((failing, kind)) if failing == step => Err(kind.into()),
                _ => Ok(()),
            }
        }))
    }

    fn fail(&self, step: Step, kind: io::ErrorKind) {
        *self.failing.lock().unwrap() = Some((step, kind));
    }

    fn take(&self) -> Vec<Step> {
        std::mem::take(&mut self.steps.lock().unwrap())
    }
}

const FULL: io::ErrorKind = io::ErrorKind::StorageFull;

#[test]
fn a_decision_is_synced_to_the_journal_then_to_the_tree_and_its_directory() {
    use Step::*;
    let disk = Disk::default();
    let w = disk.world();
    let id = w.one(&finding("web", &["x"])).id;
    disk.take();
    w.decide(id, TriageVerb::Acknowledge).unwrap();
    assert_eq!(disk.take(), [JournalWrite, JournalSync, TreeWrite, TreeFlush, TreeSync, DirSync]);
}

#[test]
fn a_scan_ends_with_a_barrier_and_a_full_batch_has_one_of_its_own() {
    use Step::*;
    let disk = Disk::default();
    let w = disk.world();
    w.know_home();
    disk.take();
    let scan = w.store.begin_scan(&env(), w.store.now()).unwrap();
    w.store.record(scan, vec![finding("web", &["x"])]).unwrap();
    assert_eq!(disk.take(), [TreeWrite]);
    w.store.record(scan, (0..1000).map(|n| finding(&format!("r{n}"), &["x"])).collect()).unwrap();
    // The batch is written while the scan goes on; the end waits for it.
    w.store.finish_scan(scan, ScanSummary::of_nothing(scan, env(), w.store.now())).unwrap();
    assert_eq!(disk.take(), [TreeWrite, TreeFlush, TreeSync, DirSync].repeat(2));
    assert_eq!(w.open_count(), 1001);
    w.assert_sound();
}

#[test]
fn a_batch_that_could_not_be_written_behind_the_scan_stops_it_at_the_next_step() {
    for step in [Step::TreeWrite, Step::TreeFlush, Step::TreeSync] {
        let disk = Disk::default();
        let w = disk.world();
        let id = w.one(&finding("web", &["x"])).id;
        let scan = w.store.begin_scan(&env(), w.store.now()).unwrap();
        disk.fail(step, FULL);
        w.store.record(scan, (0..1000).map(|n| finding(&format!("r{n}"), &["x"])).collect()).unwrap();
        let error = w.store.finish_scan(scan, ScanSummary::of_nothing(scan, env(), w.store.now())).unwrap_err();
        assert!(matches!(error, StoreError::Full(_)), "{error}");
        assert!(w.store.read_only().unwrap().contains("disk is full"));
        let w = w.reopen();
        assert_eq!(w.get(id).state, State::Open);
        w.assert_sound();
    }
}

#[test]
fn what_is_being_written_behind_is_seen_by_the_next_batch() {
    let w = World::new();
    w.know_home();
    let many: Vec<Finding> = (0..1000).map(|n| finding(&format!("r{n}"), &["x"])).collect();
    let scan = w.store.begin_scan(&env(), w.store.now()).unwrap();
    w.store.record(scan, many.clone()).unwrap();
    let again = w.store.record(scan, many).unwrap();
    assert!(again.iter().all(|r| matches!(r, Recorded::SeenAgain(e) if e.seen_count == 2)));
    assert_eq!((w.open_count(), w.page(DriftFilter::default()).len()), (1000, 500));
    w.store.finish_scan(scan, ScanSummary::of_nothing(scan, env(), w.store.now())).unwrap();
    w.assert_sound();
}

#[test]
fn a_decision_that_cannot_be_journaled_changes_nothing() {
    for step in [Step::JournalWrite, Step::JournalSync] {
        let disk = Disk::default();
        let w = disk.world();
        let id = w.one(&finding("web", &["x"])).id;
        disk.fail(step, FULL);
        let error = w.decide(id, TriageVerb::Acknowledge).unwrap_err();
        assert!(matches!(&error, StoreError::Full(why) if why.contains("disk is full")), "{error}");
        assert!(w.store.read_only().unwrap().contains("disk is full"));
        assert_eq!((w.get(id).state, w.open_ids(), w.open_count()), (State::Open, vec![id], 1));
        assert!(matches!(w.decide(id, TriageVerb::Acknowledge), Err(StoreError::Full(_))));
        let w = w.reopen();
        assert_eq!((w.get(id).state, w.store.audit(9).unwrap().len(), w.store.read_only()), (State::Open, 0, None));
        w.decide(id, TriageVerb::Acknowledge).unwrap();
        w.assert_sound();
    }
}

#[test]
fn the_ballast_carries_the_last_decision() {
    let disk = Disk::default();
    let w = disk.world();
    let id = w.one(&finding("web", &["x"])).id;
    assert_eq!(w.root().join("ballast").metadata().unwrap().len(), 8 << 20);
    let (failing, once) = (disk.clone(), w.root().join("ballast"));
    disk.fail(Step::JournalSync, FULL);
    // The disk has room again as soon as the ballast is gone.
    let watcher = std::thread::spawn(move || {
        while once.exists() {
            std::thread::yield_now();
        }
        *failing.failing.lock().unwrap() = None;
    });
    let outcome = w.decide(id, TriageVerb::Acknowledge);
    watcher.join().unwrap();
    // The thread may come too late for the second try; then the decision is refused, which is honest too.
    let w = w.reopen();
    assert_eq!(w.get(id).state == State::Acknowledged, outcome.is_ok());
    assert!(w.root().join("ballast").exists(), "reserved again at the next start");
}

#[test]
fn a_decision_in_the_journal_that_the_tree_missed_is_applied_at_the_next_start() {
    for step in [Step::TreeWrite, Step::TreeFlush, Step::TreeSync, Step::DirSync] {
        let disk = Disk::default();
        let w = disk.world();
        let id = w.one(&finding("web", &["x", "y"])).id;
        let kept = w.decide(id, TriageVerb::Assign { to: Some("bob".into()) }).unwrap();
        disk.fail(step, FULL);
        let receipt = w.decide(id, TriageVerb::Ignore { rule: rule(None, Some("x"), None) }).unwrap();
        assert_eq!(receipt.seq, kept.seq + 1);
        assert!(w.store.read_only().is_some(), "no more writes before a restart");
        let w = w.reopen();
        let event = w.get(id);
        assert_eq!((event.changes.len(), event.assignee), (1, Some("bob".into())), "{step:?}");
        assert_eq!(w.store.audit(1).unwrap()[0].seq, receipt.seq);
        w.assert_sound();
    }
}

#[test]
fn a_scan_on_a_full_disk_leaves_what_was_known_readable() {
    let disk = Disk::default();
    let w = disk.world();
    let id = w.one(&finding("web", &["x"])).id;
    let scan = w.store.begin_scan(&env(), w.store.now()).unwrap();
    disk.fail(Step::TreeWrite, FULL);
    assert!(matches!(w.store.record(scan, vec![finding("db", &["x"])]), Err(StoreError::Full(_))));
    assert_eq!((w.open_ids(), w.get(id).state), (vec![id], State::Open));
    assert!(w.store.begin_scan(&env(), w.store.now()).is_err());
}
