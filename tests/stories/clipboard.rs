//! What goes to the terminal's clipboard, byte for byte, from the real binary, with what may stand between.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::terminal::Terminal;

/// A host file that somebody has changed, on the screen.
fn triage(home: &tempfile::TempDir, variables: &[(&str, &str)]) -> Terminal {
    std::fs::write(home.path().join("motd"), "changed by hand\n").unwrap();
    let state = serde_json::json!({"version": 4, "serial": 1, "lineage": "l", "resources": [{"mode": "managed",
        "type": "local_file", "name": "motd", "provider": "provider[\"registry.terraform.io/hashicorp/local\"]",
        "instances": [{"attributes": {"content": "welcome\n", "filename": "motd"}}]}]});
    std::fs::write(home.path().join("terraform.tfstate"), state.to_string()).unwrap();
    let args = ["triage", "--keep", "--state", "terraform.tfstate"];
    let mut terminal = Terminal::start_with(home.path(), &args, 120, 30, variables);
    terminal.wait_for("local_file.motd");
    terminal
}

fn holds(bytes: &[u8], sought: &[u8]) -> bool {
    bytes.windows(sought.len()).any(|window| window == sought)
}

#[test]
fn a_copied_address_is_wrapped_for_what_stands_between_and_the_notice_says_so() {
    let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode("local_file.motd"));
    let in_tmux = format!("{plain}\x1bPtmux;\x1b{plain}\x1b\\");
    let in_screen = format!("\x1bP{plain}\x1b\\");
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);
    let cases: [Case<'_>; 4] = [
        (&[], &plain, "15 B; by OSC 52"),
        (&[("SSH_CONNECTION", "192.0.2.1 2 192.0.2.2 22")], &plain, "15 B; by OSC 52"),
        (&[("TMUX", "/tmp/tmux,1,0")], &in_tmux, "not there? set -g set-clipboard on; by OSC 52 through tmux"),
        (&[("STY", "1.pts")], &in_screen, "by OSC 52 through screen"),
    ];
    for (variables, bytes, says) in cases {
        let home = tempfile::tempdir().unwrap();
        let mut terminal = triage(&home, variables);
        terminal.send("yy");
        terminal.wait_for("copied the address");
        terminal.wait_for(says);
        assert!(holds(&terminal.bytes, bytes.as_bytes()), "{variables:?}");
        terminal.send("q");
        assert_eq!(terminal.end().exit_code(), 0);
    }
}
