//! Who follows the feed, and for how long: what somebody may no more do he hears no more of, at once, whichever server he is at.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use driftguard::accounts::{
    self, Accounts, By, Desk, Grant, Login, NewKey, OrganizationEdit, Peer, Registry, ServerSecret, SettingsBody,
    Tokens, UserEdit,
};
use driftguard::api::Role;
use driftguard::drift::{DriftId, Slug, TriageRequest, TriageVerb};
use driftguard::server::{self, Houses, Limits, Options};
use driftguard::service::{DriftService, LocalService};
use jiff::Timestamp;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Handle;

use super::attacks::PATIENCE;
use super::postgres::Database;
use super::scan::open_store;
use super::store::{all, finding, scan};

const PASSWORD: &str = "drei blaue Elefanten";
const SECRET: &str = "q3vKx1Jd0sTzPp8mW6yBhR2nLcUeG9aFi7Xo";

/// A server with accounts, and its feeds.
struct Stand {
    registry: Registry,
    desk: Desk,
    service: Arc<LocalService>,
    drift: DriftId,
    address: std::net::SocketAddr,
    /// Seconds by which its clock is ahead.
    ahead: Arc<AtomicI64>,
    _dir: tempfile::TempDir,
}

fn acme() -> Slug {
    Slug::from_text("acme")
}

fn by() -> By {
    By::operator("root")
}

impl Stand {
    async fn new(accounts: Arc<dyn Accounts>, recheck: Duration) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = open_store(&dir.path().join("store"));
        scan(store.as_ref(), vec![finding("web")]);
        let drift = all(store.as_ref())[0].id;
        let service = LocalService::start(store, vec![], Handle::current());
        let mut houses = Houses::default();
        houses.open(acme(), Arc::clone(&service) as Arc<dyn DriftService>);
        let secret = ServerSecret::load(Some(SECRET), None, false).unwrap_or_else(|e| panic!("{e}"));
        let ahead = Arc::new(AtomicI64::new(0));
        let clock = Arc::clone(&ahead);
        let now = move || Timestamp::now() + jiff::SignedDuration::from_secs(clock.load(Ordering::SeqCst));
        let desk = Desk::at(Arc::clone(&accounts), Tokens::new(&secret, "driftguard"), now);
        let limits = Limits { recheck, ..Limits::default() };
        let options = Options { limits, ..Options::new(([127, 0, 0, 1], 0).into()) };
        let serving = server::serve(&options, Arc::new(desk.clone()), houses).await.unwrap();
        let address = serving.address;
        tokio::spawn(serving.run(std::future::pending()));
        Self { registry: Registry::new(accounts), desk, service, drift, address, ahead, _dir: dir }
    }

    /// A key of an editor of this name.
    fn key(&self, name: &str) -> String {
        let edit = UserEdit { role: Some(Role::Editor), ..UserEdit::default() };
        self.registry.create_user(&by(), &acme(), name, &edit, None).unwrap();
        let new = NewKey { label: "story".into(), role: Role::Editor, endpoints: vec![], expires_at: None };
        self.registry.create_key(&by(), &acme(), name, &new).unwrap().1.reveal().to_owned()
    }

    async fn login(&self) -> String {
        let [organization, username, password] = ["acme", "adam", PASSWORD].map(str::to_owned);
        self.desk.login(Login { organization, username, password }, Peer::default()).await.unwrap().access_token
    }

    async fn ask(&self, token: &str, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "GET /api/v1{path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n",
            self.address
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    }

    /// An open feed.
    async fn feed(&self, token: &str) -> TcpStream {
        let mut feed = self.ask(token, "/feed").await;
        let text = heard(&mut feed, "event: hello").await;
        assert!(text.contains("event: hello"), "{text}");
        feed
    }

    async fn note(&self, text: &str) {
        let drift = self.drift;
        let verb = TriageVerb::Note { text: text.into() };
        let request =
            TriageRequest { drift, verb, reason: None, actor: "erin".into(), expected_version: None, once: None };
        self.service.triage(request).await.unwrap();
    }

    fn edit(&self, name: &str, edit: UserEdit) {
        self.registry.edit_user(&by(), &acme(), name, &edit).unwrap();
    }
}

