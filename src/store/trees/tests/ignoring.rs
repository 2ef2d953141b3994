//! Ignore rules over time.

use super::*;

fn ignore(w: &World, on: DriftId, rule: IgnoreRule) -> Receipt {
    w.decide(on, TriageVerb::Ignore { rule }).unwrap()
}

#[test]
fn a_rule_hides_what_is_there_and_what_comes() {
    let w = World::new();
    let id = w.one(&finding("web-1", &["ingress"])).id;
    let (recorded, ..) =
        w.scan(&[finding("web-1", &["ingress"]), finding("web-2", &["tags"]), finding("db", &["tags"])]);
    assert_eq!(recorded.len(), 3);
    let receipt = ignore(&w, id, rule(Some("web-*"), None, None));
    assert_eq!(receipt.drifts.len(), 2);
    assert_eq!((w.open_count(), w.open_ids().len()), (1, 1));
    let (recorded, summary, _) = w.scan(&[
        finding("web-1", &["ingress"]),
        finding("web-2", &["tags"]),
        finding("db", &["tags"]),
        finding("web-3", &["tags"]),
    ]);
    let Recorded::New(new) = &recorded[3] else { panic!("{recorded:?}") };
    assert_eq!((new.state, new.decision.as_ref().unwrap().seq, summary.new), (State::Ignored, receipt.seq, 0));
    w.assert_sound();
    // Taking the rule back shows them all, the one found later too.
    w.decide(id, TriageVerb::Undo { seq: receipt.seq }).unwrap();
    assert_eq!(w.open_count(), 4);
    w.assert_sound();
}

#[test]
fn a_path_rule_moves_changes_out_of_sight_and_keeps_the_drift_the_same() {
    let w = World::new();
    let before = w.one(&finding("web", &["ingress", "tags.a", "tags.b"]));
    let rule = rule(None, Some("tags.*"), None);
    let rule_id = rule.id;
    ignore(&w, before.id, rule);
    for _ in 0..2 {
        let detail = w.store.drift(before.id).unwrap();
        assert_eq!(detail.event.changes, [change("ingress")]);
        assert_eq!((detail.event.state, detail.event.hidden_count), (State::Open, 2));
        assert!(detail.hidden.iter().all(|h| h.rule == format!("ignore:{rule_id}")));
        // The next scan finds all three again: still the same drift.
        assert_eq!(w.one(&finding("web", &["ingress", "tags.a", "tags.b"])).id, before.id);
    }
    let only = w.scan(&[finding("web", &["ingress", "tags.a", "tags.b"]), finding("db", &["tags.c"])]).0;
    let Recorded::New(only) = &only[1] else { panic!("{only:?}") };
    assert_eq!((only.state, only.changes.len()), (State::Ignored, 0), "nothing is left to show");
    w.assert_sound();
}

#[test]
fn an_expired_rule_stops_working() {
    let w = World::new();
    let web = || finding("web", &["ingress"]);
    let db = || finding("db", &["ingress", "tags"]);
    w.scan(&[web(), db()]);
    let ids = w.open_ids();
    let by_name = |name: &str| *ids.iter().find(|id| w.get(**id).resource.resource_id.raw() == name).unwrap();
    let (web_id, db_id) = (by_name("web"), by_name("db"));
    let end = Some(at(START + 60_000_000));
    ignore(&w, web_id, rule(Some("web"), None, end));
    ignore(&w, db_id, rule(Some("db"), Some("*"), end));
    assert_eq!(w.open_count(), 0);
    w.pass(61);
    assert_eq!(w.open_count(), 2);
    assert_eq!(w.get(db_id).changes.len(), 2, "hidden changes are back before the next scan");
    w.assert_sound();
    w.scan(&[web(), db()]);
    assert_eq!((w.get(web_id).state, w.get(db_id).state, w.open_count()), (State::Open, State::Open, 2));
    w.assert_sound();
}

#[test]
fn a_path_rule_that_ends_gives_its_changes_back_at_that_moment() {
    let w = World::new();
    let id = w.one(&finding("web", &["ingress", "tags.a", "tags.b"])).id;
    ignore(&w, id, rule(None, Some("tags.a"), Some(at(START + 60_000_000))));
    ignore(&w, id, rule(None, Some("tags.b"), Some(at(START + 120_000_000))));
    let before = w.get(id);
    assert_eq!((before.changes.len(), before.hidden_count), (1, 2));
    w.pass(61);
    let detail = w.store.drift(id).unwrap();
    assert_eq!((detail.event.changes.len(), detail.hidden.len()), (2, 1), "no scan was needed: {detail:#?}");
    assert!(detail.event.version > before.version, "a decision made on what was shown before is too late");
    w.assert_sound();
    w.pass(61);
    assert_eq!((w.get(id).changes.len(), w.get(id).hidden_count), (3, 0));
    w.assert_sound();
}

