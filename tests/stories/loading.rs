//! What a scan costs a database, and that the past which the figures are measured on is what scans would have left.

use driftguard::drift::{Finding, IncidentRequest, ScanSummary, Slug};
use driftguard::store::loading::{Past, PastScan, load};
use driftguard::store::{OpenMode, Store, open};
use jiff::{SignedDuration, Timestamp};

use super::postgres::Database;
use super::store::finding;

const SCANS: usize = 6;

/// Drift `n` of a scan is gone with the next one, but one in five is seen once more and one in seven stays.
fn lives(scan: usize, n: usize) -> usize {
    match n {
        n if n.is_multiple_of(7) => SCANS,
        n if n.is_multiple_of(5) => scan + 2,
        _ => scan + 1,
    }
}

fn named(environment: &Slug, scan: usize, n: usize) -> Finding {
    Finding { environment: environment.clone(), ..finding(&format!("{scan}-{n}")) }
}

pub fn environments() -> [Slug; 2] {
    ["prod", "staging"].map(Slug::from_text)
}

fn times() -> Vec<Timestamp> {
    let first = Timestamp::from_second(Timestamp::now().as_second() - 3600 * 24 * 3).unwrap();
    (0..SCANS as i64).map(|n| first + SignedDuration::from_hours(n)).collect()
}

pub fn scanned(store: &dyn Store, times: &[Timestamp], each: usize) {
    for (scan, at) in times.iter().enumerate() {
        for environment in environments() {
            let id = store.begin_scan(&environment, *at).unwrap();
            let seen = (0..=scan).flat_map(|of| (0..each).filter(move |n| scan < lives(of, *n)).map(move |n| (of, n)));
            let findings: Vec<Finding> = seen.map(|(of, n)| named(&environment, of, n)).collect();
            store.record(id, findings).unwrap();
            store.finish_scan(id, ScanSummary::of_nothing(id, environment, *at)).unwrap();
        }
    }
}

fn past(times: &[Timestamp], each: usize) -> impl Iterator<Item = PastScan> {
    let all = (0..SCANS).flat_map(|scan| environments().map(|environment| (scan, environment)));
    all.map(move |(scan, environment)| {
        let one = |n: usize| {
            let end = lives(scan, n);
            let again = times[scan + 1..end.min(SCANS)].to_vec();
            Past { finding: named(&environment, scan, n), again, healed: times.get(end).copied() }
        };
        PastScan { at: times[scan], found: (0..each).map(one).collect(), environment: environment.clone() }
    })
}

/// Everything that has no name or moment of its own.
const ROWS: &str = "SELECT environment, state, severity, drift_type, resource_type, resource_id, encode(fingerprint, 'hex'), \
    version, detected_at, last_seen, resolved_at, closure, organization_id - 1 FROM drift_events";

/// How many rows each table has.
fn counted(database: &Database) -> Vec<String> {
    let tables = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition \
                  AND relnamespace = 'public'::regnamespace ORDER BY 1";
    let count = |name: &str| format!("{name}: {}", database.says(&format!("SELECT count(*) FROM {name}")));
    database.says(tables).lines().filter(|name| !name.starts_with("pg_stat")).map(count).collect()
}

/// All there is to tell of each drift, its id and the time of telling left out.
fn told(store: &dyn Store) -> Vec<serde_json::Value> {
    let mut drifts = Vec::new();
    for event in super::store::all(store) {
        let (id, mut detail) = (event.id.to_string(), store.drift(event.id).unwrap());
        for entry in &mut detail.history {
            (entry.timestamp, entry.seq) = (Timestamp::UNIX_EPOCH, 0);
        }
        let text = serde_json::to_string(&detail).unwrap().replace(&id, "");
        drifts.push(serde_json::from_str(&text).unwrap());
    }
    drifts.sort_by_key(|drift: &serde_json::Value| drift["event"]["fingerprint"].to_string());
    drifts
}

