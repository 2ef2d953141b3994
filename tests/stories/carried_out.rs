//! Settling a drift as it was advised carries the advice out: on files and in a database, one by one and in bulk, until it is taken
//! back, and over everything a store lives through.

use std::sync::Arc;

use driftguard::drift::*;
use driftguard::store::{OpenMode, Store, open};
use jiff::Timestamp;

use super::approving::advice;
use super::postgres::Database;
use super::store::{all, env, finding, home, write};

fn advised(id: &str) -> Finding {
    let mut one = finding(id);
    one.recommendations = vec![Recommendation { created_at: Timestamp::UNIX_EPOCH, ..advice() }];
    one
}

fn scan(store: &dyn Store, ids: &[&str]) {
    let now = Timestamp::now();
    let id = store.begin_scan(&env(), now).unwrap();
    store.record(id, ids.iter().map(|id| advised(id)).collect()).unwrap();
    store.finish_scan(id, ScanSummary::of_nothing(id, env(), now)).unwrap();
}

fn event(store: &dyn Store, id: &str) -> DriftEvent {
    all(store).into_iter().find(|event| event.resource.resource_id.raw() == id).unwrap()
}

fn asked(drift: DriftId, verb: TriageVerb) -> TriageRequest {
    let (reason, actor) = (Some("agreed".into()), "bob".into());
    TriageRequest { drift, verb, reason, actor, expected_version: None, once: None }
}

fn settle(resolution_type: ResolutionType) -> TriageVerb {
    TriageVerb::Resolve { resolution_type, until: None }
}

/// By whom and by which decision each piece of advice was carried out, with what is said of it.
fn done(event: &DriftEvent) -> Vec<Option<(String, u64, String)>> {
    let of = |one: &Recommendation| {
        assert_eq!(one.implemented_at.is_some(), one.settled_by.is_some(), "{one:?}");
        let Settlement { by, seq } = one.settled_by.clone()?;
        Some((by.raw().to_owned(), seq, one.implementation_result.as_ref().unwrap().raw().to_owned()))
    };
    event.recommendations.iter().map(of).collect()
}

fn adoption(store: &dyn Store) -> (u64, u64) {
    let days = store.daily(&[], 2).unwrap();
    (days.iter().map(|day| day.followed_drifts).sum(), days.iter().map(|day| day.advised_drifts).sum())
}

/// Of two changes; on all of them and one by one.
fn its_changes_are_settled(store: &dyn Store) {
    store.put_environment(&home()).unwrap();
    let mut two = advised("e");
    two.changes.push(Change { path: "tags.Team".into(), ..two.changes[0].clone() });
    let see = || {
        let now = Timestamp::now();
        let id = store.begin_scan(&env(), now).unwrap();
        store.record(id, vec![two.clone()]).unwrap();
        store.finish_scan(id, ScanSummary::of_nothing(id, env(), now)).unwrap();
    };
    see();
    let id = event(store, "e").id;
    let settle = |path: &str, resolution_type| {
        let paths = vec![path.into()];
        store.decide(asked(id, TriageVerb::SettleChanges { paths, resolution_type, until: None })).unwrap()
    };
    settle("cidr_block", ResolutionType::CodifyIac);
    assert_eq!((done(&event(store, "e")), adoption(store)), (vec![None], (0, 1)), "one change is open still");
    let last = settle("tags.Team", ResolutionType::CodifyIac);
    let said = Some(("bob".to_owned(), last.seq, "settled as codify_iac: agreed".to_owned()));
    assert_eq!(done(&last.drifts[0]), std::slice::from_ref(&said));
    assert_eq!(adoption(store), (1, 1));
    let version = event(store, "e").version;
    see();
    assert_eq!((done(&event(store, "e")), event(store, "e").version), (vec![said.clone()], version));

    let back = store.decide(asked(id, TriageVerb::Undo { seq: last.seq })).unwrap();
    assert_eq!(
        (done(&back.drifts[0]), adoption(store)),
        (vec![None], (0, 1)),
        "what is taken back was not carried out"
    );
    settle("tags.Team", ResolutionType::Accepted);
    assert_eq!(done(&event(store, "e")), [None], "only a part of it was codified");
    let last = settle("tags.Team", ResolutionType::CodifyIac);
    assert!(matches!(&done(&last.drifts[0])[..], [Some((_, seq, _))] if *seq == last.seq));
    store.decide(asked(id, TriageVerb::ReopenChanges { paths: vec!["cidr_block".into()] })).unwrap();
    assert_eq!((done(&event(store, "e")), adoption(store)), (vec![None], (0, 1)));
    let last = settle("cidr_block", ResolutionType::CodifyIac);
    assert_eq!(store.verify().unwrap().faults, Vec::<String>::new());

    // Gone, it stays done; come back, it is to be done once more.
    scan(store, &[]);
    assert!(matches!(&done(&event(store, "e"))[..], [Some((_, seq, _))] if *seq == last.seq));
    see();
    assert_eq!(done(&event(store, "e")), [None]);
    assert_eq!(store.verify().unwrap().faults, Vec::<String>::new());
}

