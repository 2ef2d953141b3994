//! A write that is sent again, because no answer came, is done once: after a restart, after a crash, whoever keeps the store.

use std::sync::Arc;

use driftguard::drift::{
    ContextId, DriftEvent, IgnoreRule, Once, RuleId, RuleRequest, RuleVerb, State, TriageRequest, TriageVerb,
};
use driftguard::store::{OpenMode, Store, StoreError, open};

use super::store::{all, finding, note, scan};

fn named(request: TriageRequest, key: &str, asked: &str) -> TriageRequest {
    TriageRequest { once: Some(Once::new(key, asked)), ..request }
}

fn entries(store: &dyn Store) -> usize {
    store.audit(1_000).unwrap().len()
}

fn rule(about: &DriftEvent) -> IgnoreRule {
    IgnoreRule {
        id: RuleId::generate(),
        environment: None,
        resource_type: None,
        resource_id: Some(about.resource.resource_id.clone()),
        path: None,
        value: None,
        actor: None,
        reason: "known".into(),
        owner: "alice".into(),
        created_at: jiff::Timestamp::now(),
        expires_at: None,
    }
}

/// What holds of any store; `reopen` gives the same one anew.
pub(crate) fn is_done_once(store: Arc<dyn Store>, reopen: impl Fn() -> Arc<dyn Store>) {
    scan(store.as_ref(), ["a", "b"].map(finding).to_vec());
    let [one, two] = [&all(store.as_ref())[0], &all(store.as_ref())[1]].map(Clone::clone);
    let say = |text: &str| named(note(one.id, text), "acme/erin\nk1", "say");
    let first = store.decide(say("once")).unwrap();
    let told = entries(store.as_ref());
    // Somebody else decides meanwhile: the receipt shows the drift as it is now.
    store.decide(named(note(one.id, "between"), "k2", "other")).unwrap();
    let again = store.decide(TriageRequest { expected_version: Some(one.version), ..say("once") }).unwrap();
    assert_eq!((again.seq, again.drifts[0].note_count, entries(store.as_ref())), (first.seq, 2, told + 1));
    let other = store.decide(named(note(two.id, "?"), "acme/erin\nk1", "something else"));
    assert!(matches!(other, Err(StoreError::Reused)), "{other:?}");

    // What was refused was not done, and may be asked under the same key.
    let late = TriageRequest { expected_version: Some(99), ..named(note(two.id, "late"), "k3", "late") };
    assert!(matches!(store.decide(late.clone()), Err(StoreError::Conflict { .. })));
    store.decide(TriageRequest { expected_version: None, ..late }).unwrap();

    // Several at once: each has its part of the name.
    let bulk = Once::new("k4", "both");
    let both = |verb: TriageVerb| {
        let of = |(at, id)| TriageRequest { verb: verb.clone(), once: Some(bulk.part(at)), ..note(id, "") };
        [one.id, two.id].into_iter().enumerate().map(of).collect::<Vec<_>>()
    };
    let done = store.decide_many(both(TriageVerb::Acknowledge));
    let before = entries(store.as_ref());
    let seqs = |all: Vec<Result<driftguard::store::Receipt, StoreError>>| {
        all.into_iter().map(|receipt| receipt.unwrap().seq).collect::<Vec<_>>()
    };
    let seqs_done = seqs(done);
    assert_eq!(seqs(store.decide_many(both(TriageVerb::Acknowledge))), seqs_done);
    assert_eq!(entries(store.as_ref()), before);

    // Rules: made on a drift, changed, and all of it again after the store was opened anew.
    let hide = rule(&two);
    let made =
        named(TriageRequest { verb: TriageVerb::Ignore { rule: hide.clone() }, ..note(two.id, "") }, "k5", "hide");
    let hid = store.decide(made.clone()).unwrap();
    assert!(hid.drifts.iter().any(|drift| drift.id == two.id && drift.state == State::Ignored));
    let gone = RuleRequest {
        rule: hide.id,
        verb: RuleVerb::Delete,
        reason: None,
        actor: "bob".into(),
        expected: Some(hide),
        once: Some(Once::new("k6", "delete")),
    };
    let deleted = store.change_rule(gone.clone()).unwrap();
    let before = entries(store.as_ref());
    drop(store);
    let store = reopen();
    assert_eq!(store.decide(say("once")).unwrap().seq, first.seq);
    assert_eq!(store.decide(made).unwrap().seq, hid.seq);
    assert_eq!(store.change_rule(gone.clone()).unwrap().seq, deleted.seq);
    let reused = store.change_rule(RuleRequest { once: Some(Once::new("k6", "?")), ..gone });
    assert!(matches!(reused, Err(StoreError::Reused)));
    assert_eq!(entries(store.as_ref()), before);
    assert!(store.ignore_rules().unwrap().is_empty(), "it was not made again");
    assert_eq!(store.verify().unwrap().faults, Vec::<String>::new());
}

#[test]
fn a_write_sent_again_is_done_once_on_sled() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    is_done_once(open(&path, OpenMode::ReadWrite).unwrap().store, || open(&path, OpenMode::ReadWrite).unwrap().store);
    let path = path.join("journal");
    let kept = std::fs::read(path.join("000001.dgj")).unwrap();
    let holds = |text: &str| kept.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    assert!(holds("\"once\"") && !holds("something else") && !holds("acme/erin"), "a name is kept by its hash");
}

#[test]
fn a_mark_ended_again_at_the_same_moment_has_ended_once() {
    use driftguard::drift::{ContextData, ContextSource, ContextType, OperationalContext, TimeWindow};
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("store"), OpenMode::ReadWrite).unwrap().store;
    let from = jiff::Timestamp::now();
    let mark = OperationalContext {
        id: ContextId::generate(),
        context_type: ContextType::Maintenance,
        context_data: ContextData { title: "work".into(), ..ContextData::default() },
        incident_impact: None,
        time_window: TimeWindow { from, to: None },
        environments: vec![],
        source: ContextSource::Person,
    };
    (0..2).for_each(|_| store.put_context(&mark, &"alice".into()).unwrap());
    (0..2).for_each(|_| {
        assert_eq!(store.end_context(mark.id, from, &"alice".into()).unwrap().time_window.to, Some(from))
    });
    assert_eq!(entries(store.as_ref()), 2);
}
