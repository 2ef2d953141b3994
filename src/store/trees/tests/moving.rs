//! A resource that is moved in the state is the same resource: what was decided about its drift goes with it.

use super::*;

/// The finding at another address than before.
fn moved(from: &str, to: &str, paths: &[&str]) -> Finding {
    let mut found = finding(to, paths);
    found.resource.previous_address = Some(from.into());
    found
}

impl World {
    fn trail_of(&self, id: DriftId) -> Vec<String> {
        self.store.drift(id).unwrap().history.into_iter().map(|entry| entry.action).collect()
    }

    fn moved_why(&self, id: DriftId) -> String {
        let history = self.store.drift(id).unwrap().history;
        let entry = history.into_iter().find(|entry| entry.action == "moved").unwrap();
        entry.reason.unwrap().line()
    }
}

#[test]
fn everything_that_was_decided_goes_to_the_new_address_and_back() {
    let w = World::new();
    let paths = ["ingress", "tags.a"];
    let old = w.one(&finding("web", &paths));
    w.decide(old.id, TriageVerb::Assign { to: Some("bob".into()) }).unwrap();
    w.decide(old.id, TriageVerb::Note { text: "asked the network team".into() }).unwrap();
    let tags = vec!["tags.a".into()];
    let accept = TriageVerb::SettleChanges { paths: tags, resolution_type: ResolutionType::Accepted, until: None };
    w.decide(old.id, accept).unwrap();
    let snoozed = w.decide(old.id, TriageVerb::Snooze { until: at(START + 3_600_000_000) }).unwrap().seq;
    let seen = w.get(old.id);
    let mut analysis = seen.analysis.clone();
    analysis.cause =
        CauseAnalysis { said: Some(Masked::trusted(json!("a test"))), is_informed: true, ..analysis.cause };
    w.store.rethink(old.id, seen.version, &analysis, &seen.recommendations).unwrap();
    let (recorded, summary, closed) = w.scan(&[moved("web", "module.net.web", &paths)]);
    let Recorded::Continued { event: new, instead_of } = &recorded[0] else { panic!("{recorded:?}") };
    assert_eq!((new.state, new.note_count, new.detected_at), (State::Snoozed, 1, old.detected_at));
    assert_eq!((new.assignee.as_ref().unwrap().raw(), new.seen_count, new.settled.len()), ("bob", 2, 1));
    assert_eq!(new.resource.previous_address.as_ref().unwrap().raw(), "web");
    assert_eq!(new.analysis.cause, analysis.cause, "what is known of why");
    assert_eq!((instead_of.id, instead_of.closure), (old.id, Some(Closure::Continued)));
    assert_eq!((summary.new, closed.len()), (0, 0), "it is no news");
    assert_eq!(w.trail_of(new.id), ["moved", "snooze", "settle_changes", "note", "assign"], "its history is all there");
    assert_eq!(w.moved_why(new.id), "its resource was moved in the state from web to module.net.web");
    w.assert_sound();
    // From then on it is where it is, and from where it came stays known.
    let (again, _, _) = w.scan(&[finding("module.net.web", &paths)]);
    let Recorded::SeenAgain(again) = &again[0] else { panic!("{again:?}") };
    assert_eq!((again.id, again.version), (new.id, new.version));
    assert_eq!(again.resource.previous_address.as_ref().unwrap().raw(), "web");
    // Moved back it is the first one again, not one that came back.
    let back = w.one(&moved("module.net.web", "web", &paths));
    assert_eq!((back.id, back.state, back.regressions, back.note_count), (old.id, State::Snoozed, 0, 1));
    // What was decided at the first address can still be taken back, and after a crash it is as it was.
    let w = w.reopen();
    w.decide(new.id, TriageVerb::Undo { seq: snoozed }).unwrap();
    assert_eq!((w.get(back.id).state, w.get(new.id).state), (State::Open, State::Closed));
    w.assert_sound();
}

