//! `driftguard serve` as a process, and a client that keeps its connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

const PASSWORD: &str = "drei blaue Elefanten";

/// Ends with the measuring.
pub struct Server {
    child: Child,
    pub address: String,
    pub key: String,
}

fn driftguard(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftguard"));
    command.env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir(home);
    command
}

/// What it says; `None` when it refuses.
fn accounts(home: &Path, words: &[&str]) -> Option<String> {
    let mut command = driftguard(home);
    command.arg("accounts").args(words).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

impl Server {
    /// Of the organisation `acme` in a database.
    pub fn start(home: &Path, url: &str) -> Self {
        let config = home.join(".config/driftguard");
        std::fs::create_dir_all(&config).unwrap();
        // Who measures may ask as often as he likes.
        let limits =
            "[server]\nrequests_per_minute = 100000000\nrequests_per_minute_per_address = 100000000\nfeeds = 5000\n";
        let text = format!("store = \"{url}\"\norganization = \"acme\"\nlog_level = \"warn\"\n{limits}");
        std::fs::write(config.join("config.toml"), text).unwrap();
        // Refused where a run before this one made them.
        accounts(home, &["init", "--org", "acme", "--admin", "adam", "--password-file", "-"]);
        accounts(home, &["user", "add", "robot", "--org", "acme", "--service", "--role", "editor"]);
        let key = ["key", "add", "robot", "--org", "acme", "--label", "bench", "--role", "editor"];
        let key = accounts(home, &key).expect("a key");
        let mut command = driftguard(home);
        command.args(["serve", "--dev", "--no-scans", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let address = said.trim().rsplit("http://").next().unwrap().to_owned();
        assert!(address.contains(':'), "it said {said:?}");
        Self { child, address, key }
    }

    pub fn client(&self) -> Client {
        let stream = BufReader::new(TcpStream::connect(&self.address).unwrap());
        stream.get_ref().set_nodelay(true).unwrap();
        Client { stream, host: self.address.clone(), key: self.key.clone() }
    }

    /// Megabytes in memory now, and at most so far.
    pub fn memory(&self) -> (u64, u64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse::<u64>().ok()
        };
        (line("VmRSS").unwrap_or(0) / 1024, line("VmHWM").unwrap_or(0) / 1024)
    }

    /// Seconds of processor time so far.
    pub fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        // proc(5): utime and stime are fields 14 and 15, the name is 2; a hundred ticks a second.
        let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok());
        ticks.sum::<u64>() as f64 / 100.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One connection, kept.
pub struct Client {
    stream: BufReader<TcpStream>,
    host: String,
    key: String,
}

impl Client {
    pub fn send(&mut self, method: &str, path: &str, body: &str) {
        let head = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.host,
            self.key,
            body.len()
        );
        self.stream.get_mut().write_all(head.as_bytes()).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Reads the head of an answer: its status, and how long its body is.
    fn head(&mut self) -> (u16, usize) {
        let (status, mut length) = (self.line(), 0);
        loop {
            let line = self.line().to_lowercase();
            match line.split_once(": ") {
                Some(("content-length", n)) => length = n.parse().unwrap(),
                Some(_) => {}
                None => return (status.split(' ').nth(1).unwrap().parse().unwrap(), length),
            }
        }
    }

    pub fn get(&mut self, path: &str) -> Vec<u8> {
        self.send("GET", path, "");
        self.answer(path)
    }

    pub fn answer(&mut self, path: &str) -> Vec<u8> {
        let (status, length) = self.head();
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        body
    }

    pub fn json(&mut self, path: &str) -> Value {
        serde_json::from_slice(&self.get(path)).unwrap()
    }

    /// Reads what it follows until a line is `wanted`.
    pub fn until(&mut self, wanted: &str) {
        while self.line() != wanted {}
    }
}
