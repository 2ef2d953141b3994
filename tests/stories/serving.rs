//! `driftguard serve` as a process: killed while it works, it has done once what was asked for once; and what it writes down.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};

use driftguard::store::{OpenMode, open};
use serde_json::Value;

use super::store::{all, finding, scan};
use super::support::driftguard;

pub const PASSWORD: &str = "drei blaue Elefanten";
/// Random, for these stories only.
const SECRET: &str = "Zk8wQ2nVb5xR7tYcL1mPdS4hJfG9aEuT6oXi";

/// Killed at the latest when the test ends.
pub struct Serve {
    pub child: Child,
    pub address: String,
}

impl Serve {
    pub fn start(home: &Path) -> Self {
        Self::at(home, "127.0.0.1:0")
    }

    pub fn at(home: &Path, listen: &str) -> Self {
        let mut command = driftguard(home);
        command.arg("--store").arg(home.join("store"));
        command.args(["serve", "--organization", "acme", "--listen", listen]);
        command.env("DRIFTGUARD_SECRET_KEY", SECRET).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit("http://").next().unwrap().to_owned();
        Self { child, address }
    }

    /// Sends a request, and does not wait for the answer.
    fn send(&self, method: &str, path: &str, token: &str, headers: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n{headers}\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    }

    pub fn ask(&self, method: &str, path: &str, token: &str, headers: &str, body: &str) -> (u16, Value) {
        let mut text = String::new();
        self.send(method, path, token, headers, body).read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// The whole answer to a request without a body.
    pub fn text(&self, method: &str, path: &str) -> String {
        let mut text = String::new();
        self.send(method, path, "", "", "").read_to_string(&mut text).unwrap();
        text
    }

    pub(super) fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).unwrap();
    }

    fn kill_nine(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn end(mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn accounts(home: &Path, words: &[&str], input: &str) -> String {
    let mut command = driftguard(home);
    command.arg("--store").arg(home.join("store")).arg("accounts").args(words);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The lines about requests.
fn logged(home: &Path) -> (String, Vec<Value>) {
    let directory = home.join("state/driftguard/logs");
    let files = std::fs::read_dir(directory).unwrap();
    let text: String = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines = lines.filter(|line| line["target"] == "driftguard::request").collect();
    (text, lines)
}

#[test]
fn a_server_killed_before_it_could_answer_has_done_it_once_when_it_is_asked_again() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    let store = open(&at.join("store"), OpenMode::ReadWrite).unwrap().store;
    scan(store.as_ref(), vec![finding("web")]);
    let drift = all(store.as_ref())[0].id;
    drop(store);
    accounts(at, &["init", "--org", "acme", "--admin", "adam", "--password-file", "-"], PASSWORD);
    let token = accounts(at, &["key", "add", "adam", "--label", "story", "--role", "editor"], "");
    let (path, audit) = (format!("/api/v1/drifts/{drift}/triage"), "/api/v1/audit");
    let note = |text: &str| format!(r#"{{"verb": {{"note": {{"text": "{text}"}}}}, "reason": "unspeakable-reason"}}"#);
    let entries = |server: &Serve| server.ask("GET", audit, &token, "", "").1["data"].as_array().unwrap().len();

    let server = Serve::start(at);
    let before = entries(&server);
    let (status, first) = server.ask("POST", &path, &token, "idempotency-key: one\r\n", &note("first"));
    assert_eq!(status, 200, "{first}");
    // This one gets no answer: whether it was done nobody knows.
    let unheard = server.send("POST", &path, &token, "idempotency-key: two\r\n", &note("second"));
    server.kill_nine();
    drop(unheard);

    let server = Serve::start(at);
    let (status, again) = server.ask("POST", &path, &token, "idempotency-key: one\r\n", &note("first"));
    assert_eq!((status, &again["seq"]), (200, &first["seq"]), "{again}");
    for _ in 0..2 {
        let (status, said) = server.ask("POST", &path, &token, "idempotency-key: two\r\n", &note("second"));
        assert_eq!((status, said["drifts"][0]["note_count"].as_u64()), (200, Some(2)), "{said}");
    }
    assert_eq!(entries(&server), before + 2);
    let (status, reused) = server.ask("POST", &path, &token, "idempotency-key: one\r\n", &note("another"));
    assert_eq!((status, &reused["error"]["field"]), (422, &"idempotency-key".into()), "{reused}");
    server.ask("GET", "/api/v1/drifts?text=unspeakable-query", &token, "x-request-id: story-7\r\n", "");
    server.end();

    let (text, lines) = logged(at);
    let line = lines.iter().find(|line| line["fields"]["id"] == "story-7").expect("each request has its line");
    let fields = &line["fields"];
    let said = ["organization", "principal", "method", "route"].map(|name| fields[name].as_str().unwrap());
    assert_eq!(said, ["acme", "adam", "GET", "/api/v1/drifts"], "{line}");
    assert!(fields["status"] == 200 && fields["ms"].is_number() && fields["bytes"].is_number(), "{line}");
    assert!(lines.iter().any(|line| line["fields"]["route"] == "/api/v1/drifts/{id}/triage"));
    for secret in [&*token, "unspeakable", "idempotency-key: one"] {
        assert!(!text.contains(secret), "{secret}");
    }
}
