//! Others tell the server what goes on: with a secret they sign, and without one they are nobody.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use driftguard::drift::{ContextRequest, ContextType, OperationalContext, Slug};
use driftguard::server::{self, HookSpec, Hooks, Options};
use driftguard::webhooks::SigningKey;
use jiff::Timestamp;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::conformance::{self, Bench, open_drifts};
use super::remote::{acme, editors};
use super::scan::{Files, open_store};
use super::serving::{PASSWORD, Serve, accounts};
use super::support::{driftguard, run};

const KEY: &str = "a key that the pipeline and the server know";

/// Two servers, so that what one has taken the other one refuses.
struct World {
    files: Files,
    servers: [SocketAddr; 2],
    leave: Vec<oneshot::Sender<()>>,
    _dir: tempfile::TempDir,
}

fn spec(dir: &Path, name: &str, may_scan: bool, may_mark: bool) -> HookSpec {
    let file = dir.join(format!("{name}.key"));
    std::fs::write(&file, KEY).unwrap();
    HookSpec {
        name: Slug::from_text(name),
        organization: None,
        environments: vec![Slug::from_text("host")],
        may_scan,
        may_mark,
        secret: format!("file:{}", file.display()),
    }
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("world")).unwrap();
        let files = Files::new(&dir.path().join("world"), open_store(&dir.path().join("store")));
        conformance::settle(&files).await;
        let specs = [("ci", true, true), ("scanner", true, false), ("marker", false, true)]
            .map(|(name, may_scan, may_mark)| spec(dir.path(), name, may_scan, may_mark));
        let hooks = Hooks::ready(&specs, &Slug::from_text("acme")).unwrap();
        let (mut servers, mut leave) = (vec![], vec![]);
        for _ in 0..2 {
            let options = Options { hooks: hooks.clone(), ..Options::new(([127, 0, 0, 1], 0).into()) };
            let serving = server::serve(&options, Arc::new(editors()), acme(files.service())).await.unwrap();
            servers.push(serving.address);
            let (left, leaving) = oneshot::channel::<()>();
            tokio::spawn(async move { serving.run(async move { leaving.await.unwrap_or_default() }).await.unwrap() });
            leave.push(left);
        }
        Self { files, servers: servers.try_into().unwrap(), leave, _dir: dir }
    }

    async fn send(&self, server: usize, name: &str, headers: &[(&str, String)], body: &str) -> (u16, Value) {
        let client = Client::builder().no_proxy().build().unwrap();
        let mut request = client.post(format!("http://{}/api/v1/hooks/{name}", self.servers[server]));
        request = request.header("content-type", "application/json").body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default())
    }

    async fn signed(&self, name: &str, body: &Value) -> (u16, Value) {
        let body = body.to_string();
        self.send(0, name, &sealed(KEY, Timestamp::now().as_second(), &body), &body).await
    }

    async fn marks(&self) -> Vec<OperationalContext> {
        let (from, until) = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
        let all = ContextRequest { from, until, environments: vec![], limit: 100 };
        self.files.service().contexts(all).await.unwrap()
    }

    /// Waits until the environment has been scanned after something was changed.
    async fn drifts(&self, count: usize) {
        for _ in 0..600 {
            if open_drifts(self.files.service().as_ref()).await.len() == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nothing was scanned");
    }

    fn end(self) {
        self.leave.into_iter().for_each(|leave| leave.send(()).unwrap());
    }
}

fn sealed(key: &str, at: i64, body: &str) -> Vec<(&'static str, String)> {
    let signature = SigningKey::new(key).sign(at, body.as_bytes());
    vec![("x-driftguard-timestamp", at.to_string()), ("x-driftguard-signature", signature)]
}

