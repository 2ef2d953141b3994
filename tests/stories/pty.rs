//! The real binary in a real terminal: it starts, answers keys, and leaves the terminal as it found it.

use std::io::Write;

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
    terminal.wait_for("Acknowledge:");
    terminal.send("\x1b");
    // Esc and what follows at once would be one key to a terminal.
    terminal.wait("help to go", |s| !s.contains("Acknowledge:"));
    terminal.send("/sshd");
    terminal.wait("only what matches", |s| s.contains("sshd") && !s.contains("aws_security_group"));
    terminal.send("\r");
    terminal.send("\x1b");
    terminal.wait_for("aws_security_group");
    terminal.send("q");
    assert_eq!(terminal.end().exit_code(), 0);
    terminal.assert_restored();
}

/// A host file that somebody has changed.
fn drifted_host(home: &tempfile::TempDir) {
    std::fs::write(home.path().join("motd"), "changed by hand\n").unwrap();
    let state = serde_json::json!({"version": 4, "serial": 1, "lineage": "l", "resources": [{"mode": "managed",
        "type": "local_file", "name": "motd", "provider": "provider[\"registry.terraform.io/hashicorp/local\"]",
        "instances": [{"attributes": {"content": "welcome\n", "filename": "motd"}}]}]});
    std::fs::write(home.path().join("terraform.tfstate"), state.to_string()).unwrap();
}

#[test]
fn a_decision_is_saved_and_survives_the_session() {
    let home = home();
    drifted_host(&home);
    let mut terminal = Terminal::start(home.path(), &["triage", "--keep", "--state", "terraform.tfstate"], 100, 30);
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
fn half_a_note_survives_a_terminal_that_dies_and_a_signal() {
    let home = home();
    drifted_host(&home);
    let triage = |home: &tempfile::TempDir| {
        let mut terminal = Terminal::start(home.path(), &["triage", "--keep", "--state", "terraform.tfstate"], 100, 30);
        terminal.wait_for("local_file.motd");
        terminal.send("c");
        terminal.wait_for("new line");
        terminal
    };
    let Some(mut line) = Line::open(&home, "triage --keep --state terraform.tfstate") else { return };
    line.wait_for("local_file.motd");
    line.send("c");
    line.wait_for("new line");
    line.send("asked jsmith why, he says");
    line.wait_for("asked jsmith why, he says");
    line.drop_connection();
    let export = || crate::support::run(crate::support::driftguard(home.path()).arg("export"));
    eventually("the store to be free again", || export().0 == 0);
    let mut terminal = triage(&home);
    terminal.wait("what was typed", |s| s.contains("asked jsmith why, he says") && s.contains("restored"));
    terminal.send(" nothing");
    terminal.wait_for("he says nothing");
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.end().exit_code(), 143);
    let mut terminal = triage(&home);
    terminal.wait_for("asked jsmith why, he says nothing");
    terminal.send("\x13");
    terminal.wait_for("saved: note");
    terminal.send("q");
    assert_eq!(terminal.end().exit_code(), 0);
    let mut terminal = triage(&home);
    assert!(!terminal.text().contains("restored"), "it is saved, and no draft any more");
    terminal.send("\x1b");
    terminal.wait("the form to go", |s| !s.contains("new line"));
    terminal.send("q");
    terminal.end();
    assert!(export().1.contains("asked jsmith why, he says nothing"), "{}", export().1);
}

#[test]
fn a_signal_restores_the_terminal_before_the_end() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::QUIT, 131)] {
        let home = home();
        let mut terminal = demo(&home, 80, 24);
        terminal.signal(signal);
        assert_eq!(terminal.end().exit_code(), code);
        terminal.assert_restored();
    }
}

/// `script` holds the other end of the terminal; killed, it leaves driftguard with a dead one, as a dropped SSH connection does.
struct Line {
    script: std::process::Child,
    typescript: std::path::PathBuf,
}

