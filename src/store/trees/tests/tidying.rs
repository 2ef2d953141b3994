//! What is over is thrown away, room is given back, backups are kept; and decisions go on meanwhile.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::AtomicBool;

use super::*;
use crate::store::probe::Step;
use crate::store::{Pruned, Upkeep};

const DAY: i64 = 86_400;

fn observe(w: &World, id: &str, value: i64, accepted: bool) {
    let scan = w.store.begin_scan(&env(), w.store.now()).unwrap();
    let seen = Observation {
        resource_type: "t".into(),
        resource_id: id.into(),
        observed_at: w.store.now(),
        value: Masked::trusted(json!(value)),
        accepted,
        followed: false,
    };
    w.store.observe(scan, &env(), vec![seen]).unwrap();
}

fn values(w: &World, id: &str) -> Vec<serde_json::Value> {
    w.store.observations(&env(), "t", id, 100).unwrap().iter().map(|o| o.value.value().clone()).collect()
}

/// A body that is too large for the tree and compresses to nothing smaller.
fn large(id: &str) -> Finding {
    let noise: Vec<String> =
        (0..600_u64).map(|n| blake3::hash(format!("{id}{n}").as_bytes()).to_hex().to_string()).collect();
    Finding { actual_state: Some(Masked::trusted(json!(noise))), ..finding(id, &["x"]) }
}

fn export(w: &World) -> Vec<u8> {
    let mut out = Vec::new();
    w.store.export(&mut out).unwrap();
    out
}

#[test]
fn a_scan_that_ends_many_drifts_is_few_entries_and_each_drift_tells_its_own_end() {
    let w = World::new();
    let many: Vec<Finding> = (0..450).map(|n| finding(&format!("r{n:03}"), &["x"])).collect();
    w.scan(&many);
    let some = w.open_ids()[7];
    w.decide(some, TriageVerb::Acknowledge).unwrap();
    let (_, summary, closed) = w.scan(&[]);
    assert_eq!((summary.closed, closed.len()), (450, 450));
    let audit = w.store.audit(100).unwrap();
    assert_eq!(audit.len(), 4, "{audit:?}");
    assert!(audit[..3].iter().all(|a| a.action == "closed" && a.drift.is_none() && a.reason.is_some()));
    let history = w.store.drift(some).unwrap().history;
    assert_eq!(history.len(), 2);
    assert_eq!((history[0].action.as_str(), history[0].drift), ("closed", Some(some)));
    assert_eq!((history[0].old_state, history[0].new_state), (Some(State::Acknowledged), Some(State::Closed)));
    let (_, summary, _) = w.scan(&many);
    assert_eq!((summary.regressed, w.store.audit(100).unwrap().len()), (450, 7));
    assert_eq!(w.store.drift(some).unwrap().history[0].action, "regressed");
    w.assert_sound();
    let error = w.decide(some, TriageVerb::Undo { seq: history[1].seq }).unwrap_err();
    assert!(error.to_string().contains("since decision"), "{error}");
}

#[test]
fn drifts_superseded_together_hand_over_one_assignee() {
    let w = World::new();
    w.scan(&[finding("web", &["a"]), finding("web", &["b"])]);
    for (id, who) in w.open_ids().into_iter().zip(["bob", "eve"]) {
        w.decide(id, TriageVerb::Assign { to: Some(who.into()) }).unwrap();
    }
    let heir = w.one(&finding("web", &["a", "b"])).id;
    let detail = w.store.drift(heir).unwrap();
    assert!(detail.event.assignee.is_some());
    assert_eq!(detail.history[0].action, "superseded");
    assert!(detail.history[0].drift.is_some_and(|id| id != heir), "it tells whose place it took");
    w.assert_sound();
}

#[test]
fn what_ended_long_ago_is_pruned_and_what_stands_is_not() {
    let w = World::new();
    let old = w.one(&large("old")).id;
    let accepted = w.scan(&[finding("accepted", &["x"])]).0;
    let Recorded::New(accepted) = &accepted[0] else { panic!("{accepted:?}") };
    w.decide(accepted.id, TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until: None }).unwrap();
    w.scan(&[]);
    w.pass(91 * DAY);
    let (open, late) = (w.one(&finding("open", &["x"])).id, w.one(&finding("late", &["x"])).id);
    assert_eq!(w.get(open).state, State::Closed, "not seen by the second scan, but only just");
    let objects = w.store.verify().unwrap().objects;
    assert_eq!(w.store.prune().unwrap(), Pruned { drifts: 1, observations: 0, objects: 1 });
    assert!(matches!(w.store.drift(old), Err(StoreError::NotFound(_))));
    assert_eq!(w.store.verify().unwrap().objects, objects - 1);
    for kept in [accepted.id, open, late] {
        w.get(kept);
    }
    assert!(w.store.audit(100).unwrap().iter().any(|a| a.drift == Some(old) && a.action == "closed"));
    w.assert_sound();
    // Found again it is a new drift.
    assert_ne!(w.one(&large("old")).id, old);
    w.assert_sound();
}

