//! Who may do what over the API: every route there is, with every role, and with the ids of another organisation.
//!
//! The routes are read from the source of the server: a new one is walked from the day it is there, and fails here until this file
//! says which id its path takes.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use driftguard::accounts::{self, By, Desk, Grant, NewKey, OrganizationEdit, Registry, ServerSecret, Tokens, UserEdit};
use driftguard::api::Role;
use driftguard::drift::Slug;
use driftguard::server::{self, Houses, Options};
use driftguard::service::LocalService;
use jiff::Timestamp;
use regex::Regex;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::conformance::{self, Bench, open_drifts};
use super::scan::{Files, open_store};
use crate::support;

const PASSWORD: &str = "drei blaue Elefanten";
const SECRET: &str = "q3vKx1Jd0sTzPp8mW6yBhR2nLcUeG9aFi7Xo";
const NOBODY: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// A path of the API and a method it takes.
struct Route {
    method: Method,
    path: String,
}

/// As the server's sources say it.
fn routes() -> Vec<Route> {
    let mut sources = vec![];
    let mut directories = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server/routes")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                sources.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let begins = Regex::new(r#"\.route\(\s*"([^"]+)",\s*"#).unwrap();
    let methods = Regex::new(r"\b(get|post|put|patch|delete)\(").unwrap();
    let mut routes = vec![];
    for source in &sources {
        for found in begins.captures_iter(source) {
            let rest = &source[found.get(0).unwrap().end()..];
            let mut depth = 1;
            let ends = rest.find(|c| {
                depth += i32::from(c == '(') - i32::from(c == ')');
                depth == 0
            });
            let named = methods.captures_iter(&rest[..ends.unwrap()]);
            let named: Vec<Method> = named.map(|m| m[1].to_uppercase().parse().unwrap()).collect();
            assert!(!named.is_empty(), "no method is known of {}", &found[1]);
            routes.extend(named.into_iter().map(|method| Route { method, path: found[1].to_owned() }));
        }
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
        let options = Options { listen: ([127, 0, 0, 1], 0).into(), certificate: None };
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
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().build().unwrap();
        let mut request = client.request(method.clone(), format!("http://{}/api/v1{path}", self.address));
        if let Some(key) = key {
            request = request.header(AUTHORIZATION, format!("Bearer {key}"));
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
fn query(path: &str) -> &'static str {
    match path {
        "/incident" | "/contexts" => "?from=2026-11-20T00:00:00Z&until=2030-01-01T00:00:00Z",
        "/drifts/groups" => "?by=actor",
        "/access" => "?verb=revert&environment=host",
        _ => "",
    }
}

/// What is one's own is not asked for a role; who is nobody yet has none.
const OWN: [&str; 4] = ["/auth/logout", "/users/{username}/password", "/sessions/{id}", "/api-keys/{id}"];
const OPEN: [&str; 2] = ["/auth/login", "/auth/refresh"];
/// Not for editors either.
const ADMINS: [&str; 7] = [
    "/users",
    "/users/{username}",
    "/organizations/{slug}/settings",
    "/lockouts",
    "/audit/security",
    "/audit/verify",
    "/access",
];

#[tokio::test(flavor = "multi_thread")]
async fn three_roles_by_six_methods_by_every_route() {
    let world = World::new().await;
    let routes = routes();
    let paths: BTreeSet<&str> = routes.iter().map(|route| route.path.as_str()).collect();
    for path in paths {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"] {
            let method: Method = method.parse().unwrap();
            let is_there = routes.iter().any(|route| route.path == path && route.method == method);
            let named = if path.starts_with("/organizations") { "acme" } else { NOBODY };
            let full = format!("{}{}", filled(path, named), query(path));
            let body = (method != Method::GET).then(|| json!({}));
            let needed = match method {
                Method::GET => Role::Viewer,
                Method::DELETE => Role::Admin,
                _ => Role::Editor,
            };
            for (role, key) in [Role::Viewer, Role::Editor, Role::Admin].into_iter().zip(&world.keys) {
                let said = world.send(Some(key), &method, &full, body.as_ref()).await;
                let what = format!("{role:?} {method} {path}: {} {}", said.status, said.body);
                assert!(said.status < 500, "{what}");
                if !is_there {
                    assert_eq!(said.status, 405, "{what}");
                    continue;
                }
                let is_free = OWN.contains(&path) || OPEN.contains(&path);
                let refused = said.status == 403 && message(&said).starts_with("this needs the role");
                assert_eq!(refused, role < needed && !is_free, "{what}");
                if ADMINS.contains(&path) && role < Role::Admin && path != "/access" {
                    assert_eq!(said.status, 403, "{what}");
                }
            }
            if is_there && !OPEN.contains(&path) {
                let said = world.send(None, &method, &full, body.as_ref()).await;
                assert_eq!(said.status, 401, "nobody {method} {path}: {}", said.body);
            }
        }
    }
    let trail = world.registry.audit(&By::operator("root"), &Slug::from_text("acme"), 10_000).unwrap();
    let denied = trail.iter().filter(|record| record.entry.action.as_str() == "denied");
    let denied: Vec<String> = denied.map(|record| record.entry.subject.line()).collect();
    assert!(denied.iter().any(|what| what.contains("POST /api/v1/scans")), "{denied:?}");
    assert_eq!(world.registry.verify(&By::operator("root")).unwrap().faults, Vec::<String>::new());
    world.end().await;
}

