//! Several servers and workers, each a process of its own, on one database.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use driftguard::accounts::{self, By, OrganizationEdit, Registry, UserEdit};
use driftguard::api::Role;
use driftguard::drift::{DriftEvent, ScanStage, Slug, State, TriageRequest, TriageVerb};
use driftguard::service::{DriftService, RemoteService, Server, ServiceError, ServiceEvent};
use serde_json::json;
use tokio::runtime::Handle;
use tokio::sync::broadcast;

use super::conformance::open_drifts;
use super::postgres::Database;
use crate::lab::postgres::psql;
use crate::support::{driftguard, run};

const PASSWORD: &str = "drei blaue Elefanten";

/// A database with accounts in it, and a configuration that says so.
pub struct Team {
    pub database: Database,
    pub home: tempfile::TempDir,
    pub key: String,
}

impl Team {
    /// `environments`: the rest of the configuration. `None`, said aloud, where there is no PostgreSQL.
    pub fn new(environments: impl FnOnce(&Path, &Database) -> String) -> Option<Self> {
        let (database, home) = (Database::new()?, tempfile::tempdir().unwrap());
        let config = home.path().join("config/driftguard");
        std::fs::create_dir_all(&config).unwrap();
        let text = format!(
            "store = \"{}\"\norganization = \"acme\"\n{}",
            database.url(),
            environments(home.path(), &database)
        );
        std::fs::write(config.join("config.toml"), text).unwrap();
        let mut team = Self { database, home, key: String::new() };
        team.accounts(&["init", "--org", "acme", "--admin", "adam", "--password-file", "-"], PASSWORD);
        team.key = team.key_for("acme");
        Some(team)
    }

