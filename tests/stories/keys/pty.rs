//! The same in a real terminal.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::night::Night;
use crate::terminal::Terminal;

#[test]
fn the_command_to_revert_reaches_the_clipboard_through_tmux() {
    let home = tempfile::tempdir().unwrap();
    Night::files(home.path());
    let args = ["triage", "--keep", "--state", "terraform.tfstate", "--live", "snapshot.json"];
    let mut terminal = Terminal::start_with(home.path(), &args, 120, 36, &[("TMUX", "/tmp/tmux,1,0")]);
    terminal.wait_for("aws_security_group.mail_11");
    terminal.send("yr");
    terminal.wait_for("through tmux");
    let command = "terraform apply -target='module.mail.aws_security_group.mail_11'";
    let wrapped = format!("\x1bPtmux;\x1b\x1b]52;c;{}\x07\x1b\\", STANDARD.encode(command));
    assert!(terminal.bytes.windows(wrapped.len()).any(|part| part == wrapped.as_bytes()), "{}", terminal.text());
    terminal.send("q");
    assert_eq!(terminal.end().exit_code(), 0);
}

#[test]
fn what_was_accepted_with_a_reason_is_in_the_history_of_the_next_session() {
    let home = tempfile::tempdir().unwrap();
    Night::files(home.path());
    let args = ["triage", "--keep", "--state", "terraform.tfstate", "--live", "snapshot.json"];
    let mut terminal = Terminal::start(home.path(), &args, 120, 36);
    terminal.wait_for("aws_security_group.mail_11");
    for (keys, then) in
        [("e", "go on"), ("friday\t", "> reason"), ("change 4711\r", "enter apply"), ("\r", "saved: accept")]
    {
        terminal.send(keys);
        terminal.wait_for(then);
    }
    terminal.send("q");
    assert_eq!(terminal.end().exit_code(), 0);
    let mut terminal = Terminal::start(home.path(), &args, 120, 36);
    terminal.wait_for("no open drift");
    terminal.send("fff");
    terminal.wait_for("aws_security_group.mail_11");
    terminal.send("W");
    terminal.wait_for("change 4711");
    terminal.send("q");
    terminal.wait("the history to go", |screen| !screen.contains("change 4711"));
    terminal.send("q");
    assert_eq!(terminal.end().exit_code(), 0);
}
