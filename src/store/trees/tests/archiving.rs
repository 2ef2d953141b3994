//! What is thrown away is in the archive first, whatever happens in between.

use std::io;
use std::sync::atomic::AtomicBool;

use super::*;
use crate::store::probe::Step;
use crate::store::{Archived, archived};

const DAY: i64 = 86_400;

/// One drift that ended long ago and one old value, and one of each that stays.
fn old_world(probe: Probe) -> (World, DriftId) {
    let w = World::with_probe(probe);
    w.know_home();
    for value in [1, 2] {
        w.pass(1);
        let scan = w.store.begin_scan(&env(), w.store.now()).unwrap();
        let seen = Observation {
            resource_type: "t".into(),
            resource_id: "web".into(),
            observed_at: w.store.now(),
            value: Masked::trusted(json!(value)),
            accepted: true,
            followed: false,
        };
        w.store.observe(scan, &env(), vec![seen]).unwrap();
    }
    let id = w.one(&finding("old", &["ingress"])).id;
    w.scan(&[]);
    w.pass(91 * DAY);
    w.one(&finding("new", &["ingress"]));
    (w, id)
}

fn all_archived(w: &World) -> Vec<Archived> {
    let mut found = Vec::new();
    let told = archived(&w.root().join("archive"), &mut |record| {
        found.push(record);
        Ok(())
    });
    assert_eq!(told.unwrap(), found.len() as u64);
    found
}

fn drifts(found: &[Archived]) -> Vec<DriftId> {
    found.iter().filter_map(|one| if let Archived::Drift(drift) = one { Some(drift.id) } else { None }).collect()
}

#[test]
fn what_is_thrown_away_is_in_the_archive_of_the_month() {
    let (w, id) = old_world(Probe::default());
    let before = w.get(id);
    let pruned = w.store.prune().unwrap();
    assert_eq!((pruned.drifts, pruned.observations), (1, 1));
    let month = w.store.now().strftime("%Y-%m").to_string();
    assert!(w.root().join(format!("archive/{month}.jsonl.zst")).is_file());
    let found = all_archived(&w);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0], Archived::Drift(Box::new(before)));
    let Archived::Value { environment, observation } = &found[1] else { panic!("{found:?}") };
    assert_eq!((environment, observation.value.value()), (&env(), &json!(1)));
    // Nothing more is thrown away, so nothing more is archived.
    w.store.prune().unwrap();
    assert_eq!(all_archived(&w), found);
    w.assert_sound();
}

#[test]
fn a_stop_between_archive_and_store_loses_nothing_and_doubles_are_read_once() {
    let stop = Arc::new(AtomicBool::new(false));
    let stops = Arc::clone(&stop);
    let archived_once = Arc::new(AtomicBool::new(false));
    let probe = Probe::new(move |step| {
        if step == Step::ArchiveSync {
            archived_once.store(true, Ordering::SeqCst);
        }
        // The disk dies with the first write after the archive is on it.
        let dies = step == Step::TreeWrite && archived_once.load(Ordering::SeqCst) && stops.load(Ordering::SeqCst);
        if dies { Err(io::Error::from_raw_os_error(5)) } else { Ok(()) }
    });
    let (w, id) = old_world(probe);
    stop.store(true, Ordering::SeqCst);
    w.store.prune().unwrap_err();
    let w = w.reopen();
    assert_eq!(w.get(id).state, State::Closed, "it is still there");
    assert_eq!(drifts(&all_archived(&w)), [id], "and in the archive");
    assert_eq!(w.store.prune().unwrap().drifts, 1);
    assert_eq!(drifts(&all_archived(&w)), [id], "once, though it was written twice");
    assert!(matches!(w.store.drift(id), Err(StoreError::NotFound(_))));
    w.assert_sound();
}

#[test]
fn while_the_archives_disk_is_full_nothing_is_thrown_away_and_it_is_said() {
    for at in [Step::ArchiveWrite, Step::ArchiveSync] {
        let full = Arc::new(AtomicBool::new(true));
        let is_full = Arc::clone(&full);
        let probe = Probe::new(move |step| match step == at && is_full.load(Ordering::SeqCst) {
            true => Err(io::Error::from(io::ErrorKind::StorageFull)),
            false => Ok(()),
        });
        let (w, id) = old_world(probe);
        let error = w.store.upkeep(&AtomicBool::new(false)).unwrap_err();
        assert!(matches!(&error, StoreError::Full(_)), "{error}");
        let said = error.to_string();
        assert!(said.contains("stays in the store") && said.contains(".jsonl.zst: the disk is full"), "{said}");
        assert_eq!(w.get(id).state, State::Closed);
        assert!(all_archived(&w).is_empty());
        assert_eq!(w.store.read_only(), None, "decisions go on");
        full.store(false, Ordering::SeqCst);
        assert_eq!(w.store.prune().unwrap().drifts, 1, "as soon as there is room");
        assert_eq!(drifts(&all_archived(&w)), [id]);
        w.assert_sound();
    }
}
