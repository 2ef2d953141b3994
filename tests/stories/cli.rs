//! The command line as a script sees it: exit codes, formats, and words for bad input.

use std::fs;
use std::path::Path;

use crate::support::{driftguard, json, reported, run};

/// A Terraform state with one `local_file` per `(name, declared content)`; the files are in `files/`.
fn state_of_files(home: &Path, files: &[(&str, &str)]) -> String {
    fs::create_dir_all(home.join("files")).unwrap();
    let resources: Vec<_> = files
        .iter()
        .map(|(name, content)| {
            let path = home.join("files").join(name);
            fs::write(&path, content).unwrap();
            serde_json::json!({"mode": "managed", "type": "local_file", "name": name,
                "provider": "provider[\"registry.terraform.io/hashicorp/local\"]",
                "instances": [{"schema_version": 0, "attributes": {
                    "content": content, "filename": path, "file_permission": "0644", "directory_permission": "0777",
                    "content_base64": null, "sensitive_content": null, "source": null}}]})
        })
        .collect();
    for (name, _) in files {
        let path = home.join("files").join(name);
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    }
    let state = serde_json::json!({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l",
        "outputs": {}, "resources": resources, "check_results": null});
    let path = home.join("terraform.tfstate");
    fs::write(&path, state.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn nothing_changed_exits_with_0_and_a_changed_file_with_2() {
    let home = tempfile::tempdir().unwrap();
    let state = state_of_files(home.path(), &[("motd", "welcome\n"), ("app.conf", "port = 80\n")]);
    let (code, document) = json(home.path(), &["scan", "--state", &state]);
    assert_eq!((code, reported(&document)), (0, vec![]), "{document:#}");
    fs::write(home.path().join("files/motd"), "hacked\n").unwrap();
    let (code, document) = json(home.path(), &["scan", "--state", &state]);
    assert_eq!((code, reported(&document)), (2, vec![("local_file.motd".into(), "content".into())]));
    assert_eq!(document["schema"], "driftguard.scan/1");
    let change = &document["drifts"][0]["changes"][0];
    assert_eq!((&change["declared"], &change["actual"]), (&"welcome\n".into(), &"hacked\n".into()));
}

#[test]
fn a_file_that_is_gone_is_deleted_drift() {
    let home = tempfile::tempdir().unwrap();
    let state = state_of_files(home.path(), &[("motd", "welcome\n")]);
    fs::remove_file(home.path().join("files/motd")).unwrap();
    let (code, document) = json(home.path(), &["scan", "--state", &state]);
    assert_eq!((code, &document["drifts"][0]["drift_type"]), (2, &"deleted".into()));
}

#[test]
fn state_without_live_state_is_incomplete_and_not_clean() {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("vpc.tfstate");
    let text = r#"{"version":4,"serial":1,"lineage":"l","resources":[{"mode":"managed","type":"aws_vpc","name":"main",
        "provider":"provider[\"registry.terraform.io/hashicorp/aws\"]",
        "instances":[{"attributes":{"id":"vpc-1","cidr_block":"10.0.0.0/16"}}]}]}"#;
    fs::write(&state, text).unwrap();
    let (code, document) = json(home.path(), &["scan", "--state", state.to_str().unwrap()]);
    assert_eq!((code, document["drifts"].as_array().unwrap().len()), (3, 0));
    assert_eq!(document["unverified"][0]["resource_id"], "aws_vpc.main");
}

#[test]
fn what_lives_in_the_state_alone_is_counted_apart_and_makes_nothing_incomplete() {
    let home = tempfile::tempdir().unwrap();
    let state = state_of_files(home.path(), &[("motd", "welcome\n")]);
    let mut document: serde_json::Value = serde_json::from_slice(&fs::read(&state).unwrap()).unwrap();
    for kind in ["random_password", "null_resource", "tls_private_key", "time_static", "terraform_data"] {
        document["resources"].as_array_mut().unwrap().push(serde_json::json!({"mode": "managed", "type": kind,
            "name": "x", "provider": "provider[\"registry.terraform.io/hashicorp/x\"]",
            "instances": [{"schema_version": 0, "attributes": {"id": "1", "result": "Xk29fjQ7wLm3pZ8"}}]}));
    }
    fs::write(&state, document.to_string()).unwrap();
    let (code, document) = json(home.path(), &["scan", "--state", &state]);
    let counts = &document["environments"][0]["counts"];
    assert_eq!((code, &counts["state_only"], &counts["in_sync"]), (0, &5.into(), &1.into()), "{document:#}");
    assert_eq!((&counts["unverified"], &document["environments"][0]["complete"]), (&0.into(), &true.into()));
    let (_, text, _) = run(driftguard(home.path()).args(["scan", "--state", &state]));
    assert!(text.contains("6 resources: 1 in sync, 0 drifted, 0 unverified, 5 in the state only"), "{text}");
}

