//! A server whose disk fills up: what was acknowledged is kept, it says what is wrong, and it goes on when there is room.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::several::{drifting, table, until};
use super::support::{driftguard, driftguard_in};

const SECRET: &str = "Zk8wQ2nVb5xR7tYcL1mPdS4hJfG9aEuT6oXi";

/// In a mount namespace of its own, with a file system of its own of 80 MiB for the data.
struct Cramped {
    child: Child,
    address: String,
    key: String,
    /// The file that takes the room, as it is seen from here.
    filler: PathBuf,
}

impl Drop for Cramped {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether anybody may have a mount namespace here.
fn can_mount() -> bool {
    let mut command = Command::new("unshare");
    command.args(["-Urm", "sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"]).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn start(home: &Path) -> Cramped {
    let data = home.join("data");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::create_dir_all(home.join("config/driftguard")).unwrap();
    let text = table("host", Some("acme"), drifting(home, "motd").to_str().unwrap());
    std::fs::write(home.join("config/driftguard/config.toml"), text).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=80m,mode=700 tmpfs {data} && \
         echo 'drei blaue Elefanten' | {bin} --store {data}/store accounts init --org acme --admin adam --password-file - >&2 && \
         {bin} --store {data}/store accounts key add adam --label story --role editor && \
         exec {bin} --store {data}/store serve --listen 127.0.0.1:0",
        data = data.display(),
        bin = driftguard(home).get_program().to_str().unwrap(),
    );
    let mut command = driftguard_in("unshare", home);
    command.args(["-Urm", "sh", "-c", &script]).env("DRIFTGUARD_SECRET_KEY", SECRET).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut line = || said.next().unwrap().unwrap();
    let (key, ready) = (line(), line());
    let address = ready.rsplit("http://").next().unwrap().to_owned();
    let filler = PathBuf::from(format!("/proc/{}/root{}/filler", child.id(), data.display()));
    Cramped { child, address, key: key.trim().to_owned(), filler }
}

impl Cramped {
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (u16, String) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().build().unwrap();
        let mut request = client.request(method, format!("http://{}{path}", self.address));
        request = request.header("authorization", format!("Bearer {}", self.key));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn get(&self, path: &str) -> (u16, String) {
        self.ask(Method::GET, path, None).await
    }

    async fn note(&self, drift: &str, text: &str) -> (u16, String) {
        let body = json!({"verb": {"note": {"text": text}}});
        self.ask(Method::POST, &format!("/api/v1/drifts/{drift}/triage"), Some(body)).await
    }

    fn fill(&self) {
        let mut file = std::fs::File::create(&self.filler).unwrap();
        let piece = vec![7; 64 << 10];
        while file.write_all(&piece).is_ok() {}
        while file.write_all(b"x").is_ok() {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_on_a_full_disk_says_so_keeps_what_it_acknowledged_and_goes_on_when_there_is_room() {
    if !can_mount() {
        eprintln!("SKIPPED: nobody may mount a file system of his own here");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let server = start(home.path());
    let first = async || {
        let drifts: Value = serde_json::from_str(&server.get("/api/v1/drifts").await.1).unwrap();
        drifts["data"][0]["id"].as_str().map(str::to_owned)
    };
    let drift = until("a drift", first).await;
    assert_eq!(server.get("/health/ready").await.0, 200);

    let mut kept = vec![];
    let mut told = String::new();
    for n in 0..400 {
        // Again and again, for the store gives back the room it had put aside.
        server.fill();
        let text = format!("note {n} {}", "x".repeat(1_000));
        let (status, said) = server.note(&drift, &text).await;
        if status != 200 {
            assert_eq!(status, 503, "{said}");
            told = said;
            break;
        }
        kept.push(n);
    }
    assert!(told.contains("the disk is full: make room") && told.contains("/data/store"), "{told}");
    let (status, ready) = server.get("/health/ready").await;
    assert!(status == 503 && ready.contains("the disk is full"), "{ready}");
    assert_eq!(server.get("/health/").await.0, 200);
    assert_eq!(server.get("/api/v1/drifts").await.0, 200, "reading goes on");

    std::fs::remove_file(&server.filler).unwrap();
    until("it goes on", async || (server.get("/health/ready").await.0 == 200).then_some(())).await;
    assert_eq!(server.note(&drift, "after").await.0, 200);
    let (_, whole) = server.get(&format!("/api/v1/drifts/{drift}")).await;
    for n in kept {
        assert!(whole.contains(&format!("note {n} x")), "note {n} was acknowledged");
    }
    assert!(whole.contains("after"), "{whole}");
}
