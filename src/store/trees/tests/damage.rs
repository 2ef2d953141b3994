//! What is broken is noticed, named, and does not spread.

use super::*;
use crate::store::journal;

#[test]
fn a_damaged_drift_is_left_out_of_pages_and_named_by_verify() {
    let w = World::new();
    w.scan(&[finding("web", &["x"]), finding("db", &["x"])]);
    let key = w.store.engine.as_sled().tree(Tree::Events).first().unwrap().unwrap().0;
    let mut value = w.store.engine.get(Tree::Events, &key).unwrap().unwrap();
    let bad = keys::id_of(&keys::place_of(&key).unwrap());
    *value.last_mut().unwrap() ^= 1;
    w.store.engine.as_sled().tree(Tree::Events).insert(&key, value).unwrap();
    assert_eq!(w.open_ids().len(), 1);
    assert!(matches!(w.store.drift(bad), Err(StoreError::Damaged { .. })));
    let faults = w.store.verify().unwrap().faults;
    assert!(faults[0].contains("damaged record in events"), "{faults:?}");
    let mut out = Vec::new();
    let words = "an environment, one drift and one scan, and who was told of both drifts";
    assert_eq!(w.store.export(&mut out).unwrap(), 5, "{words}");
    // The next scan replaces it.
    w.scan(&[finding("web", &["x"]), finding("db", &["x"])]);
    assert!(w.open_ids().len() >= 2);
}

#[test]
fn verify_finds_what_is_missing_and_what_is_too_much_in_every_index() {
    let make = || {
        let w = World::new();
        let id = w.one(&finding("web", &["x", "y"])).id;
        w.decide(id, TriageVerb::Ignore { rule: rule(None, Some("x"), None) }).unwrap();
        w.decide(id, TriageVerb::Snooze { until: at(START + 3_600_000_000) }).unwrap();
        let scan = w.store.begin_scan(&env(), w.store.now()).unwrap();
        let seen = Observation {
            resource_type: "t".into(),
            resource_id: "i".into(),
            observed_at: at(START),
            value: Masked::trusted(json!(1)),
            accepted: true,
            followed: false,
        };
        w.store.observe(scan, &env(), vec![seen]).unwrap();
        w.assert_sound();
        w
    };
    let indexes = [Tree::Ids, Tree::ByFingerprint, Tree::ByClass, Tree::ByRule, Tree::ByDrift, Tree::Timers];
    for tree in indexes {
        let w = make();
        let (key, value) = w.store.engine.as_sled().tree(tree).first().unwrap().unwrap();
        w.store.engine.as_sled().tree(tree).remove(&key).unwrap();
        assert!(!w.store.verify().unwrap().faults.is_empty(), "{tree:?} lacks an entry");
        w.store.engine.as_sled().tree(tree).insert(&key, value.clone()).unwrap();
        w.assert_sound();
        let mut other = key.to_vec();
        *other.last_mut().unwrap() ^= 1;
        w.store.engine.as_sled().tree(tree).insert(other, value).unwrap();
        assert!(!w.store.verify().unwrap().faults.is_empty(), "{tree:?} has one too many");
    }
    for tree in [Tree::Observations, Tree::Bodies, Tree::Audit, Tree::Rules, Tree::Scans] {
        let w = make();
        let (key, mut value) =
            w.store.engine.as_sled().tree(tree).first().unwrap().map(|(k, v)| (k, v.to_vec())).unwrap();
        let middle = value.len() / 2;
        value[middle] ^= 1;
        w.store.engine.as_sled().tree(tree).insert(key, value).unwrap();
        assert!(!w.store.verify().unwrap().faults.is_empty(), "{tree:?} has a flipped bit");
    }
    let w = make();
    w.store.counts_mut().get_mut(&env()).unwrap().in_any_state += 1;
    assert!(w.store.verify().unwrap().faults[0].contains("counts"));
}

#[test]
fn a_large_body_is_an_object_and_its_damage_is_found() {
    let w = World::new();
    let mut f = finding("web", &["x"]);
    let noise =
        |salt: u64| (0..600u64).map(move |n| blake3::hash(&(n ^ salt << 32).to_le_bytes()).to_hex().to_string());
    f.actual_state = Some(Masked::trusted(noise(1).collect()));
    f.changes = noise(2).take(300).map(|p| change(&p)).collect();
    let id = w.one(&f).id;
    let detail = w.store.drift(id).unwrap();
    assert_eq!((&detail.actual_state, &detail.event.changes), (&f.actual_state, &f.changes));
    let report = w.store.verify().unwrap();
    assert_eq!((report.objects, report.faults.len()), (2, 0));
    for value in
        w.store.engine.tree(Tree::Bodies).iter().values().chain(w.store.engine.tree(Tree::Events).iter().values())
    {
        assert!(value.unwrap().len() < 5000);
    }
    let shelf = std::fs::read_dir(w.root().join("objects")).unwrap().next().unwrap().unwrap().path();
    let file = std::fs::read_dir(shelf).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&file, "something else").unwrap();
    assert!(!w.store.verify().unwrap().faults.is_empty());
}

