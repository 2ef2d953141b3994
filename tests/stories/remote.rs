//! A server and its client in one process: what one promises the other keeps.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use driftguard::api::Role;
use driftguard::drift::Slug;
use driftguard::server::{self, Certificate, Houses, Options, Principal, Tokens};
use driftguard::service::{Contact, DriftService, LocalService, RemoteService, Server, ServiceError, ServiceEvent};
use driftguard::store::Store;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Handle;
use tokio::sync::{broadcast, oneshot};

use super::conformance::{self, Bench};
use super::lab::tls;
use super::postgres::Database;
use super::scan::{Files, open_store};

/// A server over files that drift, and somebody who is connected to it.
pub struct Connected {
    files: Files,
    remote: Arc<dyn DriftService>,
    admin: Arc<dyn DriftService>,
    pub address: SocketAddr,
    running: Running,
}

pub const TOKEN: &str = "editor-token-of-the-test";
const ADMIN: &str = "admin-token-of-the-test";
pub const VIEWER: &str = "viewer-token-of-the-test";
/// An admin of another organisation.
pub const FOREIGN: &str = "admin-token-of-somebody-else";

fn principal(organisation: &str, name: &str, role: Role) -> Principal {
    Principal::new(Slug::from_text(organisation), name.into(), role)
}

impl Connected {
    pub async fn new(dir: &std::path::Path) -> Self {
        Self::on(dir, open_store(&dir.join("store"))).await
    }

    pub async fn on(dir: &std::path::Path, store: Arc<dyn Store>) -> Self {
        let world = dir.join("world");
        std::fs::create_dir(&world).unwrap();
        let files = Files::new(&world, store);
        let mut houses = Houses::default();
        houses.open(Slug::from_text("acme"), files.service());
        let foreign = LocalService::start(open_store(&dir.join("foreign")), vec![], Handle::current());
        houses.open(Slug::from_text("umbrella"), foreign);
        let tokens = Tokens::new([
            (TOKEN.to_owned(), principal("acme", "erin", Role::Editor)),
            (ADMIN.to_owned(), principal("acme", "ada", Role::Admin)),
            (VIEWER.to_owned(), principal("acme", "vic", Role::Viewer)),
            (FOREIGN.to_owned(), principal("umbrella", "root", Role::Admin)),
        ]);
        Self::serving(files, tokens, houses, ([127, 0, 0, 1], 0).into()).await
    }

    async fn serving(files: Files, tokens: Tokens, houses: Houses, listen: SocketAddr) -> Self {
        let running = Running::start(tokens, houses, listen).await;
        let remote = connect(running.address, TOKEN).await;
        let admin = connect(running.address, ADMIN).await;
        Self { files, remote, admin, address: running.address, running }
    }

    /// The service behind the server.
    pub fn local(&self) -> Arc<dyn DriftService> {
        self.files.service()
    }

    pub async fn end(self) {
        self.running.end().await;
    }
}

/// A server that answers until it is told to leave.
pub struct Running {
    pub address: SocketAddr,
    leave: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<()>,
}

impl Running {
    pub async fn start(tokens: Tokens, houses: Houses, listen: SocketAddr) -> Self {
        let options = Options::new(listen);
        let serving = server::serve(&options, Arc::new(tokens), houses).await.unwrap();
        let address = serving.address;
        let (leave, leaving) = oneshot::channel::<()>();
        let ended = tokio::spawn(async move {
            serving.run(async move { leaving.await.unwrap_or_default() }).await.unwrap();
        });
        Self { address, leave, ended }
    }

    pub async fn end(self) {
        self.leave.send(()).unwrap();
        self.ended.await.unwrap();
    }
}

pub async fn connect(address: SocketAddr, token: &str) -> Arc<dyn DriftService> {
    let server = Server { url: format!("http://{address}").parse().unwrap(), token: Some(token.to_owned()), ca: None };
    RemoteService::connect(server, &Handle::current()).await.unwrap()
}

