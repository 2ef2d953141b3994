//! Several processes on one database, each doing only what is still its own.

use driftguard::accounts::{self, By, Desk, Login, Peer, Registry, ServerSecret, Tokens};
use driftguard::drift::{ScanId, ScanSummary, Slug, TriageRequest, TriageVerb};
use driftguard::store::{Observation, Rhythm, Store, StoreError};
use jiff::Timestamp;
use serde_json::json;

use super::postgres::Database;
use super::store::{all, finding};

const PASSWORD: &str = "drei blaue Elefanten";
const SECRET: &str = "q3vKx1Jd0sTzPp8mW6yBhR2nLcUeG9aFi7Xo";

/// The claim on a scan, and the scan that was begun with it.
fn begun(store: &dyn Store) -> ScanId {
    let slug = finding("web").environment;
    store.jobs().unwrap().want(Some(&slug)).unwrap();
    store.jobs().unwrap().claim(&slug, None).unwrap().expect("nobody else has it");
    store.begin_scan(&slug, Timestamp::now()).unwrap()
}

fn ended(store: &dyn Store, scan: ScanId) -> Result<(), StoreError> {
    let summary = ScanSummary::of_nothing(scan, finding("web").environment, Timestamp::now());
    store.finish_scan(scan, summary).map(|_| ())
}

#[test]
fn a_worker_that_wakes_when_another_has_its_scan_writes_nothing_of_what_it_found() {
    let Some(database) = Database::new() else { return };
    let (frozen, other) = (database.open("acme"), database.open("acme"));
    let slug = finding("web").environment;
    super::store::know(frozen.as_ref());
    frozen.jobs().unwrap().plan(&slug, Rhythm::Never, Some(Timestamp::now())).unwrap();
    let scan = begun(frozen.as_ref());
    frozen.record(scan, vec![finding("web")]).unwrap();

    // It is not heard of for longer than its lease.
    database.does("UPDATE scan_jobs SET lease_until = now() - interval '1 second'");
    let taken = begun(other.as_ref());
    other.record(taken, vec![finding("web"), finding("db")]).unwrap();
    let refused = |done: Result<(), StoreError>| {
        let error = done.unwrap_err().to_string();
        assert!(error.contains("was given to another process"), "{error}");
    };
    let seen: Observation = serde_json::from_value(json!({
        "resource_type": "x", "resource_id": "late", "observed_at": Timestamp::now(), "value": {}, "accepted": false,
    }))
    .unwrap_or_else(|error| panic!("{error}"));
    refused(frozen.record(scan, vec![finding("late")]).map(|_| ()));
    refused(frozen.observe(scan, &slug, vec![seen]));
    refused(ended(frozen.as_ref(), scan));
    // What people decide through it is no part of its scan.
    let drift = all(frozen.as_ref()).remove(0);
    let verb = TriageVerb::Acknowledge;
    let decision =
        TriageRequest { drift: drift.id, verb, reason: None, actor: "erin".into(), expected_version: None, once: None };
    frozen.decide(decision).unwrap();
    ended(other.as_ref(), taken).unwrap();
    let names: Vec<String> = all(other.as_ref()).iter().map(|d| d.resource.resource_id.raw().to_owned()).collect();
    assert!(names.len() == 2 && !names.iter().any(|name| name.contains("late")), "{names:?}");
    assert!(other.verify().unwrap().faults.is_empty());

    // A lease that is over, and that nobody took, is still its own.
    other.jobs().unwrap().all().unwrap();
    database.does("UPDATE scan_jobs SET worker = NULL, lease_until = NULL");
    let scan = begun(frozen.as_ref());
    database.does("UPDATE scan_jobs SET lease_until = now() - interval '1 second'");
    frozen.record(scan, vec![finding("web"), finding("db")]).unwrap();
    ended(frozen.as_ref(), scan).unwrap();

    // An environment that is thrown away is scanned by nobody.
    database.does("UPDATE scan_jobs SET worker = NULL, lease_until = NULL");
    other.forget(&slug, &"root".into()).unwrap();
    assert_eq!(database.says("SELECT count(*) FROM scan_jobs"), "0");
}

#[test]
fn wrong_passwords_at_one_server_count_at_the_other_and_stores_see_nothing_of_the_accounts() {
    let Some(database) = Database::new() else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let open = || accounts::open(database.url().as_ref(), true).unwrap();
    let by = By::operator("root");
    Registry::new(open()).init(&by, "acme", "Acme", "adam", PASSWORD).unwrap();
    let secret = ServerSecret::load(Some(SECRET), None, false).unwrap_or_else(|e| panic!("{e}"));
    let desk = || Desk::new(open(), Tokens::new(&secret, "driftguard"));
    let (one, other) = (desk(), desk());
    let login = |password: &str| {
        let [organization, username, password] = ["acme", "adam", password].map(str::to_owned);
        Login { organization, username, password }
    };
    runtime.block_on(async {
        for n in 0..6 {
            let desk = if n % 2 == 0 { &one } else { &other };
            let said = desk.login(login("guess"), Peer::default()).await.err().unwrap();
            assert_eq!(said.error.retry_after.is_some(), n == 5, "{n}: {said:?}");
        }
        let said = other.login(login(PASSWORD), Peer::default()).await.err().unwrap();
        assert!(said.error.message.contains("too many wrong passwords"), "{said:?}");
        let locked = tokio::task::spawn_blocking(move || one.locked_out(&by, &Slug::from_text("acme"))).await;
        assert_eq!(locked.unwrap().unwrap().len(), 1);
    });

    database.does("CREATE ROLE service; GRANT SELECT ON ALL TABLES IN SCHEMA public TO service");
    for table in ["users", "security_audit", "login_failures", "accounts_head"] {
        let seen =
            |as_whom: &str| database.says(&format!("SET ROLE service; {as_whom}; SELECT count(*) > 0 FROM {table}"));
        assert_eq!(seen("SET driftguard.accounts_of = ''"), "t", "{table}");
        assert_eq!(seen("SET driftguard.organization = '1'"), "f", "{table}");
    }
    let seen = "SET ROLE service; SET driftguard.accounts_of = 'umbrella'; SELECT count(*) FROM users";
    assert_eq!(database.says(seen), "0");
}
