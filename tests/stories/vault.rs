//! Secrets that a Vault keeps are used and shown to nobody.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use super::postgres::Database;
use super::serving::{PASSWORD, accounts};
use super::support::{driftguard, run};

const TOKEN: &str = "hvs.story-token";
/// Random, for this story only.
const SIGNING: &str = "mX7vQ2kRw9ZtB4nLcY8eHs3JpUa6GdFo1iTx";

/// A Vault with one secret, until the test process ends; gives its address.
fn vault() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = vec![];
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                    break;
                }
                head.push(line.trim().to_lowercase());
            }
            let knows = head.iter().any(|line| *line == format!("x-vault-token: {TOKEN}"));
            let (status, body) = match head.first().map(String::as_str) {
                _ if !knows => ("403 Forbidden", r#"{"errors": ["permission denied"]}"#.to_owned()),
                Some("get /v1/secret/data/driftguard http/1.1") => {
                    let data = serde_json::json!({"signing": SIGNING, "metrics": "m-1234", "database": "db-pass-5678", "number": 7});
                    ("200 OK", serde_json::json!({"data": {"data": data, "metadata": {"version": 3}}}).to_string())
                }
                _ => ("404 Not Found", r#"{"errors": []}"#.to_owned()),
            };
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    address
}

fn refused(home: &Path, variables: &[(&str, &str)]) -> String {
    let mut command = driftguard(home);
    command.args(["serve", "--organization", "acme", "--listen", "127.0.0.1:0"]).envs(variables.iter().copied());
    let (code, out, err) = run(&mut command);
    assert_eq!(code, 1, "{out}{err}");
    for secret in [TOKEN, SIGNING, "hunter2"] {
        assert!(!format!("{out}{err}").contains(secret), "{err}");
    }
    err
}

#[test]
fn a_server_signs_with_a_key_that_vault_has_and_says_what_is_missing() {
    let (home, address) = (tempfile::tempdir().unwrap(), vault());
    accounts(home.path(), &["init", "--org", "acme", "--admin", "adam", "--password-file", "-"], PASSWORD);
    let key = |reference: &'static str| ("DRIFTGUARD_SECRET_KEY", reference);
    let good = "vault:secret/driftguard#signing";
    let (at, token) = (("VAULT_ADDR", address.as_str()), ("VAULT_TOKEN", TOKEN));
    assert!(refused(home.path(), &[key(good)]).contains("set VAULT_ADDR"));
    assert!(refused(home.path(), &[key(good), at]).contains("set VAULT_TOKEN, or run `vault login`"));
    assert!(
        refused(home.path(), &[key(good), at, ("VAULT_TOKEN", "hunter2")]).contains("does not let this token read")
    );
    assert!(
        refused(home.path(), &[key("vault:secret/other#signing"), at, token])
            .contains("has nothing at secret/data/other")
    );
    assert!(refused(home.path(), &[key("vault:secret/driftguard#number"), at, token]).contains("no text in its field"));
    assert!(
        refused(home.path(), &[key("vault:secret/driftguard#metrics"), at, token]).contains("needs 32"),
        "a short one"
    );
    assert!(
        refused(home.path(), &[key(good), ("VAULT_ADDR", "http://127.0.0.1:1"), token]).contains("cannot be reached")
    );

    // The token of `vault login`, and the reference in a file.
    fs::write(home.path().join(".vault-token"), format!("{TOKEN}\n")).unwrap();
    let file = home.path().join("key");
    fs::write(&file, good).unwrap();
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let mut command = driftguard(home.path());
    command.args(["serve", "--organization", "acme", "--listen", "127.0.0.1:0", "--secret-file"]).arg(&file);
    command.env("VAULT_ADDR", &address).env("DRIFTGUARD_METRICS_TOKEN", "vault:secret/driftguard#metrics");
    command.env("DRIFTGUARD_STORE", home.path().join("store"));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let _ = child.kill();
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    child.wait().unwrap();
    assert!(line.starts_with("driftguard serves http://127.0.0.1:"), "{line}{err}");
}

#[test]
fn the_password_of_a_database_is_one_that_vault_has() {
    let Some(database) = Database::new() else { return };
    let (home, address) = (tempfile::tempdir().unwrap(), vault());
    database.does("CREATE ROLE app LOGIN SUPERUSER PASSWORD 'db-pass-5678'");
    let rules = "('host all app 127.0.0.1/32 scram-sha-256'), ('host all all 127.0.0.1/32 trust')";
    database.does(&format!("COPY (VALUES {rules}) TO '{}'", database.says("SHOW hba_file").trim()));
    database.does("SELECT pg_reload_conf()");
    let verify = |password: &str| {
        let mut command = driftguard(home.path());
        command.env("DRIFTGUARD_STORE", database.url().replace("owner@", "app@")).env("PGPASSWORD", password);
        command.env("VAULT_ADDR", &address).env("VAULT_TOKEN", TOKEN);
        let (code, out, err) = run(command.args(["store", "migrate"]));
        (code, format!("{out}{err}"))
    };
    // The server takes its new rules in when it comes to it.
    let refused = || (0..50).map(|_| verify("another")).find(|(code, _)| *code == 1).expect("a password is asked for");
    let (code, said) = refused();
    assert!(code == 1 && said.contains("PGPASSWORD"), "{said}");
    let (code, said) = verify("vault:secret/driftguard#database");
    assert_eq!(code, 0, "{said}");
    let (code, said) = verify("vault:secret/driftguard#none");
    assert!(code == 1 && said.contains("PGPASSWORD: Vault at") && !said.contains("db-pass"), "{said}");
}
