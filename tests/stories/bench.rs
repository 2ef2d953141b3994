//! `driftguard bench` says how well the comparer does, and is not fooled by what cases expect.

use std::fs;

use serde_json::{Value, json};

use crate::support::{driftguard, json, run, shared};

fn case(id: &str, declared: Value, live: Value, expect: &[&str]) -> String {
    let case = json!({"id": id, "dialect": "terraform", "resource_type": "aws_instance", "declared": declared, "live": live,
        "expect": {"drift": expect}});
    format!("{case}\n")
}

#[test]
fn cases_are_counted_as_true_false_and_missed() {
    let home = tempfile::tempdir().unwrap();
    let size = |n: u8| json!({"instance_type": format!("t{n}"), "tags": {"a": "b"}});
    let cases = [
        case("found", size(2), size(3), &["instance_type"]),
        case("false", size(2), size(3), &[]),
        case("missed", size(2), size(2), &["instance_type"]),
        case("clean", size(2), size(2), &[]),
    ];
    fs::write(home.path().join("cases.jsonl"), cases.concat()).unwrap();
    let (code, figures) = json(home.path(), &["bench", "cases.jsonl"]);
    assert_eq!((code, &figures["schema"], &figures["cases"]), (0, &"driftguard.bench/1".into(), &4.into()));
    let level = json!({"tp": 1, "fp": 1, "fn": 1, "tn": 1, "precision": 0.5, "recall": 0.5});
    assert_eq!(figures["case_level"], level);
    assert_eq!(figures["property_level"]["precision"], 0.5);
    assert!(figures["cases_per_second"].as_f64().unwrap() > 0.0);
    let failures = figures["failures"].as_array().unwrap();
    assert_eq!(failures[0], json!({"id": "false", "missed": [], "false": ["instance_type"]}));
    assert_eq!(failures[1], json!({"id": "missed", "missed": ["instance_type"], "false": []}));
    let (_, text, _) = run(driftguard(home.path()).args(["bench", "cases.jsonl", "--failures"]));
    assert!(text.contains("case level:     1 true, 1 false, 1 missed; precision 0.500, recall 0.500"), "{text}");
    assert!(text.contains("  missed instance_type") && text.contains("  false  instance_type"), "{text}");
}

#[test]
fn a_line_that_is_no_case_is_named_and_the_rest_is_measured() {
    let home = tempfile::tempdir().unwrap();
    let good = case("good", json!({"a": 1}), json!({"a": 1}), &[]);
    fs::write(home.path().join("cases.jsonl"), format!("{good}{{\"id\": \"half\n{good}")).unwrap();
    let (code, out, err) = run(driftguard(home.path()).args(["bench", "cases.jsonl", "--format", "json"]));
    assert_eq!(code, 1);
    assert!(err.contains("cases.jsonl:2: "), "{err}");
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["cases"], 2);
    let (code, _, err) = run(driftguard(home.path()).args(["bench", "nowhere.jsonl"]));
    assert!(code == 1 && err.contains("nowhere.jsonl") && err.contains("no case to compare"), "{err}");
}

#[test]
fn the_recorded_corpus_has_no_false_alarm_and_no_missed_drift() {
    let Some(corpus) = shared("corpus/aws-live.jsonl") else { return };
    let home = tempfile::tempdir().unwrap();
    let (code, figures) = json(home.path(), &["bench", corpus.to_str().unwrap(), "--mutate", "7"]);
    assert_eq!(code, 0);
    let level = &figures["case_level"];
    assert_eq!(
        (&level["tp"], &level["fp"], &level["fn"]),
        (&13.into(), &0.into(), &0.into()),
        "{}",
        figures["failures"]
    );
    let mutation = &figures["mutation"];
    let share = mutation["reported"].as_f64().unwrap() / mutation["changes"].as_f64().unwrap();
    assert!(share >= 0.99 && mutation["changes"].as_u64().unwrap() > 4000, "{mutation}");
    assert_eq!(mutation["alarms"], 0, "{}", mutation["failures"]);
    // A comparer that calls everything computed would have nothing to report: what is left out is told, and is little.
    let left_out = mutation["left_out"].as_object().unwrap();
    let leaves: u64 = left_out.values().map(|n| n.as_u64().unwrap()).sum();
    assert!(
        leaves > 0 && mutation["unverifiable"] == leaves && leaves * 10 < mutation["changes"].as_u64().unwrap(),
        "{left_out:?}"
    );
    let (_, text, _) = run(driftguard(home.path()).args(["bench", corpus.to_str().unwrap(), "--mutate", "7"]));
    assert!(left_out.keys().all(|why| text.contains(&format!("left out: {why}"))), "{text}");
}

#[test]
fn a_thousand_drifts_are_analysed_and_each_is_counted() {
    let home = tempfile::tempdir().unwrap();
    let case = json!({"id": "a", "resource_type": "aws_s3_bucket", "declared": {"acl": "private"}, "actual": {"acl": "public-read"}});
    let same = json!({"id": "b", "resource_type": "aws_s3_bucket", "declared": {"acl": "private"}, "actual": {"acl": "private"}});
    fs::write(home.path().join("cases.jsonl"), format!("{case}\n{same}\n")).unwrap();
    let (code, figures) = json(home.path(), &["bench", "--analysis", "cases.jsonl"]);
    assert_eq!(
        (code, &figures["schema"], &figures["drifts"]),
        (0, &"driftguard.bench-analysis/1".into(), &1000.into())
    );
    let time = |name: &str| figures[name].as_f64().unwrap();
    assert!(0.0 < time("median_ms") && time("median_ms") <= time("p95_ms") && time("p95_ms") <= time("slowest_ms"));
    fs::write(home.path().join("calm.jsonl"), format!("{same}\n")).unwrap();
    let (code, _, err) = run(driftguard(home.path()).args(["bench", "--analysis", "calm.jsonl"]));
    assert!(code == 1 && err.contains("calm.jsonl: no case drifts"), "{err}");
}