#[test]
fn a_past_that_is_loaded_is_what_its_scans_would_have_left() {
    let (Some(scans), Some(loads)) = (Database::new(), Database::new()) else { return };
    let (times, each) = (times(), 40);
    let by_scans = scans.open("acme");
    scanned(by_scans.as_ref(), &times, each);
    let loaded = load(&loads.url(), &Slug::from_text("acme"), &[], past(&times, each)).unwrap();
    assert_eq!(loaded, (SCANS * 2 * each) as u64);

    let by_load = loads.open("acme");
    let rows = format!("{ROWS} ORDER BY environment, resource_id");
    assert_eq!(loads.says(&rows), scans.says(&rows));
    assert_eq!(told(by_load.as_ref()), told(by_scans.as_ref()));
    assert_eq!(counted(&loads), counted(&scans));
    for environment in environments() {
        assert_eq!(by_load.open_counts(&environment).unwrap(), by_scans.open_counts(&environment).unwrap());
        let last = |store: &dyn Store| store.last_scan(&environment).unwrap().map(|scan| (scan.new, scan.closed));
        assert_eq!(last(by_load.as_ref()), last(by_scans.as_ref()));
    }
    assert_eq!(by_load.stats(&[], 7).unwrap(), by_scans.stats(&[], 7).unwrap());
    assert_eq!(by_load.verify().unwrap().faults, Vec::<String>::new());
    // The trail goes on from where the past left it.
    scanned(by_load.as_ref(), &[Timestamp::now()], 1);
    assert_eq!(by_load.verify().unwrap().faults, Vec::<String>::new());
}

#[test]
fn a_database_counts_what_happened_as_files_do() {
    let Some(database) = Database::new() else { return };
    let dir = tempfile::tempdir().unwrap();
    let files = open(&dir.path().join("store"), OpenMode::ReadWrite).unwrap().store;
    let (times, in_database) = (times(), database.open("acme"));
    scanned(files.as_ref(), &times, 20);
    scanned(in_database.as_ref(), &times, 20);
    let days = |environments: Vec<Slug>, limit: usize| IncidentRequest {
        from: times[0],
        until: Timestamp::now() + SignedDuration::from_hours(1),
        environments,
        limit,
        parts: 5,
    };
    for environments in [vec![], vec![Slug::from_text("staging")]] {
        for limit in [1, 30, 500] {
            let request = days(environments.clone(), limit);
            let (here, there) = (files.incident(&request).unwrap(), in_database.incident(&request).unwrap());
            assert_eq!(there.density, here.density, "{environments:?} {limit}");
            assert_eq!((there.happenings.len(), there.cut), (here.happenings.len(), here.cut));
        }
    }
    // As those are counted that were written before the log said of how many they tell.
    let differing =
        "SELECT count(*), count(*) FILTER (WHERE told IS DISTINCT FROM driftguard_told(payload)) FROM audit_log";
    let (all, others) = database.says(differing).split_once('|').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert!(all != "0" && others == "0", "{all} {others}");
}

#[test]
fn a_scan_asks_the_database_as_often_for_a_thousand_drifts_as_for_a_hundred() {
    let Some(mut database) = Database::new() else { return };
    if database.says("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_stat_statements'") == "0" {
        return eprintln!(
            "SKIPPED: this PostgreSQL does not count statements (pg_stat_statements, of its contrib package)"
        );
    }
    database.does("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'");
    database.crash_and_start();
    database.does("CREATE EXTENSION pg_stat_statements");
    let store = database.open("acme");
    let environment = Slug::from_text("prod");
    // What a scan finds is new, or took another's place, and what it does not find has ended.
    let statements = |name: &str, each: usize| {
        let scan = |round: usize| {
            let id = store.begin_scan(&environment, Timestamp::now()).unwrap();
            let other = |n: usize| {
                let mut finding = named(&environment, n, 0);
                finding.resource.resource_id = format!("{name}-{n}").as_str().into();
                if round > 0 && n.is_multiple_of(2) {
                    finding.changes[0].path = format!("path-{round}").into();
                }
                finding
            };
            let found = (0..each).filter(|n| round == 0 || !n.is_multiple_of(3)).map(other).collect();
            store.record(id, found).unwrap();
            let now = Timestamp::now();
            store.finish_scan(id, ScanSummary::of_nothing(id, environment.clone(), now)).unwrap();
        };
        scan(0);
        database.does("SELECT pg_stat_statements_reset()");
        scan(1);
        let calls = "SELECT sum(calls) FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%' \
                     AND query NOT LIKE '%INTO audit_%' AND query NOT LIKE '%advisory%'";
        database.says(calls).parse::<u64>().unwrap()
    };
    let (few, many) = (statements("few", 100), statements("many", 1000));
    // Some ranges take another page or two.
    assert!(many <= few + 8, "{few} statements for a hundred drifts, {many} for a thousand");
    assert!(many < 100, "{many}");
}
