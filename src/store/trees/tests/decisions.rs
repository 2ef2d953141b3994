//! Decisions and taking them back.

use super::*;

fn verbs() -> Vec<TriageVerb> {
    let until = at(START + 3_600_000_000);
    vec![
        TriageVerb::Acknowledge,
        TriageVerb::Snooze { until },
        TriageVerb::Assign { to: Some("bob".into()) },
        TriageVerb::Resolve { resolution_type: ResolutionType::AutoRevert, until: None },
        TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until: Some(until) },
        TriageVerb::Note { text: "looked at it".into() },
        TriageVerb::Ignore { rule: rule(Some("w*"), None, Some(until)) },
        TriageVerb::Ignore { rule: rule(None, Some("ingress"), None) },
        TriageVerb::Ignore { rule: rule(None, Some("tags"), None) },
        TriageVerb::Reopen,
    ]
}

/// Everything but the version, which never goes back.
fn content(w: &World, id: DriftId) -> DriftDetail {
    let mut detail = w.store.drift(id).unwrap();
    (detail.event.version, detail.history) = (0, Vec::new());
    detail
}

#[test]
fn every_verb_is_audited_and_undo_restores_exactly_what_was() {
    for verb in verbs() {
        let w = World::new();
        let id = w.one(&finding("web", &["ingress", "tags"])).id;
        if verb == TriageVerb::Reopen {
            w.decide(id, TriageVerb::Acknowledge).unwrap();
        }
        let (before, counts) = (content(&w, id), w.store.open_counts(&env()).unwrap());
        w.pass(5);
        let receipt = w.decide(id, verb.clone()).unwrap();
        assert_ne!(content(&w, id), before, "{verb:?}");
        assert!(receipt.drifts.iter().any(|e| e == &w.get(id)), "the receipt shows it as it is now");
        w.assert_sound();
        let undo = w.decide(id, TriageVerb::Undo { seq: receipt.seq }).unwrap();
        assert_eq!((content(&w, id), w.store.open_counts(&env()).unwrap()), (before, counts), "{verb:?}");
        let history = w.store.drift(id).unwrap().history;
        assert_eq!((history[0].action.as_str(), history[1].undone_by), ("undo", Some(undo.seq)));
        assert_eq!((history[1].actor.raw(), history[1].action.as_str()), ("alice", verb.as_str()));
        w.assert_sound();
        assert!(w.store.ignore_rules().unwrap().is_empty());
        let w = w.reopen();
        assert!(w.store.ignore_rules().unwrap().is_empty());
        w.assert_sound();
    }
}

#[test]
fn an_undo_is_refused_when_it_makes_no_sense() {
    let w = World::new();
    let id = w.one(&finding("web", &["ingress"])).id;
    let other = w.scan(&[finding("web", &["ingress"]), finding("db", &["ingress"])]).0;
    let Recorded::New(other) = &other[1] else { panic!("{other:?}") };
    let first = w.decide(id, TriageVerb::Acknowledge).unwrap().seq;
    let second = w.decide(id, TriageVerb::Snooze { until: at(START + 3_600_000_000) }).unwrap().seq;
    let undo = |seq| w.decide(id, TriageVerb::Undo { seq });
    assert!(undo(first).unwrap_err().to_string().contains("followed by 2 (snooze)"));
    assert!(w.decide(other.id, TriageVerb::Undo { seq: first }).is_err(), "not its decision");
    let third = undo(second).unwrap().seq;
    assert!(undo(second).unwrap_err().to_string().contains("taken back already"));
    assert!(undo(third).unwrap_err().to_string().contains("an undo cannot be taken back"));
    // A note and an assignment do not stand in the way of the state.
    w.decide(id, TriageVerb::Note { text: "n".into() }).unwrap();
    w.decide(id, TriageVerb::Assign { to: Some("bob".into()) }).unwrap();
    undo(first).unwrap();
    let event = w.get(id);
    assert_eq!((event.state, event.note_count, event.assignee), (State::Open, 1, Some("bob".into())));
    let snooze = w.decide(id, TriageVerb::Acknowledge).unwrap().seq;
    w.scan(&[finding("db", &["ingress"])]);
    assert!(undo(snooze).unwrap_err().to_string().contains("closed since"));
    assert!(undo(999).is_err());
}

