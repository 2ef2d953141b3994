//! Many decisions at once.

use super::*;
use crate::drift::IncidentRequest;
use crate::store::probe::Step;

fn request(drift: DriftId, verb: TriageVerb) -> TriageRequest {
    TriageRequest { drift, verb, reason: None, actor: "alice".into(), expected_version: None, once: None }
}

fn many(w: &World, number: usize) -> Vec<DriftId> {
    let findings: Vec<Finding> = (0..number).map(|n| finding(&format!("r{n}"), &["x"])).collect();
    w.scan(&findings).0.into_iter().map(|recorded| recorded.into_event().id).collect()
}

/// A world and the steps its disk took.
fn counted() -> (World, Arc<std::sync::Mutex<Vec<Step>>>) {
    let steps = Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = Arc::clone(&steps);
    let world = World::with_probe(Probe::new(move |step| {
        kept.lock().unwrap().push(step);
        Ok(())
    }));
    (world, steps)
}

#[test]
fn a_thousand_decisions_are_one_sync_and_each_has_its_entry_and_its_undo() {
    let (w, steps) = counted();
    let ids = many(&w, 1000);
    steps.lock().unwrap().clear();
    let answers = w.store.decide_many(ids.iter().map(|id| request(*id, TriageVerb::Acknowledge)).collect());
    let seqs: Vec<u64> = answers.into_iter().map(|answer| answer.unwrap().seq).collect();
    use Step::*;
    assert_eq!(*steps.lock().unwrap(), [JournalWrite, JournalSync, TreeWrite, TreeFlush, TreeSync, DirSync]);
    assert_eq!(seqs, (1..=1000).collect::<Vec<u64>>());
    assert_eq!(w.page(DriftFilter { states: vec![State::Acknowledged], ..DriftFilter::default() }).len(), 500);
    assert_eq!(w.store.drift(ids[7]).unwrap().history.len(), 1);
    w.assert_sound();
    let undo = ids.iter().zip(&seqs).map(|(id, seq)| request(*id, TriageVerb::Undo { seq: *seq })).collect();
    assert!(w.store.decide_many(undo).iter().all(Result::is_ok));
    assert!(ids.iter().all(|id| w.get(*id).state == State::Open));
    w.assert_sound();
    let w = w.reopen();
    assert_eq!(w.open_count(), 1000);
    w.assert_sound();
}

#[test]
fn what_was_decided_at_once_has_one_number_and_keeps_it() {
    let w = World::new();
    let ids = many(&w, 5);
    let ack = |ids: &[DriftId]| ids.iter().map(|id| request(*id, TriageVerb::Acknowledge)).collect();
    w.store.decide_many(ack(&ids[..2]));
    w.store.decide(request(ids[2], TriageVerb::Acknowledge)).unwrap();
    w.store.decide_many(ack(&ids[3..]));
    let undo = [1, 2].map(|seq| request(ids[seq as usize - 1], TriageVerb::Undo { seq })).to_vec();
    assert!(w.store.decide_many(undo).iter().all(Result::is_ok));
    let batches = |w: &World| -> Vec<Option<u64>> {
        w.store.audit(9).unwrap().into_iter().rev().map(|entry| entry.batch).collect()
    };
    let told = [1, 1, 3, 4, 4, 6, 6].map(Some).to_vec();
    assert_eq!(batches(&w), told);
    let all =
        IncidentRequest { from: at(0), until: at(START + 3_600_000_000), environments: vec![], limit: 99, parts: 1 };
    let incident = w.store.incident(&all).unwrap();
    let decided: Vec<Option<u64>> = incident.happenings.iter().rev().filter_map(|one| one.batch.map(Some)).collect();
    assert_eq!(decided, told, "an incident knows them by it");
    let w = w.reopen();
    assert_eq!(batches(&w), told);
    w.assert_sound();
}

#[test]
fn an_entry_that_was_written_before_batches_had_numbers_is_read() {
    let w = World::new();
    let id = many(&w, 1)[0];
    w.decide(id, TriageVerb::Acknowledge).unwrap();
    let entry = w.store.audit(1).unwrap().remove(0);
    let mut old = serde_json::to_value(&entry).unwrap();
    assert_eq!(old.as_object_mut().unwrap().remove("batch"), Some(1.into()));
    let read: crate::drift::AuditEntry = serde_json::from_value(old).unwrap();
    assert_eq!(read, crate::drift::AuditEntry { batch: None, ..entry });
}

