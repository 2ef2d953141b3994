//! The life of a drift under scans.

use super::*;

fn resolve(kind: ResolutionType) -> TriageVerb {
    TriageVerb::Resolve { resolution_type: kind, until: None }
}

#[test]
fn a_drift_seen_twice_is_one_drift() {
    let w = World::new();
    let first = w.one(&finding("web", &["ingress"]));
    let (recorded, summary, _) = w.scan(&[finding("web", &["ingress"])]);
    let Recorded::SeenAgain(second) = &recorded[0] else { panic!("{recorded:?}") };
    assert_eq!((second.id, second.seen_count, second.version), (first.id, 2, first.version));
    assert!(second.last_seen > first.last_seen && second.detected_at == first.detected_at);
    assert_eq!((summary.new, w.open_count()), (0, 1));
    w.assert_sound();
}

#[test]
fn a_changed_value_is_the_same_drift_in_a_new_version() {
    let w = World::new();
    let first = w.one(&finding("web", &["ingress"]));
    let mut again = finding("web", &["ingress"]);
    again.changes[0].actual = Some(Masked::trusted(json!("c")));
    again.analysis.severity.security = Score::percent(90);
    let second = w.one(&again);
    assert_eq!((second.id, second.version), (first.id, first.version + 1));
    assert_eq!(w.store.open_counts(&env()).unwrap().critical, 1);
    w.assert_sound();
}

#[test]
fn a_drift_that_is_gone_closes_itself_and_is_regressed_when_it_comes_back() {
    let w = World::new();
    let id = w.one(&finding("web", &["ingress"])).id;
    let (_, summary, closed) = w.scan(&[]);
    assert_eq!((summary.closed, closed[0].id, closed[0].closure), (1, id, Some(Closure::Healed)));
    assert!(closed[0].resolved_at.is_some() && w.open_count() == 0);
    let (recorded, summary, _) = w.scan(&[finding("web", &["ingress"])]);
    let Recorded::Regressed(back) = &recorded[0] else { panic!("{recorded:?}") };
    assert_eq!((back.id, back.state, back.regressions, back.closure), (id, State::Open, 1, None));
    assert_eq!(summary.regressed, 1);
    let actions: Vec<String> = w.store.audit(9).unwrap().into_iter().map(|a| a.action).collect();
    assert_eq!(actions, ["regressed", "closed"]);
    w.assert_sound();
}

#[test]
fn only_what_was_read_completely_closes() {
    let w = World::new();
    let id = w.one(&finding("web", &["ingress"])).id;
    let partial =
        |types: &[&str]| Completeness::Partial { unverified_types: types.iter().map(|t| (*t).into()).collect() };
    for (stage, completeness) in [
        (ScanStage::Done, partial(&[])),
        (ScanStage::Done, partial(&["aws_security_group"])),
        (ScanStage::Cancelled, Completeness::Complete),
        (ScanStage::Failed, Completeness::Complete),
    ] {
        assert!(w.scan_as(&[], stage, completeness).2.is_empty());
    }
    assert_eq!(w.get(id).state, State::Open);
    assert_eq!(w.scan_as(&[], ScanStage::Done, partial(&["aws_vpc"])).2.len(), 1);
}

#[test]
fn a_drift_that_grew_is_superseded_and_hands_over_its_assignee() {
    let w = World::new();
    let old = w.one(&finding("web", &["ingress"])).id;
    w.decide(old, TriageVerb::Assign { to: Some("bob".into()) }).unwrap();
    let new = w.one(&finding("web", &["ingress", "tags"])).id;
    let (old, new) = (w.get(old), w.get(new));
    assert_eq!((old.state, old.closure, old.superseded_by), (State::Closed, Some(Closure::Superseded), Some(new.id)));
    assert_eq!((new.state, new.assignee), (State::Open, Some("bob".into())));
    w.assert_sound();
}

#[test]
fn a_resolved_drift_still_seen_stays_resolved() {
    let w = World::new();
    let id = w.one(&finding("web", &["ingress"])).id;
    w.decide(id, resolve(ResolutionType::AutoRevert)).unwrap();
    assert_eq!(w.one(&finding("web", &["ingress"])).state, State::Resolved);
    assert_eq!(w.open_count(), 0);
}