#[test]
fn the_last_and_the_last_accepted_value_outlive_retention() {
    let w = World::new();
    w.know_home();
    for (value, accepted) in [(1, true), (2, true), (3, false), (4, false)] {
        w.pass(1);
        observe(&w, "drifted", value, accepted);
        observe(&w, "quiet", value, true);
    }
    w.pass(91 * DAY);
    observe(&w, "busy", 1, true);
    assert_eq!(w.store.prune().unwrap().observations, 2 + 3);
    assert_eq!(values(&w, "drifted"), [json!(4), json!(2)]);
    assert_eq!((values(&w, "quiet"), values(&w, "busy")), (vec![json!(4)], vec![json!(1)]));
    assert_eq!(w.store.remembered(&env(), "t", "drifted").unwrap().unwrap().value.value(), &json!(2));
    w.assert_sound();
}

#[test]
fn an_object_written_again_while_garbage_is_collected_stays() {
    let w = World::new();
    w.one(&large("a"));
    w.scan(&[]);
    w.pass(91 * DAY);
    std::thread::scope(|threads| {
        let pruner = threads.spawn(|| (0..8).map(|_| w.store.prune().unwrap().drifts).sum::<u64>());
        for _ in 0..8 {
            w.one(&large("a"));
        }
        assert!(pruner.join().unwrap() <= 1);
    });
    w.assert_sound();
    assert!(w.store.drift(w.open_ids()[0]).unwrap().actual_state.is_some());
}

#[test]
fn a_forgotten_environment_leaves_only_its_trail() {
    let w = World::new();
    let other = Slug::from_text("other");
    w.know(other.clone());
    let theirs = Finding { environment: other.clone(), ..finding("web", &["x"]) };
    let scan = w.store.begin_scan(&other, w.store.now()).unwrap();
    w.store.record(scan, vec![theirs]).unwrap();
    w.store.finish_scan(scan, ScanSummary::of_nothing(scan, other.clone(), w.store.now())).unwrap();
    w.scan(&[large("a"), finding("b", &["x", "y"])]);
    observe(&w, "i", 1, true);
    let id = w.open_ids()[0];
    w.decide(id, TriageVerb::Ignore { rule: rule(None, Some("x"), None) }).unwrap();
    w.decide(id, TriageVerb::Snooze { until: at(START + 3_600_000_000) }).unwrap();
    // A scan under way would write into what is erased.
    assert!(matches!(w.store.forget(&env(), &"alice".into()), Err(StoreError::Invalid(_))));
    let w = w.reopen();
    let gone = w.store.forget(&env(), &"alice".into()).unwrap();
    assert_eq!((gone.drifts, gone.observations, w.store.verify().unwrap().objects), (2, 1, 0));
    assert_eq!(w.page(DriftFilter::default()).len(), 1);
    assert_eq!((w.store.last_scan(&env()).unwrap(), w.open_count()), (None, 0));
    let audit = w.store.audit(1).unwrap();
    assert_eq!((audit[0].action.as_str(), audit[0].actor.raw()), ("environment_forgotten", "alice"));
    w.assert_sound();
    let w = w.reopen();
    w.assert_sound();
    assert!(matches!(w.store.forget(&env(), &"alice".into()), Err(StoreError::NotFound(_))));
    w.scan(&[finding("b", &["x", "y"])]);
    w.assert_sound();
}

#[test]
fn forgetting_that_was_stopped_anywhere_is_finished_at_the_next_start() {
    for allowed in 0..9 {
        let left = Arc::new(AtomicI64::new(i64::MAX));
        let probe_left = left.clone();
        let w = World::with_probe(Probe::new(move |_| match probe_left.fetch_sub(1, Ordering::SeqCst) {
            ..=0 => Err(io::ErrorKind::Other.into()),
            _ => Ok(()),
        }));
        w.scan(&(0..600).map(|n| finding(&format!("r{n}"), &["x"])).collect::<Vec<_>>());
        // The journal's two steps must be done, else nothing was promised.
        left.store(2 + allowed, Ordering::SeqCst);
        let outcome = w.store.forget(&env(), &"alice".into());
        let w = w.reopen();
        assert!(outcome.is_err() || allowed > 4, "{allowed} steps were too many");
        assert!(w.page(DriftFilter::default()).is_empty(), "after {allowed} steps");
        assert_eq!(w.store.audit(1).unwrap()[0].action, "environment_forgotten");
        w.assert_sound();
    }
}

