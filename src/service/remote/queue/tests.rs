//! What waits outlives the process, is sent in its order, and never goes without an answer or a person's word.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::api::TriageOne;
use crate::drift::{DriftEvent, DriftId, State, TriageVerb};
use crate::tui::sample::Sample;

fn request(drift: DriftId, version: Option<u64>) -> TriageOne {
    TriageOne { drift, verb: TriageVerb::Acknowledge, reason: Some("seen".into()), expected_version: version }
}

fn entry(second: i64, requests: &[TriageOne]) -> Entry {
    let at = Timestamp::from_second(second).unwrap();
    Entry::new(at, requests.iter().map(|one| (Asked::Triage(one.clone()), None)))
}

fn newer(version: u64) -> Standing {
    let (state, last_seen) = (State::Open, Timestamp::UNIX_EPOCH);
    Standing::Asks(Box::new(Newer { version, state, decision: None, assignee: None, last_seen }))
}

fn drift() -> DriftEvent {
    Sample::shared().details().swap_remove(0).event
}

#[test]
fn what_was_acknowledged_is_there_for_the_next_process_and_for_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path().join("queue")).unwrap();
    let (one, other) =
        (entry(1, &[request(DriftId::generate(), Some(3))]), entry(2, &[request(DriftId::generate(), None)]));
    for put in [&other, &one] {
        let put = put.clone();
        journal.change(|_| vec![Record::Put(put)]).unwrap();
    }
    let again = Journal::open(dir.path().join("queue")).unwrap();
    assert_eq!(again.read().unwrap().entries, [one.clone(), other]);
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&journal.path()), mode(journal.path().parent().unwrap())), (0o600, 0o700));
    assert_eq!(journal::count(dir.path()), 2);
    let left = again.change(|all| all.iter().map(|one| Record::Gone { key: one.key }).collect()).unwrap();
    assert!(left.is_empty() && std::fs::metadata(journal.path()).unwrap().len() == 0, "an empty queue takes no room");
}

#[test]
fn a_line_that_was_never_finished_was_never_acknowledged_and_the_next_one_takes_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path().to_owned()).unwrap();
    let (one, other) =
        (entry(1, &[request(DriftId::generate(), None)]), entry(2, &[request(DriftId::generate(), None)]));
    let put = one.clone();
    journal.change(|_| vec![Record::Put(put)]).unwrap();
    let mut file = std::fs::OpenOptions::new().append(true).open(journal.path()).unwrap();
    file.write_all(b"0123456789abcdef [{\"put\":{\"key\"").unwrap();
    assert_eq!(journal.read().unwrap().entries, std::slice::from_ref(&one));
    let put = other.clone();
    journal.change(|_| vec![Record::Put(put)]).unwrap();
    let held = journal.read().unwrap();
    assert_eq!((held.entries, held.damaged), (vec![one, other], 0));
}

#[test]
fn a_line_with_a_flipped_bit_is_counted_and_set_aside_and_the_others_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path().to_owned()).unwrap();
    let all: Vec<Entry> = (1..4).map(|n| entry(n, &[request(DriftId::generate(), None)])).collect();
    for put in all.clone() {
        journal.change(|_| vec![Record::Put(put)]).unwrap();
    }
    let mut text = std::fs::read(journal.path()).unwrap();
    let second = text.iter().position(|byte| *byte == b'\n').unwrap() + 60;
    text[second] ^= 1;
    std::fs::write(journal.path(), text).unwrap();
    let held = journal.read().unwrap();
    assert_eq!((held.damaged, held.entries), (1, vec![all[0].clone(), all[2].clone()]));
    journal.change(|all| all.iter().map(|one| Record::Gone { key: one.key }).collect()).unwrap();
    let aside = std::fs::read_dir(dir.path())
        .unwrap()
        .flatten()
        .filter(|one| one.file_name().to_string_lossy().starts_with("damaged-"));
    assert_eq!(aside.count(), 1);
}

