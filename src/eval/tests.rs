use serde_json::json;

use super::*;
use crate::drift::{Cause, Direction, SeverityClass};
use crate::learned::measure::{Confusion, auc, calibration, calibration_error, coverage, wilson};

#[test]
fn measures_are_those_of_the_field() {
    let same = Confusion::<4>::of((0..4).map(|class| (class, class)));
    assert_eq!((same.quadratic_kappa(), same.macro_f1()), (1.0, 1.0));
    let constant = Confusion::<4>::of((0..4).map(|class| (class, 1)));
    assert!(constant.quadratic_kappa().abs() < 1e-9 && (constant.macro_f1() - 0.1).abs() < 1e-9);
    // As scikit-learn gives it: cohen_kappa_score([0,0,1,2,3], [0,1,1,2,1], weights="quadratic").
    let mixed = Confusion::<4>::of([(0, 0), (0, 1), (1, 1), (2, 2), (3, 1)].into_iter());
    assert!((mixed.quadratic_kappa() - 0.4444).abs() < 1e-3, "{}", mixed.quadratic_kappa());
    assert_eq!(auc(&[(0.9, true), (0.1, false), (0.5, true), (0.5, false)]), Some(0.875));
    assert_eq!(auc(&[(0.9, true)]), None);
    let (low, high) = wilson(95, 100);
    assert!((low - 0.888).abs() < 1e-3 && (high - 0.978).abs() < 1e-3, "{low} {high}");
    assert!((calibration_error(&[(0.9, true), (0.9, false)]) - 0.4).abs() < 1e-9);
    assert_eq!(calibration(&[(1.0, true), (0.95, false), (0.25, false)])[9], (2, 1.95, 1));
    assert_eq!(coverage(&[(0.9, true), (0.5, false), (0.9, false)]), [(0.9, 2, 1), (0.5, 3, 1)]);
}

fn line(id: &str, declared: serde_json::Value, actual: serde_json::Value) -> String {
    json!({"id": id, "resource_type": "aws_s3_bucket", "declared": declared, "actual": actual,
        "severity": "HIGH", "direction": "regression"})
    .to_string()
}

fn said(line: &str) -> Prediction {
    together(&[line]).remove(0)
}

fn together(lines: &[&str]) -> Vec<Prediction> {
    let cases: Vec<Case> = lines.iter().map(|line| Case::parse(line).unwrap()).collect();
    predict(&cases, "2026-01-01T00:00:00Z".parse().unwrap()).unwrap()
}

#[test]
fn cases_that_change_the_same_at_one_time_in_one_place_are_one_group() {
    let line = |id: &str, day: &str, place: &str| {
        json!({"id": id, "resource_type": "aws_db_instance", "declared": {"engine_version": "14.7"},
            "actual": {"engine_version": "14.10"}, "detected_at": format!("2024-02-{day}T10:00:00Z"),
            "context": {"environment": place}})
        .to_string()
    };
    let [a, b, later, elsewhere] =
        [line("a", "02", "x"), line("b", "02", "x"), line("c", "20", "x"), line("d", "02", "y")];
    let groups: Vec<String> = together(&[&a, &b, &later, &elsewhere]).into_iter().map(|one| one.group).collect();
    assert_eq!(groups[0], groups[1]);
    assert!(groups[0] != groups[2] && groups[0] != groups[3] && groups[2] != groups[3], "{groups:?}");
}

#[test]
fn a_case_is_judged_as_a_scan_would_and_its_labels_are_not_seen() {
    let open = line("a", json!({"acl": "private"}), json!({"acl": "public-read"}));
    let prediction = said(&open);
    assert_eq!(prediction.drift_paths, ["acl"]);
    assert_eq!((prediction.class, prediction.direction), (SeverityClass::Critical, Direction::Loosening));
    assert!(prediction.is_security_critical["acl"]);
    assert!((prediction.probabilities.values().sum::<f64>() - 1.0).abs() < 1e-9);
    let other_labels = open.replace("HIGH", "LOW").replace("regression", "benign");
    assert_eq!(said(&other_labels), prediction);
    assert!(said(&line("b", json!({"acl": "private"}), json!({"acl": "private"}))).drift_paths.is_empty());
}

#[test]
fn what_the_events_of_a_case_show_to_be_tried_is_troubleshooting() {
    let case = |second: &str| {
        let write = |who: &str, minute: u32, size: &str| {
            json!({"eventID": format!("e-{minute}"), "eventName": "ModifyInstanceAttribute", "eventSource": "ec2.amazonaws.com",
                "eventTime": format!("2026-11-21T02:{minute}:00Z"), "userAgent": "aws-cli/2.31.0", "readOnly": false,
                "requestParameters": {"instanceId": "i-1", "instanceType": {"value": size}},
                "userIdentity": {"type": "IAMUser", "userName": who}})
        };
        json!({"id": "a", "resource_type": "aws_instance", "declared": {"instance_type": "t3.small"},
            "actual": {"instance_type": "t3.large"},
            "events": [write("ann", 10, "t3.large"), write(second, 30, "t3.small"), write("ann", 50, "t3.large")]})
        .to_string()
    };
    assert_eq!(said(&case("ann")).cause, Cause::ManualTroubleshooting);
    assert_eq!(said(&case("bob")).cause, Cause::Unknown, "a colleague put it right");
}

#[test]
fn what_is_no_case_is_named_by_file_and_line() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("cases.jsonl");
    let good = line("a", json!({"acl": "private"}), json!({"acl": "public-read"}));
    std::fs::write(&file, format!("{good}\n{{broken\n\n{{\"id\":\"x\"}}\n")).unwrap();
    let (cases, errors) = read(&file, Case::parse);
    assert_eq!(cases.len(), 1);
    let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert!(
        told[0].contains("cases.jsonl:2: ") && told[1].contains("cases.jsonl:4: a case needs `declared`"),
        "{told:?}"
    );
    assert!(Gold::parse(r#"{"id":"a","severity":"TERRIBLE"}"#).is_err());
    assert!(read(&home.path().join("nowhere"), Case::parse).1.len() == 1);
}

#[test]
fn changes_alone_and_events_alone_are_cases_too() {
    let listed =
        r#"{"case_id":"c","changes":[{"type":"aws_db_instance","path":"engine_version","declared":"1","actual":"2"}]}"#;
    assert_eq!(said(listed).drift_paths, ["engine_version"]);
    let event = r#"{"id":"e","event":{"eventTime":"2026-01-01T00:00:00Z","eventName":"PutBucketAcl","eventSource":"s3.amazonaws.com",
        "userAgent":"HashiCorp Terraform/1.9","userIdentity":{"type":"IAMUser","userName":"ann"}}}"#;
    let prediction = said(&event.replace('\n', ""));
    assert!(prediction.drift_paths.is_empty());
    assert_eq!(prediction.actor_class, Some(crate::drift::ActorClass::Iac));
}

#[test]
fn scores_stand_beside_what_needs_no_thought() {
    let rows: Vec<_> = [("a", "public-read"), ("b", "private")]
        .map(|(id, acl)| {
            let line = line(id, json!({"acl": "private"}), json!({"acl": acl}));
            (Case::parse(&line).unwrap(), said(&line), Gold::parse(&line).unwrap())
        })
        .into();
    let scored = score(&rows);
    assert_eq!((scored.cases, scored.drifts), (2, 1));
    let text = text("some.jsonl", &scored);
    for part in [
        "some.jsonl: 2 cases, drift seen in 1",
        "always MEDIUM",
        "AUC of HIGH+",
        "direction",
        "right 0.500 (0.09 to 0.91)",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
