//! Declared state that is no file: in a bucket, behind an http server, in a database; and where code says that it is.
//!
//! S3 and DynamoDB are moto's, PostgreSQL is the machine's; what is not there is skipped aloud.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::lab::postgres::{postgres, psql, sql};
use crate::lab::{Server, free_port, moto};
use crate::support::{driftguard, run};

/// A state of one file on this machine, which has the serial in it.
fn state(serial: u64, file: &Path) -> String {
    let attributes = json!({"filename": file, "content": format!("content {serial}")});
    let name = file.file_stem().unwrap().to_str().unwrap();
    let provider = "provider[\"registry.terraform.io/hashicorp/local\"]";
    let resource = json!({"mode": "managed", "type": "local_file", "name": name, "provider": provider,
        "instances": [{"schema_version": 0, "attributes": attributes}]});
    // In the order Terraform writes.
    format!(
        "{{\"version\": 4, \"terraform_version\": \"1.11.4\", \"serial\": {serial}, \"lineage\": \"3e53\", \
         \"outputs\": {{}}, \"resources\": [{resource}]}}"
    )
}

fn lock(operation: &str) -> String {
    json!({"ID": "5783b4f2", "Operation": operation, "Info": "", "Who": "alice@laptop", "Version": "1.11.4",
        "Created": "2026-11-21T07:36:42.690172033Z", "Path": "x"})
    .to_string()
}

const LOCKED: &str = "being applied by alice@laptop since 2026-11-21 07:36:42 UTC";

fn scan(home: &Path, state: &str, more: &[(&str, &str)]) -> (i32, String) {
    let mut command = driftguard(home);
    command.args(["scan", "--state", state]).envs(more.iter().copied());
    let (code, out, err) = run(&mut command);
    (code, format!("{out}{err}"))
}

/// One request, one answer; what a server of a few lines understands.
fn ask(port: u16, method: &str, path: &str, headers: &str, body: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    )
    .unwrap();
    stream.write_all(body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

/// A server that answers everything alike, and remembers what it was asked.
fn serve(answer: String) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(Mutex::new(vec![]));
    let log = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head: Vec<String> = lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            log.lock().unwrap().push(head.join("\n"));
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (port, asked)
}

fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// Nobody checks the signature, but whoever has none is a stranger.
fn signed(service: &str) -> String {
    format!(
        "Authorization: AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/{service}/aws4_request, \
         SignedHeaders=host, Signature=0\r\n"
    )
}

fn s3(port: u16, method: &str, path: &str, body: &str) {
    let (status, answer) = ask(port, method, path, &signed("s3"), body.as_bytes());
    assert!(status < 300, "{method} {path}: {answer}");
}

fn dynamodb(port: u16, operation: &str, body: &Value) {
    let headers = format!(
        "X-Amz-Target: DynamoDB_20120810.{operation}\r\nContent-Type: application/x-amz-json-1.0\r\n{}",
        signed("dynamodb")
    );
    let (status, answer) = ask(port, "POST", "/", &headers, body.to_string().as_bytes());
    assert!(status < 300, "{operation}: {answer}");
}

fn aws(port: u16) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ACCESS_KEY_ID", "test".into()),
        ("AWS_SECRET_ACCESS_KEY", "test".into()),
        ("AWS_REGION", "us-east-1".into()),
        ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}")),
    ]
}

fn driftguard_on(port: u16, home: &Path, args: &[&str]) -> (i32, String) {
    let (code, out, err) = run(driftguard(home).args(args).envs(aws(port)));
    (code, format!("{out}{err}"))
}

