//! `driftguard connect` in a real terminal, before a server that answers, hangs, is not there yet and comes back.

use std::net::TcpListener;
use std::path::Path;

use driftguard::store::{OpenMode, open};
use rustix::process::Signal;

use crate::serving::{PASSWORD, Serve, accounts};
use crate::store::{finding, scan};
use crate::terminal::Terminal;

/// A store with drift for the server, and a home of its own for who connects.
struct Team {
    server: tempfile::TempDir,
    client: tempfile::TempDir,
    key: String,
    address: String,
}

impl Team {
    fn new() -> Self {
        let (server, client) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = open(&server.path().join("store"), OpenMode::ReadWrite).unwrap().store;
        scan(store.as_ref(), ["web", "mail", "bastion"].map(finding).into());
        drop(store);
        accounts(server.path(), &["init", "--org", "acme", "--admin", "adam", "--password-file", "-"], PASSWORD);
        let key = accounts(server.path(), &["key", "add", "adam", "--label", "story", "--role", "editor"], "");
        // Nobody else takes it in the moment until the server does.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let config = client.path().join("config/driftguard");
        std::fs::create_dir_all(&config).unwrap();
        let team = format!("[servers.team]\nurls = [\"http://{address}\"]\n");
        std::fs::write(config.join("config.toml"), team).unwrap();
        Self { server, client, key, address }
    }

    fn serve(&self) -> Serve {
        Serve::at(self.server.path(), &self.address)
    }

    /// By the name that the configuration has for it.
    fn connect(&self, columns: u16, rows: u16) -> Terminal {
        let variables = [("DRIFTGUARD_TOKEN", self.key.as_str())];
        Terminal::start_with(self.client.path(), &["connect", "team"], columns, rows, &variables)
    }

    /// The drifts that were acknowledged, one entry each time.
    fn acknowledged(&self, server: &Serve) -> Vec<String> {
        let audit = server.ask("GET", "/api/v1/audit?limit=500", &self.key, "", "").1;
        let entries = audit["data"].as_array().unwrap().clone();
        let of = |entry: &serde_json::Value| entry["drift"].as_str().map(str::to_owned);
        let mut drifts: Vec<String> =
            entries.iter().filter(|entry| entry["verb"] == "acknowledge").filter_map(of).collect();
        drifts.sort();
        drifts
    }
}

fn position(screen: &str) -> Option<&str> {
    screen.split_whitespace().find(|word| matches!(*word, "1/3" | "2/3" | "3/3"))
}

#[test]
fn the_screen_answers_each_key_while_the_server_hangs_and_what_was_decided_is_sent_when_it_goes_on() {
    let team = Team::new();
    // The first connect ever, and nobody is there.
    let mut terminal = team.connect(120, 36);
    let screen = terminal.wait_for("RETRY");
    assert!(screen.contains("STALE"), "{screen}");
    terminal.wait_for("cannot be reached");
    terminal.send("?");
    terminal.wait_for("On a drift");
    terminal.send("\x1b");
    terminal.wait("help to go", |screen| !screen.contains("On a drift"));
    let server = team.serve();
    terminal.wait_for("LIVE");
    terminal.wait("the list", |screen| position(screen) == Some("1/3"));
    server.signal(Signal::STOP);
    for (key, at) in [("j", "2/3"), ("j", "3/3"), ("k", "2/3"), ("k", "1/3")] {
        terminal.send(key);
        terminal.wait(at, |screen| position(screen) == Some(at));
    }
    terminal.send("?");
    terminal.wait_for("On a drift");
    terminal.send("\x1b");
    terminal.wait("help to go", |screen| !screen.contains("On a drift"));
    terminal.send("a");
    terminal.wait("a sign in the row", |screen| screen.contains('…'));
    terminal.wait_for("kept here");
    terminal.wait_for("1 pending");
    terminal.send("k");
    terminal.wait_for("sent when the server is back");
    server.signal(Signal::CONT);
    terminal.wait("everything is sent", |screen| !screen.contains("pending") && screen.contains("LIVE"));
    assert_eq!(team.acknowledged(&server).len(), 1);
    terminal.send("q");
    assert_eq!(terminal.end().exit_code(), 0);
    terminal.assert_restored();
}

#[test]
fn what_waits_when_the_client_is_killed_is_sent_by_the_next_one_each_once() {
    let team = Team::new();
    let server = team.serve();
    let mut terminal = team.connect(100, 30);
    terminal.wait_for("LIVE");
    terminal.wait("the list", |screen| position(screen) == Some("1/3"));
    server.signal(Signal::STOP);
    terminal.send("a");
    terminal.wait_for("1 pending");
    terminal.send("a");
    terminal.wait_for("2 pending");
    terminal.signal(Signal::KILL);
    terminal.end();
    assert!(queued(team.client.path()) > 0);
    server.signal(Signal::CONT);
    let mut terminal = team.connect(100, 30);
    terminal.wait_for("LIVE");
    terminal.wait("everything is sent", |screen| !screen.contains("pending") && position(screen).is_some());
    let drifts = loop {
        let drifts = team.acknowledged(&server);
        if drifts.len() >= 2 {
            break drifts;
        }
        terminal.settle_briefly();
    };
    assert!(drifts.len() == 2 && drifts[0] != drifts[1], "{drifts:?}");
    terminal.send("q");
    assert_eq!(terminal.end().exit_code(), 0);
    assert_eq!(queued(team.client.path()), 0);
    assert_eq!(team.acknowledged(&server), drifts, "and not once more");
}

/// Bytes of decisions that wait.
fn queued(home: &Path) -> u64 {
    let queues = std::fs::read_dir(home.join("state/driftguard/queues")).unwrap();
    queues.map(|queue| std::fs::metadata(queue.unwrap().path().join("decisions")).map_or(0, |file| file.len())).sum()
}
