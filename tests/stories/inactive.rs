//! Environments that are configured and not scanned, and places that are too long to be one.

use std::fs;

use super::serving::{PASSWORD, Serve, accounts};
use super::support::{driftguard, run};

fn configured(home: &std::path::Path, text: &str) {
    let config = home.join("config/driftguard");
    fs::create_dir_all(&config).unwrap();
    fs::write(config.join("config.toml"), text).unwrap();
}

fn table(slug: &str, more: &str) -> String {
    format!(
        "[[environment]]\nslug = \"{slug}\"\ncloud_provider = \"host\"\nstate = \"none.tfstate\"\nwatch = false\n{more}"
    )
}

#[test]
fn an_inactive_environment_is_listed_by_the_server_and_scanned_by_nobody() {
    let home = tempfile::tempdir().unwrap();
    configured(home.path(), &format!("{}{}", table("lab", ""), table("old-dc", "active = false\n")));
    accounts(home.path(), &["init", "--org", "acme", "--admin", "adam", "--password-file", "-"], PASSWORD);
    let token = accounts(home.path(), &["key", "add", "adam", "--label", "story", "--role", "editor"], "");
    let server = Serve::start(home.path());
    let start = std::time::Instant::now();
    let all = loop {
        let (_, said) = server.ask("GET", "/api/v1/environments", &token, "", "");
        let all = said["data"].as_array().unwrap().clone();
        if all.iter().any(|one| one["environment"]["slug"] == "lab" && one["last_scan"].is_object()) {
            break all;
        }
        assert!(start.elapsed().as_secs() < 30, "{said}");
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    let old = all.iter().find(|one| one["environment"]["slug"] == "old-dc").expect("it is registered");
    assert_eq!(old["environment"]["is_active"], false);
    assert!(old["last_scan"].is_null() && old["next_scan"].is_null() && old["running"].is_null(), "{old}");
    let (status, said) =
        server.ask("POST", "/api/v1/scans", &token, "idempotency-key: old\r\n", r#"{"environment":"old-dc"}"#);
    assert_eq!(status, 404, "{said}");
    assert!(said["error"]["message"].as_str().unwrap().contains("active = false"), "{said}");
}

#[test]
fn a_region_or_account_that_is_too_long_is_refused_where_it_stands() {
    let home = tempfile::tempdir().unwrap();
    let (region, account) = ("r".repeat(51), "1".repeat(51));
    configured(home.path(), &table("lab", &format!("region = \"{region}\"\naccount_id = \"{account}\"\n")));
    let (code, out, err) = run(driftguard(home.path()).args(["config", "check"]));
    let said = format!("{out}{err}");
    assert_ne!(code, 0, "{said}");
    assert!(said.contains("config.toml:6") && said.contains("a region has at most 50 characters, not 51"), "{said}");
    assert!(said.contains("config.toml:7") && said.contains("an account id has at most 50 characters"), "{said}");
}
