//! `driftguard scan` of configured environments: scripts and screens share one memory.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftguard::drift::{DriftEvent, IgnoreRule, ResolutionType, RuleId, Slug, State, TriageRequest, TriageVerb};
use driftguard::store::{self, Direction, DriftFilter, OpenMode, PageRequest, Store, literal_pattern};
use serde_json::{Value, json};

use crate::support::{driftguard, json as scanned, run};

/// Two files on this machine and a configuration that names them.
struct World {
    home: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let world = Self { home: tempfile::tempdir().unwrap() };
        let resource = |name: &str| {
            json!({"mode": "managed", "type": "local_file", "name": name,
                "provider": "provider[\"registry.terraform.io/hashicorp/local\"]",
                "instances": [{"schema_version": 0, "sensitive_attributes": [], "attributes": {
                    "filename": world.path(name), "content": "declared\n", "file_permission": "0644",
                    "directory_permission": "0777"}}]})
        };
        let state = json!({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "outputs": {},
            "resources": [resource("motd"), resource("app")]});
        fs::write(world.path("terraform.tfstate"), state.to_string()).unwrap();
        let config = format!(
            "[[environment]]\nslug = \"host\"\ncloud_provider = \"host\"\nstate = [{:?}]\n",
            world.path("terraform.tfstate")
        );
        fs::create_dir_all(world.path("config/driftguard")).unwrap();
        fs::write(world.path("config/driftguard/config.toml"), config).unwrap();
        ["motd", "app"].iter().for_each(|name| world.put(name, "declared\n"));
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o644)).unwrap();
    }

    fn store_path(&self) -> PathBuf {
        self.path("data/driftguard/store")
    }

    fn store(&self) -> Arc<dyn Store> {
        store::open(&self.store_path(), OpenMode::ReadWrite).unwrap().store
    }

    fn scan(&self, more: &[&str]) -> (i32, Value) {
        scanned(self.home.path(), &[&["scan", "--env", "host"], more].concat())
    }

    /// Exit code and standard error.
    fn complaints(&self) -> (i32, String) {
        let (code, _, err) = run(driftguard(self.home.path()).args(["scan", "--env", "host"]));
        (code, err)
    }

    fn decide(&self, verb: TriageVerb) {
        let store = self.store();
        let drift = drifts(store.as_ref()).remove(0).id;
        let request = TriageRequest {
            drift,
            verb,
            reason: Some("known".into()),
            actor: "alice".into(),
            expected_version: None,
            once: None,
        };
        store.decide(request).unwrap();
    }
}

fn drifts(store: &dyn Store) -> Vec<DriftEvent> {
    let filter = DriftFilter { environments: vec![Slug::from_text("host")], ..DriftFilter::default() };
    store.page(&PageRequest { filter, cursor: None, direction: Direction::Older, limit: 100 }).unwrap().data
}

fn ignore(path: Option<&str>) -> TriageVerb {
    TriageVerb::Ignore {
        rule: IgnoreRule {
            id: RuleId::generate(),
            environment: None,
            resource_type: None,
            resource_id: Some(literal_pattern("local_file.motd").into()),
            path: path.map(Into::into),
            value: None,
            actor: None,
            reason: "known".into(),
            owner: "alice".into(),
            created_at: jiff::Timestamp::now(),
            expires_at: None,
        },
    }
}

fn tomorrow() -> jiff::Timestamp {
    jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24)
}

#[test]
fn a_drift_keeps_its_name_and_its_age_from_scan_to_scan_and_closes_when_it_is_gone() {
    let world = World::new();
    world.put("motd", "edited\n");
    let (code, first) = world.scan(&[]);
    assert_eq!(code, 2, "{first:#}");
    assert_eq!(first["environments"][0]["store"], "written");
    assert_eq!(first["environments"][0]["since_last_scan"], json!({"new": 1, "regressed": 0, "closed": 0}));
    let known = &first["drifts"][0]["known"];
    assert_eq!((&known["status"], &known["seen_count"]), (&json!("open"), &json!(1)));
    let (_, second) = world.scan(&[]);
    let again = &second["drifts"][0]["known"];
    assert_eq!((&again["id"], &again["first_seen"]), (&known["id"], &known["first_seen"]));
    assert_eq!(again["seen_count"], 2);
    assert_eq!(second["drifts"][0]["fingerprint"], first["drifts"][0]["fingerprint"]);
    world.put("motd", "declared\n");
    let (code, healed) = world.scan(&[]);
    assert_eq!((code, &healed["environments"][0]["since_last_scan"]["closed"]), (0, &json!(1)));
    world.put("motd", "edited\n");
    let (code, back) = world.scan(&[]);
    assert_eq!((code, &back["drifts"][0]["known"]["regressions"]), (2, &json!(1)));
    assert_eq!(back["drifts"][0]["known"]["id"], known["id"]);
    let values = world.store().observations(&Slug::from_text("host"), "local_file", "local_file.motd", 10).unwrap();
    assert_eq!(values.len(), 3, "edited, as declared, edited: its history");
}

