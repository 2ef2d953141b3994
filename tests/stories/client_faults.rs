//! Decisions over a network that fails: what was acknowledged is made, once.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use driftguard::drift::{DriftEvent, DriftId, State, TriageRequest, TriageVerb};
use driftguard::service::{
    Contact, Dial, DriftService, Fixed, RemoteService, ServiceError, ServiceEvent, Settle, Standing, Waiting,
};
use tokio::runtime::Handle;

use super::conformance::{self, Bench, open_drifts};
use super::lab::faulty::{Fault, Network};
use super::remote::{Connected, Running, TOKEN, acme, editors, hears};
use super::store::SmallDisk;

/// A server with drift, a network before it, and a state directory of a person.
struct World {
    dir: tempfile::TempDir,
    bench: Connected,
    network: Network,
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let bench = Connected::new(dir.path()).await;
        conformance::settle(&bench).await;
        (0..3).for_each(|n| bench.disturb(n, true));
        conformance::scan(&bench).await;
        let network = Network::before(bench.address, |_, _| Fault::None).await;
        Self { dir, bench, network }
    }

    async fn connect(&self) -> Arc<RemoteService> {
        connect(&[self.network.address], &self.dir.path().join("queues")).await
    }

    async fn drifts(&self) -> Vec<DriftEvent> {
        open_drifts(self.bench.service().as_ref()).await
    }

    /// The notes in the trail, the oldest first.
    async fn notes(&self) -> Vec<String> {
        let mut audit = self.bench.service().audit(500).await.unwrap();
        audit.reverse();
        let text = |verb| if let Some(TriageVerb::Note { text }) = verb { Some(text.raw().to_owned()) } else { None };
        audit.into_iter().filter_map(|entry| text(entry.verb)).collect()
    }
}

async fn connect(addresses: &[std::net::SocketAddr], queues: &Path) -> Arc<RemoteService> {
    let urls = addresses.iter().map(|address| format!("http://{address}").parse().unwrap()).collect();
    let credentials = Arc::new(Fixed(Some(TOKEN.to_owned())));
    let dial = Dial { urls, ca: None, credentials, queues: Some(queues.to_owned()) };
    RemoteService::dial(dial, &Handle::current()).await.unwrap()
}

fn ask(drift: DriftId, verb: TriageVerb, expected_version: Option<u64>) -> TriageRequest {
    TriageRequest { drift, verb, reason: None, actor: "erin".into(), expected_version, once: None }
}

fn note(drift: DriftId, text: &str) -> TriageRequest {
    ask(drift, TriageVerb::Note { text: text.into() }, None)
}

fn is_acknowledged(answer: &Result<driftguard::store::Receipt, ServiceError>) -> bool {
    matches!(answer, Ok(_) | Err(ServiceError::Kept(_)))
}

/// Until it is so; a story that never ends is one that fails.
async fn until(what: &str, is: impl AsyncFn() -> bool) {
    let wait = async {
        while !is().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(90), wait).await.expect(what);
}

