//! Who may do what over the API: every route there is, with every role, and with the ids of another organisation.
//!
//! The routes are those of the API's document: a new one is walked from the day it is there, and fails here until this file says
//! which id its path takes.

mod described;
mod fuzzed;
mod kept;
mod keys;
mod listed;
mod login;
mod named;
mod origins;
mod refused;
mod roles;
mod schema;
mod walk;

use std::net::SocketAddr;
use std::sync::Arc;

use driftguard::accounts::{self, By, Desk, Grant, NewKey, OrganizationEdit, Registry, ServerSecret, Tokens, UserEdit};
use driftguard::api::Role;
use driftguard::drift::Slug;
use driftguard::server::{self, Houses, Options};
use driftguard::service::LocalService;
use regex::Regex;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Method};
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::conformance::{self, Bench};
use super::scan::{Files, open_store};

const PASSWORD: &str = "drei blaue Elefanten";
const SECRET: &str = "q3vKx1Jd0sTzPp8mW6yBhR2nLcUeG9aFi7Xo";
const NOBODY: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// A path of the API and a method it takes.
struct Route {
    method: Method,
    path: String,
}

/// As the document says it.
fn routes() -> Vec<Route> {
    let mut routes = vec![];
    for (path, item) in server::document()["paths"].as_object().unwrap() {
        // Who is asked how he is has no organisation, and the document is everybody's.
        let Some(path) = path.strip_prefix("/api/v1").filter(|path| *path != "/openapi.json") else { continue };
        let methods = item.as_object().unwrap().keys();
        let methods = methods.map(|method| method.to_uppercase().parse().unwrap());
        routes.extend(methods.map(|method| Route { method, path: path.to_owned() }));
    }
    assert!(routes.len() > 50, "{} routes", routes.len());
    routes
}

struct World {
    address: SocketAddr,
    registry: Registry,
    files: Files,
    /// API keys: of acme by role, and of an admin of umbrella.
    keys: [String; 4],
    leave: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<()>,
    _dir: tempfile::TempDir,
}

struct Said {
    status: u16,
    body: Value,
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("world")).unwrap();
        let files = Files::new(&dir.path().join("world"), open_store(&dir.path().join("store")));
        let accounts = accounts::open(&dir.path().join("accounts"), true).unwrap();
        let (registry, by) = (Registry::new(Arc::clone(&accounts)), By::operator("root"));
        registry.init(&by, "acme", "Acme Inc", "adam", PASSWORD).unwrap();
        registry.create_organization(&by, "umbrella", "Umbrella", &OrganizationEdit::default()).unwrap();
        let members =
            [("acme", Role::Viewer), ("acme", Role::Editor), ("acme", Role::Admin), ("umbrella", Role::Admin)];
        let keys = members.map(|(slug, role)| key(&registry, slug, role, vec![]));
        let mut houses = Houses::default();
        houses.open(Slug::from_text("acme"), files.service());
        let foreign = LocalService::start(open_store(&dir.path().join("foreign")), vec![], Handle::current());
        houses.open(Slug::from_text("umbrella"), foreign);
        let secret = ServerSecret::load(Some(SECRET), None, false).unwrap_or_else(|e| panic!("{e}"));
        let desk = Desk::new(accounts, Tokens::new(&secret, "driftguard"));
        let options = Options::new(([127, 0, 0, 1], 0).into());
        let serving = server::serve(&options, Arc::new(desk), houses).await.unwrap();
        let address = serving.address;
        let (leave, leaving) = oneshot::channel::<()>();
        let ended = tokio::spawn(async move {
            serving.run(async move { leaving.await.unwrap_or_default() }).await.unwrap();
        });
        let world = Self { address, registry, files, keys, leave, ended, _dir: dir };
        conformance::settle(&world.files).await;
        (0..3).for_each(|n| world.files.disturb(n, true));
        conformance::scan(&world.files).await;
        world
    }

    async fn send(&self, key: Option<&str>, method: &Method, path: &str, body: Option<&Value>) -> Said {
        self.send_named(key, method, path, body, None).await
    }

    /// Under this key of idempotency.
    async fn send_named(
        &self,
        key: Option<&str>,
        method: &Method,
        path: &str,
        body: Option<&Value>,
        name: Option<&str>,
    ) -> Said {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().build().unwrap();
        let mut request = client.request(method.clone(), format!("http://{}/api/v1{path}", self.address));
        if let Some(key) = key {
            request = request.header(AUTHORIZATION, format!("Bearer {key}"));
        }
        if let Some(name) = name {
            request = request.header("idempotency-key", name);
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        // The feed never ends.
        let bytes = if path == "/feed" && status == 200 { Default::default() } else { response.bytes().await.unwrap() };
        Said { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    async fn end(self) {
        self.leave.send(()).unwrap();
        self.ended.await.unwrap();
    }
}

fn key(registry: &Registry, slug: &str, role: Role, grants: Vec<Grant>) -> String {
    let (by, slug, name) = (By::operator("root"), Slug::from_text(slug), format!("{}-{}", role.as_str(), grants.len()));
    let edit = UserEdit { role: Some(role), grants: Some(grants), ..UserEdit::default() };
    registry.create_user(&by, &slug, &name, &edit, None).unwrap();
    let new = NewKey { label: "story".into(), role, endpoints: vec![], expires_at: None };
    registry.create_key(&by, &slug, &name, &new).unwrap().1.reveal().to_owned()
}

fn message(said: &Said) -> &str {
    said.body["error"]["message"].as_str().unwrap_or_default()
}

/// With a value for what the path leaves open.
fn filled(path: &str, value: &str) -> String {
    Regex::new(r"\{[a-z_]+\}").unwrap().replace_all(path, value).into_owned()
}

/// Without these a route answers that they are missing.
fn query(method: &Method, path: &str) -> &'static str {
    match path {
        _ if method != Method::GET => "",
        "/incident" | "/contexts" => "?from=2026-11-20T00:00:00Z&until=2030-01-01T00:00:00Z",
        "/drifts/groups" => "?by=actor",
        "/correlations" => "?drift=01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "/iac/resources" => "?environment=host",
        "/access" => "?verb=revert&environment=host",
        _ => "",
    }
}