#[test]
fn one_that_is_refused_does_not_stop_the_others_and_an_order_is_kept() {
    let w = World::new();
    let ids = many(&w, 3);
    let nobody = DriftId::generate();
    let late = TriageRequest { expected_version: Some(99), ..request(ids[1], TriageVerb::Acknowledge) };
    let answers = w.store.decide_many(vec![
        request(ids[0], TriageVerb::Acknowledge),
        late,
        request(nobody, TriageVerb::Acknowledge),
        // About the same drift again: it sees the one before.
        request(ids[0], TriageVerb::Acknowledge),
        request(ids[0], TriageVerb::Reopen),
        request(ids[2], TriageVerb::Ignore { rule: rule(Some("r*"), None, None) }),
        request(ids[2], TriageVerb::Note { text: "n".into() }),
    ]);
    assert!(
        matches!(answers[1], Err(StoreError::Conflict { .. })) && matches!(answers[2], Err(StoreError::NotFound(_)))
    );
    assert!(answers[3].as_ref().unwrap_err().to_string().contains("already acknowledged"));
    let seqs: Vec<u64> = answers.iter().flatten().map(|receipt| receipt.seq).collect();
    assert_eq!((seqs, w.store.audit(9).unwrap().len()), (vec![1, 2, 3, 4], 4));
    assert_eq!((w.get(ids[0]).state, w.open_count()), (State::Ignored, 0));
    // Two decisions on one drift are taken back together, the last first.
    let undo = [3, 2].map(|seq| request(if seq == 3 { ids[2] } else { ids[0] }, TriageVerb::Undo { seq })).to_vec();
    assert!(w.store.decide_many(undo).iter().all(Result::is_ok));
    assert_eq!(w.get(ids[0]).state, State::Acknowledged);
    w.assert_sound();
}

#[test]
fn what_could_not_be_journaled_is_refused_as_a_whole_and_what_the_tree_missed_is_done_at_the_next_start() {
    for (failing, done) in [(Step::JournalSync, false), (Step::TreeWrite, true)] {
        let armed = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let on = Arc::clone(&armed);
        let w = World::with_probe(Probe::new(move |step| {
            if step == failing && on.load(Ordering::SeqCst) {
                Err(std::io::ErrorKind::StorageFull.into())
            } else {
                Ok(())
            }
        }));
        let ids = many(&w, 3);
        armed.store(true, Ordering::SeqCst);
        let settle = TriageVerb::SettleChanges {
            paths: vec!["x".into()],
            resolution_type: ResolutionType::Accepted,
            until: None,
        };
        let answers = w.store.decide_many(ids.iter().map(|id| request(*id, settle.clone())).collect());
        assert!(answers.iter().all(|answer| answer.is_ok() == done), "{failing:?}: {answers:?}");
        let w = w.reopen();
        assert_eq!(w.open_count(), if done { 0 } else { 3 }, "{failing:?}");
        w.assert_sound();
    }
}

#[test]
fn what_matches_is_listed_up_to_a_limit_and_says_whether_that_is_all() {
    let w = World::new();
    let ids = many(&w, 1203);
    let all = w.store.matching(&DriftFilter::default(), 5000).unwrap();
    assert_eq!((all.targets.len(), all.complete), (1203, true));
    let mut found: Vec<DriftId> = all.targets.iter().map(|target| target.id).collect();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), ids.len());
    for (limit, complete) in [(1, false), (500, false), (1000, false), (1202, false), (1203, true)] {
        let some = w.store.matching(&DriftFilter::default(), limit).unwrap();
        assert_eq!((some.targets.len(), some.complete), (limit, complete), "{limit}");
    }
    let none = w.store.matching(&DriftFilter { text: "nothing".into(), ..DriftFilter::default() }, 9).unwrap();
    assert!(none.targets.is_empty() && none.complete);
}

#[test]
fn people_are_those_who_decided_and_those_who_were_asked() {
    let w = World::new();
    let id = many(&w, 1)[0];
    w.decide(id, TriageVerb::Assign { to: Some("bob".into()) }).unwrap();
    w.scan(&[]);
    let names =
        |limit| -> Vec<String> { w.store.people(limit).unwrap().iter().map(|name| name.raw().to_owned()).collect() };
    assert_eq!((names(9), names(1)), (vec!["alice".to_owned(), "bob".into()], vec!["alice".to_owned()]));
}
