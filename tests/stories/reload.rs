//! The configuration is edited while the screens are open.

use std::fs;
use std::path::Path;

use rustix::process::Signal;
use serde_json::json;

use crate::terminal::Terminal;

/// A host file that somebody has changed, and the state that declares it.
fn drifted(home: &Path, name: &str) -> String {
    fs::write(home.join(name), "changed by hand\n").unwrap();
    let state = json!({"version": 4, "serial": 1, "lineage": name, "resources": [{"mode": "managed",
        "type": "local_file", "name": name, "provider": "provider[\"registry.terraform.io/hashicorp/local\"]",
        "instances": [{"attributes": {"content": "welcome\n", "filename": home.join(name)}}]}]});
    let path = home.join(format!("{name}.tfstate"));
    fs::write(&path, state.to_string()).unwrap();
    format!("[[environment]]\nslug = \"{name}\"\ncloud_provider = \"host\"\nstate = {path:?}\n")
}

#[test]
fn an_edited_configuration_is_in_force_at_once_and_a_broken_one_changes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("config/driftguard");
    fs::create_dir_all(&directory).unwrap();
    let configure = |text: &str| {
        // As an editor does it: another file takes its place.
        fs::write(directory.join("config.new"), text).unwrap();
        fs::rename(directory.join("config.new"), directory.join("config.toml")).unwrap();
    };
    let (motd, issue) = (drifted(home.path(), "motd"), drifted(home.path(), "issue"));
    configure(&motd);
    let mut terminal = Terminal::start(home.path(), &["triage"], 200, 40);
    terminal.wait_for("local_file.motd");

    configure(&format!("{motd}{issue}"));
    terminal.wait("the new environment and its drift", |s| s.contains("new environments issue"));
    terminal.wait_for("local_file.issue");

    configure(&format!("{motd}{issue}interval = \"soon\"\n"));
    terminal.wait("the mistake with its place", |s| {
        s.contains("goes on as it was") && s.contains("config.toml:9:") && s.contains("'soon' is no duration")
    });
    terminal.wait_for("local_file.issue");

    configure(&format!("theme = \"nord\"\n{motd}{issue}interval = \"2h\"\n"));
    terminal.wait("what is different", |s| s.contains("now in force: theme") && s.contains("scanned anew: issue"));

    fs::write(home.path().join(".driftignore"), "local_file.issue\n").unwrap();
    terminal.wait("the ignored drift to go", |s| s.contains("issue      C0 H0 M0 L0"));

    fs::create_dir_all(directory.join("packs")).unwrap();
    fs::write(directory.join("packs/own.toml"), "nonsense = [\n").unwrap();
    terminal.wait("the pack's mistake", |s| s.contains("goes on as it was") && s.contains("own.toml:"));

    // Neither is a mistake in what is read; there is nothing to read.
    fs::remove_file(directory.join("packs/own.toml")).unwrap();
    fs::remove_file(directory.join("config.toml")).unwrap();
    terminal.wait("the loss", |s| s.contains("goes on as it was") && s.contains("config.toml is not there any more"));
    fs::write(directory.join("config.toml"), "").unwrap();
    terminal.wait("the emptiness", |s| s.contains("goes on as it was") && s.contains("config.toml is empty"));
    configure(&format!("theme = \"nord\"\n{motd}{issue}interval = \"2h\"\nprotect = true\n"));
    terminal.wait("that it is right again", |s| s.contains("the configuration is valid again"));

    configure(&format!("theme = \"nord\"\n{motd}"));
    terminal.wait("what goes and stays", |s| {
        s.contains("no longer scanned: issue") && s.contains("still protected in this session: issue")
    });
    terminal.wait("the mark of what nothing scans any more", |s| s.contains("issue") && s.contains("× removed"));
    fs::remove_file(home.path().join(".driftignore")).unwrap();
    configure(&format!("theme = \"nord\"\n{motd}{issue}"));
    terminal.wait("the mark to go", |s| !s.contains("× removed") && s.contains("local_file.issue"));
    configure(&format!("theme = \"nord\"\n{motd}"));
    terminal.wait("the mark", |s| s.contains("× removed"));
    terminal.send("/env:issue\r");
    terminal.wait("only its drift", |s| s.contains("local_file.issue") && !s.contains("local_file.motd"));
    terminal.send("a");
    terminal.wait("the decision about it", |s| s.to_lowercase().contains("acknowledged"));

    // A lost terminal is the end, and no wish to read anything.
    terminal.signal(Signal::HUP);
    assert_eq!(terminal.end().exit_code(), 129);
    terminal.assert_restored();
}