#[test]
fn a_reverted_drift_that_left_and_came_back_is_regressed_but_an_accepted_one_is_not() {
    for (kind, state) in [
        (ResolutionType::AutoRevert, State::Open),
        (ResolutionType::CodifyIac, State::Open),
        (ResolutionType::Accepted, State::Resolved),
        (ResolutionType::Escalated, State::Resolved),
    ] {
        let w = World::new();
        let id = w.one(&finding("web", &["ingress"])).id;
        w.decide(id, resolve(kind)).unwrap();
        let (_, _, closed) = w.scan(&[]);
        assert!(closed.is_empty(), "a decision stands");
        assert_eq!(w.get(id).state, State::Resolved);
        let back = w.one(&finding("web", &["ingress"]));
        assert_eq!((back.id, back.state, back.is_regressed()), (id, state, state == State::Open), "{kind:?}");
        w.assert_sound();
    }
}

#[test]
fn a_snooze_and_an_exception_end_by_time() {
    let until = at(START + 60_000_000);
    for verb in [
        TriageVerb::Snooze { until },
        TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until: Some(until) },
    ] {
        let w = World::new();
        let id = w.one(&finding("web", &["ingress"])).id;
        w.decide(id, verb).unwrap();
        assert_eq!((w.open_ids(), w.open_count()), (vec![], 0));
        w.pass(61);
        assert_eq!((w.open_ids(), w.open_count()), (vec![id], 1));
        w.assert_sound();
        // And the next scan that does not see it closes it like any open one.
        assert_eq!(w.scan(&[]).2.len(), 1);
        w.assert_sound();
    }
}

#[test]
fn what_comes_back_by_itself_is_told_once_with_where_it_stood() {
    let w = World::new();
    let until = at(START + 60_000_000);
    let accepted = Some(until + jiff::SignedDuration::from_secs(100));
    let [web, db] = ["web", "db"].map(|name| finding(name, &["ingress"]));
    let ids: Vec<DriftId> = w.scan(&[web, db]).0.into_iter().map(|one| one.into_event().id).collect();
    assert_eq!(w.store.returns().unwrap(), Returns::default(), "no timer while nothing waits for its time");
    w.decide(ids[0], TriageVerb::Snooze { until }).unwrap();
    let resolution_type = ResolutionType::Accepted;
    w.decide(ids[1], TriageVerb::Resolve { resolution_type, until: accepted }).unwrap();
    assert_eq!(w.store.returns().unwrap(), Returns { returned: vec![], next: Some(until) });
    w.pass(61);
    // Somebody may have looked before: that is not telling.
    assert_eq!(w.open_ids(), [ids[0]]);
    let told = |w: &World| {
        let Returns { returned, next } = w.store.returns().unwrap();
        (returned.into_iter().map(|one| (one.event.id, one.was)).collect::<Vec<_>>(), next)
    };
    assert_eq!(told(&w), (vec![(ids[0], State::Snoozed)], accepted));
    assert_eq!(told(&w), (vec![], accepted));
    w.pass(100);
    assert_eq!(told(&w), (vec![(ids[1], State::Resolved)], None));
    w.decide(ids[0], TriageVerb::Snooze { until: at(START + 300_000_000) }).unwrap();
    w.pass(200);
    let w = w.reopen();
    assert_eq!(told(&w), (vec![(ids[0], State::Snoozed)], None), "while nobody was there");
}

#[test]
fn a_change_that_was_accepted_for_a_while_comes_back_with_its_drift() {
    let w = World::new();
    let until = at(START + 60_000_000);
    let id = w.one(&finding("web", &["ingress", "tags"])).id;
    let settle = |path: &str| TriageVerb::SettleChanges {
        paths: vec![path.into()],
        resolution_type: ResolutionType::Accepted,
        until: Some(until),
    };
    w.decide(id, settle("ingress")).unwrap();
    w.pass(61);
    assert_eq!(w.store.returns().unwrap().returned[0].was, State::Open, "part of it");
    let until = w.store.now() + jiff::SignedDuration::from_secs(10);
    let paths = vec!["ingress".into(), "tags".into()];
    let verb = TriageVerb::SettleChanges { paths, resolution_type: ResolutionType::Accepted, until: Some(until) };
    w.decide(id, verb).unwrap();
    w.decide(id, TriageVerb::Note { text: "asked kim".into() }).unwrap();
    assert_eq!(w.store.returns().unwrap().next, Some(until));
    w.pass(11);
    assert_eq!(w.store.returns().unwrap().returned[0].was, State::Resolved);
}

