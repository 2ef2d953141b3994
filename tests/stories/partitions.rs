//! Partitions by month, and indexes: what keeps a database of millions of drifts quick.

use std::sync::atomic::AtomicBool;

use driftguard::drift::query::Group;
use driftguard::drift::{DriftEvent, SeverityClass, State, TriageRequest, TriageVerb};
use driftguard::store::{Direction, DriftFilter, PageRequest, Store};
use jiff::{SignedDuration, Timestamp};

use super::postgres::Database;
use super::store::{all, finding};

/// Where rows lie, without doubles.
fn parts(database: &Database, table: &str) -> Vec<String> {
    let rows = database.says(&format!("SELECT DISTINCT tableoid::regclass::text FROM {table} ORDER BY 1"));
    rows.lines().map(str::to_owned).collect()
}

/// The name of a table's partition of a month, so many after this one.
fn part(database: &Database, table: &str, months: u32) -> String {
    let at = format!("date_trunc('month', now() AT TIME ZONE 'UTC') + interval '{months} months'");
    format!("{table}_{}", database.says(&format!("SELECT to_char({at}, 'YYYY_MM')")))
}

fn is_there(database: &Database, table: &str) -> bool {
    database.says(&format!("SELECT to_regclass('{table}') IS NOT NULL")) == "t"
}

#[test]
fn what_happens_in_a_new_month_lies_in_its_partition_and_upkeep_makes_those_to_come() {
    let Some(database) = Database::new() else { return };
    let store = database.open("acme");
    for table in ["drift_events", "audit_log", "security_audit"] {
        assert!((0..3).all(|months| is_there(&database, &part(&database, table, months))), "{table}");
    }
    let env = finding("a").environment;
    super::store::know(store.as_ref());
    let scan = |id: &str, days: i64| {
        let at = Timestamp::now() + SignedDuration::from_hours(24 * days);
        let scan = store.begin_scan(&env, at).unwrap();
        store.record(scan, vec![finding(id)]).unwrap();
    };
    scan("vpc-1", 0);
    scan("vpc-2", 33);
    // Beyond what is made ahead: nothing is refused.
    scan("vpc-3", 200);
    let places = parts(&database, "drift_events");
    assert_eq!(places.len(), 3, "{places:?}");
    assert!(places.contains(&part(&database, "drift_events", 0)) && places.contains(&"drift_events_other".to_owned()));
    assert_eq!(all(store.as_ref()).len(), 3);
    let drift = all(store.as_ref()).remove(0);
    let verb = TriageVerb::Acknowledge;
    let request = TriageRequest {
        drift: drift.id,
        verb,
        reason: None,
        actor: "alice".into(),
        expected_version: None,
        once: None,
    };
    store.decide(request).unwrap();
    assert_eq!(parts(&database, "audit_log"), [part(&database, "audit_log", 0)]);

    let last = part(&database, "audit_log", 2);
    database.does(&format!("DROP TABLE {last}"));
    store.upkeep(&AtomicBool::new(false)).unwrap();
    assert!(is_there(&database, &last), "made again, ahead of its time");
    // A month that lies in the default partition already stays there.
    database.does("SELECT driftguard_partitions('drift_events', 0, 12)");
    assert_eq!((parts(&database, "drift_events"), all(store.as_ref()).len()), (places, 3));
    assert_eq!(store.verify().unwrap().faults, Vec::<String>::new());
}

const MANY: usize = 4_000;

fn filled(store: &dyn Store) {
    super::store::know(store);
    let env = finding("a").environment;
    let at = Timestamp::now();
    let scan = store.begin_scan(&env, at).unwrap();
    let found: Vec<_> = (0..MANY).map(|n| finding(&format!("vpc-{n}"))).collect();
    found.chunks(500).for_each(|some| drop(store.record(scan, some.to_vec()).unwrap()));
}

