//! `store verify` on a database somebody has been in by hand: what names something that is gone is told, whatever it is.

use driftguard::drift::{
    ContextData, ContextId, ContextSource, ContextType, OperationalContext, TimeWindow, TriageRequest, TriageVerb,
};
use driftguard::store::{AnalysisJob, Store};
use jiff::Timestamp;

use super::postgres::Database;
use super::store::{all, assert_sound, env, finding, ignoring, note, scan};
use super::support::{driftguard, run};

/// An environment with a drift, a rule, a mark and an analysis.
pub(crate) fn fill(store: &dyn Store) {
    scan(store, vec![finding("vpc-1"), finding("vpc-2")]);
    let drift = all(store).remove(0);
    let rule = ignoring(Some(env()), None, Some(drift.resource.resource_id.clone()));
    store.decide(TriageRequest { verb: TriageVerb::Ignore { rule }, ..note(drift.id, "") }).unwrap();
    let context = OperationalContext {
        id: ContextId::generate(),
        context_type: ContextType::Maintenance,
        context_data: ContextData { title: "window".into(), ..ContextData::default() },
        incident_impact: None,
        time_window: TimeWindow { from: Timestamp::now(), to: None },
        environments: vec![env()],
        source: ContextSource::Person,
    };
    store.put_context(&context, &"alice".into()).unwrap();
    let job = AnalysisJob::new(ulid::Ulid::generate(), drift.id, None, Timestamp::now());
    store.keep_analysis(&job).unwrap();
}

#[test]
fn what_somebody_took_out_of_the_database_by_hand_is_missed() {
    let Some(database) = Database::new() else { return };
    let home = tempfile::tempdir().unwrap();
    let store = database.open("acme");
    fill(store.as_ref());
    assert_sound(store.as_ref());
    drop(store);
    let verify = || {
        let mut command = driftguard(home.path());
        command.env("DRIFTGUARD_STORE", database.url()).args(["store", "verify", "--organization", "acme"]);
        let (code, out, _) = run(&mut command);
        (code, out)
    };
    assert_eq!(verify().0, 0);
    for (table, words) in [
        ("environments", "2 drifts belong to an environment prod, which does not exist"),
        ("environments", "1 scans belong to an environment prod"),
        ("environments", "is about an environment prod, which does not exist"),
        ("environments", "is about prod: no such environment exists"),
        ("ignore_rules", "is hidden by rule"),
        ("drift_ids", "which does not exist"),
        ("drifts_by_class", "is missing from by_class"),
        ("audit_by_drift", "is missing from"),
    ] {
        database.does(&format!("CREATE TABLE kept AS TABLE {table}; DELETE FROM {table}"));
        let (code, out) = verify();
        assert_eq!(code, 1, "{table}: {out}");
        assert!(out.contains(words), "{table}: {words} is not in\n{out}");
        database.does(&format!("INSERT INTO {table} SELECT * FROM kept; DROP TABLE kept"));
        assert_eq!(verify().0, 0, "{table}");
    }
    // What can be there once is the database's own affair, and where it cannot be, verify's.
    let twice =
        "INSERT INTO environments SELECT organization_id, 'other'::bytea, value, slug, is_active FROM environments";
    assert!(!super::lab::postgres::sql(database.port, twice), "two environments of one slug");
    database.does("UPDATE environments SET key = 'other'");
    let (code, out) = verify();
    assert!(code == 1 && out.contains("environment prod lies under another one's key"), "{out}");
    database.does("UPDATE environments SET key = 'prod'");
    let far = format!("UPDATE environments SET region = '{}'", "r".repeat(51));
    assert!(!super::lab::postgres::sql(database.port, &far), "a region of 51 characters");
    assert!(!super::lab::postgres::sql(database.port, "UPDATE environments SET account_id = repeat('1', 51)"));
    assert!(!super::lab::postgres::sql(database.port, "UPDATE environments SET cloud_provider = 'mars'"));
    assert_eq!(
        database.says("SELECT cloud_provider, region, account_id FROM environments"),
        "aws|eu-central-1|123456789012"
    );
    assert_eq!(verify().0, 0);
}
