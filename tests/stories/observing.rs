//! What driftguard writes down about itself: commands, requests and their traces, at a level that is switched while it runs.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::serving::{PASSWORD, Serve, accounts};
use super::support::{driftguard, run};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn lines(home: &Path) -> Vec<Value> {
    let files = fs::read_dir(home.join("state/driftguard/logs")).into_iter().flatten().flatten();
    let text: String = files.map(|file| fs::read_to_string(file.path()).unwrap()).collect();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn configure(home: &Path, text: &str) {
    let directory = home.join("config/driftguard");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("config.toml"), text).unwrap();
}

/// The log is written by a thread of its own.
fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn commands_write_the_same_log_as_the_screens_and_nothing_of_it_on_the_terminal() {
    let home = tempfile::tempdir().unwrap();
    let state =
        r#"{"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "outputs": {}, "resources": []}"#;
    fs::write(home.path().join("x.tfstate"), state).unwrap();
    configure(home.path(), "[[environment]]\nslug = \"lab\"\ncloud_provider = \"host\"\nstate = \"../../x.tfstate\"\n");
    for (command, wanted) in
        [("scan", 0), ("export", 0), ("store verify", 0), ("accounts verify", 1), ("store forget nowhere", 1)]
    {
        let (code, out, err) = run(driftguard(home.path()).args(command.split(' ')));
        assert_eq!(code, wanted, "{command}: {out}{err}");
        assert!(!format!("{out}{err}").contains("the command"), "{out}{err}");
    }
    let lines = lines(home.path());
    for (command, ended) in
        [("scan", "has ended"), ("export", "has ended"), ("accounts", "failed"), ("store", "has ended")]
    {
        let of = |words: &str| {
            lines.iter().any(|line| {
                line["fields"]["command"] == command && line["fields"]["message"].as_str().unwrap().ends_with(words)
            })
        };
        assert!(of("begins") && of(ended), "{command}: {lines:#?}");
    }
    let scanned = lines.iter().find(|line| line["fields"]["message"] == "scanned").expect("each scan has its line");
    assert_eq!(scanned["span"]["environment"], "lab");
    assert_eq!(scanned["span"]["trace_id"].as_str().unwrap().len(), 32);
}

#[test]
fn a_trace_goes_from_the_header_through_log_and_store_into_the_error() {
    let home = tempfile::tempdir().unwrap();
    configure(home.path(), "log_spans = true\n");
    accounts(home.path(), &["init", "--org", "acme", "--admin", "adam", "--password-file", "-"], PASSWORD);
    let token = accounts(home.path(), &["key", "add", "adam", "--label", "story", "--role", "editor"], "");
    let server = Serve::start(home.path());
    let header = format!("traceparent: 00-{TRACE}-00f067aa0ba902b7-01\r\n");
    let (status, said) = server.ask("GET", "/api/v1/drifts/01ARZ3NDEKTSV4RRFFQ69G5FAV", &token, &header, "");
    assert_eq!((status, said["error"]["trace_id"].as_str()), (404, Some(TRACE)), "{said}");
    let (_, other) = server.ask("GET", "/api/v1/nothing", &token, "traceparent: 00-x-y-01\r\n", "");
    let begun = other["error"]["trace_id"].as_str().unwrap();
    assert!(begun.len() == 32 && begun != TRACE, "what names no trace begins one: {other}");
    let context = json!({"id": "01ARZ3NDEKTSV4RRFFQ69G5FA3", "context_type": "deployment", "context_data": {"title": "v2"},
        "time_window": {"from": "2026-11-22T02:00:00Z"}, "source": "person"});
    let body = json!({"context": context}).to_string();
    let header = format!("{header}idempotency-key: one\r\n");
    let (status, said) = server.ask("POST", "/api/v1/contexts", &token, &header, &body);
    assert_eq!(status, 200, "{said}");
    server.end();
    let lines = lines(home.path());
    let of_trace: Vec<&Value> = lines.iter().filter(|line| line.to_string().contains(TRACE)).collect();
    let request = of_trace.iter().find(|line| line["fields"]["message"] == "request").expect("the line of the request");
    assert_eq!(request["fields"]["trace_id"], TRACE);
    let closed =
        |name: &str| of_trace.iter().any(|line| line["fields"]["message"] == "close" && line["span"]["name"] == name);
    assert!(closed("request"), "{of_trace:#?}");
    assert!(closed("store.write"), "the write belongs to the request: {of_trace:#?}");
}

#[test]
fn the_level_of_a_running_servers_log_is_switched_by_its_configuration_and_a_signal() {
    let home = tempfile::tempdir().unwrap();
    accounts(home.path(), &["init", "--org", "acme", "--admin", "adam", "--password-file", "-"], PASSWORD);
    configure(home.path(), "log_level = \"error\"\n");
    let server = Serve::start(home.path());
    let hang_up = || {
        let pid = rustix::process::Pid::from_child(&server.child);
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    };
    let requests = || lines(home.path()).iter().filter(|line| line["target"] == "driftguard::request").count();
    let switched = |to: &str| {
        lines(home.path()).iter().any(|line| line["target"] == "driftguard::log" && line["fields"]["to"] == to)
    };
    server.ask("GET", "/health/", "", "", "");
    configure(home.path(), "log_level = \"info\"\n");
    hang_up();
    eventually("the log says what was switched", || switched("info"));
    assert_eq!(requests(), 0, "they are less than errors");
    server.ask("GET", "/health/", "", "", "");
    eventually("requests are written now", || requests() == 1);
    configure(home.path(), "log_level = \"loud\"\n");
    hang_up();
    eventually("a mistake is named", || {
        lines(home.path()).iter().any(|line| line["fields"]["why"].as_str().is_some_and(|why| why.contains("loud")))
    });
    configure(home.path(), "log_level = \"error\"\n");
    hang_up();
    eventually("said even where little is", || switched("error"));
    server.ask("GET", "/health/", "", "", "");
    server.end();
    assert_eq!(requests(), 1);
}

#[test]
fn a_server_named_by_a_flag_is_what_connect_goes_to() {
    let home = tempfile::tempdir().unwrap();
    let said = |arguments: &[&str]| {
        let (code, out, err) = run(driftguard(home.path()).args(arguments));
        (code, format!("{out}{err}"))
    };
    let url = "https://drift.example.com";
    let connect = said(&["connect", url]);
    assert!(connect.0 == 1 && connect.1.contains("driftguard login https://drift.example.com"), "{connect:?}");
    assert_eq!(said(&["--server", url]), connect);
    assert_eq!(said(&["triage", "--server", url]), connect);
    let both = said(&["--server", url, "--state", "x.tfstate"]);
    assert!(both.0 == 1 && both.1.contains("cannot be used with"), "{both:?}");
}