#[test]
fn a_journal_cut_behind_the_stores_back_is_written_again() {
    let w = World::new();
    let id = w.one(&finding("web", &["x"])).id;
    w.decide(id, TriageVerb::Acknowledge).unwrap();
    w.decide(id, TriageVerb::Assign { to: Some("bob".into()) }).unwrap();
    let path = w.root().join("journal/000001.dgj");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 7]).unwrap();
    assert!(!w.store.verify().unwrap().faults.is_empty());
    let w = w.reopen();
    assert!(w.notices.iter().any(|n| n.contains("written again")), "{:?}", w.notices);
    assert_eq!(journal::read(&w.root(), &mut |_, _| Ok(())).unwrap(), 2);
    w.assert_sound();
}

#[test]
fn a_flipped_bit_in_the_journal_stops_the_store() {
    let w = World::new();
    let id = w.one(&finding("web", &["x"])).id;
    w.decide(id, TriageVerb::Acknowledge).unwrap();
    let path = w.root().join("journal/000001.dgj");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(w.store.verify().unwrap().faults[0].contains("journal"));
    let World { store, time, dir, .. } = w;
    drop(store);
    assert!(matches!(open_at(dir.path(), &time, Probe::default()), Err(StoreError::Damaged { .. })));
    // What it shows is still there to be looked at.
    let opened = crate::store::open(&dir.path().join("store"), OpenMode::ReadOnly).unwrap();
    assert!(opened.notices.iter().any(|n| n.contains("journal")));
    assert_eq!(opened.store.drift(id).unwrap().event.state, State::Acknowledged);
}

#[test]
fn decisions_find_their_drifts_again_after_the_trees_were_lost() {
    let w = World::new();
    w.scan(&["a", "b", "c", "d"].map(|id| finding(id, &["x"])));
    let events = w.page(DriftFilter::default());
    let until = at(START + 3_600_000_000);
    let resolve = TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until: None };
    let verbs = [TriageVerb::Acknowledge, TriageVerb::Snooze { until }, resolve];
    for (event, verb) in events.iter().zip(verbs) {
        w.decide(event.id, verb).unwrap();
        w.decide(event.id, TriageVerb::Note { text: "n".into() }).unwrap();
    }
    let before: Vec<DriftEvent> = events.iter().map(|e| w.get(e.id)).collect();
    let audit = w.store.audit(100).unwrap();
    let World { store, time, dir, .. } = w;
    drop(store);
    std::fs::write(dir.path().join("store/tree/db"), vec![0xa5; 200_000]).unwrap();
    let (store, notices) = open_at(dir.path(), &time, Probe::default()).unwrap();
    let w = World { store, notices, time, dir };
    assert!(w.notices[0].contains("quarantine-") && w.notices[0].contains("6 decisions kept"), "{:?}", w.notices);
    assert_eq!(w.store.audit(100).unwrap(), audit);
    assert!(w.page(DriftFilter::default()).is_empty(), "drifts come back with a scan only");
    let (recorded, summary, _) = w.scan(&["a", "b", "c", "d"].map(|id| finding(id, &["x"])));
    assert_eq!((summary.new, recorded.len()), (1, 4), "only the one nobody had decided about is new");
    for old in &before[..3] {
        let new = w.get(old.id);
        assert_eq!((new.state, &new.decision, new.note_count), (old.state, &old.decision, old.note_count));
        assert_eq!((new.detected_at, new.fingerprint), (old.detected_at, old.fingerprint));
        assert_eq!(w.store.drift(old.id).unwrap().history.len(), 2);
    }
    w.assert_sound();
    // And they can still be taken back.
    let seq = before[0].decision.as_ref().unwrap().seq;
    w.decide(before[0].id, TriageVerb::Undo { seq }).unwrap();
    assert_eq!(w.get(before[0].id).state, State::Open);
    assert_eq!(
        std::fs::read_dir(w.root())
            .unwrap()
            .flatten()
            .filter(|e| e.file_name().to_string_lossy().starts_with("quarantine-"))
            .count(),
        1
    );
}