/// What the screens and the API ask for.
fn asked(store: &dyn Store) {
    let filters = [
        DriftFilter::default(),
        DriftFilter { states: vec![State::Open], ..DriftFilter::default() },
        DriftFilter { states: vec![State::Open], severities: vec![SeverityClass::High], ..DriftFilter::default() },
        DriftFilter { states: vec![State::Open], text: "vpc-17".to_owned(), ..DriftFilter::default() },
    ];
    for filter in filters {
        let mut request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: 50 };
        for _ in 0..3 {
            let page = store.page(&request).unwrap();
            for drift in page.data.iter().take(5) {
                assert_eq!(store.drift(drift.id).unwrap().event.id, drift.id);
            }
            request.cursor = page.next;
            if request.cursor.is_none() {
                break;
            }
        }
        // Of everything, a table as small as this one is rightly read through.
        if !request.filter.states.is_empty() {
            store.groups(&request.filter, Group::Change, 20).unwrap();
        }
    }
    store.open_counts(&finding("a").environment).unwrap();
}

/// Sequential scans so far of the tables that grow with every drift, as far as they hold any.
fn read_through(database: &Database) -> String {
    database.says("SELECT relname, seq_scan FROM pg_stat_user_tables WHERE n_live_tup > 1000 ORDER BY relname")
}

#[test]
fn pages_searches_and_details_use_indexes_and_read_no_table_through() {
    let Some(database) = Database::new() else { return };
    filled(database.open("acme").as_ref());
    database.does("VACUUM ANALYZE");
    // Counted are connections that have ended. First what opening costs, then what asking adds to it.
    let count = |ask: bool| {
        database.does("SELECT pg_stat_reset()");
        database.does("ANALYZE");
        let store = database.open("acme");
        if ask {
            asked(store.as_ref());
        }
        drop(store);
        let gone = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'driftguard'";
        for _ in 0..100 {
            if database.says(gone) == "0" {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        read_through(&database)
    };
    let opening = count(false);
    assert!(opening.contains("drift_events") && opening.contains("drifts_by_class"), "{opening}");
    assert_eq!(count(true), opening);
    let by_index = "SELECT sum(idx_scan) > 100 FROM pg_stat_user_indexes WHERE relname LIKE 'drift%'";
    assert_eq!(database.says(by_index), "t");
}

#[test]
fn what_sql_asks_of_the_columns_has_its_index() {
    let Some(database) = Database::new() else { return };
    let store = database.open("acme");
    filled(store.as_ref());
    let note = |drift: DriftEvent| TriageRequest {
        drift: drift.id,
        verb: TriageVerb::Acknowledge,
        reason: None,
        actor: "alice".into(),
        expected_version: None,
        once: None,
    };
    let page = PageRequest { filter: DriftFilter::default(), cursor: None, direction: Direction::Older, limit: 500 };
    let notes = store.page(&page).unwrap().data.into_iter().map(note).collect();
    assert!(store.decide_many(notes).iter().all(Result::is_ok));
    database.does("VACUUM ANALYZE");
    let uses = |sql: &str, index: &str| {
        let plan = database.says(&format!("EXPLAIN {sql}"));
        assert!(plan.contains(index), "{sql}\n{plan}");
    };
    let id = database.says("SELECT id FROM drift_events LIMIT 1");
    uses(&format!("SELECT 1 FROM drift_events WHERE organization_id = 1 AND id = '{id}'"), "organization_id_id_idx");
    uses(
        "SELECT key FROM drift_events WHERE organization_id = 1 AND environment = 'prod' \
         AND state IN ('open', 'acknowledged', 'snoozed') ORDER BY detected_at DESC LIMIT 50",
        "organization_id_environment_detected_at_idx",
    );
    let since =
        "SELECT * FROM audit_log WHERE organization_id = 1 AND at > now() + interval '-1 s' ORDER BY at LIMIT 9";
    uses(since, "organization_id_at_environment_told_idx");
    uses(
        &format!("SELECT * FROM audit_log WHERE organization_id = 1 AND drift_id = '{id}'"),
        "organization_id_drift_id_seq_idx",
    );
    uses(
        "SELECT count(*) FILTER (WHERE state = 'closed') FROM drift_events WHERE organization_id = 1 \
         AND environment = 'prod' AND detected_at > now() - interval '1 day'",
        "Index Only Scan",
    );
}
