//! Declared state behind TLS: an own CA, the wrong one, none, and no check at all.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::lab::postgres::{postgres, sql};
use crate::lab::tls::{certificates, https};
use crate::support::{driftguard, run};

/// A state of one file, which is as declared.
fn state(home: &Path) -> String {
    let file = home.join("motd");
    fs::write(&file, "welcome").unwrap();
    let attributes = json!({"filename": file, "content": "welcome"});
    let provider = "provider[\"registry.terraform.io/hashicorp/local\"]";
    json!({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "outputs": {}, "resources": [
        {"mode": "managed", "type": "local_file", "name": "motd", "provider": provider,
         "instances": [{"schema_version": 0, "attributes": attributes}]}]})
    .to_string()
}

fn scan(home: &Path, address: &str, variables: &[(&str, &str)]) -> (i32, String) {
    let mut command = driftguard(home);
    let (code, out, err) = run(command.args(["scan", "--state", address]).envs(variables.iter().copied()));
    let said = format!("{out}{err}");
    assert!(!said.contains("hunter2"), "{said}");
    (code, said)
}

#[test]
fn the_http_backend_is_read_over_tls_with_an_own_ca_or_says_which_is_missing() {
    let home = tempfile::tempdir().unwrap();
    let Some(certificates) = certificates(home.path()) else { return };
    let port = https(&certificates, "Basic YWxpY2U6aHVudGVyMg==", state(home.path()));
    let address = format!("https://localhost:{port}/state");
    let ca = fs::read_to_string(&certificates.ca).unwrap();
    let login = [("TF_HTTP_USERNAME", "alice"), ("TF_HTTP_PASSWORD", "hunter2")];
    let with = |more: &[(&'static str, &str)], address: &str| {
        let all: Vec<(&str, &str)> = login.iter().copied().chain(more.iter().copied()).collect();
        scan(home.path(), address, &all)
    };
    let (code, said) = with(&[("TF_HTTP_CLIENT_CA_CERTIFICATE_PEM", &ca)], &address);
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains("was not checked"), "{said}");

    let (code, said) = scan(home.path(), &address, &[("TF_HTTP_CLIENT_CA_CERTIFICATE_PEM", &ca)]);
    assert!(code == 1 && said.contains("401") && said.contains("TF_HTTP_USERNAME"), "{said}");
    let (code, said) = with(&[], &address);
    assert!(code == 1 && said.contains("set TF_HTTP_CLIENT_CA_CERTIFICATE_PEM to that CA's certificate"), "{said}");
    let (code, said) = with(&[("TF_HTTP_CLIENT_CA_CERTIFICATE_PEM", "/etc/ca.pem")], &address);
    assert!(code == 1 && said.contains("holds no certificate") && said.contains("the PEM text itself"), "{said}");
    let (code, said) = with(&[("TF_HTTP_CLIENT_CA_CERTIFICATE_PEM", &ca)], &address.replace("localhost", "127.0.0.1"));
    assert!(code == 1 && said.contains("Its certificate is for another name"), "{said}");

    let (code, said) = with(&[("TF_HTTP_SKIP_CERT_VERIFICATION", "true")], &address);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("was not checked (TF_HTTP_SKIP_CERT_VERIFICATION)"), "{said}");
}

