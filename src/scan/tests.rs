//! What the pipeline promises, on sources in memory.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::{Value, json};

use super::doubles::{Cloud, Code, failure, scan, scan_with, sources, spec, thing};
use super::{CollectSink, EnvironmentSpec, Remembered, ScanContext, Seen, StandingDrift, pipeline};
use crate::declared::InstanceStatus;
use crate::drift::{Completeness, DriftId, DriftType, Finding, Prediction, ResourceRef, ScanStage, UnverifiedReason};
use crate::recommend::Policies;

fn ids(findings: &[Finding]) -> Vec<(DriftType, &str)> {
    findings.iter().map(|f| (f.drift_type, f.resource.resource_id.raw())).collect()
}

fn types(completeness: &Completeness) -> Option<Vec<&str>> {
    match completeness {
        Completeness::Complete => None,
        Completeness::Partial { unverified_types } => Some(unverified_types.iter().map(|t| t.raw()).collect()),
    }
}

fn one(address: &str) -> Code {
    Code::new("state", vec![thing(address, json!({"size": 1}))])
}

#[test]
fn every_resource_gets_exactly_one_of_the_answers() {
    let code = Code::new(
        "state",
        vec![
            thing("a.same", json!({"size": 1})),
            thing("a.changed", json!({"size": 1})),
            thing("a.gone", json!({"size": 1})),
            json!({"type": "denied", "address": "d.one", "values": {}}),
            json!({"type": "alien", "address": "x.one", "values": {}}),
        ],
    );
    let cloud = Cloud::new(&[
        ("a.same", json!({"size": 1})),
        ("a.changed", json!({"size": 2})),
        ("somebody-elses", json!({"size": 3})),
    ]);
    let (report, findings) = scan(vec![code], cloud);
    let mut found = ids(&findings);
    found.sort_by_key(|f| f.1);
    let expected =
        vec![(DriftType::Modified, "a.changed"), (DriftType::Deleted, "a.gone"), (DriftType::Added, "somebody-elses")];
    assert_eq!(found, expected);
    let counts = report.summary.counts;
    assert_eq!((counts.resources, counts.in_sync, counts.drifted, counts.unverified), (6, 1, 3, 2));
    let changed = findings.iter().find(|f| f.drift_type == DriftType::Modified).unwrap();
    assert_eq!(changed.changes[0].path.raw(), "size");
    assert_eq!(changed.changes[0].declared.as_ref().unwrap().value(), &json!(1));
    assert_eq!(changed.resource.provider_id.as_ref().unwrap().raw(), "id-a.changed");
    let reasons: Vec<_> = report.summary.unverified.iter().map(|(r, u)| (r.resource_id.raw(), u.reason)).collect();
    assert_eq!(reasons, [("d.one", UnverifiedReason::Denied), ("x.one", UnverifiedReason::NotObservable)]);
    assert_eq!(types(&report.summary.completeness), Some(vec!["alien", "denied"]), "their drift is not closed");
    assert_eq!(report.summary.stage, ScanStage::Done);
}

#[test]
fn findings_come_in_the_same_order_whatever_the_number_of_threads() {
    let documents: Vec<Value> = (0..2000).map(|n| thing(&format!("a.{n:04}"), json!({"size": n}))).collect();
    let live: Vec<(String, Value)> = (0..2000).map(|n| (format!("a.{n:04}"), json!({"size": n - n % 3}))).collect();
    let run = |workers| {
        let things: Vec<(&str, Value)> = live.iter().map(|(a, v)| (a.as_str(), v.clone())).collect();
        let sources = sources(vec![Code::new("state", documents.clone())], Cloud::new(&things));
        let (report, findings) = scan_with(workers, &sources, false);
        let found: Vec<String> = findings.iter().map(|f| f.resource.resource_id.raw().to_owned()).collect();
        (report.summary.counts, found)
    };
    let (counts, found) = run(1);
    assert_eq!(counts.drifted, 1333);
    assert_eq!((counts, found), run(4));
}

#[test]
fn a_type_that_could_not_be_listed_is_unverified_and_not_deleted() {
    let mut cloud = Cloud::new(&[]);
    cloud.failed = vec![(failure("cloud"), vec!["thing".into()])];
    let (report, findings) = scan(vec![one("a.gone")], cloud);
    assert!(findings.is_empty());
    assert_eq!(report.summary.unverified[0].1.reason, UnverifiedReason::SourceFailed);
    assert_eq!(types(&report.summary.completeness), Some(vec!["thing"]));
}

