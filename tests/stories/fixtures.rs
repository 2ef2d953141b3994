//! A small team and what it has decided, as files that can be imported.

use std::path::Path;

use serde_json::Value;

use super::postgres::Database;
use super::support::{driftguard, run};

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name).display().to_string()
}

fn on(home: &Path, store: &str, words: &[&str]) -> String {
    let mut command = driftguard(home);
    let (code, out, err) = run(command.env("DRIFTGUARD_STORE", store).args(words));
    assert_eq!(code, 0, "{words:?}: {out}{err}");
    format!("{out}{err}")
}

#[test]
fn drifts_with_their_decisions_are_imported_into_both_kinds_of_store() {
    let home = tempfile::tempdir().unwrap();
    let database = Database::new();
    let places = [Some(home.path().join("store").display().to_string()), database.as_ref().map(Database::url)];
    for place in places.into_iter().flatten() {
        on(home.path(), &place, &["import", &fixture("drift_events.json")]);
        let said = on(home.path(), &place, &["store", "verify"]);
        assert!(said.contains("3 drifts, 6 audit entries") && said.contains("all is well"), "{said}");
        let trail: Vec<Value> = serde_json::from_str(
            on(home.path(), &place, &["audit", "export"]).trim_end().trim_end_matches("driftguard: 6 entries written"),
        )
        .unwrap();
        let actions: Vec<&str> = trail.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
        assert!(actions.contains(&"acknowledge") && actions.contains(&"assign"), "{actions:?}");
        let page = on(home.path(), &place, &["report"]);
        assert!(page.contains("shop/Service/web") && page.contains("LoadBalancer"), "{page}");
        assert!(page.contains("«secret #") && !page.contains("not-a-real-one"), "{page}");
    }
}

#[test]
fn organisations_with_settings_and_users_are_imported_once_however_often_it_is_asked_for() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("store").display().to_string();
    let said = on(home.path(), &place, &["accounts", "import", &fixture("organizations.json")]);
    assert!(said.contains("2 organisation(s) and 5 user(s) made") && said.contains("accounts user password"), "{said}");
    let again = on(home.path(), &place, &["accounts", "import", &fixture("organizations.json")]);
    assert!(again.contains("0 organisation(s) and 0 user(s) made, 7 were there already"), "{again}");
    let users = on(home.path(), &place, &["accounts", "--format", "json", "user", "list", "--org", "acme"]);
    let users: Value = serde_json::from_str(&users).unwrap();
    let roles: Vec<String> =
        users.as_array().unwrap().iter().map(|one| format!("{}:{}", one["username"], one["role"])).collect();
    assert_eq!(roles.len(), 4);
    assert!(roles.contains(&"\"adam\":\"admin\"".to_owned()), "{roles:?}");
    let settings = on(home.path(), &place, &["accounts", "--format", "json", "org", "settings", "--org", "acme"]);
    assert_eq!(serde_json::from_str::<Value>(&settings).unwrap()["session_timeout"], 3600, "{settings}");
    assert!(on(home.path(), &place, &["audit", "verify"]).contains("accounts: 8 records"));
}