#[test]
fn state_in_a_bucket_is_scanned_as_it_is_as_it_was_and_with_its_neighbours() {
    let Some(server) = moto() else { return };
    let port = server.port();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("motd");
    std::fs::write(&file, "content 2").unwrap();
    s3(port, "PUT", "/states", "");
    let versioned = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    s3(port, "PUT", "/states?versioning", versioned);
    for serial in [1, 2] {
        s3(port, "PUT", "/states/prod/app.tfstate", &state(serial, &file));
    }
    let key = "s3://states/prod/app.tfstate";
    let (code, said) = driftguard_on(port, home.path(), &["scan", "--state", key]);
    assert_eq!(code, 0, "the file is what serial 2 says: {said}");
    assert!(!said.contains("applied by"), "{said}");

    let (code, said) = driftguard_on(port, home.path(), &["scan", "--state", &format!("{key}?serial=1")]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("content"), "{said}");

    let (code, said) = driftguard_on(port, home.path(), &["state", "versions", key, "--format", "json"]);
    let versions: Value = serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}, exit {code}: {said}"));
    let serials: Vec<_> = versions.as_array().unwrap().iter().map(|one| one["serial"].as_u64()).collect();
    assert_eq!(serials, [Some(2), Some(1)]);
    let oldest = format!("{key}?version={}", versions[1]["version"].as_str().unwrap());
    let (code, said) = driftguard_on(port, home.path(), &["diff", &oldest, &format!("{key}?serial=2")]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("content 1") && said.contains("content 2"), "{said}");

    let (code, said) = driftguard_on(port, home.path(), &["scan", "--state", &format!("{key}?serial=9")]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("none of its 2 versions has the serial 9; they go from 1 to 2"), "{said}");

    s3(port, "PUT", "/states/prod/net.tfstate", &state(3, &home.path().join("gone")));
    s3(port, "PUT", "/states/prod/app.tfstate.tflock", &lock("OperationTypeApply"));
    let (code, said) = driftguard_on(port, home.path(), &["scan", "--state", "s3://states/prod/"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("2 resources: 1 in sync, 1 drifted"), "{said}");
    assert!(said.contains(&format!("note: {key}: {LOCKED}")), "{said}");
    // The lock is where it was.
    s3(port, "GET", "/states/prod/app.tfstate.tflock", "");
}

#[test]
fn states_in_a_bucket_and_in_a_directory_are_offered_and_known_ones_said_to_be() {
    let Some(server) = moto() else { return };
    let (port, home) = (server.port(), tempfile::tempdir().unwrap());
    let file = home.path().join("motd");
    s3(port, "PUT", "/states", "");
    for key in ["prod/app.tfstate", "env:/blue/net/terraform.tfstate", "prod/notes.txt"] {
        s3(port, "PUT", &format!("/states/{key}"), &state(1, &file));
    }
    let (code, said) = driftguard_on(port, home.path(), &["state", "discover", "s3://states/?region=us-east-1"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("slug = \"prod-app\"") && said.contains("slug = \"net-blue\""), "{said}");
    assert!(
        said.contains("state = \"s3://states/prod/app.tfstate?region=us-east-1\"") && !said.contains("notes"),
        "{said}"
    );
    let config = home.path().join("config/driftguard");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("config.toml"), &said).unwrap();
    let (code, checked) = driftguard_on(port, home.path(), &["config", "check"]);
    assert!(code == 0 && checked.contains("2 environment(s), no mistakes"), "{checked}");
    let (_, again) = driftguard_on(port, home.path(), &["state", "discover", "s3://states/prod/"]);
    assert!(
        again.contains("it is in the configuration already, as prod-app") && !again.contains("[[environment]]"),
        "{again}"
    );

    std::fs::create_dir_all(home.path().join("infra/net/terraform.tfstate.d/blue")).unwrap();
    for path in ["infra/shop/x", "infra/net/terraform.tfstate.d/blue/x"] {
        let path = home.path().join(path).with_file_name("terraform.tfstate");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, state(1, &file)).unwrap();
    }
    let (code, said) = driftguard_on(port, home.path(), &["state", "discover", "infra"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("slug = \"shop\"") && said.contains("slug = \"net-blue-2\""), "net-blue is taken: {said}");
    assert!(
        said.contains("cloud_provider = \"host\"") && !said.contains("is assumed"),
        "its provider is local: {said}"
    );
}

