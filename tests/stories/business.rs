//! What came of the watching is what counting the raw records tells: on files and in a database, after scans, decisions and what is
//! taken back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use driftguard::api::Role;
use driftguard::drift::*;
use driftguard::safety::Redactor;
use driftguard::server::{Principal, Tokens};
use driftguard::service::{DriftService, LocalService, ServiceError};
use driftguard::store::{OpenMode, Store, open};
use jiff::Timestamp;
use serde_json::json;
use tokio::runtime::Handle;

use super::postgres::Database;
use super::remote::{Running, acme, connect};
use super::store::{all, env, finding, home, ignoring};

const DAYS: u32 = 30;
/// Resources of each scan that are in sync.
const IN_SYNC: u64 = 12;

/// A database whose encryption is off, which controls name.
fn unencrypted(id: &str) -> Finding {
    let mut one = finding(id);
    one.resource.resource_type = "aws_db_instance".into();
    one.changes[0].path = "storage_encrypted".into();
    let redactor = Redactor::new([0; 32]);
    let mask = |is: bool| Some(redactor.mask("aws_db_instance", &json!(is), &[]));
    (one.changes[0].declared, one.changes[0].actual) = (mask(true), mask(false));
    one
}

fn scan(store: &dyn Store, ids: &[&str]) {
    let now = Timestamp::now();
    let id = store.begin_scan(&env(), now).unwrap();
    store.record(id, ids.iter().map(|id| unencrypted(id)).collect()).unwrap();
    let drifted = ids.len() as u64;
    let counts = Counts { resources: IN_SYNC + drifted, in_sync: IN_SYNC, drifted, ..Counts::default() };
    store.finish_scan(id, ScanSummary { counts, ..ScanSummary::of_nothing(id, env(), now) }).unwrap();
}

fn drift(store: &dyn Store, id: &str) -> DriftId {
    all(store).into_iter().find(|event| event.resource.resource_id.raw() == id).unwrap().id
}

async fn does(service: &LocalService, by: &str, drift: DriftId, verb: TriageVerb) -> u64 {
    let (reason, actor) = (Some("because".into()), by.into());
    let request = TriageRequest { drift, verb, reason, actor, expected_version: None, once: None };
    service.triage(request).await.unwrap().seq
}

fn settle(resolution_type: ResolutionType) -> TriageVerb {
    TriageVerb::Resolve { resolution_type, until: None }
}