/// Reads until it says this, or ends.
async fn heard(stream: &mut TcpStream, what: &str) -> String {
    let (mut text, mut bytes) = (String::new(), [0; 4096]);
    let reading = async {
        while !text.contains(what) {
            match stream.read(&mut bytes).await.unwrap() {
                0 => break,
                n => text.push_str(&String::from_utf8_lossy(&bytes[..n])),
            }
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.unwrap_or_else(|_| panic!("{what} is told: {text}"));
    text
}

/// Everything that is still said.
async fn rest(mut stream: TcpStream) -> String {
    heard(&mut stream, "\0never\0").await
}

/// So long that nothing here comes of looking now and then.
const SELDOM: Duration = Duration::from_secs(100_000);

fn sled(dir: &tempfile::TempDir) -> Arc<dyn Accounts> {
    let accounts = accounts::open(&dir.path().join("accounts"), true).unwrap();
    Registry::new(Arc::clone(&accounts)).init(&by(), "acme", "Acme", "adam", PASSWORD).unwrap();
    accounts
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_away_from_somebody_reaches_his_open_feed_before_anything_else_does() {
    let dir = tempfile::tempdir().unwrap();
    let stand = Stand::new(sled(&dir), SELDOM).await;
    let [narrowed, lowered, inactive, revoked, unrelated] =
        ["narrowed", "lowered", "inactive", "revoked", "unrelated"].map(|name| (name, stand.key(name)));
    let stays = stand.feed(&unrelated.1).await;

    let feed = stand.feed(&narrowed.1).await;
    let grant: Grant = serde_json::from_value(json!({"environments": "elsewhere", "access": "read"})).unwrap();
    stand.edit(narrowed.0, UserEdit { grants: Some(vec![grant]), ..UserEdit::default() });
    stand.note("not for the narrowed").await;
    let said = rest(feed).await;
    assert!(said.contains("event: reset") && said.contains("event: bye"), "he loads again, and comes again: {said}");
    assert!(!said.contains("event: event"), "{said}");

    let feed = stand.feed(&lowered.1).await;
    stand.edit(lowered.0, UserEdit { role: Some(Role::Viewer), ..UserEdit::default() });
    assert!(rest(feed).await.contains("event: bye"));

    let feed = stand.feed(&inactive.1).await;
    stand.edit(inactive.0, UserEdit { is_active: Some(false), ..UserEdit::default() });
    stand.note("not for the inactive").await;
    let said = rest(feed).await;
    assert!(said.contains("event: denied") && said.contains("driftguard login"), "what to do: {said}");
    assert!(!said.contains("event: event"), "{said}");

    let feed = stand.feed(&revoked.1).await;
    let keys = stand.registry.api_keys(&by(), &acme()).unwrap();
    let key = keys.iter().find(|key| revoked.1.starts_with(&key.prefix)).unwrap();
    stand.registry.revoke_key(&by(), &acme(), key.id).unwrap();
    assert!(rest(feed).await.contains("event: denied"));

    let feed = stand.feed(&stand.login().await).await;
    let session = stand.registry.sessions(&by(), &acme()).unwrap()[0].id;
    stand.registry.end_session(&by(), &acme(), session).unwrap();
    assert!(rest(feed).await.contains("event: denied"));

    let edit = OrganizationEdit { is_active: Some(false), ..OrganizationEdit::default() };
    stand.registry.create_organization(&by(), "other", "Other", &OrganizationEdit::default()).unwrap();
    stand.registry.edit_organization(&by(), &acme(), &edit).unwrap();
    let said = rest(stays).await;
    let at = |what: &str| said.find(what).unwrap_or_else(|| panic!("{what} in {said}"));
    assert!(at("event: event") < at("event: denied"), "whom nothing concerned heard all of it until then: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_away_at_another_server_reaches_an_open_feed_over_the_database() {
    let Some(database) = Database::new() else { return };
    let open = || accounts::open(database.url().as_ref(), true).unwrap();
    let there = Registry::new(open());
    there.init(&by(), "acme", "Acme", "adam", PASSWORD).unwrap();
    let stand = Stand::new(open(), SELDOM).await;
    let key = stand.key("lowered");
    let feed = stand.feed(&key).await;
    let edit = UserEdit { role: Some(Role::Viewer), ..UserEdit::default() };
    there.edit_user(&by(), &acme(), "lowered", &edit).unwrap();
    assert!(rest(feed).await.contains("event: bye"));
    let feed = stand.feed(&stand.login().await).await;
    let session = there.sessions(&by(), &acme()).unwrap()[0].id;
    there.end_session(&by(), &acme(), session).unwrap();
    assert!(rest(feed).await.contains("event: denied"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_keeps_no_session_alive_and_ends_with_it_while_reading_does() {
    let dir = tempfile::tempdir().unwrap();
    let stand = Stand::new(sled(&dir), Duration::from_millis(50)).await;
    let body = SettingsBody { session_timeout: 120, ..SettingsBody::default() };
    stand.registry.put_settings(&by(), &acme(), &body).unwrap();
    let token = stand.login().await;
    let feed = stand.feed(&token).await;
    // Somebody reads now and then: nothing ends.
    for at in [60, 120, 180] {
        stand.ahead.store(at, Ordering::SeqCst);
        let mut read = stand.ask(&token, "/session").await;
        assert!(heard(&mut read, "\r\n").await.starts_with("HTTP/1.1 200"), "{at}");
    }
    stand.ahead.store(250, Ordering::SeqCst);
    let mut open = stand.feed(&token).await;
    stand.ahead.store(310, Ordering::SeqCst);
    let said = rest(feed).await;
    assert!(said.contains("event: denied") && said.contains("\"code\":\"unauthenticated\""), "{said}");
    assert!(heard(&mut open, "denied").await.contains("event: denied"), "a feed opened meanwhile was no activity");
    let mut read = stand.ask(&token, "/session").await;
    assert!(heard(&mut read, "\r\n").await.starts_with("HTTP/1.1 401"));
}

#[test]
fn a_refresh_is_no_activity_of_its_own() {
    // The clients refresh for their feeds, too: what keeps a session alive is what the new token is used for.
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stand = Stand::new(sled(&dir), SELDOM).await;
        let body = SettingsBody { session_timeout: 120, ..SettingsBody::default() };
        stand.registry.put_settings(&by(), &acme(), &body).unwrap();
        let [organization, username, password] = ["acme", "adam", PASSWORD].map(str::to_owned);
        let pair = stand.desk.login(Login { organization, username, password }, Peer::default()).await.unwrap();
        stand.ahead.store(100, Ordering::SeqCst);
        let pair = stand.desk.refresh(pair.refresh_token, Peer::default()).await.unwrap_or_else(|e| panic!("{e:?}"));
        stand.ahead.store(130, Ordering::SeqCst);
        assert!(stand.desk.refresh(pair.refresh_token, Peer::default()).await.is_err());
    });
}