#[test]
fn a_decision_on_a_drift_that_moved_on_is_a_conflict() {
    let w = World::new();
    let event = w.one(&finding("web", &["ingress"]));
    w.decide(event.id, TriageVerb::Acknowledge).unwrap();
    let request = TriageRequest {
        drift: event.id,
        verb: TriageVerb::Reopen,
        reason: None,
        actor: "bob".into(),
        expected_version: Some(event.version),
        once: None,
    };
    match w.store.decide(request) {
        Err(StoreError::Conflict { expected, current }) => assert_eq!((expected, current), (1, 2)),
        other => panic!("{other:?}"),
    }
    assert_eq!(w.get(event.id).state, State::Acknowledged);
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let w = World::new();
    let id = w.one(&finding("web", &["ingress"])).id;
    let past = at(START - 1);
    let future = Some(at(START + 3_600_000_000));
    let bad_rule = |change: fn(&mut IgnoreRule)| {
        let mut rule = rule(Some("web"), None, None);
        change(&mut rule);
        TriageVerb::Ignore { rule }
    };
    for verb in [
        TriageVerb::Snooze { until: past },
        TriageVerb::Reopen,
        TriageVerb::Note { text: "  ".into() },
        TriageVerb::Resolve { resolution_type: ResolutionType::AutoRevert, until: future },
        TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until: Some(past) },
        bad_rule(|r| r.reason = "".into()),
        bad_rule(|r| r.resource_id = None),
        bad_rule(|r| r.resource_id = Some("[".into())),
        bad_rule(|r| r.resource_id = Some("db".into())),
        bad_rule(|r| r.expires_at = Some(at(START - 1))),
    ] {
        assert!(matches!(w.decide(id, verb.clone()), Err(StoreError::Invalid(_))), "{verb:?}");
    }
    assert!(matches!(w.decide(DriftId::generate(), TriageVerb::Reopen), Err(StoreError::NotFound(_))));
    assert_eq!((w.get(id).version, w.store.audit(9).unwrap().len()), (1, 0));
    w.scan(&[]);
    assert!(w.decide(id, TriageVerb::Acknowledge).unwrap_err().to_string().contains("closed"));
    w.decide(id, TriageVerb::Note { text: "was it the deploy?".into() }).unwrap();
}

#[test]
fn the_audit_trail_counts_without_gaps_and_never_back_in_time() {
    let w = World::new();
    let id = w.one(&finding("web", &["ingress"])).id;
    for n in 0..20 {
        w.pass(if n % 2 == 0 { -60 } else { 30 });
        w.decide(id, TriageVerb::Note { text: Tainted::from(format!("note {n}")) }).unwrap();
    }
    let w = w.reopen();
    w.decide(id, TriageVerb::Acknowledge).unwrap();
    let audit = w.store.audit(100).unwrap();
    assert_eq!(audit.iter().map(|a| a.seq).collect::<Vec<_>>(), (1..=21).rev().collect::<Vec<_>>());
    assert!(audit.windows(2).all(|pair| pair[0].timestamp > pair[1].timestamp));
}

#[test]
fn environments_are_audited_when_they_change() {
    let w = World::new();
    let mut environment = Environment {
        organization: Slug::from_text("local"),
        slug: env(),
        name: "Production".into(),
        cloud_provider: CloudProvider::Aws,
        region: "eu-west-1".into(),
        account_id: "1".into(),
        tags: Default::default(),
        is_active: true,
        created_at: at(START),
        updated_at: at(START),
    };
    w.store.put_environment(&environment).unwrap();
    w.store.put_environment(&environment).unwrap();
    environment.region = "eu-west-2".into();
    w.store.put_environment(&environment).unwrap();
    let w = w.reopen();
    assert_eq!(w.store.environments().unwrap(), [environment]);
    let actions: Vec<String> = w.store.audit(9).unwrap().into_iter().map(|a| a.action).collect();
    assert_eq!(actions, ["environment_changed", "environment_added"]);
}