/// What acme has.
struct Ids {
    drift: String,
    rule: String,
    never_hide: String,
    context: String,
    key: String,
    session: String,
}

impl Ids {
    async fn make(world: &World) -> Self {
        let editor = Some(world.keys[1].as_str());
        let drift = open_drifts(world.files.service().as_ref()).await[0].id.to_string();
        let rule = json!({
            "id": "01ARZ3NDEKTSV4RRFFQ69G5FA1", "environment": "host", "resource_type": "local_file",
            "resource_id": null, "path": "nothing", "reason": "x", "owner": "adam", "created_at": Timestamp::now(),
            "expires_at": null,
        });
        let body = json!({"verb": {"ignore": {"rule": rule}}, "reason": "x"});
        let said = world.send(editor, &Method::POST, &format!("/drifts/{drift}/triage"), Some(&body)).await;
        assert_eq!(said.status, 200, "{}", said.body);
        let never = json!({
            "id": "01ARZ3NDEKTSV4RRFFQ69G5FA2", "rule": "set-order", "environment": "host",
            "resource_type": "local_file", "resource_id": null, "path": null, "owner": "adam",
            "created_at": Timestamp::now(),
        });
        let body = json!({"verb": {"put": {"rule": never}}});
        let said = world.send(editor, &Method::POST, "/never-hide-rules/01ARZ3NDEKTSV4RRFFQ69G5FA2", Some(&body)).await;
        assert_eq!(said.status, 200, "{}", said.body);
        let context = json!({
            "id": "01ARZ3NDEKTSV4RRFFQ69G5FA3", "context_type": "incident", "context_data": {"title": "of-acme"},
            "time_window": {"from": Timestamp::now(), "to": null}, "environments": ["host"], "source": "person",
        });
        let said = world.send(editor, &Method::POST, "/contexts", Some(&json!({"context": context}))).await;
        assert_eq!(said.status, 200, "{}", said.body);
        let login = json!({"organization": "acme", "username": "adam", "password": PASSWORD});
        let said = world.send(None, &Method::POST, "/auth/login", Some(&login)).await;
        assert_eq!(said.status, 200, "{}", said.body);
        let (by, acme) = (By::operator("root"), Slug::from_text("acme"));
        Self {
            drift,
            rule: "01ARZ3NDEKTSV4RRFFQ69G5FA1".into(),
            never_hide: "01ARZ3NDEKTSV4RRFFQ69G5FA2".into(),
            context: "01ARZ3NDEKTSV4RRFFQ69G5FA3".into(),
            key: world.registry.api_keys(&by, &acme).unwrap()[0].id.to_string(),
            session: world.registry.sessions(&by, &acme).unwrap()[0].id.to_string(),
        }
    }

    /// What belongs into a path, and what would belong there and is nowhere.
    fn of(&self, path: &str) -> (&str, &'static str) {
        let first = path.split('/').nth(1).unwrap();
        match first {
            "drifts" => (&self.drift, NOBODY),
            "ignore-rules" => (&self.rule, NOBODY),
            "never-hide-rules" => (&self.never_hide, NOBODY),
            "contexts" => (&self.context, NOBODY),
            "api-keys" => (&self.key, NOBODY),
            "sessions" => (&self.session, NOBODY),
            "environments" => ("host", "nowhere"),
            "organizations" => ("acme", "nowhere"),
            "users" => ("adam", "nobody"),
            other => panic!("say which id belongs into the new route {other}: {path}"),
        }
    }

    /// Nothing of this is in what umbrella is told.
    fn marks(&self) -> [&str; 8] {
        [&self.drift, &self.rule, &self.never_hide, &self.context, &self.key, &self.session, "local_file", "of-acme"]
    }
}