#[test]
fn one_driftguard_sends_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let [one, other] = [0, 1].map(|_| Journal::open(dir.path().to_owned()).unwrap());
    let sending = one.sending().unwrap();
    assert!(sending.is_some() && other.sending().unwrap().is_none());
    drop(sending);
    assert!(other.sending().unwrap().is_some());
}

#[test]
fn nothing_overtakes_a_decision_on_the_same_drift_that_waits_for_a_person() {
    let (this, that) = (DriftId::generate(), DriftId::generate());
    let mut asks = entry(1, &[request(this, Some(1))]);
    asks.parts[0].stands = newer(4);
    let (later, elsewhere) = (entry(2, &[request(this, Some(1))]), entry(3, &[request(that, Some(1))]));
    let mut all = vec![asks.clone(), later.clone(), elsewhere.clone()];
    assert_eq!(next(&all), Some(&elsewhere));
    // On top: both go on from the version that was shown.
    for record in entry::settled(&all.clone(), asks.parts[0].id, Settle::OnTop).unwrap() {
        entry::apply(&mut all, record);
    }
    let first = next(&all).unwrap();
    assert_eq!(
        (first.parts[0].id, first.parts[0].asked.triage().unwrap().expected_version),
        (asks.parts[0].id, Some(4))
    );
    assert_ne!(first.key, asks.key, "another request has another key");
    assert_eq!(all[1].parts[0].asked.triage().unwrap().expected_version, Some(4));
}

#[test]
fn to_keep_theirs_takes_back_what_else_waits_on_the_drift() {
    let (this, that) = (DriftId::generate(), DriftId::generate());
    let mut asks = entry(1, &[request(this, Some(1))]);
    asks.parts[0].stands = newer(4);
    let bulk = entry(2, &[request(this, None), request(that, None)]);
    let mut all = vec![asks.clone(), bulk.clone()];
    for record in entry::settled(&all.clone(), asks.parts[0].id, Settle::TakeBack).unwrap() {
        entry::apply(&mut all, record);
    }
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].parts, bulk.parts[1..]);
    assert_ne!(all[0].key, bulk.key);
    assert_eq!(entry::settled(&all, asks.parts[0].id, Settle::TakeBack), None);
}

#[tokio::test]
async fn an_answer_settles_what_it_is_about_and_objections_stay_for_the_person() {
    let dir = tempfile::tempdir().unwrap();
    let (events, mut told) = broadcast::channel(16);
    let queue = Queue::open(dir.path().to_owned(), events).unwrap();
    let event = drift();
    let ids = [event.id, DriftId::generate(), DriftId::generate()];
    let requests = ids.map(|id| (Asked::Triage(request(id, Some(1))), None)).to_vec();
    let answered = queue.put(requests).await.unwrap();
    let follower = queue.put(vec![(Asked::Triage(request(event.id, Some(1))), None)]).await.unwrap();
    assert!(queue.waiting().is_empty(), "whoever asked is still there");
    queue.park("the server cannot be reached").await;
    assert!(matches!(answered.await.unwrap()[..], [Err(ServiceError::Kept(_))]));
    drop(follower);
    assert_eq!(queue.waiting().len(), 4);
    assert!(matches!(told.recv().await, Ok(ServiceEvent::Waiting(list)) if list.len() == 4));
    let all = queue.change(|_| vec![]).await.unwrap();
    let now = DriftEvent { version: 7, ..event.clone() };
    let answers = vec![
        Ok(Made::Decision(Receipt { seq: 1, drifts: vec![now.clone()] })),
        Err(ServiceError::Conflict(Box::new(now))),
        Err(ServiceError::NotFound("gone".into())),
    ];
    queue.answered(all[0].clone(), answers).await.unwrap();
    let stands: Vec<Standing> = queue.waiting().into_iter().map(|one| one.stands).collect();
    assert!(matches!(
        &stands[..],
        [Standing::Asks(_), Standing::Refused(_), Standing::Unsent] | [Standing::Unsent, ..]
    ));
    let all = queue.change(|_| vec![]).await.unwrap();
    let unsent = next(&all).unwrap();
    assert_eq!(
        unsent.parts[0].asked.triage().unwrap().expected_version,
        Some(7),
        "it goes on top of the one before it"
    );
}