#[test]
fn a_plan_counts_what_it_says_drifted_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let plan = home.path().join("plan.json");
    let unchanged = serde_json::json!({"address": "aws_vpc.main", "mode": "managed", "type": "aws_vpc", "name": "main",
        "change": {"actions": ["no-op"], "before": {"id": "vpc-1"}, "after": {"id": "vpc-1"}}});
    let document = serde_json::json!({"format_version": "1.2", "terraform_version": "1.11.4",
        "resource_changes": [unchanged], "planned_values": {"root_module": {}}});
    fs::write(&plan, document.to_string()).unwrap();
    let (code, document) = json(home.path(), &["scan", "--state", plan.to_str().unwrap()]);
    assert_eq!((code, &document["environments"][0]["counts"]["resources"]), (0, &0.into()), "{document:#}");
}

#[test]
fn a_broken_source_is_named_and_the_others_still_scan() {
    let home = tempfile::tempdir().unwrap();
    let good = state_of_files(home.path(), &[("motd", "welcome\n")]);
    let cut = home.path().join("cut.tfstate");
    let whole = fs::read(&good).unwrap();
    fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let (code, document) = json(home.path(), &["scan", "--state", &good, cut.to_str().unwrap()]);
    assert_eq!(code, 3, "{document:#}");
    let error = document["errors"][0].as_object().unwrap();
    assert!(error["source"].as_str().unwrap().ends_with("cut.tfstate"), "{error:?}");
    assert!(!error["message"].as_str().unwrap().is_empty() && !error["help"].as_str().unwrap().is_empty(), "{error:?}");
    assert_eq!(document["environments"][0]["counts"]["in_sync"], 1);
}

#[test]
fn nothing_that_can_be_read_exits_with_1() {
    let home = tempfile::tempdir().unwrap();
    let missing = home.path().join("nowhere.tfstate");
    let (code, out, err) = run(driftguard(home.path()).args(["scan", "--state", missing.to_str().unwrap()]));
    assert_eq!(code, 1, "{out}{err}");
    assert!(format!("{out}{err}").contains("nowhere.tfstate"), "{out}{err}");
    let (code, _, err) = run(driftguard(home.path()).args(["scan"]));
    assert_eq!(code, 1);
    assert!(err.contains("--state"), "says what to do: {err}");
}

#[test]
fn a_wrong_flag_exits_with_1_because_2_means_drift() {
    let home = tempfile::tempdir().unwrap();
    let (code, _, err) = run(driftguard(home.path()).args(["scan", "--sate", "x"]));
    assert_eq!(code, 1);
    assert!(err.contains("--state"), "{err}");
}

#[test]
fn an_unknown_environment_is_refused_by_name() {
    let home = tempfile::tempdir().unwrap();
    let (code, _, err) = run(driftguard(home.path()).args(["scan", "--env", "prod"]));
    assert_eq!(code, 1);
    assert!(err.contains("prod"), "{err}");
}

#[test]
fn every_format_names_the_drift() {
    let home = tempfile::tempdir().unwrap();
    let state = state_of_files(home.path(), &[("motd", "welcome\n")]);
    fs::write(home.path().join("files/motd"), "hacked\n").unwrap();
    for format in ["text", "json", "ndjson", "markdown"] {
        let (code, out, _) = run(driftguard(home.path()).args(["scan", "--state", &state, "--format", format]));
        assert_eq!(code, 2, "{format}");
        assert!(out.contains("local_file.motd") || out.contains("local\\_file.motd"), "{format}: {out}");
    }
    let (_, out, _) = run(driftguard(home.path()).args(["scan", "--state", &state, "--format", "ndjson"]));
    assert!(out.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{out}");
}

#[test]
fn config_check_names_every_mistake_with_its_line() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("c.toml"), "theme = \"dark\"\nutc = \"perhaps\"\nfoo = 1\n").unwrap();
    let (code, out, _) = run(driftguard(home.path()).args(["config", "check", "--config", "c.toml"]));
    assert_eq!(code, 1);
    assert!(out.contains("c.toml:2:7") && out.contains("c.toml:3:1"), "{out}");
}

#[test]
fn the_demo_scans_once_and_leaves_nothing_behind() {
    let home = tempfile::tempdir().unwrap();
    let temp = home.path().join("tmp");
    fs::create_dir(&temp).unwrap();
    let (code, out, err) = run(driftguard(home.path()).env("TMPDIR", &temp).args(["demo", "--once"]));
    assert_eq!(code, 2, "{out}{err}");
    assert!(out.contains("CRITICAL"), "{out}");
    let left: Vec<_> = fs::read_dir(&temp).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(!home.path().join("data").exists(), "the demo keeps its store to itself");
}

#[test]
fn config_check_knows_the_themes_and_keymaps_there_are() {
    let home = tempfile::tempdir().unwrap();
    let check = |text: &str| {
        fs::write(home.path().join("c.toml"), text).unwrap();
        run(driftguard(home.path()).args(["config", "check", "--config", "c.toml"]))
    };
    assert_eq!(check("theme = \"dark\"\nkeymap = \"emacs\"\n").0, 0);
    let (code, out, _) = check("keymap = \"default\"\ntheme = \"purple\"\n");
    assert!(code == 1 && out.contains("c.toml:2") && out.contains("purple"), "{out}");
    let (code, out, _) = check("keymap = \"vom\"\n");
    assert!(code == 1 && out.contains("c.toml:1") && out.contains("vom"), "{out}");
}
