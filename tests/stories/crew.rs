//! Who else is there: told over the feed to those who may know, kept nowhere, and off where that is wanted.

use std::sync::Arc;
use std::time::Duration;

use driftguard::api::Role;
use driftguard::drift::{DriftEvent, DriftId, Slug, TriageVerb};
use driftguard::server::{self, Houses, Options, Principal, Tokens};
use driftguard::service::{
    DriftService, LocalService, Looker, Looking, RemoteService, Server, ServiceError, ServiceEvent,
};
use driftguard::store::Store;
use tokio::runtime::Handle;
use tokio::sync::broadcast;
use ulid::Ulid;

use super::conformance::{self, Bench, open_drifts};
use super::postgres::Database;
use super::remote::{Connected, FOREIGN, Running, VIEWER, hears};

const ALICE: &str = "token-of-alice";
const BOB: &str = "token-of-bob";
/// Sees nothing of where the drift is.
const CAROL: &str = "token-of-carol";

/// A server with drift, and a way in for each of the three.
struct World {
    _dir: tempfile::TempDir,
    bench: Connected,
    running: Running,
}

fn tokens() -> Tokens {
    let editor = |name: &str| Principal::new(Slug::from_text("acme"), name.into(), Role::Editor);
    let elsewhere = serde_json::from_value(serde_json::json!({"environments": "elsewhere", "access": "act"})).unwrap();
    let carol = Principal { grants: vec![elsewhere], ..editor("carol") };
    Tokens::new([(ALICE.to_owned(), editor("alice")), (BOB.to_owned(), editor("bob")), (CAROL.to_owned(), carol)])
}

async fn connect(running: &Running, token: &str) -> Arc<RemoteService> {
    let url = format!("http://{}", running.address).parse().unwrap();
    RemoteService::connect(Server { url, token: Some(token.to_owned()), ca: None }, &Handle::current()).await.unwrap()
}

fn houses(service: Arc<dyn DriftService>) -> Houses {
    let mut houses = Houses::default();
    houses.open(Slug::from_text("acme"), service);
    houses
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let bench = Connected::new(dir.path()).await;
        conformance::settle(&bench).await;
        (0..2).for_each(|n| bench.disturb(n, true));
        conformance::scan(&bench).await;
        let running = Running::start(tokens(), houses(bench.local()), ([127, 0, 0, 1], 0).into()).await;
        Self { _dir: dir, bench, running }
    }

    async fn drifts(&self) -> Vec<DriftEvent> {
        open_drifts(self.bench.service().as_ref()).await
    }
}

fn screen(who: &str) -> Looker {
    // What a client says of its name counts for nothing.
    Looker { who: format!("not {who}").as_str().into(), screen: Ulid::generate() }
}

fn at(looking: &Looking) -> Option<DriftId> {
    looking.at.as_ref().map(|spot| spot.drift)
}

