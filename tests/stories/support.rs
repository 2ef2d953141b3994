//! What stories share: the real binary, and the recorded data beside the project.

use std::path::PathBuf;
use std::process::Command;

/// The real binary, with a private home so that no test touches the developer's own files.
pub fn driftguard(home: &std::path::Path) -> Command {
    driftguard_in(env!("CARGO_BIN_EXE_driftguard"), home)
}

/// Another program that starts the real binary, with the same private home.
pub fn driftguard_in(program: &str, home: &std::path::Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_STATE_HOME", home.join("state"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("USER", "alice")
        // Stories begin where people are after their first two minutes.
        .env("DRIFTGUARD_TUTORIAL", "false")
        .current_dir(home);
    command
}

/// A path in the shared folder of recorded data. `None`, said aloud, when the folder is not there.
pub fn shared(path: &str) -> Option<PathBuf> {
    let full = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")).join(path);
    if full.exists() {
        return Some(full);
    }
    eprintln!("SKIPPED: recorded data is not there: {}", full.display());
    None
}

/// Runs to the end; gives the exit code, standard output and standard error.
pub fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().expect("the binary starts");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("output is UTF-8");
    (output.status.code().expect("no signal"), text(&output.stdout), text(&output.stderr))
}

/// Runs with `--format json` and gives the exit code and the document.
pub fn json(home: &std::path::Path, args: &[&str]) -> (i32, serde_json::Value) {
    let (code, out, err) = run(driftguard(home).args(args).args(["--format", "json"]));
    match serde_json::from_str(&out) {
        Ok(document) => (code, document),
        Err(e) => panic!("no JSON ({e}), exit {code}\nstdout: {out}\nstderr: {err}"),
    }
}

/// Every `(resource_id, path)` a report calls drift, sorted.
pub fn reported(document: &serde_json::Value) -> Vec<(String, String)> {
    let text = |v: &serde_json::Value| v.as_str().expect("text").to_owned();
    let mut found: Vec<_> = document["drifts"]
        .as_array()
        .expect("drifts")
        .iter()
        .flat_map(|d| {
            let id = text(&d["resource_id"]);
            d["changes"].as_array().expect("changes").iter().map(move |c| (id.clone(), text(&c["path"])))
        })
        .collect();
    found.sort();
    found
}