    pub fn accounts(&self, words: &[&str], input: &str) -> String {
        let mut command = driftguard(self.home.path());
        command.arg("accounts").args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{words:?} {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn key_for(&self, organization: &str) -> String {
        self.accounts(&["user", "add", "robot", "--org", organization, "--service", "--role", "editor"], "");
        let add = ["key", "add", "robot", "--org", organization, "--label", "story", "--role", "editor"];
        self.accounts(&add, "").trim().to_owned()
    }

    pub fn process(&self, words: &[&str]) -> Process {
        let mut command = driftguard(self.home.path());
        Process::start(command.args(words))
    }

    pub fn server(&self, more: &[&str]) -> Process {
        self.process(&[&["serve", "--dev", "--listen", "127.0.0.1:0"], more].concat())
    }
}

/// A driftguard that says one line when it is ready, and ends with the story.
pub struct Process {
    child: Child,
    pub said: String,
}

impl Process {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        Self { child, said: said.trim().to_owned() }
    }

    pub async fn client(&self, key: &str) -> Arc<dyn DriftService> {
        self.try_client(key).await.unwrap()
    }

    pub async fn try_client(&self, key: &str) -> Result<Arc<dyn DriftService>, ServiceError> {
        let url = self.said.strip_prefix("driftguard serves ").unwrap_or_else(|| panic!("it said {:?}", self.said));
        let server = Server { url: url.parse().unwrap(), token: Some(key.to_owned()), ca: None };
        Ok(RemoteService::connect(server, &Handle::current()).await? as Arc<dyn DriftService>)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// State of one file of this machine.
fn state(file: &Path) -> String {
    let attributes = json!({
        "filename": file, "content": "declared\n", "file_permission": "0644", "directory_permission": "0755",
    });
    let resource = json!({
        "mode": "managed", "type": "local_file", "name": "motd",
        "provider": "provider[\"registry.terraform.io/hashicorp/local\"]",
        "instances": [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}],
    });
    let state = json!({
        "version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "outputs": {}, "resources": [resource],
    });
    state.to_string()
}

/// One file that differs from what its state says.
pub fn drifting(directory: &Path, name: &str) -> PathBuf {
    let (file, path) = (directory.join(format!("{name}.txt")), directory.join(format!("{name}.tfstate")));
    std::fs::write(&file, "edited\n").unwrap();
    std::fs::write(&path, state(&file)).unwrap();
    path
}

pub fn table(slug: &str, organization: Option<&str>, state: &str) -> String {
    let organization = organization.map(|of| format!("organization = \"{of}\"\n")).unwrap_or_default();
    format!(
        "[[environment]]\nslug = \"{slug}\"\n{organization}cloud_provider = \"host\"\nstate = \"{state}\"\nwatch = false\n"
    )
}

async fn hears(events: &mut broadcast::Receiver<ServiceEvent>, what: impl Fn(&ServiceEvent) -> bool) {
    let heard = async { while !what(&events.recv().await.unwrap()) {} };
    tokio::time::timeout(Duration::from_secs(60), heard).await.expect("it is told");
}

pub async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it never came to this: {what}");
}

pub async fn first_open(service: &dyn DriftService) -> DriftEvent {
    until("an open drift", async || open_drifts(service).await.pop()).await
}

fn decision(drift: &DriftEvent, verb: TriageVerb) -> TriageRequest {
    TriageRequest {
        drift: drift.id,
        verb,
        reason: Some("because".into()),
        actor: "x".into(),
        expected_version: None,
        once: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_decided_and_scanned_by_one_server_shows_on_the_client_of_the_other() {
    let one_drift = |home: &Path, _: &Database| table("host", None, &drifting(home, "motd").display().to_string());
    let Some(team) = Team::new(one_drift) else { return };
    let (one, other) = (team.server(&[]), team.server(&["--no-scans"]));
    let (one, other) = (one.client(&team.key).await, other.client(&team.key).await);
    let drift = first_open(other.as_ref()).await;
    let mut events = other.subscribe();
    one.triage(decision(&drift, TriageVerb::Acknowledge)).await.unwrap();
    hears(&mut events, |e| matches!(e, ServiceEvent::Updated(d) if d.id == drift.id && d.state == State::Acknowledged))
        .await;
    // On the version from before: the other server knows better.
    let late = TriageRequest { expected_version: Some(drift.version), ..decision(&drift, TriageVerb::Reopen) };
    assert!(matches!(other.triage(late).await, Err(ServiceError::Conflict(now)) if now.version > drift.version));
    // Asked of the one that scans nothing, done by the one that does.
    let file = team.home.path().join("motd.txt");
    std::fs::write(file, "declared\n").unwrap();
    other.scan(Some(Slug::from_text("host"))).await.unwrap();
    hears(&mut events, |e| matches!(e, ServiceEvent::Updated(d) if d.id == drift.id && d.state == State::Closed)).await;
    let unknown = other.scan(Some(Slug::from_text("nowhere"))).await.unwrap_err();
    assert!(matches!(unknown, ServiceError::NotFound(_)), "{unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_whose_worker_is_killed_is_finished_by_another_and_never_done_twice_at_once() {
    // Its state lies in the database, behind a lock: so the scan stands where the story wants it.
    let behind_a_lock = |home: &Path, database: &Database| {
        let file = home.join("motd.txt");
        std::fs::write(&file, "edited\n").unwrap();
        let make =
            "CREATE SCHEMA tf; CREATE TABLE tf.states (id bigint NOT NULL PRIMARY KEY, name text UNIQUE, data text);";
        let row = format!("INSERT INTO tf.states VALUES (7, 'prod', $state${}$state$)", state(&file));
        database.does(&format!("{make} {row}"));
        let place = format!("postgres://owner:x@127.0.0.1:{}/postgres?schema=tf&workspace=prod", database.port);
        table("host", None, &place)
    };
    let Some(team) = Team::new(behind_a_lock) else { return };
    let mut holder = psql(team.database.port);
    holder.arg("postgres").env("PGAPPNAME", "holder");
    let mut holder = holder.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = holder.stdin.take().unwrap();
    writeln!(input, "BEGIN; LOCK TABLE tf.states; SELECT 'held';").unwrap();
    let lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains("held")));

    let server = team.server(&["--no-scans"]);
    let client = server.client(&team.key).await;
    let first = team.process(&["worker"]);
    assert_eq!(first.said, "driftguard works for acme");
    let job = || team.database.says("SELECT claim, worker FROM scan_jobs WHERE worker IS NOT NULL");
    let begun = until("the first worker scans", async || Some(job()).filter(|job| job.starts_with("1|"))).await;
    let second = team.process(&["worker"]);
    let running = until("the server knows", async || {
        client.environments().await.unwrap().pop().and_then(|environment| environment.running)
    });
    assert_eq!(running.await.environment.as_str(), "host");
    let mut events = client.subscribe();
    assert_eq!(job(), begun, "one has it, and no other takes it");
    drop(first);
    until("the second worker takes over", async || Some(job()).filter(|job| job.starts_with("2|"))).await;
    assert_ne!(job(), begun);
    drop(input);
    holder.kill().unwrap();
    holder.wait().unwrap();
    let is_done = |e: &ServiceEvent| matches!(e, ServiceEvent::Scanned(scan) if scan.stage == ScanStage::Done);
    hears(&mut events, is_done).await;
    assert_eq!(open_drifts(client.as_ref()).await.len(), 1);
    until("it is given back", async || Some(job()).filter(String::is_empty)).await;
    assert_eq!(team.database.says("SELECT claim FROM scan_jobs"), "2");
    drop(second);
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_share_the_scans_each_is_done_once_and_what_waits_can_be_cancelled() {
    let six = |home: &Path, _: &Database| {
        (0..6)
            .map(|n| table(&format!("host-{n}"), None, &drifting(home, &format!("f{n}")).display().to_string()))
            .collect()
    };
    let Some(team) = Team::new(six) else { return };
    let server = team.server(&["--no-scans"]);
    let client = server.client(&team.key).await;
    let workers = [team.process(&["worker"]), team.process(&["worker"])];
    // Six environments, each of them scanned once, whoever does it.
    let is_done = async || {
        let all = client.environments().await.unwrap();
        (all.len() == 6 && all.iter().all(|one| one.last_scan.is_some() && one.running.is_none())).then_some(())
    };
    until("everything is scanned", is_done).await;
    assert_eq!(open_drifts(client.as_ref()).await.len(), 6);
    assert_eq!(team.database.says("SELECT min(claim), max(claim) FROM scan_jobs"), "1|1");
    // What waits and nobody takes is forgotten.
    drop(workers);
    client.scan(None).await.unwrap();
    assert_eq!(team.database.says("SELECT count(*) FROM scan_jobs WHERE wanted_at IS NOT NULL"), "6");
    client.cancel_scan(Some(Slug::from_text("host-1"))).await.unwrap();
    assert_eq!(team.database.says("SELECT count(*) FROM scan_jobs WHERE wanted_at IS NOT NULL"), "5");
}

#[tokio::test(flavor = "multi_thread")]
async fn organisations_come_and_go_while_servers_run_and_none_sees_what_is_anothers() {
    let two = |home: &Path, _: &Database| {
        let own = table("prod", None, &drifting(home, "acme").display().to_string());
        let below = table("prod", Some("acme-eu"), &drifting(home, "below").display().to_string());
        format!("{own}{below}")
    };
    let Some(team) = Team::new(two) else { return };
    let servers = [team.server(&[]), team.server(&["--no-scans"])];
    let acme = servers[1].client(&team.key).await;
    let own = first_open(acme.as_ref()).await;
    assert!(own.resource.resource_id.raw().contains("motd") && acme.environments().await.unwrap().len() == 1);

    // Made while the servers run: served by both, without a restart.
    team.accounts(&["org", "add", "acme-eu", "--parent", "acme"], "");
    let key = team.key_for("acme-eu");
    for server in &servers {
        let come = async || server.try_client(&key).await.ok();
        let below = until("the new organisation is served", come).await;
        let drift = first_open(below.as_ref()).await;
        assert_ne!(drift.id, own.id);
        assert!(matches!(below.drift(own.id).await, Err(ServiceError::NotFound(_))));
        // The parent's, too, sees only its own.
        assert!(matches!(acme.drift(drift.id).await, Err(ServiceError::NotFound(_))));
        let foreign = acme.triage(decision(&drift, TriageVerb::Acknowledge)).await;
        assert!(matches!(foreign, Err(ServiceError::NotFound(_))));
    }
    assert_eq!(open_drifts(acme.as_ref()).await.len(), 1);
    let registry =
        Registry::new(tokio::task::block_in_place(|| accounts::open(team.database.url().as_ref(), false).unwrap()));
    let edit = OrganizationEdit { is_active: Some(false), ..OrganizationEdit::default() };
    registry.edit_organization(&By::operator("root"), &Slug::from_text("acme-eu"), &edit).unwrap();
    for server in &servers {
        assert!(server.try_client(&key).await.is_err(), "at the next request, not when somebody looks");
        assert!(server.try_client(&team.key).await.is_ok());
    }
    let edit = UserEdit { role: Some(Role::Viewer), ..UserEdit::default() };
    registry.edit_user(&By::operator("root"), &Slug::from_text("acme"), "robot", &edit).unwrap();
    // The feed of somebody who may do something else now ends and is begun anew; the server is there all the while.
    let said = acme.scan(None).await;
    assert!(matches!(said, Err(ServiceError::Denied(_))), "on every server: {said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_decision_is_lost_or_doubled_while_the_database_crashes_and_starts() {
    let some = |home: &Path, _: &Database| table("host", None, &drifting(home, "motd").display().to_string());
    let Some(mut team) = Team::new(some) else { return };
    let servers = [team.server(&[]), team.server(&["--no-scans"])];
    let clients = [servers[0].client(&team.key).await, servers[1].client(&team.key).await];
    let drift = first_open(clients[1].as_ref()).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let writers = clients.iter().enumerate().map(|(who, client)| {
        let (client, drift, is_over) = (Arc::clone(client), drift.clone(), Arc::clone(&is_over));
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            let mut n = 0;
            while !is_over.load(Ordering::SeqCst) {
                let text = format!("writer {who}, note {n}");
                n += 1;
                let note = TriageVerb::Note { text: text.as_str().into() };
                if client.triage(decision(&drift, note)).await.is_ok() {
                    acknowledged.push(text);
                }
            }
            acknowledged
        })
    });
    let writers: Vec<_> = writers.collect();
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        tokio::task::block_in_place(|| team.database.crash_and_start());
    }
    tokio::time::sleep(Duration::from_millis(700)).await;
    is_over.store(true, Ordering::SeqCst);
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.extend(writer.await.unwrap());
    }
    assert!(acknowledged.len() > 4, "{}", acknowledged.len());
    let detail = clients[0].drift(drift.id).await.unwrap();
    let told: Vec<String> = detail
        .history
        .iter()
        .filter_map(|entry| match &entry.verb {
            Some(TriageVerb::Note { text }) => Some(text.raw().to_owned()),
            _ => None,
        })
        .collect();
    for text in &acknowledged {
        assert_eq!(told.iter().filter(|one| *one == text).count(), 1, "{text}");
    }
    drop(servers);
    let store = tokio::task::block_in_place(|| team.database.open("acme"));
    assert_eq!(tokio::task::block_in_place(|| store.verify().unwrap()).faults, Vec::<String>::new());
}

#[test]
fn a_password_stands_in_no_command_line_and_is_never_shown() {
    let home = tempfile::tempdir().unwrap();
    let place = "postgres://driftguard:hunter2@127.0.0.1:1/drift";
    let (code, out, err) = run(driftguard(home.path()).args(["--store", place, "worker", "--organization", "acme"]));
    assert!(code == 1 && err.contains("PGPASSWORD") && !format!("{out}{err}").contains("hunter2"), "{out}{err}");
    let (_, out, err) = run(driftguard(home.path()).env("DRIFTGUARD_STORE", place).args(["config", "show"]));
    assert!(
        out.contains("postgres://driftguard:***@127.0.0.1:1/drift") && !format!("{out}{err}").contains("hunter2"),
        "{out}{err}"
    );
    let (code, _, err) = run(driftguard(home.path()).args(["worker", "--organization", "acme"]));
    assert!(code == 1 && err.contains("name a database"), "{err}");
    // Nobody listens there.
    let (code, _, err) =
        run(driftguard(home.path()).env("DRIFTGUARD_STORE", place).args(["worker", "--organization", "acme"]));
    assert!(code == 1 && err.contains("the database cannot be reached") && !err.contains("hunter2"), "{err}");
}