impl Line {
    /// `None`, said aloud, where there is no `script`.
    fn open(home: &tempfile::TempDir, args: &str) -> Option<Self> {
        let typescript = home.path().join("typescript");
        std::fs::create_dir_all(home.path().join("tmp")).unwrap();
        let command = format!("stty cols 80 rows 24; exec {} {args}", env!("CARGO_BIN_EXE_driftguard"));
        let mut script = crate::support::driftguard_in("script", home.path());
        script.args(["-qfec", &command]).arg(&typescript).env("TERM", "xterm").env("SHELL", "/bin/sh");
        script.env("TMPDIR", home.path().join("tmp")).env("LANG", "C.UTF-8");
        script.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null());
        let script = script.spawn().inspect_err(|_| eprintln!("SKIPPED: there is no `script` here")).ok()?;
        Some(Self { script, typescript })
    }

    fn send(&mut self, keys: &str) {
        self.script.stdin.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    fn wait_for(&self, text: &str) {
        eventually(text, || {
            let mut screen = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
            screen.process(&std::fs::read(&self.typescript).unwrap_or_default());
            screen.screen().contents().contains(text)
        });
    }

    fn drop_connection(mut self) {
        self.script.kill().unwrap();
        self.script.wait().unwrap();
    }
}

#[test]
fn a_dropped_connection_ends_it_within_a_moment_and_tidies_up() {
    let home = home();
    let temp = home.path().join("tmp");
    let Some(line) = Line::open(&home, "demo") else { return };
    line.wait_for("aws_security_group");
    line.drop_connection();
    eventually("the end, with nothing left behind", || {
        std::fs::read_dir(&temp).is_ok_and(|mut left| left.next().is_none())
    });
}

fn eventually(what: &str, done: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !done() {
        assert!(std::time::Instant::now() < deadline, "it never came to this: {what}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Under a shell, because the kernel stops nobody whom no shell could wake again.
#[test]
fn a_stopped_session_gives_the_terminal_back_and_takes_it_again() {
    let home = home();
    let mut shell = Terminal::program("bash", home.path(), &["--noprofile", "--norc", "-i"], 80, 24);
    shell.send(&format!("{} demo\r", env!("CARGO_BIN_EXE_driftguard")));
    shell.wait("the screens", |s| s.contains("aws_security_group") && s.contains("recommendations"));
    shell.send("\x1a");
    shell.wait_for("Stopped");
    assert!(shell.is_given_back());
    shell.send("fg\r");
    shell.wait("the screens again", |s| s.contains("aws_security_group") && s.contains("recommendations"));
    shell.send("q");
    shell.wait("the shell's third prompt", |s| s.matches("ready$").count() == 3);
    shell.send("exit\r");
    shell.end();
    assert!(shell.is_given_back());
}

#[test]
fn a_terminal_that_knows_ascii_only_gets_nothing_else() {
    let home = home();
    drifted_host(&home);
    std::fs::write(home.path().join("motd"), "größer als früher, 日本\n").unwrap();
    let args = ["triage", "--keep", "--state", "terraform.tfstate"];
    let mut bytes = vec![];
    for (more, variable) in
        [(&[][..], ("LANG", "C")), (&["--ascii"][..], ("LANG", "C.UTF-8")), (&[][..], ("TERM", "linux"))]
    {
        let mut terminal = Terminal::start_with(home.path(), &[&args[..], more].concat(), 100, 30, &[variable]);
        terminal.wait_for("gr??er als fr?her");
        for keys in ["D", "\x1b", "?", "\x1b", ":"] {
            terminal.send(keys);
            terminal.settle();
        }
        terminal.send("\x1b");
        terminal.settle();
        terminal.send("q");
        assert_eq!(terminal.end().exit_code(), 0);
        bytes.append(&mut terminal.bytes);
    }
    assert!(bytes.is_ascii());
    let mut terminal =
        Terminal::start_with(home.path(), &[&args[..], &["--ascii=false"]].concat(), 100, 30, &[("LANG", "C")]);
    terminal.wait_for("größer als früher");
    terminal.send("q");
    terminal.end();
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
    assert!(err.contains("driftguard triage --plain") || err.contains("--once"), "{err}");
}

/// Unknown is never clean: where nothing could be read, the screen says what and why.
#[test]
fn a_source_that_cannot_be_read_is_not_called_in_sync() {
    let home = home();
    let Some(line) = Line::open(&home, "triage --state gone.tfstate") else { return };
    line.wait_for("1 source could not be read");
    line.wait_for("no such file");
    line.drop_connection();
}
