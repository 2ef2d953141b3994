//! What only a real terminal can show: its background, its title, its mouse, and where the last session ended.

use std::os::unix::fs::PermissionsExt;

use crate::terminal::Terminal;

fn home() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn demo(home: &tempfile::TempDir, args: &[&str], variables: &[(&str, &str)]) -> Terminal {
    let all: Vec<&str> = std::iter::once("demo").chain(args.iter().copied()).collect();
    let mut terminal = Terminal::start_with(home.path(), &all, 120, 40, variables);
    terminal.wait_for("aws_security_group");
    terminal
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn the_background_is_asked_for_and_the_answer_presses_no_key() {
    let home = home();
    let mut terminal = demo(&home, &["--theme", "auto"], &[]);
    assert!(has(&terminal.bytes, b"\x1b]11;?"));
    terminal.send("\x1b]11;rgb:ffff/ffff/f0f0\x1b\\");
    terminal.send(",t");
    terminal.wait("the light theme under the cursor", |screen| screen.contains("> light"));
    terminal.send("\x1b");
    terminal.wait("the list to go", |screen| !screen.contains("> light"));
    terminal.send("q");
    assert_eq!(terminal.end().exit_code(), 0);
    terminal.assert_restored();
}

#[test]
fn nobody_is_asked_who_could_not_answer_and_nobody_waits() {
    let home = home();
    let mut terminal = demo(&home, &["--theme", "auto"], &[("TERM", "linux")]);
    assert!(!has(&terminal.bytes, b"\x1b]11;?"));
    terminal.send("q");
    assert_eq!(terminal.end().exit_code(), 0);
    let mut terminal = demo(&home, &[], &[]);
    assert!(!has(&terminal.bytes, b"\x1b]11;?"), "a theme was chosen");
    terminal.send("q");
    terminal.end();
}

#[test]
fn the_mouse_is_left_alone_unless_it_is_wanted_and_given_back() {
    let home = home();
    let mut terminal = demo(&home, &[], &[]);
    terminal.send("q");
    terminal.end();
    assert!(!has(&terminal.bytes, b"\x1b[?1000h") && !has(&terminal.bytes, b"\x1b[?1003h"));
    let mut terminal = demo(&home, &[], &[("DRIFTGUARD_MOUSE", "true")]);
    assert!(has(&terminal.bytes, b"\x1b[?1000h") && has(&terminal.bytes, b"\x1b[?1006h"));
    terminal.send("\x1b[<0;10;3M");
    terminal.send("q");
    terminal.end();
    assert!(has(&terminal.bytes, b"\x1b[?1006l\x1b[?1000l"));
}

#[test]
fn the_next_session_is_as_the_last_one_unless_it_begins_fresh() {
    let home = home();
    let mut terminal = demo(&home, &[], &[]);
    terminal.send("3z");
    terminal.wait("only the diff", |screen| !screen.contains("recommendations"));
    terminal.send("q");
    terminal.end();
    let file = home.path().join("state/driftguard/session.json");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let mut terminal = Terminal::start(home.path(), &["demo"], 120, 40);
    terminal.wait("the diff alone", |screen| screen.contains("declared | live") && !screen.contains("recommendations"));
    terminal.send("q");
    terminal.end();
    let mut terminal = demo(&home, &["--fresh"], &[]);
    terminal.wait_for("recommendations");
    terminal.send("q");
    terminal.end();
    std::fs::write(&file, "{\"version\": 99}").unwrap();
    let mut terminal = Terminal::start(home.path(), &["demo"], 120, 40);
    terminal.wait_for("recommendations");
    terminal.send("!");
    terminal.wait_for("session.json");
    terminal.send("\x1b");
    terminal.wait("the list to go", |screen| !screen.contains("session.json is no"));
    terminal.send("q");
    terminal.end();
}

#[test]
fn the_tour_comes_with_the_first_session_only() {
    let home = home();
    let tour = [("DRIFTGUARD_TUTORIAL", "true")];
    let mut terminal = Terminal::start_with(home.path(), &["demo"], 100, 30, &tour);
    terminal.wait_for("1 of 6");
    terminal.send("\x1b");
    terminal.wait("the tour to go", |screen| !screen.contains("1 of 6"));
    terminal.send("q");
    assert_eq!(terminal.end().exit_code(), 0);
    let mut terminal = Terminal::start_with(home.path(), &["demo"], 100, 30, &tour);
    terminal.wait_for("aws_security_group");
    assert!(!terminal.text().contains("of 6"));
    terminal.send("q");
    terminal.end();
}