#[test]
fn a_state_whose_digest_does_not_match_is_not_believed() {
    let Some(server) = moto() else { return };
    let port = server.port();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("motd");
    std::fs::write(&file, "content 1").unwrap();
    let text = state(1, &file);
    s3(port, "PUT", "/states", "");
    s3(port, "PUT", "/states/app.tfstate", &text);
    let hash = json!({"AttributeName": "LockID", "KeyType": "HASH"});
    let attribute = json!({"AttributeName": "LockID", "AttributeType": "S"});
    let table = json!({"TableName": "locks", "KeySchema": [hash], "AttributeDefinitions": [attribute], "BillingMode": "PAY_PER_REQUEST"});
    dynamodb(port, "CreateTable", &table);
    let put = |id: &str, name: &str, value: &str| {
        let item = json!({"LockID": {"S": id}, name: {"S": value}});
        dynamodb(port, "PutItem", &json!({"TableName": "locks", "Item": item}));
    };
    put("states/app.tfstate", "Info", &lock("OperationTypeApply"));
    let digest: String =
        <md5::Md5 as md5::Digest>::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
    put("states/app.tfstate-md5", "Digest", &digest);
    let address = "s3://states/app.tfstate?dynamodb_table=locks";
    let (code, said) = driftguard_on(port, home.path(), &["scan", "--state", address]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains(LOCKED), "{said}");

    put("states/app.tfstate-md5", "Digest", "f0007cb9615cc1d60cf3fa2e03188a21");
    let (code, said) = driftguard_on(port, home.path(), &["scan", "--state", address]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("the lock table locks says that Terraform wrote f0007cb9615cc1d60cf3fa2e03188a21"), "{said}");
    assert!(said.contains(LOCKED), "{said}");

    let (_, said) = driftguard_on(port, home.path(), &["scan", "--state", "s3://states/gone.tfstate"]);
    assert!(said.contains("there is no state there: NoSuchKey"), "{said}");
}

#[test]
fn a_key_one_may_not_use_is_answered_with_the_statement_that_allows_it() {
    let home = tempfile::tempdir().unwrap();
    let refusal = "<Error><Code>AccessDenied</Code><Message>User: arn:aws:sts::1:assumed-role/x/y is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-west-1:1:key/ab because no identity-based policy allows it</Message></Error>";
    let (port, _) = serve(answer("403 Forbidden", refusal));
    let (code, said) = driftguard_on(port, home.path(), &["scan", "--state", "s3://states/app.tfstate"]);
    assert_eq!(code, 1, "{said}");
    let statement = r#"{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-1:1:key/ab"}"#;
    assert!(said.contains(statement), "{said}");
}

#[test]
fn the_http_backend_is_read_with_credentials_that_are_never_shown() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("motd");
    std::fs::write(&file, "content 7").unwrap();
    let (port, asked) = serve(answer("200 OK", &state(6, &file)));
    let (code, said) = scan(home.path(), &format!("http://alice:hunter2@127.0.0.1:{port}/state/prod"), &[]);
    assert_eq!(code, 2, "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    let (_, said) = scan(home.path(), &format!("http://alice:hunter2@127.0.0.1:{}/state", free_port()), &[]);
    assert!(!said.contains("hunter2") && said.contains("http://***@127.0.0.1"), "{said}");
    let credentials = [("TF_HTTP_USERNAME", "bob"), ("TF_HTTP_PASSWORD", "s3cret")];
    scan(home.path(), &format!("http://127.0.0.1:{port}/state/prod"), &credentials);
    let asked = asked.lock().unwrap();
    let sent = |basic: &str| {
        asked.iter().any(|head| head.to_lowercase().contains(&format!("authorization: basic {basic}").to_lowercase()))
    };
    assert!(sent("YWxpY2U6aHVudGVyMg==") && sent("Ym9iOnMzY3JldA=="), "{asked:?}");
    assert!(asked.iter().all(|head| head.starts_with("GET ")), "{asked:?}");
}

#[test]
fn an_http_server_without_a_state_or_with_a_locked_one_says_so() {
    let home = tempfile::tempdir().unwrap();
    let (port, _) = serve("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".into());
    let (code, said) = scan(home.path(), &format!("http://127.0.0.1:{port}/state"), &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("there is no state at this address yet"), "{said}");
    let (port, _) = serve(answer("423 Locked", &lock("OperationTypeApply")));
    let (_, said) = scan(home.path(), &format!("http://127.0.0.1:{port}/state"), &[]);
    assert!(said.contains(&format!("gives no state while it is {LOCKED}")), "{said}");
    let (_, said) = scan(home.path(), &format!("http://127.0.0.1:{}/state", free_port()), &[]);
    assert!(said.contains("could not be reached"), "{said}");
}