#[test]
fn settling_the_last_of_its_changes_as_advised_carries_the_advice_out_over_files() {
    let dir = tempfile::tempdir().unwrap();
    its_changes_are_settled(write(&dir.path().join("store")).store.as_ref());
}

#[test]
fn settling_the_last_of_its_changes_as_advised_carries_the_advice_out_over_a_database() {
    let Some(database) = Database::new() else { return };
    its_changes_are_settled(database.open("acme").as_ref());
}

fn lives_with_its_store(store: &dyn Store, other: &dyn Store) {
    store.put_environment(&home()).unwrap();
    scan(store, &["a", "b", "c", "d"]);
    let of = |id: &str| event(store, id);
    assert_eq!(adoption(store), (0, 4));

    let receipt = store.decide(asked(of("a").id, settle(ResolutionType::CodifyIac))).unwrap();
    let said = Some(("bob".to_owned(), receipt.seq, "settled as codify_iac: agreed".to_owned()));
    assert_eq!(done(&receipt.drifts[0]), std::slice::from_ref(&said));
    let settled = of("a");
    assert_eq!(settled.recommendations[0].implemented_at, settled.decision.as_ref().map(|one| one.at));
    store.decide(asked(of("b").id, settle(ResolutionType::Accepted))).unwrap();
    assert_eq!(done(&of("b")), [None], "it was advised to codify");
    let both = ["c", "d"].map(|id| asked(of(id).id, settle(ResolutionType::CodifyIac)));
    let seqs: Vec<u64> = store.decide_many(both.to_vec()).into_iter().map(|one| one.unwrap().seq).collect();
    assert!(["c", "d"].iter().all(|id| done(&of(id))[0].is_some()));
    assert_eq!(adoption(store), (3, 4));

    let back = store.decide(asked(of("c").id, TriageVerb::Undo { seq: seqs[0] })).unwrap();
    assert_eq!(done(&back.drifts[0]), [None], "what is taken back was not carried out");
    assert_eq!((back.drifts[0].recommendations[0].implementation_result.clone(), adoption(store)), (None, (2, 4)));
    store.decide(asked(of("d").id, TriageVerb::Reopen)).unwrap();
    assert_eq!((done(&of("d")), adoption(store)), (vec![None], (1, 4)));

    // What a person advised is carried out, too, and stays advised when that is taken back.
    let new = NewAdvice {
        recommendation_type: RecommendationType::EscalateReview,
        priority: Priority::High,
        rationale: "the owners must know".into(),
        steps: vec![],
        estimated_effort: Effort::Minutes,
        expires_at: None,
    };
    store.decide(asked(of("d").id, TriageVerb::Advise { advice: Box::new(new) })).unwrap();
    let escalated = store.decide(asked(of("d").id, settle(ResolutionType::Escalated))).unwrap();
    assert!(matches!(&done(&of("d"))[..], [None, Some((by, seq, _))] if by == "bob" && *seq == escalated.seq));
    store.decide(asked(of("d").id, TriageVerb::Undo { seq: escalated.seq })).unwrap();
    assert_eq!(done(&of("d")), [None, None]);

    // Scans that see it again leave it, and its version, alone.
    let version = of("a").version;
    scan(store, &["a", "b", "c", "d"]);
    assert_eq!((done(&of("a")), of("a").version), (vec![said.clone()], version));
    assert_eq!(store.verify().unwrap().faults, Vec::<String>::new());

    let mut out = vec![];
    store.export(&mut out).unwrap();
    other.import(&mut &out[..]).unwrap();
    assert_eq!(event(other, "a"), of("a"));
    assert_eq!((adoption(other), other.verify().unwrap().faults), (adoption(store), vec![]));

    // Gone, it stays done; come back, it is to be done once more.
    scan(store, &["b", "c", "d"]);
    assert_eq!(done(&of("a")), [said]);
    scan(store, &["a", "b", "c", "d"]);
    assert_eq!((of("a").state, done(&of("a"))), (State::Open, vec![None]));
}

#[test]
fn settling_as_advised_carries_the_advice_out_over_files() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [store, other]: [Arc<dyn Store>; 2] =
        [0, 1].map(|at: usize| open(&dirs[at].path().join("store"), OpenMode::ReadWrite).unwrap().store);
    lives_with_its_store(store.as_ref(), other.as_ref());
    let before = event(store.as_ref(), "a");
    drop(store);
    let again = write(&dirs[0].path().join("store")).store;
    assert_eq!(event(again.as_ref(), "a"), before);
}

#[test]
fn settling_as_advised_carries_the_advice_out_over_a_database() {
    let Some(database) = Database::new() else { return };
    lives_with_its_store(database.open("acme").as_ref(), database.open("other").as_ref());
}
