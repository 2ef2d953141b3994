//! A database that an earlier driftguard filled is brought up to date with everything in it.

use std::borrow::Cow;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use driftguard::drift::{Closure, DriftEvent, Slug, TriageRequest, TriageVerb};
use driftguard::store::{OpenMode, Options, Store, open_url};
use sqlx::Connection;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use super::lab::postgres::{psql, sql_in};
use super::postgres::Database;
use super::references::fill;
use super::store::{acknowledge, all, assert_sound, finding, note, scan};
use super::support::{driftguard, run};

/// The schema as it was at first, and up to there nothing may ever change in it: a database that has it says so otherwise.
const FIRST: [(i64, &str); 5] = [
    (1, include_str!("../../migrations/0001_store.sql")),
    (2, include_str!("../../migrations/0002_row_security.sql")),
    (3, include_str!("../../migrations/0003_accounts.sql")),
    (4, include_str!("../../migrations/0004_scan_jobs.sql")),
    (5, include_str!("../../migrations/0005_once.sql")),
];

fn make_schema(url: &str) {
    let one = |(version, text): (i64, &'static str)| {
        Migration::new(version, Cow::Borrowed("then"), MigrationType::Simple, Cow::Borrowed(text), false)
    };
    let migrator = Migrator { migrations: FIRST.into_iter().map(one).collect(), ..Migrator::DEFAULT };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
        migrator.run_direct(&mut connection).await.unwrap();
    });
}

/// What one statement says in a database, a line a row.
fn says(port: u16, database: &str, text: &str) -> Vec<String> {
    let output = psql(port).args(["-q", "-A", "-t", "-c", text, database]).output().unwrap();
    assert!(output.status.success(), "{text}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Writes the rows of every table that was there then, with the columns that it had then.
fn copy_rows(port: u16, from: &str, to: &str) {
    let tables = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') \
                  AND NOT relispartition AND relname <> '_sqlx_migrations' ORDER BY oid";
    for table in says(port, to, tables) {
        let columns = format!(
            "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name = '{table}'"
        );
        let columns = says(port, to, &columns).concat();
        let mut source = psql(port);
        source.args(["-q", "-c", &format!("COPY (SELECT {columns} FROM {table}) TO STDOUT (FORMAT binary)"), from]);
        let mut source = source.stdout(Stdio::piped()).spawn().unwrap();
        let mut target = psql(port);
        // As a dump is read: whom a row refers to may come after it.
        target.args(["-q", "-v", "ON_ERROR_STOP=1", "-c", "SET session_replication_role = replica"]);
        target.args(["-c", &format!("COPY {table} ({columns}) FROM STDIN (FORMAT binary)"), to]);
        assert!(target.stdin(source.stdout.take().unwrap()).status().unwrap().success(), "{table}");
        assert!(source.wait().unwrap().success(), "{table}");
    }
}

/// Drifts that ended in each way, and decisions.
fn history(store: &dyn Store) {
    fill(store);
    let by = |id: &str| all(store).into_iter().find(|drift| drift.resource.resource_id.raw() == id).unwrap();
    store.decide(acknowledge(by("vpc-2").id)).unwrap();
    let mut other = finding("vpc-2");
    other.changes[0].path = "tags.team".into();
    scan(store, vec![finding("vpc-1"), other, finding("vpc-3")]);
    scan(store, vec![finding("vpc-1")]);
    let ended: Vec<Option<Closure>> = all(store).iter().map(|drift| drift.closure).collect();
    assert!(ended.contains(&Some(Closure::Superseded)) && ended.contains(&Some(Closure::Healed)), "{ended:?}");
}

fn exported(store: &dyn Store) -> String {
    let mut text = Vec::new();
    store.export(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn a_database_of_the_first_schema_is_brought_up_to_date_with_its_rows() {
    let Some(database) = Database::new() else { return };
    let (home, port) = (tempfile::tempdir().unwrap(), database.port);
    let acme = Slug::from_text("acme");
    let source = database.open("acme");
    history(source.as_ref());
    let accounts = |place: &str, words: &[&str]| {
        let password = home.path().join("password");
        std::fs::write(&password, "drei blaue Elefanten").unwrap();
        std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o600)).unwrap();
        let words = words.iter().map(|word| if *word == "FILE" { password.to_str().unwrap() } else { word });
        run(driftguard(home.path()).env("DRIFTGUARD_STORE", place).arg("accounts").args(words))
    };
    let init = ["init", "--org", "acme", "--admin", "adam", "--password-file", "FILE"];
    let (code, out, err) = accounts(&database.url(), &init);
    assert_eq!(code, 0, "{out}{err}");

    database.does("CREATE DATABASE older");
    let url = format!("postgres://owner@127.0.0.1:{port}/older");
    make_schema(&url);
    copy_rows(port, "postgres", "older");
    // That these columns are filled is a mark of today.
    assert!(sql_in(port, "older", "DELETE FROM store_meta WHERE key LIKE 'columns/%'"));
    let migrate = |words: &[&str]| {
        run(driftguard(home.path()).env("DRIFTGUARD_STORE", &url).args(["store", "migrate"]).args(words))
    };
    let (code, out, err) = migrate(&["--check"]);
    assert_eq!(code, 2, "{out}{err}");
    assert!(out.contains("schema 5") && out.contains("6: how drifts went"), "{out}");
    let (code, out, err) = migrate(&[]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("up to date"), "{out}");
    assert_eq!(migrate(&["--check"]).0, 0);

    let store = open_url(&url, &acme, OpenMode::ReadWrite, Options::default()).unwrap().store;
    assert_eq!(exported(store.as_ref()), exported(source.as_ref()));
    assert_sound(store.as_ref());
    assert_eq!(store.verify_audit().unwrap(), source.verify_audit().unwrap());
    // What came later than the rows is filled from them: how drifts ended, where environments are, and what days are counted to.
    let ended = "SELECT state, closure, count(*) FROM drift_events GROUP BY 1, 2 ORDER BY 1, 2";
    let places = "SELECT cloud_provider, region, account_id FROM environments";
    let days = "SELECT day, unresolved, resolved, healed, critical + high + medium + low FROM drift_metrics_daily \
                WHERE critical + high + medium + low + unresolved + resolved + healed <> 0 ORDER BY 1";
    for text in [ended, places, days] {
        assert_eq!(says(port, "older", text), says(port, "postgres", text));
    }
    assert_eq!(store.stats(&[], 30).unwrap(), source.stats(&[], 30).unwrap());
    let (code, out, _) = accounts(&url, &["verify"]);
    assert_eq!(code, 0, "{out}");

    // And it goes on.
    let drift: DriftEvent = all(store.as_ref()).remove(0);
    store.decide(TriageRequest { verb: TriageVerb::Note { text: "after".into() }, ..note(drift.id, "") }).unwrap();
    scan(store.as_ref(), vec![finding("vpc-1"), finding("vpc-4")]);
    assert_sound(store.as_ref());
}
