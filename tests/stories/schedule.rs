//! Scans by the calendar: of one process, and of several that share a database.

use std::fs;

use driftguard::store::{self, OpenMode, Rhythm};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::postgres::Database;
use super::serving::{PASSWORD, Serve, accounts};
use crate::support::{driftguard, run};

#[test]
fn an_environment_says_when_the_calendar_has_its_next_scan() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config/driftguard");
    fs::create_dir_all(&config).unwrap();
    let text = "[[environment]]\nslug = \"lab\"\ncloud_provider = \"host\"\nstate = \"none.tfstate\"\nwatch = false\n\
                schedule = \"0 0 1 1 * Pacific/Auckland\"\n";
    fs::write(config.join("config.toml"), text).unwrap();
    let (code, out, err) = run(driftguard(home.path()).args(["config", "check"]));
    assert_eq!(code, 0, "{out}{err}");
    accounts(home.path(), &["init", "--org", "acme", "--admin", "adam", "--password-file", "-"], PASSWORD);
    let token = accounts(home.path(), &["key", "add", "adam", "--label", "story", "--role", "viewer"], "");
    let server = Serve::start(home.path());
    let start = std::time::Instant::now();
    // It was never scanned: that is done first.
    let next = loop {
        let (_, said) = server.ask("GET", "/api/v1/environments", &token, "", "");
        let lab = said["data"].as_array().unwrap().iter().find(|one| one["environment"]["slug"] == "lab").cloned();
        let lab = lab.unwrap_or_default();
        let next = lab["next_scan"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
        if let Some(next) = next.filter(|next| *next > Timestamp::now() && lab["last_scan"] != Value::Null) {
            assert_eq!((&lab["schedule"], &lab["interval"]), (&"0 0 1 1 * Pacific/Auckland".into(), &Value::Null));
            break next;
        }
        assert!(start.elapsed().as_secs() < 30, "{said}");
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    let there = next.in_tz("Pacific/Auckland").unwrap();
    assert_eq!((there.month(), there.day(), there.hour(), there.minute()), (1, 1, 0, 0));
    server.end();
}

#[test]
fn processes_on_one_database_scan_at_the_time_of_the_calendar_and_one_of_them_alone() {
    let Some(database) = Database::new() else { return };
    let open = || store::open(database.url().as_ref(), OpenMode::ReadWrite).unwrap().store;
    let (one, other) = (open(), open());
    let (one, other) = (one.jobs().unwrap(), other.jobs().unwrap());
    let slug = driftguard::drift::Slug::from_text("lab");
    let now = Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap();
    let [past, soon, later] = [-3600, 3600, 7200].map(|s| now.checked_add(SignedDuration::from_secs(s)).unwrap());
    let next = || one.all().unwrap()[0].next;

    one.plan(&slug, Rhythm::At(soon), Some(past)).unwrap();
    assert_eq!((one.waiting().unwrap(), next()), (vec![], Some(soon)));
    // Its time has come; it was missed, or the configuration says another.
    other.plan(&slug, Rhythm::At(past), Some(past)).unwrap();
    assert_eq!(one.waiting().unwrap(), std::slice::from_ref(&slug));
    let claim = one.claim(&slug, Some(later)).unwrap().expect("it waits");
    assert_eq!((other.claim(&slug, Some(later)).unwrap(), next()), (None, Some(later)));
    // Who starts meanwhile does not begin another one.
    other.plan(&slug, Rhythm::At(past), Some(past)).unwrap();
    one.release(&claim).unwrap();
    assert_eq!((other.waiting().unwrap(), next()), (vec![], Some(later)));
    // No schedule any more, and an interval then.
    other.plan(&slug, Rhythm::Never, Some(now)).unwrap();
    assert_eq!(next(), None);
    other.plan(&slug, Rhythm::Every(std::time::Duration::from_secs(60)), Some(now)).unwrap();
    assert!(next().is_some());
}