#[test]
fn a_compaction_stopped_anywhere_loses_nothing() {
    for stop in [Step::CompactBegun, Step::CompactCopied, Step::CompactAside, Step::CompactSwapped] {
        let w = World::new();
        w.scan(&[large("a"), finding("b", &["x"])]);
        w.decide(w.open_ids()[0], TriageVerb::Acknowledge).unwrap();
        let before = export(&w);
        let World { store, time, dir, .. } = w;
        drop(store);
        let stopping = Doors {
            compact: Compaction::Now,
            probe: Probe::new(move |step| if step == stop { Err(io::ErrorKind::Other.into()) } else { Ok(()) }),
            ..Doors::default()
        };
        assert!(open_read_write(&dir.path().join("store"), stopping).is_err(), "{stop:?}");
        let (store, notices) = open_at(dir.path(), &time, Probe::default()).unwrap();
        let w = World { store, notices, time, dir };
        assert_eq!(export(&w), before, "{stop:?}");
        assert!(w.notices.is_empty(), "{:?}", w.notices);
        assert!(!w.root().join("tree.new").exists() && !w.root().join("tree.old").exists());
        w.assert_sound();
        w.decide(w.open_ids()[0], TriageVerb::Note { text: "goes on".into() }).unwrap();
    }
}

#[test]
fn a_store_rewritten_many_times_is_small_again_after_compaction() {
    let w = World::new();
    for round in 0..12 {
        // The same drifts with other values each time: what is kept does not grow, what is written does.
        let told = |n: usize| {
            let mut one = finding(&format!("r{n}"), &["x", "y"]);
            one.changes[0].actual = Some(Masked::trusted(json!(format!("{round} {}", "v".repeat(400)))));
            one
        };
        w.scan(&(0..200).map(told).collect::<Vec<Finding>>());
    }
    let before = export(&w);
    let World { store, time, dir, .. } = w;
    // What sled still holds back is not on the disk yet.
    store.engine.barrier().unwrap();
    let size = store.engine.as_sled().size_on_disk().unwrap();
    drop(store);
    let opened = crate::store::compact(&dir.path().join("store")).unwrap();
    assert!(opened.notices[0].contains("compacted"), "{:?}", opened.notices);
    drop(opened);
    let (store, notices) = open_at(dir.path(), &time, Probe::default()).unwrap();
    let w = World { store, notices, time, dir };
    let after = w.store.engine.as_sled().size_on_disk().unwrap();
    assert!(after * 2 < size, "{size} before, {after} now");
    assert_eq!(export(&w), before);
    w.assert_sound();
}

fn backups(w: &World) -> BTreeSet<std::path::PathBuf> {
    let dir = w.dir.path().join("backups");
    std::fs::read_dir(dir).into_iter().flatten().flatten().map(|file| file.path()).collect()
}

#[test]
fn a_backup_is_made_once_a_day_and_seven_are_kept() {
    let w = World::new();
    assert_eq!(w.store.backup_if_due().unwrap(), None, "there is nothing in it");
    w.scan(&[finding("a", &["x"])]);
    assert!(w.store.backup_if_due().unwrap().is_some());
    assert_eq!(w.store.backup_if_due().unwrap(), None);
    w.pass(DAY - 60);
    assert_eq!(w.store.backup_if_due().unwrap(), None);
    let mut last = None;
    for _ in 0..9 {
        w.pass(DAY);
        last = w.store.backup_if_due().unwrap();
        assert!(last.is_some());
    }
    assert_eq!((backups(&w).len(), backups(&w).last()), (7, last.as_ref()));
    // A clock set back far does not stop them.
    w.pass(-400 * DAY);
    assert!(w.store.backup_if_due().unwrap().is_some());
}