#[test]
fn a_database_is_read_over_tls_as_sslmode_says() {
    let home = tempfile::tempdir().unwrap();
    let Some(certificates) = certificates(home.path()) else { return };
    let tls = Some((certificates.server.as_path(), certificates.key.as_path()));
    let Some((_server, port)) = postgres(home.path(), tls) else { return };
    let table =
        "create schema tf; create table tf.states (id bigint not null primary key, name text unique, data text);";
    assert!(sql(
        port,
        &format!("{table} insert into tf.states values (1, 'default', $state${}$state$)", state(home.path()))
    ));
    let address = |host: &str, more: &str| format!("postgres://owner:hunter2@{host}:{port}/postgres?schema=tf&{more}");
    let ca = format!("sslrootcert={}", certificates.ca.display());
    for (host, mode) in [
        ("127.0.0.1", "sslmode=require".to_owned()),
        ("localhost", format!("sslmode=verify-ca&{ca}")),
        ("localhost", format!("sslmode=verify-full&{ca}")),
    ] {
        let (code, said) = scan(home.path(), &address(host, &mode), &[]);
        assert_eq!(code, 0, "{mode}: {said}");
    }
    let (code, said) = scan(home.path(), &address("127.0.0.1", "sslmode=verify-ca"), &[]);
    assert!(code == 1 && said.contains("name it with ?sslrootcert=/path/ca.pem"), "{said}");
    for mode in ["verify-ca", "verify-full"] {
        let (code, said) = scan(home.path(), &address("127.0.0.1", &format!("sslmode={mode}&{ca}")), &[]);
        assert!(code == 1 && said.contains("The certificate is for another name"), "{mode}: {said}");
    }
    let (code, said) = scan(home.path(), &address("127.0.0.1", "sslmode=sometimes"), &[]);
    assert!(code == 1 && said.contains("verify-full"), "{said}");
}

#[test]
fn a_database_without_tls_is_not_read_where_tls_is_required() {
    let home = tempfile::tempdir().unwrap();
    let Some((_server, port)) = postgres(home.path(), None) else { return };
    let address = format!("postgres://owner@127.0.0.1:{port}/postgres?sslmode=require");
    let (code, said) = scan(home.path(), &address, &[]);
    assert!(code == 1 && said.contains("The server has no TLS: turn it on there (ssl = on)"), "{said}");
}

#[test]
fn a_store_in_a_database_is_found_by_the_environment_and_reached_over_tls_as_sslmode_says() {
    let home = tempfile::tempdir().unwrap();
    let Some(certificates) = certificates(home.path()) else { return };
    let tls = Some((certificates.server.as_path(), certificates.key.as_path()));
    let Some((_server, port)) = postgres(home.path(), tls) else { return };
    assert!(sql(port, "create database drift"));
    let (ca, port) = (certificates.ca.display().to_string(), port.to_string());
    let reach = |address: &str, variables: &[(&str, &str)]| {
        let mut command = driftguard(home.path());
        command.env("DRIFTGUARD_STORE", address).envs(variables.iter().copied());
        let (code, out, err) = run(command.args(["store", "migrate"]));
        (code, format!("{out}{err}"))
    };
    // NAME, USER, PASSWORD, HOST and PORT, none of them in the address.
    let place = [
        ("PGDATABASE", "drift"),
        ("PGUSER", "owner"),
        ("PGPASSWORD", "hunter2"),
        ("PGHOST", "localhost"),
        ("PGPORT", &port),
    ];
    let tls = [("PGSSLMODE", "verify-full"), ("PGSSLROOTCERT", ca.as_str())];
    let (code, said) = reach("postgres:///", &[&place[..], &tls[..]].concat());
    assert!(code == 0 && said.contains("up to date"), "{said}");
    let address = |host: &str, more: &str| format!("postgres://owner@{host}:{port}/drift?{more}");
    let (code, said) = reach(&address("localhost", &format!("sslmode=verify-full&sslrootcert={ca}")), &[]);
    assert_eq!(code, 0, "{said}");
    // What the address says comes first.
    let (code, said) = reach(&address("127.0.0.1", "sslmode=require"), &tls);
    assert_eq!(code, 0, "{said}");
    for refused in [
        address("localhost", "sslmode=verify-full"),
        address("127.0.0.1", &format!("sslmode=verify-full&sslrootcert={ca}")),
    ] {
        let (code, said) = reach(&refused, &[]);
        assert!(
            code == 1 && said.contains("sslrootcert=/path/ca.pem") && !said.contains("hunter2"),
            "{refused}: {said}"
        );
    }
}