#[test]
fn the_index_wakes_up_at_opening_too() {
    let w = World::new();
    let id = w.one(&finding("web", &["ingress"])).id;
    w.decide(id, TriageVerb::Snooze { until: at(START + 60_000_000) }).unwrap();
    w.pass(61);
    let w = w.reopen();
    assert_eq!((w.open_ids(), w.open_count()), (vec![id], 1));
    w.assert_sound();
}

#[test]
fn a_clock_that_jumps_back_reorders_nothing() {
    let w = World::new();
    let first = w.one(&finding("a", &["x"]));
    w.pass(-3600);
    let second = w.scan(&[finding("a", &["x"]), finding("b", &["x"])]).0;
    let Recorded::New(second) = &second[1] else { panic!("{second:?}") };
    assert!(second.detected_at > first.detected_at);
    assert_eq!(w.page(DriftFilter::default())[0].id, second.id);
    assert!(w.get(first.id).last_seen >= first.last_seen);
}

#[test]
fn every_observed_value_is_kept_once() {
    let w = World::new();
    let id = w.store.begin_scan(&env(), w.store.now()).unwrap();
    let seen = |value: serde_json::Value, second: i64| Observation {
        resource_type: "aws_vpc".into(),
        resource_id: "main".into(),
        observed_at: at(START + second),
        value: Masked::trusted(value),
        accepted: true,
        followed: false,
    };
    let big = json!({"n": serde_json::from_str::<serde_json::Value>("12345678901234567890123").unwrap()});
    let values = [json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1}), big.clone(), json!({"a": 1, "b": 2})];
    for (n, value) in values.into_iter().enumerate() {
        w.store.observe(id, &env(), vec![seen(value.clone(), n as i64), seen(value, n as i64)]).unwrap();
    }
    let history = w.store.observations(&env(), "aws_vpc", "main", 10).unwrap();
    assert_eq!(history.len(), 3);
    assert_eq!(history[1].value.value(), &big);
    assert_eq!(w.store.remembered(&env(), "aws_vpc", "main").unwrap().unwrap().value.value(), &json!({"a": 1, "b": 2}));
    assert_eq!(w.store.remembered(&env(), "aws_vpc", "other").unwrap(), None);
}

#[test]
fn a_drifted_value_is_history_but_never_what_is_remembered() {
    let w = World::new();
    let id = w.store.begin_scan(&env(), w.store.now()).unwrap();
    let seen = |n: i64, accepted: bool| Observation {
        resource_type: "aws_vpc".into(),
        resource_id: "main".into(),
        observed_at: at(START + n),
        value: Masked::trusted(json!(n)),
        accepted,
        followed: false,
    };
    for (n, accepted) in [(1, true), (2, false), (3, false)] {
        w.store.observe(id, &env(), vec![seen(n, accepted)]).unwrap();
    }
    assert_eq!(w.store.observations(&env(), "aws_vpc", "main", 10).unwrap().len(), 3);
    let remembered = w.store.remembered(&env(), "aws_vpc", "main").unwrap().unwrap();
    assert_eq!((remembered.value.value(), remembered.followed), (&json!(1), true));
    w.store.observe(id, &env(), vec![seen(3, true)]).unwrap();
    assert_eq!(w.store.remembered(&env(), "aws_vpc", "main").unwrap().unwrap().value.value(), &json!(3));
}

#[test]
fn the_last_scan_is_remembered() {
    let w = World::new();
    assert_eq!(w.store.last_scan(&env()).unwrap(), None);
    let (_, summary, _) = w.scan(&[finding("web", &["x"])]);
    assert_eq!(summary.new, 1);
    for _ in 0..210 {
        w.scan(&[]);
    }
    let w = w.reopen();
    assert!(w.store.last_scan(&env()).unwrap().unwrap().finished_at > summary.finished_at);
    assert_eq!(w.store.engine.as_sled().tree(Tree::Scans).len(), 200);
}

