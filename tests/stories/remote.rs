//! A server and its client in one process: what one promises the other keeps.

use std::net::SocketAddr;
use std::sync::Arc;

use driftguard::api::Role;
use driftguard::drift::Slug;
use driftguard::server::{self, Houses, Options, Principal, Tokens};
use driftguard::service::{DriftService, RemoteService, Server};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::conformance::{self, Bench};
use super::scan::{Files, open_store};

/// A server over files that drift, and somebody who is connected to it.
struct Connected {
    files: Files,
    remote: Arc<dyn DriftService>,
    address: SocketAddr,
    leave: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<()>,
}

const TOKEN: &str = "editor-token-of-the-test";
const VIEWER: &str = "viewer-token-of-the-test";

fn principal(organisation: &str, name: &str, role: Role) -> Principal {
    Principal::new(Slug::from_text(organisation), name.into(), role)
}

impl Connected {
    async fn new(dir: &std::path::Path) -> Self {
        let (world, store) = (dir.join("world"), dir.join("store"));
        std::fs::create_dir(&world).unwrap();
        let files = Files::new(&world, open_store(&store));
        let mut houses = Houses::default();
        houses.open(Slug::from_text("acme"), files.service());
        let tokens = Tokens::new([
            (TOKEN.to_owned(), principal("acme", "erin", Role::Editor)),
            (VIEWER.to_owned(), principal("acme", "vic", Role::Viewer)),
        ]);
        let options = Options { listen: ([127, 0, 0, 1], 0).into() };
        let serving = server::serve(&options, Arc::new(tokens), houses).await.unwrap();
        let address = serving.address;
        let (leave, leaving) = oneshot::channel::<()>();
        let ended = tokio::spawn(async move {
            serving.run(async move { leaving.await.unwrap_or_default() }).await.unwrap();
        });
        let remote = connect(address, TOKEN).await;
        Self { files, remote, address, leave, ended }
    }

    async fn end(self) {
        self.leave.send(()).unwrap();
        self.ended.await.unwrap();
    }
}

async fn connect(address: SocketAddr, token: &str) -> Arc<dyn DriftService> {
    let server = Server { url: format!("http://{address}").parse().unwrap(), token: Some(token.to_owned()) };
    RemoteService::connect(server, &Handle::current()).await.unwrap()
}

impl Bench for Connected {
    fn service(&self) -> Arc<dyn DriftService> {
        Arc::clone(&self.remote)
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
async fn a_viewer_sees_everything_and_decides_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Connected::new(dir.path()).await;
    let viewer = connect(bench.address, VIEWER).await;
    assert_eq!(viewer.environments().await.unwrap().len(), 1);
    let error = viewer.scan(None).await.unwrap_err().to_string();
    assert!(error.contains("needs the role editor") && error.contains("you are viewer"), "{error}");
    bench.end().await;
}