#[test]
fn what_somebody_settled_wakes_nobody_unless_strict() {
    let world = World::new();
    world.put("motd", "edited\n");
    for (verb, state) in [
        (TriageVerb::Snooze { until: tomorrow() }, State::Snoozed),
        (TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until: None }, State::Resolved),
        (ignore(None), State::Ignored),
    ] {
        assert_eq!(world.scan(&[]).0, 2, "nobody has settled it: {state:?}");
        world.decide(verb);
        let (code, document) = world.scan(&[]);
        assert_eq!(code, 0, "{document:#}");
        assert_eq!(document["drifts"][0]["known"]["status"], state.as_str());
        assert_eq!(
            (&document["drifts"][0]["settled"], &document["environments"][0]["settled"]),
            (&json!(true), &json!(1))
        );
        assert_eq!(document["environments"][0]["counts"]["drifted"], 1, "settled is not in sync");
        assert_eq!(world.scan(&["--strict"]).0, 2);
        let (_, text, _) = run(driftguard(world.home.path()).args(["scan"]));
        assert!(text.contains("1 drifted (1 of them settled)") && text.contains("settled:"), "{text}");
        world.decide(TriageVerb::Reopen);
    }
}

#[test]
fn a_promise_to_put_it_right_is_still_drift_until_it_is_kept() {
    let world = World::new();
    world.put("motd", "edited\n");
    world.scan(&[]);
    for resolution_type in [ResolutionType::AutoRevert, ResolutionType::CodifyIac, ResolutionType::Escalated] {
        world.decide(TriageVerb::Resolve { resolution_type, until: None });
        let (code, document) = world.scan(&[]);
        assert_eq!((code, &document["drifts"][0]["settled"]), (2, &json!(false)), "{resolution_type:?}");
        assert_eq!(document["drifts"][0]["known"]["resolution_type"], resolution_type.as_str());
    }
}

#[test]
fn a_path_that_is_ignored_is_hidden_and_named_by_its_rule() {
    let world = World::new();
    world.put("motd", "edited\n");
    fs::set_permissions(world.path("motd"), fs::Permissions::from_mode(0o600)).unwrap();
    let (_, before) = world.scan(&[]);
    assert_eq!(before["drifts"][0]["changes"].as_array().unwrap().len(), 2, "{before:#}");
    world.decide(ignore(Some("file_permission")));
    let (code, document) = world.scan(&[]);
    let drift = &document["drifts"][0];
    assert_eq!((code, drift["changes"].as_array().unwrap().len()), (2, 1), "{drift:#}");
    let hidden = drift["hidden"].as_array().unwrap();
    let rule = hidden.iter().find(|h| h["path"] == "file_permission").unwrap()["rule"].as_str().unwrap();
    assert!(rule.starts_with("ignore:"), "{rule}");
    assert_eq!(drift["fingerprint"], before["drifts"][0]["fingerprint"], "it is the same drift");
}

#[test]
fn beside_the_screens_a_scan_reads_their_memory_and_writes_nothing() {
    let world = World::new();
    world.put("motd", "edited\n");
    let (_, before) = world.scan(&[]);
    world.decide(ignore(None));
    let held = world.store();
    let (code, document) = world.scan(&[]);
    assert_eq!(code, 0, "the rule holds here too: {document:#}");
    assert_eq!(document["environments"][0]["store"], "read");
    let known = &document["drifts"][0]["known"];
    assert_eq!((&known["id"], &known["seen_count"]), (&before["drifts"][0]["known"]["id"], &json!(1)));
    world.put("app", "edited\n");
    let (code, err) = world.complaints();
    assert_eq!(code, 2);
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(err.contains("is open in process") && err.contains("writes nothing"), "{err}");
    let drifts = drifts(held.as_ref());
    assert_eq!((drifts.len(), drifts[0].seen_count), (1, 1), "{drifts:#?}");
}

#[test]
fn a_scan_waits_a_moment_for_another_one_to_let_go_of_the_store() {
    let world = World::new();
    world.put("motd", "edited\n");
    let held = world.store();
    let other = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(400));
        drop(held);
    });
    let (code, document) = world.scan(&[]);
    assert_eq!((code, &document["environments"][0]["store"]), (2, &json!("written")), "{document:#}");
    other.join().unwrap();
}

