//! The figures of a day are what counting its drifts tells: on files and in a database, after scans, decisions, what is taken back,
//! analyses and advice that was carried out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use driftguard::drift::*;
use driftguard::service::{DriftService, LocalService};
use driftguard::store::{OpenMode, Store, open};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Handle;

use super::loading::{environments, scanned};
use super::postgres::Database;
use super::store::all;

/// Days before now, each at another hour.
fn days() -> Vec<Timestamp> {
    let first = Timestamp::from_second(Timestamp::now().as_second() - 3600 * 24 * 6).unwrap();
    (0..5).map(|n| first + SignedDuration::from_hours(25 * n)).collect()
}

/// One drift after the other, in words of its own.
fn raw(store: &dyn Store) -> Vec<String> {
    let mut days: BTreeMap<(Slug, String), Vec<DriftEvent>> = BTreeMap::new();
    for event in all(store) {
        let date = event.detected_at.to_zoned(TimeZone::UTC).date().to_string();
        days.entry((event.environment.clone(), date)).or_default().push(event);
    }
    let told = days.into_iter().map(|((slug, date), drifts)| {
        let went = |event: &&DriftEvent| {
            let goes_on = matches!(event.closure, Some(Closure::Superseded | Closure::Continued));
            matches!(event.state, State::Resolved | State::Closed) && event.resolved_at.is_some() && !goes_on
        };
        let resolved: Vec<&DriftEvent> = drifts.iter().filter(went).collect();
        let seconds: i64 =
            resolved.iter().map(|event| event.resolved_at.unwrap().duration_since(event.detected_at).as_secs()).sum();
        let mut causes: BTreeMap<&str, u64> = BTreeMap::new();
        let mut classes: BTreeMap<&str, u64> = BTreeMap::new();
        let (mut advised, mut followed) = (0, 0);
        for event in &drifts {
            *causes.entry(event.analysis.cause.cause_category.as_str()).or_default() += 1;
            *classes.entry(event.severity_class().as_str()).or_default() += 1;
            let advice = || event.recommendations.iter().filter(|one| one.resolution_type().is_some());
            let decided = event.decision.as_ref().and_then(|one| one.resolution_type);
            let is_settled_so =
                |one: &Recommendation| event.state == State::Resolved && one.resolution_type() == decided;
            let is_followed = advice().any(|one| one.implemented_at.is_some() || is_settled_so(one));
            advised += u64::from(is_followed || advice().any(|one| one.vetoed.is_none()));
            followed += u64::from(is_followed);
        }
        let average = (!resolved.is_empty()).then(|| seconds / resolved.len() as i64);
        let rate = (advised > 0).then(|| format!("{:.4}", followed as f64 / advised as f64));
        format!("{slug} {date} {} {} {average:?} {causes:?} {classes:?} {rate:?}", drifts.len(), resolved.len())
    });
    told.collect()
}

fn kept(store: &dyn Store) -> Vec<String> {
    let told = store.daily(&[], 30).unwrap().into_iter().map(|day| {
        let causes: BTreeMap<&str, u64> =
            day.top_cause_categories.iter().map(|one| (one.cause.as_str(), one.drifts)).collect();
        assert!(day.top_cause_categories.is_sorted_by(|a, b| a.drifts >= b.drifts), "the most frequent first");
        let classes: BTreeMap<&str, u64> =
            day.severity_distribution.iter().map(|(class, drifts)| (class.as_str(), *drifts)).collect();
        let average = day.avg_resolution_time.map(|seconds| seconds as i64);
        let rate = day.recommendation_adoption_rate.map(|rate| format!("{rate:.4}"));
        let DailyMetrics { environment, date, total_drifts, resolved_drifts, .. } = day;
        format!("{environment} {date} {total_drifts} {resolved_drifts} {average:?} {causes:?} {classes:?} {rate:?}")
    });
    told.collect()
}

fn asked(drift: DriftId, verb: TriageVerb) -> TriageRequest {
    let (reason, actor) = (Some("because".into()), "alice".into());
    TriageRequest { drift, verb, reason, actor, expected_version: None, once: None }
}

/// All that moves the figures, each compared with what counting tells.
async fn lived_through(store: &Arc<dyn Store>, name: &str) {
    let same = |what: &str| assert_eq!(kept(store.as_ref()), raw(store.as_ref()), "{name}, after {what}");
    scanned(store.as_ref(), &days(), 8);
    same("scans");
    assert!(kept(store.as_ref()).len() >= 8, "{:?}", kept(store.as_ref()));
    let service = LocalService::start(Arc::clone(store), vec![], Handle::current());
    let drifts = all(store.as_ref());
    let resolve = TriageVerb::Resolve { resolution_type: ResolutionType::CodifyIac, until: None };
    let receipt = service.triage(asked(drifts[0].id, resolve)).await.unwrap();
    same("a decision");
    service.triage(asked(drifts[0].id, TriageVerb::Undo { seq: receipt.seq })).await.unwrap();
    same("its undoing");
    for event in &drifts[..4] {
        service.analyse(event.id, None).await.unwrap();
    }
    same("analyses");
    let judge = TriageVerb::JudgeCause { cause: Cause::EmergencyFix, features: None };
    service.triage(asked(drifts[1].id, judge)).await.unwrap();
    same("a cause that a person corrected");
    let advised = service.drift(drifts[1].id).await.unwrap().event;
    let key = advised.recommendations.iter().find(|one| one.resolution_type().is_some()).unwrap().key();
    service.answer_advice(advised.id, key, true, "done".into()).await.unwrap();
    same("advice that was carried out");
    let rates: Vec<f64> =
        store.daily(&[], 30).unwrap().iter().filter_map(|day| day.recommendation_adoption_rate).collect();
    assert!(rates.iter().any(|rate| *rate > 0.0 && *rate <= 1.0), "{rates:?}");
    let only = store.daily(&[environments()[0].clone()], 30).unwrap();
    assert!(only.iter().all(|day| day.environment == environments()[0]) && !only.is_empty());
    assert_eq!(store.daily(&[], 1).unwrap().iter().filter(|day| day.date < first_day()).count(), 0);
    service.shutdown().await;
}

fn first_day() -> jiff::civil::Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_of_a_day_are_those_of_its_drifts_over_files() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("store"), OpenMode::ReadWrite).unwrap().store;
    lived_through(&store, "files").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_of_a_day_are_those_of_its_drifts_over_a_database() {
    let Some(database) = tokio::task::spawn_blocking(Database::new).await.unwrap() else { return };
    let store = tokio::task::block_in_place(|| database.open("acme"));
    lived_through(&store, "a database").await;
    let before = kept(store.as_ref());
    tokio::task::block_in_place(|| {
        // Made anew they are the same.
        database.does("SELECT driftguard_count_days_again(id) FROM organizations");
        assert_eq!(kept(store.as_ref()), before);
        // Rows from before the columns count as of unknown cause until the next upkeep.
        database.does("UPDATE drift_events SET cause = NULL, advice = NULL");
        assert_ne!(kept(store.as_ref()), before);
        store.upkeep(&AtomicBool::new(false)).unwrap();
        assert_eq!(kept(store.as_ref()), before);
    });
}
