//! What the user's own packs take back, and what they may refer to, through the program.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{driftguard, json as json_of, reported, run};

const SCAN: [&str; 3] = ["scan", "--state", "plan.json"];

/// A plan that says one resource drifted.
fn drifted(home: &Path, kind: &str, before: &Value, after: &Value) {
    let plan = json!({"format_version": "1.2", "resource_changes": [], "resource_drift": [
        {"address": format!("{kind}.a"), "mode": "managed", "type": kind, "name": "a",
         "change": {"actions": ["update"], "before": before, "after": after}}]});
    fs::write(home.join("plan.json"), plan.to_string()).unwrap();
}

fn teach(home: &Path, text: &str) {
    fs::create_dir_all(home.join("config/driftguard/packs")).unwrap();
    let pack = home.join("config/driftguard/packs/mine.toml");
    fs::write(pack, format!("format = 1\ndialects = [\"terraform\"]\n{text}\n")).unwrap();
}

/// What a pack takes back, a resource type, its two sides, and the path that is reported then.
fn taken_back() -> Vec<(&'static str, &'static str, Value, Value, &'static str)> {
    let one = |key: &str, value: Value| json!({ key: value });
    let settings = |s: Value| json!({ "app_settings": s });
    let tags = |t: Value| json!({ "tags": t });
    vec![
        // Said of the type itself, of its family, of every type.
        (
            "[type.aws_sqs_queue]\nnot_computed = [\"url\"]",
            "aws_sqs_queue",
            one("url", json!("a")),
            one("url", json!("b")),
            "url",
        ),
        (
            "[type.aws_thing]\nnot_computed = [\"etag\"]",
            "aws_thing",
            one("etag", json!("a")),
            one("etag", json!("b")),
            "etag",
        ),
        (
            "[family.aws_]\nnot_computed = [\"etag\"]",
            "aws_thing",
            one("etag", json!("a")),
            one("etag", json!("b")),
            "etag",
        ),
        ("[top]\nnot_meta = [\"skip_destroy\"]", "x", one("skip_destroy", json!(true)), json!({}), "skip_destroy"),
        (
            "[type.aws_iam_role]\nnot_defaults = [\"path\"]",
            "aws_iam_role",
            one("path", json!(null)),
            one("path", json!("/")),
            "path",
        ),
        (
            "[type.aws_route_table]\nnot_unordered = [\"propagating_vgws\"]",
            "aws_route_table",
            one("propagating_vgws", json!(["m", "n"])),
            one("propagating_vgws", json!(["n", "m"])),
            "propagating_vgws",
        ),
        (
            "[type.aws_eks_cluster]\nnot_version_track = [\"version\"]",
            "aws_eks_cluster",
            one("version", json!("1.31")),
            one("version", json!("1.31.4")),
            "version",
        ),
        (
            "[any]\nnot_write_only = [\"auth_token\"]",
            "x",
            one("auth_token", json!("kept-for-later")),
            json!({}),
            "auth_token",
        ),
        // By another name of the type.
        (
            "[type.azurerm_linux_function_app]\nnot_owned = [\"app_settings.WEBSITE_CONTENTSHARE\"]",
            "azurerm_linux_web_app",
            settings(json!({"MODE": "a"})),
            settings(json!({"MODE": "a", "WEBSITE_CONTENTSHARE": "s"})),
            "app_settings.WEBSITE_CONTENTSHARE",
        ),
        (
            "[type.aws_alb]\nnot_same_as = \"aws_lb\"",
            "aws_alb",
            one("idle_timeout", json!(null)),
            one("idle_timeout", json!(60)),
            "idle_timeout",
        ),
        (
            "[[cloud_tags]]\ntypes = \"aws_vpc\"\nnot_names = [\"eks:owner\"]",
            "aws_vpc",
            tags(json!({"Name": "a"})),
            tags(json!({"Name": "a", "eks:owner": "x"})),
            "tags.eks:owner",
        ),
    ]
}

#[test]
fn what_a_built_in_pack_hides_is_reported_once_the_users_pack_takes_the_fact_back() {
    for (pack, kind, before, after, path) in taken_back() {
        let home = tempfile::tempdir().unwrap();
        drifted(home.path(), kind, &before, &after);
        let (_, report) = json_of(home.path(), &SCAN);
        assert_eq!(reported(&report), [], "{pack}: {report:#}");
        teach(home.path(), pack);
        let (code, report) = json_of(home.path(), &SCAN);
        assert_eq!((code, reported(&report)), (2, vec![(format!("{kind}.a"), path.into())]), "{pack}: {report:#}");
    }
}

#[test]
fn what_nobody_said_cannot_be_taken_back_and_a_type_nobody_knows_cannot_be_meant() {
    let home = tempfile::tempdir().unwrap();
    drifted(home.path(), "aws_vpc", &json!({"a": 1}), &json!({"a": 1}));
    for (pack, line, words) in [
        ("[type.aws_sqs_queue]\nnot_computed = [\"urll\"]", 4, ["`urll`", "of: url"]),
        ("[top]\nnot_computed = [\"url\"]", 4, ["`url`", "[type.aws_sqs_queue]"]),
        ("[any]\nnot_switch = [\n  \"encrypted\",\n  \"encripted\",\n]", 6, ["`encripted`", "encrypted"]),
        ("[type.aws_vpc]\nnot_no_such_thing = []", 4, ["no_such_thing", "unordered"]),
        ("[type.aws_vpc]\nowned = [\"a\"]\nnot_owned = [\"a\"]", 5, ["`owned`", "both"]),
        ("[shape.s]\nnot_owned = [\"a\"]", 4, ["shape", "included"]),
        ("[type.aws_alb]\nnot_same_as = \"aws_elb\"", 4, ["`aws_lb`", "aws_elb"]),
        ("[type.my_lb]\nsame_as = \"aws_ld\"", 4, ["`aws_ld`", "aws_lb"]),
        ("[type.aws_lb]\nsame_as = \"aws_alb\"", 4, ["`aws_alb`", "another"]),
        ("[[cloud_tags]]\nnot_names = [\"mine\"]", 4, ["`mine`", "aws:*"]),
    ] {
        teach(home.path(), pack);
        let (code, _, err) = run(driftguard(home.path()).args(SCAN));
        let says = err.contains(&format!("mine.toml:{line}")) && words.iter().all(|word| err.contains(word));
        assert!(code == 1 && says, "{pack}\n{err}");
    }
}

#[test]
fn a_type_of_the_users_own_may_be_what_another_is_the_same_as() {
    let home = tempfile::tempdir().unwrap();
    let size = |size: &str| json!({ "size": size });
    drifted(home.path(), "my_other", &size("BIG"), &size("big"));
    teach(home.path(), "[type.my_other]\nsame_as = \"my_thing\"\n[type.my_thing]\nfold_case = [\"size\"]");
    assert_eq!(json_of(home.path(), &SCAN).0, 0);
}

#[test]
fn a_fact_is_taken_back_for_the_type_that_says_so_and_for_no_other() {
    let home = tempfile::tempdir().unwrap();
    teach(home.path(), "[type.aws_thing]\nnot_computed = [\"etag\"]");
    drifted(home.path(), "aws_other", &json!({"etag": "a"}), &json!({"etag": "b"}));
    assert_eq!(json_of(home.path(), &SCAN).0, 0);
}