#[test]
fn an_exception_moves_and_a_rule_about_the_old_address_does_not() {
    let w = World::new();
    let [accepted, ignored] = ["web", "db"].map(|id| finding(id, &["ingress"]));
    let ids: Vec<DriftId> = w.scan(&[accepted, ignored]).0.into_iter().map(|one| one.into_event().id).collect();
    w.decide(ids[0], TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until: None }).unwrap();
    w.decide(ids[1], TriageVerb::Ignore { rule: rule(Some("db"), None, None) }).unwrap();
    let both = [moved("web", "m.web", &["ingress"]), moved("db", "m.db", &["ingress"])];
    let (recorded, _, closed) = w.scan(&both);
    let events: Vec<DriftEvent> = recorded.into_iter().map(Recorded::into_event).collect();
    assert_eq!((events[0].state, events[1].state, closed.len()), (State::Resolved, State::Open, 0));
    // One entry tells of both; each tells its own.
    assert_eq!(w.moved_why(events[0].id), "its resource was moved in the state from web to m.web");
    assert_eq!(w.moved_why(events[1].id), "its resource was moved in the state from db to m.db");
    assert_eq!(w.moved_why(ids[1]), "its resource was moved in the state from db to m.db");
    w.assert_sound();
}

#[test]
fn what_differs_otherwise_since_takes_the_place_of_what_was_there() {
    let w = World::new();
    let old = w.one(&finding("web", &["ingress", "tags.a"])).id;
    w.decide(old, TriageVerb::Assign { to: Some("bob".into()) }).unwrap();
    let paths = vec!["tags.a".into()];
    let accept = TriageVerb::SettleChanges { paths, resolution_type: ResolutionType::Accepted, until: None };
    w.decide(old, accept).unwrap();
    let new = w.one(&moved("web", "m.web", &["tags.a", "tags.b"]));
    let (old, new) = (w.get(old), w.get(new.id));
    assert_eq!((old.state, old.closure, old.superseded_by), (State::Closed, Some(Closure::Superseded), Some(new.id)));
    assert_eq!((new.assignee.as_ref().unwrap().raw(), new.settled.len(), new.state), ("bob", 1, State::Open));
    w.assert_sound();
    // What comes to the old address later is another resource, and its end is its own.
    let later = w.scan(&[finding("web", &["tags.b"]), finding("m.web", &["tags.a", "tags.b"])]).0;
    let later = later[0].event().id;
    w.scan(&[finding("m.web", &["tags.a", "tags.b"])]);
    assert_eq!(w.get(later).closure, Some(Closure::Healed));
    w.assert_sound();
}

#[test]
fn a_scan_that_did_not_read_everything_moves_what_it_saw_and_closes_nothing() {
    let w = World::new();
    let ids: Vec<DriftId> = ["web", "db"].map(|id| w.one(&finding(id, &["ingress"])).id).to_vec();
    w.scan(&[finding("web", &["ingress"]), finding("db", &["ingress"])]);
    w.decide(w.get(ids[0]).id, TriageVerb::Acknowledge).unwrap();
    let all = Completeness::Partial { unverified_types: vec![] };
    let (recorded, _, closed) = w.scan_as(&[moved("web", "m.web", &["ingress"])], ScanStage::Done, all);
    assert_eq!((recorded[0].event().state, closed.len()), (State::Acknowledged, 0));
    assert_eq!(w.get(ids[1]).state, State::Open);
    w.assert_sound();
}

#[test]
fn what_moved_survives_the_loss_of_the_trees() {
    let w = World::new();
    let old = w.one(&finding("web", &["ingress"]));
    w.decide(old.id, TriageVerb::Acknowledge).unwrap();
    let new = w.one(&moved("web", "m.web", &["ingress"]));
    let World { store, time, dir, .. } = w;
    drop(store);
    let trees = std::fs::read_dir(dir.path().join("store")).unwrap().map(|entry| entry.unwrap().path());
    let sled = trees.filter(|path| path.is_dir() && path.join("db").exists()).collect::<Vec<_>>();
    std::fs::remove_dir_all(&sled[0]).unwrap();
    let (store, notices) = open_at(dir.path(), &time, Probe::default()).unwrap();
    let w = World { store, notices, time, dir };
    let found = w.one(&finding("m.web", &["ingress"]));
    assert_eq!((found.id, found.state), (new.id, State::Acknowledged), "{:?}", w.notices);
}
