//! The whole triage without a screen: commands in, sentences out, and not one control character. Longer than most: each story is
//! a whole conversation.

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

/// A plan that saw what was changed: two properties of one resource, another one deleted, a third the same but for its order.
fn planned(home: &std::path::Path) {
    let drift = |kind: &str, name: &str, before: serde_json::Value, after: serde_json::Value| {
        let action = if after.is_null() { "delete" } else { "update" };
        serde_json::json!({"address": format!("{kind}.{name}"), "mode": "managed", "type": kind, "name": name,
            "change": {"actions": [action], "before": before, "after": after}})
    };
    use serde_json::json;
    let instance =
        |groups: [&str; 2], size: &str| json!({"id": "i-1", "instance_type": size, "vpc_security_group_ids": groups});
    let drifts = [
        drift(
            "aws_vpc",
            "main",
            json!({"cidr_block": "10.0.0.0/8", "enable_dns_support": true}),
            json!({"cidr_block": "10.0.0.0/9", "enable_dns_support": false}),
        ),
        drift("aws_sqs_queue", "jobs", json!({"name": "jobs", "visibility_timeout_seconds": 30}), json!(null)),
        drift("aws_instance", "web", instance(["sg-1", "sg-2"], "t3.small"), instance(["sg-2", "sg-1"], "t3.large")),
    ];
    let plan = json!({"format_version": "1.2", "resource_drift": drifts, "resource_changes": []});
    std::fs::write(home.join("plan.json"), plan.to_string()).unwrap();
}

/// What a script says, and what it hears: exit code and output.
fn session(home: &std::path::Path, script: &str) -> (i32, String) {
    session_on(home, "terraform.tfstate", script)
}

