//! What somebody means ill may send, byte for byte: it is refused by its name, costs nobody else anything, and is never a fault of
//! the server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use driftguard::api::{Code, Problem, Role};
use driftguard::drift::{CloudProvider, Environment, Slug};
use driftguard::server::{self, Admission, Gatekeeper, Houses, Limits, Options, Principal};
use driftguard::service::LocalService;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::scan::open_store;
use super::store::{all, finding, scan};

/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
const TRIAGE: &str = "{\"verb\": \"acknowledge\"}";

/// Lets `erin` and `vic` in by their names, for as long as it stands open.
pub(crate) struct Gate(pub(crate) AtomicBool);

#[async_trait]
impl Gatekeeper for Gate {
    async fn admit(&self, request: Admission<'_>) -> Result<Principal, Problem> {
        let name = request.authorization.and_then(|header| header.strip_prefix("Bearer "));
        let name = name.filter(|name| ["erin", "vic"].contains(name) && self.0.load(Ordering::SeqCst));
        let name = name.ok_or_else(|| Problem::new(Code::Unauthenticated, "who are you?"))?;
        Ok(Principal::new(Slug::from_text("acme"), name.into(), Role::Admin))
    }
}

pub(crate) fn environment() -> Environment {
    let now = jiff::Timestamp::now();
    Environment {
        organization: Slug::from_text("acme"),
        slug: finding("web").environment,
        name: "Production".into(),
        cloud_provider: CloudProvider::Aws,
        region: "".into(),
        account_id: "".into(),
        tags: Default::default(),
        is_active: true,
        created_at: now,
        updated_at: now,
    }
}

/// A server with one drift in it.
pub(crate) struct Open {
    pub(crate) address: SocketAddr,
    pub(crate) drift: String,
    pub(crate) gate: Arc<Gate>,
    leave: oneshot::Sender<()>,
    ended: JoinHandle<()>,
    _dir: tempfile::TempDir,
}

impl Open {
    pub(crate) async fn new(limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = open_store(&dir.path().join("store"));
        store.put_environment(&environment()).unwrap();
        scan(store.as_ref(), vec![finding("web")]);
        let drift = all(store.as_ref())[0].id.to_string();
        let mut houses = Houses::default();
        houses.open(Slug::from_text("acme"), LocalService::start(store, vec![], Handle::current()));
        let gate = Arc::new(Gate(AtomicBool::new(true)));
        let options = Options { limits, ..Options::new(([127, 0, 0, 1], 0).into()) };
        let serving = server::serve(&options, Arc::clone(&gate) as _, houses).await.unwrap();
        let address = serving.address;
        let (leave, leaving) = oneshot::channel::<()>();
        let ended = tokio::spawn(async move {
            serving.run(async move { leaving.await.unwrap_or_default() }).await.unwrap();
        });
        Self { address, drift, gate, leave, ended, _dir: dir }
    }

