//! Hostile text and secrets in what driftguard reads, through the real binary: what comes out of the terminal, standard
//! output, the store, the log and an export.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::firewall::faults;
use crate::support::{driftguard, run};
use crate::terminal::Terminal;
use crate::vectors;

/// Cluster and manifests that differ by `values`, one ConfigMap each: as a value, as a key, and in an annotation.
fn world(home: &Path, values: &[String]) -> [String; 2] {
    let object = |index: usize, data: Value, annotations: Value| {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "data": data,
               "metadata": {"name": format!("vector-{index}"), "namespace": "default", "annotations": annotations}})
    };
    let declared =
        values.iter().enumerate().map(|(i, _)| object(i, json!({"plain": "as declared"}), json!({"by": "us"})));
    let live = values
        .iter()
        .enumerate()
        .map(|(i, value)| object(i, json!({"plain": value, format!("key {value}"): "x"}), json!({"by": value})));
    let list = |items: Vec<Value>| json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    let (manifests, cluster) = (home.join("manifests.json"), home.join("cluster.json"));
    fs::write(&manifests, list(declared.collect())).unwrap();
    fs::write(&cluster, list(live.collect())).unwrap();
    [manifests, cluster].map(|path| path.to_str().unwrap().to_owned())
}

/// Every file below a directory, as bytes.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(directory) else { return vec![] };
    let mut found = vec![];
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    found
}

/// Text that is short enough to be worth a look on the screen; the long ones have stories of their own elsewhere.
fn terminal_vectors() -> Vec<String> {
    let mut all: Vec<String> = vectors::terminal().into_iter().map(|(_, text)| text).collect();
    all.iter_mut().for_each(|text| text.truncate(text.floor_char_boundary(20_000)));
    all
}

#[test]
fn no_vector_reaches_the_terminal_as_anything_but_text() {
    let home = tempfile::tempdir().unwrap();
    let values = terminal_vectors();
    let [state, live] = world(home.path(), &values);
    let args = ["triage", "--state", &state, "--live", &live];
    let mut terminal = Terminal::start(home.path(), &args, 120, 40);
    terminal.wait_for("vector-");
    terminal.send("H");
    for _ in &values {
        terminal.send("j");
        terminal.settle_briefly();
    }
    // Forms, dialogs, help and palette show the same text.
    for keys in ["D", "\x1b", "I", "\x1b", "a", "u", "?", "\x1b", ":", "\x1b", "3", "z"] {
        terminal.send(keys);
        terminal.settle_briefly();
    }
    // A terminal waits after Esc to see whether more comes.
    terminal.settle();
    terminal.send("q");
    terminal.end();
    assert_eq!(faults(&terminal.bytes), Vec::<String>::new());
    for (name, bytes) in files(&home.path().join("state")) {
        assert_eq!(faults(&bytes), Vec::<String>::new(), "the log {name}");
    }
}

#[test]
fn no_vector_reaches_standard_output_as_anything_but_text() {
    let home = tempfile::tempdir().unwrap();
    let [state, live] = world(home.path(), &terminal_vectors());
    for format in ["text", "json", "ndjson", "markdown"] {
        let (code, out, err) =
            run(driftguard(home.path()).args(["scan", "--state", &state, "--live", &live, "--format", format]));
        assert_eq!(code, 2, "{format}: {err}");
        assert_eq!(faults(out.as_bytes()), Vec::<String>::new(), "{format}");
        assert_eq!(faults(err.as_bytes()), Vec::<String>::new(), "{format}");
    }
}

#[test]
fn hostile_file_names_reach_the_terminal_as_text() {
    let home = tempfile::tempdir().unwrap();
    for (name, text) in vectors::terminal() {
        let path = home.path().join(text.replace(['/', '\0'], "_").chars().take(40).collect::<String>());
        let (_, out, err) = run(driftguard(home.path()).arg("scan").arg("--state").arg(path));
        assert_eq!(faults(format!("{out}{err}").as_bytes()), Vec::<String>::new(), "{name}: {err}");
    }
}

#[test]
fn no_secret_leaves_by_any_way() {
    let home = tempfile::tempdir().unwrap();
    let secrets: Vec<String> = vectors::secrets().into_iter().map(|(_, secret)| secret).collect();
    let [state, live] = world(home.path(), &secrets);
    let args = ["triage", "--keep", "--state", &state, "--live", &live];
    let mut terminal = Terminal::start(home.path(), &args, 160, 50);
    terminal.wait_for("vector-");
    for keys in ["H", "3", "z", "z", "2", "yv", "a", "E", "j", "j", "\x1b"] {
        terminal.send(keys);
        terminal.settle_briefly();
    }
    secrets.iter().for_each(|_| terminal.send("j"));
    terminal.settle();
    terminal.send("q");
    terminal.end();
    let mut sinks = vec![("the terminal".to_owned(), terminal.bytes.clone())];
    sinks.extend(files(&home.path().join("data")));
    sinks.extend(files(&home.path().join("state")));
    let (_, export, err) = run(driftguard(home.path()).arg("export"));
    assert!(export.contains("vector-0"), "the export holds the drifts: {err}");
    sinks.push(("the export".to_owned(), export.into_bytes()));
    for format in ["text", "json", "ndjson", "markdown"] {
        let scanned = run(driftguard(home.path()).args([
            "scan",
            "--state",
            &state,
            "--live",
            &live,
            "--show-hidden",
            "--format",
            format,
        ]));
        sinks.push((format!("scan as {format}"), format!("{}{}", scanned.1, scanned.2).into_bytes()));
    }
    for (sink, bytes) in &sinks {
        let text = String::from_utf8_lossy(bytes);
        for secret in &secrets {
            // The head of a token names its kind; what follows is the secret.
            let body: String = secret.chars().rev().take(20).collect::<Vec<_>>().into_iter().rev().collect();
            assert!(!text.contains(&body), "{sink} holds the end of {}…", &secret[..8.min(secret.len())]);
        }
    }
}
