//! The whole triage without a screen: commands in, sentences out, and not one control character.

use std::io::Write;
use std::process::Stdio;

use crate::support::{driftguard, run};

/// Two files that somebody has changed, and the state that says what they were.
fn drifted(home: &std::path::Path) {
    let file = |name: &str, text: &str| {
        std::fs::write(home.join(name), "changed by hand\n").unwrap();
        serde_json::json!({"mode": "managed", "type": "local_file", "name": name,
            "provider": "provider[\"registry.terraform.io/hashicorp/local\"]",
            "instances": [{"attributes": {"content": text, "filename": name}}]})
    };
    let resources = [file("motd", "welcome\n"), file("issue", "hello\n"), file("banner", "hi\n")];
    let state = serde_json::json!({"version": 4, "serial": 1, "lineage": "l", "resources": resources});
    std::fs::write(home.join("terraform.tfstate"), state.to_string()).unwrap();
}

/// What a script says, and what it hears: exit code and output.
fn session(home: &std::path::Path, script: &str) -> (i32, String) {
    let mut command = driftguard(home);
    command.args(["triage", "--plain", "--keep", "--utc", "--state", "terraform.tfstate"]).env("TERM", "dumb");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains('\u{1b}') && text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    (output.status.code().unwrap(), text)
}

#[test]
fn a_whole_triage_goes_line_by_line() {
    let home = tempfile::tempdir().unwrap();
    drifted(home.path());
    let script = "\
# three files were changed by hand
show 1
ack 1
note 1 asked jsmith, he knows
history 1
snooze 2 4h until the release is out
undo
assign 2 bob
resolve 3
1
put back by hand tonight
yes
list is:mine
list all
ignore 1
it is meant so
30d
no
quit
";
    let (code, text) = session(home.path(), script);
    assert_eq!(code, 0, "{text}");
    for line in [
        "3 drifts listed",
        "change 1: modified content: declared \"hi\\n\", live \"changed by hand\\n\"",
        "saved: acknowledge ",
        "saved: note ",
        "saved: snooze ",
        "saved: undo snooze ",
        "saved: assign ",
        "resolve as auto_revert, 1 drift:",
        "do it? yes or no: yes",
        "saved: resolve_drift ",
        "it hides 1 drift",
        "not done",
        "4 decisions saved. Goodbye.",
        ": asked jsmith, he knows",
    ] {
        assert!(text.contains(line), "no `{line}` in:\n{text}");
    }
    let (_, exported, _) = run(driftguard(home.path()).arg("export"));
    assert!(exported.contains("asked jsmith, he knows") && exported.contains("put back by hand tonight"));
    assert!(!exported.contains("it is meant so"), "the rule was only looked at");
}

#[test]
fn the_end_of_input_ends_it_with_what_was_saved() {
    let home = tempfile::tempdir().unwrap();
    drifted(home.path());
    let (code, text) = session(home.path(), "ack 1,2\nyes\nresolve 3\n1\n");
    assert_eq!(code, 1, "the resolution was left unfinished:\n{text}");
    assert!(text.contains("nothing was decided") && text.contains("2 decisions saved"), "{text}");
    let (code, text) = session(home.path(), "");
    assert_eq!(code, 0);
    assert!(text.contains("acknowledged by alice"), "{text}");
}

#[test]
fn what_is_not_understood_is_said_and_counts_in_the_exit_code() {
    let home = tempfile::tempdir().unwrap();
    drifted(home.path());
    let (code, text) = session(home.path(), "frobnicate\nshow 99\nsnooze 1 yesterday\nlist sev:\u{1b}[31mred\n");
    assert_eq!(code, 1);
    assert!(text.contains("error: `frobnicate` is no command") && text.contains("not in the list of 3"), "{text}");
    assert!(text.contains("is no time") && text.contains("0 decisions saved"), "{text}");
}

#[test]
fn a_terminal_that_cannot_draw_is_told_of_the_plain_mode() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = crate::terminal::Terminal::start_with(home.path(), &["triage"], 80, 24, &[("TERM", "dumb")]);
    terminal.wait_for("driftguard triage --plain");
    assert_ne!(terminal.end().exit_code(), 0);
}
