//! Decisions on single changes.

use proptest::prelude::*;

use super::*;

const HOUR: i64 = 3600;

fn paths(names: &[&str]) -> Vec<PropertyPath> {
    names.iter().map(|name| (*name).into()).collect()
}

fn settle(names: &[&str], resolution_type: ResolutionType, until: Option<Timestamp>) -> TriageVerb {
    TriageVerb::SettleChanges { paths: paths(names), resolution_type, until }
}

fn accept(names: &[&str]) -> TriageVerb {
    settle(names, ResolutionType::Accepted, None)
}

fn reopen(names: &[&str]) -> TriageVerb {
    TriageVerb::ReopenChanges { paths: paths(names) }
}

/// The finding with another live value at `path`.
fn with_value(mut finding: Finding, path: &str, value: &str) -> Finding {
    let change = finding.changes.iter_mut().find(|change| change.path.raw() == path).unwrap();
    change.actual = Some(Masked::trusted(json!(value)));
    finding
}

fn settled(w: &World, id: DriftId) -> Vec<String> {
    let now = w.store.now();
    let event = w.get(id);
    let is_settled = |change: &&Change| event.settled_change(&change.path, now).is_some();
    event.changes.iter().filter(is_settled).map(|change| change.path.raw().to_owned()).collect()
}

fn state(w: &World, id: DriftId) -> State {
    w.get(id).state_at(w.store.now())
}

fn actions(w: &World, id: DriftId) -> Vec<String> {
    w.store.drift(id).unwrap().history.into_iter().map(|entry| entry.action).collect()
}

#[test]
fn one_change_is_reverted_one_accepted_until_friday_and_the_third_stays_open() {
    let w = World::new();
    let id = w.one(&finding("web", &["description", "tags.a", "tags.b"])).id;
    let friday = at(START) + jiff::SignedDuration::from_hours(24);
    w.decide(id, settle(&["description"], ResolutionType::AutoRevert, None)).unwrap();
    w.decide(id, settle(&["tags.a"], ResolutionType::Accepted, Some(friday))).unwrap();
    assert_eq!(settled(&w, id), ["description", "tags.a"]);
    assert_eq!((state(&w, id), w.open_ids(), w.open_count()), (State::Open, vec![id], 1));
    let receipt = w.decide(id, settle(&["tags.b"], ResolutionType::Escalated, None)).unwrap();
    assert_eq!((state(&w, id), w.open_ids(), w.open_count()), (State::Resolved, vec![], 0));
    let last = w.store.audit(1).unwrap().remove(0);
    assert_eq!((last.seq, last.old_state, last.new_state), (receipt.seq, Some(State::Open), Some(State::Resolved)));
    let resolved = w.page(DriftFilter { states: vec![State::Resolved], ..DriftFilter::default() });
    assert_eq!(resolved.iter().map(|e| e.id).collect::<Vec<_>>(), [id]);
    w.assert_sound();
    // Friday comes, and nobody does anything.
    w.pass(25 * HOUR);
    assert_eq!((state(&w, id), w.open_ids(), w.open_count()), (State::Open, vec![id], 1));
    assert_eq!(settled(&w, id), ["description", "tags.b"]);
    w.assert_sound();
    let w = w.reopen();
    assert_eq!((settled(&w, id), w.open_count()), (vec!["description".to_owned(), "tags.b".into()], 1));
    w.assert_sound();
}

