//! What organisations have to themselves, through the binary: their stores, their settings, their place in the tree.

use std::path::Path;
use std::process::Stdio;

use driftguard::service::ServiceError;

use super::postgres::Database;
use super::several::{Process, Team, drifting, table, until};
use super::support::{driftguard, run};

fn two(home: &Path, _: &Database) -> String {
    let place = |name: &str| drifting(home, name).display().to_string();
    table("prod", Some("acme"), &place("acme")) + &table("prod", Some("acme-eu"), &place("below"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_needs_no_organisation_that_nothing_belongs_to() {
    let Some(team) = Team::new(two) else { return };
    let config = team.home.path().join("config/driftguard/config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    // Each environment names its own; nothing says whose the rest would be.
    std::fs::write(&config, text.replacen("organization = \"acme\"\n", "", 1)).unwrap();
    let server = team.server(&["--no-scans"]);
    assert!(server.try_client(&team.key).await.is_ok());
    let (code, _, said) = run(driftguard(team.home.path()).args(["serve", "--dev", "--organization", "nobody"]));
    assert!(code == 1 && said.contains("there is no active organisation nobody"), "{said}");
    // A hook that names none would be nobody's, and nobody would hear of it.
    let hook = "\n[hooks.ci]\nsecret = \"env:CI_KEY\"\nmay = [\"scan\"]\n";
    std::fs::write(&config, text.replacen("organization = \"acme\"\n", "", 1) + hook).unwrap();
    let mut serve = driftguard(team.home.path());
    serve.env("CI_KEY", "sixteen characters and more").args(["serve", "--dev", "--listen", "127.0.0.1:0"]);
    let (code, _, said) = run(&mut serve);
    assert!(code == 1 && said.contains("there is no active organisation local"), "{said}");
}

#[test]
fn verify_of_a_database_is_about_somebody_and_never_advises_to_mend_what_somebody_changed() {
    let Some(team) = Team::new(two) else { return };
    let home = team.home.path();
    team.accounts(&["org", "add", "acme-eu", "--parent", "acme"], "");
    let url = team.database.url();
    let store = |words: &[&str]| {
        let mut command = driftguard(home);
        command.env("XDG_CONFIG_HOME", home.join("nothing")).args(["--store", &url, "store"]).args(words);
        let (code, out, err) = run(command.stdin(Stdio::null()));
        (code, out + &err)
    };
    let (code, said) = store(&["verify"]);
    assert!(code == 0 && said.contains("acme: 0 drifts") && said.contains("acme-eu: 0 drifts"), "{said}");
    let (code, said) = store(&["verify", "--organization", "acme"]);
    assert!(code == 0 && said.contains("all is well") && !said.contains("acme-eu"), "{said}");
    for words in [["verify"], ["prune"]] {
        let (code, said) = store(&[&words[..], &["--organization", "nobody"]].concat());
        assert!(
            code == 1 && said.contains("nothing of an organisation nobody") && said.contains("acme, acme-eu"),
            "{said}"
        );
    }
    assert_eq!(team.database.says("SELECT count(*) FROM organizations WHERE slug IN ('nobody', 'local')"), "0");
    let (code, said) = store(&["repair"]);
    assert!(code == 0 && said.contains("PostgreSQL mends") && said.contains("all is well"), "{said}");

    let acme = team.database.open("acme");
    super::store::scan(acme.as_ref(), vec![super::store::finding("web")]);
    let drift = super::store::all(acme.as_ref()).remove(0);
    let verb = driftguard::drift::TriageVerb::Acknowledge;
    let (reason, actor) = (None, "erin".into());
    let decision =
        driftguard::drift::TriageRequest { drift: drift.id, verb, reason, actor, expected_version: None, once: None };
    acme.decide(decision).unwrap();
    team.database.does("SET session_replication_role = replica; UPDATE audit_log SET actor = 'mallory'");
    for command in ["verify", "repair"] {
        let (code, said) = store(&[command]);
        assert!(code == 1 && said.contains("a column does not say what the entry says"), "{said}");
        assert!(said.contains("keep it as it is") && said.contains("backup"), "{said}");
        assert!(!said.contains("store repair"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_that_switches_detection_off_is_scanned_by_nobody_until_it_is_on_again() {
    let one = |home: &Path, _: &Database| table("host", None, &drifting(home, "motd").display().to_string());
    let Some(team) = Team::new(one) else { return };
    team.accounts(&["org", "settings", "--org", "acme", "--drift-detection", "false"], "");
    let server = team.server(&["--no-scans"]);
    let worker: Process = team.process(&["worker"]);
    let client = server.client(&team.key).await;
    let here = || async { client.environments().await.unwrap().pop() };
    let seen = until("the environment", here).await;
    assert!(seen.is_detection_off && seen.last_scan.is_none() && seen.next_scan.is_none(), "{seen:?}");
    let refused = client.scan(None).await.unwrap_err();
    assert!(matches!(&refused, ServiceError::Invalid(why) if why.contains("detection is switched off")), "{refused}");
    // Wanted all the same, straight in the database: the worker knows, too.
    team.database.does("UPDATE scan_jobs SET wanted_at = now()");
    let taken = async || {
        (team.database.says("SELECT count(*) FROM scan_jobs WHERE wanted_at IS NULL AND worker IS NULL") == "1")
            .then_some(())
    };
    until("the worker has taken it and left it", taken).await;
    assert!(here().await.unwrap().last_scan.is_none());

    team.accounts(&["org", "settings", "--org", "acme", "--drift-detection", "true"], "");
    until("it is on again", async || here().await.filter(|seen| !seen.is_detection_off)).await;
    let scanned = async || {
        let _ = client.scan(None).await;
        here().await.filter(|seen| seen.last_scan.is_some())
    };
    until("it is scanned", scanned).await;
    drop(worker);
    let list = team.accounts(&["org", "add", "acme-eu", "--parent", "acme"], "") + &team.accounts(&["org", "list"], "");
    assert!(list.contains("\nacme ") && list.contains("\n  acme-eu"), "a tree: {list}");
}