#[test]
fn a_recording_that_cannot_be_opened_says_nothing_about_any_type() {
    let mut sources = sources(vec![one("a.gone")], Cloud::new(&[]));
    sources.live_errors = vec![failure("snapshot.json")];
    let (report, findings) = scan_with(2, &sources, false);
    assert!(findings.is_empty());
    assert_eq!(types(&report.summary.completeness), Some(vec![]), "nothing at all may be closed");
    let failed: Vec<_> = report.summary.sources.iter().filter(|s| s.error.is_some()).collect();
    assert_eq!(failed[0].source.raw(), "snapshot.json");
    assert_eq!(failed[0].last_good, None);
}

#[test]
fn advice_for_what_no_code_declares_says_what_would_be_left() {
    let mut policies = Policies::default();
    let rule =
        "[[rule]]\nname = \"all is code\"\nadd = { type = \"codify_iac\", priority = \"high\", rationale = \"r\" }\n";
    policies.add("p.toml", rule).unwrap();
    let spec = EnvironmentSpec { policies: Arc::new(policies), ..spec() };
    let sources = sources(vec![], Cloud::new(&[("somebody-elses", json!({"size": 3}))]));
    let (cancel, mut sink) = (AtomicBool::new(false), CollectSink::default());
    let context = ScanContext::ad_hoc([7; 32], &cancel);
    pipeline::run_on(&spec, &sources, std::time::Duration::ZERO, &context, &mut sink).unwrap();
    let found = sink.drifts.iter().unwrap().next().unwrap().unwrap().finding;
    assert_eq!(found.drift_type, DriftType::Added);
    let predicted: Vec<_> = found.recommendations.iter().map(|one| one.predicted.clone()).collect();
    assert_eq!(predicted, [Some(Prediction::default())], "{:?}", found.recommendations);
}

#[test]
fn a_state_that_is_cut_off_keeps_what_it_gave_and_finds_nothing_unmanaged() {
    let mut code = one("a.changed");
    code.broken = true;
    let cloud = Cloud::new(&[("a.changed", json!({"size": 2})), ("maybe-declared-in-the-missing-part", json!({}))]);
    let (report, findings) = scan(vec![code], cloud);
    assert_eq!(ids(&findings), [(DriftType::Modified, "a.changed")]);
    assert_eq!(types(&report.summary.completeness), Some(vec![]));
    assert_eq!(report.errors.len(), 1);
}

#[test]
fn a_resource_that_does_not_parse_is_an_error_and_the_rest_is_scanned() {
    for kind in ["unreadable", "panic-in-parse"] {
        let broken = json!({"type": kind, "address": "b", "values": {}});
        let code = Code::new("state", vec![broken, thing("a.changed", json!({"size": 1}))]);
        let (report, findings) = scan(vec![code], Cloud::new(&[("a.changed", json!({"size": 2}))]));
        assert_eq!(ids(&findings), [(DriftType::Modified, "a.changed")], "{kind}");
        assert_eq!(report.errors.len(), 1, "{kind}");
        assert_eq!(types(&report.summary.completeness), Some(vec![]), "{kind}");
    }
}

#[test]
fn a_panic_on_one_resource_names_it_and_loses_nothing_else() {
    let code = Code::new("state", vec![thing("a.bomb", json!({})), thing("a.changed", json!({"size": 1}))]);
    let mut cloud = Cloud::new(&[("a.changed", json!({"size": 2}))]);
    cloud.explosive = "a.bomb";
    let (report, findings) = scan(vec![code], cloud);
    assert_eq!(ids(&findings), [(DriftType::Modified, "a.changed")]);
    assert!(report.errors[0].message.raw().contains("a.bomb"), "{:?}", report.errors);
    assert_eq!(report.summary.counts.unverified, 1);
    assert_eq!(types(&report.summary.completeness), Some(vec!["thing"]));
}