#[test]
fn an_acceptance_lapses_with_its_value_and_the_history_says_so() {
    let w = World::new();
    let seen = finding("web", &["x", "y"]);
    let id = w.one(&seen).id;
    let decision = w.decide(id, accept(&["x", "y"])).unwrap().seq;
    assert!(matches!(w.scan(std::slice::from_ref(&seen)).0[0], Recorded::SeenAgain(_)));
    assert_eq!((state(&w, id), w.open_count()), (State::Resolved, 0));
    let (recorded, summary, _) = w.scan(&[with_value(seen.clone(), "x", "c")]);
    assert!(matches!(&recorded[0], Recorded::Reopened(e) if e.id == id), "{recorded:?}");
    assert_eq!((summary.new, summary.regressed, w.open_count()), (0, 0, 1));
    assert_eq!(
        (settled(&w, id), actions(&w, id)),
        (vec!["y".to_owned()], vec!["lapsed".into(), "settle_changes".into()])
    );
    assert!(w.store.audit(1).unwrap()[0].reason.as_ref().unwrap().raw().contains('x'));
    // The old value is not accepted again by itself.
    w.one(&seen);
    assert_eq!(settled(&w, id), ["y"]);
    w.assert_sound();
    // What still holds of the decision can be taken back; what had lapsed stays open.
    w.decide(id, TriageVerb::Undo { seq: decision }).unwrap();
    assert_eq!(settled(&w, id), Vec::<String>::new());
    let w = w.reopen();
    assert_eq!(settled(&w, id), Vec::<String>::new());
    w.assert_sound();
}

#[test]
fn a_promise_to_revert_stays_whatever_the_value_until_the_change_is_gone() {
    let w = World::new();
    let seen = finding("web", &["x", "y"]);
    let id = w.one(&seen).id;
    w.decide(id, settle(&["x"], ResolutionType::AutoRevert, None)).unwrap();
    w.one(&with_value(seen.clone(), "x", "c"));
    assert_eq!(settled(&w, id), ["x"]);
    // Reverted: the drift goes on with what is left, and what was decided about that goes with it.
    w.decide(id, accept(&["y"])).unwrap();
    let heir = w.one(&finding("web", &["y"]));
    assert_eq!((heir.id != id, settled(&w, heir.id), w.open_count()), (true, vec!["y".to_owned()], 0));
    assert_eq!(w.get(id).closure, Some(Closure::Superseded));
    assert!(actions(&w, heir.id).contains(&"took_over".to_owned()), "{:?}", actions(&w, heir.id));
    // It comes back: the promise was not kept, the acceptance holds.
    let back = w.one(&seen);
    assert_eq!((back.id, settled(&w, id), w.open_count()), (id, vec!["y".to_owned()], 1));
    w.assert_sound();
}

#[test]
fn what_was_decided_last_goes_over_and_not_what_was_decided_before_that() {
    let w = World::new();
    let id = w.one(&finding("web", &["x", "y"])).id;
    w.decide(id, accept(&["y"])).unwrap();
    let heir = w.one(&finding("web", &["y"])).id;
    w.decide(heir, reopen(&["y"])).unwrap();
    w.one(&finding("web", &["x", "y"]));
    assert_eq!((settled(&w, id), w.open_count()), (vec![], 1));
    w.assert_sound();
}

#[test]
fn an_heir_whose_changes_are_all_settled_is_no_news() {
    let w = World::new();
    let id = w.one(&finding("web", &["x", "y"])).id;
    w.decide(id, accept(&["x"])).unwrap();
    let (recorded, summary, closed) = w.scan(&[finding("web", &["x"])]);
    assert!(matches!(&recorded[0], Recorded::New(e) if e.is_resolved_by_changes(w.store.now())));
    assert_eq!((summary.new, closed.len(), w.open_count()), (0, 1, 0));
    w.assert_sound();
}

#[test]
fn decisions_about_different_changes_are_taken_back_in_any_order() {
    let w = World::new();
    let id = w.one(&finding("web", &["x", "y"])).id;
    let first = w.decide(id, accept(&["x"])).unwrap().seq;
    let second = w.decide(id, accept(&["y"])).unwrap().seq;
    let third = w.decide(id, settle(&["y"], ResolutionType::Escalated, None)).unwrap().seq;
    let undo = |seq| w.decide(id, TriageVerb::Undo { seq });
    assert!(undo(second).unwrap_err().to_string().contains("followed by 3"));
    undo(first).unwrap();
    assert_eq!(settled(&w, id), ["y"]);
    undo(third).unwrap();
    assert!(w.get(id).settled[0].is_accepted());
    undo(second).unwrap();
    assert_eq!(settled(&w, id), Vec::<String>::new());
    w.assert_sound();
}