impl Bench for Connected {
    fn service(&self) -> Arc<dyn DriftService> {
        Arc::clone(&self.remote)
    }
    fn admin(&self) -> Arc<dyn DriftService> {
        Arc::clone(&self.admin)
    }
    fn environment(&self) -> Slug {
        self.files.environment()
    }
    fn disturb(&self, thing: usize, drifts: bool) {
        self.files.disturb(thing, drifts);
    }
    fn signed<'a>(&'a self, _: &'a str) -> &'a str {
        "erin"
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_remote_service_over_sled_conforms() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Connected::new(dir.path()).await;
    conformance::conforms(&bench).await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_remote_service_over_postgres_conforms() {
    let Some(database) = Database::new() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (store, database) = tokio::task::spawn_blocking(move || (database.open("acme"), database)).await.unwrap();
    let bench = Connected::on(dir.path(), store).await;
    conformance::conforms(&bench).await;
    bench.end().await;
    drop(database);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_everything_and_decides_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Connected::new(dir.path()).await;
    let viewer = connect(bench.address, VIEWER).await;
    assert_eq!(viewer.environments().await.unwrap().len(), 1);
    let error = viewer.scan(None).await.unwrap_err().to_string();
    assert!(error.contains("needs the role editor") && error.contains("you are viewer"), "{error}");
    bench.end().await;
}

pub fn editors() -> Tokens {
    Tokens::new([(TOKEN.to_owned(), principal("acme", "erin", Role::Editor))])
}

pub fn acme(service: Arc<dyn DriftService>) -> Houses {
    let mut houses = Houses::default();
    houses.open(Slug::from_text("acme"), service);
    houses
}

/// Waits for what is told, and passes everything else over.
pub async fn hears(events: &mut broadcast::Receiver<ServiceEvent>, what: impl Fn(&ServiceEvent) -> bool) {
    let heard = async { while !what(&events.recv().await.unwrap()) {} };
    tokio::time::timeout(Duration::from_secs(60), heard).await.expect("it is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_and_comes_back_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let service: Arc<dyn DriftService> =
        LocalService::start(open_store(&dir.path().join("store")), vec![], Handle::current());
    let running = Running::start(editors(), acme(Arc::clone(&service)), ([127, 0, 0, 1], 0).into()).await;
    let address = running.address;
    let remote = connect(address, TOKEN).await;
    let mut events = remote.subscribe();
    running.end().await;
    hears(&mut events, |event| matches!(event, ServiceEvent::Contact(Contact::Lost { .. }))).await;
    let error = remote.environments().await.unwrap_err();
    assert!(matches!(&error, ServiceError::Unavailable(why) if why.contains("cannot be reached")), "{error}");
    let running = Running::start(editors(), acme(Arc::clone(&service)), address).await;
    hears(&mut events, |event| matches!(event, ServiceEvent::Contact(Contact::Live))).await;
    hears(&mut events, |event| matches!(event, ServiceEvent::Lost)).await;
    assert!(remote.environments().await.unwrap().is_empty());
    running.end().await;
    let nobody = Running::start(Tokens::new([]), acme(service), address).await;
    hears(&mut events, |event| matches!(event, ServiceEvent::Contact(Contact::Denied { .. }))).await;
    assert!(matches!(remote.environments().await, Err(ServiceError::Denied(_))));
    nobody.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_driftguard_server_is_called_so() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").await;
        }
    });
    for (url, says) in [
        (format!("http://{address}"), "is no driftguard server"),
        ("http://user:secret@localhost".to_owned(), "no credentials in the address"),
        ("ftp://localhost".to_owned(), "the address of a server is"),
        ("http://127.0.0.1:1".to_owned(), "cannot be reached"),
    ] {
        let server = Server { url: url.parse().unwrap(), token: Some("x".into()), ca: None };
        let error = RemoteService::connect(server, &Handle::current()).await.err().unwrap().to_string();
        assert!(error.contains(says) && !error.contains("secret"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_others_can_reach_wants_a_certificate() {
    let options = Options::new(([0, 0, 0, 0], 0).into());
    let refused = server::serve(&options, Arc::new(editors()), Houses::default()).await.err().unwrap().to_string();
    assert!(refused.contains("in clear") && refused.contains("--tls-cert"), "{refused}");
    let dir = tempfile::tempdir().unwrap();
    let Some(certificates) = tls::certificates(dir.path()) else { return };
    let service = LocalService::start(open_store(&dir.path().join("store")), vec![], Handle::current());
    let certificate = Certificate { chain: certificates.server.clone(), key: certificates.key.clone() };
    let options = Options { certificate: Some(certificate), ..Options::new(([127, 0, 0, 1], 0).into()) };
    let serving = server::serve(&options, Arc::new(editors()), acme(service)).await.unwrap();
    let url: url::Url = format!("https://localhost:{}", serving.address.port()).parse().unwrap();
    let (leave, leaving) = oneshot::channel::<()>();
    let ended = tokio::spawn(serving.run(async move { leaving.await.unwrap_or_default() }));
    let stranger = Server { url: url.clone(), token: Some(TOKEN.to_owned()), ca: None };
    let error = RemoteService::connect(stranger, &Handle::current()).await.err().unwrap().to_string();
    assert!(error.contains("cannot be reached") && error.to_lowercase().contains("certificate"), "{error}");
    let server = Server { url, token: Some(TOKEN.to_owned()), ca: Some(std::fs::read(&certificates.ca).unwrap()) };
    let remote = RemoteService::connect(server, &Handle::current()).await.unwrap();
    assert!(remote.environments().await.unwrap().is_empty());
    leave.send(()).unwrap();
    ended.await.unwrap().unwrap();
}