async fn drained(service: &RemoteService) {
    until("what waits is sent", async || service.waiting().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_whose_answer_was_lost_is_made_once() {
    let world = World::new().await;
    let remote = world.connect().await;
    let drift = world.drifts().await[0].id;
    let lost = AtomicUsize::new(0);
    // The server has done it each time; nobody hears of it.
    world.network.is(move |line, _| match line.starts_with("POST") && lost.fetch_add(1, Ordering::SeqCst) < 4 {
        true => Fault::Cut(60),
        false => Fault::None,
    });
    let answer = remote.triage(note(drift, "once")).await;
    assert!(is_acknowledged(&answer), "{answer:?}");
    drained(&remote).await;
    assert_eq!(world.notes().await, ["once"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_made_while_the_server_is_away_outlive_the_process_and_are_sent_in_their_order() {
    let world = World::new().await;
    let remote = world.connect().await;
    let drifts = remote.drifts(driftguard::store::PageRequest {
        filter: Default::default(),
        cursor: None,
        direction: driftguard::store::Direction::Older,
        limit: 10,
    });
    let drift = drifts.await.unwrap().data[0].clone();
    let mut events = remote.subscribe();
    world.network.down(true);
    hears(&mut events, |event| matches!(event, ServiceEvent::Contact(Contact::Lost { .. }))).await;
    for text in ["first", "second", "third"] {
        let answer = remote.triage(note(drift.id, text)).await;
        assert!(matches!(answer, Err(ServiceError::Kept(_))), "{answer:?}");
    }
    let waiting = remote.waiting();
    assert_eq!(waiting.len(), 3);
    assert_eq!(waiting[0].sight.as_ref().unwrap().label, drift.resource.resource_id);
    // One is taken back before it is sent.
    remote.settle_waiting(vec![waiting[1].id], Settle::TakeBack).await.unwrap();
    // Nothing is left of the process but its files.
    drop(remote);
    assert!(world.notes().await.is_empty());
    world.network.down(false);
    let again = world.connect().await;
    drained(&again).await;
    assert_eq!(world.notes().await, ["first", "third"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_decision_is_lost_or_doubled_by_latency_loss_and_cuts() {
    let world = World::new().await;
    let remote = world.connect().await;
    let drift = world.drifts().await[0].id;
    // One of twenty is lost on its way, one on its way back, all are late.
    world.network.is(|_, number| match number % 20 {
        3 => Fault::Drop,
        11 => Fault::Cut(200),
        _ => Fault::Slow(Duration::from_millis(300)),
    });
    let mut acknowledged = vec![];
    for n in 0..20 {
        let text = format!("note {n}");
        if is_acknowledged(&remote.triage(note(drift, &text)).await) {
            acknowledged.push(text);
        }
        if n == 12 {
            // The server is gone in the middle of it, and comes back.
            world.network.down(true);
            let answer = remote.triage(note(drift, "cut")).await;
            assert!(is_acknowledged(&answer), "{answer:?}");
            acknowledged.push("cut".to_owned());
            world.network.down(false);
        }
    }
    assert_eq!(acknowledged.len(), 21, "nothing that happened there is a refusal");
    drained(&remote).await;
    assert_eq!(world.notes().await, acknowledged);
}

#[tokio::test(flavor = "multi_thread")]
async fn storms_of_answers_lose_and_double_nothing_that_was_acknowledged() {
    let storms =
        [(429, "rate_limited"), (503, "unavailable"), (401, "unauthenticated"), (403, "forbidden"), (409, "conflict")];
    let world = World::new().await;
    let remote = world.connect().await;
    let drift = world.drifts().await[0].id;
    let mut acknowledged = vec![];
    for (status, code) in storms {
        let said = AtomicUsize::new(0);
        world.network.is(move |line, _| match line.starts_with("POST") && said.fetch_add(1, Ordering::SeqCst) < 3 {
            true => Fault::Say(status, code),
            false => Fault::None,
        });
        for n in 0..4 {
            let text = format!("{status} {n}");
            let answer = remote.triage(note(drift, &text)).await;
            match answer {
                Ok(_) | Err(ServiceError::Kept(_)) => acknowledged.push(text),
                // Who is told that it was refused knows that it is not done.
                Err(_) => assert!(matches!(status, 403 | 409), "{answer:?}"),
            }
        }
        if status == 401 {
            assert!(matches!(remote.contact(), Some(Contact::Denied { .. })), "{:?}", remote.contact());
            // Whoever logs in again is let in by the next call, and what waits is sent.
            world.network.is(|_, _| Fault::None);
            remote.environments().await.unwrap();
        }
        drained(&remote).await;
    }
    assert_eq!(world.notes().await, acknowledged);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_meets_a_newer_one_asks_and_forces_nothing() {
    let world = World::new().await;
    let remote = world.connect().await;
    let drifts = world.drifts().await;
    let mut events = remote.subscribe();
    world.network.down(true);
    hears(&mut events, |event| matches!(event, ServiceEvent::Contact(Contact::Lost { .. }))).await;
    for drift in &drifts[..2] {
        let answer = remote.triage(ask(drift.id, TriageVerb::Acknowledge, Some(drift.version))).await;
        assert!(matches!(answer, Err(ServiceError::Kept(_))), "{answer:?}");
        let theirs = TriageVerb::Assign { to: Some("bob".into()) };
        world.bench.service().triage(ask(drift.id, theirs, Some(drift.version))).await.unwrap();
    }
    world.network.down(false);
    let asks = |one: &Waiting| matches!(&one.stands, Standing::Asks(newer) if newer.assignee == Some("bob".into()));
    until("both ask", async || remote.waiting().iter().filter(|one| asks(one)).count() == 2).await;
    let state = async |id| world.bench.service().drift(id).await.unwrap().event.state;
    assert_eq!((state(drifts[0].id).await, state(drifts[1].id).await), (State::Open, State::Open));
    // They ask the next process too.
    drop(remote);
    let remote = world.connect().await;
    let waiting = remote.waiting();
    let of = |drift: &DriftEvent| waiting.iter().find(|one| one.drift() == Some(drift.id)).unwrap().id;
    remote.settle_waiting(vec![of(&drifts[0])], Settle::TakeBack).await.unwrap();
    remote.settle_waiting(vec![of(&drifts[1])], Settle::OnTop).await.unwrap();
    drained(&remote).await;
    assert_eq!((state(drifts[0].id).await, state(drifts[1].id).await), (State::Open, State::Acknowledged));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_keeps_nobody_waiting_for_ever_and_several_driftguards_share_what_waits() {
    let world = World::new().await;
    let drift = world.drifts().await[0].id;
    let one = world.connect().await;
    world.network.is(|line, _| if line.starts_with("POST") { Fault::Hang } else { Fault::None });
    let answer = one.triage(note(drift, "hung")).await;
    assert!(matches!(answer, Err(ServiceError::Kept(_))), "{answer:?}");
    assert!(one.waiting()[0].may_be_done);
    world.network.is(|_, _| Fault::None);
    let other = world.connect().await;
    let answer = other.triage(note(drift, "after")).await;
    assert!(is_acknowledged(&answer), "{answer:?}");
    drained(&one).await;
    drained(&other).await;
    assert_eq!(world.notes().await, ["hung", "after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_server_answers_where_one_does_not() {
    let world = World::new().await;
    let service = world.bench.service();
    // Two servers on one service stand for two on one database.
    let second = Running::start(editors(), acme(Arc::clone(&service)), ([127, 0, 0, 1], 0).into()).await;
    let addresses = [world.network.address, second.address];
    let remote = connect(&addresses, &world.dir.path().join("queues")).await;
    assert!(remote.mode().ends_with(&addresses[0].to_string()), "{}", remote.mode());
    let mut events = remote.subscribe();
    world.network.down(true);
    let drift = world.drifts().await[0].id;
    assert!(is_acknowledged(&remote.triage(note(drift, "elsewhere")).await));
    hears(&mut events, |event| matches!(event, ServiceEvent::Server(name) if name.contains(&addresses[1].to_string())))
        .await;
    hears(&mut events, |event| matches!(event, ServiceEvent::Contact(Contact::Live))).await;
    drained(&remote).await;
    assert_eq!(world.notes().await, ["elsewhere"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_says_so_and_claims_nothing() {
    let Some(disk) = SmallDisk::mount("4m") else { return };
    let world = World::new().await;
    let drift = world.drifts().await[0].id;
    let remote = connect(&[world.network.address], &disk.0.path().join("queues")).await;
    disk.fill(0);
    // As long as the server is there, nothing needs to be kept.
    remote.triage(note(drift, "there")).await.unwrap();
    world.network.down(true);
    let answer = remote.triage(note(drift, "away")).await;
    assert!(
        matches!(&answer, Err(ServiceError::Unavailable(why)) if why.contains("the disk is full") && why.contains("nothing was decided")),
        "{answer:?}"
    );
    world.network.down(false);
    std::fs::remove_file(disk.0.path().join("filler")).unwrap();
    assert!(is_acknowledged(&remote.triage(note(drift, "room")).await));
    drained(&remote).await;
    assert_eq!(world.notes().await, ["there", "room"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_another_major_version_is_refused_in_a_sentence() {
    let world = World::new().await;
    world.network.is(|_, _| Fault::Speak("2.0"));
    let urls = vec![format!("http://{}", world.network.address).parse().unwrap()];
    let credentials = Arc::new(Fixed(Some(TOKEN.to_owned())));
    let dial = Dial { urls, ca: None, credentials, queues: None };
    let error = RemoteService::dial(dial, &Handle::current()).await.err().unwrap().to_string();
    assert!(error.contains("speaks version 2.0 of the API") && error.contains("update driftguard here"), "{error}");
}
