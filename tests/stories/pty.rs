//! The real binary in a real terminal: it starts, answers keys, and leaves the terminal as it found it.

use rustix::process::Signal;

use crate::terminal::Terminal;

fn home() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn demo(home: &tempfile::TempDir, columns: u16, rows: u16) -> Terminal {
    let mut terminal = Terminal::start(home.path(), &["demo"], columns, rows);
    terminal.wait_for("aws_security_group");
    terminal
}

#[test]
fn keys_move_filter_and_quit_and_the_terminal_is_as_it_was() {
    let home = home();
    let mut terminal = demo(&home, 120, 40);
    terminal.send("?");
    terminal.wait_for("quit");
    terminal.send("\x1b");
    terminal.send("/sshd");
    terminal.wait("only what matches", |s| s.contains("sshd") && !s.contains("aws_security_group"));
    terminal.send("\r");
    terminal.send("\x1b");
    terminal.wait_for("aws_security_group");
    terminal.send("q");
    assert_eq!(terminal.end().exit_code(), 0);
    terminal.assert_restored();
}

#[test]
fn a_decision_is_saved_and_survives_the_session() {
    let home = home();
    std::fs::write(home.path().join("motd"), "changed by hand\n").unwrap();
    let state = serde_json::json!({"version": 4, "serial": 1, "lineage": "l", "resources": [{"mode": "managed",
        "type": "local_file", "name": "motd", "provider": "provider[\"registry.terraform.io/hashicorp/local\"]",
        "instances": [{"attributes": {"content": "welcome\n", "filename": "motd"}}]}]});
    std::fs::write(home.path().join("terraform.tfstate"), state.to_string()).unwrap();
    let mut terminal = Terminal::start(home.path(), &["triage", "--state", "terraform.tfstate"], 100, 30);
    terminal.wait_for("local_file.motd");
    terminal.send("a");
    terminal.wait("the decision", |s| s.to_lowercase().contains("acknowledged"));
    terminal.send("q");
    assert_eq!(terminal.end().exit_code(), 0);
    let (code, out, err) = crate::support::run(crate::support::driftguard(home.path()).arg("export"));
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("\"acknowledge\"") && out.contains("alice"), "{out}");
}

#[test]
fn a_signal_restores_the_terminal_before_the_end() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let home = home();
        let mut terminal = demo(&home, 80, 24);
        terminal.signal(signal);
        assert_eq!(terminal.end().exit_code(), code);
        terminal.assert_restored();
    }
}

#[test]
fn a_dropped_connection_ends_it_within_a_moment_and_without_spinning() {
    let home = home();
    let mut terminal = demo(&home, 80, 24);
    terminal.drop_connection();
    terminal.end();
}

#[test]
fn a_stopped_session_gives_the_terminal_back_and_takes_it_again() {
    let home = home();
    let mut terminal = demo(&home, 80, 24);
    let process = terminal.process_id();
    terminal.send("\x1a");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while state_of(process) != 'T' {
        assert!(std::time::Instant::now() < deadline, "it does not stop");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    terminal.settle();
    terminal.assert_restored();
    terminal.signal(Signal::CONT);
    terminal.wait_for("aws_security_group");
    terminal.send("q");
    assert_eq!(terminal.end().exit_code(), 0);
    terminal.assert_restored();
}

/// The letter in `/proc/PID/stat`: `T` is stopped.
fn state_of(process: u32) -> char {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().and_then(|rest| rest.chars().next()).unwrap_or('?')
}

#[test]
fn a_storm_of_sizes_ends_in_a_whole_picture() {
    let home = home();
    let mut terminal = demo(&home, 120, 40);
    for (columns, rows) in [(1, 1), (200, 50), (3, 60), (60, 3), (37, 11), (250, 80), (80, 24)] {
        terminal.resize(columns, rows);
    }
    terminal.wait_for("aws_security_group");
    terminal.send("q");
    assert_eq!(terminal.end().exit_code(), 0);
}

#[test]
fn without_a_terminal_it_says_what_to_run_instead() {
    let home = home();
    let (code, _, err) =
        crate::support::run(crate::support::driftguard(home.path()).arg("demo").stdin(std::process::Stdio::null()));
    assert_eq!(code, 1);
    assert!(err.contains("driftguard scan") || err.contains("--once"), "{err}");
}
