//! Notifications sent to others: signed, as often as it takes, and once as far as the receiver can tell.

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use driftguard::drift::{Delivery, DeliveryState, NotificationRequest, SeverityClass, Slug};
use driftguard::service::{DriftService, LocalService};
use driftguard::store::{self, Alerting, Channel, OpenMode, Store};
use driftguard::webhooks::{Pace, Postman, SigningKey, Webhook};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;

use super::conformance::{self, Bench};
use super::postgres::Database;
use super::scan::{Files, open_store};
use super::store::{finding, scan};

const KEY: &str = "the key of this story, and of no other";
const PATIENCE: Duration = Duration::from_secs(60);

fn quick() -> Pace {
    let millis = Duration::from_millis;
    Pace { look: millis(20), first: millis(10), longest: millis(40), tries: 4, patience: Duration::from_secs(5) }
}

#[derive(Clone, Debug)]
struct Came {
    head: String,
    body: String,
}

impl Came {
    fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value.trim())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Answers as it is told, and 200 when it has been told nothing more.
#[derive(Clone)]
struct Receiver {
    address: SocketAddr,
    came: Arc<Mutex<Vec<Came>>>,
}

impl Receiver {
    async fn new(answers: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, came) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<Came>>>::default());
        let answers: Arc<Mutex<VecDeque<&str>>> = Arc::new(Mutex::new(answers.iter().copied().collect()));
        let receiver = Self { address, came: Arc::clone(&came) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (came, answers) = (Arc::clone(&came), Arc::clone(&answers));
                tokio::spawn(async move { answer(stream, &came, &answers).await });
            }
        });
        receiver
    }

    fn url(&self) -> String {
        format!("http://{}/in?team=ops", self.address)
    }

    fn all(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }
}

async fn answer(mut stream: TcpStream, came: &Mutex<Vec<Came>>, answers: &Mutex<VecDeque<&str>>) {
    let mut text = String::new();
    let mut piece = [0; 4096];
    loop {
        let Ok(count @ 1..) = stream.read(&mut piece).await else { return };
        text.push_str(&String::from_utf8_lossy(&piece[..count]));
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let one = Came { head: head.to_owned(), body: body.to_owned() };
        if one.body.len() < one.header("content-length").parse().unwrap_or(0) {
            continue;
        }
        came.lock().unwrap().push(one);
        let status = answers.lock().unwrap().pop_front().unwrap_or("200 OK");
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        let _ = stream.write_all(answer.as_bytes()).await;
        return;
    }
}

fn ops() -> Slug {
    Slug::from_text("ops")
}

fn alerting() -> Alerting {
    let channel = Channel { name: ops(), from: SeverityClass::Low, environments: vec![] };
    Alerting { from: SeverityClass::Low, channels: vec![channel], ..Alerting::default() }
}

fn postman(service: &LocalService, receiver: &Receiver) -> Postman {
    let webhook = Webhook { channel: ops(), url: receiver.url().parse().unwrap(), key: SigningKey::new(KEY) };
    Postman::start(service, &Slug::from_text("acme"), vec![webhook], quick()).unwrap()
}

/// A store in which some drifts have just been told of.
fn told(dir: &Path, ids: &[&str]) -> Arc<dyn Store> {
    let store = open_store(&dir.join("store"));
    store.alert(alerting());
    scan(store.as_ref(), ids.iter().map(|id| finding(id)).collect());
    store
}

