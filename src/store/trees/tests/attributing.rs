//! Who a drift is put down to.

use super::*;

pub(super) fn bob(paths: &[&str]) -> Attribution {
    Attribution {
        actor: "bob".into(),
        identity: "arn:aws:iam::123456789012:user/bob".into(),
        class: Some(ActorClass::Console),
        class_reason: "said so".into(),
        at: at(START),
        event: "AuthorizeSecurityGroupIngress".into(),
        source: "ec2.amazonaws.com".into(),
        event_id: "e".into(),
        address: "203.0.113.9".into(),
        user_agent: "console.amazonaws.com".into(),
        paths: paths.iter().map(|path| (*path).into()).collect(),
        reason: "it changes ingress".into(),
        is_likely: false,
        taken_back: vec![],
        ended_otherwise: 0,
    }
}

fn blamed(event: &DriftEvent) -> Vec<&str> {
    assert_eq!(event.attribution.is_some(), !event.analysis.changed_by.is_empty());
    event.analysis.changed_by.iter().map(Tainted::raw).collect()
}

#[test]
fn whoever_made_a_drift_made_it_until_it_changes_or_comes_back() {
    let w = World::new();
    let web = finding("web", &["ingress"]);
    let first = w.one(&web);
    let put = w.store.attribute(first.id, &bob(&["ingress"])).unwrap();
    assert_eq!((blamed(&put), put.version), (vec!["bob"], first.version), "a decision made meanwhile still holds");
    assert_eq!(blamed(&w.one(&web)), ["bob"], "seen again");
    let w = w.reopen();
    assert_eq!(blamed(&w.get(first.id)), ["bob"], "after a restart");

    let mut other = web.clone();
    other.changes[0].actual = Some(Masked::trusted(json!("0.0.0.0/0")));
    assert!(blamed(&w.one(&other)).is_empty(), "another value, another hand");
    w.store.attribute(first.id, &bob(&["ingress"])).unwrap();
    w.scan(&[]);
    assert!(blamed(&w.one(&other)).is_empty(), "come back");
    w.assert_sound();
}

#[test]
fn the_scan_before_a_moment_is_the_last_one_that_was_done_by_then() {
    let w = World::new();
    assert!(w.store.scan_before(&env(), w.store.now()).unwrap().is_none());
    let (_, first, _) = w.scan(&[]);
    w.pass(60);
    w.scan_as(&[], ScanStage::Failed, Completeness::Complete);
    w.pass(60);
    let found = w.store.scan_before(&env(), w.store.now()).unwrap().unwrap();
    assert_eq!(found.id, first.id, "one that failed saw nothing for certain");
    w.scan(&[]);
    assert_eq!(w.store.scan_before(&env(), first.finished_at).unwrap().unwrap().id, first.id);
}

#[test]
fn when_a_drift_happened_stays_known_through_scans_that_did_not_ask_until_it_changes() {
    let w = World::new();
    let web = finding("web", &["ingress"]);
    let first = w.one(&web);
    let mut analysis = first.analysis.clone();
    let known: TemporalContext = serde_json::from_value(json!({"from": at(START), "until": at(START)})).unwrap();
    analysis.cause.temporal_context = Some(Box::new(known.clone()));
    w.store.rethink(first.id, first.version, &analysis, &first.recommendations).unwrap();
    let seen = w.one(&web);
    assert_eq!(seen.analysis.cause.temporal_context.as_deref(), Some(&known), "seen again");
    assert_eq!(seen.version, first.version, "nobody sees anything else");
    let w = w.reopen();
    assert_eq!(w.get(first.id).analysis.cause.temporal_context.as_deref(), Some(&known), "after a restart");
    let mut other = web.clone();
    other.changes[0].actual = Some(Masked::trusted(json!("0.0.0.0/0")));
    assert_eq!(w.one(&other).analysis.cause.temporal_context, None, "another value, another moment");
}