#[test]
fn what_must_never_be_hidden_is_known_again_after_the_trees_were_lost() {
    let w = World::new();
    let id = w.one(&finding("a", &["x"])).id;
    let rule = |name: &str| crate::drift::NeverHideRule {
        id: crate::drift::RuleId::generate(),
        rule: name.into(),
        environment: None,
        resource_type: None,
        resource_id: None,
        path: Some("x".into()),
        owner: "alice".into(),
        created_at: at(START),
    };
    let (kept, taken_back) = (rule("set-order"), rule("cidr"));
    w.decide(id, TriageVerb::NeverHide { rule: kept.clone() }).unwrap();
    let second = w.decide(id, TriageVerb::NeverHide { rule: taken_back }).unwrap();
    w.decide(id, TriageVerb::Undo { seq: second.seq }).unwrap();
    assert!(w.decide(id, TriageVerb::NeverHide { rule: rule("no-such-rule") }).is_err());
    let World { store, time, dir, .. } = w;
    drop(store);
    std::fs::write(dir.path().join("store/tree/db"), vec![0xa5; 200_000]).unwrap();
    let (store, notices) = open_at(dir.path(), &time, Probe::default()).unwrap();
    let w = World { store, notices, time, dir };
    assert_eq!(w.store.never_hidden().unwrap(), [kept]);
    w.assert_sound();
}

#[test]
fn an_export_becomes_the_same_store_again() {
    let w = World::new();
    let ids: Vec<DriftId> = ["a", "b", "c"].iter().map(|id| w.one(&finding(id, &["x", "y"])).id).collect();
    w.scan(&["a", "b", "c", "d"].map(|id| finding(id, &["x", "y"])));
    let open = w.open_ids();
    let drift = |n: usize| open[n];
    let first = w.decide(drift(0), TriageVerb::Acknowledge).unwrap();
    w.decide(drift(0), TriageVerb::Undo { seq: first.seq }).unwrap();
    w.decide(drift(1), TriageVerb::Ignore { rule: rule(None, Some("y"), None) }).unwrap();
    w.decide(drift(2), TriageVerb::Snooze { until: at(START + 3_600_000_000) }).unwrap();
    let scan = w.store.begin_scan(&env(), w.store.now()).unwrap();
    let exact: serde_json::Value = serde_json::from_str("{\"n\": 0.1000, \"big\": 98765432109876543210}").unwrap();
    let seen = |n: i64| Observation {
        resource_type: "t".into(),
        resource_id: "i".into(),
        observed_at: at(START + n % 2),
        value: Masked::trusted(json!([n, exact])),
        accepted: true,
        followed: false,
    };
    w.store.observe(scan, &env(), (0..5).map(seen).collect()).unwrap();
    let mut first = Vec::new();
    let count = w.store.export(&mut first).unwrap();
    let other = World::new();
    other.time.store(w.time.load(Ordering::SeqCst), Ordering::SeqCst);
    assert_eq!(other.store.import(&mut &first[..]).unwrap(), count);
    other.assert_sound();
    let mut second = Vec::new();
    other.store.export(&mut second).unwrap();
    assert_eq!(String::from_utf8(first.clone()).unwrap(), String::from_utf8(second).unwrap());
    assert_eq!(other.store.redaction_key(), w.store.redaction_key());
    // It is a store like any other: it goes on, and refuses a second import.
    assert!(matches!(other.store.import(&mut &first[..]), Err(StoreError::Invalid(_))));
    let other = other.reopen();
    other.assert_sound();
    let next = other.decide(ids[0], TriageVerb::Note { text: "goes on".into() }).unwrap();
    assert_eq!(next.seq, other.store.audit(1).unwrap()[0].seq);
    assert_eq!(other.scan(&["a", "b", "c", "d"].map(|id| finding(id, &["x", "y"]))).1.new, 0);
    other.assert_sound();
}

#[test]
fn an_import_says_which_line_is_wrong() {
    for (text, expected) in [
        ("", "line 1"),
        ("{\"a\":1}\n", "no driftguard export"),
        ("{\"driftguard_export\":9,\"redaction_key\":\"00\"}\n", "line 1"),
    ] {
        let error = World::new().store.import(&mut text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let w = World::new();
    let mut export = Vec::new();
    w.store.export(&mut export).unwrap();
    export.truncate(export.iter().position(|byte| *byte == b'\n').unwrap() + 1);
    export.extend_from_slice(b"{\"drift\":{}}\n");
    assert!(World::new().store.import(&mut &export[..]).unwrap_err().to_string().contains("line 2"));
}
