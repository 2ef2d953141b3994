//! Servers that speak AWS's protocols on this machine, started for one story and ended with it.
//!
//! They are looked for in `$DRIFTGUARD_LAB`, in `target/lab`, which `tests/lab.sh` fills at the first use, and on the PATH. A story
//! whose server cannot be had says so and is skipped.

pub mod account;
pub mod fake;
pub mod faulty;
pub mod postgres;
pub mod report;
pub mod stand;
pub mod tls;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::support::{driftguard, shared};

/// A loaded machine takes this long to import boto3.
const START: Duration = Duration::from_secs(90);
const REGION: &str = "eu-west-1";

/// One server of our own; its end is the end of the story.
pub struct Server {
    child: Child,
    pub url: String,
}

impl Server {
    pub fn of(child: Child, url: String) -> Self {
        Self { child, url }
    }

    pub fn port(&self) -> u16 {
        self.url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// S3, IAM, SNS, EC2 security groups and AWS Config of them; tags by history, no SELECT.
pub fn moto() -> Option<Server> {
    let (python, script) = (python()?, shared("lab/moto_conformant.py")?);
    Some(start("moto", "/moto-api/", |port| {
        let mut command = Command::new(&python);
        command.arg(&script).args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        command
    }))
}

/// AWS Config with history and deleted items.
pub fn fakecloud() -> Option<Server> {
    let program = program("fakecloud", "fakecloud/bin/fakecloud")?;
    Some(start("fakecloud", "/", |port| {
        let mut command = Command::new(&program);
        command.args(["--addr", &format!("127.0.0.1:{port}")]);
        command
    }))
}

/// The interpreter that has schemathesis.
pub fn schemathesis() -> Option<PathBuf> {
    is_there("schemathesis", lab().join("schemathesis/bin/python"))
}

/// CloudTrail, Cloud Control, and CloudFormation drift that compares.
pub fn ministack() -> Option<Server> {
    let python = program("ministack", "ministack/bin/python")?;
    Some(start("ministack", "/_ministack/health", |port| {
        let mut command = Command::new(&python);
        if python.ends_with("python") {
            command.args(["-m", "ministack.app"]);
        }
        command.env("BIND_HOST", "127.0.0.1").env("GATEWAY_PORT", port.to_string());
        command.env("CLOUDTRAIL_RECORDING", "1").env("IOT_MTLS_ENABLED", "0");
        command
    }))
}

/// Runs a script over boto3; `argv[1]` is the endpoint, `client(service)` is defined. Gives what it prints.
pub fn drive(endpoint: &str, script: &str, arguments: &[&str]) -> String {
    const BEFORE: &str = "import boto3, json, sys\n\
        def client(service): return boto3.client(service, endpoint_url=sys.argv[1], region_name='eu-west-1',\n\
        \x20   aws_access_key_id='test', aws_secret_access_key='test')\n";
    let python = python().expect("asked for before");
    let output = Command::new(python)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(["-c", &format!("{BEFORE}{script}"), endpoint])
        .args(arguments)
        .output()
        .expect("python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// The binary, with credentials the servers take.
pub fn scan(home: &Path, endpoint: &str, arguments: &[&str]) -> Command {
    let mut command = driftguard(home);
    command
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .args(["scan", "--aws", "--aws-region", REGION, "--aws-endpoint", endpoint])
        .args(arguments);
    command
}

/// The interpreter that has boto3; `None`, said aloud, where there is none.
pub fn python() -> Option<PathBuf> {
    let python = lab().join("moto/bin/python");
    is_there("moto and boto3", python)
}

/// The sample items AWS ships with its rule development kit, a file each.
pub fn samples() -> Option<PathBuf> {
    let inside = "site-packages/rdk/template/example_ci";
    let libraries = std::fs::read_dir(lab().join("rdk/lib")).into_iter().flatten().flatten();
    let found = libraries.map(|python| python.path().join(inside)).find(|path| path.is_dir());
    found.or_else(|| is_there("the sample items of rdk", lab().join("rdk/lib/python3").join(inside)))
}

/// The interpreter that has `tf`, for providers of the terraform binary, and the binary.
pub fn terraform() -> Option<(PathBuf, PathBuf)> {
    let terraform = program("terraform", "terraform/bin/terraform")?;
    Some((is_there("tf and boto3", lab().join("provider/bin/python"))?, terraform))
}

fn program(name: &str, inside: &str) -> Option<PathBuf> {
    let path = lab().join(inside);
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|dir| dir.join(name)).find(|p| p.exists())
    };
    if path.exists() { Some(path) } else { on_path().or_else(|| is_there(name, path)) }
}

fn is_there(what: &str, path: PathBuf) -> Option<PathBuf> {
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: {what} cannot be had: no {}", path.display());
    None
}

/// Where the servers are; installs them at the first use.
fn lab() -> &'static Path {
    static LAB: OnceLock<PathBuf> = OnceLock::new();
    LAB.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let _ = Command::new("sh").arg(root.join("tests/lab.sh")).status();
        std::env::var_os("DRIFTGUARD_LAB").map_or_else(|| root.join("target/lab"), PathBuf::from)
    })
}

/// Starts a server on a free port and waits until it answers.
fn start(name: &str, health: &str, command: impl Fn(u16) -> Command) -> Server {
    for _ in 0..3 {
        let port = free_port();
        let mut child = command(port)
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it is there, so it starts");
        let since = Instant::now();
        // Somebody else may take the port first; then the server ends at once.
        while child.try_wait().expect("our own child").is_none() && since.elapsed() < START {
            if answers(port, health) {
                return Server { child, url: format!("http://127.0.0.1:{port}") };
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let _ = child.kill();
        let _ = child.wait();
    }
    panic!("{name} is there and does not start");
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port()
}

fn answers(port: u16, path: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut start = [0; 5];
        stream.read_exact(&mut start)?;
        Ok(&start == b"HTTP/")
    };
    ask().unwrap_or(false)
}
