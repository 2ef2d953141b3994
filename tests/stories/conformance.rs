//! What every [`DriftService`] promises, whatever stands behind it. [`conforms`] runs once for each kind of service.

mod advising;
mod notices;
mod ruling;
mod thinking;

use std::sync::Arc;
use std::time::Duration;

use driftguard::drift::{
    DriftEvent, DriftId, DriftType, Effort, NewAdvice, Priority, PropertyPath, RecommendationType, ResolutionType,
    Slug, State, TriageRequest, TriageVerb,
};
use driftguard::service::{DriftService, ServiceError, ServiceEvent};
use driftguard::store::{Cursor, Direction, DriftFilter, Page, PageRequest, Receipt};
use jiff::Timestamp;
use tokio::sync::broadcast;

/// A service over one environment whose resources the test can change: `thing` 0 to 11, all in sync at first.
pub trait Bench {
    fn service(&self) -> Arc<dyn DriftService>;
    fn environment(&self) -> Slug;
    /// Makes a thing drift (`true`), or puts it right.
    fn disturb(&self, thing: usize, drifts: bool);
    /// The same, as another person who may approve what was asked for.
    fn admin(&self) -> Arc<dyn DriftService> {
        self.service()
    }
    /// Who it was, to the service, when `name` asked: a server signs with whoever is logged in.
    fn signed<'a>(&'a self, name: &'a str) -> &'a str {
        name
    }
}

/// Longer than any answer takes on a busy machine; nothing waits this long when all is well.
const PATIENCE: Duration = Duration::from_secs(60);

/// The whole suite, one promise after the other.
pub async fn conforms(bench: &dyn Bench) {
    settle(bench).await;
    environments_say_what_they_are(bench).await;
    drift_shows_and_is_told(bench).await;
    pages_stay_stable_while_drifts_arrive(bench).await;
    every_verb_can_be_taken_back(bench).await;
    changes_are_settled_each_by_itself(bench).await;
    super::linked::links_hold_at_both_ends_and_are_taken_back(bench).await;
    super::linked::what_belongs_together_is_told_and_taken_apart_by_hand(bench).await;
    super::linked::what_the_code_declares_is_told_with_its_place_and_its_drifts(bench).await;
    many_are_decided_at_once_with_an_answer_each(bench).await;
    ruling::rules_are_previewed_listed_changed_and_deleted(bench).await;
    a_decision_on_an_old_version_is_refused_with_the_new_one(bench).await;
    a_snooze_that_is_over_is_told_by_itself(bench).await;
    what_is_put_right_closes_and_what_returns_is_regressed(bench).await;
    what_does_not_exist_is_an_error_in_words(bench).await;
    thinking::conforms(bench).await;
    advising::conforms(bench).await;
    notices::conforms(bench).await;
    super::approving::conforms(bench).await;
}

