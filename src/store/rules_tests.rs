use serde_json::{Value, json};

use super::*;
use crate::drift::*;
use crate::safety::Masked;

/// By id, value and actor; the rest is any.
fn rule(resource_id: Option<&str>, value: Option<&str>, actor: Option<&str>) -> Rule {
    let rule = IgnoreRule {
        id: RuleId::generate(),
        environment: None,
        resource_type: None,
        resource_id: resource_id.map(Tainted::from),
        path: None,
        value: value.map(Tainted::from),
        actor: actor.map(Tainted::from),
        reason: "known".into(),
        owner: "alice".into(),
        created_at: Timestamp::UNIX_EPOCH,
        expires_at: None,
    };
    Rule::compile(RuleRecord::new(rule, 1)).unwrap()
}

fn change(path: &str, actual: Option<Value>) -> Change {
    Change {
        path: path.into(),
        change_type: ChangeType::Modified,
        declared: None,
        actual: actual.map(Masked::trusted),
        is_security_critical: false,
        remembered_at: None,
    }
}

fn record(id: &str, changed_by: &[&str], changes: Vec<Change>) -> EventRecord {
    let cause = CauseAnalysis {
        cause_category: Cause::Unknown,
        confidence_score: Score::ZERO,
        contributing_factors: Vec::new(),
        ..CauseAnalysis::default()
    };
    let finding = Finding {
        environment: Slug::from_text("prod"),
        resource: ResourceRef {
            resource_type: "aws_vpc".into(),
            resource_id: id.into(),
            previous_address: None,
            provider_id: None,
            declared_in: None,
        },
        drift_type: DriftType::Modified,
        changes,
        hidden: Vec::new(),
        unverified: Vec::new(),
        declared_state: None,
        actual_state: None,
        analysis: Analysis {
            cause,
            severity: Severity::default(),
            reasons: Vec::new(),
            direction: Default::default(),
            disruption: None,
            changed_by: changed_by.iter().map(|by| Tainted::from(*by)).collect(),
            analyzed_at: Timestamp::UNIX_EPOCH,
            took_micros: None,
        },
        recommendations: Vec::new(),
        dependants: 0,
        tags: Vec::new(),
    };
    life::fresh(&finding, finding.fingerprint(), DriftId::generate(), Timestamp::UNIX_EPOCH)
}

/// Paths that are left when the rule has been applied.
fn shown(rule: &Rule, mut record: EventRecord) -> Vec<String> {
    let mut body = BodyRecord::default();
    apply(std::slice::from_ref(rule), &mut record, &mut body, Timestamp::UNIX_EPOCH);
    record.event.changes.iter().map(|change| change.path.raw().to_owned()).collect()
}

#[test]
fn a_star_crosses_dots_and_slashes_and_a_literal_matches_itself() {
    let now = Timestamp::UNIX_EPOCH;
    let covers = |pattern: &str, id: &str| rule(Some(pattern), None, None).covers(&record(id, &[], vec![]).event, now);
    assert!(covers("module.*", "module.a.aws_vpc.x/y"));
    assert!(!covers("module.?", "module.ab"));
    let address = "module.net[\"eu*\"].aws_vpc.main[0]";
    assert!(covers(&literal_pattern(address), address));
    assert!(!covers(&literal_pattern(address), "module.net[\"eux\"].aws_vpc.main[0]"));
}

#[test]
fn a_rule_by_value_hides_the_changes_with_that_live_value_and_no_others() {
    let changes = || {
        vec![
            change("cidr", Some(json!("10.0.0.0/8"))),
            change("count", Some(json!(10))),
            change("gone", None),
            change("name", Some(json!("web"))),
        ]
    };
    assert_eq!(shown(&rule(None, Some("10.*"), None), record("a", &[], changes())), ["count", "gone", "name"]);
    assert_eq!(shown(&rule(None, Some("10*"), None), record("a", &[], changes())), ["gone", "name"]);
    // What is not there has no value, not even any.
    assert_eq!(shown(&rule(None, Some("*"), None), record("a", &[], changes())), ["gone"]);
    assert_eq!(shown(&rule(Some("b"), Some("*"), None), record("a", &[], changes())).len(), 4);
}

#[test]
fn a_masked_value_is_matched_by_no_pattern() {
    let secret = "«secret #a1b2c3d4»";
    let changes = vec![change("password", Some(json!(secret))), change("env", Some(json!({"a": ["x", secret]})))];
    assert_eq!(shown(&rule(None, Some("*"), None), record("a", &[], changes)).len(), 2);
}

#[test]
fn a_rule_by_actor_needs_somebody_who_is_known_to_have_changed_it() {
    let now = Timestamp::UNIX_EPOCH;
    let covers = |by: &[&str]| rule(None, None, Some("*autoscaler")).covers(&record("a", by, vec![]).event, now);
    assert!(covers(&["cluster-autoscaler"]) && covers(&["kubectl-edit", "autoscaler"]));
    assert!(!covers(&["kubectl-edit"]) && !covers(&[]));
}

#[test]
fn a_rule_of_before_has_neither_value_nor_actor_and_one_without_any_pattern_is_refused() {
    let old = json!({"id": RuleId::generate(), "environment": null, "resource_type": "aws_*", "resource_id": null,
        "path": null, "reason": "known", "owner": "alice", "created_at": "2026-01-01T00:00:00Z", "expires_at": null});
    let old: IgnoreRule = serde_json::from_value(old).unwrap();
    assert_eq!((&old.value, &old.actor), (&None, &None));
    assert!(Rule::compile(RuleRecord::new(old.clone(), 1)).is_ok());
    let bare = IgnoreRule { resource_type: None, ..old };
    assert!(Rule::compile(RuleRecord::new(bare.clone(), 1)).is_err());
    assert_eq!(completed(IgnoreRule { value: Some("x".into()), ..bare }).resource_type, Some("*".into()));
}
