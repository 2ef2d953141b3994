//! Decisions on single changes, as a scan reports them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use driftguard::drift::{PropertyPath, ResolutionType, TriageRequest, TriageVerb};
use driftguard::store::{self, Direction, DriftFilter, OpenMode, PageRequest};
use serde_json::{Value, json};

use crate::support::{driftguard, json as scanned, run};

/// One file on this machine, and the code for it.
fn one_file(home: &Path) {
    let file = home.join("motd");
    let resource = json!({"mode": "managed", "type": "local_file", "name": "motd",
        "provider": "provider[\"registry.terraform.io/hashicorp/local\"]",
        "instances": [{"schema_version": 0, "sensitive_attributes": [], "attributes": {
            "filename": file, "content": "declared\n", "file_permission": "0644", "directory_permission": "0777"}}]});
    let state = json!({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "outputs": {},
        "resources": [resource]});
    let path = home.join("terraform.tfstate");
    fs::write(&path, state.to_string()).unwrap();
    fs::create_dir_all(home.join("config/driftguard")).unwrap();
    let config = format!("[[environment]]\nslug = \"host\"\ncloud_provider = \"host\"\nstate = [{path:?}]\n");
    fs::write(home.join("config/driftguard/config.toml"), config).unwrap();
}

fn put(home: &Path, text: &str, mode: u32) {
    fs::write(home.join("motd"), text).unwrap();
    fs::set_permissions(home.join("motd"), fs::Permissions::from_mode(mode)).unwrap();
}

const SCAN: [&str; 3] = ["scan", "--env", "host"];

fn scan(home: &Path) -> (i32, Value) {
    scanned(home, &SCAN)
}

/// Path and decision of every change of the only drift.
fn settled(report: &Value) -> Vec<(String, Value)> {
    let changes = report["drifts"][0]["changes"].as_array().unwrap();
    changes.iter().map(|c| (c["path"].as_str().unwrap().to_owned(), c["settled"]["resolution_type"].clone())).collect()
}

fn decide(home: &Path, path: &str, resolution_type: ResolutionType) {
    let store = store::open(&home.join("data/driftguard/store"), OpenMode::ReadWrite).unwrap().store;
    let filter = DriftFilter::default();
    let request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: 9 };
    let page = store.page(&request).unwrap();
    let paths: Vec<PropertyPath> = vec![path.into()];
    let verb = TriageVerb::SettleChanges { paths, resolution_type, until: None };
    let (drift, reason) = (page.data[0].id, Some("sale".into()));
    store
        .decide(TriageRequest { drift, verb, reason, actor: "alice".into(), expected_version: None, once: None })
        .unwrap();
}

#[test]
fn a_scan_is_quiet_when_every_change_is_accepted_and_loud_again_when_one_has_another_value() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    one_file(home);
    put(home, "edited\n", 0o600);
    let (code, report) = scan(home);
    let paths: Vec<String> = settled(&report).into_iter().map(|(path, _)| path).collect();
    assert_eq!((code, paths.len()), (2, 2), "{report:#}");
    decide(home, "content", ResolutionType::Accepted);
    let (code, report) = scan(home);
    assert_eq!((code, &report["drifts"][0]["settled"]), (2, &json!(false)), "one is still open");
    let of_content = settled(&report).into_iter().find(|(path, _)| path == "content").unwrap();
    assert_eq!(of_content.1, "accepted");
    let (_, text, _) = run(driftguard(home).args(SCAN));
    assert!(text.contains("(accepted by alice)"), "{text}");
    decide(home, "file_permission", ResolutionType::Accepted);
    let (code, report) = scan(home);
    let drift = &report["drifts"][0];
    assert_eq!(
        (code, &drift["settled"], &drift["known"]["status"]),
        (0, &json!(true), &json!("resolved")),
        "{drift:#}"
    );
    let change = drift["changes"].as_array().unwrap().iter().find(|c| c["path"] == "content").unwrap();
    assert_eq!((&change["settled"]["by"], &change["settled"]["reason"]), (&json!("alice"), &json!("sale")));
    assert_eq!(run(driftguard(home).args(SCAN).arg("--strict")).0, 2);
    // Somebody edits it again: that is not what was accepted.
    put(home, "edited again\n", 0o600);
    let (code, report) = scan(home);
    assert_eq!((code, &report["drifts"][0]["settled"]), (2, &json!(false)), "{report:#}");
    assert_eq!(settled(&report).iter().filter(|(_, what)| what == "accepted").count(), 1);
}

#[test]
fn a_promise_is_not_yet_a_repair_and_what_was_accepted_outlives_the_repair_of_the_rest() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    one_file(home);
    put(home, "edited\n", 0o600);
    scan(home);
    decide(home, "content", ResolutionType::AutoRevert);
    decide(home, "file_permission", ResolutionType::Accepted);
    assert_eq!(scan(home).0, 2, "it still differs");
    put(home, "declared\n", 0o600);
    let (code, report) = scan(home);
    assert_eq!((code, settled(&report)), (0, vec![("file_permission".into(), json!("accepted"))]), "{report:#}");
}