#[test]
fn reopening_the_drift_opens_its_changes_and_can_be_taken_back() {
    let w = World::new();
    let id = w.one(&finding("web", &["x", "y"])).id;
    w.decide(id, accept(&["x", "y"])).unwrap();
    for verb in [TriageVerb::Acknowledge, TriageVerb::Snooze { until: at(START) + jiff::SignedDuration::from_hours(9) }]
    {
        assert!(w.decide(id, verb).unwrap_err().to_string().contains("each of its changes is settled"));
    }
    let seq = w.decide(id, TriageVerb::Reopen).unwrap().seq;
    assert_eq!((state(&w, id), settled(&w, id), w.open_count()), (State::Open, vec![], 1));
    w.decide(id, TriageVerb::Undo { seq }).unwrap();
    assert_eq!((state(&w, id), w.open_count()), (State::Resolved, 0));
    w.assert_sound();
}

#[test]
fn what_makes_no_sense_is_refused_and_what_is_gone_is_a_conflict() {
    let w = World::new();
    let id = w.one(&finding("web", &["x"])).id;
    let past = at(START - 1);
    for (verb, why) in [
        (accept(&[]), "at least one"),
        (settle(&["x"], ResolutionType::Escalated, Some(past)), "only an accepted"),
        (settle(&["x"], ResolutionType::Accepted, Some(past)), "in the future"),
        (reopen(&["x"]), "open already"),
    ] {
        let error = w.decide(id, verb).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
    assert!(matches!(w.decide(id, accept(&["x", "gone"])), Err(StoreError::Conflict { .. })));
    let whole = TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until: None };
    w.decide(id, whole).unwrap();
    assert!(w.decide(id, accept(&["x"])).unwrap_err().to_string().contains("as a whole"));
}

#[test]
fn the_severity_is_that_of_the_open_changes() {
    let w = World::new();
    let mut seen = finding("web", &["ingress", "tags.a"]);
    let of = |f: &Finding| crate::analysis::severity_of(&f.resource, f.drift_type, &f.changes);
    seen.analysis.severity = of(&seen);
    let alone = of(&finding("web", &["tags.a"]));
    assert!(alone.class() < seen.analysis.severity.class(), "the story needs two classes");
    let id = w.one(&seen).id;
    w.decide(id, accept(&["ingress"])).unwrap();
    assert_eq!(w.get(id).severity_class(), alone.class());
    let filter = |class| DriftFilter { severities: vec![class], ..DriftFilter::default() };
    assert_eq!(w.page(filter(alone.class())).len(), 1);
    assert_eq!(w.page(filter(seen.analysis.severity.class())).len(), 0);
    w.assert_sound();
    w.decide(id, reopen(&["ingress"])).unwrap();
    assert_eq!(w.get(id).severity_class(), seen.analysis.severity.class());
    w.assert_sound();
}

#[test]
fn a_rule_that_hides_the_open_rest_leaves_the_drift_settled_until_it_goes() {
    let w = World::new();
    let id = w.one(&finding("web", &["x", "y"])).id;
    w.decide(id, accept(&["x"])).unwrap();
    let seq = w.decide(id, TriageVerb::Ignore { rule: rule(None, Some("y"), None) }).unwrap().seq;
    assert_eq!((state(&w, id), w.open_count()), (State::Resolved, 0));
    w.assert_sound();
    w.decide(id, TriageVerb::Undo { seq }).unwrap();
    assert_eq!((state(&w, id), settled(&w, id), w.open_count()), (State::Open, vec!["x".to_owned()], 1));
    w.assert_sound();
}

#[test]
fn decisions_on_changes_survive_export_and_import_and_a_lost_tree() {
    let w = World::new();
    let seen = finding("web", &["x", "y"]);
    let id = w.one(&seen).id;
    let until = at(START) + jiff::SignedDuration::from_hours(24);
    w.decide(id, settle(&["x"], ResolutionType::Accepted, Some(until))).unwrap();
    let mut export = Vec::new();
    w.store.export(&mut export).unwrap();
    let other = World::new();
    other.store.import(&mut export.as_slice()).unwrap();
    assert_eq!(other.get(id), w.get(id));
    other.assert_sound();
    // The tree is gone, the journal is not: with the next sighting the decision is back.
    let World { store, time, dir, .. } = w;
    drop(store);
    std::fs::remove_dir_all(dir.path().join("store/tree")).unwrap();
    let (store, notices) = open_at(dir.path(), &time, Probe::default()).unwrap();
    let w = World { store, notices, time, dir };
    w.one(&seen);
    assert_eq!(settled(&w, id), ["x"]);
    w.pass(25 * HOUR);
    assert_eq!(settled(&w, id), Vec::<String>::new());
    w.assert_sound();
}

