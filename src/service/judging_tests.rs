//! Deciding about many at once costs what is common to them once.

use std::cell::Cell;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use super::super::evidence::Beforehand;
use super::*;
use crate::drift::{
    Analysis, Cause, Change, ChangeType, Completeness, DriftEvent, DriftType, Finding, ResourceRef, ScanStage,
    ScanSummary, Severity, Slug,
};
use crate::safety::Masked;
use crate::store::{self, Direction, DriftFilter, OpenMode, PageRequest};

const MANY: usize = 12;

fn finding(at: usize, environment: &Slug) -> Finding {
    let resource_id = format!("aws_instance.web{at}");
    let value = |text: &str| Some(Masked::trusted(json!(text)));
    let change = Change {
        path: "instance_type".into(),
        change_type: ChangeType::Modified,
        declared: value("t3.micro"),
        actual: value("t3.large"),
        is_security_critical: false,
        remembered_at: None,
    };
    Finding {
        environment: environment.clone(),
        resource: ResourceRef {
            resource_type: "aws_instance".into(),
            resource_id: resource_id.as_str().into(),
            previous_address: None,
            provider_id: None,
            declared_in: None,
        },
        drift_type: DriftType::Modified,
        changes: vec![change],
        hidden: vec![],
        unverified: vec![],
        declared_state: value("was"),
        actual_state: value("is"),
        analysis: Analysis {
            cause: Default::default(),
            severity: Severity::default(),
            reasons: vec![],
            direction: Default::default(),
            disruption: None,
            changed_by: vec![],
            analyzed_at: Timestamp::now(),
            took_micros: None,
        },
        recommendations: vec![],
        dependants: 0,
        tags: vec![],
    }
}

/// One scan that found many, in a store of its own.
fn world() -> (Arc<dyn Store>, Vec<DriftEvent>, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = store::open(dir.path(), OpenMode::ReadWrite).unwrap().store;
    let slug = Slug::from_text("lab");
    let environment = json!({
        "organization": "local", "slug": "lab", "name": "Lab", "cloud_provider": "aws", "is_active": true,
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"
    });
    store.put_environment(&serde_json::from_value(environment).unwrap()).unwrap();
    let scan = store.begin_scan(&slug, Timestamp::now()).unwrap();
    store.record(scan, (0..MANY).map(|at| finding(at, &slug)).collect()).unwrap();
    let nothing = ScanSummary::of_nothing(scan, slug, Timestamp::now());
    let summary = ScanSummary { stage: ScanStage::Done, completeness: Completeness::Complete, ..nothing };
    store.finish_scan(scan, summary).unwrap();
    let (filter, direction) = (DriftFilter::default(), Direction::Older);
    let request = PageRequest { filter, cursor: None, direction, limit: 50 };
    let drifts = store.page(&request).unwrap().data;
    assert_eq!(drifts.len(), MANY);
    (store, drifts, dir)
}

/// What one call of many decisions cost: environments asked for, scenes read, drifts thought about.
fn decided(store: &dyn Store, requests: Vec<TriageRequest>) -> ([usize; 3], Vec<Receipt>) {
    let (asked, policies) = (Cell::new(0), Policies::default());
    let judged: Vec<bool> = requests.iter().map(|one| is_thought_over(store, &one.verb, &policies)).collect();
    let mut round = Round::new(store, |_| {
        asked.set(asked.get() + 1);
        Beforehand::default()
    });
    let requests = with_evidence(&mut round, requests);
    let mut answers: Vec<_> =
        store.decide_many(requests).into_iter().map(|one| one.map_err(super::super::told)).collect();
    let thought = think_anew(&mut round, &judged, &mut answers);
    let read = round.read;
    ([asked.get(), read, thought], answers.into_iter().map(|answer| answer.unwrap()).collect())
}

fn request(drift: &DriftEvent, verb: TriageVerb) -> TriageRequest {
    TriageRequest { drift: drift.id, expected_version: None, actor: "alice".into(), reason: None, verb, once: None }
}

fn undone(drifts: &[DriftEvent], receipts: &[Receipt]) -> Vec<TriageRequest> {
    drifts.iter().zip(receipts).map(|(drift, receipt)| request(drift, TriageVerb::Undo { seq: receipt.seq })).collect()
}

#[test]
fn taking_back_what_says_nothing_of_the_cause_thinks_of_nothing_anew() {
    let (store, drifts, _dir) = world();
    let acknowledged = drifts.iter().map(|drift| request(drift, TriageVerb::Acknowledge)).collect();
    let (cost, receipts) = decided(store.as_ref(), acknowledged);
    assert_eq!(cost, [0, 0, 0]);
    let (cost, receipts) = decided(store.as_ref(), undone(&drifts, &receipts));
    assert_eq!(cost, [0, 0, 0], "neither a setting nor a scene is read for it");
    assert!(receipts.iter().all(|receipt| receipt.drifts[0].state == crate::drift::State::Open));
}

#[test]
fn a_cause_said_of_many_and_taken_back_reads_what_is_around_them_once() {
    let (store, drifts, _dir) = world();
    let judge = |drift| request(drift, TriageVerb::JudgeCause { cause: Cause::EmergencyFix, features: None });
    let (cost, receipts) = decided(store.as_ref(), drifts.iter().map(judge).collect());
    assert_cost(cost);
    let cause = |receipt: &Receipt| receipt.drifts[0].analysis.cause.cause_category;
    assert!(receipts.iter().all(|receipt| cause(receipt) == Cause::EmergencyFix));
    let kept = store.audit_entry(receipts[MANY - 1].seq).unwrap().unwrap();
    assert!(matches!(kept.verb, Some(TriageVerb::JudgeCause { features: Some(_), .. })), "with its evidence: {kept:?}");
    let (cost, receipts) = decided(store.as_ref(), undone(&drifts, &receipts));
    assert_cost(cost);
    assert!(receipts.iter().all(|receipt| cause(receipt) != Cause::EmergencyFix));
}

/// Each is thought about; a scene is read once more where a minute ended while the scan wrote.
fn assert_cost([asked, read, thought]: [usize; 3]) {
    assert!(asked == 1 && (1..=2).contains(&read) && thought == MANY, "{asked} {read} {thought}");
}