/// Opens it as soon as whoever has it lets go.
async fn again(path: &Path) -> Arc<dyn Store> {
    for _ in 0..600 {
        match store::open(path, OpenMode::ReadWrite) {
            Ok(opened) => return opened.store,
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    panic!("somebody still has {}", path.display());
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("it never came to this: {what}"));
}

fn delivery(store: &dyn Store) -> Delivery {
    store.notifications(&NotificationRequest::newest(1)).unwrap().remove(0).deliveries.remove(0)
}

fn is(store: &dyn Store, state: DeliveryState) -> bool {
    delivery(store).state == state
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drift_that_opens_is_sent_signed_and_without_any_value() {
    let dir = tempfile::tempdir().unwrap();
    let (receiver, store) = (Receiver::new(&[]).await, open_store(&dir.path().join("store")));
    std::fs::create_dir(dir.path().join("world")).unwrap();
    let files = Files::new(&dir.path().join("world"), Arc::clone(&store));
    store.alert(alerting());
    let service = LocalService::start(Arc::clone(&store), vec![], Handle::current());
    let _postman = postman(&service, &receiver);
    conformance::settle(&files).await;
    files.disturb(3, true);
    conformance::scan(&files).await;
    until("it has come", || !receiver.all().is_empty()).await;
    let came = receiver.all().remove(0);
    assert!(came.head.starts_with("POST /in?team=ops HTTP/1.1"), "{}", came.head);
    let (at, signature) = (came.header("x-driftguard-timestamp"), came.header("x-driftguard-signature"));
    assert!(SigningKey::new(KEY).verifies(at, came.body.as_bytes(), signature), "{came:?}");
    let body = came.json();
    assert_eq!((&body["version"], &body["organization"]), (&1.into(), &"acme".into()), "{body}");
    assert_eq!(body["delivery"], came.header("x-driftguard-delivery"));
    let told = &body["notification"];
    assert_eq!((&told["kind"], &told["environment"]), (&"alert".into(), &"host".into()), "{body}");
    assert_eq!(told["drift"]["resource_id"], "local_file.f3");
    assert!(told["message"].as_str().unwrap().contains("content"), "which property: {body}");
    assert!(!came.body.contains("edited 3") && !came.body.contains("declared 3"), "and no value: {body}");
    until("it is kept", || is(store.as_ref(), DeliveryState::Sent)).await;
    conformance::scan(&files).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(receiver.all().len(), 1, "seen again is no news");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_fails_is_asked_again_under_the_same_name_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::new(&["503 Busy", "500 No", "429 Later\r\nretry-after: 0"]).await;
    let store = told(dir.path(), &["web"]);
    let service = LocalService::start(Arc::clone(&store), vec![], Handle::current());
    let sending = postman(&service, &receiver);
    until("it was tried", || !receiver.all().is_empty()).await;
    sending.end().await;
    assert!(is(store.as_ref(), DeliveryState::Failed), "what was under way is settled");
    service.shutdown().await;
    drop((service, store));
    let store = again(&dir.path().join("store")).await;
    store.alert(alerting());
    let service = LocalService::start(Arc::clone(&store), vec![], Handle::current());
    let _sending = postman(&service, &receiver);
    until("it has come", || is(store.as_ref(), DeliveryState::Sent)).await;
    let came = receiver.all();
    let names: BTreeSet<&str> = came.iter().map(|one| one.header("x-driftguard-delivery")).collect();
    let bodies: BTreeSet<&str> = came.iter().map(|one| one.body.as_str()).collect();
    assert_eq!((came.len(), names.len(), bodies.len()), (4, 1, 1), "{came:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_followed_elsewhere_and_what_would_not_change_is_given_up() {
    for (answer, words) in [
        ("302 Found\r\nlocation: http://127.0.0.1:1/", "nobody is followed"),
        ("410 Gone", "answered 410"),
        ("401 No", "answered 401"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (receiver, store) = (Receiver::new(&[answer]).await, told(dir.path(), &["web"]));
        let service = LocalService::start(Arc::clone(&store), vec![], Handle::current());
        let _sending = postman(&service, &receiver);
        until("it is given up", || is(store.as_ref(), DeliveryState::Dead)).await;
        let why = delivery(store.as_ref()).why.unwrap();
        assert!(why.raw().contains(words), "{answer}: {why:?}");
        assert_eq!(receiver.all().len(), 1);
        // By hand it is sent once more, under another name.
        let one = service.notifications(NotificationRequest::newest(1)).await.unwrap().remove(0);
        service.resend_notification(one.id).await.unwrap();
        until("it is sent", || is(store.as_ref(), DeliveryState::Sent)).await;
        let came = receiver.all();
        assert_ne!(came[0].header("x-driftguard-delivery"), came[1].header("x-driftguard-delivery"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_never_there_is_given_up_in_the_end_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let store = told(dir.path(), &["web"]);
    let nobody = Receiver { address: ([127, 0, 0, 1], 1).into(), came: Arc::default() };
    let service = LocalService::start(Arc::clone(&store), vec![], Handle::current());
    assert_eq!(service.backlog().deliveries, [(ops(), 1)]);
    let _sending = postman(&service, &nobody);
    until("it is given up", || is(store.as_ref(), DeliveryState::Dead)).await;
    let dead = delivery(store.as_ref());
    assert!(
        dead.tries == 4 && dead.why.unwrap().raw().contains("given up after 4 tries: the receiver cannot be reached")
    );
    let backlog = service.backlog();
    assert_eq!(backlog.deliveries, [(ops(), 0)]);
    let counts: Vec<(&str, u64)> = backlog.delivered.iter().map(|((_, how), count)| (how.as_str(), *count)).collect();
    assert_eq!(counts, [("failed", 3), ("dead", 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_servers_on_one_database_one_sends() {
    let Some(database) = Database::new() else { return };
    let receiver = Receiver::new(&[]).await;
    let opened = tokio::task::spawn_blocking(move || {
        let stores = [0, 1, 2].map(|_| database.open("acme"));
        stores.iter().for_each(|store| store.alert(alerting()));
        let ids: Vec<String> = (0..40).map(|n| format!("vpc-{n}")).collect();
        scan(stores[0].as_ref(), ids.iter().map(|id| finding(id)).collect());
        (stores, database)
    });
    let (stores, database) = opened.await.unwrap();
    let services: Vec<_> =
        stores.iter().map(|store| LocalService::start(Arc::clone(store), vec![], Handle::current())).collect();
    let postmen: Vec<Postman> = services.iter().map(|service| postman(service, &receiver)).collect();
    let store = Arc::clone(&stores[1]);
    let all_sent = || {
        let all = store.notifications(&NotificationRequest::newest(100)).unwrap();
        all.len() == 40 && all.iter().all(|one| one.deliveries[0].state == DeliveryState::Sent)
    };
    until("all are sent", all_sent).await;
    drop(postmen);
    let came = receiver.all();
    let names: BTreeSet<&str> = came.iter().map(|one| one.header("x-driftguard-delivery")).collect();
    assert_eq!((came.len(), names.len()), (40, 40), "each once");
    for service in services {
        service.shutdown().await;
    }
    drop(database);
}