/// One record after the other, by the definitions as they stand in words.
fn raw(store: &dyn Store) -> Business {
    let drifts = all(store);
    let trail = store.audit(10_000).unwrap();
    let acts: Vec<&AuditEntry> = trail.iter().filter(|one| one.success && one.actor.raw() != "system").collect();
    let people: BTreeSet<&str> = acts.iter().map(|one| one.actor.raw()).collect();
    let (mut causes_right, mut noise, mut remediated) = (Ratio::default(), Ratio::default(), Ratio::default());
    for event in &drifts {
        let mut said: Vec<AuditEntry> = store.drift(event.id).unwrap().history;
        said.retain(|one| one.undone_by.is_none());
        // Causes: the last word beside what the rules make of the evidence.
        let word = said.iter().find_map(|one| match &one.verb {
            Some(TriageVerb::JudgeCause { cause, features }) => Some((*cause, features.clone().unwrap())),
            _ => None,
        });
        if let Some((cause, features)) = word {
            let rules: Vec<f64> = features.values[..6].to_vec();
            let most = rules.iter().copied().fold(0.0, f64::max);
            if rules[5] < most {
                causes_right.of += 1;
                causes_right.part += u64::from(rules[Cause::ALL.iter().position(|one| *one == cause).unwrap()] == most);
            }
        }
        // The last word on the drift as a whole.
        match said.iter().filter(|one| one.drift == Some(event.id)).find_map(|one| match &one.verb {
            Some(TriageVerb::Ignore { .. }) => Some("ignored"),
            Some(TriageVerb::Resolve { .. } | TriageVerb::SettleChanges { .. }) => Some("settled"),
            Some(TriageVerb::Reopen) => Some("open"),
            _ => None,
        }) {
            Some("ignored") => noise = Ratio { part: noise.part + 1, of: noise.of + 1 },
            Some("settled") => noise.of += 1,
            _ => {}
        }
        // Each time it was set right and gone: until it came back, if it did.
        for (at, one) in said.iter().enumerate() {
            let Some(TriageVerb::Resolve { resolution_type, .. }) = &one.verb else { continue };
            if !["auto_revert", "codify_iac"].contains(&resolution_type.as_str()) {
                continue;
            }
            let after: Vec<&str> = said[..at].iter().rev().map(|later| later.action.as_str()).collect();
            let until = after.iter().position(|action| *action == "resolve_drift").unwrap_or(after.len());
            if let Some(gone) = after[..until].iter().position(|action| *action == "gone") {
                remediated.of += 1;
                remediated.part += u64::from(!after[gone..until].contains(&"regressed"));
            }
        }
    }
    let failing = drifts.iter().filter(|one| matches!(one.state, State::Open | State::Acknowledged)).count() as u64;
    let counts = store.last_scan(&env()).unwrap().unwrap().counts;
    let compared = counts.in_sync + counts.drifted;
    let named = ["cis", "gdpr", "hipaa", "iso27001", "nist", "pci_dss", "soc2"];
    let compliance = named.map(|of| (of.to_owned(), Ratio { part: compared - failing, of: compared })).into();
    let mut took: Vec<u64> = drifts.iter().filter_map(|event| event.analysis.took_micros).collect();
    took.sort_unstable();
    let advised = drifts.iter().filter(|one| Advised::of(one) != Advised::None).count() as u64;
    let followed = drifts.iter().filter(|one| Advised::of(one) == Advised::Followed).count() as u64;
    let mut by_day = vec![0; DAYS as usize];
    by_day[DAYS as usize - 1] = drifts.len() as u64;
    let mut causes: BTreeMap<Cause, u64> = BTreeMap::new();
    let mut severities: BTreeMap<SeverityClass, u64> = BTreeMap::new();
    for event in &drifts {
        *causes.entry(event.analysis.cause.cause_category).or_default() += 1;
        *severities.entry(event.severity_class()).or_default() += 1;
    }
    let mut causes: Vec<CauseCount> = causes.into_iter().map(|(cause, drifts)| CauseCount { cause, drifts }).collect();
    causes.sort_by_key(|one| (std::cmp::Reverse(one.drifts), one.cause));
    Business {
        days: DAYS,
        detected: Some(drifts.len() as u64),
        by_day,
        severities,
        causes,
        causes_right,
        noise,
        analysis: (!took.is_empty()).then(|| AnalysisTimes {
            measured: took.len() as u64,
            p50_micros: took[(took.len() - 1) / 2],
            p95_micros: took[took.len() - 1],
        }),
        adopted: Ratio { part: followed, of: advised },
        remediated,
        compliance,
        activity: Some(Activity { people: people.len() as u64, acts: acts.len() as u64 }),
    }
}

async fn lived_through(store: &Arc<dyn Store>, name: &str) {
    store.put_environment(&home()).unwrap();
    let service = LocalService::start(Arc::clone(store), vec![], Handle::current());
    let nothing = service.business(vec![], DAYS).await.unwrap();
    assert!(nothing.figures().iter().all(|one| one.value.is_none()), "{nothing:?}");
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    scan(store.as_ref(), &names);
    let of = |name: &str| drift(store.as_ref(), name);
    let told = || service.business(vec![], DAYS);
    assert_eq!(told().await.unwrap(), raw(store.as_ref()), "{name}, after a scan");

    service.analyse(of("a"), Some("this was an emergency fix".into())).await.unwrap();
    service.analyse(of("g"), None).await.unwrap();
    does(&service, "alice", of("a"), settle(ResolutionType::CodifyIac)).await;
    does(&service, "alice", of("b"), settle(ResolutionType::AutoRevert)).await;
    does(&service, "bob", of("c"), settle(ResolutionType::Accepted)).await;
    let rule = ignoring(Some(env()), None, Some("d".into()));
    does(&service, "alice", of("d"), TriageVerb::Ignore { rule }).await;
    for (one, cause) in [("a", Cause::EmergencyFix), ("e", Cause::ConfigurationError)] {
        does(&service, "bob", of(one), TriageVerb::JudgeCause { cause, features: None }).await;
    }
    let seq = does(&service, "alice", of("f"), settle(ResolutionType::CodifyIac)).await;
    does(&service, "alice", of("f"), TriageVerb::Undo { seq }).await;
    does(&service, "carol", of("g"), TriageVerb::Note { text: "looking".into() }).await;
    let decided = told().await.unwrap();
    assert_eq!(decided, raw(store.as_ref()), "{name}, after decisions");
    assert!(decided.analysis.is_some_and(|times| times.measured >= 2 && times.p50_micros > 0), "{decided:?}");

    scan(store.as_ref(), &names[2..]);
    let gone = told().await.unwrap();
    assert_eq!(gone, raw(store.as_ref()), "{name}, after two are gone");
    assert_eq!(gone.remediated, Ratio { part: 2, of: 2 });
    scan(store.as_ref(), &["a", "c", "d", "e", "f", "g", "h"]);
    let after = told().await.unwrap();
    assert_eq!(after, raw(store.as_ref()), "{name}, after one came back");
    assert_eq!(after.remediated, Ratio { part: 1, of: 2 });
    assert_eq!(after.activity, Some(Activity { people: 3, acts: 9 }));
    assert_eq!((after.noise, after.causes_right.of > 0), (Ratio { part: 1, of: 4 }, true), "{after:?}");
    let elsewhere = service.business(vec![Slug::from_text("elsewhere")], DAYS).await.unwrap();
    assert!(elsewhere.figures().iter().all(|one| one.value.is_none()), "{elsewhere:?}");
    service.shutdown().await;
}