fn session_on(home: &std::path::Path, state: &str, script: &str) -> (i32, String) {
    let mut command = driftguard(home);
    command.args(["triage", "--plain", "--keep", "--utc", "--state", state]).env("TERM", "dumb");
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
narrative 1
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
        "severity ",
        "cause: unknown, confidence 0.",
        "Why it was made is not known. [",
        "] change: content: \"hi\\n\" → \"changed by hand\\n\"",
        "saved: acknowledge ",
        "saved: note ",
        "saved: snooze ",
        "saved: undo snooze ",
        "saved: assign ",
        "resolve as auto_revert, 1 drift in ",
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

fn holds(text: &str, lines: &[&str]) {
    let mut rest = text;
    for line in lines {
        let at = rest.find(line).unwrap_or_else(|| panic!("no `{line}` after what came before it in:\n{text}"));
        rest = &rest[at + line.len()..];
    }
}

#[test]
fn each_change_of_a_drift_is_decided_for_itself() {
    let home = tempfile::tempdir().unwrap();
    planned(home.path());
    let script = "\
resolve 3/1
1
put back tonight
yes
accept 3/2 2d the new resolver needs it
yes
show 3
reopen 3/1
list all
resolve 3/9
ack 3/1
decisions
undo
history 3
";
    let (code, text) = session_on(home.path(), "plan.json", script);
    assert_eq!(code, 1, "two lines were not understood");
    holds(
        &text,
        &[
            "resolve cidr_block as auto_revert, 1 drift in ",
            "saved: settle_changes aws_vpc.main (#",
            "resolve enable_dns_support as accepted until ",
            "change 1: modified cidr_block",
            "; auto_revert by alice: put back tonight",
            "; accepted until ",
            "saved: reopen_changes aws_vpc.main (#",
            "there is no change 9: it has 2 changes",
            "ack is about a whole drift",
            "reopen_changes aws_vpc.main",
            "saved: undo reopen_changes aws_vpc.main (#",
            "settle_changes in ",
            "cidr_block as auto_revert: put back tonight",
        ],
    );
}

#[test]
fn a_rule_that_hides_too_much_is_switched_off_and_back_on() {
    let home = tempfile::tempdir().unwrap();
    planned(home.path());
    let script = "\
hidden 1
never-hide 9
never-hide 1 colour=red
never-hide 1
yes
scan
list all
show 1
rules
edit-rule 1 id=
yes
rules
delete-rule 1
yes
undo
rules
";
    let (code, text) = session_on(home.path(), "plan.json", script);
    assert_eq!(code, 1);
    holds(
        &text,
        &[
            "1. hidden by set-order: vpc_security_group_ids",
            "9 is not in the list of 1: `hidden` lists them",
            "`colour=red` is no pattern: there are in=, type=, id=, path=",
            "it brings to light 1 change: 0 resources in sync would be drift, 1 drift would have more",
            "saved: never_hide (#",
            "1. MEDIUM modified aws_instance.web (aws_instance)",
            "modified vpc_security_group_ids",
            "1. never hides set-order aws_instance aws_instance.web vpc_security_group_ids in ",
            "saved: never_hide (#",
            "1. never hides set-order aws_instance vpc_security_group_ids in ",
            "may be hidden again by the next scan",
            "saved: delete_never_hide (#",
            "saved: undo delete_never_hide",
            "1 rule listed",
        ],
    );
}

#[test]
fn what_is_ignored_by_rule_is_listed_changed_and_comes_back() {
    let home = tempfile::tempdir().unwrap();
    planned(home.path());
    let script = "\
ignore 3/2 id=\"aws_*\" in=everywhere until=30d reason=\"resolvers are ours\"
yes
rules
edit-rule 1
edit-rule 1 reason=known until=
yes
delete-rule 1
yes
undo
undo 9999
";
    let (code, text) = session_on(home.path(), "plan.json", script);
    assert_eq!(code, 1);
    holds(
        &text,
        &[
            "the rule: aws_vpc aws_* enable_dns_support everywhere",
            "it hides 1 drift (0 critical), 1 change:",
            "saved: ignore aws_vpc.main (#",
            "1. ignores aws_vpc aws_* enable_dns_support everywhere, 20",
            "by alice: resolvers are ours",
            "   hides 1 drift (0 critical), 1 change",
            "nothing of the rule is changed",
            "saved: change_rule (#",
            "the rule has changed since it was shown",
            "saved: undo change_rule",
            "#9999 is no decision that could be taken back",
        ],
    );
}

#[test]
fn all_that_pass_the_query_are_decided_at_once_taken_back_and_decided_again() {
    let home = tempfile::tempdir().unwrap();
    planned(home.path());
    let script = "\
list aws_
escalate every carol the network is hers
no
escalate every carol the network is hers
yes
list is:resolved
undo
yes
list all
repeat 1
yes
body 2 live
";
    let (code, text) = session_on(home.path(), "plan.json", script);
    assert_eq!(code, 0, "{text}");
    holds(
        &text,
        &[
            "resolve as escalated, then assign to carol, 3 drifts in ",
            "MEDIUM deleted aws_sqs_queue.jobs (aws_sqs_queue) in ",
            "not done",
            "saved: resolve_drift ",
            "saved: assign ",
            "resolved by alice, assigned to carol",
            "3 drifts listed",
            "take back 6 decisions:",
            "saved: undo assign",
            "saved: undo resolve_drift",
            "3 drifts listed",
            "resolve as escalated, then assign to carol, 1 drift in ",
            "saved: assign ",
            "live: it is gone",
            "2 decisions saved. Goodbye.",
        ],
    );
}

/// Drift of an environment called `prod` that nobody may settle here.
fn protected_production(home: &std::path::Path, first: &str) {
    planned(home);
    let config = home.join("config/driftguard/config.toml");
    std::fs::create_dir_all(config.parent().unwrap()).unwrap();
    let environment = "[[environment]]\nslug = \"prod\"\ncloud_provider = \"aws\"\nstate = [\"../../plan.json\"]\n";
    std::fs::write(&config, format!("{first}\n{environment}protect = true\n")).unwrap();
}

fn configured(home: &std::path::Path, more: &[&str], script: &str) -> String {
    let mut command = driftguard(home);
    command.args(["triage", "--plain", "--utc"]).args(more).env("TERM", "dumb");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn rows_and_confirmations_say_that_it_is_production_and_protected() {
    let home = tempfile::tempdir().unwrap();
    protected_production(home.path(), "");
    let text = configured(home.path(), &[], "show 1\nsnooze all 2h\nyes\nlist is:snoozed\nundo\nno\n");
    holds(
        &text,
        &[
            "prod (PRODUCTION, protected): ",
            "1. LOW modified aws_instance.web (aws_instance) in prod (PRODUCTION, protected), ",
            "1. LOW modified aws_instance.web (aws_instance) in prod (PRODUCTION, protected), ",
            "3 drifts in prod (PRODUCTION, protected):",
            "aws_instance.web (aws_instance) in prod (PRODUCTION, protected), open",
            "take back 3 decisions:",
            " in prod (PRODUCTION, protected)",
        ],
    );
}

#[test]
fn read_only_protection_and_reasons_that_are_required_bind_line_by_line_too() {
    let home = tempfile::tempdir().unwrap();
    protected_production(home.path(), "require_reason = [\"acknowledge\"]\n");
    let plain = |more: &[&str], script: &str| configured(home.path(), more, script);
    let text = plain(&[], "ack 1\n\nack 2 on it\nresolve 3 codify_iac soon\nignore 3\nsnooze 3 2h\n");
    assert!(!text.contains("do it?"), "what is refused is not asked for: {text}");
    holds(
        &text,
        &[
            "acknowledge needs a reason; nothing was decided",
            "saved: acknowledge ",
            "error: resolve ",
            "prod is protected by its configuration",
            "error: ignore ",
            "prod is protected by its configuration",
            "saved: snooze ",
            "2 decisions saved",
        ],
    );
    let text = plain(&["--read-only"], "ack 1 on it\nresolve 1\nundo 2\nlist all\n");
    holds(
        &text,
        &[
            "read-only: ",
            "error: acknowledge ",
            "read-only",
            "error: resolve ",
            "error: undo ",
            "read-only",
            "0 decisions saved",
        ],
    );
}

/// Three groups of machines that were all made larger by as much, and one that was made smaller.
fn enlarged(home: &std::path::Path) {
    use serde_json::json;
    let drift = |name: &str, size: u32| {
        let group = |size: u32| json!({"id": name, "desired_capacity": 1, "min_size": 1, "max_size": size});
        json!({"address": format!("aws_autoscaling_group.{name}"), "mode": "managed", "type": "aws_autoscaling_group",
            "name": name, "change": {"actions": ["update"], "before": group(2), "after": group(size)}})
    };
    let drifts = [drift("one", 5), drift("two", 5), drift("three", 5), drift("four", 1)];
    let plan = json!({"format_version": "1.2", "resource_drift": drifts, "resource_changes": []});
    std::fs::write(home.join("plan.json"), plan.to_string()).unwrap();
}

#[test]
fn a_query_that_groups_lists_groups_and_each_opens() {
    let home = tempfile::tempdir().unwrap();
    enlarged(home.path());
    let script = "list group:incident\nshow 1\nopen 2\nack every\nyes\nlist\nopen 1\nlist group:resource\nlist group:change\nlist all\nopen 3\n";
    let (code, text) = session_on(home.path(), "plan.json", script);
    assert_eq!(code, 1, "two lines were not understood\n{text}");
    let after = |command: &str| {
        let said = text.split_once(&format!("> {command}\n")).unwrap_or_else(|| panic!("{command}\n{text}")).1;
        said.split("\n>").next().unwrap().to_owned()
    };
    let groups = after("list group:incident");
    let rows: Vec<&str> = groups.lines().collect();
    let [alone, together, end] = rows[..] else { panic!("{groups}") };
    assert!(
        together.starts_with("2. 3 drifts, worst ")
            && together.contains(", incident ")
            && together.contains(" of 3 drifts, "),
        "{together}"
    );
    assert!(
        alone.starts_with("1. 1 drift, worst ") && alone.contains("aws_autoscaling_group.four, which stands alone"),
        "{alone}"
    );
    assert_eq!(end, "4 drifts in 2 groups; `open N` lists the drifts of one");
    assert!(after("show 1").starts_with("error: groups are listed, not drifts: `open N` lists the drifts of one"));
    let opened = after("open 2");
    assert!(opened.ends_with("3 drifts listed") && !opened.contains("aws_autoscaling_group.four"), "{opened}");
    assert!(after("open 1").ends_with("1 drift listed") && after("open 1").contains("aws_autoscaling_group.four"));
    assert!(after("list group:resource").ends_with("4 drifts in 4 groups; `open N` lists the drifts of one"));
    let changes = after("list group:change");
    assert!(changes.contains("modified max_size: declared 2, live 5"), "{changes}");
    let all = after("list all");
    assert!(all.ends_with("4 drifts listed"), "{all}");
    assert_eq!(all.matches(", acknowledged").count(), 3, "every one of the group and no other\n{all}");
    assert!(text.contains("error: no groups are listed"), "{text}");
}

#[test]
fn what_lies_near_a_drift_is_told_with_its_signed_offset() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(home.path().join("config/driftguard")).unwrap();
    let plan = home.path().join("plan.json");
    let table = format!("[[environment]]\nslug = \"web\"\ncloud_provider = \"aws\"\nstate = {plan:?}\n");
    std::fs::write(home.path().join("config/driftguard/config.toml"), table).unwrap();
    let says = |words: &[&str]| run(driftguard(home.path()).args(words));
    std::fs::write(&plan, r#"{"format_version": "1.2", "resource_drift": [], "resource_changes": []}"#).unwrap();
    assert_eq!(says(&["scan"]).0, 0);
    enlarged(home.path());
    let link = "https://acme.atlassian.net/browse/OPS-9";
    let mark = ["mark", "--type", "ticket", "--env", "web", "--id", "OPS-9", "--link", link, "more machines"];
    assert_eq!(says(&mark).0, 0);
    assert_eq!(says(&["scan"]).0, 2);
    let mut child = driftguard(home.path())
        .args(["triage", "--plain", "--utc"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"resource 1\nshow 1\n").unwrap();
    let text = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    let near = format!("   near it: ±0, ticket OPS-9 \"more machines\", jira, {link}");
    assert!(text.lines().any(|line| line == near), "{text}");
    assert!(text.contains("; around the ticket \"more machines\" (OPS-9)"), "a ticket is a moment here: {text}");
}

#[test]
fn help_names_every_command_and_every_command_is_one() {
    let home = tempfile::tempdir().unwrap();
    drifted(home.path());
    let (_, text) = session(home.path(), "help\n");
    let described =
        text.lines().filter(|line| line.len() > 29 && line.as_bytes()[28] == b' ' && !line.starts_with(' '));
    let words: Vec<String> = described
        .filter(|line| line[..29].ends_with("  ") || line[..28].contains('['))
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .collect();
    assert!(words.len() >= 28 && words.contains(&"never-hide".to_owned()), "{words:?}");
    // Alone on a line each of them is understood, and asks or says what is missing.
    let script: String = words.iter().filter(|word| *word != "quit").map(|word| format!("{word}\n\n\n\n")).collect();
    let (_, text) = session(home.path(), &script);
    assert!(!text.contains("is no command") && text.ends_with("saved. Goodbye.\n"), "{text}");
}

#[test]
fn a_line_that_is_too_long_is_one_line() {
    let home = tempfile::tempdir().unwrap();
    drifted(home.path());
    let long = format!("note 1 {}\nack all\n", "x".repeat(70_000).replace("xxxxx", "ack  "));
    let (_, text) = session(home.path(), &format!("{long}no\n"));
    let end = &text[text.len() - 300..];
    assert!(text.contains("a note has at most 16384 bytes") && text.contains("0 decisions saved"), "{end}");
}
