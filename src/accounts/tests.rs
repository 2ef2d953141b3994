//! The same promises on both engines, and what holds of one of them.

use super::*;
use crate::api::Role;
use crate::testing::Database;

#[path = "tests/promises.rs"]
mod on_sled;

#[allow(clippy::duplicate_mod)]
#[path = "tests/promises.rs"]
mod on_postgres;

const PASSWORD: &str = "drei blaue Elefanten";

/// Where accounts are, as long as a test runs.
struct Stand {
    place: std::path::PathBuf,
    _dir: Option<tempfile::TempDir>,
    _database: Option<Database>,
}

impl Stand {
    /// By the module that the test is in.
    fn of(module: &str) -> Option<Self> {
        if module.contains("on_postgres") {
            let database = Database::new()?;
            return Some(Self { place: database.url.clone().into(), _dir: None, _database: Some(database) });
        }
        let dir = tempfile::tempdir().unwrap();
        Some(Self { place: dir.path().join("accounts"), _dir: Some(dir), _database: None })
    }
}

fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

fn operator() -> By {
    By::operator("root")
}

#[test]
fn several_processes_write_one_chain_and_see_each_other_at_once() {
    let Some(stand) = Stand::of("on_postgres") else { return };
    assert!(matches!(open(&stand.place, false), Err(AccountsError::Missing { .. })));
    let all: Vec<Registry> = (0..3).map(|_| Registry::new(open(&stand.place, true).unwrap())).collect();
    all[0].init(&operator(), "acme", "Acme", "adam", PASSWORD).unwrap();
    assert!(all[1].init(&operator(), "acme", "Acme", "adam", PASSWORD).is_err());
    let edit = UserEdit::default();
    std::thread::scope(|threads| {
        for (n, registry) in all.iter().enumerate() {
            let edit = &edit;
            threads.spawn(move || {
                for round in 0..8 {
                    let name = format!("user-{n}-{round}");
                    registry.create_user(&operator(), &slug("acme"), &name, edit, None).unwrap();
                }
            });
        }
        // The same name at once: one of them has it.
        let eve = |registry: &Registry| registry.create_user(&operator(), &slug("acme"), "eve", &edit, None).is_ok();
        let tried: Vec<_> = all.iter().map(|registry| threads.spawn(move || eve(registry))).collect();
        assert_eq!(tried.into_iter().filter(|_| true).map(|t| t.join().unwrap()).filter(|made| *made).count(), 1);
    });
    for registry in &all {
        assert_eq!(registry.users(&operator(), &slug("acme")).unwrap().len(), 26);
        let report = registry.verify(&operator()).unwrap();
        assert_eq!((report.records, report.faults), (27, vec![]));
    }
}

#[test]
fn a_trail_in_a_database_takes_no_changes_and_those_made_behind_its_back_are_found() {
    let Some(stand) = Stand::of("on_postgres") else { return };
    let Some(database) = &stand._database else { return };
    let registry = Registry::new(open(&stand.place, true).unwrap());
    registry.init(&operator(), "acme", "Acme", "adam", PASSWORD).unwrap();
    for refused in ["UPDATE security_audit SET actor = 'eve'", "DELETE FROM security_audit", "TRUNCATE security_audit"]
    {
        assert!(!database.does(refused), "{refused}");
    }
    let behind =
        |what: &str| assert!(database.does(&format!("SET session_replication_role = replica; {what}")), "{what}");
    behind("CREATE TABLE kept AS SELECT * FROM security_audit");
    behind("DELETE FROM security_audit WHERE seq = 1");
    assert!(registry.verify(&operator()).unwrap().faults.join("").contains("what was between is gone"));
    behind("DELETE FROM security_audit; INSERT INTO security_audit SELECT * FROM kept");
    assert!(registry.verify(&operator()).unwrap().faults.is_empty(), "as it was before");
    for column in ["actor = 'nobody'", "organization = NULL", "action = 'login'", "at = at + interval '1 microsecond'"]
    {
        behind(&format!("UPDATE security_audit SET {column} WHERE seq = 2"));
        let faults = registry.verify(&operator()).unwrap().faults;
        assert_eq!(faults, ["record 2: a column does not say what the entry says"], "{column}");
        behind("DELETE FROM security_audit; INSERT INTO security_audit SELECT * FROM kept");
    }
    assert!(registry.verify(&operator()).unwrap().faults.is_empty(), "as it was before");
    behind("UPDATE security_audit SET record = record || ' ' WHERE seq = 2");
    assert!(!registry.verify(&operator()).unwrap().faults.is_empty());
}

#[test]
fn no_change_is_lost_or_doubled_when_the_connections_are_cut() {
    let Some(stand) = Stand::of("on_postgres") else { return };
    let Some(database) = &stand._database else { return };
    let registry = Registry::new(open(&stand.place, true).unwrap());
    registry.init(&operator(), "acme", "Acme", "adam", PASSWORD).unwrap();
    for n in 0..10 {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE application_name = 'driftguard' AND datname = current_database()";
        assert!(database.does(cut));
        registry.create_user(&operator(), &slug("acme"), &format!("user-{n}"), &UserEdit::default(), None).unwrap();
    }
    assert_eq!(registry.users(&operator(), &slug("acme")).unwrap().len(), 11);
    let report = registry.verify(&operator()).unwrap();
    assert_eq!((report.records, report.faults), (12, vec![]));
}

#[test]
fn everything_is_there_again_after_closing_and_no_secret_is_in_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("accounts");
    assert!(matches!(open(&path, false), Err(AccountsError::Missing { .. })));
    let hook = "https://hooks.slack.com/services/T0/B0/abcdefghijklmnop";
    let secret = {
        let registry = Registry::new(open(&path, true).unwrap());
        registry.init(&operator(), "acme", "Acme", "adam", PASSWORD).unwrap();
        let twice = registry.init(&operator(), "other", "Other", "eve", PASSWORD);
        assert!(twice.is_err_and(|e| e.to_string().contains("already")));
        let body =
            SettingsBody { slack_webhook_url: Some(hook.into()), slack_integration: true, ..SettingsBody::default() };
        registry.put_settings(&operator(), &slug("acme"), &body).unwrap();
        let new = NewKey { label: "ci".into(), role: Role::Viewer, endpoints: vec![], expires_at: None };
        let (_, secret) = registry.create_key(&operator(), &slug("acme"), "adam", &new).unwrap();
        secret.reveal().to_owned()
    };
    let accounts = open(&path, false).unwrap();
    assert!(matches!(open(&path, false), Err(AccountsError::Held { .. })));
    let settings = accounts.settings(&slug("acme")).unwrap().unwrap();
    assert_eq!(settings.slack().unwrap().secret(), hook);
    let trail = format!("{:?}", accounts.audit(None, 99).unwrap());
    assert!(!trail.contains("abcdefghijklmnop") && !trail.contains(&secret) && !trail.contains(PASSWORD), "{trail}");
    let files = std::fs::read(path.join("db")).unwrap();
    let holds = |text: &str| files.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(!holds(&secret) && !holds(PASSWORD));
    let report = accounts.verify().unwrap();
    assert_eq!((report.records, report.faults.len()), (4, 0));
}
