//! Who may come in: made at the command line of the server's machine, let in by the server, recorded so that nobody can change it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use driftguard::accounts::{self, By, Desk, Endpoint, Login, NewKey, Peer, Registry, ServerSecret, Tokens};
use driftguard::api::Role;
use driftguard::drift::Slug;
use driftguard::server::{self, Houses, Options};
use serde_json::Value;
use tokio::sync::oneshot;

use super::conformance::Bench;
use super::scan::{Files, open_store};
use crate::support::driftguard;

const PASSWORD: &str = "drei blaue Elefanten";
/// Random, for these stories only.
const SECRET: &str = "q3vKx1Jd0sTzPp8mW6yBhR2nLcUeG9aFi7Xo";

fn command(home: &Path, words: &[&str]) -> Command {
    let mut command = driftguard(home);
    command.arg("--store").arg(home.join("store")).arg("accounts").args(words);
    command
}

/// Runs with something on standard input; gives the exit code, standard output and standard error.
fn say(home: &Path, words: &[&str], input: &str) -> (i32, String, String) {
    let mut child =
        command(home, words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn done(home: &Path, words: &[&str], input: &str) -> String {
    let (code, out, err) = say(home, words, input);
    assert_eq!(code, 0, "{words:?}\n{out}{err}");
    out
}

fn refused(home: &Path, words: &[&str], input: &str) -> String {
    let (code, out, err) = say(home, words, input);
    assert!(code == 1 && out.is_empty(), "{words:?} {code}\n{out}{err}");
    err
}

fn json(home: &Path, words: &[&str]) -> Value {
    let words = [words, &["--format", "json"]].concat();
    serde_json::from_str(&done(home, &words, "")).unwrap()
}

fn begun() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    done(home.path(), &["init", "--org", "acme", "--admin", "adam", "--password-file", "-"], PASSWORD);
    home
}

#[test]
fn the_first_admin_is_made_once_and_nothing_secret_is_printed_or_readable_by_others() {
    let home = tempfile::tempdir().unwrap();
    assert!(refused(home.path(), &["user", "list"], "").contains("accounts init"));
    let init = ["init", "--org", "acme", "--name", "Acme Inc", "--admin", "adam", "--password-file", "-"];
    let weak = refused(home.path(), &init, "adam12345678");
    assert!(weak.contains("password: must not hold the user's name") && !weak.contains("adam12345678"), "{weak}");
    let (code, out, err) = say(home.path(), &init, &format!("{PASSWORD}\n"));
    assert!(
        code == 0 && err.contains("adam is admin of acme") && !format!("{out}{err}").contains(PASSWORD),
        "{out}{err}"
    );
    let again = refused(home.path(), &init, PASSWORD);
    assert!(again.contains("there are accounts already"), "{again}");
    let root = home.path().join("accounts");
    for path in [root.clone(), root.join("db"), root.join("conf")] {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
    assert_eq!(json(home.path(), &["org", "list"])[0]["name"], "Acme Inc");
}

#[test]
fn a_password_is_taken_from_no_flag_and_from_no_file_that_others_can_read() {
    let home = begun();
    let add = ["user", "add", "erin", "--password", PASSWORD];
    assert!(refused(home.path(), &add, "").contains("--password"));
    assert!(refused(home.path(), &["user", "add", "erin"], "").contains("no terminal"));
    let file = home.path().join("password");
    std::fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let add = ["user", "add", "erin", "--password-file", file.to_str().unwrap()];
    assert!(refused(home.path(), &add, "").contains("chmod 600"));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    done(home.path(), &add, "");
    let erin = &json(home.path(), &["user", "list"])[1];
    assert_eq!((&erin["username"], &erin["role"]), (&"erin".into(), &"viewer".into()), "a new user only looks");
    assert!(refused(home.path(), &add, "").contains("username: 'erin' is taken"));
}

#[test]
fn a_scan_by_hand_notifies_of_what_the_organisation_wants_to_be_told_of() {
    let home = begun();
    let at = home.path();
    write_drift(at);
    let scan = || {
        let mut command = driftguard(at);
        command.env("DRIFTGUARD_ORGANIZATION", "acme").arg("--store").arg(at.join("store")).arg("scan");
        assert_eq!(command.output().unwrap().status.code(), Some(2));
    };
    let notified = || {
        let export = driftguard(at).arg("--store").arg(at.join("store")).arg("export").output().unwrap().stdout;
        String::from_utf8(export).unwrap().lines().filter(|line| line.starts_with("{\"notification\"")).count()
    };
    scan();
    assert_eq!(notified(), 0, "the usual is HIGH, and a changed file is not");
    done(at, &["org", "settings", "--org", "acme", "--notification-severity", "low"], "");
    std::fs::write(at.join("issue"), "changed once more\n").unwrap();
    std::fs::remove_dir_all(at.join("store")).unwrap();
    scan();
    assert_eq!(notified(), 1);
}

/// A file of this machine that is not as declared, in a configured environment.
fn write_drift(home: &Path) {
    std::fs::write(home.join("issue"), "changed by hand\n").unwrap();
    let state = serde_json::json!({"version": 4, "serial": 1, "lineage": "issue", "resources": [{"mode": "managed",
        "type": "local_file", "name": "issue", "provider": "provider[\"registry.terraform.io/hashicorp/local\"]",
        "instances": [{"attributes": {"content": "welcome\n", "filename": home.join("issue")}}]}]});
    let path = home.join("issue.tfstate");
    std::fs::write(&path, state.to_string()).unwrap();
    let configuration = format!("[[environment]]\nslug = \"host\"\ncloud_provider = \"host\"\nstate = {path:?}\n");
    std::fs::create_dir_all(home.join("config/driftguard")).unwrap();
    std::fs::write(home.join("config/driftguard/config.toml"), configuration).unwrap();
}

#[test]
fn organisations_settings_roles_and_grants_are_changed_and_every_mistake_names_its_field() {
    let home = begun();
    let at = home.path();
    done(at, &["org", "add", "acme-eu", "--parent", "acme", "--contact-email", "ops@example.com"], "");
    assert!(refused(at, &["org", "add", "x", "--name", "ACME"], "").contains("name: 'ACME' is taken"));
    assert!(refused(at, &["org", "add", "acme"], "").contains("slug: 'acme' is taken"));
    assert!(refused(at, &["org", "edit", "acme", "--contact-email", "x"], "").contains("contact_email: "));
    assert!(refused(at, &["user", "list"], "").contains("--org: acme, acme-eu"));
    let hook = "https://hooks.slack.com/services/T0/B0/abcdefghijklmnop";
    let settings = ["org", "settings", "--org", "acme"];
    let set = [&settings[..], &["--slack", "true", "--slack-webhook-file", "-", "--session-timeout", "900"]].concat();
    done(at, &set, hook);
    // What is not named stays, the webhook too.
    done(at, &[&settings[..], &["--audit-logging", "false"]].concat(), "");
    let shown = json(at, &settings);
    assert_eq!((&shown["session_timeout"], &shown["audit_logging"]), (&900.into(), &false.into()));
    assert!(shown["slack_webhook_url"].as_str().unwrap().starts_with("https://hooks.slack.com/…#"), "{shown}");
    let bad = [&settings[..], &["--slack-webhook-file", "-"]].concat();
    assert!(refused(at, &bad, "http://127.0.0.1/").contains("slack_webhook_url: "));

    let add = ["user", "add", "erin", "--org", "acme", "--role", "editor", "--password-file", "-"];
    done(at, &add, PASSWORD);
    let who = ["user", "who", "act", "prod-eu", "--org", "acme", "--type", "aws_vpc"];
    let names = |who: &[&str]| {
        let users = json(at, who);
        users.as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&who), ["adam", "erin"]);
    done(at, &["user", "grant", "erin", "--org", "acme", "--environments", "prod-*", "--types", "aws_iam_*"], "");
    assert_eq!(names(&who), ["adam"]);
    assert_eq!(names(&["user", "who", "act", "prod-eu", "--org", "acme", "--type", "aws_iam_role"]), ["adam", "erin"]);
    let last = refused(at, &["user", "edit", "adam", "--org", "acme", "--role", "viewer"], "");
    assert!(last.contains("role: adam is the last active admin of acme"), "{last}");
}

#[test]
fn a_key_is_printed_once_alone_and_lists_show_how_it_begins() {
    let home = begun();
    let at = home.path();
    done(at, &["user", "add", "robot", "--service", "--role", "editor"], "");
    let key = done(at, &["key", "add", "robot", "--label", "ci", "--endpoint", "GET /drifts*", "--days", "30"], "");
    let key = key.trim();
    assert!(key.starts_with("dgk_") && key.len() == 47, "alone on standard output");
    let list = done(at, &["key", "list"], "");
    assert!(list.contains(&key[..12]) && !list.contains(key) && list.contains("valid"), "{list}");
    let id = json(at, &["key", "list"])[0]["id"].as_str().unwrap().to_owned();
    done(at, &["key", "revoke", &id], "");
    assert!(done(at, &["key", "list"], "").contains("revoked"));
    let trail = done(at, &["audit"], "");
    let actions: Vec<&str> = trail.lines().map(|line| line.split_whitespace().nth(4).unwrap()).collect();
    assert_eq!(actions, ["key_revoked", "key_created", "user_created", "user_created", "organization_created"]);
    assert!(!trail.contains(key));
    assert!(refused(at, &["key", "revoke", "01ARZ3NDEKTSV4RRFFQ69G5FAV"], "").contains("no API key"));
}

#[test]
fn whoever_changes_the_record_of_what_happened_is_found_out() {
    let home = begun();
    let at = home.path();
    done(at, &["user", "add", "robot", "--service"], "");
    assert!(done(at, &["verify"], "").contains("3 records"));
    {
        let db = sled::open(at.join("accounts")).unwrap();
        let tree = db.open_tree("accounts").unwrap();
        let (key, value) = tree.scan_prefix("a/").nth(1).unwrap().unwrap();
        let forged = String::from_utf8(value.to_vec()).unwrap().replace("adam", "evil");
        assert_ne!(forged.as_bytes(), &*value);
        tree.insert(key, forged.as_bytes()).unwrap();
        tree.flush().unwrap();
    }
    let (code, out, _) = say(at, &["verify"], "");
    assert!(code == 1 && out.contains("record 3 does not continue record 2"), "{out}");
}

/// The first line of an HTTP answer.
fn status(address: SocketAddr, method: &str, path: &str, credential: &str) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {credential}\r\n");
    stream.write_all(format!("{head}content-length: 0\r\nconnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_lets_in_who_logged_in_and_nobody_whose_session_or_key_has_ended() {
    let home = begun();
    let dir = home.path();
    std::fs::create_dir(dir.join("world")).unwrap();
    let files = Files::new(&dir.join("world"), open_store(&dir.join("store")));
    let mut houses = Houses::default();
    houses.open(Slug::from_text("acme"), files.service());
    let accounts = accounts::open(&accounts::beside(&dir.join("store")), false).unwrap();
    let secret = ServerSecret::load(Some(SECRET), None, false).unwrap_or_else(|e| panic!("{e}"));
    let desk = Desk::new(Arc::clone(&accounts), Tokens::new(&secret, "http://localhost"));
    let options = Options::new(([127, 0, 0, 1], 0).into());
    let serving = server::serve(&options, Arc::new(desk.clone()), houses).await.unwrap();
    let address = serving.address;
    let (leave, leaving) = oneshot::channel::<()>();
    let ended = tokio::spawn(async move { serving.run(async move { leaving.await.unwrap_or_default() }).await });
    let ask = |method: &'static str, path: &'static str, credential: &str| {
        let credential = credential.to_owned();
        tokio::task::spawn_blocking(move || status(address, method, path, &credential))
    };

    let login =
        |password: &str| Login { organization: "acme".into(), username: "adam".into(), password: password.into() };
    assert!(desk.login(login("something else"), Peer::default()).await.is_err());
    let pair = desk.login(login(PASSWORD), Peer::default()).await.unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!(ask("GET", "/api/v1/environments", &pair.access_token).await.unwrap(), 200);
    assert_eq!(ask("GET", "/api/v1/environments", &pair.refresh_token).await.unwrap(), 401);
    let held = say(dir, &["user", "list"], "");
    assert!(held.0 == 1 && held.2.contains("open in another process"), "{}", held.2);

    let (registry, by, acme) = (Registry::new(accounts), By::operator("root"), Slug::from_text("acme"));
    let endpoints = vec![Endpoint::new("GET /environments").unwrap()];
    let new = NewKey { label: "look".into(), role: Role::Admin, endpoints, expires_at: None };
    let (key, secret) = registry.create_key(&by, &acme, "adam", &new).unwrap();
    assert_eq!(ask("GET", "/api/v1/environments", secret.reveal()).await.unwrap(), 200);
    assert_eq!(ask("GET", "/api/v1/drifts", secret.reveal()).await.unwrap(), 403);
    registry.revoke_key(&by, &acme, key.id, None).unwrap();
    assert_eq!(ask("GET", "/api/v1/environments", secret.reveal()).await.unwrap(), 401);
    let sessions = registry.sessions(&by, &acme).unwrap();
    registry.end_session(&by, &acme, sessions[0].id).unwrap();
    assert_eq!(ask("GET", "/api/v1/environments", &pair.access_token).await.unwrap(), 401);
    assert_eq!(registry.verify(&by).unwrap().faults.len(), 0);
    leave.send(()).unwrap();
    ended.await.unwrap().unwrap();
}