/// A scan that is denied all but one resource which is in sync.
fn scan_denied(store: &dyn Store) {
    let now = Timestamp::now() + jiff::SignedDuration::from_secs(60);
    let id = store.begin_scan(&env(), now).unwrap();
    let counts = Counts { resources: 1, in_sync: 1, ..Counts::default() };
    let completeness = Completeness::Partial { unverified_types: vec!["aws_db_instance".into()] };
    let summary = ScanSummary { counts, completeness, ..ScanSummary::of_nothing(id, env(), now) };
    store.finish_scan(id, summary).unwrap();
}

#[test]
fn what_a_scan_could_not_see_still_counts_against_compliance_and_never_for_more_than_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("store"), OpenMode::ReadWrite).unwrap().store;
    store.put_environment(&home()).unwrap();
    scan(store.as_ref(), &["a", "b", "c"]);
    let cis = |store: &dyn Store| {
        driftguard::service::business(store, &[], DAYS, Timestamp::now()).unwrap().compliance["cis"]
    };
    assert_eq!(cis(store.as_ref()), Ratio { part: IN_SYNC, of: IN_SYNC + 3 });
    scan_denied(store.as_ref());
    assert_eq!(cis(store.as_ref()), Ratio { part: 1, of: 4 }, "one compared, three known to drift");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_of_it_is_what_counting_tells_over_files() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("store"), OpenMode::ReadWrite).unwrap().store;
    lived_through(&store, "files").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_of_it_is_what_counting_tells_over_a_database() {
    let Some(database) = tokio::task::spawn_blocking(Database::new).await.unwrap() else { return };
    let store = tokio::task::block_in_place(|| database.open("acme"));
    lived_through(&store, "a database").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_tells_the_same_to_who_sees_all_of_it_and_nothing_of_what_is_seen_in_part() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("store"), OpenMode::ReadWrite).unwrap().store;
    store.put_environment(&home()).unwrap();
    scan(store.as_ref(), &["a", "b"]);
    let service = LocalService::start(Arc::clone(&store), vec![], Handle::current());
    does(&service, "alice", drift(store.as_ref(), "a"), TriageVerb::Acknowledge).await;
    let principal = |name: &str, grants: Option<serde_json::Value>| {
        let grants = grants.map(|grant| serde_json::from_value(grant).unwrap()).into_iter().collect();
        let whole = Principal::new(Slug::from_text("acme"), name.into(), Role::Viewer);
        (name.to_owned(), Principal { grants, ..whole })
    };
    let tokens = Tokens::new([
        principal("vic", None),
        principal("here", Some(json!({"environments": "prod", "access": "read"}))),
        principal("elsewhere", Some(json!({"environments": "staging", "access": "read"}))),
        principal("part", Some(json!({"environments": "*", "resource_types": "aws_s3_*", "access": "read"}))),
    ]);
    let running = Running::start(tokens, acme(service.clone()), ([127, 0, 0, 1], 0).into()).await;
    let ask = async |name: &str| connect(running.address, name).await.business(vec![], DAYS).await;
    let told = service.business(vec![], DAYS).await.unwrap();
    assert_eq!(told, raw(store.as_ref()));
    assert_eq!(ask("vic").await.unwrap(), told);
    assert_eq!(ask("here").await.unwrap(), told);
    let elsewhere = ask("elsewhere").await.unwrap();
    assert!(elsewhere.figures().iter().all(|one| one.value.is_none()), "{elsewhere:?}");
    let refused = ask("part").await.unwrap_err();
    assert!(matches!(&refused, ServiceError::Denied(why) if why.contains("that you see whole")), "{refused:?}");
    running.end().await;
    service.shutdown().await;
}
