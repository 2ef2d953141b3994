//! What a database counts by the day, as drifts are written, is what counting them would tell.

use driftguard::drift::{DriftEvent, IncidentRequest, Slug, TriageRequest, TriageVerb};
use driftguard::store::{OpenMode, Store, open};
use jiff::{SignedDuration, Timestamp};

use super::loading::{environments, scanned};
use super::postgres::Database;
use super::store::all;

const KEPT: &str = "SELECT * FROM drift_metrics_daily \
    WHERE critical + high + medium + low + unresolved + resolved + healed <> 0 ORDER BY 1, 2, 3";

/// What is kept, after it was compared with a count made anew.
fn counts(database: &Database) -> String {
    let kept = database.says(KEPT);
    database.says("SELECT driftguard_count_days_again(id) FROM organizations");
    assert_eq!(kept, database.says(KEPT));
    kept
}

fn decided(store: &dyn Store, drift: &DriftEvent, verb: TriageVerb) {
    let (reason, actor) = (Some("because".into()), "alice".into());
    let request = TriageRequest { drift: drift.id, verb, reason, actor, expected_version: None, once: None };
    store.decide(request).unwrap();
}

/// Some days before now, each at another hour.
fn days() -> Vec<Timestamp> {
    let first = Timestamp::from_second(Timestamp::now().as_second() - 3600 * 24 * 8).unwrap();
    (0..6).map(|n| first + SignedDuration::from_hours(25 * n)).collect()
}

#[test]
fn the_days_are_counted_as_drifts_come_change_and_go() {
    let Some(database) = Database::new() else { return };
    let store = database.open("acme");
    scanned(store.as_ref(), &days(), 10);
    let lines = counts(&database);
    assert_eq!(lines.lines().count(), 12, "{lines}");
    let drifts = all(store.as_ref());
    let resolution_type = driftguard::drift::ResolutionType::CodifyIac;
    decided(store.as_ref(), &drifts[0], TriageVerb::Resolve { resolution_type, until: None });
    decided(store.as_ref(), &drifts[1], TriageVerb::Acknowledge);
    let after = counts(&database);
    assert_ne!(after, lines);
    decided(store.as_ref(), &drifts[0], TriageVerb::Reopen);
    assert_eq!(counts(&database), lines);
    // Another organisation has its own; an environment that is forgotten is counted no more.
    scanned(database.open("other").as_ref(), &days(), 3);
    let [prod, staging] = environments();
    store.forget(&prod, &"alice".into()).unwrap();
    let left = counts(&database);
    assert!(!left.contains(&format!("1|{prod}")) && left.contains(&format!("1|{staging}")), "{left}");
    assert!(left.contains(&format!("2|{prod}")), "{left}");
}

#[test]
fn dashboards_show_the_same_over_files_and_over_a_database() {
    let Some(database) = Database::new() else { return };
    let dir = tempfile::tempdir().unwrap();
    let files = open(&dir.path().join("store"), OpenMode::ReadWrite).unwrap().store;
    let shared = database.open("acme");
    [files.as_ref(), shared.as_ref()].into_iter().for_each(|store| scanned(store, &days(), 12));
    for n in 1..=10 {
        assert_eq!(shared.stats(&[], n).unwrap(), files.stats(&[], n).unwrap(), "{n} days");
        let one = [environments()[0].clone()];
        assert_eq!(shared.stats(&one, n).unwrap(), files.stats(&one, n).unwrap(), "{n} days");
    }
    // Whole days of UTC, days that begin at noon, and whole days with a piece of one behind.
    let day = 86_400_000_000_i64;
    let midnight = Timestamp::now().as_microsecond().div_euclid(day) * day - 9 * day;
    let at = |micros: i64| Timestamp::from_microsecond(micros).unwrap();
    for (from, until, parts) in [
        (midnight, midnight + 10 * day - 1, 10),
        (midnight + day / 2, midnight + 9 * day + day / 2 - 1, 9),
        (midnight, midnight + 10 * day - 1, 5),
        (midnight, midnight + 8 * day + day / 3, 1),
    ] {
        let asked = |environments: Vec<Slug>| IncidentRequest {
            from: at(from),
            until: at(until),
            environments,
            limit: 1,
            parts,
        };
        for environments in [vec![], vec![environments()[1].clone()]] {
            let told = |store: &dyn Store| store.incident(&asked(environments.clone())).unwrap().density;
            let (of_files, of_database) = (told(files.as_ref()), told(shared.as_ref()));
            assert!(of_files.iter().map(driftguard::drift::Density::total).sum::<u32>() > 50, "{of_files:?}");
            assert_eq!(of_database, of_files, "{parts} parts");
        }
    }
}

#[test]
fn drifts_from_before_days_were_counted_are_counted_too() {
    let Some(database) = Database::new() else { return };
    scanned(database.open("acme").as_ref(), &days(), 5);
    let before = database.says(KEPT);
    // As the schema was before; the server that comes next brings it up to date.
    database.does("DROP TABLE drift_metrics_daily CASCADE");
    database.does("DROP FUNCTION driftguard_count_days() CASCADE");
    database.does("DROP FUNCTION driftguard_days_sql(text), driftguard_count_days_again(bigint)");
    database.does("ALTER TABLE drift_events DROP COLUMN cause, DROP COLUMN advice");
    database.does("DELETE FROM _sqlx_migrations WHERE version IN (21, 24)");
    database.open("acme");
    assert_eq!(database.says(KEPT), before);
}

#[test]
fn dashboards_read_the_days_that_were_counted_and_not_every_drift_again() {
    let Some(database) = Database::new() else { return };
    let store = database.open("acme");
    scanned(store.as_ref(), &days(), 10);
    let shown = || {
        let day = 86_400_000_000_i64;
        let tonight = (Timestamp::now().as_microsecond().div_euclid(day) + 1) * day;
        let at = |micros: i64| Timestamp::from_microsecond(micros).unwrap();
        let (from, until, environments) = (at(tonight - 30 * day), at(tonight - 1), vec![]);
        let incident = store.incident(&IncidentRequest { from, until, environments, limit: 1, parts: 30 }).unwrap();
        let business = driftguard::service::business(store.as_ref(), &[], 30, Timestamp::now()).unwrap();
        let (stats, daily) = (store.stats(&[], 30).unwrap(), store.daily(&[], 30).unwrap());
        let classes: u64 = business.severities.values().sum();
        let causes: u64 = business.causes.iter().map(|one| one.drifts).sum();
        let density: u64 = incident.density.iter().map(|one| u64::from(one.detected.iter().sum::<u32>())).sum();
        let by_day: u64 = business.by_day.iter().sum();
        let total: u64 = daily.iter().map(|one| one.total_drifts).sum();
        [stats.unresolved, total, business.detected.unwrap(), by_day, classes, causes, density]
    };
    let before = shown();
    // Nobody writes there but the database itself: what is added by hand can come from nowhere else.
    database.does(
        "UPDATE drift_metrics_daily SET low = low + 7, unresolved = unresolved + 7, unknown_cause = unknown_cause + 7 \
         WHERE (environment, day) IN (SELECT 'prod', min(day) FROM drift_metrics_daily)",
    );
    assert_eq!(shown(), before.map(|number| number + 7));
    database.does("SELECT driftguard_count_days_again(id) FROM organizations");
    assert_eq!(shown(), before);
}