fn github(key: &str, event: &str, body: &str) -> Vec<(&'static str, String)> {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key.as_bytes());
    let tag = ring::hmac::sign(&key, body.as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    vec![("x-hub-signature-256", format!("sha256={hex}")), ("x-github-event", event.to_owned())]
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_has_environments_scanned_and_says_what_goes_on() {
    let world = World::new().await;
    world.files.disturb(2, true);
    let mark =
        json!({"context_type": "deployment", "title": "release 4711", "id": "v4711", "link": "https://ci.example/1"});
    let (status, done) = world.signed("ci", &json!({"scan": true, "mark": mark})).await;
    assert_eq!((status, &done["scans"]), (202, &json!(["host"])), "{done}");
    world.drifts(1).await;
    let marks = world.marks().await;
    let [one] = marks.as_slice() else { panic!("{marks:?}") };
    assert_eq!((one.context_type, one.context_data.title.raw()), (ContextType::Deployment, "release 4711"));
    assert!(one.time_window.is_moment() && one.environments == [Slug::from_text("host")]);
    assert_eq!(done["mark"], one.id.to_string());
    let trail = world.files.service().audit(10).await.unwrap();
    let entry = trail.iter().find(|entry| entry.action == "marked").unwrap();
    assert_eq!(entry.actor.raw(), "hook ci");
    assert!(entry.origin.as_ref().unwrap().ip_address.unwrap().is_loopback(), "{entry:?}");
    let began = json!({"mark": {"context_type": "incident", "title": "OPS-9"}});
    assert_eq!(world.signed("ci", &began).await.0, 202);
    assert!(world.marks().await.iter().any(|one| one.time_window.to.is_none()), "an incident lasts");
    world.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_signature_the_answer_is_the_same() {
    let world = World::new().await;
    let (now, body) = (Timestamp::now().as_second(), json!({"scan": true}).to_string());
    let right = sealed(KEY, now, &body);
    assert_eq!(world.send(0, "ci", &right, &body).await.0, 202);
    let with = |at: &str| vec![("x-driftguard-timestamp", at.to_owned()), right[1].clone()];
    let cases = [
        ("no signature", 0, "ci", vec![], body.as_str()),
        ("no time", 0, "ci", vec![right[1].clone()], &body),
        ("another time", 0, "ci", with(&(now + 1).to_string()), &body),
        ("no time at all", 0, "ci", with("yesterday"), &body),
        ("another key", 0, "ci", sealed("some other key", now, &body), &body),
        ("too old", 0, "ci", sealed(KEY, now - 301, &body), &body),
        ("of the future", 0, "ci", sealed(KEY, now + 310, &body), &body),
        ("another body", 0, "ci", sealed(KEY, now + 1, &body), "{\"scan\":true }"),
        ("no such hook", 0, "nobody", sealed(KEY, now + 2, &body), &body),
        ("again", 0, "ci", right.clone(), &body),
        ("again, at another server", 1, "ci", right.clone(), &body),
        (
            "in capitals",
            0,
            "ci",
            vec![right[0].clone(), (right[1].0, right[1].1.to_uppercase().replacen('V', "v", 1))],
            &body,
        ),
        ("no body that could be read, unsigned", 0, "ci", vec![], "{"),
    ];
    let mut answers = vec![];
    for (what, server, name, headers, body) in cases {
        let (status, mut said) = world.send(server, name, &headers, body).await;
        assert_eq!(status, 401, "{what}: {said}");
        ["request_id", "trace_id"].iter().for_each(|own| drop(said["error"].as_object_mut().unwrap().remove(*own)));
        answers.push(said);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    world.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_does_what_it_may_where_it_may_and_mistakes_are_named() {
    let world = World::new().await;
    let mark = json!({"context_type": "ticket", "title": "OPS-1"});
    for (name, body, status, words) in [
        ("scanner", json!({"mark": mark}), 403, "may not mark"),
        ("marker", json!({"scan": true}), 403, "may not scan"),
        ("ci", json!({"scan": true, "environments": ["staging"]}), 400, "not for this environment"),
        ("ci", json!({}), 400, "neither `scan` nor `mark`"),
        ("ci", json!({"scan": "yes"}), 400, "true or false"),
        ("ci", json!({"scn": true}), 400, "no such field"),
        ("ci", json!({"mark": {"context_type": "ticket", "title": " "}}), 400, "a text that is seen"),
        ("ci", json!({"mark": {"context_type": "party", "title": "x"}}), 400, "party"),
    ] {
        let (code, said) = world.signed(name, &body).await;
        let message = said["error"]["message"].as_str().unwrap_or_default();
        assert!(code == status && message.contains(words), "{name} {body}: {code} {said}");
    }
    assert!(world.marks().await.is_empty(), "nothing was done");
    world.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_to_the_default_branch_is_a_deployment_and_is_looked_at() {
    let world = World::new().await;
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let push = |branch: &str| {
        json!({
            "ref": format!("refs/heads/{branch}"), "after": commit, "deleted": false,
            "repository": {"full_name": "acme/infra", "default_branch": "main"},
            "pusher": {"name": "erin"},
            "head_commit": {
                "id": commit, "message": "Widen the subnet\n\nbecause", "timestamp": "2026-11-22T08:00:00+01:00",
                "url": "https://github.com/acme/infra/commit/0123456",
            },
        })
        .to_string()
    };
    let ping = json!({"zen": "Keep it logically awesome."}).to_string();
    let (status, said) = world.send(0, "ci", &github(KEY, "ping", &ping), &ping).await;
    assert_eq!((status, &said["nothing"]), (202, &json!("the hook is reached")), "{said}");
    let side = push("feature");
    let (status, said) = world.send(0, "ci", &github(KEY, "push", &side), &side).await;
    assert!(status == 202 && said["nothing"].is_string() && world.marks().await.is_empty(), "{said}");
    world.files.disturb(5, true);
    let main = push("main");
    let (status, said) = world.send(0, "ci", &github("another key, of somebody", "push", &main), &main).await;
    assert_eq!(status, 401, "{said}");
    let (status, said) = world.send(0, "ci", &github(KEY, "push", &main), &main).await;
    assert_eq!((status, &said["scans"]), (202, &json!(["host"])), "{said}");
    world.drifts(1).await;
    let (status, _) = world.send(1, "ci", &github(KEY, "push", &main), &main).await;
    assert_eq!(status, 401, "once");
    let marks = world.marks().await;
    let [one] = marks.as_slice() else { panic!("{marks:?}") };
    assert_eq!(one.context_data.title.raw(), "acme/infra 0123456: Widen the subnet");
    assert_eq!(one.context_data.id.as_ref().unwrap().raw(), commit);
    assert_eq!((one.context_type, one.context_data.who.as_ref().unwrap().raw()), (ContextType::Deployment, "erin"));
    world.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_readme_shows_is_taken() {
    let readme = crate::readme::readme();
    let shown = readme.split("```sh\n").filter_map(|rest| rest.split("```").next());
    let shown = shown.into_iter().find(|shown| shown.contains("X-Driftguard-Signature")).unwrap();
    for tool in ["curl", "openssl"] {
        if std::process::Command::new(tool).arg("--version").output().is_err() {
            return eprintln!("skipped: there is no {tool} on this machine");
        }
    }
    let world = World::new().await;
    let script = shown.replace("https://driftguard.example.com", &format!("http://{}", world.servers[0]));
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script]).env("CI_KEY", KEY).env("NO_PROXY", "*").env("no_proxy", "*");
    let output = tokio::task::spawn_blocking(move || shell.output().unwrap()).await.unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    assert_eq!(said["scans"], json!(["host"]), "{said}: {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(world.marks().await[0].context_data.title.raw(), "release 4711");
    world.end();
}

#[test]
fn a_server_takes_its_hooks_and_webhooks_from_its_configuration_and_does_not_start_without_their_secrets() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    accounts(at, &["init", "--org", "acme", "--admin", "adam", "--password-file", "-"], PASSWORD);
    let directory = at.join("config/driftguard");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("ci.key"), KEY).unwrap();
    let configure = |secret: &str| {
        let text = format!(
            "[webhooks.ops]\nurl = \"http://127.0.0.1:1/\"\nsecret = \"file:ci.key\"\n\
             [hooks.ci]\nsecret = \"{secret}\"\nmay = [\"mark\"]\n"
        );
        std::fs::write(directory.join("config.toml"), text).unwrap();
    };
    configure("file:none.key");
    let mut command = driftguard(at);
    command.arg("--store").arg(at.join("store")).args([
        "serve",
        "--organization",
        "acme",
        "--dev",
        "--listen",
        "127.0.0.1:0",
    ]);
    let (code, _, said) = run(&mut command);
    assert!(code == 1 && said.contains("hooks.ci: secret: ") && said.contains("none.key"), "{code}: {said}");
    configure("file:ci.key");
    let server = Serve::start(at);
    let body = json!({"mark": {"context_type": "alert", "title": "disk is full"}}).to_string();
    let headers = sealed(KEY, Timestamp::now().as_second(), &body);
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let (status, done) = server.ask("POST", "/api/v1/hooks/ci", "nobody", &headers, &body);
    assert!(status == 202 && done["mark"].is_string(), "{status} {done}");
    let metrics = server.text("GET", "/metrics");
    for line in [
        "driftguard_webhook_deliveries_pending{organization=\"acme\",channel=\"ops\"} 0.0",
        "driftguard_analyses_waiting 0.0",
    ] {
        assert!(metrics.lines().any(|known| known == line), "{line}: {metrics}");
    }
    server.end();
}
