//! The store in PostgreSQL: what sled promises, for several processes and several organisations at once.

use std::sync::Arc;
use std::time::Duration;

use driftguard::drift::{Cause, DriftEvent, Score, Slug, State, TriageRequest, TriageVerb};
use driftguard::store::{self, OpenMode, Options, Store, StoreError};

use super::conformance::{self, Bench};
use super::lab::postgres::{Postgres, psql, sql};
use super::scan::Files;
use super::store::{all, finding};
use super::support::{driftguard, run};

/// A database server with nothing in it.
pub struct Database {
    pub port: u16,
    server: Postgres,
    _dir: tempfile::TempDir,
}

impl Database {
    /// `None`, said aloud, where there is no PostgreSQL.
    pub fn new() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let server = Postgres::new(dir.path(), None)?;
        Some(Self { port: server.port, server, _dir: dir })
    }

    pub fn url(&self) -> String {
        format!("postgres://owner@127.0.0.1:{}/postgres", self.port)
    }

    pub fn open(&self, organization: &str) -> Arc<dyn Store> {
        self.try_open(organization).unwrap()
    }

    fn try_open(&self, organization: &str) -> Result<Arc<dyn Store>, StoreError> {
        let slug = Slug::from_text(organization);
        store::open_url(&self.url(), &slug, OpenMode::ReadWrite, Options::default()).map(|opened| opened.store)
    }

    /// It dies in the middle of whatever it does, and comes back.
    pub fn crash_and_start(&mut self) {
        self.server.crash_and_start();
    }

    /// The server itself.
    pub fn server(&mut self) -> &mut Postgres {
        &mut self.server
    }

    pub fn does(&self, text: &str) {
        assert!(sql(self.port, text), "{text}");
    }

    /// What one statement says, a line a row.
    pub fn says(&self, text: &str) -> String {
        let mut psql = psql(self.port);
        psql.args(["-q", "-A", "-t", "-c", text, "postgres"]);
        String::from_utf8(psql.output().unwrap().stdout).unwrap().trim().to_owned()
    }
}

fn env() -> Slug {
    finding("a").environment
}

/// A scan that found these, and nothing else.
fn scan(store: &dyn Store, ids: &[&str]) {
    super::store::scan(store, ids.iter().map(|id| finding(id)).collect());
}

fn decision(drift: &DriftEvent, verb: TriageVerb) -> TriageRequest {
    let (reason, actor) = (Some("because".into()), "alice".into());
    TriageRequest { drift: drift.id, verb, reason, actor, expected_version: None, once: None }
}

