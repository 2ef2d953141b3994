//! Ignoring on purpose: `.driftignore`, `--ignore`, rules that must not hide, and the user's own packs.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{driftguard, json as json_of, reported, run};

/// A plan whose `resource_drift` holds these resources: type, name, before, after.
fn plan(home: &Path, drifts: &[(&str, &str, Value, Value)]) {
    let drifts: Vec<Value> = drifts
        .iter()
        .map(|(kind, name, before, after)| {
            json!({"address": format!("{kind}.{name}"), "mode": "managed", "type": kind, "name": name,
                "change": {"actions": ["update"], "before": before, "after": after}})
        })
        .collect();
    let plan = json!({"format_version": "1.2", "resource_drift": drifts, "resource_changes": []});
    fs::write(home.join("plan.json"), plan.to_string()).unwrap();
}

fn two_drifts(home: &Path) {
    let vpc = |name: &str, cidr: &str| json!({"tags": {"Name": name}, "cidr_block": cidr});
    let queue = |seconds: u32| json!({"name": "jobs", "visibility_timeout_seconds": seconds});
    plan(
        home,
        &[
            ("aws_vpc", "main", vpc("a", "10.0.0.0/8"), vpc("b", "10.0.0.0/9")),
            ("aws_sqs_queue", "jobs", queue(30), queue(60)),
        ],
    );
}

const SCAN: [&str; 3] = ["scan", "--state", "plan.json"];

#[test]
fn a_driftignore_file_in_the_directory_hides_resources_and_paths() {
    let home = tempfile::tempdir().unwrap();
    two_drifts(home.path());
    assert_eq!(reported(&json_of(home.path(), &SCAN).1).len(), 3);
    fs::write(home.path().join(".driftignore"), "# ours\naws_sqs_queue.*\naws_vpc.main.tags\n").unwrap();
    let (code, report) = json_of(home.path(), &SCAN);
    assert_eq!((code, reported(&report)), (2, vec![("aws_vpc.main".into(), "cidr_block".into())]), "{report:#}");
    assert_eq!(report["environments"][0]["counts"]["ignored"], 1);
    let (_, text, _) = run(driftguard(home.path()).args(SCAN));
    assert!(text.contains("1 ignored"), "{text}");
    fs::write(home.path().join(".driftignore"), "*\n").unwrap();
    assert_eq!(json_of(home.path(), &SCAN).0, 0);
}

#[test]
fn ignore_counts_for_one_run() {
    let home = tempfile::tempdir().unwrap();
    two_drifts(home.path());
    let ignoring =
        [&SCAN[..], &["--ignore", "aws_vpc.*", "--ignore", "aws_sqs_queue.jobs.visibility_timeout_seconds"]].concat();
    let (code, report) = json_of(home.path(), &ignoring);
    assert_eq!((code, reported(&report)), (0, vec![]), "{report:#}");
    assert_eq!(json_of(home.path(), &SCAN).0, 2);
}

#[test]
fn patterns_that_hid_nothing_are_named_in_one_line_when_everything_was_scanned() {
    let home = tempfile::tempdir().unwrap();
    two_drifts(home.path());
    fs::write(home.path().join(".driftignore"), "aws_sqs_queue.*\naws_vpc.gone\n").unwrap();
    let complaint = |more: &[&str]| run(driftguard(home.path()).args(SCAN).args(more)).2;
    let err = complaint(&["--ignore", "aws_nothing.*"]);
    assert_eq!(err.lines().filter(|line| line.contains("nothing was hidden by")).count(), 1, "{err}");
    assert!(err.contains("aws_vpc.gone, aws_nothing.*") && !err.contains("aws_sqs_queue"), "{err}");
    let err = complaint(&["broken.tfstate"]);
    assert!(!err.contains("nothing was hidden by"), "a scan that saw only a part cannot tell: {err}");
}

#[test]
fn a_named_driftignore_that_is_not_there_is_an_error() {
    let home = tempfile::tempdir().unwrap();
    two_drifts(home.path());
    let (code, _, err) = run(driftguard(home.path()).args(SCAN).env("DRIFTGUARD_DRIFTIGNORE", "gone.driftignore"));
    assert!(code == 1 && err.contains("gone.driftignore") && err.contains("DRIFTGUARD_DRIFTIGNORE"), "{err}");
}

/// Two drifts that rules explain away, and one resource in sync.
fn two_spellings(home: &Path) {
    let group = |ids: [&str; 2]| json!({"security_groups": ids});
    let queue = |seconds: Value| json!({"visibility_timeout_seconds": seconds});
    plan(
        home,
        &[
            ("aws_thing", "a", group(["sg-1", "sg-2"]), group(["sg-2", "sg-1"])),
            ("aws_sqs_queue", "jobs", queue(json!("30")), queue(json!(30))),
        ],
    );
}