#[test]
fn a_cancelled_scan_closes_nothing() {
    let sources = sources(vec![one("a.changed")], Cloud::new(&[]));
    let (report, findings) = scan_with(2, &sources, true);
    assert!(findings.is_empty());
    assert_eq!(report.summary.stage, ScanStage::Cancelled);
    assert_eq!(types(&report.summary.completeness), Some(vec![]));
}

#[test]
fn one_address_in_two_states_is_two_drifts() {
    let code = vec![
        Code::new("east.tfstate", vec![thing("a.web", json!({"size": 1})), thing("a.only", json!({"size": 1}))]),
        Code::new("west.tfstate", vec![thing("a.web", json!({"size": 5}))]),
    ];
    let (_, findings) = scan(code, Cloud::new(&[("a.web", json!({"size": 2})), ("a.only", json!({"size": 2}))]));
    let mut found = ids(&findings);
    found.sort_by_key(|f| f.1);
    let expected = [
        (DriftType::Modified, "a.only"),
        (DriftType::Modified, "a.web (east.tfstate)"),
        (DriftType::Modified, "a.web (west.tfstate)"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn deposed_instances_are_listed_and_tainted_ones_compared() {
    let mut deposed = thing("a.web", json!({"size": 9}));
    deposed["status"] = json!("deposed");
    let mut tainted = thing("a.db", json!({"size": 1}));
    tainted["status"] = json!("tainted");
    let cloud = Cloud::new(&[("a.web", json!({"size": 1})), ("a.db", json!({"size": 2}))]);
    let code = Code::new("state", vec![thing("a.web", json!({"size": 1})), deposed, tainted]);
    let (report, findings) = scan(vec![code], cloud);
    assert_eq!(ids(&findings), [(DriftType::Modified, "a.db")]);
    assert_eq!(report.summary.counts.resources, 2);
    let noted: Vec<_> = report.notes.iter().map(|n| (n.resource.resource_id.raw(), &n.status)).collect();
    assert_eq!(noted, [("a.web", &InstanceStatus::Deposed("00ff".into())), ("a.db", &InstanceStatus::Tainted)]);
}

#[test]
fn the_parts_of_one_thing_are_compared_together() {
    let part = |address: &str, relatives: u32| json!({"type": "family_part", "address": address, "values": {"of": "bucket", "relatives": relatives}});
    let mut alone = part("f.alone", 0);
    alone["values"]["of"] = json!("another bucket");
    let live = |of: &str| json!({"of": of});
    let cloud = Cloud::new(&[
        ("f.a", live("bucket")),
        ("f.b", live("bucket")),
        ("f.c", live("bucket")),
        ("f.alone", live("another bucket")),
    ]);
    let code = Code::new("state", vec![part("f.a", 2), alone, part("f.b", 2), part("f.c", 7)]);
    let (report, findings) = scan(vec![code], cloud);
    assert_eq!(ids(&findings), [(DriftType::Modified, "f.c")], "only the one that expected other relatives");
    assert_eq!(findings[0].changes[0].path.raw(), "relatives");
    assert_eq!(report.summary.counts.resources, 4);
    assert_eq!(report.summary.counts.in_sync, 3);
}

#[test]
fn a_secret_in_the_last_resource_is_masked_in_the_first_finding() {
    let secret = "hunter2-but-longer";
    let mut database = thing("a.database", json!({"login": secret}));
    database["sensitive"] = json!(["login"]);
    let script = |port: u16| json!({"user_data": format!("connect --port {port} --with {secret}")});
    let code = Code::new("state", vec![thing("a.web", script(1)), database]);
    let cloud = Cloud::new(&[("a.web", script(2)), ("a.database", json!({"login": secret}))]);
    let (_, findings) = scan(vec![code], cloud);
    assert_eq!(ids(&findings), [(DriftType::Modified, "a.web")]);
    let text = serde_json::to_string(&findings).unwrap();
    assert!(!text.contains(secret), "{text}");
}

#[test]
fn what_a_source_says_about_its_failure_is_masked_too() {
    let mut code = one("a.same");
    code.broken = true;
    let mut sources = sources(vec![code], Cloud::new(&[("a.same", json!({"size": 1}))]));
    let mut error = failure("snapshot.json");
    error.message = "unexpected text: password = Xk29fjQ7wLm3pZ8".into();
    sources.live_errors = vec![error];
    let (report, _) = scan_with(2, &sources, false);
    let told = format!("{:?} {:?}", report.errors, serde_json::to_string(&report.summary).unwrap());
    assert!(told.contains("unexpected text") && !told.contains("Xk29fjQ7wLm3pZ8"), "{told}");
}

#[test]
fn a_state_that_changes_while_it_is_read_concludes_nothing_from_what_is_missing() {
    let mut code = one("a.changed");
    code.edited = Some(thing("a.other", json!({"size": 1})));
    let cloud = Cloud::new(&[("a.changed", json!({"size": 2}))]);
    let (report, findings) = scan(vec![code], cloud);
    assert!(findings.is_empty());
    assert_eq!(types(&report.summary.completeness), Some(vec![]));
    assert!(report.errors[0].message.raw().contains("changed while"));
}

#[test]
fn drift_that_a_plan_reports_is_judged_again() {
    let drift = |address: &str, kind: &str, live: Value| json!({"type": "thing", "address": address, "values": {"size": 1, "tags": null}, "drift": kind, "live": live});
    let mut deleted = drift("p.deleted", "deleted", json!(null));
    deleted.as_object_mut().unwrap().remove("live");
    let mut moved = drift("p.moved", "moved", json!({"size": 1, "tags": null}));
    moved["previous"] = json!("p.before");
    let noise = drift("p.noise", "modified", json!({"size": 1, "tags": {}}));
    let code = Code::new("plan.json", vec![noise, drift("p.real", "modified", json!({"size": 2})), deleted, moved]);
    let (report, findings) = scan(vec![code], Cloud::new(&[]));
    let mut found = ids(&findings);
    found.sort_by_key(|f| f.1);
    let expected = [(DriftType::Deleted, "p.deleted"), (DriftType::Moved, "p.moved"), (DriftType::Modified, "p.real")];
    assert_eq!(found, expected);
    let moved = findings.iter().find(|f| f.drift_type == DriftType::Moved).unwrap();
    assert_eq!(moved.resource.previous_address.as_ref().unwrap().raw(), "p.before");
    assert_eq!(report.summary.counts.in_sync, 1, "nothing but noise in it");
}

/// From where `b` came, of which a drift stands at `a` as `old` declared it.
fn moved_from(old: Code, other: Code) -> Option<String> {
    let resource = ResourceRef {
        resource_type: "thing".into(),
        resource_id: "a".into(),
        previous_address: None,
        provider_id: None,
        declared_in: Some("old".into()),
    };
    let standing = [StandingDrift { id: DriftId::generate(), resource, appeared: jiff::Timestamp::UNIX_EPOCH }];
    let new = Code::new("new", vec![thing("b", json!({"id": "i-1", "size": 1}))]);
    let sources = sources(vec![old, other, new], Cloud::new(&[("b", json!({"id": "i-1", "size": 2}))]));
    let (cancel, seen, mut sink) = (AtomicBool::new(false), Seen::default(), CollectSink::default());
    let remembered =
        Remembered { seen: &seen, load: &|_, _| None, standing: &standing, own_id: &|_| Some("i-1".to_owned()) };
    let context = ScanContext { remembered: Some(remembered), ..ScanContext::ad_hoc([7; 32], &cancel) };
    pipeline::run_on(&spec(), &sources, std::time::Duration::ZERO, &context, &mut sink).unwrap();
    let mut found = sink.drifts.iter().unwrap().map(|drift| drift.unwrap().finding.resource);
    found.find(|resource| resource.resource_id.raw() == "b").unwrap().previous_address.map(|from| from.line())
}

#[test]
fn what_moved_is_known_when_another_source_fails_and_not_when_its_own_does() {
    let whole = |name| Code::new(name, vec![]);
    let cut = |name| {
        let mut code = whole(name);
        code.broken = true;
        code
    };
    let unread = |name| Code::new(name, vec![json!({"type": "unreadable", "address": "x", "values": {}})]);
    let from = Some("a".to_owned());
    assert_eq!(moved_from(whole("old"), whole("other")), from);
    assert_eq!(moved_from(whole("old"), cut("other")), from);
    assert_eq!(moved_from(whole("old"), unread("other")), from);
    assert_eq!(moved_from(cut("old"), whole("other")), None);
    assert_eq!(moved_from(unread("old"), whole("other")), None);
}
