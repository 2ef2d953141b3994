//! What goes on around drift: deployments that scans see in the state, marks, maintenance, and the figures.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{driftguard, run};

/// Two host files, configured as `prod-web`; `more` is added to the configuration.
struct World {
    home: tempfile::TempDir,
}

impl World {
    fn new(more: &str) -> Self {
        let world = Self { home: tempfile::tempdir().unwrap() };
        world.put("motd", "declared");
        world.put("issue", "declared");
        world.state(41, "lineage-a", &["motd", "issue"]);
        fs::create_dir_all(world.path("config/driftguard")).unwrap();
        let state = world.path("a.tfstate");
        let environment =
            format!("[[environment]]\nslug = \"prod-web\"\ncloud_provider = \"host\"\nstate = [{state:?}]\n{more}");
        fs::write(world.path("config/driftguard/config.toml"), environment).unwrap();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn state(&self, serial: u64, lineage: &str, names: &[&str]) {
        let resource = |name: &&str| {
            json!({"mode": "managed", "type": "local_file", "name": name,
                "provider": "provider[\"registry.terraform.io/hashicorp/local\"]",
                "instances": [{"schema_version": 0, "attributes": {
                    "filename": self.path(name), "content": "declared", "file_permission": "0644", "id": "x"}}]})
        };
        let resources: Vec<Value> = names.iter().map(resource).collect();
        let state = json!({"version": 4, "terraform_version": "1.9.5", "serial": serial, "lineage": lineage,
            "outputs": {}, "resources": resources});
        self.put("a.tfstate", &state.to_string());
    }

    fn run(&self, args: &[&str]) -> (i32, String, String) {
        run(driftguard(self.home.path()).args(args))
    }

    /// What it says when it works.
    fn says(&self, args: &[&str]) -> String {
        let (code, out, complaint) = self.run(args);
        assert_eq!(code, 0, "{args:?}: {out}{complaint}");
        out
    }

    /// Why it does not.
    fn refuses(&self, args: &[&str]) -> String {
        let (code, out, complaint) = self.run(args);
        assert_eq!((code, &*out), (1, ""), "{args:?}: {complaint}");
        complaint
    }

    fn scan(&self) -> i32 {
        self.run(&["scan", "--env", "prod-web"]).0
    }

    fn incident(&self) -> Value {
        serde_json::from_str(&self.says(&["incident", "-1h", "--format", "json"])).unwrap()
    }
}

/// Every happening's action, oldest first.
fn actions(incident: &Value) -> Vec<String> {
    let happenings = incident["happenings"].as_array().unwrap();
    happenings.iter().rev().map(|one| one["action"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_deployment_stands_between_the_drift_of_the_scan_before_and_that_of_the_scan_after() {
    let world = World::new("");
    world.put("motd", "by hand");
    assert_eq!(world.scan(), 2);
    assert_eq!(world.scan(), 2, "the same state is no deployment");
    world.state(43, "lineage-a", &["motd", "issue", "motd"]);
    world.put("issue", "by hand");
    assert_eq!(world.scan(), 2);

    let incident = world.incident();
    let told: Vec<String> = actions(&incident).into_iter().filter(|one| one != "environment_added").collect();
    assert_eq!(told, ["detected", "deployment", "detected"], "{incident:#}");
    let [mark] = incident["markers"].as_array().unwrap().as_slice() else { panic!("{incident:#}") };
    assert_eq!(mark["context_type"], "deployment");
    assert_eq!(mark["environments"], json!(["prod-web"]));
    assert_eq!(mark["context_data"]["title"], "state serial 41 to 43, terraform 1.9.5, 2 to 3 resources");
    let deployment = &mark["context_data"]["deployment"];
    assert_eq!((&deployment["before"]["serial"], &deployment["after"]["serial"]), (&json!(41), &json!(43)));

    for format in ["markdown", "html"] {
        let review = world.says(&["incident", "-1h", "--format", format]);
        assert!(review.contains("What went on meanwhile") && review.contains("state serial 41 to 43"), "{review}");
    }
}

#[test]
fn another_lineage_is_said_as_such() {
    let world = World::new("");
    world.scan();
    world.state(1, "lineage-b", &["motd"]);
    world.scan();
    let title = world.incident()["markers"][0]["context_data"]["title"].as_str().unwrap().to_owned();
    assert!(title.starts_with("another state: its lineage changed"), "{title}");
}

#[test]
fn an_incident_is_marked_listed_and_ended_once() {
    let world = World::new("");
    world.scan();
    let marked = ["mark", "--type", "incident", "--env", "prod-web", "--impact", "high"];
    let id = world.says(&[&marked[..], &["--id", "INC-7", "--link", "https://pager.example/7", "db", "down"]].concat());
    let id = id.trim();
    let listed = world.says(&["mark", "--list"]);
    for part in [id, "prod-web", "incident (open): db down", "high impact", "INC-7", "https://pager.example/7"] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    assert!(world.says(&["mark", "--end", id]).contains("incident ended at"));
    assert!(world.refuses(&["mark", "--end", id]).contains("has ended already"), "not twice");
    assert!(!world.says(&["mark", "--list"]).contains("(open)"));
    assert_eq!(actions(&world.incident()), ["environment_added", "incident", "incident_ended"]);
    assert!(world.refuses(&["mark", "--end", "01ARZ3NDEKTSV4RRFFQ69G5FAV"]).contains("there is no mark"));
}

#[test]
fn marks_survive_an_export_and_its_import() {
    let world = World::new("");
    world.scan();
    world.says(&["mark", "--type", "ticket", "--from", "-40d", "--to", "+1h", "long"]);
    world.says(&["mark", "--type", "alert", "short"]);
    let file = world.path("all.jsonl");
    world.says(&["export", file.to_str().unwrap()]);
    let other = world.path("other");
    let other = ["--store", other.to_str().unwrap()];
    world.says(&[&["import", file.to_str().unwrap()], &other[..]].concat());
    let list = ["mark", "--list", "--format", "json"];
    assert_eq!(world.says(&[&list[..], &other[..]].concat()), world.says(&list));
    assert!(world.says(&list).contains("long"), "it began before the span and goes on");
    assert!(world.says(&[&["store", "verify"], &other[..]].concat()).contains("all is well"));
}

#[test]
fn what_makes_no_sense_is_refused_with_what_would() {
    let world = World::new("");
    world.scan();
    for (args, part) in [
        (&["--type", "party", "x"][..], "security_event"),
        (&["--type", "incident"], "TEXT"),
        (&["--type", "incident", " "], "say in a text"),
        (&["--type", "incident", "--from", "-1h", "--to", "-2h", "x"], "before it begins"),
        (&["--type", "incident", "--from", "noon", "x"], "02:40"),
        (&["--type", "incident", "--env", "prod-wbe", "x"], "there are prod-web"),
        (&["--end", "7"], "--list"),
    ] {
        let complaint = world.refuses(&[&["mark"], args].concat());
        assert!(complaint.contains(part), "{args:?}: {complaint}");
    }
}

#[test]
fn nothing_in_a_title_acts_on_who_reads_it() {
    let world = World::new("");
    world.scan();
    let hostile = "<script>alert(1)</script>\u{1b}]52;c;aGk=\u{7}\u{202e}|x";
    world.says(&["mark", "--type", "alert", "--link", "javascript:\u{1b}[2J", hostile]);
    world.says(&["mark", "--type", "ticket", "token ghp_1234567890abcdefghijklmnopqrstuvwxyz"]);
    let outputs = [
        world.says(&["mark", "--list"]),
        world.says(&["mark", "--list", "--format", "json"]),
        world.says(&["incident", "-1h"]),
        world.says(&["incident", "-1h", "--format", "html"]),
        world.says(&["incident", "-1h", "--format", "json"]),
    ];
    for text in outputs {
        assert!(text.contains("alert(1)") || text.contains("alert\\(1\\)"), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
        assert!(!text.contains("ghp_1234567890abc"), "a token is masked: {text}");
    }
    assert!(!world.says(&["incident", "-1h", "--format", "html"]).contains("<script"));
}

#[test]
fn drift_first_seen_in_announced_maintenance_can_be_found_as_such() {
    let announced = "[[maintenance]]\ntitle = \"patching\"\nenvironments = [\"prod-web\"]\n\
        days = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"]\nfrom = \"00:00\"\nto = \"00:00\"\n";
    let world = World::new(announced);
    world.put("motd", "by hand");
    assert_eq!(world.scan(), 2);
    assert_eq!(world.says(&["stats", "--count", "is:maintenance"]), "1\n");
    assert!(world.says(&["mark", "--list"]).contains("maintenance (open): patching"));
    // The configuration is forgotten, what happened is not.
    let config = fs::read_to_string(world.path("config/driftguard/config.toml")).unwrap();
    fs::write(world.path("config/driftguard/config.toml"), config.replace(announced, "")).unwrap();
    assert!(world.says(&["incident", "-1h"]).contains("patching"));
    world.put("issue", "by hand");
    let id = world.says(&["mark", "--list"]).split_whitespace().next().unwrap().to_owned();
    world.says(&["mark", "--end", &id]);
    assert_eq!(world.scan(), 2);
    assert_eq!(world.says(&["stats", "--count", "is:maintenance"]), "1\n", "what came later is not of it");
    assert_eq!(world.says(&["stats", "--count", "-is:maintenance"]), "1\n");
}

#[test]
fn a_mistake_in_announced_maintenance_is_named_with_its_line() {
    let world = World::new(
        "[[maintenance]]\ndays = [\"noday\"]\nfrom = \"02:00\"\nto = \"04:00\"\n\
         [[maintenance]]\nfrom = \"02:00\"\nto = \"2026-11-21T04:00\"\nimpact = \"huge\"\ncolour = 1\n\
         [[maintenance]]\nfrom = 2026-11-21T02:00:00\nto = \"2026-11-21T01:00\"\n",
    );
    let (code, out, _) = world.run(&["config", "check"]);
    assert_eq!(code, 1);
    for part in [
        ":6:",
        "'noday' is none of mon",
        "unknown key 'colour'",
        "2026-11-21T02:00",
        "none of low",
        "ends before it begins",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
}

#[test]
fn the_last_days_are_told_with_the_newest_drifts_and_any_query_can_be_counted() {
    let world = World::new("");
    world.put("motd", "by hand");
    world.put("issue", "by hand");
    world.scan();
    world.put("issue", "declared");
    world.scan();
    let told = world.says(&["stats"]);
    for part in [
        "first seen in the last 30 days",
        "total                    2",
        "resolved                 1 (1",
        "unresolved               1",
        "average resolution time  0s",
        "first seen 2 in 30 days, 2 today",
        "detection accuracy          no data",
        "drift detection rate        0.1 a day",
        "compliance score cis        100.0 % (2 of 2)",
        "user activity               0 people, 0 acts",
        "of what was settled as reverted or codified and was gone then, what has not come back",
        "local_file.motd",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let document: Value = serde_json::from_str(&world.says(&["stats", "--format", "json"])).unwrap();
    assert_eq!((&document["schema"], &document["stats"]["total"]), (&json!("driftguard.stats/1"), &json!(2)));
    assert_eq!(document["recent"].as_array().unwrap().len(), 2);
    assert_eq!((&document["business"]["detected"], &document["business"]["noise"]["of"]), (&json!(2), &json!(0)));
    assert_eq!(document["business"]["by_day"].as_array().unwrap().len(), 30);
    let csv = world.says(&["stats", "--format", "csv"]);
    let [names, values] = <[&str; 2]>::try_from(csv.lines().collect::<Vec<_>>()).unwrap();
    let cells: Vec<(&str, &str)> = names.split(',').zip(values.split(',')).collect();
    assert_eq!(names.split(',').count(), values.split(',').count(), "{csv}");
    assert!(cells.contains(&("detection_accuracy", "")) && cells.contains(&("compliance_score_cis", "1")), "{csv}");

    assert_eq!(world.says(&["stats", "--count", "is:open"]), "1\n");
    assert_eq!(world.says(&["stats", "--count", "type:local_file", "--by", "type"]), "2  local_file\n2  total\n");
    assert_eq!(world.says(&["stats", "--count", "", "--by", "env", "--format", "csv"]), "env,count\nprod-web,2\n");
    let by = world.says(&["stats", "--count", "is:closed", "--by", "severity", "--format", "json"]);
    let by: Value = serde_json::from_str(&by).unwrap();
    assert_eq!((&by["by"], &by["total"], &by["rows"][0]["count"]), (&json!("severity"), &json!(1), &json!(1)));
    assert!(world.refuses(&["stats", "--count", "sev:bad"]).contains("--count"));
}

#[test]
fn a_mark_left_while_somebody_else_has_the_store_is_taken_in() {
    let world = World::new("");
    world.scan();
    let store = driftguard::store::open(&store_of(world.home.path()), driftguard::store::OpenMode::ReadWrite).unwrap();
    let (code, id, complaint) = world.run(&["mark", "--type", "maintenance", "--env", "prod-web", "patching"]);
    assert_eq!(code, 0, "{complaint}");
    assert!(complaint.contains("open elsewhere"), "{complaint}");
    let now = driftguard::drift::ContextRequest::at(jiff::Timestamp::now());
    let found = store.store.contexts(&now).unwrap();
    assert_eq!(found.iter().map(|one| one.id.to_string()).collect::<Vec<_>>(), [id.trim()]);
    let (code, _, complaint) = world.run(&["mark", "--end", id.trim()]);
    assert_eq!(code, 0, "{complaint}");
    let found = store.store.contexts(&now).unwrap();
    assert!(found.iter().all(|one| one.time_window.to.is_some()), "{found:?}");
}

fn store_of(home: &Path) -> PathBuf {
    home.join("data/driftguard/store")
}