#[derive(Clone, Debug)]
enum Deed {
    Settle(Vec<usize>, ResolutionType, Option<i64>),
    Open(Vec<usize>),
    Whole(TriageVerb),
    Undo(u64),
    /// Paths that differ, and whether the first has another value.
    Scan(Vec<usize>, bool),
    Pass(i64),
    Restart,
}

const PATHS: [&str; 3] = ["ingress", "tags.a", "tags.b"];

fn some() -> impl Strategy<Value = Vec<usize>> {
    proptest::sample::subsequence(vec![0, 1, 2], 1..=3)
}

fn deed() -> impl Strategy<Value = Deed> {
    let kind = proptest::sample::select(ResolutionType::ALL.to_vec());
    let until = proptest::option::of(1..4 * HOUR);
    let whole = proptest::sample::select(vec![
        TriageVerb::Acknowledge,
        TriageVerb::Reopen,
        TriageVerb::Resolve { resolution_type: ResolutionType::AutoRevert, until: None },
    ]);
    prop_oneof![
        4 => (some(), kind, until).prop_map(|(paths, kind, until)| Deed::Settle(paths, kind, until)),
        2 => some().prop_map(Deed::Open),
        1 => whole.prop_map(Deed::Whole),
        2 => (1..12u64).prop_map(Deed::Undo),
        4 => (proptest::sample::subsequence(vec![0, 1, 2], 0..=3), any::<bool>()).prop_map(|(p, other)| Deed::Scan(p, other)),
        1 => (1..2 * HOUR).prop_map(Deed::Pass),
        1 => Just(Deed::Restart),
    ]
}

fn names(picked: &[usize]) -> Vec<&'static str> {
    picked.iter().map(|at| PATHS[*at]).collect()
}

fn carry_out(w: World, deed: Deed) -> World {
    let newest = w.page(DriftFilter::default()).into_iter().find(|event| event.state != State::Closed).map(|e| e.id);
    // Refusals are part of it: they must change nothing.
    let decide = |verb| drop(newest.map(|id| w.decide(id, verb)));
    match deed {
        Deed::Settle(picked, kind, until) => {
            let until = until.filter(|_| kind == ResolutionType::Accepted);
            let until = until.map(|seconds| w.store.now() + jiff::SignedDuration::from_secs(seconds));
            decide(settle(&names(&picked), kind, until));
        }
        Deed::Open(picked) => decide(reopen(&names(&picked))),
        Deed::Whole(verb) => decide(verb),
        Deed::Undo(seq) => decide(TriageVerb::Undo { seq }),
        Deed::Scan(picked, other) => {
            let mut seen = finding("web", &names(&picked));
            if let Some(change) = seen.changes.first_mut().filter(|_| other) {
                change.actual = Some(Masked::trusted(json!("other")));
            }
            w.scan(if picked.is_empty() { &[] } else { std::slice::from_ref(&seen) });
        }
        Deed::Pass(seconds) => w.pass(seconds),
        Deed::Restart => return w.reopen(),
    }
    w
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_counts_and_indexes_are_what_the_drifts_say(deeds in proptest::collection::vec(deed(), 1..14)) {
        let mut w = World::new();
        w.one(&finding("web", &PATHS));
        for deed in deeds {
            w = carry_out(w, deed);
            let (open, now) = (w.open_ids(), w.store.now());
            let all = w.page(DriftFilter::default());
            let waiting: Vec<DriftId> =
                all.iter().filter(|event| event.state_at(now).needs_attention()).map(|event| event.id).collect();
            prop_assert_eq!(&open, &waiting);
            prop_assert_eq!(w.open_count(), waiting.len() as u64);
            prop_assert_eq!(w.store.verify().unwrap().faults, Vec::<String>::new());
        }
    }
}