fn sound(store: &dyn Store) {
    assert_eq!(store.verify().unwrap().faults, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_service_on_postgres_conforms() {
    let Some(database) = Database::new() else { return };
    let files = tempfile::tempdir().unwrap();
    let store = tokio::task::spawn_blocking(move || (database.open("acme"), database)).await.unwrap();
    let (store, database) = store;
    let bench = Files::new(files.path(), Arc::clone(&store));
    conformance::conforms(&bench).await;
    assert!(bench.service().read_only().is_none());
    tokio::task::spawn_blocking(move || sound(store.as_ref())).await.unwrap();
    drop((bench, database));
}

#[test]
fn two_processes_on_one_database_see_each_others_decisions_at_once() {
    let Some(database) = Database::new() else { return };
    let (one, other) = (database.open("acme"), database.open("acme"));
    scan(one.as_ref(), &["vpc-1", "vpc-2"]);
    assert_eq!(other.open_counts(&env()).unwrap(), one.open_counts(&env()).unwrap());
    let drifts = all(other.as_ref());
    assert_eq!(drifts.len(), 2);
    let news = one.subscribe().unwrap();
    let receipt = other.decide(decision(&drifts[0], TriageVerb::Acknowledge)).unwrap();
    assert_eq!(one.drift(drifts[0].id).unwrap().event.state, State::Acknowledged);
    // On the version that was shown before the other one decided.
    let stale = TriageRequest { expected_version: Some(drifts[0].version), ..decision(&drifts[0], TriageVerb::Reopen) };
    assert!(matches!(one.decide(stale), Err(StoreError::Conflict { .. })));
    let next = one.decide(decision(&drifts[1], TriageVerb::Acknowledge)).unwrap();
    assert_eq!(next.seq, receipt.seq + 1, "one trail, whoever decides");
    loop {
        let heard = news.recv_timeout(Duration::from_secs(30)).expect("it is told");
        // What it wrote itself is no news to it.
        assert_ne!(heard.entries, Some((next.seq, next.seq)));
        if heard.entries == Some((receipt.seq, receipt.seq)) {
            break;
        }
    }
    sound(one.as_ref());
    sound(other.as_ref());
}

#[test]
fn decisions_of_many_threads_in_several_processes_are_all_kept_in_one_chain() {
    let Some(database) = Database::new() else { return };
    let stores = [database.open("acme"), database.open("acme"), database.open("acme")];
    let ids: Vec<String> = (0..12).map(|n| format!("vpc-{n}")).collect();
    scan(stores[0].as_ref(), &ids.iter().map(String::as_str).collect::<Vec<_>>());
    let drifts = all(stores[0].as_ref());
    std::thread::scope(|threads| {
        for (store, some) in stores.iter().cycle().zip(drifts.chunks(2)) {
            threads.spawn(move || {
                for round in 0..5 {
                    for drift in some {
                        let note = TriageVerb::Note { text: format!("round {round}").as_str().into() };
                        store.decide(decision(drift, note)).unwrap();
                    }
                }
            });
        }
    });
    for store in &stores {
        assert!(all(store.as_ref()).iter().all(|drift| drift.note_count == 5));
        sound(store.as_ref());
    }
}

#[test]
fn no_decision_is_lost_or_doubled_when_the_database_dies_and_comes_back() {
    let Some(database) = Database::new() else { return };
    let store = database.open("acme");
    scan(store.as_ref(), &["vpc-1"]);
    let drift = all(store.as_ref()).remove(0);
    let note = |text: &str| decision(&drift, TriageVerb::Note { text: text.into() });
    store.decide(note("before")).unwrap();
    // Every connection is cut; then one of its processes is killed, which takes the whole server through a recovery.
    database.does("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'driftguard'");
    store.decide(note("after the connections were cut")).unwrap();
    let kill = "DO $$ DECLARE victim int; BEGIN SELECT pid INTO victim FROM pg_stat_activity \
                WHERE application_name = 'driftguard' LIMIT 1; \
                EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'kill -9 ' || victim); END $$";
    sql(database.port, kill);
    store.decide(note("after the crash")).unwrap();
    let told = store.drift(drift.id).unwrap();
    assert_eq!(told.event.note_count, 3);
    let again = database.open("acme");
    assert_eq!(again.drift(drift.id).unwrap(), told);
    sound(again.as_ref());
}

#[test]
fn the_audit_log_takes_no_changes_and_those_made_behind_its_back_are_found() {
    let Some(database) = Database::new() else { return };
    let store = database.open("acme");
    scan(store.as_ref(), &["vpc-1", "vpc-2"]);
    for drift in all(store.as_ref()) {
        store.decide(decision(&drift, TriageVerb::Acknowledge)).unwrap();
    }
    for refused in ["UPDATE audit_log SET actor = 'mallory'", "DELETE FROM audit_log", "TRUNCATE audit_log"] {
        assert!(!sql(database.port, refused), "{refused}");
    }
    sound(store.as_ref());
    let tamper = |what: &str| {
        let behind = format!("SET session_replication_role = replica; BEGIN; {what}; COMMIT");
        database.does(&behind);
        store.verify().unwrap().faults.join("\n")
    };
    let last = "seq = (SELECT max(seq) FROM audit_log)";
    let kept = "CREATE TABLE kept AS SELECT * FROM audit_log";
    database.does(kept);
    let whole = "DELETE FROM audit_log; INSERT INTO audit_log SELECT * FROM kept";
    let found = tamper(&format!("UPDATE audit_log SET actor = 'mallory' WHERE {last}"));
    assert!(found.contains("a column does not say what the entry says"), "{found}");
    let found = tamper(&format!("{whole}; UPDATE audit_log SET payload = payload || ' ' WHERE seq = 1"));
    assert!(found.contains("entry 1") && found.contains("was changed"), "{found}");
    let found = tamper(&format!("{whole}; DELETE FROM audit_log WHERE seq = 1"));
    assert!(found.contains("entry 1: the entry is missing"), "{found}");
    let found = tamper(&format!("{whole}; DELETE FROM audit_log WHERE {last}"));
    assert!(found.contains("this entry and what followed it are missing"), "{found}");
    assert_eq!(tamper(whole), "", "as it was before");
}

#[test]
fn a_database_that_a_newer_driftguard_has_changed_is_refused() {
    let Some(database) = Database::new() else { return };
    drop(database.open("acme"));
    drop(database.open("acme"));
    database.does(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'of the future', true, '', 0)",
    );
    let error = database.try_open("acme").err().unwrap();
    assert!(matches!(error, StoreError::Newer { found: 9999, .. }), "{error}");
    assert!(error.to_string().contains("use the newer driftguard"), "{error}");
}

#[test]
fn what_one_organisation_has_does_not_exist_for_another() {
    let Some(database) = Database::new() else { return };
    database.does("CREATE ROLE service LOGIN; GRANT ALL ON SCHEMA public TO service");
    let open = |organization: &str| {
        let url = database.url().replace("owner@", "service@");
        store::open_url(&url, &Slug::from_text(organization), OpenMode::ReadWrite, Options::default()).unwrap().store
    };
    let (acme, umbrella) = (open("acme"), open("umbrella"));
    scan(acme.as_ref(), &["vpc-1"]);
    let drift = all(acme.as_ref()).remove(0);
    acme.decide(decision(&drift, TriageVerb::Acknowledge)).unwrap();
    assert!(matches!(umbrella.drift(drift.id), Err(StoreError::NotFound(_))));
    assert!(matches!(umbrella.decide(decision(&drift, TriageVerb::Reopen)), Err(StoreError::NotFound(_))));
    assert!(all(umbrella.as_ref()).is_empty() && umbrella.audit(10).unwrap().is_empty());
    assert_eq!(umbrella.open_counts(&env()).unwrap(), Default::default());
    assert_ne!(umbrella.redaction_key(), acme.redaction_key());
    // The same environment and resource in both: neither is the other's.
    scan(umbrella.as_ref(), &["vpc-1"]);
    assert_eq!((all(umbrella.as_ref()).len(), all(acme.as_ref()).len()), (1, 1));
    assert_ne!(all(umbrella.as_ref())[0].id, drift.id);
    // The second wall: a statement that names no organisation sees none.
    let seen = "SET ROLE service; SELECT count(*) FROM drift_events";
    assert_eq!(database.says(seen), "0");
    assert_eq!(database.says("SELECT count(*) FROM drift_events"), "2");
}

#[test]
fn columns_say_what_the_records_say() {
    let Some(database) = Database::new() else { return };
    let store = database.open("acme");
    scan(store.as_ref(), &["vpc-1"]);
    let drift = all(store.as_ref()).remove(0);
    store.decide(decision(&drift, TriageVerb::Acknowledge)).unwrap();
    let row = database.says(
        "SELECT state, severity, resource_id, environment, version, \
         (extract(epoch FROM detected_at) * 1000000)::bigint FROM drift_events",
    );
    let now = store.drift(drift.id).unwrap().event;
    let micros = now.detected_at.as_microsecond();
    let severity = serde_json::to_value(now.severity_class()).unwrap();
    let severity = severity.as_str().unwrap();
    assert_eq!(row, format!("acknowledged|{severity}|vpc-1|{}|{}|{micros}", env(), now.version));
    let log = "SELECT action, actor FROM audit_log ORDER BY seq DESC LIMIT 1";
    assert_eq!(database.says(log), "acknowledge|alice");
    // A drift of this month lies in this month's partition.
    assert_eq!(database.says("SELECT count(*) FROM drift_events_other"), "0");
}

#[test]
fn an_export_goes_from_sled_to_postgres_and_back_unchanged() {
    let Some(database) = Database::new() else { return };
    let dir = tempfile::tempdir().unwrap();
    let sled = |name: &str| store::open(&dir.path().join(name), OpenMode::ReadWrite).unwrap().store;
    let first = sled("first");
    scan(first.as_ref(), &["vpc-1", "vpc-2"]);
    first.decide(decision(&all(first.as_ref())[0], TriageVerb::Acknowledge)).unwrap();
    let exported = |store: &dyn Store| {
        let mut text = Vec::new();
        store.export(&mut text).unwrap();
        text
    };
    let text = exported(first.as_ref());
    let (middle, last) = (database.open("acme"), sled("last"));
    middle.import(&mut &text[..]).unwrap();
    sound(middle.as_ref());
    let between = exported(middle.as_ref());
    assert_eq!(String::from_utf8(between.clone()), String::from_utf8(text.clone()));
    last.import(&mut &between[..]).unwrap();
    assert_eq!(exported(last.as_ref()), text);
    let drift = &all(middle.as_ref())[0];
    middle.decide(decision(drift, TriageVerb::Reopen)).unwrap();
    sound(middle.as_ref());
    let known = database.open("acme");
    assert_eq!(known.redaction_key(), first.redaction_key());
    assert!(known.directory().is_none());
}

#[test]
fn a_store_is_copied_from_sled_to_postgres_and_back_and_compared() {
    let Some(database) = Database::new() else { return };
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).display().to_string();
    {
        let store = store::open(&home.path().join("first"), OpenMode::ReadWrite).unwrap().store;
        scan(store.as_ref(), &["vpc-1", "vpc-2", "vpc-3"]);
        store.decide(decision(&all(store.as_ref())[0], TriageVerb::Acknowledge)).unwrap();
    }
    let copy = |from: &str, to: &str| run(driftguard(home.path()).args(["store", "copy", from, to]));
    let (code, there, err) = copy(&path("first"), &database.url());
    assert_eq!(code, 0, "{there}{err}");
    assert!(there.contains("records copied and compared"), "{there}");
    let (code, back, err) = copy(&database.url(), &path("last"));
    assert_eq!((code, &back), (0, &there), "{err}");
    let (code, out, err) = copy(&path("first"), &database.url());
    assert_ne!(code, 0, "{out}");
    assert!(err.contains("the store is not empty"), "{err}");
    let (first, last) = (path("first"), path("last"));
    let [first, last] = [first, last].map(|at| store::open(at.as_ref(), OpenMode::ReadWrite).unwrap().store);
    assert_eq!(all(first.as_ref()), all(last.as_ref()));
}