/// The next time that somebody is heard of.
async fn heard(events: &mut broadcast::Receiver<ServiceEvent>) -> Looking {
    let wait = async {
        loop {
            if let ServiceEvent::Looking(looking) = events.recv().await.unwrap() {
                return *looking;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.expect("somebody is heard of")
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_see_a_drift_hears_who_looks_at_it_and_nobody_else_does() {
    let world = World::new().await;
    let (alice, bob, carol) = (
        connect(&world.running, ALICE).await,
        connect(&world.running, BOB).await,
        connect(&world.running, CAROL).await,
    );
    let foreign = connect_to(&world.bench, FOREIGN).await;
    let (mut to_bob, mut to_carol, mut to_foreign) = (bob.subscribe(), carol.subscribe(), foreign.subscribe());
    let drifts = world.drifts().await;
    let one = screen("alice");
    alice.look(one.clone(), Some(drifts[0].id)).await.unwrap();
    let looking = heard(&mut to_bob).await;
    assert_eq!((looking.who.raw(), at(&looking), looking.screen), ("alice", Some(drifts[0].id), one.screen));
    alice.look(one, Some(drifts[1].id)).await.unwrap();
    let looking = heard(&mut to_bob).await;
    assert_eq!((at(&looking), looking.left.unwrap().drift), (Some(drifts[1].id), drifts[0].id));
    // Who comes later asks.
    let all = bob.looking().await.unwrap();
    assert_eq!((all.len(), at(&all[0])), (1, Some(drifts[1].id)));
    assert!(carol.looking().await.unwrap().is_empty() && foreign.looking().await.unwrap().is_empty());
    let refused = carol.look(screen("carol"), Some(drifts[0].id)).await.unwrap_err();
    assert!(matches!(refused, ServiceError::NotFound(_)), "{refused}");
    // Something that they do hear comes after it, and nothing came before.
    alice.scan(None).await.unwrap();
    hears(&mut to_bob, |event| matches!(event, ServiceEvent::Scanned(_))).await;
    let quiet = |events: &mut broadcast::Receiver<ServiceEvent>| {
        std::iter::from_fn(|| events.try_recv().ok()).all(|event| !matches!(event, ServiceEvent::Looking(_)))
    };
    assert!(quiet(&mut to_carol) && quiet(&mut to_foreign));
    // It is no decision: nothing of it is in the trail.
    let trail = format!("{:?}", world.bench.service().audit(500).await.unwrap());
    assert!(!trail.contains("alice"), "{trail}");
}

async fn connect_to(bench: &Connected, token: &str) -> Arc<RemoteService> {
    let url = format!("http://{}", bench.address).parse().unwrap();
    RemoteService::connect(Server { url, token: Some(token.to_owned()), ca: None }, &Handle::current()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_who_is_there_and_tells_nothing_and_a_server_can_be_told_to_keep_quiet() {
    let world = World::new().await;
    let drift = world.drifts().await[0].id;
    let (viewer, editor) = (connect_to(&world.bench, VIEWER).await, world.bench.service());
    let mut events = viewer.subscribe();
    viewer.look(screen("vic"), Some(drift)).await.unwrap();
    editor.look(screen("erin"), Some(drift)).await.unwrap();
    assert_eq!(heard(&mut events).await.who.raw(), "erin", "vic has told nothing");
    let options = Options {
        limits: driftguard::server::Limits { presence: false, ..Default::default() },
        ..Options::new(([127, 0, 0, 1], 0).into())
    };
    let serving = server::serve(&options, Arc::new(tokens()), houses(world.bench.local())).await.unwrap();
    let address = serving.address;
    let quiet = tokio::spawn(serving.run(std::future::pending()));
    let url = format!("http://{address}").parse().unwrap();
    let server = Server { url, token: Some(ALICE.to_owned()), ca: None };
    let alice = RemoteService::connect(server, &Handle::current()).await.unwrap();
    assert!(!alice.is_shared() && alice.looking().await.unwrap().is_empty());
    alice.look(screen("alice"), Some(drift)).await.unwrap();
    let answer = reqwest::Client::new().get(format!("http://{address}/api/v1/presence")).bearer_auth(ALICE).send();
    assert_eq!(answer.await.unwrap().status(), 404);
    let names: Vec<String> = editor.looking().await.unwrap().iter().map(|one| one.who.raw().to_owned()).collect();
    assert_eq!(names, ["erin"]);
    quiet.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_is_told_to_those_on_another_server_and_so_is_what_a_rule_hides() {
    let Some(database) = Database::new() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (stores, database) =
        tokio::task::spawn_blocking(move || ([database.open("acme"), database.open("acme")], database)).await.unwrap();
    let [here, there]: [Arc<dyn Store>; 2] = stores;
    let bench = Connected::on(dir.path(), here).await;
    conformance::settle(&bench).await;
    (0..2).for_each(|n| bench.disturb(n, true));
    conformance::scan(&bench).await;
    let other = LocalService::start(there, vec![], Handle::current());
    let running = Running::start(tokens(), houses(other), ([127, 0, 0, 1], 0).into()).await;
    let bob = connect(&running, BOB).await;
    let mut events = bob.subscribe();
    let drift = open_drifts(bench.service().as_ref()).await[0].clone();
    bench.service().look(screen("erin"), Some(drift.id)).await.unwrap();
    let looking = heard(&mut events).await;
    assert_eq!((looking.who.raw(), at(&looking)), ("erin", Some(drift.id)));
    assert_eq!(bob.looking().await.unwrap().len(), 1, "the other server knows it too");
    // What touches more than one drift makes everybody load again.
    let verb = TriageVerb::Acknowledge;
    let ask = |verb, expected_version| driftguard::drift::TriageRequest {
        drift: drift.id,
        verb,
        reason: None,
        actor: "erin".into(),
        expected_version,
        once: None,
    };
    let receipt = bench.service().triage(ask(verb, Some(drift.version))).await.unwrap();
    hears(&mut events, |event| matches!(event, ServiceEvent::Updated(one) if one.id == drift.id)).await;
    bench.service().triage(ask(TriageVerb::Undo { seq: receipt.seq }, None)).await.unwrap();
    hears(&mut events, |event| matches!(event, ServiceEvent::Lost)).await;
    running.end().await;
    bench.end().await;
    drop(database);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drift_is_analysed_and_advice_answered_over_the_api_as_here() {
    let world = World::new().await;
    let alice = connect(&world.running, ALICE).await;
    let drift = world.drifts().await[0].clone();
    let thought = alice.analyse(drift.id, Some("emergency, INC-4711".into())).await.unwrap();
    assert_eq!(thought.analysis.cause.cause_category.as_str(), "emergency_fix");
    let advice = thought.recommendations[0].key();
    let open = thought.state;
    for _ in 0..2 {
        let answered = alice.answer_advice(drift.id, advice.clone(), true, "done by hand".into()).await.unwrap();
        let one = answered.recommendations.iter().find(|one| one.key() == advice).unwrap();
        assert_eq!(one.implementation_result.as_ref().unwrap().raw(), "done by hand");
        assert_eq!(answered.state, open, "nothing else is done");
    }
    let missing = alice.answer_advice(drift.id, "0123456789abcdef".into(), true, "x".into()).await.unwrap_err();
    assert!(matches!(missing, ServiceError::NotFound(_)), "{missing}");
}