#[test]
fn what_an_older_driftguard_kept_is_read_and_marks_are_kept_beside_it() {
    use crate::drift::{ContextId, OperationalContext};
    let one = entry(1, &[request(DriftId::generate(), Some(3))]);
    let json = serde_json::to_value(&one).unwrap();
    assert!(json["parts"][0]["request"]["drift"].is_string(), "as it was: {json}");
    assert_eq!(serde_json::from_value::<Entry>(json).unwrap(), one);
    let mark: OperationalContext = serde_json::from_value(serde_json::json!({
        "id": ContextId::generate(), "context_type": "incident", "context_data": {"title": "INC-1"},
        "time_window": {"from": Timestamp::now(), "to": null}, "environments": [], "source": "person",
    }))
    .unwrap();
    let end = EndMark { id: mark.id, at: Timestamp::now(), title: "INC-1".into() };
    for asked in [Asked::Mark(Box::new(mark)), Asked::EndMark(end)] {
        let entry = Entry::new(Timestamp::now(), [(asked, None)]);
        let again: Entry = serde_json::from_slice(&serde_json::to_vec(&entry).unwrap()).unwrap();
        assert_eq!(again, entry);
        assert_eq!(next(std::slice::from_ref(&entry)), Some(&entry), "it is sent as a decision is");
        assert_eq!(entry::settled(std::slice::from_ref(&entry), entry.parts[0].id, Settle::TakeBack).unwrap().len(), 1);
    }
}

#[test]
fn several_conflicts_are_settled_as_one_change() {
    let drifts = [DriftId::generate(), DriftId::generate(), DriftId::generate()];
    let mut all: Vec<Entry> =
        drifts.iter().enumerate().map(|(n, id)| entry(n as i64, &[request(*id, Some(1))])).collect();
    all[..2].iter_mut().for_each(|one| one.parts[0].stands = newer(4));
    let ids: Vec<Ulid> = all[..2].iter().map(|one| one.parts[0].id).collect();
    for record in entry::all_settled(&all.clone(), &ids, Settle::OnTop).unwrap() {
        entry::apply(&mut all, record);
    }
    let stands: Vec<_> =
        all.iter().map(|one| (&one.parts[0].stands, one.parts[0].asked.triage().unwrap().expected_version)).collect();
    assert_eq!(stands, [(&Standing::Unsent, Some(4)), (&Standing::Unsent, Some(4)), (&Standing::Unsent, Some(1))]);
    assert_eq!(entry::all_settled(&all, &[Ulid::generate()], Settle::OnTop), None);
}

proptest::proptest! {
    /// Whatever changes what waits, a new reader of the file sees the same.
    #[test]
    fn the_file_holds_what_waits(steps in proptest::collection::vec((0u8..4, 0usize..6), 1..40)) {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path().to_owned()).unwrap();
        let mut known: Vec<Entry> = vec![];
        for (at, (step, which)) in steps.into_iter().enumerate() {
            let new = entry(at as i64, &[request(DriftId::generate(), None)]);
            known = journal.change(|all| match (step, all.get(which)) {
                (0, _) | (_, None) => vec![Record::Put(new)],
                (1, Some(one)) => vec![Record::Gone { key: one.key }],
                (2, Some(one)) => vec![Record::Sent { key: one.key, sent: !one.sent }],
                (_, Some(one)) => vec![Record::Gone { key: one.key }, Record::Put(new)],
            }).unwrap();
            proptest::prop_assert_eq!(&journal.read().unwrap().entries, &known);
        }
    }
}
