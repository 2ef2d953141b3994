//! PostgreSQL of this machine, for one story. Shared with the unit tests.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A database server of this story alone.
pub struct Postgres {
    pub port: u16,
    child: Child,
    bin: PathBuf,
    data: PathBuf,
    is_root: bool,
    tls: bool,
}

impl Postgres {
    /// Its data in `directory`. It will not run as root. `tls`: certificate and key. `None`, said aloud, where there is none.
    pub fn new(directory: &Path, tls: Option<(&Path, &Path)>) -> Option<Self> {
        let found = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let Some(bin) = found.map(|version| version.path().join("bin")).find(|bin| bin.join("initdb").exists()) else {
            eprintln!("SKIPPED: no PostgreSQL server on this machine");
            return None;
        };
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0");
        let data = directory.join("pg");
        std::fs::create_dir(&data).unwrap();
        let own = |path: &Path| Command::new("chown").args(["-R", "postgres"]).arg(path).status();
        if is_root {
            let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(directory, open).unwrap();
            if !own(&data).is_ok_and(|status| status.success()) {
                eprintln!("SKIPPED: PostgreSQL does not run as root, and there is no user postgres");
                return None;
            }
        }
        let mut initdb = program(&bin, is_root, "initdb");
        let made = initdb.args(["-A", "trust", "-U", "owner", "--no-sync", "-D"]).arg(&data).status();
        assert!(made.unwrap().success(), "initdb");
        if let Some((certificate, key)) = tls {
            std::fs::copy(certificate, data.join("server.crt")).unwrap();
            std::fs::copy(key, data.join("server.key")).unwrap();
            let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(data.join("server.key"), private).unwrap();
            assert!(!is_root || own(&data).is_ok_and(|status| status.success()));
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = started(&bin, is_root, &data, port, tls.is_some());
        Some(Self { port, child, bin, data, is_root, tls: tls.is_some() })
    }

    /// Stops without finishing anything, as a crash does, and starts again on what is there.
    pub fn crash_and_start(&mut self) {
        self.crash();
        self.start();
    }

    /// Stops without finishing anything.
    pub fn crash(&mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-QUIT", &pid]).status().unwrap().success());
        self.child.wait().unwrap();
    }

    pub fn start(&mut self) {
        self.child = started(&self.bin, self.is_root, &self.data, self.port, self.tls);
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(bin: &Path, is_root: bool, name: &str) -> Command {
    let mut command = match is_root {
        true => Command::new("setpriv"),
        false => Command::new(bin.join(name)),
    };
    if is_root {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(bin.join(name));
    }
    command.current_dir("/").stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn started(bin: &Path, is_root: bool, data: &Path, port: u16, tls: bool) -> Child {
    let mut server = program(bin, is_root, "postgres");
    server.arg("-D").arg(data).args(["-h", "127.0.0.1", "-k", "", "-F", "-p", &port.to_string()]);
    // Many processes of driftguard, each with connections of its own.
    server.args(["-c", "max_connections=300"]);
    if tls {
        server.args(["-c", "ssl=on"]);
    }
    let mut child = server.spawn().expect("postgres starts");
    for _ in 0..600 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() && sql(port, "select 1") {
            return child;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let _ = child.kill();
    let _ = child.wait();
    panic!("PostgreSQL does not answer on port {port}");
}

/// As [`Postgres::new`], with its port.
pub fn postgres(directory: &Path, tls: Option<(&Path, &Path)>) -> Option<(Postgres, u16)> {
    Postgres::new(directory, tls).map(|server| (server.port, server)).map(|(port, server)| (server, port))
}

/// Whether the statement went through.
pub fn sql(port: u16, text: &str) -> bool {
    sql_in(port, "postgres", text)
}

/// As [`sql`], in another database.
pub fn sql_in(port: u16, database: &str, text: &str) -> bool {
    let mut psql = Command::new("psql");
    psql.args(["-h", "127.0.0.1", "-U", "owner", "-p", &port.to_string(), "-q", "-v", "ON_ERROR_STOP=1"]);
    psql.args(["-c", text, database]);
    psql.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