#[test]
fn how_drifts_went_is_counted_alike_in_both_engines() {
    let Some(database) = Database::new() else { return };
    let dir = tempfile::tempdir().unwrap();
    let sled = store::open(&dir.path().join("store"), OpenMode::ReadWrite).unwrap().store;
    scan(sled.as_ref(), &["vpc-1", "vpc-2", "vpc-3", "vpc-4"]);
    let drifts = all(sled.as_ref());
    let resolution_type = driftguard::drift::ResolutionType::CodifyIac;
    sled.decide(decision(&drifts[0], TriageVerb::Resolve { resolution_type, until: None })).unwrap();
    sled.decide(decision(&drifts[1], TriageVerb::Acknowledge)).unwrap();
    scan(sled.as_ref(), &["vpc-1", "vpc-3"]);
    let mut text = Vec::new();
    sled.export(&mut text).unwrap();
    let shared = database.open("acme");
    shared.import(&mut &text[..]).unwrap();
    let stats = sled.stats(&[], 30).unwrap();
    assert!(stats.resolved > 0 && stats.unresolved > 0 && stats.healed > 0, "{stats:?}");
    assert_eq!(shared.stats(&[], 30).unwrap(), stats);
    assert_eq!(shared.stats(&[Slug::from_text("nowhere")], 30).unwrap().total, 0);
}