#[test]
fn a_backup_is_restored_and_one_that_was_changed_or_cut_short_is_refused() {
    let w = World::new();
    w.scan(&[large("a"), finding("b", &["x"])]);
    w.decide(w.open_ids()[0], TriageVerb::Acknowledge).unwrap();
    let path = w.store.backup_if_due().unwrap().unwrap();
    let packed = std::fs::read(&path).unwrap();
    let other = World::new();
    other.time.store(w.time.load(Ordering::SeqCst), Ordering::SeqCst);
    other.store.import(&mut &packed[..]).unwrap();
    assert_eq!(export(&other), export(&w));
    other.assert_sound();
    let plain = zstd::stream::decode_all(&packed[..]).unwrap();
    let text = String::from_utf8(plain.clone()).unwrap();
    let cut = text.trim_end().rfind('\n').unwrap();
    let changed = text.replace("\"acknowledged\"", "\"ACKNOWLEDGED\"").replace("ACKNOWLEDGED", "snoozed");
    assert_ne!(changed, text);
    for (bad, why) in [
        (packed[..packed.len() - 9].to_vec(), "import"),
        (plain[..=cut].to_vec(), "cut short"),
        (changed.into_bytes(), "checksum"),
        ([&plain[..], b"{}\n"].concat(), "after the end"),
    ] {
        let error = World::new().store.import(&mut &bad[..]).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_cancelled_upkeep_leaves_no_half_backup() {
    let w = World::new();
    w.scan(&[finding("a", &["x"])]);
    assert_eq!(w.store.upkeep(&AtomicBool::new(true)).unwrap(), Upkeep::default());
    assert!(backups(&w).is_empty());
    let done = w.store.upkeep(&AtomicBool::new(false)).unwrap();
    assert!(done.backup.is_some() && done.pruned.is_some());
    assert_eq!(w.store.upkeep(&AtomicBool::new(false)).unwrap(), Upkeep::default(), "once a day");
}

#[test]
fn a_store_of_the_first_schema_is_backed_up_and_taken_over() {
    let w = World::new();
    w.scan(&[finding("a", &["x"])]);
    let World { store, time, dir, .. } = w;
    drop(store);
    let meta = dir.path().join("store/meta.json");
    let text = std::fs::read_to_string(&meta).unwrap();
    std::fs::write(&meta, text.replace("_version\": 2", "_version\": 1").replace("_reader\": 2", "_reader\": 1"))
        .unwrap();
    let (store, notices) = open_at(dir.path(), &time, Probe::default()).unwrap();
    assert!(notices[0].contains("schema 2") && notices[0].contains("backups"), "{notices:?}");
    assert_eq!(std::fs::read_to_string(&meta).unwrap(), text);
    let w = World { store, notices, time, dir };
    assert_eq!((backups(&w).len(), w.open_ids().len()), (1, 1));
    w.assert_sound();
    assert!(w.reopen().notices.is_empty(), "once is enough");
}

/// Thousands of drifts, so that a slow look at all of them has many slices.
fn big_world() -> World {
    let w = World::new();
    w.scan(&(0..1500).map(|n| finding(&format!("r{n:04}"), &["x"])).collect::<Vec<_>>());
    w
}

/// Decides while `work` runs, and returns how many decisions were durable before it ended.
fn decided_during(w: &World, work: impl FnOnce() + Send) -> usize {
    let ids: Vec<DriftId> = w.open_ids();
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        let worker = threads.spawn(|| {
            work();
            done.store(true, Ordering::SeqCst);
        });
        let mut decided = 0;
        for id in ids.iter().cycle() {
            w.decide(*id, TriageVerb::Assign { to: Some("bob".into()) }).unwrap();
            if done.load(Ordering::SeqCst) {
                break;
            }
            decided += 1;
        }
        worker.join().unwrap();
        decided
    })
}

#[test]
fn decisions_are_taken_while_a_large_store_is_verified() {
    let w = big_world();
    let decided = decided_during(&w, || w.assert_sound());
    assert!(decided > 2, "{decided}");
    w.assert_sound();
}

#[test]
fn an_export_made_while_people_decide_is_a_store_as_it_was_at_its_end() {
    let w = big_world();
    let exported = Mutex::new(Vec::new());
    let decided = decided_during(&w, || *exported.lock().unwrap() = export(&w));
    assert!(decided > 2, "{decided}");
    let other = World::new();
    other.time.store(w.time.load(Ordering::SeqCst), Ordering::SeqCst);
    other.store.import(&mut &exported.into_inner().unwrap()[..]).unwrap();
    other.assert_sound();
    let audit = other.store.audit(100_000).unwrap();
    assert!(audit.len() >= decided.saturating_sub(1), "{} of {decided}", audit.len());
    for entry in &audit {
        let event = other.get(entry.drift.unwrap());
        assert_eq!(event.assignee, Some("bob".into()), "decision {} is in the trail and in the drift", entry.seq);
    }
}
