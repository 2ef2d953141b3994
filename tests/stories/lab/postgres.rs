//! PostgreSQL of this machine, for one story.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Server, free_port, wait_for};

/// A database server of this story alone, its data in `directory`. It will not run as root. `tls`: certificate and key.
pub fn postgres(directory: &Path, tls: Option<(&Path, &Path)>) -> Option<(Server, u16)> {
    let found = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let Some(bin) = found.map(|version| version.path().join("bin")).find(|bin| bin.join("initdb").exists()) else {
        eprintln!("SKIPPED: no PostgreSQL server on this machine");
        return None;
    };
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0");
    let data = directory.join("pg");
    std::fs::create_dir(&data).unwrap();
    let as_owner = |program: &str| {
        let mut command = match is_root {
            true => Command::new("setpriv"),
            false => Command::new(bin.join(program)),
        };
        if is_root {
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(bin.join(program));
        }
        command.current_dir("/").stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let own = |path: &Path| Command::new("chown").args(["-R", "postgres"]).arg(path).status();
    if is_root {
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(directory, open).unwrap();
        if !own(&data).is_ok_and(|status| status.success()) {
            eprintln!("SKIPPED: PostgreSQL does not run as root, and there is no user postgres");
            return None;
        }
    }
    let made = as_owner("initdb").args(["-A", "trust", "-U", "owner", "--no-sync", "-D"]).arg(&data).status();
    assert!(made.unwrap().success(), "initdb");
    let port = free_port();
    let mut server = as_owner("postgres");
    server.arg("-D").arg(&data).args(["-h", "127.0.0.1", "-k", "", "-F", "-p", &port.to_string()]);
    if let Some((certificate, key)) = tls {
        std::fs::copy(certificate, data.join("server.crt")).unwrap();
        std::fs::copy(key, data.join("server.key")).unwrap();
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(data.join("server.key"), private).unwrap();
        assert!(!is_root || own(&data).is_ok_and(|status| status.success()));
        server.args(["-c", "ssl=on"]);
    }
    let server = Server::of(server.spawn().expect("postgres starts"), String::new());
    wait_for(port);
    for _ in 0..100 {
        if sql(port, "select 1") {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Some((server, port))
}

/// Whether the statement went through.
pub fn sql(port: u16, text: &str) -> bool {
    let mut psql = Command::new("psql");
    psql.args(["-h", "127.0.0.1", "-U", "owner", "-p", &port.to_string(), "-q", "-c", text, "postgres"]);
    psql.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