#[test]
fn a_state_in_postgresql_is_read_with_whoever_holds_its_lock() {
    let home = tempfile::tempdir().unwrap();
    let Some((_server, port)) = postgres(home.path(), None) else { return };
    let file = home.path().join("motd");
    std::fs::write(&file, "content 1").unwrap();
    // As Terraform's pg backend makes it.
    let table =
        "create schema tf; create table tf.states (id bigint not null primary key, name text unique, data text);";
    let row = format!("insert into tf.states values (7, 'prod', $state${}$state$)", state(1, &file));
    assert!(sql(port, &format!("{table} {row}")));
    let address =
        |workspace: &str| format!("postgres://owner:hunter2@127.0.0.1:{port}/postgres?schema=tf&workspace={workspace}");
    let (code, said) = scan(home.path(), &address("prod"), &[]);
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains("locked by"), "{said}");

    let mut holder = psql(port);
    holder.arg("postgres").env("PGAPPNAME", "terraform");
    let mut child = holder.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "select pg_advisory_lock(7); select 'held';").unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let _holder = Server::of(child, String::new());
    assert!(lines.map_while(Result::ok).any(|line| line.contains("held")));
    let (code, said) = scan(home.path(), &address("prod"), &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("locked by owner from 127.0.0.1 with terraform, connected since"), "{said}");

    let (code, said) = scan(home.path(), &address("dev"), &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("there is no state of the workspace 'dev' in it yet"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    let (_, said) = scan(home.path(), &address("prod").replace("schema=tf", "schema=other"), &[]);
    assert!(said.contains("Check `schema`"), "{said}");
}

#[test]
fn what_discover_prints_is_a_configuration_that_passes_its_check() {
    let home = tempfile::tempdir().unwrap();
    let code = home.path().join("infra/prod");
    std::fs::create_dir_all(&code).unwrap();
    let text = "provider \"aws\" {}\nterraform {\n  backend \"s3\" {\n    bucket = \"states\"\n    key    = \"prod/app.tfstate\"\n    region = \"eu-west-1\"\n  }\n}\n";
    std::fs::write(code.join("main.tf"), text).unwrap();
    let (exit, out, err) = run(driftguard(home.path()).args(["state", "discover", "infra"]));
    assert_eq!(exit, 0, "{err}");
    assert!(out.contains("state = \"s3://states/prod/app.tfstate?region=eu-west-1\""), "{out}");
    let file = home.path().join("config.toml");
    std::fs::write(&file, &out).unwrap();
    let (exit, said, err) = run(driftguard(home.path()).args(["config", "check", "--config"]).arg(&file));
    assert_eq!(exit, 0, "{said}{err}");
    assert!(said.contains("1 environment(s), no mistakes"), "{said}");
    let own = "# mine\nutc = true # always\n";
    std::fs::write(&file, own).unwrap();
    let add = |slug: &str| {
        run(driftguard(home.path()).args(["state", "discover", "infra", "--add", slug, "--config"]).arg(&file))
    };
    let (exit, _, err) = add("prod");
    assert!(exit == 0 && err.contains("prod is in"), "{err}");
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(written, format!("{own}\n{out}"), "what was there stays, and the rest is what is printed");
    let (exit, _, err) = add("prod");
    assert!(exit == 1 && err.contains("nothing new of this name"), "{err}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), written);
    let (exit, said) = scan(home.path(), "infra/prod", &[]);
    assert_eq!(exit, 1, "{said}");
    assert!(said.contains("--state 's3://states/prod/app.tfstate?region=eu-west-1'"), "{said}");
}

#[test]
fn an_address_with_a_mistake_is_found_by_the_check_of_the_configuration() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("config.toml");
    let table = "[[environment]]\nslug = \"a\"\ncloud_provider = \"aws\"\nstate = \"s3://b/k?colour=red\"\n";
    std::fs::write(&file, table).unwrap();
    let (exit, said, _) = run(driftguard(home.path()).args(["config", "check", "--config"]).arg(&file));
    assert_eq!(exit, 1, "{said}");
    assert!(said.contains("config.toml:4") && said.contains("it knows no 'colour'"), "{said}");
}
