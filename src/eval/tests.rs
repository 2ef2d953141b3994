use serde_json::json;

use super::predict::WHOLE;
use super::*;
use crate::drift::{ActorClass, Cause, Direction, SeverityClass};
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

#[test]
fn the_hand_is_that_of_who_wrote_and_not_of_who_looked_or_was_refused() {
    let event = |who: &str, agent: &str, more: serde_json::Value| {
        let mut event = json!({"eventName": "AuthorizeSecurityGroupIngress", "eventSource": "ec2.amazonaws.com",
            "eventTime": "2026-11-21T02:00:00Z", "userAgent": agent, "readOnly": false,
            "userIdentity": {"type": "IAMUser", "userName": who}});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let console = event("ann", "Mozilla/5.0", json!({"sessionCredentialFromConsole": "true"}));
    let looked = event("mon", "Boto3/1.26", json!({"eventName": "DescribeSecurityGroups", "readOnly": true}));
    let refused = event("mallory", "aws-cli/2.13", json!({"errorCode": "AccessDenied"}));
    let class = |events: &[&serde_json::Value], actual: &str| {
        let case = json!({"id": "a", "resource_type": "aws_security_group", "declared": {"description": "x"},
            "actual": {"description": actual}, "events": events});
        said(&case.to_string()).actor_class
    };
    for beside in [&looked, &refused] {
        assert_eq!(class(&[&console, beside], "y"), Some(ActorClass::Console));
        assert_eq!(class(&[beside], "y"), None, "it cannot have made the drift");
    }
    // Nothing but events: who looked is all there is to tell.
    let alone = json!({"id": "a", "events": [looked]}).to_string();
    assert_eq!(said(&alone).actor_class, Some(ActorClass::Script));
}

#[test]
fn a_whole_resource_is_security_critical_as_its_rules_say() {
    let came = |kind: &str| json!({"id": "a", "resource_type": kind, "declared": null, "actual": {"x": 1}}).to_string();
    let went = |kind: &str| json!({"id": "a", "resource_type": kind, "declared": {"x": 1}, "actual": null}).to_string();
    for case in [
        went("networking.k8s.io/v1/NetworkPolicy"),
        went("aws_security_group"),
        went("google_compute_firewall"),
        came("google_project_iam_member"),
        came("aws_security_group"),
    ] {
        assert_eq!(said(&case).is_security_critical, [(WHOLE.to_owned(), true)].into(), "{case}");
    }
    for case in [came("aws_sns_topic"), went("aws_sns_topic"), went("aws_security_group_rule")] {
        assert_eq!(said(&case).is_security_critical, [(WHOLE.to_owned(), false)].into(), "{case}");
    }
    let labelled = went("aws_security_group").replace("\"id\"", "\"is_security_critical\": {\"$\": true}, \"id\"");
    let row = (Case::parse(&labelled).unwrap(), said(&labelled), Gold::parse(&labelled).unwrap());
    let (yes, _) = score(&[row]).critical.unwrap();
    assert_eq!((yes.right, yes.wrong, yes.silent), (1, 0, 0));
}

#[test]
fn labels_are_read_as_predictions_are_written_and_what_is_none_is_refused() {
    let gold = |labels: &str| Gold::parse(&format!(r#"{{"id": "a", {labels}}}"#));
    let written = gold(r#""is_security_critical": {"a": true, "b": false}"#).unwrap();
    let listed = r#""is_security_critical": [{"path": "a", "label": true}, {"path": "b", "label": false}]"#;
    assert_eq!(written, gold(listed).unwrap());
    assert_eq!(written.is_security_critical, [("a".to_owned(), true), ("b".to_owned(), false)].into());
    assert!(gold(r#""is_security_critical": null, "severity": null"#).unwrap().is_security_critical.is_empty());
    for (labels, told) in [
        (r#""is_security_critical": {"a": "yes"}"#, "an object of paths"),
        (r#""is_security_critical": [{"label": true}]"#, "an object of paths"),
        (r#""actor_type": "alien""#, "`actor_type`: unknown label alien"),
        (r#""severity": 3"#, "`severity` is a word, got 3"),
        (r#""cause": ["x"]"#, "`cause` is a word"),
    ] {
        let why = gold(labels).unwrap_err();
        assert!(why.contains(told), "{labels}: {why}");
    }
    assert_eq!(gold(r#""actor_type": "unknown""#).unwrap().actor, Some(None));
}

#[test]
fn a_window_whose_end_is_misspelt_is_refused_and_not_open_for_ever() {
    let case = |window: serde_json::Value| {
        let incident = json!({"id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "context_type": "incident", "source": "person",
            "context_data": {"title": "down"}, "time_window": window});
        let case = json!({"id": "a", "resource_type": "aws_vpc", "declared": {}, "actual": {"x": 1},
            "context": {"contexts": [incident]}});
        Case::parse(&case.to_string())
    };
    let from = "2026-10-21T01:30:00Z";
    assert!(case(json!({"from": from, "to": "2026-10-21T02:30:00Z"})).is_ok() && case(json!({"from": from})).is_ok());
    let why = case(json!({"from": from, "until": "2026-10-21T02:30:00Z"})).unwrap_err();
    assert!(why.contains("`context.contexts[0].time_window` has no field `until`") && why.contains("`to`"), "{why}");
}
