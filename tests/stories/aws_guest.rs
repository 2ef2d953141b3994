//! A guest in other people's accounts: however much goes wrong, no more is asked than is fair.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::lab::account::{Account, Select};
use crate::lab::fake::{Fake, Reply, Request, state_of_buckets};
use crate::lab::scan;
use crate::lab::stand::{Stand, declared, state_of};
use crate::support::run;

/// The most requests any second holds.
fn most_a_second(times: &[Instant]) -> usize {
    let within =
        |start: &Instant| times.iter().filter(|t| **t >= *start && **t < *start + Duration::from_secs(1)).count();
    times.iter().map(within).max().unwrap_or(0)
}

#[test]
fn lookups_that_are_refused_are_not_repeated_faster_than_two_a_second() {
    let fake = Fake::start(|request| {
        (request.action == "LookupEvents").then_some(Reply::Error(400, "ThrottlingException", "Rate exceeded"))
    });
    let stand = Stand::new(&fake.url, &state_of_buckets(&["a", "gone"]), ", blame = false");
    stand.scan(&[]);
    let (code, out, err) = run(&mut stand.command(&["who", "aws_s3_bucket.gone"]));
    assert_ne!(code, 0, "{out}{err}");
    let times = fake.times("LookupEvents");
    assert!(times.len() >= 4, "retries are what this is about: {}", times.len());
    // The network moves a request by a little.
    let steps: Vec<Duration> = times.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(steps.iter().all(|step| *step > Duration::from_millis(400)), "{steps:?}");
}

#[test]
fn a_server_that_asks_for_patience_is_not_asked_again_before_that() {
    let fake = Fake::start(|request| {
        (request.action == "BatchGetResourceConfig" && request.earlier < 2).then_some(Reply::Later(1))
    });
    let (code, out, err) = scan_buckets(&fake, &["a", "b", "c"], &[]);
    assert_eq!(code, 2, "{out}{err}");
    let times = fake.times("BatchGetResourceConfig");
    assert_eq!(times.len(), 3);
    assert!(times.windows(2).all(|two| two[1] - two[0] > Duration::from_millis(950)), "{times:?}");
}

#[test]
fn an_account_that_answers_nothing_but_slow_down_is_left_alone_after_a_few_calls() {
    let fake = Fake::start(|request| (request.action != "GetCallerIdentity").then_some(Reply::Later(0)));
    let types = ["aws_sqs_queue", "aws_sns_topic", "aws_vpc", "aws_subnet", "aws_iam_role", "aws_lb", "aws_kms_key"];
    let (home, state) = (tempfile::tempdir().unwrap(), state_of_types(&types));
    let path = home.path().join("terraform.tfstate");
    std::fs::write(&path, state).unwrap();
    let (code, out, err) = run(scan(home.path(), &fake.url, &["--format", "json", "--state"]).arg(&path));
    assert_eq!(code, 3, "{out}{err}");
    assert!(!out.contains("\"deleted\""), "{out}");
    let times = fake.times("ListDiscoveredResources");
    // Seven types; with four attempts each they would be 28.
    assert!(fake.all() < 40, "{} requests", fake.all());
    assert!(most_a_second(&times) <= 28, "{times:?}");
}

fn state_of_types(types: &[&str]) -> String {
    let of = |kind: &&str| declared(kind, "x", json!({"id": "x", "name": "x", "tags": {"team": "pay"}}));
    state_of(&types.iter().map(of).collect::<Vec<_>>())
}

fn scan_buckets(fake: &Fake, ids: &[&str], arguments: &[&str]) -> (i32, String, String) {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("terraform.tfstate");
    std::fs::write(&state, state_of_buckets(ids)).unwrap();
    run(scan(home.path(), &fake.url, arguments).arg("--state").arg(&state))
}

/// Three hundred buckets of an account whose AWS Config tells no tags; one has another team's.
fn tagging(reply: impl Fn(&Request<'_>) -> Reply + Send + Sync + 'static) -> (Fake, Vec<String>) {
    let account = Account::of_buckets(300);
    *account.select.lock().unwrap() = Select::Empty;
    let fake = Fake::start(move |request| match request.action {
        "GetResources" => Some(reply(request)),
        _ => account.answer(request),
    });
    (fake, (0..300).map(|n| format!("bucket-{n}")).collect())
}

#[test]
fn tags_aws_config_does_not_tell_are_asked_for_a_hundred_at_a_time() {
    let (fake, ids) = tagging(|request| {
        let arns = request.body["ResourceARNList"].as_array().unwrap();
        let of = |arn: &Value| {
            let team = if arn == "arn:aws:s3:::bucket-7" { "ops" } else { "pay" };
            json!({"ResourceARN": arn, "Tags": [{"Key": "team", "Value": team}]})
        };
        Reply::Json(json!({"PaginationToken": "", "ResourceTagMappingList": arns.iter().map(of).collect::<Vec<_>>()}))
    });
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let (code, out, err) = scan_buckets(&fake, &ids, &[]);
    assert_eq!(code, 2, "{out}{err}");
    assert!(out.contains("300 resources: 299 in sync") && out.contains("tags.team"), "{out}");
    assert_eq!((fake.asked("GetResources"), fake.asked("GetResourceConfigHistory")), (3, 0));
}

#[test]
fn tags_that_may_not_be_read_are_unverified_with_the_statement_that_would_allow_it() {
    let (fake, ids) = tagging(|_| Reply::Error(400, "AccessDeniedException", "not authorized"));
    let ids: Vec<&str> = ids.iter().map(String::as_str).chain(["gone"]).collect();
    let (code, out, err) = scan_buckets(&fake, &ids, &["--format", "json"]);
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{err}"));
    assert_eq!(code, 2, "everything else was compared: {err}");
    let drifts: Vec<&Value> = report["drifts"].as_array().unwrap().iter().map(|d| &d["resource_id"]).collect();
    assert_eq!(drifts, ["aws_s3_bucket.gone"]);
    let notice = report["notices"].to_string();
    assert!(notice.contains("tags of 300 resources") && notice.contains("tag:GetResources"), "{notice}");
    let tags = report["unverified"].as_array().unwrap().iter().filter(|u| u["path"] == "tags").count();
    assert_eq!(tags, 300);
}