    pub(crate) async fn end(self) {
        self.leave.send(()).unwrap();
        tokio::time::timeout(PATIENCE, self.ended).await.expect("it leaves").unwrap();
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends these bytes as they are, and reads until the server closes.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> Said {
        let mut stream = self.connect().await;
        // The server may have said no before it has read everything.
        let _ = stream.write_all(bytes).await;
        Said::read(stream).await
    }

    /// A whole request of erin's.
    pub(crate) async fn ask(&self, method: &str, target: &str, headers: &str, body: &str) -> Said {
        let host = format!("host: {}\r\n", self.address);
        let host = if headers.to_lowercase().contains("host:") { "" } else { &host };
        let kind =
            if body.is_empty() || headers.contains("content-type") { "" } else { "content-type: application/json\r\n" };
        let head = format!("{method} {target} HTTP/1.1\r\n{host}authorization: Bearer erin\r\n{kind}{headers}");
        let length = body.len();
        self.raw(format!("{head}content-length: {length}\r\nconnection: close\r\n\r\n{body}").as_bytes()).await
    }

    pub(crate) async fn get(&self, target: &str) -> Said {
        self.ask("GET", target, "", "").await
    }

    pub(crate) fn triage(&self) -> String {
        format!("/api/v1/drifts/{}/triage", self.drift)
    }
}

/// An answer, or that there was none.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Said {
    pub(crate) async fn read(mut stream: TcpStream) -> Self {
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
        let _ = read.expect("the server answers, or closes");
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub(crate) fn word(&self, name: &str) -> String {
        self.json()["error"][name].as_str().unwrap_or_default().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_path_says_it_leads_nowhere_else() {
    let server = Open::new(Limits::default()).await;
    let host = server.address;
    for target in [
        "/api/v1/../v1/environments",
        "/api/v1/%2e%2e/v1/environments",
        "/api/v1//environments",
        "//api/v1/environments",
        "/api/v1/environments//",
        "/API/v1/environments",
        "/api/v1/environments%2f",
        "/api/v1/environments%00",
        "/api/v1/drifts/..%2f..%2fetc%2fpasswd",
        "/api/v1/drifts/%2e%2e/changes",
        "/api/v1/environments/%c0%ae%c0%ae/untold",
        "/api/v1/environments/..;/untold",
        "/api/v1\\environments",
        "/api/v2/environments",
        "/api/v10/environments",
        "/api//environments",
        "/..",
        "/%2e%2e/%2e%2e/etc/passwd",
    ] {
        let said = server.get(target).await;
        assert!(matches!(said.status, 400 | 404), "{target}: {said:?}");
        if !said.body.is_empty() {
            assert!(["not_found", "invalid"].contains(&&*said.word("code")), "{target}: {said:?}");
            assert!(
                said.head.contains(&format!("x-request-id: {}", said.word("request_id").to_lowercase())),
                "{said:?}"
            );
        }
    }
    let bare = server.get("/api/v1/environments").await.json();
    assert_eq!(server.get("/api/v1/environments/").await.json(), bare, "one slash at the end is as none");
    let unknown = server.get("/api/v2/environments").await;
    assert!(unknown.word("message").contains("no version"), "{unknown:?}");
    for (query, field) in [("x=%ff%fe", "x"), ("x=..", "x"), ("limit=1&limit=2", "limit"), ("%ff=1", "query")] {
        let said = server.get(&format!("/api/v1/environments?{query}")).await;
        assert_eq!((said.status, said.word("field").as_str()), (400, field), "{query}: {said:?}");
    }
    assert_eq!(server.get(&format!("http://{host}/api/v1/environments")).await.status, 200, "the absolute form is one");
    assert_eq!(server.get("http://evil.example/api/v1/environments").await.word("field"), "host");
    for (method, target) in
        [("DELETE", "/api/v1/drifts"), ("PATCH", "/health/"), ("BREW", "/api/v1/stats"), ("TRACE", "/api/v1/stats")]
    {
        let said = server.ask(method, target, "", "").await;
        assert_eq!((said.status, said.word("code").as_str()), (405, "not_allowed"), "{method}: {said:?}");
    }
    for trick in
        ["x-http-method-override: DELETE\r\n", "x-original-url: /api/v1/audit\r\n", "x-rewrite-url: /metrics\r\n"]
    {
        let said = server.ask("GET", "/api/v1/session", trick, "").await;
        assert!(said.status == 200 && said.json()["name"] == "erin", "{said:?}");
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_answers_only_to_its_own_names() {
    let limits = Limits { hosts: vec!["drift.example.com".into()], ..Limits::default() };
    let server = Open::new(limits).await;
    for (headers, status) in [
        ("host: drift.example.com\r\n", 200),
        ("host: DRIFT.example.com:8443\r\n", 200),
        ("host: localhost\r\n", 200),
        ("host: evil.example\r\n", 400),
        ("host: drift.example.com.evil.example\r\n", 400),
        ("host: drift.example.com@evil.example\r\n", 400),
        ("host: \r\n", 400),
        ("host: localhost\r\nhost: evil.example\r\n", 400),
        ("host: evil.example\r\nx-forwarded-host: localhost\r\n", 400),
    ] {
        let said = server.ask("GET", "/api/v1/session", headers, "").await;
        assert_eq!(said.status, status, "{headers}: {said:?}");
        assert!(status == 200 || said.word("field") == "host", "{headers}: {said:?}");
    }
    let said = server.raw(b"GET /api/v1/session HTTP/1.1\r\nconnection: close\r\n\r\n").await;
    assert_eq!(said.status, 400, "{said:?}");
    let probe = server.ask("GET", "/health/", "host: 10.1.2.3:8000\r\n", "").await;
    assert_eq!(probe.status, 200, "whoever asks whether it lives asks by address");
    let twice = server.ask("GET", "/health/", "host: localhost\r\nhost: evil.example\r\n", "").await;
    assert_eq!((twice.status, twice.word("field").as_str()), (400, "host"), "but by one: {twice:?}");
    let page = server.ask("GET", "/api/v1/session", "origin: https://evil.example\r\n", "").await;
    assert!(!page.head.contains("access-control-allow-origin"), "{page:?}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_say_two_things_or_too_much_are_refused() {
    let server = Open::new(Limits::default()).await;
    let (host, path) = (server.address, server.triage());
    let start = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer erin\r\ncontent-type: application/json\r\nconnection: close\r\n"
    );
    for smuggled in [
        "content-length: 5\r\ncontent-length: 23\r\n\r\n",
        "content-length: -1\r\n\r\n",
        "content-length: 18446744073709551616\r\n\r\n",
        "transfer-encoding: chunked, identity\r\n\r\n",
        "x-bad\r\n\r\n",
        "x-bad : 1\r\n\r\n",
        "x-bad: a\0b\r\n\r\n",
        "x-fold: a\r\n b\r\ncontent-length: 0\r\n\r\n",
    ] {
        let said = server.raw(format!("{start}{smuggled}{TRIAGE}").as_bytes()).await;
        assert!(said.status == 400 || said.status == 0, "{smuggled:?}: {said:?}");
    }
    let many: String = (0..100).map(|n| format!("x-{n}: 1\r\n")).collect();
    assert_eq!(server.ask("GET", "/api/v1/session", &many, "").await.status, 431);
    let long = format!("x-long: {}\r\n", "a".repeat(64 << 10));
    assert_eq!(server.ask("GET", "/api/v1/session", &long, "").await.status, 431);
    let long = format!("/api/v1/session?{}", "a".repeat(70_000));
    assert!(matches!(server.get(&long).await.status, 414 | 431));

    // What the server gives back is what it checked.
    let said = server.ask("GET", "/api/v1/session", "x-request-id: my-trace.1\r\n", "").await;
    assert!(said.head.contains("x-request-id: my-trace.1"), "{said:?}");
    for odd in ["x-request-id: a b\r\n", "x-request-id: <script>\r\n", "x-request-id: \u{1b}[31m\r\n"] {
        let said = server.ask("GET", "/api/v1/nothing", odd, "").await;
        assert!(!said.head.contains("script") && !said.head.contains("a b") && said.status != 500, "{said:?}");
    }
    for key in ["a b", "\u{e9}", &"k".repeat(201), "a\r\nidempotency-key: b"] {
        let said = server.ask("POST", &path, &format!("idempotency-key: {key}\r\n"), TRIAGE).await;
        assert_eq!((said.status, said.word("field").as_str()), (400, "idempotency-key"), "{key}: {said:?}");
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_any_size_depth_and_kind_are_refused_by_their_place() {
    let server = Open::new(Limits::default()).await;
    let path = server.triage();
    let nested = |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
    let verb = |value: &str| format!("{{\"verb\": {value}}}");
    let long = format!("{{\"verb\": \"acknowledge\", \"reason\": \"{}\"}}", "a".repeat(20_000));
    for (body, status, field) in [
        (verb(&nested("[", "]", 100)), 400, "verb[0]"),
        (verb(&nested("{\"a\":", "}", 100)), 400, "verb.a"),
        (nested("[", "]", 200_000), 400, "body"),
        (long, 400, "reason"),
        (verb("\"explode\""), 400, "verb"),
        ("{\"verb\": \"acknowledge\", \"organisation\": \"umbrella\"}".into(), 400, "organisation"),
        ("{\"verb\": {\"assign\": {\"to\": 7}}}".into(), 400, "verb.assign.to"),
        ("{\"verb\": \"acknowledge\", \"expected_version\": 1e400}".into(), 400, "expected_version"),
        ("\u{feff}{}".into(), 400, "body"),
        ("\0".into(), 400, "body"),
        ("x".repeat(1_100_000), 413, ""),
    ] {
        let shown: String = body.chars().take(40).collect();
        let said = server.ask("POST", &path, "", &body).await;
        assert_eq!((said.status, said.word("field").as_str()), (status, field), "{shown}: {said:?}");
    }
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx"]
    {
        let said = server.ask("POST", &path, &format!("content-type: {kind}\r\n"), TRIAGE).await;
        assert_eq!((said.status, said.word("field").as_str()), (400, "content-type"), "{kind}: {said:?}");
    }
    for (headers, status, field) in [
        ("content-type: application/json; charset=utf-16\r\n", 400, "content-type"),
        ("content-type: application/json\r\ncontent-encoding: gzip\r\n", 415, "content-encoding"),
        ("content-type: application/json; charset=\"UTF-8\"\r\ncontent-encoding: identity\r\n", 200, ""),
    ] {
        let said = server.ask("POST", &path, headers, "{\"verb\": {\"note\": {\"text\": \"n\"}}}").await;
        assert_eq!(said.status, status, "{headers}: {said:?}");
        assert!(status == 200 || said.word("field") == field, "{headers}: {said:?}");
    }
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer erin\r\ncontent-type: application/json\r\n"
    );
    let claimed = format!("{head}content-length: 4294967296\r\nconnection: close\r\n\r\n{{}}");
    assert_eq!(server.raw(claimed.as_bytes()).await.status, 413, "before it is read");
    let piece = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    let endless = format!("{head}transfer-encoding: chunked\r\n\r\n{}0\r\n\r\n", piece.repeat(32));
    assert_eq!(server.raw(endless.as_bytes()).await.status, 413, "however it comes");
    for query in
        ["cursor=..%2f..", "cursor=%00", "cursor=zzzz", "limit=-1", "severity=worst", "query=env:%22", "direction=up"]
    {
        let said = server.get(&format!("/api/v1/drifts?{query}")).await;
        let name = query.split('=').next().unwrap();
        assert_eq!((said.status, said.word("code").as_str()), (400, "invalid"), "{query}: {said:?}");
        assert!(said.word("field") == name || name == "cursor", "{query}: {said:?}");
    }
    // Nobody who is not let in has a body read.
    let stranger = claimed.replace("Bearer erin", "Bearer guess").replace("4294967296", "100000");
    assert_eq!(server.raw(stranger.as_bytes()).await.status, 401);
    assert_eq!(server.get(&format!("/api/v1/drifts/{}", server.drift)).await.json()["event"]["version"], 2, "one note");
    server.end().await;
}
