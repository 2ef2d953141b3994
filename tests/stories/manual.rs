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
        "session.json (not there)",
        "store.drafts (not there)",
        ".driftignore (not there), built in",
        "theme          default (built in)",
        "synchronized output",
        "200 asked before",
        "500 rows",
        "2000 of each kind",
        "200 kept in a session",
        "CloudFormation stacks, Kubernetes manifests",
        "s3://, http(s)://, postgres://, cloudformation://",
        "AWS itself (AWS Config and Cloud Control",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!run(false).contains("inside of      tmux"));
}

#[test]
fn info_says_which_theme_and_keys_are_in_force_and_why() {
    let home = tempfile::tempdir().unwrap();
    let session = home.path().join("state/driftguard/session.json");
    std::fs::create_dir_all(session.parent().unwrap()).unwrap();
    let chosen = r#"{"version": 1, "theme": {"configured": "default", "name": "nord"}, "keymap": null}"#;
    std::fs::write(&session, chosen).unwrap();
    let mut command = driftguard(home.path());
    let output = command.arg("info").env("XDG_STATE_HOME", home.path().join("state")).env("DRIFTGUARD_KEYMAP", "vim");
    let said = String::from_utf8(output.output().unwrap().stdout).unwrap();
    assert!(said.contains("theme          nord (chosen on the screens"), "{said}");
    assert!(said.contains("keymap         vim ($DRIFTGUARD_KEYMAP)"), "{said}");
}

#[test]
fn flags_of_the_screens_need_no_command_and_are_not_lost_before_another_one() {
    let home = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let output = driftguard(home.path()).args(args).stdin(std::process::Stdio::null()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    for args in [&["--plain"][..], &["--theme", "nord", "--plain"], &["--plain", "--utc", "--actor", "bob"]] {
        let (_, out, said) = run(args);
        assert!(out.contains("driftguard triage, line by line"), "{args:?}: {out} {said}");
    }
    let (_, out, said) = run(&["--read-only", "--plain"]);
    assert!(out.contains("read-only: by --read-only"), "it arrives as a setting: {out} {said}");
    let (code, out, said) = run(&["--theme", "nord", "scan"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(said.contains("after `triage` or `demo`"), "{said}");
}

#[test]
fn a_first_start_read_only_says_what_to_do_and_a_directory_with_nothing_is_no_good_news() {
    let home = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let mut command = driftguard(home.path());
        let output = command.args(args).current_dir(home.path()).stdin(std::process::Stdio::null()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, _, said) = run(&["triage", "--plain", "--read-only"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("there is no store yet") && said.contains("by --read-only"), "{said}");
    assert!(said.contains("start once without it") && said.contains("--store"), "{said}");
    let (code, out, _) = run(&["triage", "--plain"]);
    assert_eq!(code, Some(1), "unknown is not clean: {out}");
    assert!(out.contains("nothing to scan here") && out.contains("[[environment]]"), "{out}");
    let (_, out, _) = run(&["triage", "--plain", "--read-only"]);
    assert!(out.contains("read-only: by --read-only") && !out.contains("read-only: read-only"), "{out}");
}