#[test]
fn a_write_sent_again_is_done_once_on_postgresql() {
    let Some(database) = Database::new() else { return };
    super::once::is_done_once(database.open("acme"), || database.open("acme"));
    // Another server on the same database knows it too.
    let (one, two) = (database.open("acme"), database.open("acme"));
    scan(one.as_ref(), &["c"]);
    let drift = all(one.as_ref()).remove(0);
    let note = decision(&drift, TriageVerb::Note { text: "once".into() });
    let request = TriageRequest { once: Some(driftguard::drift::Once::new("k", "r")), ..note };
    let (first, again) = (one.decide(request.clone()).unwrap(), two.decide(request).unwrap());
    assert_eq!(first.seq, again.seq);
}

#[test]
fn an_analysis_that_fails_at_any_table_leaves_nothing_of_itself() {
    let Some(database) = Database::new() else { return };
    let store = database.open("acme");
    scan(store.as_ref(), &["vpc-1"]);
    database
        .does("CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stopped'; END $$");
    let tables = database.says(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') \
         AND NOT c.relispartition AND n.nspname = 'public' ORDER BY 1",
    );
    let before = all(store.as_ref()).remove(0);
    let mut analysis = before.analysis.clone();
    analysis.cause.cause_category = Cause::EmergencyFix;
    analysis.severity.security = Score::percent(95);
    let advice = vec![super::approving::advice()];
    let mut stopped = 0;
    for table in tables.lines() {
        database.does(&format!(
            "CREATE TRIGGER stop BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION stop()"
        ));
        let seen = store.drift(before.id).unwrap().event;
        let outcome = store.advise(before.id, seen.version, &analysis, &advice);
        database.does(&format!("DROP TRIGGER stop ON {table}"));
        let now = store.drift(before.id).unwrap().event;
        match outcome {
            Err(_) => {
                stopped += 1;
                assert_eq!(now, seen, "{table}");
            }
            Ok(event) => {
                assert_eq!((&now, &now.analysis, &now.recommendations), (&event, &analysis, &advice), "{table}");
                // For the next table all of it is to be written again.
                store.advise(before.id, now.version, &before.analysis, &[]).unwrap();
            }
        }
        sound(store.as_ref());
    }
    assert!(stopped >= 2, "it writes to more than one table: {stopped} of {}", tables.lines().count());
}