#[test]
fn an_ignore_rule_holds_for_a_drift_the_store_has_not_met() {
    let world = World::new();
    world.put("motd", "edited\n");
    world.scan(&[]);
    world.decide(ignore(None));
    let held = world.store();
    fs::set_permissions(world.path("motd"), fs::Permissions::from_mode(0o600)).unwrap();
    let (code, document) = world.scan(&[]);
    let known = &document["drifts"][0]["known"];
    assert_eq!((code, &known["status"], &known["id"]), (0, &json!("ignored"), &Value::Null), "{document:#}");
    drop(held);
}

#[test]
fn a_store_that_cannot_be_opened_is_named_in_one_line_and_changes_no_exit_code() {
    let world = World::new();
    fs::create_dir_all(world.path("data/driftguard")).unwrap();
    fs::write(world.store_path(), "no store").unwrap();
    let (code, err) = world.complaints();
    assert_eq!((code, err.lines().count()), (0, 1), "{err}");
    assert!(err.contains("without the store"), "{err}");
    world.put("motd", "edited\n");
    assert_eq!(world.complaints().0, 2);
}

#[test]
fn paths_given_by_hand_and_no_store_leave_no_trace() {
    let world = World::new();
    world.put("motd", "edited\n");
    let state = world.path("terraform.tfstate");
    let (code, document) = scanned(world.home.path(), &["scan", "--state", state.to_str().unwrap()]);
    assert_eq!((code, &document["environments"][0]["store"]), (2, &json!("none")));
    let (code, document) = world.scan(&["--no-store"]);
    assert_eq!((code, &document["drifts"][0]["known"]), (2, &Value::Null));
    let kept: &Path = &world.store_path();
    assert!(!kept.exists(), "a scan without memory makes no store");
}

#[test]
fn rules_are_listed_with_what_they_hide_and_a_scan_reports_those_that_hide_nothing_any_more() {
    let world = World::new();
    let rules = || {
        let (code, out, err) = run(driftguard(world.home.path()).args(["rules", "--format", "json"]));
        assert_eq!(code, 0, "{err}");
        serde_json::from_str::<Value>(&out).unwrap()
    };
    let none = rules();
    assert_eq!((&none["schema"], &none["ignore_rules"]), (&json!("driftguard.rules/1"), &json!([])));
    let comparer = none["comparer_rules"].as_array().unwrap();
    assert!(comparer.iter().any(|r| r["id"] == "set-order" && r["sentence"].is_string() && r["scope"].is_string()));
    world.put("motd", "edited\n");
    world.scan(&[]);
    world.decide(ignore(None));
    let (_, used) = world.scan(&[]);
    assert_eq!(used["rules_unused"], json!([]));
    let listed = &rules()["ignore_rules"][0];
    assert_eq!(
        (&listed["reason"], &listed["drifts"], &listed["unused_since"]),
        (&json!("known"), &json!(1), &Value::Null)
    );
    world.put("motd", "declared\n");
    let (_, unused) = world.scan(&[]);
    assert_eq!(unused["rules_unused"][0]["id"], listed["id"], "{unused:#}");
    assert!(unused["rules_unused"][0]["unused_since"].is_string());
    let (_, text, _) = run(driftguard(world.home.path()).args(["scan", "--env", "host"]));
    assert!(text.contains("ignore rules that hide nothing any more") && text.contains("local_file.motd"), "{text}");
    let (_, text, _) = run(driftguard(world.home.path()).args(["rules"]));
    assert!(text.contains("matches nothing any more, since") && text.contains("set-order"), "{text}");
    let (_, without) = world.scan(&["--no-store"]);
    assert!(without.get("rules_unused").is_none());
}

#[test]
fn a_machine_on_which_only_scans_run_has_backups_too() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("a.tfstate"), r#"{"version": 4, "serial": 1, "lineage": "l", "resources": []}"#)
        .unwrap();
    let config = "[[environment]]\nslug = \"here\"\ncloud_provider = \"host\"\nstate = [\"a.tfstate\"]\n";
    std::fs::write(home.path().join("c.toml"), config).unwrap();
    let scan = || run(driftguard(home.path()).args(["--config", "c.toml", "--store", "data/store", "scan"]));
    let backups = || std::fs::read_dir(home.path().join("data/backups")).map_or(0, Iterator::count);
    assert_eq!(scan().0, 0);
    assert_eq!(backups(), 1);
    assert_eq!((scan().0, backups()), (0, 1), "once a day");
}