/// With it the route would do something, were the id its own.
fn body(method: &Method, path: &str, ids: &Ids) -> Value {
    match (method.as_str(), path) {
        ("POST", "/drifts/{id}/triage") => json!({"verb": "acknowledge"}),
        ("PUT", "/drifts/{id}/resolve") => json!({"resolution_type": "accepted", "reason": "mine"}),
        ("POST", "/drifts/{id}/who") => Value::Null,
        ("POST", "/drifts/triage") => json!({"requests": [{"drift": ids.drift, "verb": "acknowledge"}]}),
        ("POST", "/ignore-rules/{id}" | "/never-hide-rules/{id}") => json!({"verb": "delete", "reason": "x"}),
        ("POST", "/contexts/{id}/end") => json!({"at": Timestamp::now()}),
        ("POST", "/scans" | "/scans/cancel") => json!({"environment": "host"}),
        ("PUT" | "PATCH", "/organizations/{slug}") => json!({"description": "stolen"}),
        ("PUT", "/organizations/{slug}/settings") => json!({"session_timeout": 900}),
        ("PUT" | "PATCH", "/users/{username}") => json!({"role": "viewer"}),
        ("POST", "/users/{username}/password") => json!({"password": "ein ganz anderes Wort"}),
        _ => Value::Null,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_another_organisation_is_as_if_it_were_not_there_on_every_route() {
    let world = World::new().await;
    let ids = Ids::make(&world).await;
    let foreign = Some(world.keys[3].as_str());
    for Route { method, path } in routes() {
        let body = body(&method, &path, &ids);
        let body = (method != Method::GET && method != Method::DELETE).then_some(&body);
        let Some((theirs, nobody)) = path.contains('{').then(|| ids.of(&path)) else {
            let said = world.send(foreign, &method, &format!("{path}{}", query(&path)), body).await;
            let text = said.body.to_string();
            assert!(said.status < 500, "{method} {path}: {text}");
            // What was asked for may be said back; nothing else.
            let asked = body.map(ToString::to_string).unwrap_or_default();
            let told = ids.marks().into_iter().find(|mark| text.contains(mark) && !asked.contains(mark));
            assert!(told.is_none(), "{method} {path}: {text}");
            if path == "/drifts/triage" {
                assert_eq!(said.body["data"][0]["problem"]["error"]["code"], "not_found", "{text}");
            }
            continue;
        };
        let mut answers = vec![];
        for id in [theirs, nobody] {
            let mut said = world.send(foreign, &method, &filled(&path, id), body).await;
            if let Some(error) = said.body.get_mut("error").and_then(Value::as_object_mut) {
                error.remove("request_id");
            }
            answers.push((said.status, said.body.to_string().replace(id, "ID")));
        }
        assert_eq!(answers[0], answers[1], "{method} {path}: theirs is told from nobody's");
        let is_empty = method == Method::GET && path == "/environments/{slug}/untold";
        assert_eq!(answers[0].0, if is_empty { 200 } else { 404 }, "{method} {path}: {}", answers[0].1);
    }
    for path in ["/users", "/users/adam", "/api-keys", "/sessions", "/lockouts", "/audit/security"] {
        let said = world.send(foreign, &Method::GET, &format!("{path}?organization=acme"), None).await;
        assert_eq!(said.status, 404, "{path}: {}", said.body);
    }
    let drift = open_drifts(world.files.service().as_ref()).await;
    assert!(drift.iter().any(|event| event.id.to_string() == ids.drift), "and nothing was done to it");
    let adam = world.registry.user(&By::operator("root"), &Slug::from_text("acme"), "adam").unwrap();
    assert_eq!((adam.role, adam.is_active), (Role::Admin, true));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_hold_over_the_api_and_a_refusal_is_in_the_audit_trail() {
    let world = World::new().await;
    let grant = |text: Value| serde_json::from_value::<Grant>(text).unwrap();
    let read = grant(json!({"environments": "host", "access": "read"}));
    let elsewhere = grant(json!({"environments": "prod-*", "access": "act"}));
    let reader = key(&world.registry, "acme", Role::Editor, vec![read, elsewhere.clone()]);
    let stranger = key(&world.registry, "acme", Role::Editor, vec![elsewhere]);
    let id = open_drifts(world.files.service().as_ref()).await[0].id;
    let triage = format!("/drifts/{id}/triage");
    let acknowledge = json!({"verb": "acknowledge"});
    let said = world.send(Some(&reader), &Method::POST, &triage, Some(&acknowledge)).await;
    assert_eq!(said.status, 403, "{}", said.body);
    assert!(message(&said).contains("none of your grants lets you act on local_file in host"), "{}", said.body);
    let said = world.send(Some(&stranger), &Method::POST, &triage, Some(&acknowledge)).await;
    assert_eq!(said.status, 404, "{}", said.body);
    for (key, drifts) in [(&reader, 3), (&stranger, 0)] {
        let said = world.send(Some(key), &Method::GET, "/drifts", None).await;
        assert_eq!(said.body["data"].as_array().unwrap().len(), drifts, "{}", said.body);
    }
    let admin = Some(world.keys[2].as_str());
    let trail = world.send(admin, &Method::GET, "/audit/security?limit=1", None).await;
    let entry = &trail.body["data"][0]["entry"];
    assert_eq!(entry["action"], "denied", "{}", trail.body);
    assert!(entry["subject"].as_str().unwrap().contains(&format!("POST /api/v1{triage}")), "{}", trail.body);
    let who = world.send(admin, &Method::GET, "/access?verb=revert&environment=host&type=local_file", None).await;
    let names = who.body["data"].as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap().to_owned());
    assert_eq!(names.collect::<Vec<_>>(), ["adam", "admin-0", "editor-0"]);
    let greeting = world.send(Some(&world.keys[0]), &Method::GET, "/session", None).await;
    assert!(greeting.body["read_only"].as_str().unwrap().contains("your role is viewer"), "{}", greeting.body);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn organisations_users_keys_and_settings_are_kept_over_the_api_and_mistakes_name_their_field() {
    let world = World::new().await;
    let admin = Some(world.keys[2].as_str());
    let get = |path: &'static str| world.send(admin, &Method::GET, path, None);
    let send = |method: Method, path: &'static str, body: Value| {
        let world = &world;
        async move { world.send(admin, &method, path, Some(&body)).await }
    };
    assert_eq!(get("/organizations/acme/settings").await.status, 404, "none until they are put");
    for (method, path, body, field) in [
        (Method::PUT, "/organizations/acme/settings", json!({"slack_webhook_url": "x"}), "slack_webhook_url"),
        (Method::PUT, "/organizations/acme/settings", json!({"session_timeout": 5}), "session_timeout"),
        (Method::PUT, "/organizations/acme/settings", json!({"sesion_timeout": 900}), "sesion_timeout"),
        (Method::PATCH, "/organizations/acme", json!({"contact_email": "x"}), "contact_email"),
        (Method::PATCH, "/organizations/acme", json!({"slug": "x"}), "slug"),
        (Method::POST, "/organizations", json!({"slug": "Acme EU"}), "slug"),
        (Method::POST, "/users", json!({"username": "a b", "password": PASSWORD}), "username"),
        (Method::POST, "/users", json!({"username": "erin", "password": "short"}), "password"),
        (Method::POST, "/users", json!({"username": "erin", "role": "root"}), "role"),
        (
            Method::POST,
            "/users",
            json!({"username": "erin", "grants": [{"access": "act", "types": "*"}]}),
            "grants[0].types",
        ),
        (Method::POST, "/api-keys", json!({"label": ""}), "label"),
        (Method::POST, "/api-keys", json!({"label": "x", "endpoints": ["drifts"]}), "endpoints[0]"),
    ] {
        let said = send(method.clone(), path, body.clone()).await;
        assert_eq!((said.status, said.body["error"]["field"].as_str()), (400, Some(field)), "{body}: {}", said.body);
    }
    let said = send(Method::PUT, "/organizations/acme/settings", json!({"session_timeout": 900})).await;
    assert_eq!((said.status, &said.body["session_timeout"]), (200, &json!(900)), "{}", said.body);
    assert_eq!(get("/organizations/acme/settings").await.status, 200);

    let said = send(Method::POST, "/organizations", json!({"slug": "acme-eu"})).await;
    assert_eq!((said.status, &said.body["parent"]), (201, &json!("acme")), "{}", said.body);
    let taken = send(Method::POST, "/organizations", json!({"slug": "umbrella"})).await;
    assert_eq!((taken.status, &taken.body["error"]["field"]), (409, &json!("slug")), "{}", taken.body);
    let tree = get("/organizations").await.body;
    assert_eq!(tree["data"][0]["children"][0]["organization"]["slug"], "acme-eu", "{tree}");
    let gone = world.send(admin, &Method::DELETE, "/organizations/acme-eu", None).await;
    assert_eq!((gone.status, &gone.body["is_active"]), (200, &json!(false)), "{}", gone.body);
    let own = world.send(admin, &Method::DELETE, "/organizations/acme", None).await;
    assert_eq!((own.status, &own.body["error"]["field"]), (400, &json!("is_active")), "{}", own.body);

    let said = send(Method::POST, "/users", json!({"username": "erin", "password": PASSWORD})).await;
    assert_eq!((said.status, &said.body["role"]), (201, &json!("viewer")), "a new user only looks: {}", said.body);
    let body = json!({"role": "editor", "grants": [{"environments": "host", "access": "read"}]});
    let said = send(Method::PATCH, "/users/erin", body).await;
    assert_eq!((said.status, &said.body["grants"][0]["environments"]), (200, &json!("host")), "{}", said.body);
    let made = send(Method::POST, "/api-keys", json!({"label": "ci", "role": "viewer", "username": "editor-0"})).await;
    let secret = made.body["secret"].as_str().unwrap().to_owned();
    let list = get("/api-keys").await.body.to_string();
    assert!(secret.starts_with("dgk_") && list.contains(&secret[..12]) && !list.contains(&secret), "{list}");
    assert_eq!(world.send(Some(&secret), &Method::GET, "/session", None).await.body["role"], "viewer");
    let path = format!("/api-keys/{}", made.body["key"]["id"].as_str().unwrap());
    assert_eq!(world.send(admin, &Method::DELETE, &path, None).await.status, 200);
    assert_eq!(world.send(Some(&secret), &Method::GET, "/session", None).await.status, 401);

    let login = |password: &'static str| json!({"organization": "acme", "username": "erin", "password": password});
    for _ in 0..5 {
        assert_eq!(world.send(None, &Method::POST, "/auth/login", Some(&login("wrong"))).await.status, 401);
    }
    let said = world.send(None, &Method::POST, "/auth/login", Some(&login(PASSWORD))).await;
    assert_eq!(said.status, 429, "{}", said.body);
    let locked = get("/lockouts").await.body;
    assert_eq!(locked["data"][0]["username"], "erin", "{locked}");
    let export = get("/audit/export?kind=security&format=json").await.body;
    let actions: BTreeSet<&str> =
        export.as_array().unwrap().iter().filter_map(|one| one["entry"]["action"].as_str()).collect();
    for action in ["user_created", "grants_changed", "key_revoked", "locked_out", "settings_changed"] {
        assert!(
            actions.contains(action) || action == "grants_changed" && actions.contains("role_changed"),
            "{action}: {actions:?}"
        );
    }
    assert!(!export.to_string().contains(&secret));
    assert_eq!(get("/audit/verify").await.body["faults"], json!([]));
    world.end().await;
}

/// Runs the real program with something on standard input.
fn say(home: &Path, words: &[&str], input: &str) -> (i32, String) {
    let mut command = support::driftguard(home);
    let command = command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.code().unwrap(), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_from_a_bastion_is_kept_for_its_owner_alone_and_logout_ends_it_on_both_sides() {
    let world = World::new().await;
    let home = tempfile::tempdir().unwrap();
    let url = format!("http://{}", world.address);
    let (code, text) = say(home.path(), &["connect", &url], "");
    assert!(code == 1 && text.contains(&format!("driftguard login {url}")), "{text}");
    let login = ["login", &url, "--organization", "acme", "--username", "adam", "--password-file", "-"];
    let (code, text) = say(home.path(), &login, "not this");
    assert!(code == 1 && text.contains("organisation, name or password is wrong"), "{text}");
    let (code, text) = say(home.path(), &login, PASSWORD);
    assert!(code == 0 && text.contains("adam (admin) of acme is logged in"), "{text}");
    let logins = home.path().join("state/driftguard/logins");
    assert_eq!(std::fs::metadata(&logins).unwrap().permissions().mode() & 0o777, 0o700);
    for entry in std::fs::read_dir(&logins).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
        assert!(!std::fs::read_to_string(&path).unwrap().contains(PASSWORD));
    }
    let (by, acme) = (By::operator("root"), Slug::from_text("acme"));
    assert_eq!(world.registry.sessions(&by, &acme).unwrap().len(), 1);
    let (code, text) = say(home.path(), &["logout", &url], "");
    assert_eq!((code, world.registry.sessions(&by, &acme).unwrap().len()), (0, 0), "{text}");
    let (code, text) = say(home.path(), &["connect", &url], "");
    assert!(code == 1 && text.contains("nobody is logged in"), "{text}");

    let (code, text) = say(home.path(), &["login", &url, "--key-file", "-"], &world.keys[1]);
    assert!(code == 0 && text.contains("editor-0 (editor) of acme") && !text.contains(&world.keys[1]), "{text}");
    let (code, text) = say(home.path(), &["login", &url, "--key-file", "-"], "hunter2 hunter2");
    assert!(code == 1 && text.contains("dgk_") && !text.contains("hunter2"), "{text}");
    world.end().await;
}