/// Waits until no scan runs.
pub async fn settle(bench: &dyn Bench) {
    let service = bench.service();
    let quiet = async {
        loop {
            let all = service.environments().await.unwrap();
            if all.iter().all(|e| e.last_scan.is_some() && e.running.is_none()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, quiet).await.expect("the first scan ends");
}

/// Scans and gives back what was told meanwhile, the end of the scan included.
pub async fn scan(bench: &dyn Bench) -> Vec<ServiceEvent> {
    let (service, environment) = (bench.service(), bench.environment());
    let mut events = service.subscribe();
    let asked = Timestamp::now();
    service.scan(Some(environment.clone())).await.unwrap();
    let mut told = Vec::new();
    loop {
        let event = tokio::time::timeout(PATIENCE, events.recv()).await.expect("the scan ends").unwrap();
        let over = matches!(&event, ServiceEvent::Scanned(s) if s.environment == environment && s.started_at >= asked);
        told.push(event);
        if over {
            return told;
        }
    }
}

/// Waits until it is told; over a network that takes a moment longer than the answer.
async fn hears(events: &mut broadcast::Receiver<ServiceEvent>, what: impl Fn(&ServiceEvent) -> bool) {
    let heard = async { while !what(&events.recv().await.unwrap()) {} };
    tokio::time::timeout(PATIENCE, heard).await.expect("it is told");
}

pub fn request(states: Vec<State>, cursor: Option<Cursor>, limit: usize) -> PageRequest {
    PageRequest { filter: DriftFilter { states, ..DriftFilter::default() }, cursor, direction: Direction::Older, limit }
}

pub async fn open_drifts(service: &dyn DriftService) -> Vec<DriftEvent> {
    service.drifts(request(vec![State::Open], None, 100)).await.unwrap().data
}

fn ids(page: &Page) -> Vec<DriftId> {
    page.data.iter().map(|d| d.id).collect()
}

async fn decide(service: &dyn DriftService, drift: DriftId, verb: TriageVerb) -> Receipt {
    let request = TriageRequest {
        drift,
        verb,
        reason: Some("because".into()),
        actor: "alice".into(),
        expected_version: None,
        once: None,
    };
    service.triage(request).await.unwrap()
}

async fn environments_say_what_they_are(bench: &dyn Bench) {
    let service = bench.service();
    let all = service.environments().await.unwrap();
    let ours = all.iter().find(|e| e.environment.slug == bench.environment()).expect("it is listed");
    assert_eq!(ours.open.in_any_state, 0);
    let scan = ours.last_scan.as_ref().unwrap();
    assert_eq!((scan.counts.resources, scan.counts.in_sync), (12, 12));
    assert!(ours.sources.is_empty(), "no source failed");
    assert!(!service.mode().is_empty());
    assert_eq!(service.read_only(), None);
}

async fn drift_shows_and_is_told(bench: &dyn Bench) {
    let service = bench.service();
    (0..3).for_each(|n| bench.disturb(n, true));
    let told = scan(bench).await;
    let new: Vec<&DriftEvent> =
        told.iter().filter_map(|e| if let ServiceEvent::Drift(d) = e { Some(d.as_ref()) } else { None }).collect();
    assert_eq!(new.len(), 3);
    let open = open_drifts(service.as_ref()).await;
    assert_eq!(open.len(), 3);
    assert!(open.is_sorted_by_key(|d| std::cmp::Reverse(d.detected_at)), "newest first");
    let detail = service.drift(open[0].id).await.unwrap();
    assert_eq!(detail.event.drift_type, DriftType::Modified);
    assert!(!detail.event.changes.is_empty() && !detail.event.recommendations.is_empty());
    assert!(detail.declared_state.is_some() && detail.actual_state.is_some());
    let seen = service.observations(open[0].id, 10).await.unwrap();
    assert_eq!(seen.len(), 2, "as it was in sync, and as it is now");
    assert_eq!(Some(&seen[0].value), detail.actual_state.as_ref(), "the newest first");
    let told = scan(bench).await;
    assert!(!told.iter().any(|e| matches!(e, ServiceEvent::Drift(_))), "seen again is no news");
    assert_eq!(service.drift(open[0].id).await.unwrap().event.seen_count, detail.event.seen_count + 1);
}

async fn pages_stay_stable_while_drifts_arrive(bench: &dyn Bench) {
    let service = bench.service();
    (3..7).for_each(|n| bench.disturb(n, true));
    scan(bench).await;
    let whole = ids(&service.drifts(request(vec![], None, 100)).await.unwrap());
    assert_eq!(whole.len(), 7);
    let first = service.drifts(request(vec![], None, 3)).await.unwrap();
    assert_eq!(ids(&first), whole[..3]);
    (7..9).for_each(|n| bench.disturb(n, true));
    scan(bench).await;
    let second = service.drifts(request(vec![], first.next.clone(), 3)).await.unwrap();
    assert_eq!(ids(&second), whole[3..6], "two newcomers moved nothing");
    let last = service.drifts(request(vec![], second.next.clone(), 3)).await.unwrap();
    assert_eq!((ids(&last), last.next), (whole[6..].to_vec(), None));
    let back = PageRequest { direction: Direction::Newer, ..request(vec![], second.previous.clone(), 3) };
    assert_eq!(ids(&service.drifts(back).await.unwrap()), whole[..3]);
    let none = DriftFilter { text: "no resource has this".into(), ..DriftFilter::default() };
    let none = service.drifts(PageRequest { filter: none, ..request(vec![], None, 3) }).await.unwrap();
    assert!(none.data.is_empty());
}

async fn every_verb_can_be_taken_back(bench: &dyn Bench) {
    let service = bench.service();
    let drift = open_drifts(service.as_ref()).await.remove(0);
    let later = Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let (kind, id) = (drift.resource.resource_type.clone(), drift.resource.resource_id.clone());
    let rule = super::store::ignoring(Some(bench.environment()), Some(kind), Some(id));
    let resolve = |resolution_type| TriageVerb::Resolve { resolution_type, until: None };
    let verbs = [
        (TriageVerb::Acknowledge, State::Acknowledged),
        (TriageVerb::Snooze { until: later }, State::Snoozed),
        (resolve(ResolutionType::AutoRevert), State::Resolved),
        (resolve(ResolutionType::CodifyIac), State::Resolved),
        (TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until: Some(later) }, State::Resolved),
        (resolve(ResolutionType::Escalated), State::Resolved),
        (TriageVerb::Ignore { rule }, State::Ignored),
    ];
    for (verb, state) in verbs {
        let name = verb.as_str();
        let mut events = service.subscribe();
        let receipt = decide(service.as_ref(), drift.id, verb).await;
        assert_eq!(service.drift(drift.id).await.unwrap().event.state, state, "{name}");
        hears(&mut events, |event| matches!(event, ServiceEvent::Updated(d) if d.id == drift.id)).await;
        let audit = service.audit(1).await.unwrap();
        assert_eq!((audit[0].seq, audit[0].actor.raw()), (receipt.seq, bench.signed("alice")), "{name}");
        decide(service.as_ref(), drift.id, TriageVerb::Undo { seq: receipt.seq }).await;
        assert_eq!(service.drift(drift.id).await.unwrap().event.state, State::Open, "{name} undone");
    }
    assert!(service.ignore_rules().await.unwrap().is_empty(), "the rule went with its undo");
    let receipt = decide(service.as_ref(), drift.id, TriageVerb::Assign { to: Some("bob".into()) }).await;
    assert_eq!(receipt.drifts[0].assignee.as_ref().map(|a| a.raw()), Some("bob"));
    let receipt = decide(service.as_ref(), drift.id, TriageVerb::Note { text: "call kim".into() }).await;
    assert_eq!(receipt.drifts[0].note_count, 1);
    let history = service.drift(drift.id).await.unwrap().history;
    assert_eq!(history[0].seq, receipt.seq, "newest first");
}

async fn a_snooze_that_is_over_is_told_by_itself(bench: &dyn Bench) {
    let service = bench.service();
    let drift = open_drifts(service.as_ref()).await.remove(0);
    let until = Timestamp::now() + Duration::from_millis(300);
    let mut events = service.subscribe();
    decide(service.as_ref(), drift.id, TriageVerb::Snooze { until }).await;
    let (mut is_back, mut said) = (false, None);
    while said.is_none() {
        match tokio::time::timeout(PATIENCE, events.recv()).await.expect("it is told").unwrap() {
            ServiceEvent::Updated(now) if now.id == drift.id => is_back = now.state_at(Timestamp::now()) == State::Open,
            ServiceEvent::Notice { error, text } => said = Some((error, text.raw().to_owned())),
            _ => {}
        }
    }
    let (error, said) = said.unwrap();
    assert!(is_back && !error, "the drift itself comes first");
    assert!(said.contains(drift.resource.resource_id.raw()) && said.contains("its snooze is over"), "{said}");
    assert!(open_drifts(service.as_ref()).await.iter().any(|open| open.id == drift.id));
}

async fn changes_are_settled_each_by_itself(bench: &dyn Bench) {
    let service = bench.service();
    let drift = open_drifts(service.as_ref()).await.remove(0);
    let paths: Vec<PropertyPath> = drift.changes.iter().map(|change| change.path.clone()).collect();
    let settle = |paths| TriageVerb::SettleChanges { paths, resolution_type: ResolutionType::Accepted, until: None };
    let advice = NewAdvice {
        recommendation_type: RecommendationType::AcceptException,
        priority: Priority::Low,
        rationale: "it can stay".into(),
        steps: vec![],
        estimated_effort: Effort::Minutes,
        expires_at: None,
    };
    decide(service.as_ref(), drift.id, TriageVerb::Advise { advice: Box::new(advice) }).await;
    let receipt = decide(service.as_ref(), drift.id, settle(paths.clone())).await;
    let now = Timestamp::now();
    let event = service.drift(drift.id).await.unwrap().event;
    assert_eq!(event.state_at(now), State::Resolved);
    let settled = event.settled_change(&paths[0], now).unwrap();
    assert_eq!((settled.decision.seq, settled.decision.by.raw()), (receipt.seq, bench.signed("alice")));
    // Advice to settle it so is carried out with it, and no other.
    for one in event.recommendations.iter().filter(|one| one.refusal(now).is_none()) {
        let by = one.settled_by.as_ref().map(|by| (by.by.raw(), by.seq));
        let is_it = one.resolution_type() == Some(ResolutionType::Accepted);
        assert_eq!(by, is_it.then(|| (bench.signed("alice"), receipt.seq)), "{one:?}");
    }
    assert!(open_drifts(service.as_ref()).await.iter().all(|other| other.id != drift.id));
    decide(service.as_ref(), drift.id, TriageVerb::ReopenChanges { paths: paths[..1].to_vec() }).await;
    let event = service.drift(drift.id).await.unwrap().event;
    assert_eq!((event.state_at(now), event.open_changes(now).count()), (State::Open, 1));
    assert!(event.recommendations.iter().all(|one| one.settled_by.is_none()), "{:?}", event.recommendations);
    let gone = TriageRequest {
        drift: drift.id,
        verb: settle(vec!["no.such.path".into()]),
        reason: None,
        actor: "bob".into(),
        expected_version: None,
        once: None,
    };
    let error = service.triage(gone).await.unwrap_err();
    assert!(matches!(&error, ServiceError::Conflict(as_it_is) if as_it_is.changes == drift.changes), "{error:?}");
    if paths.len() > 1 {
        decide(service.as_ref(), drift.id, TriageVerb::ReopenChanges { paths: paths[1..].to_vec() }).await;
    }
}

async fn many_are_decided_at_once_with_an_answer_each(bench: &dyn Bench) {
    let service = bench.service();
    let filter = DriftFilter { states: vec![State::Open], ..DriftFilter::default() };
    let matching = service.matching(filter.clone(), 100).await.unwrap();
    let open = open_drifts(service.as_ref()).await;
    assert!(matching.complete && matching.targets.len() > 2);
    assert!(
        matching.targets.iter().zip(&open).all(|(m, e)| (m.id, m.version) == (e.id, e.version)),
        "the same, as shown"
    );
    let two = service.matching(filter, 2).await.unwrap();
    assert_eq!((two.complete, &two.targets[..]), (false, &matching.targets[..2]));
    let request = |drift, verb, expected_version| TriageRequest {
        drift,
        verb,
        reason: Some("bulk".into()),
        actor: "erin".into(),
        expected_version,
        once: None,
    };
    let all = matching.targets.iter();
    let mut requests: Vec<_> = all.map(|m| request(m.id, TriageVerb::Acknowledge, Some(m.version))).collect();
    requests[1].expected_version = Some(matching.targets[1].version + 1);
    let answers = service.triage_many(requests).await.unwrap();
    assert_eq!(answers.len(), matching.targets.len());
    assert!(
        matches!(&answers[1], Err(ServiceError::Conflict(e)) if e.id == matching.targets[1].id),
        "{:?}",
        answers[1]
    );
    let saved: Vec<_> = answers.iter().flatten().map(|receipt| (receipt.drifts[0].id, receipt.seq)).collect();
    assert_eq!((saved.len(), open_drifts(service.as_ref()).await.len()), (answers.len() - 1, 1));
    let undo = saved.into_iter().map(|(drift, seq)| request(drift, TriageVerb::Undo { seq }, None)).collect();
    assert!(service.triage_many(undo).await.unwrap().iter().all(Result::is_ok));
    assert_eq!(open_drifts(service.as_ref()).await.len(), open.len(), "all of it is taken back");
    let people = service.people().await.unwrap();
    assert_eq!(people[0].raw(), "erin", "the most recent first");
    assert!(
        [bench.signed("alice"), "bob"].iter().all(|name| people.iter().any(|one| one.raw() == *name)),
        "{people:?}"
    );
    assert!(people.iter().all(|one| one.raw() != "system"));
}

async fn a_decision_on_an_old_version_is_refused_with_the_new_one(bench: &dyn Bench) {
    let service = bench.service();
    let drift = open_drifts(service.as_ref()).await.remove(0);
    decide(service.as_ref(), drift.id, TriageVerb::Note { text: "meanwhile".into() }).await;
    let late = TriageRequest {
        drift: drift.id,
        verb: TriageVerb::Acknowledge,
        reason: None,
        actor: "bob".into(),
        expected_version: Some(drift.version),
        once: None,
    };
    match service.triage(late).await {
        Err(ServiceError::Conflict(now)) => assert!(now.id == drift.id && now.version > drift.version),
        other => panic!("a conflict was expected, not {other:?}"),
    }
    assert_eq!(service.drift(drift.id).await.unwrap().event.state, State::Open);
}

async fn what_is_put_right_closes_and_what_returns_is_regressed(bench: &dyn Bench) {
    let service = bench.service();
    (0..12).for_each(|n| bench.disturb(n, false));
    let told = scan(bench).await;
    let closed = told.iter().filter(|e| matches!(e, ServiceEvent::Updated(d) if d.state == State::Closed)).count();
    assert_eq!(closed, 9);
    assert!(open_drifts(service.as_ref()).await.is_empty());
    bench.disturb(0, true);
    scan(bench).await;
    let open = open_drifts(service.as_ref()).await;
    assert_eq!((open.len(), open[0].is_regressed()), (1, true));
    let all = service.environments().await.unwrap();
    let counts = all.iter().find(|e| e.environment.slug == bench.environment()).unwrap().open;
    assert_eq!(counts.critical + counts.high + counts.medium + counts.low, 1);
    assert_eq!(counts.in_any_state, 9);
    bench.disturb(0, false);
    scan(bench).await;
}

async fn what_does_not_exist_is_an_error_in_words(bench: &dyn Bench) {
    let service = bench.service();
    let nobody = Some(Slug::from_text("no-such-environment"));
    let nothing = DriftId::generate();
    let errors = [
        service.drift(nothing).await.unwrap_err(),
        service.observations(nothing, 1).await.unwrap_err(),
        service.scan(nobody.clone()).await.unwrap_err(),
        service.cancel_scan(nobody).await.unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, ServiceError::NotFound(_)) && !error.to_string().is_empty(), "{error:?}");
    }
    service.cancel_scan(None).await.expect("nothing to cancel is no error");
}
