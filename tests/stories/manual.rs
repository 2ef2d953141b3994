//! The manual, the completions and what the program says about itself.

use crate::support::driftguard;

#[test]
fn the_manual_has_a_page_for_every_command_and_none_about_help() {
    let home = tempfile::tempdir().unwrap();
    let pages = home.path().join("man1");
    let output = driftguard(home.path()).arg("man").arg(&pages).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let mut names: Vec<String> =
        std::fs::read_dir(&pages).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    for command in ["driftguard", "driftguard-scan", "driftguard-triage", "driftguard-store-forget"] {
        assert!(names.contains(&format!("{command}.1")), "{command}: {names:?}");
    }
    assert!(!names.iter().any(|name| name.contains("help")), "{names:?}");
    let scan = std::fs::read_to_string(pages.join("driftguard-scan.1")).unwrap();
    assert!(scan.contains("\\-\\-format") && scan.contains("Exit code"), "{scan}");
}

#[test]
fn info_names_every_path_and_what_the_terminal_can_do() {
    let home = tempfile::tempdir().unwrap();
    let run = |tmux: bool| {
        let mut command = driftguard(home.path());
        command.arg("info").env("TERM", "tmux-256color").env_remove("NO_COLOR").env_remove("COLORTERM");
        if tmux {
            command.env("TMUX", "/tmp/tmux-0/default,1,0");
        }
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let said = run(true);
    for part in [
        "config.toml (not there)",
        "(no store yet)",
        "colours        256",
        "inside of      tmux",
        "OSC 52",
        "128 levels",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!run(false).contains("inside of      tmux"));
}