fn configure(home: &Path, text: &str) {
    fs::create_dir_all(home.join("config/driftguard/packs")).unwrap();
    fs::write(home.join("config/driftguard/config.toml"), text).unwrap();
}

#[test]
fn a_rule_that_is_switched_off_hides_nothing_any_more() {
    let home = tempfile::tempdir().unwrap();
    two_spellings(home.path());
    assert_eq!(json_of(home.path(), &SCAN).0, 0);
    configure(home.path(), "never_hide = [\"set-order\", \"number-string aws_vpc\"]\n");
    let (code, report) = json_of(home.path(), &SCAN);
    assert_eq!((code, reported(&report)), (2, vec![("aws_thing.a".into(), "security_groups".into())]), "{report:#}");
    configure(home.path(), "never_hide = [\n  \"no-such-rule\",\n]\n");
    let (code, _, err) = run(driftguard(home.path()).args(SCAN));
    assert!(code == 1 && err.contains("config.toml:2:") && err.contains("no-such-rule"), "{err}");
}

#[test]
fn what_was_hidden_of_resources_in_sync_is_listed_on_demand_and_what_was_not_verified_always() {
    let home = tempfile::tempdir().unwrap();
    two_spellings(home.path());
    let (_, short) = json_of(home.path(), &SCAN);
    assert!(short.get("hidden").is_none() && short["environments"][0]["listed"].get("hidden_changes").is_none());
    let (code, report) = json_of(home.path(), &[&SCAN[..], &["--show-hidden"]].concat());
    let hidden = report["hidden"].as_array().unwrap();
    let counts = &report["environments"][0];
    assert_eq!((code, hidden.len()), (0, 2), "{report:#}");
    assert_eq!(counts["counts"]["hidden_changes"], counts["listed"]["hidden_changes"]);
    let row = hidden.iter().find(|row| row["resource_id"] == "aws_thing.a").unwrap();
    assert_eq!(
        (&row["path"], &row["rule"], &row["drifted"]),
        (&json!("security_groups"), &json!("set-order"), &json!(false))
    );
    assert_eq!((&row["declared"], &row["actual"]), (&json!(["sg-1", "sg-2"]), &json!(["sg-2", "sg-1"])));
}

#[test]
fn the_users_own_pack_teaches_the_comparer() {
    let home = tempfile::tempdir().unwrap();
    let thing = |words: [&str; 2], size: &str| json!({"words": words, "size": size});
    plan(home.path(), &[("my_thing", "a", thing(["x", "y"], "BIG"), thing(["y", "x"], "big"))]);
    assert_eq!(reported(&json_of(home.path(), &SCAN).1).len(), 2);
    configure(home.path(), "");
    let pack = home.path().join("config/driftguard/packs/mine.toml");
    let types = "[type.my_thing]\nunordered = [\"words\"]\nfold_case = [\"size\"]\n";
    fs::write(&pack, format!("format = 1\ndialects = [\"terraform\"]\n{types}")).unwrap();
    assert_eq!(json_of(home.path(), &SCAN).0, 0);
    fs::write(&pack, format!("format = 1\ndialects = [\"terraform\"]\n{types}unorderd = [\"x\"]\n")).unwrap();
    let (code, _, err) = run(driftguard(home.path()).args(SCAN));
    assert!(code == 1 && err.contains("mine.toml:6") && err.contains("unorderd"), "{err}");
}

#[test]
fn a_driftctl_report_is_read_as_drift() {
    let home = tempfile::tempdir().unwrap();
    let report = json!({"summary": {"total_resources": 3}, "managed": [], "coverage": 0, "alerts": null,
        "missing": [{"id": "gone", "type": "aws_s3_bucket"}], "unmanaged": [{"id": "new", "type": "aws_iam_user"}],
        "differences": [{"res": {"id": "vpc-1", "type": "aws_vpc"}, "changelog": [
            {"type": "update", "path": ["tags", "Name"], "from": "a", "to": "b", "computed": false}]}]});
    fs::write(home.path().join("driftctl.json"), report.to_string()).unwrap();
    let (code, report) = json_of(home.path(), &["scan", "--state", "driftctl.json"]);
    assert_eq!(code, 2, "{report:#}");
    let mut kinds: Vec<_> = report["drifts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| (d["resource_id"].clone(), d["drift_type"].clone()))
        .collect();
    kinds.sort_by_key(|(id, _)| id.to_string());
    let expected = [("aws_iam_user.new", "added"), ("aws_s3_bucket.gone", "deleted"), ("aws_vpc.vpc-1", "modified")];
    assert_eq!(kinds, expected.map(|(id, kind)| (Value::from(id), Value::from(kind))));
}