#[test]
fn what_ends_is_over_at_the_very_moment() {
    let w = World::new();
    let id = w.one(&finding("web", &["ingress", "tags.a"])).id;
    ignore(&w, id, rule(Some("web"), Some("*"), Some(w.store.now() + jiff::SignedDuration::from_secs(60))));
    w.pass(60);
    let back = w.get(id);
    assert_eq!((back.state_at(w.store.now()), back.changes.len(), w.open_count()), (State::Open, 2, 1));
    w.assert_sound();
}

#[test]
fn a_rule_that_ends_brings_nothing_back_that_another_one_hides() {
    let w = World::new();
    let id = w.one(&finding("web", &["ingress", "tags.a"])).id;
    ignore(&w, id, rule(Some("web"), None, Some(at(START + 60_000_000))));
    let by = ignore(&w, id, rule(Some("w*"), None, None)).seq;
    w.pass(61);
    assert_eq!(w.store.returns().unwrap().returned, []);
    let hidden = w.get(id);
    assert_eq!((hidden.state_at(w.store.now()), hidden.decision.map(|one| one.seq)), (State::Ignored, Some(by)));
    assert_eq!(w.open_count(), 0);
    w.assert_sound();
}

#[test]
fn a_rule_that_came_while_a_drift_was_settled_is_tried_when_it_is_settled_no_more() {
    let seen = || [finding("web", &["tags.a"]), finding("db", &["tags.b"])];
    let settled_then = |verb: TriageVerb| {
        let w = World::new();
        w.scan(&seen());
        let ids = w.open_ids();
        let web = *ids.iter().find(|id| w.get(**id).resource.resource_id.raw() == "web").unwrap();
        let other = *ids.iter().find(|id| **id != web).unwrap();
        let until = Some(w.store.now() + jiff::SignedDuration::from_secs(60));
        let accepted = TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until };
        let resolved = w.decide(web, accepted).unwrap().seq;
        ignore(&w, other, rule(None, Some("tags.*"), None));
        assert_eq!(w.get(web).state, State::Resolved);
        match verb {
            TriageVerb::Undo { .. } => drop(w.decide(web, TriageVerb::Undo { seq: resolved }).unwrap()),
            TriageVerb::Note { .. } => w.pass(61),
            verb => drop(w.decide(web, verb).unwrap()),
        }
        let state = |w: &World| w.get(web).state_at(w.store.now());
        let now = state(&w);
        w.assert_sound();
        w.scan(&seen());
        assert_eq!(state(&w), now, "a scan that sees the same changes nothing");
        now
    };
    assert_eq!(settled_then(TriageVerb::Acknowledge), State::Acknowledged, "whoever decides about it wants to see it");
    assert_eq!(settled_then(TriageVerb::Undo { seq: 0 }), State::Ignored);
    assert_eq!(settled_then(TriageVerb::Note { text: "its time is over".into() }), State::Ignored);
}

#[test]
fn what_is_settled_change_by_change_is_not_hidden_by_a_rule() {
    let w = World::new();
    w.scan(&[finding("web", &["tags.a"]), finding("db", &["tags.b"])]);
    let [web, db] = w.open_ids()[..] else { panic!("two") };
    let paths = w.get(web).changes.iter().map(|change| change.path.clone()).collect();
    let accepted = ResolutionType::Accepted;
    w.decide(web, TriageVerb::SettleChanges { paths, resolution_type: accepted, until: None }).unwrap();
    ignore(&w, db, rule(None, Some("tags.*"), None));
    w.scan(&[finding("web", &["tags.a"]), finding("db", &["tags.b"])]);
    assert_eq!(w.get(web).state_at(w.store.now()), State::Resolved);
    w.assert_sound();
}

#[test]
fn a_drift_taken_out_of_a_rule_by_hand_stays_out_until_it_closes() {
    let w = World::new();
    let id = w.one(&finding("web", &["ingress"])).id;
    ignore(&w, id, rule(Some("web"), None, None));
    w.decide(id, TriageVerb::Reopen).unwrap();
    assert_eq!(w.one(&finding("web", &["ingress"])).state, State::Open);
    w.scan(&[]);
    let back = w.one(&finding("web", &["ingress"]));
    assert_eq!((back.state, back.is_regressed()), (State::Ignored, true));
    w.assert_sound();
}

#[test]
fn rules_survive_a_restart() {
    let w = World::new();
    let id = w.one(&finding("web", &["ingress"])).id;
    let rule = rule(Some("w*"), None, None);
    ignore(&w, id, rule.clone());
    let w = w.reopen();
    assert_eq!(w.store.ignore_rules().unwrap(), [rule]);
    assert_eq!(w.scan(&[finding("web", &["ingress"]), finding("w2", &["x"])]).1.new, 0);
    assert_eq!(w.open_count(), 0);
}