#[test]
fn advice_that_an_exception_carried_out_is_to_be_done_once_more_when_the_exception_is_over() {
    let w = World::new();
    let advice: Recommendation = serde_json::from_value(json!({
        "recommendation_type": "accept_exception", "priority": "low", "confidence_score": 0.9, "rationale": "it is known",
        "implementation_steps": [], "risk_assessment": {"success_probability": 0.9, "potential_impacts": []},
        "estimated_effort": "minutes", "recommended_by": "ml_model", "created_at": at(START),
        "expires_at": null, "implemented_at": null, "implementation_result": null
    }))
    .unwrap();
    let mut found = finding("web", &["ingress"]);
    found.recommendations = vec![advice];
    let id = w.one(&found).id;
    let until = Some(at(START + 600_000_000));
    let receipt = w.decide(id, TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until }).unwrap();
    let [done] = receipt.drifts[0].recommendations.as_slice() else { panic!("{receipt:?}") };
    assert_eq!(done.settled_by, Some(Settlement { by: "alice".into(), seq: receipt.seq }));
    assert!(done.implemented_at.is_some() && done.implementation_result.is_some());
    w.pass(700);
    let again = w.one(&found);
    let [open] = again.recommendations.as_slice() else { panic!("{again:?}") };
    assert_eq!((open.implemented_at, open.settled_by.clone(), &open.implementation_result), (None, None, &None));
    w.assert_sound();
}

const DAY: i64 = 86_400;

/// Given by a scan at the start; good for a day, and as an exception for two.
fn good_for_a_while(kind: &str) -> Recommendation {
    let day = |days: i64| at(START + days * DAY * 1_000_000);
    let accept_until = (kind == "accept_exception").then(|| day(2));
    serde_json::from_value(json!({
        "recommendation_type": kind, "priority": "low", "confidence_score": 0.9, "rationale": "it is known",
        "implementation_steps": [], "risk_assessment": {"success_probability": 0.9, "potential_impacts": []},
        "estimated_effort": "minutes", "recommended_by": "ml_model", "created_at": day(0),
        "expires_at": day(1), "implemented_at": null, "implementation_result": null, "accept_until": accept_until
    }))
    .unwrap()
}

#[test]
fn advice_that_is_renewed_proposes_its_exception_for_as_long_again() {
    let w = World::new();
    let mut found = finding("web", &["ingress"]);
    found.recommendations = vec![good_for_a_while("accept_exception")];
    let seen = w.one(&found);
    let mut analysis = seen.analysis.clone();
    analysis.cause.is_informed = true;
    w.store.advise(seen.id, seen.version, &analysis, &seen.recommendations).unwrap();
    for _ in 0..3 {
        w.pass(DAY + 60);
        let again = w.one(&found).recommendations.remove(0);
        let ends = [again.expires_at, again.accept_until].map(|end| end.unwrap().duration_since(again.created_at));
        assert_eq!(ends.map(|length| length.as_secs()), [DAY, 2 * DAY], "{again:?}");
        assert!(again.created_at > seen.recommendations[0].created_at);
    }
    // Renewed by a version that left the exception's end behind: it ends, and not before it begins.
    let now = w.one(&found);
    let mut late = now.recommendations.clone();
    late[0].accept_until = Some(at(START));
    w.store.advise(now.id, now.version, &analysis, &late).unwrap();
    let again = w.one(&found).recommendations.remove(0);
    assert!(again.accept_until > Some(again.created_at) && again.accept_until <= again.expires_at, "{again:?}");
}

#[test]
fn what_somebody_put_aside_stays_aside_when_a_scan_gives_it_once_more() {
    let w = World::new();
    let mut found = finding("web", &["ingress"]);
    found.recommendations = vec![good_for_a_while("auto_revert")];
    let seen = w.one(&found);
    let mut put_aside = seen.recommendations.clone();
    put_aside[0].implementation_result = Some("advice auto_revert dismissed: INC-1".into());
    w.store.advise(seen.id, seen.version, &seen.analysis, &put_aside).unwrap();
    w.pass(DAY + 60);
    let again = w.one(&found).recommendations.remove(0);
    assert_eq!(again.dismissal().as_deref(), Some("dismissed: INC-1"));
}
